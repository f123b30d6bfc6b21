use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use timeseries::{Series, Step, TimeSeriesError};

use crate::Document;
use crate::codec::demand;

/// Observed demand of one target: what CloudWatch has, merged over what it has since coarsened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Start of the first step.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub start: Timestamp,
    /// Length of a step in seconds, 60 to 3600.
    pub step_seconds: u32,
    /// Mean demand of each step in requests per minute; `null` where nothing was observed.
    pub demand: Vec<Option<f64>>,
    /// Busiest minute of each step in requests per minute; `null` where minutes were not kept.
    pub peak: Vec<Option<f64>>,
    /// The earliest time that was ever asked for: what is not here from then on was not to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub asked_from: Option<Timestamp>,
}

impl Document for History {
    const KIND: &'static str = "history";
    const SCHEMA: u32 = 1;

    fn check(&self) -> Result<(), String> {
        let step = Step::from_seconds(i64::from(self.step_seconds)).map_err(|e| e.to_string())?;
        if step.floor(self.start) != self.start {
            return Err(format!(
                "start {} is not a whole step of {step}",
                self.start
            ));
        }
        if self.demand.len() != self.peak.len() {
            return Err(format!(
                "demand has {} values and peak {}",
                self.demand.len(),
                self.peak.len()
            ));
        }
        demand(self.demand.iter().chain(&self.peak).flatten().copied())
    }
}

impl History {
    /// The history of `demand` and, where minutes were seen, of the busiest minute of each step:
    /// both in requests per minute, in the same steps. Covers `demand`.
    ///
    /// # Errors
    /// [`TimeSeriesError::Resample`] when the steps differ.
    pub fn from_series(demand: &Series, peak: Option<&Series>) -> Result<Self, TimeSeriesError> {
        let step = demand.step();
        if let Some(peak) = peak.filter(|peak| peak.step() != step) {
            return Err(TimeSeriesError::Resample {
                from: peak.step().seconds(),
                to: step.seconds(),
            });
        }
        let at = |index| peak.and_then(|peak| peak.at(demand.time_at(index)));
        Ok(Self {
            start: demand.start(),
            step_seconds: step.seconds(),
            demand: demand
                .values()
                .iter()
                .map(|v| Some(*v).filter(|v| !v.is_nan()))
                .collect(),
            peak: (0..demand.len()).map(at).collect(),
            asked_from: None,
        })
    }

    /// Mean demand of each step in requests per minute.
    ///
    /// # Errors
    /// [`TimeSeriesError`] when step or start are impossible, which no decoded history's are.
    pub fn demand_series(&self) -> Result<Series, TimeSeriesError> {
        self.series(&self.demand)
    }

    /// Busiest minute of each step in requests per minute.
    ///
    /// # Errors
    /// As [`History::demand_series`].
    pub fn peak_series(&self) -> Result<Series, TimeSeriesError> {
        self.series(&self.peak)
    }

    fn series(&self, values: &[Option<f64>]) -> Result<Series, TimeSeriesError> {
        let step = Step::from_seconds(i64::from(self.step_seconds))?;
        let values = values.iter().map(|value| value.unwrap_or(f64::NAN));
        Series::new(self.start, step, values.collect())
    }
}
