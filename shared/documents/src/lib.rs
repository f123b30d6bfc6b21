//! Every stored document: its shape, its version, its key and its owner.
//!
//! A document is JSON: an [`Envelope`] that tells kind, schema version and target, around a body.
//! [`encode`] and [`decode`] are the only way in and out; a newer schema or a damaged document is
//! an error that names the object, so that the caller can fall back. Demand is always requests per
//! minute, times are UTC instants, a missing value is `null`.

mod brief;
mod codec;
mod error;
mod explanation;
mod forecast;
mod history;
mod incident;
pub mod keys;
mod measurements;
mod plan;
mod record;
mod register;
mod state;
mod told;
mod tuning;

pub use brief::{Brief, BriefFact};
pub use codec::{Document, Envelope, decode, encode};
pub use error::DocumentError;
pub use explanation::{Explanation, Ladder, LadderRung, PredictabilityRecord, Predictable};
pub use forecast::{
    Accuracy, CandidateRecord, DataRecord, Forecast, MemoryRecord, PastRecord, RepairRecord,
};
pub use history::History;
pub use incident::{
    Closed, Following, HeldBack, Hold, Incident, News, Raise, SeenAlarm, Spent, State,
};
pub use measurements::{LeadTimeRecord, Measurements, SpentHours, ThroughputRecord};
pub use plan::{
    Canary, Ceiling, ManagedPolicy, Plan, PlanStep, PlannedAction, Shortfall, Shortness,
};
pub use record::{DriftRecord, NewsRecord, Record, ScoredNight};
pub use register::{Entry, Guard, register, register_table};
pub use state::{
    AddedEvent, Baseline, Events, Lease, LedgerEntry, LeftOutDays, LeftOutStretch, Pause,
    PromisedFloor, Released, SeenMinutes, ShadowLedger, Turn,
};
pub use told::in_zone;
pub use tuning::{HorizonRecord, NearRecord, ReplayRecord, TunedFor, Tuning};
