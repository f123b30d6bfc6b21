//! The checks, by what they look at.

mod alarms;
mod demand;
mod group;
mod plan;
mod ready;
mod stack;

use config::Mode;

use crate::{Facts, Report, Severity, TargetFacts};

pub(crate) use stack::stack;

/// Everything about one target.
pub(crate) fn target(facts: &Facts, target: &TargetFacts, report: &mut Report) {
    group::group(target, report);
    group::others(target, report);
    demand::history(facts.now, target, report);
    demand::metrics(target, report);
    group::launches(target, report);
    ready::image(facts.now, target, report);
    plan::documents(facts.now, target, report);
    plan::limits(facts.now, target, report);
    plan::tracking(target, report);
    alarms::alarms(target, report);
    stack::night(facts, target, report);
}

/// What would keep a target from being managed: an error where it is, a warning where it is to be.
fn when_acting(target: &TargetFacts) -> Severity {
    match target.target.mode {
        Mode::Active | Mode::Canary(_) => Severity::Error,
        Mode::Off | Mode::Shadow => Severity::Warning,
    }
}

fn plural(count: usize, one: &str, many: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {many}")
    }
}
