use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use timeseries::Step;

use crate::Document;

/// Observed demand of one target: what CloudWatch has, merged over what it has since coarsened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Start of the first step.
    #[schemars(with = "String")]
    pub start: Timestamp,
    /// Length of a step in seconds, 60 to 3600.
    pub step_seconds: u32,
    /// Mean demand of each step in requests per minute; `null` where nothing was observed.
    pub demand: Vec<Option<f64>>,
    /// Busiest minute of each step in requests per minute; `null` where minutes were not kept.
    pub peak: Vec<Option<f64>>,
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
        let bad = |value: &f64| !value.is_finite() || *value < 0.0;
        match self
            .demand
            .iter()
            .chain(&self.peak)
            .flatten()
            .find(|value| bad(value))
        {
            Some(value) => Err(format!("demand of {value} requests per minute")),
            None => Ok(()),
        }
    }
}
