//! The forecaster: learns from each target's history and writes a forecast, every night.
//!
//! [`handle`] is the whole function; `main.rs` only connects it to AWS. Running it twice for one
//! night changes nothing.

mod error;
mod fallback;
mod incidents;
mod made;
mod night;
mod watch;

pub use error::ForecasterError;
pub use night::{HORIZON, handle};

use control::TargetReport;
use serde::{Deserialize, Serialize};

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
}

/// What the function answers with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Response {
    /// A line for each target.
    pub targets: Vec<TargetReport>,
    /// What else there is to say.
    pub notes: Vec<String>,
}
