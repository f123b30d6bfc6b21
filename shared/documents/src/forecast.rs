use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use timeseries::Step;

use crate::Document;

/// Demand to come, as quantiles of each step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// Start of the first step.
    #[schemars(with = "String")]
    pub start: Timestamp,
    /// Length of a step in seconds.
    pub step_seconds: u32,
    /// Quantile levels, ascending, between 0 and 1.
    pub levels: Vec<f64>,
    /// One row a step, one value a level: mean demand of the step in requests per minute.
    pub quantiles: Vec<Vec<f64>>,
    /// How the minutes of a step vary around its mean: standard deviation of their ratio to it.
    /// 0 where minutes were never seen.
    pub minute_spread: f64,
    /// What the forecast was made with.
    pub model: String,
    /// Candidates with their record on this target's past.
    pub candidates: Vec<CandidateRecord>,
    /// How the chosen model did on this target's own past.
    pub accuracy: Accuracy,
    /// State of the data it learnt from.
    pub data: DataRecord,
    /// Names of the events that were applied.
    pub events: Vec<String>,
    /// Plain sentences worth reading.
    pub notes: Vec<String>,
}

/// A candidate model's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CandidateRecord {
    /// Its name.
    pub name: String,
    /// Its weight in the result, 0 to 1.
    pub weight: f64,
    /// Mean weighted quantile loss; absent where it could not be tested.
    pub weighted_quantile_loss: Option<f64>,
    /// Error relative to the seasonal naive one; below 1 beats it.
    pub relative_error: Option<f64>,
}

/// Backtested accuracy of the forecast's model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accuracy {
    /// Mean weighted quantile loss; absent where it could not be tested.
    pub weighted_quantile_loss: Option<f64>,
    /// Error relative to the seasonal naive one; below 1 beats it.
    pub relative_error: Option<f64>,
}

/// State of the training data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataRecord {
    /// First step trained on.
    #[schemars(with = "Option<String>")]
    pub from: Option<Timestamp>,
    /// Steps in the training window.
    pub steps: usize,
    /// Steps without an observation.
    pub missing: usize,
    /// Stretches that were observed and not believed.
    pub repaired: Vec<RepairRecord>,
}

/// A stretch that was observed and not believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepairRecord {
    /// Its start.
    #[schemars(with = "String")]
    pub start: Timestamp,
    /// Its end.
    #[schemars(with = "String")]
    pub end: Timestamp,
    /// Why.
    pub reason: String,
}

impl Document for Forecast {
    const KIND: &'static str = "forecast";
    const SCHEMA: u32 = 1;

    fn check(&self) -> Result<(), String> {
        let step = Step::from_seconds(i64::from(self.step_seconds)).map_err(|e| e.to_string())?;
        if step.floor(self.start) != self.start {
            return Err(format!(
                "start {} is not a whole step of {step}",
                self.start
            ));
        }
        if self.levels.is_empty() || !self.levels.is_sorted_by(|a, b| a < b) {
            return Err(format!("levels {:?} do not ascend", self.levels));
        }
        if let Some(level) = self
            .levels
            .iter()
            .find(|level| !(0.0..=1.0).contains(*level))
        {
            return Err(format!("level {level} is outside 0 to 1"));
        }
        if !(self.minute_spread.is_finite() && self.minute_spread >= 0.0) {
            return Err(format!("minute_spread of {}", self.minute_spread));
        }
        for (index, row) in self.quantiles.iter().enumerate() {
            if row.len() != self.levels.len() {
                return Err(format!(
                    "row {index} has {} values, not {}",
                    row.len(),
                    self.levels.len()
                ));
            }
            if row.iter().any(|value| !value.is_finite() || *value < 0.0) || !row.is_sorted() {
                return Err(format!(
                    "row {index} is not ascending, finite and non-negative: {row:?}"
                ));
            }
        }
        Ok(())
    }
}
