//! Demand a number of servers leaves unserved, in expectation.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::curve::Curve;

/// Nodes and weights of a 7-point Gauss-Hermite rule for a standard normal variable.
/// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, table 25.10, rescaled.
const NORMAL: [(f64, f64); 7] = [
    (-3.750_439_717_725_742, 0.000_548_268_855_972_217_8),
    (-2.366_759_410_734_541, 0.030_757_123_967_586_52),
    (-1.154_405_394_739_968, 0.240_123_178_605_012_7),
    (0.0, 0.457_142_857_142_857_1),
    (1.154_405_394_739_968, 0.240_123_178_605_012_7),
    (2.366_759_410_734_541, 0.030_757_123_967_586_52),
    (3.750_439_717_725_742, 0.000_548_268_855_972_217_8),
];

/// Expected demand above capacity in one step, per minute, for any number of servers.
#[derive(Debug, Clone)]
pub(crate) struct Loss<'a> {
    /// Losses computed before: a bisection asks for the same few numbers of servers again and again.
    known: RefCell<BTreeMap<u32, f64>>,
    curve: Curve<'a>,
    minute_spread: f64,
    throughput: f64,
}

impl<'a> Loss<'a> {
    /// `minute_spread` is the standard deviation of a minute's demand around its step's mean, as a
    /// share of that mean: a step's mean may fit while its busiest minutes do not.
    pub(crate) fn new(curve: Curve<'a>, minute_spread: f64, throughput: f64) -> Self {
        Self {
            known: RefCell::default(),
            curve,
            minute_spread: minute_spread.clamp(0.0, 1.0),
            throughput,
        }
    }

    /// Expected demand of the step, per minute.
    pub(crate) fn demand(&self) -> f64 {
        self.curve.mean()
    }

    /// Expected demand above what `servers` sustain, per minute. Falls with every further server,
    /// by less and less.
    pub(crate) fn with(&self, servers: u32) -> f64 {
        *self
            .known
            .borrow_mut()
            .entry(servers)
            .or_insert_with(|| self.computed(servers))
    }

    fn computed(&self, servers: u32) -> f64 {
        // A nudge keeps 1,000 per minute on a server of 1,000 from needing two by rounding.
        let capacity = f64::from(servers) * self.throughput * (1.0 + 1e-9);
        if self.minute_spread <= 0.0 {
            return self.curve.excess(capacity);
        }
        NORMAL
            .iter()
            .map(|(node, weight)| {
                let ratio = (1.0 + node * self.minute_spread).max(0.0);
                if ratio <= 0.0 {
                    return 0.0;
                }
                weight * ratio * self.curve.excess(capacity / ratio)
            })
            .sum()
    }

    /// The chance that `servers` suffice for the step's mean.
    pub(crate) fn level(&self, servers: u32) -> f64 {
        self.curve
            .level_of(f64::from(servers) * self.throughput * (1.0 + 1e-9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_that_vary_need_more_than_their_mean() {
        let values = [1000.0; 3];
        let levels = [0.1, 0.5, 0.9];
        let still = Loss::new(Curve::new(&levels, &values), 0.0, 100.0);
        let restless = Loss::new(Curve::new(&levels, &values), 0.1, 100.0);
        assert!(still.with(10) < 1e-6);
        assert!(restless.with(10) > 10.0);
        // E[(R-1)+] for a normal R around 1 with deviation 0.1 is 0.1 / sqrt(2 pi), near 0.0399;
        // seven nodes are coarse at the kink and err on the side of more.
        assert!(
            (restless.with(10) / 1000.0 - 0.0399).abs() < 0.012,
            "{}",
            restless.with(10)
        );
        assert!(restless.with(14) < 1.0);
    }

    #[test]
    fn weights_of_the_normal_rule_add_up() {
        let (sum, variance) = NORMAL.iter().fold((0.0, 0.0), |(s, v), (node, weight)| {
            (s + weight, v + weight * node * node)
        });
        assert!((sum - 1.0).abs() < 1e-12);
        assert!((variance - 1.0).abs() < 1e-12);
    }
}
