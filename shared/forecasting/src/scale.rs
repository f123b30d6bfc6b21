/// Logarithmic scale guarded near zero: `ln((value - shift) / unit + GUARD)`.
///
/// Demand varies by factors, so errors are alike in this scale; the guard keeps zeros finite and
/// stops noise near zero from looking like a change by orders of magnitude.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LogScale {
    shift: f64,
    unit: f64,
}

/// Share of the mean demand that is added before taking the logarithm.
const GUARD: f64 = 0.05;

impl LogScale {
    /// The scale of `values`: their mean size as unit, shifted when some are negative.
    pub(crate) fn of(values: &[f64]) -> Self {
        let shift = values.iter().copied().fold(0.0, f64::min);
        let count = values.len().max(1) as f64;
        let unit = values
            .iter()
            .map(|value| (value - shift) / count)
            .sum::<f64>();
        Self {
            shift,
            unit: if unit > 0.0 && unit.is_finite() {
                unit
            } else {
                1.0
            },
        }
    }

    /// Into the scale.
    pub(crate) fn to(self, value: f64) -> f64 {
        ((value - self.shift).max(0.0) / self.unit + GUARD).ln()
    }

    /// Out of the scale.
    pub(crate) fn from(self, scaled: f64) -> f64 {
        (scaled.exp() - GUARD) * self.unit + self.shift
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let scale = LogScale::of(&[0.0, 10.0, 50.0]);
        for value in [0.0, 0.1, 10.0, 400.0] {
            assert!((scale.from(scale.to(value)) - value).abs() < 1e-9);
        }
        assert!(LogScale::of(&[]).to(0.0).is_finite());
        assert!(LogScale::of(&[0.0; 5]).to(3.0).is_finite());
    }
}
