//! Demand from a seed, by the minute: days, weeks and growth; noise; campaigns, spikes, outages,
//! level shifts.
//!
//! Each source of chance draws from a stream of its own, keyed by the day or the minute, so that
//! one more campaign changes the minutes of that campaign and nothing else.

mod chance;
mod parts;
mod presets;
mod scenario;
mod shape;

pub use parts::{Bump, Outage, Shift};
pub use presets::Demo;
pub use scenario::{Generated, Scenario};
pub use shape::Shape;
