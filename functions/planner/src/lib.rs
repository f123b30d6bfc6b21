//! The planner: turns the forecast into scheduled actions, every hour.
//!
//! [`handle`] is the whole function; `main.rs` only connects it to AWS. Running it twice for one
//! hour changes nothing.

mod band;
mod error;
mod hour;

pub use error::PlannerError;
pub use hour::handle;

use control::TargetReport;
use serde::{Deserialize, Serialize};

/// What the function is called with; an empty object means every target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Targets to plan; all for an empty list.
    #[serde(default)]
    pub targets: Vec<String>,
}

/// What the function answers with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Response {
    /// A line for each target.
    pub targets: Vec<TargetReport>,
    /// What else there is to say.
    pub notes: Vec<String>,
}
