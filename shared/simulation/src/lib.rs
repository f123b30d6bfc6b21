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
//!
//! ```
//! use fleet::ScheduledAction;
//! use jiff::{SignedDuration, Timestamp};
//! use simulation::{GroupSpec, Origin, SimulatedGroup, Source};
//!
//! let start: Timestamp = "2026-03-04T07:00:00Z".parse()?;
//! let minute = |n| start + SignedDuration::from_mins(n);
//! let mut group = SimulatedGroup::new(GroupSpec::new("web", 2, 2, 10), start)?;
//!
//! // A floor of 6 from 07:10 on; servers take 5 minutes to boot.
//! let floor = ScheduledAction {
//!     name: "morning".to_owned(),
//!     start: Some(minute(10)),
//!     end: None,
//!     recurrence: None,
//!     min_size: Some(6),
//!     max_size: None,
//!     desired_capacity: None,
//! };
//! let origin = Origin::new(start, Source::Planner, "the morning rises");
//! let refused = group.put_scheduled_actions(start, &[floor], &origin)?;
//! assert!(refused.is_empty());
//!
//! let records: Vec<_> = (0..=15).map(|n| group.advance(minute(n), 550.0, 100.0)).collect();
//! assert_eq!((records[9].in_service, records[10].booting, records[15].in_service), (2, 4, 6));
//! assert_eq!((records[14].lost, records[15].lost), (350.0, 0.0));
//! assert_eq!(group.changes()[0].min_size, Some(6));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod alternatives;
mod cron;
mod error;
pub mod generate;
mod group;
mod random;
pub mod service;

pub use cron::Cron;
pub use error::SimulationError;
pub use group::{
    ACTION_NOT_FOUND, Anomaly, Counts, GroupSpec, LaunchFailures, MinuteRecord, Origin,
    SimulatedGroup, SizeChange, Source, Tally, TargetTracking, lost_demand, required_servers,
};
pub use random::Random;
