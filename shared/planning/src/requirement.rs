use documents::{Forecast, PlanStep};
use jiff::{SignedDuration, Timestamp};

use crate::curve::Curve;
use crate::loss::Loss;
use crate::throughput::rate;
use crate::{MOST_SERVERS, PlanError, Rules};

/// Servers that each step of the forecast needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// One entry a forecast step from the step that holds the present on.
    pub steps: Vec<PlanStep>,
    /// End of the last step.
    pub end: Timestamp,
    /// Share of demand expected above capacity with these servers.
    pub expected_risk: f64,
    /// The same share where no step gets more than `max_servers`.
    pub limited_risk: f64,
    /// Steps that would need more servers than allowed: when, and how many.
    pub wanting: Vec<(Timestamp, u32)>,
}

/// Fewest servers per step such that, over all steps together, the expected share of demand above
/// capacity is at most `rules.risk`.
///
/// The expected loss of a step falls convexly in its servers, so the cheapest way to a total is to
/// add servers wherever the next one saves most, everywhere down to one common price: a Lagrange
/// multiplier, found by bisection. Steps whose last server saves little go without it; risk is
/// spent where it is cheap. Source: Fox, Discrete optimization via marginal analysis, Management
/// Science 13(3), 1966.
///
/// # Errors
/// [`PlanError::Throughput`], or [`PlanError::NotCovered`] when the forecast does not hold `now`.
pub fn require(
    forecast: &Forecast,
    rules: &Rules,
    now: Timestamp,
    reach: SignedDuration,
) -> Result<Requirement, PlanError> {
    if !(rules.throughput.is_finite() && rules.throughput > 0.0) {
        return Err(PlanError::Throughput {
            value: rules.throughput,
        });
    }
    let step = SignedDuration::from_secs(i64::from(forecast.step_seconds));
    let time_at = |index: usize| {
        let offset = step.saturating_mul(i32::try_from(index).unwrap_or(i32::MAX));
        forecast
            .start
            .saturating_add(offset)
            .unwrap_or(Timestamp::MAX)
    };
    let first = now
        .duration_since(forecast.start)
        .as_secs()
        .div_euclid(step.as_secs().max(1));
    let covered = usize::try_from(first)
        .ok()
        .filter(|index| *index < forecast.quantiles.len());
    let Some(first) = covered else {
        let to = time_at(forecast.quantiles.len());
        return Err(PlanError::NotCovered {
            from: forecast.start,
            to,
            now,
        });
    };
    let until = now.saturating_add(reach).unwrap_or(Timestamp::MAX);
    let last = (first..forecast.quantiles.len())
        .take_while(|i| time_at(*i) < until)
        .last();
    let last = last.unwrap_or(first);
    let losses: Vec<Loss<'_>> = forecast.quantiles[first..=last]
        .iter()
        .map(|row| {
            let curve = Curve::new(&forecast.levels, row);
            Loss::new(curve, forecast.minute_spread, rules.throughput)
        })
        .collect();
    let demand: f64 = losses.iter().map(Loss::demand).sum();
    let servers = cheapest(&losses, rules, rules.risk * demand);
    let share = |most: u32| -> f64 {
        let lost = losses.iter().zip(&servers);
        let lost: f64 = lost.map(|(loss, n)| loss.with((*n).min(most))).sum();
        if demand > 0.0 { lost / demand } else { 0.0 }
    };
    let (expected_risk, limited_risk) = (share(u32::MAX), share(rules.max_servers));
    let mut wanting = Vec::new();
    let mut steps = Vec::with_capacity(servers.len());
    for (offset, (loss, wanted)) in losses.iter().zip(&servers).enumerate() {
        let start = time_at(first + offset);
        if *wanted > rules.max_servers {
            wanting.push((start, *wanted));
        }
        steps.push(PlanStep {
            start,
            // Above the limit too: the plan keeps to it and reports what is missing.
            servers: (*wanted).max(rules.min_servers),
            reason: reason(loss, *wanted, rules),
        });
    }
    Ok(Requirement {
        steps,
        end: time_at(last + 1),
        expected_risk,
        limited_risk,
        wanting,
    })
}

/// Servers of every step at the highest common price whose total loss is within `budget`.
fn cheapest(losses: &[Loss<'_>], rules: &Rules, budget: f64) -> Vec<u32> {
    let total = |servers: &[u32]| -> f64 {
        let pairs = losses.iter().zip(servers);
        pairs.map(|(loss, n)| loss.with(*n)).sum()
    };
    // A server never saves more than its throughput, and at a price near nothing every server that
    // saves anything is taken.
    let (mut high, least) = (rules.throughput, rules.throughput * 1e-9);
    let mut few = vec![rules.min_servers; losses.len()];
    few = beside(losses, high, rules.min_servers, &few);
    if total(&few) <= budget {
        return few;
    }
    let (mut low, mut many) = (high, few.clone());
    while low > least {
        low = (low / 10.0).max(least);
        many = beside(losses, low, rules.min_servers, &many);
        if total(&many) <= budget {
            break;
        }
        (high, few) = (low, many.clone());
    }
    // Seventeen halvings of a decade leave a price known to one part in fifty thousand.
    for _ in 0..17 {
        if few == many {
            break;
        }
        let middle = (low * high).sqrt();
        let servers: Vec<u32> = (losses.iter().zip(few.iter().zip(&many)))
            .map(|(loss, (few, many))| between(loss, middle, *few, *many))
            .collect();
        if total(&servers) <= budget {
            (low, many) = (middle, servers);
        } else {
            (high, few) = (middle, servers);
        }
    }
    many
}

/// Servers of every step at `price`, sought where those `near` them at another price moved as the
/// step before did.
fn beside(losses: &[Loss<'_>], price: f64, least: u32, near: &[u32]) -> Vec<u32> {
    let mut moved = 0_i64;
    let next = |(loss, near): (&Loss<'_>, &u32)| {
        let guess = (i64::from(*near) + moved).clamp(0, i64::from(MOST_SERVERS));
        let guess = u32::try_from(guess).unwrap_or(MOST_SERVERS);
        let servers = servers_at_price(loss, price, least, guess);
        moved = i64::from(servers) - i64::from(*near);
        servers
    };
    losses.iter().zip(near).map(next).collect()
}

/// The fewest servers whose next one would save at most `price` requests per minute, at least
/// `least`; sought from `guess` on. The loss is convex, so that what the next one saves falls with
/// their number.
pub(crate) fn servers_at_price(loss: &Loss<'_>, price: f64, least: u32, guess: u32) -> u32 {
    let guess = guess.max(least);
    let (mut low, mut high, mut width) = (guess, guess, 1_u32);
    if saves_more(loss, guess, price) {
        // Gallop away from the guess until the answer lies between.
        while width < MOST_SERVERS && saves_more(loss, high, price) {
            low = high.saturating_add(1);
            high = high.saturating_add(width);
            width = width.saturating_mul(2);
        }
    } else {
        while low > least && !saves_more(loss, low - 1, price) {
            high = low - 1;
            low = high.saturating_sub(width).max(least);
            width = width.saturating_mul(2);
        }
    }
    between(loss, price, low, high)
}

/// The fewest servers in `[low, high]` whose next one would save at most `price`, where `high` are
/// known to be enough.
fn between(loss: &Loss<'_>, price: f64, mut low: u32, mut high: u32) -> u32 {
    while low < high {
        let middle = low + (high - low) / 2;
        if saves_more(loss, middle, price) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    high
}

fn saves_more(loss: &Loss<'_>, servers: u32, price: f64) -> bool {
    loss.with(servers) - loss.with(servers.saturating_add(1)) > price
}

fn reason(loss: &Loss<'_>, wanted: u32, rules: &Rules) -> String {
    let capacity = f64::from(wanted) * rules.throughput;
    let level = (loss.level(wanted) * 1000.0).floor().min(999.0) / 10.0;
    let mut text = format!(
        "demand of {}/min expected (mean), up to {}/min (p{level}) at {}/min a server = {wanted}",
        rate(loss.demand()),
        rate(capacity),
        rate(rules.throughput),
    );
    if level < 50.0 && wanted > rules.min_servers {
        text.push_str(", so much is within the risk asked for");
    }
    if wanted > rules.max_servers {
        text.push_str(&format!("; max_servers is {}", rules.max_servers));
    } else if wanted == rules.min_servers {
        text.push_str(", min_servers");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(rows: &[&[f64]]) -> Forecast {
        Forecast {
            start: "2026-01-01T00:00:00Z".parse().unwrap(),
            step_seconds: 3600,
            levels: vec![0.05, 0.5, 0.95],
            quantiles: rows.iter().map(|row| row.to_vec()).collect(),
            minute_spread: 0.0,
            model: String::new(),
            candidates: Vec::new(),
            accuracy: documents::Accuracy::default(),
            data: documents::DataRecord::default(),
            events: Vec::new(),
            notes: Vec::new(),
            ..Forecast::default()
        }
    }

    fn rules() -> Rules {
        Rules {
            min_servers: 0,
            max_servers: 100,
            throughput: 1000.0,
            lead_time: SignedDuration::from_mins(5),
            risk: 0.001,
            share: 1.0,
            pace: crate::Pace::default(),
        }
    }

    fn servers(forecast: &Forecast, rules: &Rules) -> Vec<u32> {
        let required = require(
            forecast,
            rules,
            forecast.start,
            SignedDuration::from_hours(48),
        )
        .unwrap();
        required.steps.iter().map(|step| step.servers).collect()
    }

    #[test]
    fn sixty_thousand_an_hour_at_a_thousand_a_minute_is_one_server() {
        let certain = 60_000.0 / 60.0;
        let forecast = forecast(&[&[certain; 3]]);
        assert_eq!(servers(&forecast, &rules()), [1]);
    }

    #[test]
    fn risk_is_spent_where_it_is_cheap() {
        // Two equal steps but for the tail: the uncertain one gets the server.
        let forecast = forecast(&[&[900.0, 950.0, 1000.0], &[900.0, 1500.0, 2600.0]]);
        let tight = servers(
            &forecast,
            &Rules {
                risk: 1e-4,
                ..rules()
            },
        );
        assert_eq!(tight[0], 2);
        assert!(tight[1] >= 4, "{tight:?}");
        let loose = servers(
            &forecast,
            &Rules {
                risk: 0.05,
                ..rules()
            },
        );
        assert_eq!(loose[0], 1);
        assert!(loose[1] >= 2 && loose[1] < tight[1], "{loose:?}");
    }

    #[test]
    fn the_expected_risk_is_within_what_was_asked() {
        let forecast = forecast(&[&[10_000.0, 12_000.0, 15_000.0], &[500.0, 700.0, 2000.0]]);
        for risk in [0.1, 0.01, 0.001, 0.0001] {
            let rules = Rules { risk, ..rules() };
            let required = require(
                &forecast,
                &rules,
                forecast.start,
                SignedDuration::from_hours(2),
            )
            .unwrap();
            assert!(
                required.expected_risk <= risk,
                "{risk}: {}",
                required.expected_risk
            );
        }
    }

    #[test]
    fn what_the_limit_holds_back_is_named() {
        let forecast = forecast(&[&[9_000.0, 9_500.0, 10_000.0]]);
        let rules = Rules {
            max_servers: 5,
            ..rules()
        };
        let required = require(
            &forecast,
            &rules,
            forecast.start,
            SignedDuration::from_hours(2),
        )
        .unwrap();
        assert!(required.steps[0].servers >= 10);
        assert!(required.wanting[0].1 >= 10);
        assert!(required.steps[0].reason.contains("max_servers is 5"));
        assert!(required.expected_risk <= rules.risk);
        // Of about 9,500 a minute, five servers of 1,000 lose 4,500.
        assert!(
            (required.limited_risk - 4.5 / 9.5).abs() < 0.01,
            "{}",
            required.limited_risk
        );
    }

    #[test]
    fn a_floor_below_the_median_says_why_it_is_enough() {
        let forecast = forecast(&[&[9_000.0, 9_500.0, 10_000.0]]);
        let reason = |risk: f64| {
            let rules = Rules { risk, ..rules() };
            let span = SignedDuration::from_hours(2);
            let required = require(&forecast, &rules, forecast.start, span).unwrap();
            required.steps[0].reason.clone()
        };
        assert!(
            reason(0.3).contains("within the risk asked for"),
            "{}",
            reason(0.3)
        );
        assert!(
            !reason(0.001).contains("within the risk"),
            "{}",
            reason(0.001)
        );
    }

    #[test]
    fn a_moment_outside_the_forecast_is_refused() {
        let forecast = forecast(&[&[1.0, 2.0, 3.0]]);
        let late = forecast
            .start
            .saturating_add(SignedDuration::from_hours(1))
            .unwrap();
        for now in [late, "2025-12-31T23:59:00Z".parse().unwrap()] {
            assert!(matches!(
                require(&forecast, &rules(), now, SignedDuration::from_hours(1)),
                Err(PlanError::NotCovered { .. })
            ));
        }
    }
}
