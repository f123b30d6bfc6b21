//! Past demand through the three handlers and a simulated group, minute by minute.
//!
//! [`replay()`] runs the forecaster just after each local midnight, the planner every hour at :40
//! and the responder when an alarm fires, over a virtual clock, with metrics that show nothing
//! before its time. What was decided at a moment cannot depend on anything after it.

mod alarms;
mod error;
mod run;
mod settings;
pub mod spikes;

pub use error::ReplayError;
pub use run::{Replay, Setup, replay};
