use crate::LEVELS;
use crate::quantiles::score;

/// How misses of a forecast hang together within a day, as shares of the variance of their normal
/// scores. What is left to 1 is noise of its own in every hour.
///
/// The correlation of two hours `k` apart is `lasting + passing * 0.5^(k / half_life_hours)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memory {
    /// Share that goes on all day, 0 to 1.
    pub lasting: f64,
    /// Share that fades, 0 to 1; with `lasting` at most 1.
    pub passing: f64,
    /// Hours in which it has halved, more than 0.
    pub half_life_hours: f64,
    /// Variance of the mean score of an hour; at least `lasting + passing`.
    pub hourly: f64,
}

impl Default for Memory {
    /// What most demand is like, for a target that has shown nothing yet.
    fn default() -> Self {
        Self {
            lasting: 0.1,
            passing: 0.3,
            half_life_hours: 3.0,
            hourly: 0.8,
        }
    }
}

/// Days of the target's own that weigh as much as what most demand is like.
const PRIOR_DAYS: f64 = 7.0;
/// Hours apart that are compared.
const MOST_LAG: usize = 18;
/// Half-lives that are tried, in hours.
const HALF_LIVES: [f64; 5] = [1.0, 2.0, 3.0, 5.0, 8.0];
/// Days over which half of what goes on all day goes on further.
const LASTING_HALF_LIFE_DAYS: f64 = 2.0;
/// The least variance of an hour's own noise.
const LEAST_NOISE: f64 = 0.1;

impl Memory {
    /// Learns from past days: of each the quantiles of its steps and what came.
    pub(crate) fn learn(days: &[Vec<([f64; LEVELS.len()], Option<f64>)>], per_day: usize) -> Self {
        let prior = Self::default();
        let hour = (per_day / 24).max(1);
        // Sums of products and their number by hours apart.
        let mut products = [(0.0, 0.0); MOST_LAG + 1];
        for day in days {
            let hours: Vec<Option<f64>> = day.chunks(hour).map(hourly_score).collect();
            for (late, one) in hours.iter().enumerate() {
                for lag in 0..=MOST_LAG.min(late) {
                    if let (Some(one), Some(other)) = (one, hours[late - lag]) {
                        products[lag].0 += one * other;
                        products[lag].1 += 1.0;
                    }
                }
            }
        }
        let mut correlations = [0.0; MOST_LAG + 1];
        for (lag, (sum, count)) in products.iter().enumerate() {
            let own = 24.0 * PRIOR_DAYS * (24.0 - lag as f64) / 24.0;
            let expected = if lag == 0 {
                prior.hourly
            } else {
                prior.correlation(lag as f64)
            };
            correlations[lag] = (sum + own * expected) / (count + own);
        }
        let mut best = (f64::INFINITY, prior);
        for half_life_hours in HALF_LIVES {
            let fitted = Self::fit(&correlations, half_life_hours);
            let error: f64 = (1..=MOST_LAG)
                .map(|lag| {
                    let off = correlations[lag] - fitted.correlation(lag as f64);
                    (24 - lag) as f64 * off * off
                })
                .sum();
            if error < best.0 {
                best = (error, fitted);
            }
        }
        best.1
    }

    /// The shares that come nearest to the correlations, by least squares.
    fn fit(correlations: &[f64; MOST_LAG + 1], half_life_hours: f64) -> Self {
        let (mut ones, mut cross, mut squares, mut sum, mut faded) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (lag, correlation) in correlations.iter().enumerate().skip(1) {
            let weight = (24 - lag) as f64;
            let fade = 0.5_f64.powf(lag as f64 / half_life_hours);
            ones += weight;
            cross += weight * fade;
            squares += weight * fade * fade;
            sum += weight * correlation;
            faded += weight * fade * correlation;
        }
        let passing =
            ((faded * ones - sum * cross) / (squares * ones - cross * cross)).clamp(0.0, 0.9);
        let lasting = ((sum - passing * cross) / ones).clamp(0.0, 0.9 - passing.min(0.9));
        // Without anything lasting, what fades is fitted alone.
        let passing = if lasting > 0.0 {
            passing
        } else {
            (faded / squares).clamp(0.0, 0.9)
        };
        Self {
            lasting,
            passing,
            half_life_hours,
            hourly: correlations[0].max(lasting + passing + LEAST_NOISE),
        }
    }

    /// Correlation of two hours so far apart.
    pub(crate) fn correlation(&self, hours: f64) -> f64 {
        let lasting = self.lasting * 0.5_f64.powf(hours / 24.0 / LASTING_HALF_LIFE_DAYS);
        lasting + self.passing * 0.5_f64.powf(hours / self.half_life_hours)
    }
}

/// Mean score of the observed steps of an hour, if at least half of them were.
pub(crate) fn hourly_score(steps: &[([f64; LEVELS.len()], Option<f64>)]) -> Option<f64> {
    let known = steps
        .iter()
        .filter_map(|(row, actual)| score(row, (*actual)?));
    let (sum, count) = known.fold((0.0, 0_u32), |both, score| (both.0 + score, both.1 + 1));
    (count > 0 && 2 * count as usize >= steps.len()).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A standard normal band, so that an actual is its own score.
    const BAND: [f64; LEVELS.len()] = crate::quantiles::SCORES;

    fn days(score: impl Fn(usize, usize) -> f64) -> Vec<Vec<([f64; LEVELS.len()], Option<f64>)>> {
        let steps = |day: usize| (0..24).map(|hour| (BAND, Some(score(day, hour)))).collect();
        (0..28).map(steps).collect()
    }

    #[test]
    fn days_that_stay_as_they_began_are_remembered_all_day() {
        let memory = Memory::learn(&days(|day, _| [1.0, -1.0][day % 2]), 24);
        assert!(memory.lasting > 0.7, "{memory:?}");
        assert!(memory.passing < 0.2, "{memory:?}");
    }

    #[test]
    fn hours_without_a_bond_are_forgotten() {
        let noise = |day: usize, hour: usize| {
            let turn = ((day * 24 + hour) * 7919 % 1009) as f64 / 1009.0;
            3.4 * (turn - 0.5)
        };
        let memory = Memory::learn(&days(noise), 24);
        assert!(memory.lasting < 0.1, "{memory:?}");
        assert!(memory.correlation(1.0) < 0.2, "{memory:?}");
    }

    #[test]
    fn without_a_day_it_is_as_for_most_demand() {
        let (memory, usual) = (Memory::learn(&[], 24), Memory::default());
        for hours in [1.0, 6.0, 18.0] {
            assert!((memory.correlation(hours) - usual.correlation(hours)).abs() < 0.02);
        }
    }
}
