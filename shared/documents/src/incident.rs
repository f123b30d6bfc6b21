use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Document;
use crate::codec::demand;

/// What the responder knows and did about one target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Capacity held against the plan, while there is reason to.
    pub hold: Option<Hold>,
    /// Alarm events already decided on, newest last.
    pub seen: Vec<SeenAlarm>,
    /// Holds that are over, newest last; what training down-weights.
    pub past: Vec<Hold>,
}

/// Capacity held because of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// When it began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// Until when it holds unless renewed.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub until: Timestamp,
    /// Servers held.
    pub servers: u32,
    /// Demand seen when it was last set, in requests per minute.
    pub demand: f64,
    /// Why, in plain words with numbers.
    pub reason: String,
}

/// An alarm event already decided on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenAlarm {
    /// What makes deliveries of one event the same: alarm and time of its change of state.
    pub id: String,
    /// When it was decided on.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// What was decided.
    pub decision: String,
}

impl Document for Incident {
    const KIND: &'static str = "incident";
    const SCHEMA: u32 = 1;

    fn check(&self) -> Result<(), String> {
        let holds = || self.hold.iter().chain(&self.past);
        demand(holds().map(|hold| hold.demand))?;
        match holds().find(|hold| hold.until < hold.since) {
            Some(hold) => Err(format!(
                "hold from {} ends before it, at {}",
                hold.since, hold.until
            )),
            None => Ok(()),
        }
    }
}
