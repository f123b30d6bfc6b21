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
