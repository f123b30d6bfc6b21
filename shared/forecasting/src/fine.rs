use crate::frame::Frame;
use crate::trials::Trial;

/// How many steps to either side a combination is averaged over: at fine steps the members repeat
/// noise of past days that is not repeated. The reach is the one that would have missed least on the
/// trials; with steps of an hour there is nothing to average.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Smoothing {
    reach: usize,
}

/// Reaches that are tried, in minutes.
const REACHES: [usize; 5] = [5, 10, 20, 35, 60];
/// What averaging must gain to be worth it.
const GAIN: f64 = 0.995;

impl Smoothing {
    /// Learns from the trials and their combinations.
    pub(crate) fn learn(frame: &Frame, trials: &[Trial], centres: &[Vec<f64>]) -> Self {
        let per_day = frame.per_day();
        let mut best = (f64::INFINITY, Self { reach: 0 });
        if per_day <= 24 {
            return best.1;
        }
        let mut tried = usize::MAX;
        for minutes in std::iter::once(0).chain(REACHES) {
            let smoothing = Self {
                reach: minutes * per_day / 1440,
            };
            if smoothing.reach == tried {
                continue;
            }
            tried = smoothing.reach;
            let mut error = 0.0;
            for (trial, centre) in trials.iter().zip(centres) {
                for (step, value) in smoothing.apply(centre).iter().enumerate() {
                    let index = trial.origin + step;
                    if frame.observed[index] {
                        error += (frame.values[index] - value).abs();
                    }
                }
            }
            if error < GAIN * best.0 {
                best = (error, smoothing);
            }
        }
        best.1
    }

    /// The day's values, each averaged over its neighbours; fewer of them towards the ends.
    pub(crate) fn apply(self, values: &[f64]) -> Vec<f64> {
        if self.reach == 0 {
            return values.to_vec();
        }
        let mut sums = Vec::with_capacity(values.len() + 1);
        let mut sum = 0.0;
        sums.push(sum);
        for value in values {
            sum += value;
            sums.push(sum);
        }
        (0..values.len())
            .map(|step| {
                let reach = self.reach.min(step).min(values.len() - 1 - step);
                let (from, to) = (step - reach, step + reach + 1);
                (sums[to] - sums[from]) / (to - from) as f64
            })
            .collect()
    }
}
