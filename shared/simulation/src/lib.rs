//! A strict simulated Auto Scaling group at one-minute steps, demand to put on it, and what the
//! alternatives to Forescale would have cost.
//!
//! The model, in one place:
//!
//! - A server that was launched in minute `t` with a boot of `b` minutes serves from minute
//!   `t + b` on. It is billed from its launch until it is terminated.
//! - Demand of a minute above `in_service * throughput` is lost: nothing queues, nothing returns.
//! - Within a minute: boots finish, due scheduled actions run, the reactive policy decides, the
//!   group launches or terminates towards its desired capacity, demand is served.
//! - A datapoint of minute `t` can be acted on in minute `t + 2`.
//!
//! Time and seeds are arguments; the same ones give the same result on every machine.

pub mod alternatives;
mod cron;
mod error;
pub mod generate;
mod group;
mod random;

pub use cron::Cron;
pub use error::SimulationError;
pub use group::{
    ACTION_NOT_FOUND, Anomaly, GroupSpec, LaunchFailures, MinuteRecord, Origin, SimulatedGroup,
    SizeChange, Source, TargetTracking, lost_demand, required_servers,
};
pub use random::Random;
