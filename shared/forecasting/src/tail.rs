//! Quantiles beyond what a few hundred errors can show.

/// Share of the values that make up the tail.
const TAIL: f64 = 0.1;
/// Shape that few values are pulled to: a little heavier than exponential.
const SHAPE: f64 = 0.1;
/// Values in the tail after which half of their own shape is believed.
const DOUBT: f64 = 60.0;
/// Shapes that are believed at all; beyond them single values make the fit.
const SHAPES: (f64, f64) = (-0.3, 0.6);

/// A generalised Pareto distribution of what lies above the 0.9 quantile.
///
/// Source: Pickands 1975 (the limit); Hosking & Wallis 1987, "Parameter and quantile estimation
/// for the generalized Pareto distribution" (probability-weighted moments). The shape is pulled
/// towards a prior, the size follows from the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tail {
    threshold: f64,
    size: f64,
    shape: f64,
}

impl Tail {
    /// Fits to values sorted by size, each with its weight; `None` where there is nothing above.
    pub(crate) fn fit(sorted: &[(f64, f64)]) -> Option<Self> {
        let total: f64 = sorted.iter().map(|(_, weight)| weight).sum();
        let (mut above, mut first) = (0.0, sorted.len());
        while first > 0 && above + sorted[first - 1].1 <= TAIL * total {
            first -= 1;
            above += sorted[first].1;
        }
        let threshold = sorted[first.checked_sub(1)?].0;
        let (mut mean, mut weighted, mut left) = (0.0, 0.0, above);
        for (value, weight) in &sorted[first..] {
            // Share of the tail at or beyond this value, to the middle of its weight.
            let beyond = (left - weight / 2.0) / above;
            let share = weight / above;
            mean += share * (value - threshold);
            weighted += share * beyond * (value - threshold);
            left -= weight;
        }
        if !(mean > 0.0 && mean.is_finite()) {
            return None;
        }
        let own = 2.0 - mean / (mean - 2.0 * weighted).max(1e-3 * mean);
        let count = (sorted.len() - first) as f64;
        let trust = count / (count + DOUBT);
        let shape = (trust * own.clamp(SHAPES.0, SHAPES.1)) + (1.0 - trust) * SHAPE;
        Some(Self {
            threshold,
            size: mean * (1.0 - shape),
            shape,
        })
    }

    /// The value that `level` of all values lie below; `level` above 0.9.
    pub(crate) fn quantile(&self, level: f64) -> f64 {
        let beyond = ((1.0 - level) / TAIL).clamp(1e-9, 1.0);
        let steps = if self.shape.abs() < 1e-6 {
            -beyond.ln()
        } else {
            (beyond.powf(-self.shape) - 1.0) / self.shape
        };
        self.threshold + self.size * steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of a generalised Pareto tail on top of as many others below 1 as make it a tenth.
    fn sample(shape: f64, count: usize) -> Vec<(f64, f64)> {
        let below = (0..9 * count).map(|place| place as f64 / (9 * count) as f64);
        let above = (0..count).map(|place| {
            let beyond: f64 = 1.0 - (place as f64 + 0.5) / count as f64;
            let steps = if shape == 0.0 {
                -beyond.ln()
            } else {
                (beyond.powf(-shape) - 1.0) / shape
            };
            1.0 + 2.0 * steps
        });
        below.chain(above).map(|value| (value, 1.0)).collect()
    }

    #[test]
    fn quantiles_are_those_of_scipy() {
        // scipy.stats.genpareto(shape, scale=2).ppf([0.9, 0.95, 0.99]) + 1: see
        // peers/known_answers.py. Many values, so that the pull towards the prior is small.
        for (shape, expected) in [
            (0.0, [5.605_170_186, 6.991_464_547, 10.210_340_372]),
            (0.1, [6.178_508_236, 7.985_656_953, 12.697_863_849]),
            (0.3, [7.635_082_100, 10.709_707_015, 20.873_811_37]),
        ] {
            let tail = Tail::fit(&sample(shape, 20_000)).unwrap();
            for (level, expected) in [0.99, 0.995, 0.999].into_iter().zip(expected) {
                let found = tail.quantile(level);
                assert!(
                    (found / expected - 1.0).abs() < 0.03,
                    "{shape} {level} {found}"
                );
            }
        }
    }

    #[test]
    fn few_values_are_pulled_to_a_light_tail_and_none_give_none() {
        let wild: Vec<(f64, f64)> = (0..40)
            .map(|place| {
                (
                    if place == 39 {
                        1000.0
                    } else {
                        f64::from(place)
                    },
                    1.0,
                )
            })
            .collect();
        let tail = Tail::fit(&wild).unwrap();
        assert!(tail.shape < 0.2, "{tail:?}");
        assert_eq!(Tail::fit(&[]), None);
        assert_eq!(Tail::fit(&[(1.0, 1.0); 30]), None);
    }
}
