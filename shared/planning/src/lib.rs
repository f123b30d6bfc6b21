//! From forecast to capacity.
//!
//! [`require`] turns quantiles into the servers each step needs, spending the tolerated risk where
//! it is cheapest. [`compose`] turns those needs into a [`documents::Plan`]: floors early enough
//! for servers to be ready, never under a hold or a human floor, carried by few enough scheduled
//! actions. [`check()`] looks at a plan again with other eyes, and [`diff`] says which calls make
//! the group's scheduled actions match it.
//!
//! Everything here is pure: values and the time go in, values come out.

mod actions;
mod aftermath;
mod budget;
mod ceiling;
mod check;
mod compose;
mod curve;
mod diff;
mod error;
mod fewest;
mod floors;
mod human;
mod lead_time;
mod loss;
mod names;
mod near;
mod pace;
mod requirement;
mod throughput;
mod tune;

pub use aftermath::with_aftermath;
pub use budget::{Budgeted, within_budget};
pub use ceiling::{CeilingAsk, OwnMax, ceil, own_max, pending_max};
pub use check::{Finding, Severity, check};
pub use compose::{Current, Needs, PlanReport, Present, compose};
pub use diff::{Changes, diff};
pub use error::PlanError;
pub use human::{human_floor, unsettled};
pub use lead_time::{Change, Launches, MeasuredLeadTime, Span, measure_lead_time, versions_seen};
pub use names::{is_own, own_prefix};
pub use near::{NEAR_BLOCK, Outlook};
pub use pace::Pace;
pub use requirement::{Requirement, require};
pub use throughput::{
    Compared, Drift, Kind, KindShare, Learnt, Limit, LoadPoint, Met, Signal, SignalKind,
    fleet_throughput, learn_throughput, rate, servers_for,
};
pub use tune::{HeldOut, Past, Rhythm, Tuning, tune};

use jiff::SignedDuration;

/// How far ahead a plan reaches: a day, so that the fleet stays safe if no function runs for one,
/// and two hours more, so that one missed hourly run does not shorten that.
pub const REACH: SignedDuration = SignedDuration::from_hours(26);

/// Scheduled actions of a group that are left to others: AWS allows
/// [`fleet::MOST_SCHEDULED_ACTIONS`] in all, and people need room for theirs.
pub const ACTIONS_LEFT_TO_OTHERS: usize = 25;

/// No action is put with a start closer than this: a batch that AWS sees after its start is
/// refused. What is due sooner is applied directly.
pub const PUT_MARGIN: SignedDuration = SignedDuration::from_mins(2);

/// A stop for a throughput that is tiny beside demand; far above any group's limits.
const MOST_SERVERS: u32 = 1 << 22;

/// What a target's configuration and measurements come down to.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Fewest servers.
    pub min_servers: u32,
    /// Most servers.
    pub max_servers: u32,
    /// Demand one server sustains, in requests per minute; above 0.
    pub throughput: f64,
    /// From the decision to a server in service.
    pub lead_time: SignedDuration,
    /// Tolerated share of demand above capacity, above 0.
    pub risk: f64,
    /// Share of the difference to the baseline that is applied: 1 for an active target, less for a
    /// canary.
    pub share: f64,
    /// How floors may change.
    pub pace: Pace,
}
