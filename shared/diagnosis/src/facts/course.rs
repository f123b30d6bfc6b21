//! How demand left its level: at once, or on a ramp that goes on.
//!
//! Two or three minutes above the band do not tell a step from a ramp, and a ramp's end cannot be
//! seen from its beginning. So both are kept, each with every moment at which it may have begun, and
//! each weighed by how well it explains the last minutes: the average of models of Hoeting, Madigan,
//! Raftery and Volinsky, "Bayesian model averaging", Statistical Science 14, 1999. What servers are
//! ordered for is a high quantile of what they say together.

use crate::robust::median;

/// Minutes before the band was left in which it may have begun.
const EARLIER: usize = 7;
/// Fewest and most minutes that tell the level before it.
const LEVEL: std::ops::RangeInclusive<usize> = 4..=12;
/// A minute further off than so many deviations counts as so far: an odd one decides nothing.
const FURTHEST: f64 = 4.0;
/// Share of what may come up to which servers are ordered: what is missing is lost, what is too much
/// is handed back.
const ORDERED: f64 = 0.95;

/// Where demand may go, as one explanation has it: a normal distribution around a line.
#[derive(Debug, Clone, Copy)]
struct Line {
    weight: f64,
    /// Demand at the newest minute, and its change each minute.
    now: f64,
    growth: f64,
    /// Deviations of both.
    doubt: f64,
    growth_doubt: f64,
}

/// Every explanation, with weights that add up to one.
#[derive(Debug, Clone)]
pub(super) struct Course(Vec<Line>);

impl Course {
    /// The course of `values` (one a minute, the newest finite), the last `onset` of which are above
    /// the band, where single minutes deviate by `noise`, a share of their level. `None` where too
    /// little came before.
    pub(super) fn of(values: &[f64], onset: usize, noise: f64) -> Option<Self> {
        let minutes = Minutes::new(values, onset, noise)?;
        let (mut ramps, mut steps) = (Vec::new(), Vec::new());
        for start in minutes.from..values.len() {
            // A step may come within a minute, which then holds a part of it.
            steps.extend(minutes.step(start));
            for half in [0.0, 0.5] {
                ramps.extend(minutes.ramp(start, half));
            }
        }
        // As likely as each other beforehand, and each as likely to begin at any time.
        let mut lines = Vec::with_capacity(ramps.len() + steps.len());
        for kind in [ramps, steps] {
            let count = kind.len() as f64;
            lines.extend(kind.into_iter().map(|(log, line)| (log - count.ln(), line)));
        }
        let most = lines.iter().map(|(log, _)| *log).fold(f64::MIN, f64::max);
        let all: f64 = lines.iter().map(|(log, _)| (log - most).exp()).sum();
        if !all.is_finite() || all <= 0.0 {
            return None;
        }
        let weighed = lines.into_iter().map(|(log, line)| Line {
            weight: (log - most).exp() / all,
            ..line
        });
        Some(Self(weighed.collect()))
    }

    fn mean(&self, of: impl Fn(&Line) -> f64) -> f64 {
        self.0.iter().map(|line| line.weight * of(line)).sum()
    }

    /// Demand at the newest minute, as expected.
    pub(super) fn now(&self) -> f64 {
        self.mean(|line| line.now)
    }

    /// Its change each minute, as expected.
    pub(super) fn growth(&self) -> f64 {
        self.mean(|line| line.growth)
    }

    /// What demand stays under in `minutes` with the probability that servers are ordered for.
    pub(super) fn upper(&self, minutes: f64) -> f64 {
        let parts: Vec<(f64, f64, f64)> = self
            .0
            .iter()
            .map(|line| {
                let doubt = line.doubt.hypot(line.growth_doubt * minutes);
                (
                    line.weight,
                    line.now + line.growth * minutes,
                    doubt.max(1e-9),
                )
            })
            .collect();
        // The logistic curve that lies within 0.01 of the normal one, as for claims.
        let below = |value: f64| -> f64 {
            parts
                .iter()
                .map(|(weight, at, doubt)| weight / (1.0 + (-1.702 * (value - at) / doubt).exp()))
                .sum()
        };
        let edge = |far: f64| parts.iter().map(move |(_, at, doubt)| at + far * doubt);
        let (mut low, mut high) = (
            edge(-6.0).fold(f64::MAX, f64::min),
            edge(6.0).fold(f64::MIN, f64::max),
        );
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            match below(middle) < ORDERED {
                true => low = middle,
                false => high = middle,
            }
        }
        high
    }
}

/// The minutes that are explained.
struct Minutes<'v> {
    values: &'v [f64],
    /// The first one at which it may have begun.
    from: usize,
    noise: f64,
    /// Most that demand rose: what a rise may be beforehand.
    range: f64,
    before: f64,
}

impl<'v> Minutes<'v> {
    fn new(values: &'v [f64], onset: usize, noise: f64) -> Option<Self> {
        let from = values.len().checked_sub(onset + EARLIER)?;
        let before = median(
            values
                .get(from.checked_sub(*LEVEL.start())?..from)?
                .iter()
                .copied(),
        )?;
        let highest = values[from..].iter().copied().filter(|v| v.is_finite());
        let range = highest.fold(f64::MIN, f64::max) - before;
        (range > 0.0).then_some(Self {
            values,
            from,
            noise,
            range,
            before,
        })
    }

    /// The level before `start`, and the deviation of that.
    fn level(&self, start: usize) -> Option<(f64, f64)> {
        let first = start.saturating_sub(*LEVEL.end());
        let part = &self.values[first..start];
        let level = median(part.iter().copied())?;
        let known = part.iter().filter(|value| value.is_finite()).count();
        let doubt =
            self.noise * level * (core::f64::consts::FRAC_PI_2 / known.max(1) as f64).sqrt();
        (known >= *LEVEL.start()).then_some((level, doubt))
    }

    /// Deviation of a minute: of what it shows itself, so that all explanations judge it alike.
    fn deviation(&self, value: f64) -> f64 {
        (self.noise * value.max(self.before)).max(1e-9)
    }

    /// Log-likelihood of `value` where `expected` was, but for what all explanations share.
    fn fits(&self, value: f64, expected: f64) -> f64 {
        let away = ((value - expected) / self.deviation(value)).abs();
        -0.5 * away.min(FURTHEST).powi(2)
    }

    /// Log-likelihood of what lies before `start`, at `level`.
    fn calm(&self, start: usize, level: f64) -> f64 {
        let part = self.values.get(self.from..start).unwrap_or_default();
        let known = part.iter().filter(|value| value.is_finite());
        known.map(|value| self.fits(*value, level)).sum()
    }

    fn known(&self, start: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let values = self.values.iter().copied().enumerate().skip(start);
        values.filter(|(_, value)| value.is_finite())
    }

    /// A ramp that begins `half` a minute into minute `start` at the level before, and goes on.
    fn ramp(&self, start: usize, half: f64) -> Option<(f64, Line)> {
        let (level, doubt) = self.level(start)?;
        // Counted from the middle of the minute before: the first whole one shows half of its rise.
        let begin = start as f64 - 0.5 + half;
        let points = || {
            self.known(start)
                .map(|(index, value)| (index as f64 - begin, value))
        };
        let (mut product, mut square) = (0.0, 0.0);
        for (at, value) in points() {
            let weight = self.deviation(value).powi(-2);
            product += weight * at * (value - level);
            square += weight * at * at;
        }
        let growth = product / square;
        if points().count() < 2 || !growth.is_finite() || growth <= 0.0 {
            return None;
        }
        let variance = 1.0 / square;
        let fit: f64 = points()
            .map(|(at, value)| self.fits(value, level + growth * at))
            .sum();
        let since = (self.values.len() - 1) as f64 - begin;
        let line = Line {
            weight: 0.0,
            now: level + growth * since,
            growth,
            doubt: doubt.hypot(variance.sqrt() * since),
            growth_doubt: variance.sqrt(),
        };
        Some((self.calm(start, level) + fit + self.open(variance), line))
    }

    /// A step within or before minute `start`, to a level that stays.
    fn step(&self, start: usize) -> Option<(f64, Line)> {
        let (level, _) = self.level(start)?;
        let first = self
            .values
            .get(start)
            .copied()
            .filter(|value| value.is_finite());
        let mut later: Vec<f64> = self.known(start + 1).map(|(_, value)| value).collect();
        if later.is_empty() {
            later.extend(first);
        }
        let height = later.iter().sum::<f64>() / later.len() as f64;
        if !height.is_finite() || height <= level {
            return None;
        }
        let variance = self.deviation(height).powi(2) / later.len() as f64;
        let fit: f64 = later.iter().map(|value| self.fits(*value, height)).sum();
        // Half of the steps begin with the minute; of the others it shows any part.
        let partial = first.map_or(0.0, |value| {
            let whole = self.fits(value, height).exp();
            let missed = (level - value).max(value - height).max(0.0);
            let part = core::f64::consts::TAU.sqrt() * self.deviation(value) / (height - level);
            let part = part.min(1.0) * self.fits(value, value - missed).exp();
            f64::midpoint(whole, part).max(f64::MIN_POSITIVE).ln()
        });
        let line = Line {
            weight: 0.0,
            now: height,
            growth: 0.0,
            doubt: variance.sqrt(),
            growth_doubt: 0.0,
        };
        Some((
            self.calm(start, level) + fit + partial + self.open(variance),
            line,
        ))
    }

    /// What a free parameter costs: the share of what it might have been that fits.
    fn open(&self, variance: f64) -> f64 {
        (core::f64::consts::TAU.sqrt() * variance.sqrt() / self.range).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL_BEFORE: f64 = 9000.0;

    /// Twenty minutes at 9,000, then `after`, a little off each minute.
    fn minutes(after: &[f64]) -> Vec<f64> {
        let usual = std::iter::repeat_n(LEVEL_BEFORE, 20).chain(after.iter().copied());
        usual
            .enumerate()
            .map(|(index, value)| value * [1.01, 0.99, 1.015, 0.985, 1.0][index % 5])
            .collect()
    }

    #[test]
    fn a_ramp_is_known_by_where_it_began() {
        let ramp: Vec<f64> = (1..=5)
            .map(|m| LEVEL_BEFORE + 600.0 * f64::from(m))
            .collect();
        let course = Course::of(&minutes(&ramp), 3, 0.015).unwrap();
        assert!(
            (course.growth() - 600.0).abs() < 90.0,
            "{}",
            course.growth()
        );
        let due = LEVEL_BEFORE + 600.0 * 15.0;
        let upper = course.upper(10.0);
        assert!(upper > due && upper < 1.15 * due, "{upper} {due}");
    }

    #[test]
    fn a_step_that_stays_is_not_extended() {
        let course = Course::of(&minutes(&[27_000.0; 4]), 4, 0.015).unwrap();
        assert!(course.growth() < 30.0, "{}", course.growth());
        assert!(course.upper(10.0) < 28_500.0, "{}", course.upper(10.0));
        // Nor one that came in the middle of a minute, once that shows.
        let course = Course::of(
            &minutes(&[18_000.0, 27_000.0, 27_000.0, 27_000.0]),
            4,
            0.015,
        );
        let upper = course.unwrap().upper(10.0);
        assert!(upper < 29_000.0, "{upper}");
    }

    #[test]
    fn what_may_be_either_is_ordered_for_as_what_goes_on() {
        let course = Course::of(&minutes(&[18_000.0, 27_000.0]), 2, 0.015).unwrap();
        assert!(course.growth() > 500.0 && course.growth() < 9_000.0);
        assert!(course.upper(5.0) > 60_000.0, "{}", course.upper(5.0));
    }

    #[test]
    fn odd_values_make_no_course_or_a_finite_one() {
        for value in [f64::MAX, f64::MIN_POSITIVE, 0.0, -5.0, f64::INFINITY] {
            for usual in [0.0, 1.0, f64::NAN, -3.0] {
                let mut values = vec![usual; 30];
                values.extend([value; 3]);
                if let Some(course) = Course::of(&values, 3, 0.02) {
                    assert!(!course.upper(10.0).is_nan(), "{value} {usual}");
                }
            }
        }
        assert!(Course::of(&[1.0; 5], 2, 0.02).is_none());
    }
}
