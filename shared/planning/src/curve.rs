//! A demand distribution given by a few quantiles.

/// Demand of one step as a distribution: linear between its quantiles, constant below the lowest,
/// with an exponential tail above the highest. The tail's scale is that between the two highest
/// carried levels, so that a longer carried tail gives a longer one beyond.
#[derive(Debug, Clone)]
pub(crate) struct Curve<'a> {
    levels: &'a [f64],
    values: &'a [f64],
    tail_scale: f64,
}

impl<'a> Curve<'a> {
    /// A distribution from ascending `levels` within 0..1 and as many ascending `values`.
    pub(crate) fn new(levels: &'a [f64], values: &'a [f64]) -> Self {
        let count = levels.len().min(values.len());
        let (levels, values) = (&levels[..count], &values[..count]);
        let tail_scale = match count {
            0 | 1 => 0.0,
            _ => {
                let span = values[count - 1] - values[count - 2];
                let ratio = (1.0 - levels[count - 2]) / (1.0 - levels[count - 1]).max(1e-9);
                if ratio > 1.0 {
                    (span / ratio.ln()).max(0.0)
                } else {
                    0.0
                }
            }
        };
        Self {
            levels,
            values,
            tail_scale,
        }
    }

    /// The mean.
    pub(crate) fn mean(&self) -> f64 {
        self.excess(0.0).max(0.0)
    }

    /// Expected demand above `capacity`: the integral of `(Q(u) - capacity)+` over the levels `u`.
    pub(crate) fn excess(&self, capacity: f64) -> f64 {
        let (Some(&first_level), Some(&first)) = (self.levels.first(), self.values.first()) else {
            return 0.0;
        };
        let mut total = first_level * (first - capacity).max(0.0);
        // What lies below the capacity adds nothing.
        let above = self.values.partition_point(|value| *value <= capacity);
        for index in above.max(1)..self.levels.len() {
            let width = self.levels[index] - self.levels[index - 1];
            total += width * mean_excess(self.values[index - 1], self.values[index], capacity);
        }
        total + self.tail_excess(capacity)
    }

    /// The level at which demand reaches `capacity`: the chance that it suffices.
    pub(crate) fn level_of(&self, capacity: f64) -> f64 {
        let above = self.values.partition_point(|value| *value <= capacity);
        if above == 0 {
            return 0.0;
        }
        let last = self.values.len() - 1;
        if above > last {
            let rest = 1.0 - self.levels[last];
            if self.tail_scale <= 0.0 {
                return 1.0;
            }
            return 1.0 - rest * (-(capacity - self.values[last]) / self.tail_scale).exp();
        }
        let share = (capacity - self.values[above - 1])
            / (self.values[above] - self.values[above - 1]).max(f64::MIN_POSITIVE);
        self.levels[above - 1] + share * (self.levels[above] - self.levels[above - 1])
    }

    fn tail_excess(&self, capacity: f64) -> f64 {
        let last = self.levels.len() - 1;
        let rest = 1.0 - self.levels[last];
        let top = self.values[last];
        if capacity <= top {
            return rest * (top - capacity + self.tail_scale);
        }
        if self.tail_scale <= 0.0 {
            return 0.0;
        }
        rest * self.tail_scale * (-(capacity - top) / self.tail_scale).exp()
    }
}

/// Mean of `(x - capacity)+` for `x` uniform between `low` and `high`.
fn mean_excess(low: f64, high: f64, capacity: f64) -> f64 {
    if capacity <= low {
        return (low + high) / 2.0 - capacity;
    }
    if capacity >= high {
        return 0.0;
    }
    (high - capacity).powi(2) / (2.0 * (high - low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uniform_distribution_has_its_known_excess() {
        // Uniform on 0..100: mean 50, excess above 50 is 12.5, above 100 nothing.
        let curve = Curve::new(&[0.0, 1.0], &[0.0, 100.0]);
        assert!((curve.mean() - 50.0).abs() < 1e-9);
        assert!((curve.excess(50.0) - 12.5).abs() < 1e-9);
        assert!(curve.excess(100.0).abs() < 1e-6);
        assert!((curve.level_of(25.0) - 0.25).abs() < 1e-9);
    }

    #[test]
    fn an_exponential_tail_continues_at_its_own_scale() {
        // Exponential with mean 10: Q(u) = -10 ln(1-u).
        let levels: Vec<f64> = (0..=999).map(|i| f64::from(i) / 1000.0).collect();
        let values: Vec<f64> = levels
            .iter()
            .map(|u: &f64| -10.0 * (1.0 - u).ln())
            .collect();
        let curve = Curve::new(&levels, &values);
        let capacity = 100.0;
        let exact = 10.0 * (-capacity / 10.0_f64).exp();
        assert!(
            (curve.excess(capacity) / exact - 1.0).abs() < 0.05,
            "{}",
            curve.excess(capacity)
        );
    }

    #[test]
    fn a_certain_demand_needs_exactly_itself() {
        let curve = Curve::new(&[0.1, 0.5, 0.9], &[1000.0; 3]);
        assert!(curve.excess(1000.0).abs() < 1e-9);
        assert!((curve.level_of(1000.0) - 1.0).abs() < 1e-9);
        assert!(curve.level_of(999.0) < 1e-9);
    }
}
