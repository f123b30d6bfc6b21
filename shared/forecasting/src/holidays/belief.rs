use super::Beside;
use super::days::{Day, HOURS};

/// What is believed of special days of one sort before any was seen.
struct Prior {
    /// Odds that a target heeds them at all.
    target: f64,
    /// If it does, how many of five names are heeded.
    names: f64,
    /// How far a heeded one goes from the usual day towards a day of rest.
    towards: f64,
}

/// Names that the prior share of heeded ones weighs as much as.
const PRIOR_NAMES: f64 = 5.0;
/// Spread of the way to a day of rest between the days of one sort.
const SPREAD: f64 = 0.4;
/// How far a day that is not heeded may still seem to go.
const IDLE: f64 = 0.05;
/// Past days that it takes to believe half of what they lie beside that.
const HALF: f64 = 2.0;
/// What a heeded day may do beyond its way to a day of rest, as a logarithm.
const OWN: f64 = 0.1;

impl Beside {
    /// A holiday resembles a day of rest for most services; a working day between days off does for
    /// some, the days beside a holiday for few.
    fn prior(self) -> Prior {
        let (target, names, towards) = match self {
            Self::Holiday => (7.0, 4.0, 0.7),
            Self::Bridge | Self::Between => (1.5, 2.5, 0.3),
            Self::Eve | Self::After => (1.0, 1.5, 0.3),
        };
        Prior {
            target,
            names,
            towards,
        }
    }
}

/// One special day of the past against what it usually would have been.
pub(super) struct Seen {
    /// By hour: logarithm of demand over the usual.
    pub(super) change: Day,
    /// By hour: logarithm of a day of rest over the usual.
    pub(super) rest: Day,
    /// Part of the change that is beyond what usual days do, 0 to 1.
    pub(super) beyond: f64,
}

impl Seen {
    /// How far it went towards the day of rest (0 not, 1 all the way) and the size of that way;
    /// least squares over the hours.
    fn towards(&self) -> (f64, f64) {
        let (mut both, mut square) = (0.0, 0.0);
        for (change, rest) in self.change.iter().zip(&self.rest) {
            both += change * rest;
            square += rest * rest;
        }
        let towards = if square > 0.0 { both / square } else { 0.0 };
        (towards.clamp(-1.0, 2.0), (square / HOURS as f64).sqrt())
    }
}

/// What is believed of coming special days of one sort.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Belief {
    /// Chance that the next one, of a name not seen yet, is heeded.
    pub(super) heeded: f64,
    /// If so, part of the way to a day of rest, and its variance.
    towards: (f64, f64),
    /// Logarithm of what it does beside that, all hours alike, and its variance.
    level: (f64, f64),
}

impl Belief {
    /// The prior, updated by what was seen. By Bayes' rule it is weighed whether the target heeds
    /// such days at all, which of their names it heeds, and how far those go. `noise` is the usual
    /// relative error of a day.
    pub(super) fn learn(beside: Beside, seen: &[&Seen], noise: f64) -> Self {
        let prior = beside.prior();
        let (mut odds, mut names, mut count) = (prior.target, prior.names, PRIOR_NAMES);
        let (mut precision, mut mean) = (1.0 / SPREAD.powi(2), prior.towards);
        let (mut sum, mut square) = (0.0, 0.0);
        for one in seen {
            let (towards, size) = one.towards();
            // Where a day of rest is like any other, nothing tells how far a day went.
            let error = noise / size.max(1e-6);
            let spread = SPREAD.hypot(error);
            let heeded = density(towards, mean, spread.hypot(1.0 / precision.sqrt()));
            let ratio = heeded / density(towards, 0.0, IDLE.hypot(error)).max(1e-12);
            let ratio = ratio.clamp(1e-3, 1e3);
            let share = names / count;
            odds = (odds * (share * ratio + 1.0 - share)).min(1e6);
            let own = share * ratio / (share * ratio + 1.0 - share);
            names += own;
            count += 1.0;
            let gained = own / spread.powi(2);
            mean = (precision * mean + gained * towards) / (precision + gained);
            precision += gained;
            let rest = one.change.iter().zip(&one.rest);
            let left: f64 = rest.map(|(change, rest)| change - towards * rest).sum();
            let left = own * one.beyond * left / HOURS as f64;
            sum += left;
            square += left * left;
        }
        let seen = seen.len() as f64;
        Self {
            heeded: odds / (1.0 + odds) * names / count,
            towards: (mean, 1.0 / precision + (0.5 * SPREAD).powi(2)),
            level: (
                sum / (seen + HALF),
                (square + HALF * OWN * OWN) / (seen + HALF),
            ),
        }
    }

    /// By hour, the logarithm to expect of a heeded day and its variance, where `rest` is the way
    /// to a day of rest.
    pub(super) fn expect(&self, rest: &Day) -> [(f64, f64); HOURS] {
        rest.map(|rest| {
            let ((towards, spread), (level, variance)) = (self.towards, self.level);
            (towards * rest + level, spread * rest * rest + variance)
        })
    }
}

fn density(value: f64, mean: f64, deviation: f64) -> f64 {
    let score = (value - mean) / deviation;
    (-0.5 * score * score).exp() / deviation
}

/// By hour, what past days of the same name did: mean logarithm and its variance. A single one may
/// repeat within a quarter of its size.
pub(super) fn same_name(changes: &[Day]) -> Option<[(f64, f64); HOURS]> {
    const ALIKE: f64 = 0.25;
    if changes.is_empty() {
        return None;
    }
    let count = changes.len() as f64;
    let steady: Vec<Day> = changes.iter().map(steadied).collect();
    Some(std::array::from_fn(|hour| {
        let mean = steady.iter().map(|day| day[hour]).sum::<f64>() / count;
        let spread: f64 = steady.iter().map(|day| (day[hour] - mean).powi(2)).sum();
        let assumed = (ALIKE * mean).powi(2);
        (mean, (spread + 2.0 * assumed) / (count + 1.0))
    }))
}

/// Each hour with half of its neighbours.
fn steadied(day: &Day) -> Day {
    std::array::from_fn(|hour| {
        let before = day[hour.saturating_sub(1)];
        let after = day[(hour + 1).min(HOURS - 1)];
        0.5 * day[hour] + 0.25 * (before + after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(towards: f64) -> Seen {
        let rest = [-0.7; HOURS];
        Seen {
            change: rest.map(|rest| towards * rest),
            rest,
            beyond: 1.0,
        }
    }

    #[test]
    fn without_evidence_a_holiday_is_rather_heeded_and_the_day_before_it_is_not() {
        let holiday = Belief::learn(Beside::Holiday, &[], 0.05);
        assert!((holiday.heeded - 0.7).abs() < 1e-9, "{holiday:?}");
        let eve = Belief::learn(Beside::Eve, &[], 0.05);
        assert!((eve.heeded - 0.15).abs() < 1e-9, "{eve:?}");
    }

    #[test]
    fn ordinary_holidays_are_soon_taken_for_ordinary_days() {
        let one = seen(0.02);
        let belief = Belief::learn(Beside::Holiday, &[&one], 0.05);
        assert!(belief.heeded < 0.5, "{belief:?}");
        let belief = Belief::learn(Beside::Holiday, &[&one; 4], 0.05);
        assert!(belief.heeded < 0.1, "{belief:?}");
    }

    #[test]
    fn holidays_like_sundays_are_believed_but_a_new_name_may_differ() {
        let (one, other) = (seen(1.0), seen(0.9));
        let belief = Belief::learn(Beside::Holiday, &[&one, &other, &one], 0.05);
        assert!((0.8..0.95).contains(&belief.heeded), "{belief:?}");
        assert!((belief.towards.0 - 0.9).abs() < 0.1, "{belief:?}");
    }

    #[test]
    fn the_same_name_speaks_for_itself() {
        assert!(same_name(&[]).is_none());
        let days = [[0.5; HOURS], [0.7; HOURS]];
        let known = same_name(&days).unwrap();
        assert!((known[7].0 - 0.6).abs() < 1e-12);
        assert!(known[7].1 > 0.0 && known[7].1 < 0.05);
    }
}
