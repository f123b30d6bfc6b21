//! The responder: handles what no forecast saw, called by alarms.
//!
//! [`handle`] is the whole function; `main.rs` only connects it to AWS. An alarm event is decided
//! on once, however often it is delivered, and what it began is looked at each minute or two until
//! demand is back inside the forecast.

mod act;
mod answer;
mod error;
mod event;
mod find;
mod gather;
mod keep;
mod limits;
mod looks;
mod news;
mod record;
mod recorded;
mod shadow;
mod tell;

pub use answer::handle;
pub use error::ResponderError;
pub use find::concerned;

use control::TargetReport;
use serde::Serialize;

/// What the function answers with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Response {
    /// A line for each target that an alarm concerns.
    pub targets: Vec<TargetReport>,
    /// What else there is to say, such as why an event was not acted on.
    pub notes: Vec<String>,
}
