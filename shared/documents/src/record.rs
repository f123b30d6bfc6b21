use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Document, LadderRung};

/// How the forecasts of one target did, night by night, and whether they get worse.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The scored nights, the newest last.
    pub nights: Vec<ScoredNight>,
    /// Whether forecasts get worse.
    pub drift: DriftRecord,
    /// A change of state that people have not been told of yet: the next run tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untold: Option<NewsRecord>,
}

/// A message to people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewsRecord {
    /// Its subject.
    pub subject: String,
    /// What it says.
    pub text: String,
}

/// How one night's forecast did on its first day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoredNight {
    /// Start of the forecast.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub forecast: Timestamp,
    /// Where it stood.
    pub rung: LadderRung,
    /// Steps that were observed.
    pub steps: usize,
    /// Mean weighted quantile loss at 0.5, 0.9, 0.95 and 0.99.
    pub loss: f64,
    /// Error over that of repeating last week; absent where that had none.
    pub relative_error: Option<f64>,
    /// Share of steps above P90; 0.1 is right.
    pub over_p90: f64,
    /// Share of steps above P95; 0.05 is right.
    pub over_p95: f64,
    /// By what its band would have had to be multiplied for the day.
    pub needed: f64,
    /// By what its band had been multiplied because of drift.
    pub widened: f64,
    /// Whether the forecasts were as good as usual after this night.
    pub steady: bool,
}

/// State of the watch over the nights.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DriftRecord {
    /// Whether forecasts have got worse, or hold too little.
    pub drifting: bool,
    /// Since which night's forecast; absent before the first change.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub since: Option<Timestamp>,
    /// Why, in plain words.
    pub reason: String,
    /// Cumulative sum of the loss beyond the usual; alarm at 6.
    pub loss_sum: f64,
    /// Cumulative sum of the share above P95 beyond what is allowed; alarm at 0.6.
    pub over_sum: f64,
    /// Nights in this state.
    pub nights: u32,
    /// Nights in a row without a finding.
    pub calm: u32,
    /// Steady nights that tell what is usual.
    pub known: u32,
    /// By what bands are multiplied while drifting, 1 or more; 0 before the first scored night.
    pub widening: f64,
    /// Days of history that were chosen anew; absent where it is the configuration's.
    pub training_days: Option<u32>,
}

impl Document for Record {
    const KIND: &'static str = "record";
    const SCHEMA: u32 = 1;

    fn check(&self) -> Result<(), String> {
        for night in &self.nights {
            let shares = [night.over_p90, night.over_p95];
            let sizes = [night.loss, night.needed, night.widened];
            let size = |value: &f64| value.is_finite() && *value >= 0.0;
            if !shares.iter().all(|share| (0.0..=1.0).contains(share)) || !sizes.iter().all(size) {
                return Err(format!("night of {} has impossible scores", night.forecast));
            }
        }
        if let Some(pair) = self
            .nights
            .windows(2)
            .find(|pair| pair[0].forecast >= pair[1].forecast)
        {
            return Err(format!("night of {} comes out of order", pair[1].forecast));
        }
        let drift = [
            self.drift.loss_sum,
            self.drift.over_sum,
            self.drift.widening,
        ];
        if let Some(value) = drift
            .iter()
            .find(|value| !(value.is_finite() && **value >= 0.0))
        {
            return Err(format!("drift has a figure of {value}"));
        }
        // Less would narrow the band of forecasts that hold too little.
        let widening = self.drift.widening;
        let unset = widening == 0.0 && !self.drift.drifting;
        if widening < 1.0 && !unset {
            return Err(format!("drift has a widening of {widening}, not 1 or more"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_is_never_narrowed() {
        let record = |drifting, widening| Record {
            drift: DriftRecord {
                drifting,
                widening,
                ..DriftRecord::default()
            },
            ..Record::default()
        };
        assert!(Record::default().check().is_ok());
        assert!(record(true, 1.2).check().is_ok());
        for (drifting, widening) in [(true, 0.0), (true, 0.5), (false, 0.5), (false, f64::NAN)] {
            assert!(record(drifting, widening).check().is_err(), "{widening}");
        }
    }
}
