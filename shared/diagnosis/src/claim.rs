//! Claims and their weights: how a hypothesis is judged.

/// Heaviest weight: what is as sure as metrics can make it.
pub(crate) const SURE: f64 = 6.0;

/// One thing that has to be true of a hypothesis, as natural logarithm of its odds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Claim {
    /// With its numbers, true or not: "memory +0.02 %/min".
    pub(crate) text: String,
    /// Log-odds that it holds, within ±[`SURE`]; `None` where the evidence is missing.
    pub(crate) weight: Option<f64>,
    /// Whether the hypothesis falls without evidence for it.
    pub(crate) required: bool,
}

impl Claim {
    /// A claim that has to be shown.
    pub(crate) fn needs(text: impl Into<String>, weight: impl Into<Option<f64>>) -> Self {
        Self {
            text: text.into(),
            weight: weight.into().map(clamped),
            required: true,
        }
    }

    /// A claim that is only looked at where there is evidence.
    pub(crate) fn unless(text: impl Into<String>, weight: impl Into<Option<f64>>) -> Self {
        Self {
            required: false,
            ..Self::needs(text, weight)
        }
    }
}

fn clamped(weight: f64) -> f64 {
    if weight.is_nan() {
        0.0
    } else {
        weight.clamp(-SURE, SURE)
    }
}

/// Log-odds that something `z` standard deviations away is beyond `bound` deviations. The logistic
/// curve with a slope of 1.702 lies within 0.01 of the normal one.
/// Source: Haley, "Estimation of the dosage mortality relationship when the dose is subject to
/// error", Stanford, 1952.
pub(crate) fn beyond(z: f64, bound: f64) -> f64 {
    1.702 * (z - bound)
}

/// Log-odds of an effect `size` against the least one that matters: even odds there, three to one
/// a fifth beyond it.
pub(crate) fn matters(size: f64, least: f64) -> f64 {
    5.5 * (size / least - 1.0)
}

/// A fact that does not waver.
pub(crate) fn fact(holds: bool) -> f64 {
    if holds { 4.0 } else { -4.0 }
}
