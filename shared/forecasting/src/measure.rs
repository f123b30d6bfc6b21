//! The unit that a forecast is computed in: the target's own typical demand.
//!
//! Counted in requests or in thousands of them, demand is the same demand. In binary numbers it is not
//! quite: a factor that is no power of two rounds otherwise, a tie is then broken otherwise, and a tree
//! splits elsewhere. So everything is computed in a unit taken from the history, to a fixed number of
//! digits, and brought back at the end.

use timeseries::Series;

use crate::{Effect, ForecastRequest, Occasion, Prediction};

/// Bits that are kept of a value, of the 52 after its first: seven decimals, more than anything
/// measures, and few enough that the last bit of a division hardly ever changes them.
const KEPT_BITS: u32 = 23;

/// A request in the unit of its own demand.
pub(crate) struct Measured {
    /// What lies before the cutoff.
    history: Series,
    occasions: Vec<Occasion>,
    unit: f64,
}

impl Measured {
    /// Takes the unit from what was observed before the cutoff.
    pub(crate) fn of(request: &ForecastRequest<'_>) -> Self {
        let cutoff = request.step.floor(request.cutoff);
        let past = request.history.between(request.history.start(), cutoff);
        let unit = unit_of(past.values());
        let history = past.map(|value| rounded(value / unit));
        let mut occasions = request.occasions.to_vec();
        for occasion in &mut occasions {
            if let Effect::Absolute(value) = &mut occasion.effect {
                *value /= unit;
            }
        }
        Self {
            history,
            occasions,
            unit,
        }
    }

    /// `request` in that unit.
    pub(crate) fn request<'a>(&'a self, request: &ForecastRequest<'a>) -> ForecastRequest<'a> {
        ForecastRequest {
            history: &self.history,
            occasions: &self.occasions,
            ..request.clone()
        }
    }

    /// Brings what was forecast in that unit back to the unit of the history.
    pub(crate) fn back(&self, mut prediction: Prediction) -> Prediction {
        let rows = prediction.forecast.rows.iter_mut().flatten();
        for value in rows.chain(&mut prediction.past) {
            // A multiplier may be any number, and what it is applied to as well.
            *value = (*value * self.unit).clamp(f64::MIN, f64::MAX);
        }
        for parts in &mut prediction.report.parts {
            *parts = parts.times(self.unit);
        }
        prediction
    }
}

/// The middle one of what was observed above zero: it is one of the values, so that no sum rounds it.
fn unit_of(values: &[f64]) -> f64 {
    let mut seen: Vec<f64> = values.iter().copied().filter(|v| *v > 0.0).collect();
    if seen.is_empty() {
        return 1.0;
    }
    let middle = seen.len() / 2;
    let (_, unit, _) = seen.select_nth_unstable_by(middle, f64::total_cmp);
    if unit.is_normal() { *unit } else { 1.0 }
}

/// To the nearest of the numbers with [`KEPT_BITS`] after the first.
fn rounded(value: f64) -> f64 {
    let dropped = f64::MANTISSA_DIGITS - 1 - KEPT_BITS;
    let half = 1_u64 << (dropped - 1);
    // A carry out of the last bits goes on into the exponent, which is what rounding up means.
    let bits = value.to_bits().saturating_add(half);
    f64::from_bits(bits >> dropped << dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_digits_are_kept() {
        for value in [0.0, 1.0, -3.0, 1.5e300, 0.25, 1e-200] {
            assert!((rounded(value) - value).abs() <= 6e-8 * value.abs());
        }
        assert_eq!(rounded(1.0 + 1e-9), 1.0);
        assert_eq!(rounded(2.0 - 1e-9), 2.0);
        assert!(rounded(f64::NAN).is_nan());
        assert_eq!(rounded(0.1 + 0.2), rounded(0.3));
    }

    #[test]
    fn the_unit_is_one_of_the_values() {
        assert_eq!(unit_of(&[f64::NAN, 0.0, 3.0, 1e100, 5.0, -7.0]), 5.0);
        assert_eq!(unit_of(&[]), 1.0);
        assert_eq!(unit_of(&[0.0, f64::NAN]), 1.0);
        assert_eq!(unit_of(&[1e-320]), 1.0);
    }
}
