//! What a budget costs in risk.

use documents::{Forecast, PlanStep};
use jiff::Timestamp;

use crate::curve::Curve;
use crate::loss::Loss;
use crate::requirement::servers_at_price;
use crate::{PlanError, Rules};

/// What keeping to a budget comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Budgeted {
    /// Server-hours of the stretch with the steps as the risk asks for them.
    pub wanted: f64,
    /// Share of its demand expected above capacity with those.
    pub wanted_risk: f64,
    /// The steps, within the budget in the stretch; as wanted where that fits.
    pub steps: Vec<PlanStep>,
    /// Server-hours of the stretch with them. Above the budget where even the fewest servers are.
    pub kept: f64,
    /// Share of its demand expected above capacity with them.
    pub risk: f64,
    /// What one server more must carry there, as a share of its throughput; 0 where nothing was cut.
    pub price: f64,
}

/// `steps`, the needs of `forecast` from their first start on, within `hours` server-hours from
/// `from` to `to`; the last step lasts until then. What lies outside stays.
///
/// Servers go where they carry least: every step is cut down to one common price of a server, as in
/// [`crate::require`], but to no fewer than `least` says of its start; an event keeps all of its
/// servers with [`u32::MAX`]. So no other plan of that cost loses less.
///
/// # Errors
/// [`PlanError::Throughput`].
pub fn within_budget(
    steps: &[PlanStep],
    forecast: &Forecast,
    rules: &Rules,
    (from, to): (Timestamp, Timestamp),
    hours: f64,
    least: impl Fn(Timestamp) -> u32,
) -> Result<Budgeted, PlanError> {
    if !(rules.throughput.is_finite() && rules.throughput > 0.0) {
        return Err(PlanError::Throughput {
            value: rules.throughput,
        });
    }
    let seconds = i64::from(forecast.step_seconds.max(1));
    let row = |at: Timestamp| {
        let index = at
            .duration_since(forecast.start)
            .as_secs()
            .div_euclid(seconds);
        forecast.quantiles.get(usize::try_from(index).ok()?)
    };
    let losses: Vec<Option<Loss<'_>>> = steps
        .iter()
        .map(|step| {
            let curve = Curve::new(&forecast.levels, row(step.start)?);
            Some(Loss::new(curve, forecast.minute_spread, rules.throughput))
        })
        .collect();
    let lengths: Vec<f64> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let next = steps.get(index + 1).map_or(to, |next| next.start);
            let inside = next.min(to).duration_since(step.start.max(from));
            inside.as_secs_f64().max(0.0) / 3600.0
        })
        .collect();
    let spends = |servers: &[u32]| -> f64 {
        let hours = servers.iter().zip(&lengths);
        hours
            .map(|(servers, hours)| f64::from(*servers) * hours)
            .sum()
    };
    let risk = |servers: &[u32]| -> f64 {
        let (mut lost, mut demand) = (0.0, 0.0);
        for ((loss, servers), hours) in losses.iter().zip(servers).zip(&lengths) {
            if let Some(loss) = loss {
                lost += loss.with((*servers).min(rules.max_servers)) * hours;
                demand += loss.demand() * hours;
            }
        }
        if demand > 0.0 { lost / demand } else { 0.0 }
    };
    let at_price = |price: f64| -> Vec<u32> {
        steps
            .iter()
            .zip(&losses)
            .zip(&lengths)
            .map(|((step, loss), inside)| match loss {
                Some(loss) if *inside > 0.0 => {
                    let price = price * rules.throughput;
                    let least = least(step.start).max(rules.min_servers).min(step.servers);
                    let fewest = servers_at_price(loss, price, least, step.servers);
                    step.servers.min(fewest)
                }
                _ => step.servers,
            })
            .collect()
    };
    let wanted: Vec<u32> = steps.iter().map(|step| step.servers).collect();
    let (mut price, mut servers) = (0.0, wanted.clone());
    if spends(&wanted) > hours {
        let (mut low, mut high) = (1e-9_f64, 1.0_f64);
        for _ in 0..40 {
            let middle = (low * high).sqrt();
            if spends(&at_price(middle)) > hours {
                low = middle;
            } else {
                high = middle;
            }
        }
        (price, servers) = (high, at_price(high));
    }
    let made = steps.iter().zip(&servers).map(|(step, &servers)| PlanStep {
        start: step.start,
        servers,
        reason: if servers < step.servers {
            format!("{}; the budget leaves {servers}", step.reason)
        } else {
            step.reason.clone()
        },
    });
    Ok(Budgeted {
        wanted: spends(&wanted),
        wanted_risk: risk(&wanted),
        steps: made.collect(),
        kept: spends(&servers),
        risk: risk(&servers),
        price,
    })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::{Pace, require};

    /// Two steps of an hour, each uniform between nothing and twice its mean.
    fn forecast() -> Forecast {
        let levels: Vec<f64> = (1..100).map(|i| f64::from(i) / 100.0).collect();
        let row = |most: f64| {
            levels
                .iter()
                .map(|level| level * most)
                .collect::<Vec<f64>>()
        };
        Forecast {
            start: "2026-01-01T00:00:00Z".parse().unwrap(),
            step_seconds: 3600,
            quantiles: vec![row(1000.0), row(4000.0), row(1000.0), row(4000.0)],
            levels: levels.clone(),
            ..Forecast::default()
        }
    }

    fn rules() -> Rules {
        Rules {
            min_servers: 1,
            max_servers: 100,
            throughput: 100.0,
            lead_time: SignedDuration::ZERO,
            risk: 0.001,
            share: 1.0,
            pace: Pace::default(),
        }
    }

    fn needs() -> Vec<PlanStep> {
        let forecast = forecast();
        let reach = SignedDuration::from_hours(4);
        require(&forecast, &rules(), forecast.start, reach)
            .unwrap()
            .steps
    }

    /// All of the forecast.
    fn whole() -> (Timestamp, Timestamp) {
        (forecast().start, forecast().time_at(4))
    }

    fn servers(budgeted: &Budgeted) -> Vec<u32> {
        budgeted.steps.iter().map(|step| step.servers).collect()
    }

    #[test]
    fn a_budget_that_suffices_changes_nothing() {
        let made = within_budget(&needs(), &forecast(), &rules(), whole(), 1e6, |_| 0).unwrap();
        assert_eq!(made.steps, needs());
        assert_eq!((made.price, made.kept), (0.0, made.wanted));
        assert!(made.risk <= 0.001);
    }

    #[test]
    fn what_is_cut_loses_least_and_is_told() {
        let all = within_budget(&needs(), &forecast(), &rules(), whole(), 1e6, |_| 0).unwrap();
        let half = within_budget(
            &needs(),
            &forecast(),
            &rules(),
            whole(),
            all.wanted / 2.0,
            |_| 0,
        )
        .unwrap();
        assert!(
            half.kept <= all.wanted / 2.0 && half.risk > 0.01,
            "{half:?}"
        );
        let total: u32 = servers(&half).iter().sum();
        // No other staircase of as many servers loses less.
        let forecast = forecast();
        let loss = |row: usize, n: u32| {
            let curve = Curve::new(&forecast.levels, &forecast.quantiles[row]);
            Loss::new(curve, 0.0, 100.0).with(n)
        };
        let of = |a: u32, b: u32| 2.0 * (loss(0, a) + loss(1, b));
        let [a, b, _, _] = servers(&half)[..] else {
            panic!()
        };
        let least = (0..=total / 2)
            .map(|a| of(a, total / 2 - a))
            .fold(f64::MAX, f64::min);
        assert!(of(a, b) <= least * 1.000_001, "{a} {b} of {total}");
    }

    #[test]
    fn events_keep_what_they_need() {
        let event = forecast().time_at(1);
        let made = within_budget(&needs(), &forecast(), &rules(), whole(), 50.0, |at| {
            if at == event { u32::MAX } else { 0 }
        })
        .unwrap();
        let cut = servers(&made);
        assert_eq!(cut[1], needs()[1].servers);
        assert!(cut[3] < cut[1] && made.kept <= 50.0, "{cut:?}");
    }

    #[test]
    fn only_the_stretch_is_cut_and_counted() {
        let rich = within_budget(&needs(), &forecast(), &rules(), whole(), 1e6, |_| 0).unwrap();
        let all = servers(&rich);
        let half_past = forecast().start + SignedDuration::from_mins(90);
        let span = (half_past, forecast().time_at(3));
        let made = within_budget(&needs(), &forecast(), &rules(), span, 1.0, |_| 0).unwrap();
        // Half an hour of the second step and all of the third.
        let wanted = f64::from(all[1]) / 2.0 + f64::from(all[2]);
        assert_eq!(made.wanted, wanted);
        assert_eq!(made.kept, 1.5);
        assert_eq!(servers(&made), [all[0], 1, 1, all[3]]);
    }
}
