use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Document;

/// What was measured of a target's servers, and what is remembered for measuring again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measurements {
    /// Launch template version of each instance launched in the last six weeks, by instance id.
    /// Auto Scaling tells it only of instances that are still there.
    pub versions: BTreeMap<String, String>,
    /// Demand one server sustains, as measured last.
    pub throughput: Option<ThroughputRecord>,
}

/// Demand one server sustains, as measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThroughputRecord {
    /// When it was measured.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// Which metrics were measured against which limits: with others it does not hold.
    pub made_for: String,
    /// Requests per minute and server to plan for; `null` where it cannot be told.
    pub per_server: Option<f64>,
    /// What it stands on and what else was seen, in plain sentences.
    pub notes: Vec<String>,
}

/// Longest launch template version and instance id: far longer than AWS's.
const LONGEST: usize = 255;

impl Document for Measurements {
    const KIND: &'static str = "measurements";
    const SCHEMA: u32 = 1;

    fn check(&self) -> Result<(), String> {
        let throughput = self
            .throughput
            .as_ref()
            .and_then(|record| record.per_server);
        if let Some(value) = throughput.filter(|value| !(*value > 0.0 && value.is_finite())) {
            return Err(format!("throughput of {value} is not above 0"));
        }
        let long = |text: &String| text.is_empty() || text.len() > LONGEST;
        let bad = self.versions.iter().find(|(id, v)| long(id) || long(v));
        match bad {
            Some((id, version)) => Err(format!(
                "version '{version}' of instance '{id}': both are 1 to {LONGEST} bytes long"
            )),
            None => Ok(()),
        }
    }
}
