//! The narrow traits between the handlers and the world.
//!
//! Every port has an implementation on AWS (crate `aws`) and one on a single machine (crate
//! `local`). Reading a group and writing to it are two traits: what is handed only a
//! [`GroupReader`] has no way to change anything.

#![allow(
    async_fn_in_trait,
    reason = "every runtime here runs its futures on one thread"
)]

mod alarms;
mod error;
mod formation;
mod group;
mod metrics;
mod store;
mod survey;
mod tasks;
mod world;

pub use alarms::{AlarmDefinition, AlarmMetric, AlarmOwner, AlarmWriter};
pub use error::PortError;
pub use formation::Formation;
pub use group::{GroupReader, GroupWriter};
pub use metrics::{Datapoint, MetricName, MetricSink, MetricSource, Reading, Statistic};
pub use store::{Condition, DocumentStore, Stored, Version};
pub use survey::{
    AlarmListing, DeadLetters, LaunchTemplate, Listing, RoleCall, RoleOf, Survey, Timetable,
    Verdict,
};
pub use tasks::{DeadLetter, MOST_MESSAGES, TaskQueue, Unsent};
pub use world::{Clock, Look, Message, Notifier, Reminder};
