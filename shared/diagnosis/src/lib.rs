//! Alarms understood and spikes diagnosed: evidence and the time in, a decision and its reasons out.
//!
//! [`Alarm::parse`] reads an alarm in each of the three shapes in which AWS delivers it.
//! [`decide`] compares present demand with the forecast and says what the group needs.
//!
//! Everything here is pure.

mod alarm;
mod decide;
mod error;
mod trend;

pub use alarm::{Alarm, AlarmState, Delivery};
pub use decide::{Decision, Evidence, Kind, decide};
pub use error::AlarmError;
pub use trend::{Trend, trend};
