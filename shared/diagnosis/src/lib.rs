//! Alarms understood and spikes diagnosed: evidence and the time in, a decision and its reasons out.
//!
//! [`Alarm::parse`] reads an alarm in each of the three shapes in which AWS delivers it.
//! [`diagnose()`] says what is wrong, how sure that is and what was ruled out; [`decide()`] says
//! what the group needs, within caps, and follows what is held until the plan can have it back.
//! [`recurring()`] finds incidents that come again and again.
//!
//! Everything here is pure.

mod alarm;
mod caps;
mod claim;
mod decide;
mod diagnose;
mod error;
mod evidence;
mod facts;
mod follow;
mod hypotheses;
mod kind;
mod recurring;
pub mod robust;
mod tell;
mod words;

pub use alarm::{Alarm, AlarmState, Delivery};
pub use caps::Caps;
pub use decide::{Decision, Policy, decide};
pub use diagnose::{Diagnosis, Leaking, RuledOut, diagnose};
pub use error::AlarmError;
pub use evidence::{
    Activities, Band, Behind, Evidence, FailedLaunch, Fleet, Missing, Release, Resource, Server,
    Step, Track,
};
pub use facts::{Demand, Dip};
pub use follow::{Phase, Standing};
pub use kind::Kind;
pub use recurring::{Proposal, Stretch, recurring};
