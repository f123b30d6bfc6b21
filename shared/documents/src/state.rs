use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use timeseries::Step;

use crate::Document;
use crate::codec::demand;

/// A group's own limits when Forescale adopted it. Written once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The group.
    pub group: String,
    /// MinSize then.
    pub min_size: u32,
    /// MaxSize then.
    pub max_size: u32,
    /// DesiredCapacity then.
    pub desired_capacity: u32,
}

/// A target that was released: its group is its own again, and no function changes it until somebody
/// takes this document away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// Since when no function changes the group.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// MinSize that was found.
    pub found_min_size: u32,
    /// MinSize that the group gets back; absent where it keeps what was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_size: Option<u32>,
    /// Whether it was seen through.
    pub done: bool,
    /// Whether a pause made it, which ends with `forescale resume`; one that people asked for stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_pause: bool,
}

/// Who may change a group at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// Who holds it: function and request.
    pub holder: String,
    /// Grows with every holder, so that a write decided under an older one is refused.
    pub fence: u64,
    /// When it ends by itself. Longer than a function may run, so that its holder is gone by then.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: Timestamp,
}

/// Events that people added beside those of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// The events.
    pub events: Vec<AddedEvent>,
}

/// An event that somebody added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddedEvent {
    /// When it was added.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub added_at: Timestamp,
    /// Its `[[event]]` table as it would stand in the configuration.
    pub toml: String,
    /// What names it in the calendar that it came from, so that a change there is no second event: its
    /// UID, and the moment it stands for where it is one moved out of a series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Stretches that must not teach the model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOutDays {
    /// The stretches.
    pub stretches: Vec<LeftOutStretch>,
}

/// A stretch that must not teach the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOutStretch {
    /// Its start.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub start: Timestamp,
    /// Its end.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub end: Timestamp,
    /// Why: load test, outage.
    pub reason: String,
}

/// What a target in shadow mode would have done, one document a day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShadowLedger {
    /// Decisions, oldest first.
    pub entries: Vec<LedgerEntry>,
    /// What was seen since, for judging them; nothing before the second day of shadow mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenMinutes>,
}

/// Minutes as they were read, so that they need not be read again: those of the ledger's day and, where
/// days without a ledger follow, of these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenMinutes {
    /// The metrics that were read: what was seen of others is no use.
    pub of: String,
    /// The first minute.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub start: Timestamp,
    /// Demand of each minute in requests per minute; `null` where nothing was observed.
    pub demand: Vec<Option<f64>>,
    /// Servers in service in each of these minutes, by the group's metric; `null` where that was not
    /// observed or is not collected.
    pub in_service: Vec<Option<f64>>,
}

/// One decision of a target in shadow mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// By which function.
    pub by: String,
    /// The alarm event it answers, where it does; one entry an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// MinSize the group has.
    pub min_size: u32,
    /// Servers it has in service.
    pub in_service: u32,
    /// Floor that would hold now.
    pub floor: u32,
    /// Demand seen, in requests per minute, where known.
    pub demand: Option<f64>,
    /// Calls that would have been made.
    pub would_write: usize,
    /// Why, in plain words.
    pub reason: String,
    /// The floors that were decided for the hours from then on, oldest first; later runs of the same
    /// hour have replaced what lay ahead of them. Empty in what older versions wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promised: Vec<PromisedFloor>,
}

/// A floor that a target in shadow mode decided on before its time came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromisedFloor {
    /// From when on.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub start: Timestamp,
    /// Servers.
    pub servers: u32,
}

/// How far a target has come in one run of one function. Only where targets come through a queue,
/// which may deliver a message twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// The run: when it was due.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub run: Timestamp,
    /// Until when one worker has the target to itself. Longer than a function may run.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub until: Timestamp,
    /// How often a worker began with it in this run.
    pub begun: u32,
    /// How it ended, in the word of the function's report, or `given-up`; absent while it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

/// A pause of everything, without a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// Since when.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// Until when; until it is lifted where absent.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub until: Option<Timestamp>,
    /// Who asked for it.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl Document for Baseline {
    const KIND: &'static str = "baseline";
    const SCHEMA: u32 = 1;

    fn check(&self) -> Result<(), String> {
        if self.min_size <= self.max_size {
            return Ok(());
        }
        let (min, max) = (self.min_size, self.max_size);
        Err(format!("min_size of {min} is above max_size of {max}"))
    }
}

impl Document for Released {
    const KIND: &'static str = "released";
    const SCHEMA: u32 = 1;

    /// Every one counts: what is written there is for people and for the next try.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Document for Lease {
    const KIND: &'static str = "lease";
    const SCHEMA: u32 = 1;

    fn check(&self) -> Result<(), String> {
        if self.holder.is_empty() {
            return Err("holder is empty".to_owned());
        }
        Ok(())
    }
}

impl Document for Events {
    const KIND: &'static str = "events";
    const SCHEMA: u32 = 1;

    /// What an event says is for the configuration's reader to judge, event by event, so that one
    /// that is wrong does not cost the others.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Document for LeftOutDays {
    const KIND: &'static str = "left-out-days";
    const SCHEMA: u32 = 1;

    fn check(&self) -> Result<(), String> {
        match self.stretches.iter().find(|s| s.end <= s.start) {
            Some(stretch) => Err(format!(
                "stretch from {} does not end after it, but at {}",
                stretch.start, stretch.end
            )),
            None => Ok(()),
        }
    }
}

impl Document for ShadowLedger {
    const KIND: &'static str = "shadow-ledger";
    const SCHEMA: u32 = 3;

    fn check(&self) -> Result<(), String> {
        let demands = self.entries.iter().filter_map(|entry| entry.demand);
        let Some(seen) = &self.seen else {
            return demand(demands);
        };
        let of_minutes = seen.demand.iter().chain(&seen.in_service).flatten();
        demand(demands.chain(of_minutes.copied()))?;
        if Step::MINUTE.floor(seen.start) != seen.start {
            return Err(format!("minutes from {} do not begin with one", seen.start));
        }
        if seen.demand.len() != seen.in_service.len() {
            return Err(format!(
                "demand of {} minutes beside servers of {}",
                seen.demand.len(),
                seen.in_service.len()
            ));
        }
        Ok(())
    }
}

impl Document for Pause {
    const KIND: &'static str = "pause";
    const SCHEMA: u32 = 1;

    /// Every pause counts: one that ends before it began has ended.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Document for Turn {
    const KIND: &'static str = "turn";
    const SCHEMA: u32 = 1;

    /// A turn whose worker's time is over may be taken by another, whatever else it says.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}
