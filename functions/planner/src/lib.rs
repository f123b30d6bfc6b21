//! The planner: turns the forecast into scheduled actions, every hour.
//!
//! [`serve`] is the whole function; `main.rs` only connects it to AWS. [`handle`] is the part that
//! plans all targets in one run; where they are many, `serve` hands them to a queue and is called
//! again with a few at a time. Running it twice for one hour changes nothing. When its stack is deleted
//! CloudFormation asks it to give every group its own limits back.

mod band;
mod error;
mod hour;
mod removal;
mod serve;
mod shadow;

pub use error::PlannerError;
pub use hour::{handle, plan_target};
pub use removal::Removal;
pub use serve::serve;

use control::TargetReport;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tasks::{Batch, Sent};

/// What the function is called with; an empty object means every target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Targets to plan; all for an empty list.
    #[serde(default)]
    pub targets: Vec<String>,
    /// When it was due, by which runs are told apart; now where it does not say so.
    #[serde(default)]
    pub scheduled: Option<Timestamp>,
}

/// What the function answers with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// All targets were planned in this run.
    Done(Response),
    /// Their tasks are in the queue.
    Sent(Sent),
    /// Tasks were worked off.
    WorkedOff(Batch),
    /// CloudFormation asked.
    Removal(Removal),
}

/// What a run that plans all targets answers with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Response {
    /// A line for each target.
    pub targets: Vec<TargetReport>,
    /// What else there is to say.
    pub notes: Vec<String>,
}
