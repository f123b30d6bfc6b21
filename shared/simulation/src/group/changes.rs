use std::fmt;

use jiff::Timestamp;

/// Who changed a group's sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Forescale's planner.
    Planner,
    /// Forescale's responder.
    Responder,
    /// The group's own target tracking.
    Reactive,
    /// A person.
    Person,
    /// Somebody else's automation.
    Foreign,
}

impl Source {
    /// The word in `actions.csv`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planner => "planner",
            Self::Responder => "responder",
            Self::Reactive => "reactive",
            Self::Person => "person",
            Self::Foreign => "foreign",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who decided something, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// When it was decided.
    pub decided_at: Timestamp,
    /// By whom.
    pub source: Source,
    /// Why, in plain words; may be empty.
    pub reason: String,
}

impl Origin {
    /// A decision of `source` at `decided_at`.
    pub fn new(decided_at: Timestamp, source: Source, reason: impl Into<String>) -> Self {
        Self {
            decided_at,
            source,
            reason: reason.into(),
        }
    }
}

/// One change of a group's sizes that took effect: what was set, not what followed from it. A
/// MinSize that lifted the desired capacity leaves `desired_capacity` empty, unless the row before
/// it had set that in the same moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeChange {
    /// When it was decided: for a scheduled action, when it was put last.
    pub decided_at: Timestamp,
    /// When it took effect: for a scheduled action, when it ran.
    pub effective_at: Timestamp,
    /// Who decided it.
    pub source: Source,
    /// MinSize it set.
    pub min_size: Option<u32>,
    /// DesiredCapacity it set.
    pub desired_capacity: Option<u32>,
    /// MaxSize it set.
    pub max_size: Option<u32>,
    /// Why.
    pub reason: String,
}

/// Something that AWS does not document, and how it was settled here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// When it came up.
    pub at: Timestamp,
    /// Name of the scheduled action.
    pub action: String,
    /// What was done.
    pub detail: String,
}

/// A group's state in one minute, after everything that happened in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinuteRecord {
    /// The minute's start.
    pub at: Timestamp,
    /// Its demand in requests per minute; NaN where unknown.
    pub demand: f64,
    /// Servers that would have carried the demand.
    pub required: u32,
    /// MinSize.
    pub min_size: u32,
    /// MaxSize.
    pub max_size: u32,
    /// DesiredCapacity.
    pub desired_capacity: u32,
    /// Servers in service.
    pub in_service: u32,
    /// Servers booting: billed, not serving.
    pub booting: u32,
    /// Demand above what the servers in service carry, in requests; 0 where demand is unknown.
    pub lost: f64,
}

impl MinuteRecord {
    /// Servers billed in this minute.
    #[must_use]
    pub fn billed(&self) -> u32 {
        self.in_service + self.booting
    }
}
