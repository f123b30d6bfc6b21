use crate::frame::Frame;
use crate::numbers::weighted_median;
use crate::trials::Trial;

/// Weight of a trial against that of the day after it.
const MEMORY: f64 = 0.9;
/// Pull towards equal weights, against the slope of the loss.
const PULL: f64 = 0.1;
/// Length of a step down the slope.
const RATE: f64 = 0.05;
/// How much a slope of the whole loss counts against the pull.
const STEEPNESS: f64 = 20.0;
/// Steps down the slope; the weights have settled by then.
const ROUNDS: usize = 60;
/// The most steps a day that are learnt from.
const EXAMPLES_A_DAY: usize = 288;

/// Weights of the members in their combination, each at least zero, together one.
#[derive(Debug, Clone)]
pub(crate) struct Weights(pub(crate) Vec<f64>);

/// The corner of the loss at zero is rounded off within this part of the usual error.
const ROUNDING: f64 = 0.3;

/// What was forecast for one step, and what came.
pub(crate) struct Example {
    pub(crate) forecasts: Vec<f64>,
    pub(crate) actual: f64,
    pub(crate) weight: f64,
}

impl Weights {
    /// Learns from those trials whose age in days passes `taken`.
    ///
    /// Exponentiated gradient descent on the absolute error of the weighted mean, with the corner
    /// at zero rounded off, pulled towards equal weights so that few trials change little.
    ///
    /// Source: Kivinen & Warmuth 1997, "Exponentiated gradient versus gradient descent".
    pub(crate) fn learn(
        frame: &Frame,
        trials: &[Trial],
        members: usize,
        taken: impl Fn(usize) -> bool,
    ) -> Self {
        let examples = examples(frame, trials, taken);
        let equal = vec![1.0 / members.max(1) as f64; members];
        Self(descend(&examples, 0.5, equal))
    }

    /// Combines the members' forecasts of a day: at each step the average of the weighted mean,
    /// the weighted median and the plain median. The mean is the sharpest of them, and the medians
    /// keep a member that explodes from being followed.
    pub(crate) fn combine(&self, members: &[Vec<f64>], least: f64) -> Vec<f64> {
        let steps = members.first().map_or(0, Vec::len);
        let equal = 1.0 / self.0.len().max(1) as f64;
        let mut values = Vec::with_capacity(self.0.len());
        (0..steps)
            .map(|step| {
                values.clear();
                values.extend(
                    members
                        .iter()
                        .zip(&self.0)
                        .map(|(member, weight)| (member[step], *weight)),
                );
                values.sort_by(|a, b| a.0.total_cmp(&b.0));
                let mean: f64 = values.iter().map(|(value, weight)| value * weight).sum();
                let weighted = weighted_median(&values);
                values.iter_mut().for_each(|pair| pair.1 = equal);
                let plain = weighted_median(&values);
                ((mean + weighted + plain) / 3.0).max(least)
            })
            .collect()
    }
}

fn examples(frame: &Frame, trials: &[Trial], taken: impl Fn(usize) -> bool) -> Vec<Example> {
    let stride = (frame.per_day() / EXAMPLES_A_DAY).max(1);
    let mut examples = Vec::new();
    for (age, trial) in trials.iter().enumerate().filter(|(age, _)| taken(*age)) {
        let weight = MEMORY.powi(i32::try_from(age).unwrap_or(i32::MAX));
        // Other minutes of the hour on other days.
        for step in ((age * 5) % stride..frame.per_day()).step_by(stride) {
            let index = trial.origin + step;
            if frame.observed[index] {
                examples.push(Example {
                    forecasts: trial.members.iter().map(|member| member[step]).collect(),
                    actual: frame.values[index],
                    weight,
                });
            }
        }
    }
    examples
}

/// Weights that lower the quantile loss of the weighted mean at `level`, each at least zero,
/// together one, pulled towards `prior`.
pub(crate) fn descend(examples: &[Example], level: f64, prior: Vec<f64>) -> Vec<f64> {
    let mut weights = prior.clone();
    let total: f64 = examples.iter().map(|one| one.weight).sum();
    let error = |one: &Example| one.weight * (mix(&one.forecasts, &prior) - one.actual).abs();
    let size = examples.iter().map(error).sum::<f64>() / total;
    if size.is_nan() || size <= 0.0 {
        return weights;
    }
    let mut slope = vec![0.0; weights.len()];
    for _ in 0..ROUNDS {
        slope.fill(0.0);
        for one in examples {
            let centre = mix(&one.forecasts, &weights);
            let side = ((centre - one.actual) / (ROUNDING * size)).clamp(-1.0, 1.0);
            // At the middle level: 1 above, -1 below.
            let factor = (side + 1.0 - 2.0 * level) * one.weight / (total * size);
            for (cell, forecast) in slope.iter_mut().zip(&one.forecasts) {
                *cell += factor * (forecast - centre);
            }
        }
        for ((weight, slope), prior) in weights.iter_mut().zip(&slope).zip(&prior) {
            let pull = PULL * (weight.max(1e-9) / prior).ln();
            // A forecast that lies off by millions of usual errors must not overflow.
            let step = (-RATE * (STEEPNESS * slope + pull)).clamp(-20.0, 20.0);
            *weight *= step.exp();
        }
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
    }
    weights
}

fn mix(forecasts: &[f64], weights: &[f64]) -> f64 {
    forecasts.iter().zip(weights).map(|(a, b)| a * b).sum()
}
