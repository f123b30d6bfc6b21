use std::collections::BTreeSet;

use documents::Plan;
use fleet::{MOST_SCHEDULED_ACTIONS, SCHEDULE_TARDINESS};
use jiff::{SignedDuration, Timestamp};

use crate::compose::{Current, applied};
use crate::floors::value_at;
use crate::names::is_own;
use crate::{PUT_MARGIN, Rules};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth telling people.
    Warning,
    /// The plan must not be applied.
    Error,
}

/// Something wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, in plain words.
    pub text: String,
}

/// Looks at a finished plan with other eyes than [`crate::compose`]: is it valid for AWS, and does
/// it promise what its needs, the hold and people ask for? An empty answer is a good plan.
#[must_use]
pub fn check(plan: &Plan, rules: &Rules, current: &Current<'_>, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |severity, text| findings.push(Finding { severity, text });
    check_actions(plan, current, now, &mut say);
    check_limits(plan, current, &mut say);
    check_needs(plan, rules, current, now, &mut say);
    check_holds(plan, current, now, &mut say);
    findings
}

fn check_actions(
    plan: &Plan,
    current: &Current<'_>,
    now: Timestamp,
    say: &mut impl FnMut(Severity, String),
) {
    let total = plan.actions.len() + current.foreign.len();
    if total > MOST_SCHEDULED_ACTIONS {
        say(
            Severity::Error,
            format!("{total} scheduled actions, AWS allows {MOST_SCHEDULED_ACTIONS}"),
        );
    }
    let mut starts: BTreeSet<Timestamp> = current.foreign.iter().filter_map(|a| a.start).collect();
    let soonest = now.saturating_add(PUT_MARGIN).unwrap_or(now);
    // AWS compares an action's floor with the action's own MaxSize, or else with the group's.
    let ceiling = plan.ceiling.as_ref().filter(|ceiling| !ceiling.by_hand);
    let max_size = ceiling.map_or(current.group.max_size, |ceiling| ceiling.set);
    for action in &plan.actions {
        let most = action.max_size.unwrap_or(max_size);
        if action.min_size > most {
            say(
                Severity::Error,
                format!(
                    "action {} has a floor of {} above MaxSize {most}",
                    action.name, action.min_size
                ),
            );
        }
        if !is_own(&current.group.name, &action.name) {
            say(
                Severity::Error,
                format!("action {} does not carry our name", action.name),
            );
        }
        if action.start <= soonest {
            say(
                Severity::Error,
                format!("action {} starts too soon to be put", action.name),
            );
        }
        if !starts.insert(action.start) {
            say(
                Severity::Error,
                format!("action {} shares its start with another", action.name),
            );
        }
        if action
            .desired_capacity
            .is_some_and(|desired| desired < action.min_size)
        {
            say(
                Severity::Error,
                format!("action {} desires fewer than its floor", action.name),
            );
        }
    }
}

fn check_limits(plan: &Plan, current: &Current<'_>, say: &mut impl FnMut(Severity, String)) {
    if let Some(ceiling) = plan.ceiling.as_ref().filter(|ceiling| !ceiling.by_hand) {
        let there = current.group.desired_capacity.max(current.group.min_size);
        let lasts = ceiling.lifted_at.unwrap_or(Timestamp::MAX);
        let floors = plan.floors.iter().filter(|floor| floor.start <= lasts);
        let needed = floors
            .map(|floor| floor.servers)
            .max()
            .unwrap_or(0)
            .max(there);
        if ceiling.set < needed && ceiling.set < ceiling.own {
            say(
                Severity::Error,
                format!(
                    "MaxSize of {} under the {needed} that are there or planned",
                    ceiling.set
                ),
            );
        }
        let ends = plan.actions.iter().any(|action| {
            Some(action.start) == ceiling.lifted_at && action.max_size == Some(ceiling.own)
        });
        if ceiling.set < ceiling.own && !ends {
            let text = format!("no action ends the MaxSize of {}", ceiling.set);
            say(Severity::Error, text);
        }
    }
    for floor in &plan.floors {
        if floor.servers > current.group.max_size {
            let max_size = current.group.max_size;
            say(
                Severity::Error,
                format!(
                    "floor of {} at {} is above MaxSize {max_size}",
                    floor.servers, floor.start
                ),
            );
        }
    }
}

/// Every need is met for its whole length by servers that were asked for a lead time and AWS's
/// tardiness before, counted from the present.
fn check_needs(
    plan: &Plan,
    rules: &Rules,
    current: &Current<'_>,
    now: Timestamp,
    say: &mut impl FnMut(Severity, String),
) {
    let ahead = rules.lead_time.saturating_add(SCHEDULE_TARDINESS);
    let most = rules.max_servers.min(current.group.max_size);
    let wanted = current.wanted.unwrap_or(0).min(most);
    let first = value_at(&plan.floors, now).unwrap_or(0);
    if first < wanted {
        let text = format!("floor of {first} where present demand needs {wanted}");
        say(Severity::Error, text);
    }
    for (index, step) in plan.steps.iter().enumerate() {
        let end = plan
            .steps
            .get(index + 1)
            .map_or(plan.expires_at, |next| next.start);
        let end = end.min(plan.expires_at);
        if end <= now {
            continue;
        }
        // Of a share that is applied that much is promised.
        let needed = applied(rules, current, step.servers.min(most)).min(current.group.max_size);
        let asked_at = step.start.saturating_sub(ahead).unwrap_or(now).max(now);
        // From the moment it is asked for until the end of the step no floor may be lower.
        let later = plan
            .floors
            .iter()
            .filter(|floor| floor.start > asked_at && floor.start < end);
        let lowest = value_at(&plan.floors, asked_at)
            .into_iter()
            .chain(later.map(|floor| floor.servers))
            .min()
            .unwrap_or(0);
        if lowest < needed {
            // Others' actions can push a raise out of its minute; all else is a fault of ours.
            let severity = if current.foreign.is_empty() {
                Severity::Error
            } else {
                Severity::Warning
            };
            say(
                severity,
                format!(
                    "floor of {lowest} where {needed} servers are needed at {}",
                    step.start
                ),
            );
        }
    }
}

fn check_holds(
    plan: &Plan,
    current: &Current<'_>,
    now: Timestamp,
    say: &mut impl FnMut(Severity, String),
) {
    let most = current.group.max_size;
    let floors_until = |until: Timestamp| {
        let later = plan
            .floors
            .iter()
            .filter(move |floor| floor.start > now && floor.start < until);
        value_at(&plan.floors, now)
            .into_iter()
            .chain(later.map(|floor| floor.servers))
            .min()
            .unwrap_or(0)
    };
    if let Some(hold) = current.hold.filter(|hold| hold.until > now) {
        let until = hold.until.min(plan.expires_at);
        let lowest = floors_until(
            until
                .saturating_sub(SignedDuration::from_mins(1))
                .unwrap_or(until),
        );
        if lowest < hold.servers.min(most) {
            say(
                Severity::Error,
                format!("floor of {lowest} under a hold of {}", hold.servers),
            );
        }
    }
    if let Some(human) = current.human_floor {
        let lowest = floors_until(Timestamp::MAX);
        if lowest < human.min(most) {
            say(
                Severity::Error,
                format!("floor of {lowest} under the {human} that people set"),
            );
        }
    }
}
