use jiff::Timestamp;
use timeseries::Step;

use crate::Memory;

/// The quantile levels that every forecast carries, ascending. Those beyond 0.99 let a plan weigh
/// rare shortfalls; those below 0.5 tell a dip from an outage.
pub const LEVELS: [f64; 9] = [0.05, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999];

/// The levels as standard normal scores.
pub(crate) const SCORES: [f64; LEVELS.len()] = [
    -1.6449, -0.8416, 0.0, 0.8416, 1.2816, 1.6449, 2.3263, 2.5758, 3.0902,
];
/// Index of the median in [`LEVELS`].
pub(crate) const MEDIAN: usize = 2;

/// Quantiles of the mean demand in each step ahead, in the unit of the history.
///
/// Rows are finite, ascending by level, and non-negative when the history is.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileForecast {
    /// Start of the first step.
    pub start: Timestamp,
    /// The step.
    pub step: Step,
    /// One row a step, one value a level of [`LEVELS`].
    pub rows: Vec<[f64; LEVELS.len()]>,
    /// How its misses hang together within a day, for the intraday correction.
    pub memory: Memory,
}

impl QuantileForecast {
    /// Start of step `index`.
    #[must_use]
    pub fn time_at(&self, index: usize) -> Timestamp {
        let seconds = i64::try_from(index)
            .unwrap_or(i64::MAX)
            .saturating_mul(i64::from(self.step.seconds()));
        self.start
            .saturating_add(jiff::SignedDuration::from_secs(seconds))
            .unwrap_or(Timestamp::MAX)
    }

    /// The median of each step.
    pub fn median(&self) -> impl Iterator<Item = f64> + '_ {
        self.rows.iter().map(|row| row[MEDIAN])
    }

    /// Value at any `level` in step `index`, linear between the carried levels; beyond the outer
    /// ones the outermost value. `None` past the end.
    #[must_use]
    pub fn at_level(&self, index: usize, level: f64) -> Option<f64> {
        self.rows.get(index).map(|row| interpolate(row, level))
    }
}

/// The standard normal score of `level`: straight lines between those of [`LEVELS`], constant beyond.
pub(crate) fn score_of(level: f64) -> f64 {
    interpolate(&SCORES, level)
}

/// A single step speaks for no more than this score.
const MOST_SCORE: f64 = 1.8;

/// Place of `actual` in the band `row` as a normal score, at most [`MOST_SCORE`] from the median.
/// `None` where several levels have that value: nothing at night, when nothing is forecast, says
/// nothing about the day.
pub(crate) fn score(row: &[f64; LEVELS.len()], actual: f64) -> Option<f64> {
    let below = row.partition_point(|value| *value < actual);
    let upto = row.partition_point(|value| *value <= actual);
    let score = if upto > below + 1 {
        return None;
    } else if upto > below {
        SCORES[below]
    } else if below == 0 {
        -MOST_SCORE
    } else if below == row.len() {
        MOST_SCORE
    } else {
        let share = (actual - row[below - 1]) / (row[below] - row[below - 1]);
        SCORES[below - 1] + share * (SCORES[below] - SCORES[below - 1])
    };
    Some(score.clamp(-MOST_SCORE, MOST_SCORE))
}

/// Linear between neighbouring levels, constant beyond the outer ones.
fn interpolate(row: &[f64; LEVELS.len()], level: f64) -> f64 {
    let above = LEVELS.partition_point(|carried| *carried < level);
    if above == 0 {
        return row[0];
    }
    if above == LEVELS.len() {
        return row[LEVELS.len() - 1];
    }
    let share = (level - LEVELS[above - 1]) / (LEVELS[above] - LEVELS[above - 1]);
    row[above - 1] + share * (row[above] - row[above - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_between_are_interpolated_and_beyond_are_clamped() {
        let row = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        assert_eq!(interpolate(&row, 0.5), 2.0);
        assert!((interpolate(&row, 0.85) - 3.5).abs() < 1e-12);
        assert_eq!(interpolate(&row, 0.01), 0.0);
        assert_eq!(interpolate(&row, 0.9999), 8.0);
    }
}
