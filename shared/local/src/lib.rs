//! The ports on one machine: a directory as store, memory as store, CSV as metrics, a simulated
//! Auto Scaling group, a virtual clock, and faults on demand.

mod faults;
mod simulated_group;

pub use faults::{Call, Fault, Faults, Faulty};
pub use simulated_group::SimulatedGroupPort;
