//! The forecaster: learns from each target's history and writes a forecast, every night.
//!
//! [`serve`] is the whole function; `main.rs` only connects it to AWS. [`handle`] is the part that
//! forecasts all targets in one run; where they are many, `serve` hands them to a queue and is called
//! again with a few at a time. Running it twice for one night changes nothing.

mod error;
mod fallback;
mod incidents;
mod made;
mod night;
mod overview;
mod page;
mod serve;
mod watch;

pub use error::ForecasterError;
pub use night::{HORIZON, forecast_target, handle, pages};
pub use serve::serve;

use control::TargetReport;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tasks::{Batch, Sent};

/// What the function is called with; an empty object means every target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Targets to forecast; all for an empty list.
    #[serde(default)]
    pub targets: Vec<String>,
    /// Whether a forecast that is there already is made again.
    #[serde(default)]
    pub again: bool,
    /// When it was due, by which runs are told apart; now where it does not say so.
    #[serde(default)]
    pub scheduled: Option<Timestamp>,
}

/// What the function answers with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// All forecasts were made in this run.
    Done(Response),
    /// Their tasks are in the queue.
    Sent(Sent),
    /// Tasks were worked off.
    WorkedOff(Batch),
}

/// What a run that forecasts all targets answers with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Response {
    /// A line for each target.
    pub targets: Vec<TargetReport>,
    /// What else there is to say.
    pub notes: Vec<String>,
}
