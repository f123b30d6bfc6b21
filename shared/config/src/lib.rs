//! `forescale.toml`: one file that describes every target.
//!
//! [`Config::parse`] reads, checks and completes it; what comes out needs no further checks. Unknown
//! keys, wrong types and impossible values are refused with file, line, field, value and the
//! allowed range, all of them at once. [`Config::parse_each`] leaves out single targets that are
//! wrong, for those who have others to serve.
//!
//! Nothing here reads a clock, a file or the environment.

mod config;
mod control;
mod error;
mod event;
mod read;
mod response;
#[expect(
    dead_code,
    reason = "its types are never made: only their shape is used"
)]
mod schema;
mod target;
mod write;

pub use config::{Config, parse_event};
pub use control::{Budget, BudgetAmount, Control, Desired, Per};
pub use error::{ConfigErrors, Finding, Refused};
pub use event::{Event, EventEffect, EventTime, Every, Occurrence, OccurrenceEffect};
pub use response::{Level, MissingBand, Response, Signals};
pub use schema::{json_schema, ordered};
pub use target::{
    Bound, BoundKind, DemandMetric, LeadTime, Mode, Published, ReactivePolicy, Simulation, Target,
    Throughput,
};
