use jiff::{SignedDuration, Timestamp};

use crate::{Step, TimeSeriesError};

/// A regular series of rates. Value `i` is the mean over
/// `[start + i * step, start + (i + 1) * step)`; a missing value is NaN and stays one until
/// somebody repairs it on purpose. Infinite values count as missing.
#[derive(Debug, Clone)]
pub struct Series {
    start: Timestamp,
    step: Step,
    values: Vec<f64>,
}

impl Series {
    /// A series of `values` from `start` on.
    ///
    /// # Errors
    /// [`TimeSeriesError::Misaligned`] unless `start` is a whole number of steps since the epoch.
    pub fn new(start: Timestamp, step: Step, values: Vec<f64>) -> Result<Self, TimeSeriesError> {
        if floor_to(start, step) != start {
            return Err(TimeSeriesError::Misaligned {
                start,
                step: step.seconds(),
            });
        }
        let values = values
            .into_iter()
            .map(|v| if v.is_finite() { v } else { f64::NAN })
            .collect();
        Ok(Self {
            start,
            step,
            values,
        })
    }

    /// Places points on the grid of `step` that holds them all; several in one step are averaged,
    /// steps without any are missing. Points that are not finite are left out.
    #[must_use]
    pub fn from_points(points: &[(Timestamp, f64)], step: Step) -> Option<Self> {
        let usable = || points.iter().filter(|(_, value)| value.is_finite());
        let first = floor_to(usable().map(|(at, _)| *at).min()?, step);
        let last = usable().map(|(at, _)| *at).max()?;
        let length = steps_between(first, last, step) + 1;
        let mut sums = vec![0.0; length];
        let mut counts = vec![0_u32; length];
        for (at, value) in usable() {
            let index = steps_between(first, *at, step);
            sums[index] += value;
            counts[index] += 1;
        }
        let values = sums
            .iter()
            .zip(&counts)
            .map(|(sum, &count)| {
                if count == 0 {
                    f64::NAN
                } else {
                    sum / f64::from(count)
                }
            })
            .collect();
        Some(Self {
            start: first,
            step,
            values,
        })
    }

    /// Time of the first value.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// End of the last value's step.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.time_at(self.values.len())
    }

    /// The step.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// All values, NaN where missing.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Number of steps, missing ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no step at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of steps that are not missing.
    #[must_use]
    pub fn observed(&self) -> usize {
        self.values.iter().filter(|value| !value.is_nan()).count()
    }

    /// Start of step `index`, also past the end.
    #[must_use]
    pub fn time_at(&self, index: usize) -> Timestamp {
        let offset = i64::try_from(index)
            .unwrap_or(i64::MAX)
            .saturating_mul(i64::from(self.step.seconds()));
        self.start
            .saturating_add(SignedDuration::from_secs(offset))
            .unwrap_or(Timestamp::MAX)
    }

    /// The step that `at` falls in, if the series covers it.
    #[must_use]
    pub fn index_of(&self, at: Timestamp) -> Option<usize> {
        (at >= self.start && at < self.end()).then(|| steps_between(self.start, at, self.step))
    }

    /// The value at `at`; `None` where missing or not covered.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<f64> {
        self.index_of(at)
            .map(|index| self.values[index])
            .filter(|value| !value.is_nan())
    }

    /// The steps that lie wholly within `[from, to)`.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Self {
        let low = if from <= self.start {
            0
        } else {
            let covered = from.duration_since(self.start);
            self.step.covering(covered).min(self.values.len())
        };
        let high = if to <= self.start {
            0
        } else {
            steps_between(self.start, to, self.step).min(self.values.len())
        };
        let values = self
            .values
            .get(low..high.max(low))
            .unwrap_or_default()
            .to_vec();
        Self {
            start: self.time_at(low),
            step: self.step,
            values,
        }
    }

    /// The same demand in steps of `step`: the mean of what was observed, missing where less than
    /// half of a step was. Partial steps at both ends count as missing parts.
    ///
    /// # Errors
    /// [`TimeSeriesError::Resample`] unless `step` is a multiple of the present step.
    pub fn resample(&self, step: Step) -> Result<Self, TimeSeriesError> {
        if step == self.step {
            return Ok(self.clone());
        }
        if !step.seconds().is_multiple_of(self.step.seconds()) {
            return Err(TimeSeriesError::Resample {
                from: self.step.seconds(),
                to: step.seconds(),
            });
        }
        let need = (step.seconds() / self.step.seconds()) as usize;
        let start = floor_to(self.start, step);
        let lead = steps_between(start, self.start, self.step);
        let mut values = Vec::with_capacity((lead + self.values.len()).div_ceil(need));
        let mut index = 0;
        while index < lead + self.values.len() {
            let from = index.saturating_sub(lead);
            let to = (index + need).saturating_sub(lead).min(self.values.len());
            values.push(mean_of_half_observed(&self.values[from..to], need));
            index += need;
        }
        Ok(Self {
            start,
            step,
            values,
        })
    }

    /// `self` where it has a value, `older` elsewhere; covers both and what lies between.
    /// Both must have the same step.
    ///
    /// # Errors
    /// [`TimeSeriesError::Resample`] when the steps differ.
    pub fn merged_over(&self, older: &Self) -> Result<Self, TimeSeriesError> {
        if self.step != older.step {
            return Err(TimeSeriesError::Resample {
                from: older.step.seconds(),
                to: self.step.seconds(),
            });
        }
        if self.is_empty() {
            return Ok(older.clone());
        }
        if older.is_empty() {
            return Ok(self.clone());
        }
        let start = self.start.min(older.start);
        let end = self.end().max(older.end());
        let mut merged = Self {
            start,
            step: self.step,
            values: vec![f64::NAN; steps_between(start, end, self.step)],
        };
        for source in [older, self] {
            let offset = steps_between(start, source.start, self.step);
            for (index, value) in source.values.iter().enumerate() {
                if !value.is_nan() {
                    merged.values[offset + index] = *value;
                }
            }
        }
        Ok(merged)
    }

    /// The same times with every value passed through `change`; what it makes infinite or NaN is
    /// missing.
    #[must_use]
    pub fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        let values = self
            .values
            .iter()
            .map(|&value| {
                Some(change(value))
                    .filter(|v| v.is_finite())
                    .unwrap_or(f64::NAN)
            })
            .collect();
        Self {
            start: self.start,
            step: self.step,
            values,
        }
    }
}

/// The start of the step (counted from the epoch) that holds `at`.
#[must_use]
fn floor_to(at: Timestamp, step: Step) -> Timestamp {
    let seconds = at.as_second().div_euclid(i64::from(step.seconds())) * i64::from(step.seconds());
    // A whole second at or before a valid timestamp is out of range only within the first step of
    // the year -9999; the earliest timestamp is then the closest honest answer.
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MIN)
}

/// Whole steps from `from` to `to`; zero when `to` is earlier.
fn steps_between(from: Timestamp, to: Timestamp, step: Step) -> usize {
    let seconds = to.duration_since(from).as_secs().max(0);
    usize::try_from(seconds).unwrap_or(usize::MAX) / step.seconds() as usize
}

fn mean_of_half_observed(values: &[f64], need: usize) -> f64 {
    let (sum, count) = values
        .iter()
        .filter(|value| !value.is_nan())
        .fold((0.0, 0_usize), |(sum, count), value| {
            (sum + value, count + 1)
        });
    if count * 2 < need || count == 0 {
        return f64::NAN;
    }
    sum / count as f64
}

impl Step {
    /// The start of the step, counted from the epoch, that holds `at`.
    #[must_use]
    pub fn floor(self, at: Timestamp) -> Timestamp {
        floor_to(at, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn series(start: &str, minutes: i64, values: &[f64]) -> Series {
        Series::new(
            at(start),
            Step::from_minutes(minutes).unwrap(),
            values.to_vec(),
        )
        .unwrap()
    }

    #[test]
    fn resampling_averages_and_needs_half_of_a_step() {
        let nan = f64::NAN;
        let fine = series(
            "2026-01-01T00:30:00Z",
            15,
            &[10.0, 20.0, 30.0, nan, nan, 8.0, nan],
        );
        let coarse = fine.resample(Step::HOUR).unwrap();
        assert_eq!(coarse.start(), at("2026-01-01T00:00:00Z"));
        // 00:00 has two of four; 01:00 has 30 and 8 of four.
        assert_eq!(coarse.values().len(), 3);
        assert!((coarse.values()[0] - 15.0).abs() < 1e-12);
        assert!((coarse.values()[1] - 19.0).abs() < 1e-12);
        assert!(coarse.values()[2].is_nan());
    }

    #[test]
    fn between_keeps_whole_steps_only() {
        let hours = series("2026-01-01T00:00:00Z", 60, &[1.0, 2.0, 3.0, 4.0]);
        let part = hours.between(at("2026-01-01T00:30:00Z"), at("2026-01-01T03:59:00Z"));
        assert_eq!(part.start(), at("2026-01-01T01:00:00Z"));
        assert_eq!(part.values(), &[2.0, 3.0]);
        assert!(
            hours
                .between(at("2026-01-02T00:00:00Z"), at("2026-01-03T00:00:00Z"))
                .is_empty()
        );
        assert!(
            hours
                .between(at("2025-01-02T00:00:00Z"), at("2025-01-03T00:00:00Z"))
                .is_empty()
        );
    }

    #[test]
    fn merging_prefers_the_newer_and_keeps_gaps() {
        let older = series("2026-01-01T00:00:00Z", 60, &[1.0, 2.0]);
        let newer = series("2026-01-01T01:00:00Z", 60, &[9.0, f64::NAN, 4.0]);
        let merged = newer.merged_over(&older).unwrap();
        assert_eq!(merged.len(), 4);
        assert_eq!(merged.at(at("2026-01-01T01:10:00Z")), Some(9.0));
        assert_eq!(merged.at(at("2026-01-01T02:10:00Z")), None);
        assert_eq!(merged.at(at("2026-01-01T03:10:00Z")), Some(4.0));
    }

    #[test]
    fn points_in_one_step_are_averaged_and_infinite_ones_ignored() {
        let points = [
            (at("2026-01-01T00:01:00Z"), 4.0),
            (at("2026-01-01T00:03:00Z"), 6.0),
            (at("2026-01-01T00:11:00Z"), f64::INFINITY),
            (at("2026-01-01T00:12:00Z"), 1.0),
        ];
        let series = Series::from_points(&points, Step::FIVE_MINUTES).unwrap();
        assert_eq!(series.values()[0], 5.0);
        assert!(series.values()[1].is_nan());
        assert_eq!(series.values()[2], 1.0);
        assert!(Series::from_points(&[], Step::HOUR).is_none());
    }

    #[test]
    fn a_start_off_the_grid_is_refused() {
        assert!(Series::new(at("2026-01-01T00:01:00Z"), Step::FIVE_MINUTES, vec![]).is_err());
    }
}
