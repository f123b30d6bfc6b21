//! Occasions whose effect is given in figures, and how much of a step each has.

use jiff::{SignedDuration, Timestamp};

use super::LEARNT_RANGE;
use crate::mixture::widen;
use crate::{Effect, Interval, Occasion};

/// A multiplier that people tell, or that was seen once, is taken to be right within this share of
/// its size in two cases of three, both in log scale: eight times is then five to twelve times.
pub(super) const ALIKE: f64 = 0.2;

/// Applies `occasion` to the quantiles `row` of one step, where its effect is given: a multiplier,
/// which widens the row as far as such figures are off, or a demand. `levels` are those of `row`,
/// ascending; nothing falls below `least`. Whether the row was changed: other effects need the
/// history, and an effect that is no usable number has none.
pub fn apply_given(
    occasion: &Occasion,
    step: Interval,
    row: &mut [f64],
    levels: &[f64],
    least: f64,
) -> bool {
    let shares = Shares::of(occasion, step.start, step.end);
    let distance = |index: &usize| (levels[*index] - 0.5).abs();
    let middle = (0..levels.len().min(row.len()))
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .filter(|_| shares.fullest > 0.0);
    let Some(middle) = middle else {
        return false;
    };
    match occasion.effect {
        Effect::Multiplier(factor) if factor.is_finite() && factor >= 0.0 => {
            times(row, factor, shares);
            widen(row, levels, middle, variance(factor, shares, ALIKE));
        }
        Effect::Absolute(value) if value.is_finite() => to(row, value, shares, middle, least),
        _ => return false,
    }
    // A multiplier may be any number, and what it is applied to as well.
    for value in row.iter_mut() {
        *value = value.clamp(f64::MIN, f64::MAX);
    }
    true
}

/// Multiplies a row by the share of `factor` that the step has.
pub(super) fn times(row: &mut [f64], factor: f64, shares: Shares) {
    let factor = 1.0 + shares.counting(factor > 1.0) * (factor - 1.0);
    row.iter_mut().for_each(|value| *value *= factor);
}

/// Variance of the logarithm that goes with a `factor` which is `wrong` by so much of its size.
pub(super) fn variance(factor: f64, shares: Shares, wrong: f64) -> f64 {
    let counted = 1.0 + shares.counting(factor > 1.0) * (factor - 1.0);
    (wrong * size(counted)).powi(2)
}

/// Logarithm of a multiplier within what can be told from demand.
pub(super) fn size(factor: f64) -> f64 {
    factor.clamp(LEARNT_RANGE.0, LEARNT_RANGE.1).ln()
}

/// Moves a row towards `target` by the share that the step has. Errors grow with demand: the
/// relative spread is kept, or the plain one around nothing.
pub(super) fn to(row: &mut [f64], target: f64, shares: Shares, middle: usize, least: f64) {
    let target = target.max(least);
    let centre = row[middle];
    let goal = centre + shares.counting(target > centre) * (target - centre);
    let factor = goal / centre;
    for value in row.iter_mut() {
        *value = if centre > 0.0 && factor.is_finite() {
            *value * factor
        } else {
            goal + *value - centre
        };
        *value = value.max(least);
    }
}

/// How much of a step an occasion has, 0 to 1: at its fullest moment, and in the mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shares {
    pub(super) fullest: f64,
    mean: f64,
}

impl Shares {
    pub(super) fn of(occasion: &Occasion, from: Timestamp, to: Timestamp) -> Self {
        /// Moments of a step that the mean is of.
        const MOMENTS: i64 = 12;
        let during = occasion.during;
        let share = |at: Timestamp| {
            let part = |far: SignedDuration, whole: SignedDuration| {
                if far.is_negative() {
                    1.0
                } else if whole.is_zero() {
                    0.0
                } else {
                    (1.0 - far.as_secs_f64() / whole.as_secs_f64()).max(0.0)
                }
            };
            let after = at.duration_since(during.end);
            // The end itself lies outside: half a second keeps it from counting as inside.
            let after = if after.is_zero() {
                SignedDuration::from_millis(500)
            } else {
                after
            };
            let before = during.start.duration_since(at) - SignedDuration::from_nanos(1);
            part(before, occasion.lead).min(part(after, occasion.tail))
        };
        let length = to.duration_since(from).as_secs();
        let moments = (0..MOMENTS).map(|moment| {
            let seconds = length * (2 * moment + 1) / (2 * MOMENTS);
            let at = from.saturating_add(SignedDuration::from_secs(seconds));
            share(at.unwrap_or(from))
        });
        let mean = moments.sum::<f64>() / MOMENTS as f64;
        // Within a step the share is highest at its start, its end, or anywhere in the full part.
        let full = during.start < to && during.end > from;
        let just_before = to
            .saturating_sub(SignedDuration::from_secs(1))
            .unwrap_or(to);
        let fullest = if full {
            1.0
        } else {
            share(from).max(share(just_before))
        };
        Self { fullest, mean }
    }

    /// The share that counts: what raises demand does so for the whole step, since servers must
    /// stand for its busiest moment; what lowers it counts by its part of the step.
    fn counting(self, raises: bool) -> f64 {
        if raises { self.fullest } else { self.mean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(60 * minute).unwrap()
    }

    /// From minute 60 to 90, with a lead of 30 minutes.
    fn occasion(effect: Effect) -> Occasion {
        Occasion {
            name: "show".to_owned(),
            during: Interval {
                start: at(60),
                end: at(90),
            },
            lead: SignedDuration::from_mins(30),
            tail: SignedDuration::ZERO,
            announced_at: None,
            effect,
        }
    }

    fn applied(effect: Effect, from: i64, to: i64) -> [f64; 3] {
        let mut row = [80.0, 100.0, 150.0];
        let step = Interval {
            start: at(from),
            end: at(to),
        };
        apply_given(&occasion(effect), step, &mut row, &[0.05, 0.5, 0.95], 0.0);
        row
    }

    #[test]
    fn a_demand_keeps_its_band() {
        assert_eq!(
            applied(Effect::Absolute(300.0), 60, 75),
            [240.0, 300.0, 450.0]
        );
    }

    #[test]
    fn what_raises_counts_by_its_fullest_moment_and_what_lowers_by_its_mean() {
        // Half of the step from 60 to 120 lies within.
        assert_eq!(applied(Effect::Multiplier(2.0), 60, 120)[1], 200.0);
        assert_eq!(applied(Effect::Multiplier(0.5), 60, 120)[1], 75.0);
        assert_eq!(applied(Effect::Multiplier(0.0), 60, 90), [0.0; 3]);
    }

    #[test]
    fn a_multiplier_widens_the_band_by_a_fifth_of_its_size() {
        // The 95th percentile lies 1.6449 deviations above the median.
        let deviation = |row: [f64; 3]| (row[2] / row[1]).ln() / 1.6449;
        let own = deviation([80.0, 100.0, 150.0]);
        for (factor, size) in [(8.0, 8.0_f64.ln()), (0.25, 4.0_f64.ln()), (1.0, 0.0)] {
            let wide = applied(Effect::Multiplier(factor), 60, 90);
            assert!((wide[1] - 100.0 * factor).abs() < 1e-9);
            let expected = own.hypot(0.2 * size);
            assert!((deviation(wide) - expected).abs() < 1e-9, "{wide:?}");
            assert!(wide[0] <= 80.0 * factor, "{wide:?}");
        }
        // While half of the lead is over, by what then counts of it.
        let half = applied(Effect::Multiplier(9.0), 44, 46);
        let counted = half[1] / 100.0;
        assert!(counted > 4.5 && counted < 5.5, "{half:?}");
        assert!((deviation(half) - own.hypot(0.2 * counted.ln())).abs() < 1e-9);
    }

    #[test]
    fn what_is_not_given_changes_nothing() {
        for effect in [
            Effect::Learnt,
            Effect::Like(at(0)),
            Effect::Multiplier(f64::NAN),
            Effect::Multiplier(-1.0),
            Effect::Absolute(f64::INFINITY),
        ] {
            assert_eq!(applied(effect, 60, 90), [80.0, 100.0, 150.0]);
        }
        assert_eq!(
            applied(Effect::Multiplier(3.0), 90, 120),
            [80.0, 100.0, 150.0]
        );
    }
}
