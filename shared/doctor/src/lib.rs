//! What is wrong with a set-up, before it costs anything.
//!
//! [`examine`] takes [`Facts`] and gives a [`Report`]: what was found, each with what was seen, why it
//! matters and how to mend it, what was measured though nothing is wrong with it, and what could not be looked at. Nothing is passed in silence: a fact
//! that is not known is an [`Unchecked`]. Nothing here makes a call.

mod checks;
mod facts;
mod permissions;
mod report;
mod vcpus;

pub use facts::{
    AlarmsSeen, Datapoints, Denied, Facts, ForecastFacts, HistoryFacts, Image, ImageFacts,
    Permissions, Release, Seen, StackFacts, TargetFacts,
};
pub use permissions::{Place, Questions, ROLES, STACK_RESOURCES, stack_calls, target_calls};
pub use report::{CHECKS, Check, Finding, Measured, Report, Severity, Unchecked};

/// Everything that can be told from `facts`, most severe first.
#[must_use]
pub fn examine(facts: &Facts) -> Report {
    let mut report = Report::default();
    checks::stack(facts, &mut report);
    for target in &facts.targets {
        checks::target(facts, target, &mut report);
    }
    report.in_order()
}
