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
    /// The lead time as measured last, for when launches cannot be read or are too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_time: Option<LeadTimeRecord>,
    /// Server-hours of the running day or month, where there is a budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<SpentHours>,
}

/// Server-hours that ran in the running day or month of a budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpentHours {
    /// First moment of the day or month.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// Until when they are counted.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub until: Timestamp,
    /// Servers in service then.
    pub servers: u32,
    /// Server-hours that are known, at least 0.
    pub server_hours: f64,
    /// Hours of which nothing is known, at least 0.
    pub unknown_hours: f64,
}

/// A lead time, as measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadTimeRecord {
    /// When it was measured first with this outcome.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// Decision to in-service in seconds, at most six hours.
    pub seconds: u32,
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
    /// When `per_server` was measured, where it was not at `at`: the week before that told nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub measured_at: Option<Timestamp>,
    /// What it stands on and what else was seen, in plain sentences.
    pub notes: Vec<String>,
}

/// Longest launch template version and instance id: far longer than AWS's.
const LONGEST: usize = 255;

/// Longest lead time in seconds: what the configuration allows.
const LONGEST_LEAD: u32 = 6 * 3600;

impl Document for Measurements {
    const KIND: &'static str = "measurements";
    const SCHEMA: u32 = 2;

    fn check(&self) -> Result<(), String> {
        let throughput = self
            .throughput
            .as_ref()
            .and_then(|record| record.per_server);
        if let Some(value) = throughput.filter(|value| !(*value > 0.0 && value.is_finite())) {
            return Err(format!("throughput of {value} is not above 0"));
        }
        if let Some(record) = self.lead_time.as_ref().filter(|r| r.seconds > LONGEST_LEAD) {
            let seconds = record.seconds;
            return Err(format!("lead time of {seconds} s is above {LONGEST_LEAD}"));
        }
        if let Some(spent) = &self.spent {
            for (name, value) in [
                ("server_hours", spent.server_hours),
                ("unknown_hours", spent.unknown_hours),
            ] {
                if !(value >= 0.0 && value.is_finite()) {
                    return Err(format!("{name} of {value} is below 0"));
                }
            }
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
