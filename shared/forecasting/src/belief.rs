use crate::quantiles::{MEDIAN, SCORES};
use crate::{LEVELS, Memory};

/// How far a row goes from what it was to what the hours seen say, where they explain nothing of it,
/// and how much further where they explain all: loss is convex, so that stopping short forgoes less
/// than going too far costs, the more so the less they explain.
const BELIEVED: (f64, f64) = (0.2, 0.5);

/// What the hours seen say about the others.
pub(crate) struct Belief<'a> {
    memory: &'a Memory,
    /// Middles of the hours seen.
    hours: Vec<f64>,
    /// Lower triangle of the factor of their covariance.
    factor: Vec<Vec<f64>>,
    /// Their scores, decorrelated by the factor.
    white: Vec<f64>,
}

impl<'a> Belief<'a> {
    /// From the middles of the hours seen and their mean scores; `None` without any.
    pub(crate) fn new(memory: &'a Memory, seen: &[(f64, f64)]) -> Option<Self> {
        let mut belief = Self {
            memory,
            hours: Vec::with_capacity(seen.len()),
            factor: Vec::with_capacity(seen.len()),
            white: Vec::with_capacity(seen.len()),
        };
        for (hour, score) in seen {
            // One more row of a Cholesky factor.
            let mut row = belief.whiten(*hour);
            let rest = memory.hourly - row.iter().map(|part| part * part).sum::<f64>();
            let own = rest.max(1e-3).sqrt();
            let known: f64 = row.iter().zip(&belief.white).map(|(a, b)| a * b).sum();
            belief.white.push((score - known) / own);
            row.push(own);
            belief.factor.push(row);
            belief.hours.push(*hour);
        }
        (!belief.hours.is_empty()).then_some(belief)
    }

    /// Covariances of the score at `hour` with the hours seen, decorrelated by the factor.
    fn whiten(&self, hour: f64) -> Vec<f64> {
        let mut row: Vec<f64> = Vec::with_capacity(self.hours.len() + 1);
        for (seen, factor) in self.hours.iter().zip(&self.factor) {
            let covariance = self.memory.correlation((hour - seen).abs());
            let known: f64 = row.iter().zip(factor).map(|(a, b)| a * b).sum();
            let own = factor.last().copied().unwrap_or(1.0);
            row.push((covariance - known) / own);
        }
        row
    }

    /// Expected score at `hour`, and the part of its variance that is explained.
    pub(crate) fn at(&self, hour: f64) -> (f64, f64) {
        let row = self.whiten(hour);
        let mean = row.iter().zip(&self.white).map(|(a, b)| a * b).sum();
        let explained: f64 = row.iter().map(|part| part * part).sum();
        (mean, explained.clamp(0.0, 0.9))
    }
}

/// The band `row` with its width times `wild`, moved by an expected score and narrowed by the part of its variance that is
/// explained, both from [`Belief::at`]. A row whose median is the least there may be, as of hours that are
/// always empty, stays: such hours say nothing about the day either.
pub(crate) fn corrected_row(
    row: &[f64; LEVELS.len()],
    (moved, explained): (f64, f64),
    wild: f64,
) -> [f64; LEVELS.len()] {
    if row[0] >= row[MEDIAN] {
        return *row;
    }
    let narrowed = (1.0 - explained).sqrt() * wild;
    let believed = BELIEVED.0 + BELIEVED.1 * explained;
    let mut corrected = *row;
    for (value, own) in corrected.iter_mut().zip(SCORES) {
        let said = at_score(row, narrowed * own + moved).max(row[0].min(0.0));
        *value += believed * (said - *value);
    }
    corrected
}

/// Value of the band `row` at a normal score, straight between the levels and on beyond them.
fn at_score(row: &[f64; LEVELS.len()], score: f64) -> f64 {
    let above = SCORES
        .partition_point(|own| *own < score)
        .clamp(1, SCORES.len() - 1);
    let share = (score - SCORES[above - 1]) / (SCORES[above] - SCORES[above - 1]);
    row[above - 1] + share * (row[above] - row[above - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_that_is_always_empty_stays_so() {
        let closed = [0.0, 0.0, 0.0, 0.0, 0.6, 1.0, 1.8, 2.0, 2.5];
        assert_eq!(corrected_row(&closed, (1.5, 0.5), 1.3), closed);
        let open = closed.map(|value| value + 1.0);
        let open = [
            0.5, 0.8, open[2], 1.2, open[4], open[5], open[6], open[7], open[8],
        ];
        assert!(corrected_row(&open, (1.5, 0.5), 1.3)[MEDIAN] > open[MEDIAN]);
    }

    #[test]
    fn one_hour_and_two_say_what_conditional_normals_say() {
        let memory = Memory::default();
        let [near, far, between] = [1.0, 3.0, 2.0].map(|hours| memory.correlation(hours));
        let v = memory.hourly;
        let one = Belief::new(&memory, &[(7.5, 1.2)]).unwrap();
        let (mean, explained) = one.at(8.5);
        assert!((mean - near / v * 1.2).abs() < 1e-12);
        assert!((explained - near * near / v).abs() < 1e-12);
        // Two hours, by the inverse of their covariance.
        let two = Belief::new(&memory, &[(7.5, 1.2), (5.5, -0.4)]).unwrap();
        let determinant = v * v - between * between;
        let weights = [
            (near * v - far * between) / determinant,
            (far * v - near * between) / determinant,
        ];
        let (mean, explained) = two.at(8.5);
        assert!((mean - (weights[0] * 1.2 - weights[1] * 0.4)).abs() < 1e-12);
        assert!((explained - (weights[0] * near + weights[1] * far)).abs() < 1e-12);
        assert!(Belief::new(&memory, &[]).is_none());
    }
}
