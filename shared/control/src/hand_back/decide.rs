//! What giving a group back comes to: the limits that are its own, and what goes. Pure.

use config::{Mode, Target};
use documents::{Baseline, Plan, Released};
use fleet::{Group, Policy, PolicyKind, ScheduledAction};
use jiff::Timestamp;
use planning::{human_floor, is_own, servers_for};

use super::{HandBack, HandedBack};
use crate::{WantedPolicy, policy};

/// What is decided on.
pub(super) struct Seen<'a> {
    pub(super) group: &'a Group,
    pub(super) actions: &'a [ScheduledAction],
    pub(super) policies: &'a [Policy],
    pub(super) plan: Option<&'a Plan>,
    pub(super) baseline: Option<&'a Baseline>,
    pub(super) before: Option<&'a Released>,
}

/// What is to be done; pure.
pub(super) fn decide(
    ask: &HandBack<'_>,
    seen: &Seen<'_>,
    mut notes: Vec<String>,
    now: Timestamp,
) -> HandedBack {
    let group = seen.group;
    let removed: Vec<String> = (seen.actions.iter())
        .filter(|action| is_own(&ask.target.group, &action.name))
        .map(|action| action.name.clone())
        .collect();
    // Whoever asks for good has his word over a pause; a pause takes nobody's back.
    let for_good = (seen.before).is_some_and(|before| before.by_pause && !ask.for_pause);
    let mark = match seen.before {
        Some(before) if for_good => Released {
            by: ask.by.to_owned(),
            reason: ask.reason.to_owned(),
            by_pause: false,
            ..before.clone()
        },
        Some(before) => before.clone(),
        None => Released {
            since: now,
            by: ask.by.to_owned(),
            reason: ask.reason.to_owned(),
            found_min_size: group.min_size,
            min_size: if removed.is_empty() && watched_only(ask, seen) {
                Some(group.min_size)
            } else {
                own_min_size(seen, now, &mut notes)
            },
            done: false,
            by_pause: ask.for_pause,
        },
    };
    let min_size = if mark.done {
        None
    } else {
        lowered(seen, &mark, &mut notes)
    };
    let max_size = own_max_size(seen);
    if let Some(baseline) = seen.baseline
        && max_size.is_none()
        && baseline.max_size != group.max_size
    {
        notes.push(format!(
            "MaxSize of {} stays: it was {} at adoption, and somebody changed it since",
            group.max_size, baseline.max_size
        ));
    }
    let policy = former_value(ask, seen, &mut notes);
    if let Some(min_size) = min_size {
        notes.extend(compared(ask, seen, min_size));
    }
    let nothing =
        removed.is_empty() && min_size.is_none() && max_size.is_none() && policy.is_none();
    HandedBack {
        already: nothing && mark.done && !for_good,
        mark,
        removed,
        raises: min_size.is_some_and(|min_size| min_size > group.min_size),
        min_size,
        max_size,
        policy,
        notes,
    }
}

/// The group's own MinSize: what a person set since it was adopted, else what it had then. `None`
/// where nothing is known, or it was never adopted.
fn own_min_size(seen: &Seen<'_>, now: Timestamp, notes: &mut Vec<String>) -> Option<u32> {
    let found = seen.group.min_size;
    if let Some(floor) = human_floor(seen.plan, found, now) {
        notes.push(format!(
            "MinSize of {floor} was set by hand and is the group's own"
        ));
        return Some(floor);
    }
    match seen.baseline {
        Some(baseline) => Some(baseline.min_size),
        None => {
            notes.push(format!(
                "MinSize of {found} stays: no limits of an adoption are kept"
            ));
            None
        }
    }
}

/// Whether the group was left in shadow: with the last of our actions it got its own MinSize back, and
/// plans were rehearsed since, which say nothing of what was set. What it has is its own.
fn watched_only(ask: &HandBack<'_>, seen: &Seen<'_>) -> bool {
    seen.plan
        .map_or(ask.target.mode == Mode::Shadow, |plan| plan.rehearsed)
}

/// The MinSize to set, where the present one is ours and another than its own. What somebody set since
/// the first try stays.
fn lowered(seen: &Seen<'_>, mark: &Released, notes: &mut Vec<String>) -> Option<u32> {
    let found = seen.group.min_size;
    let most = own_max_size(seen).unwrap_or(seen.group.max_size);
    let own = mark.min_size?.min(most);
    if own == found {
        return None;
    }
    let floors = seen.plan.into_iter().flat_map(|plan| &plan.floors);
    let ours = found == mark.found_min_size || floors.into_iter().any(|it| it.servers == found);
    if !ours {
        notes.push(format!(
            "MinSize of {found} was set by hand since the release began: it stays"
        ));
        return None;
    }
    Some(own)
}

/// The group's own MaxSize, where the present one is what a plan's ceiling set. The action that would
/// have lifted it goes.
fn own_max_size(seen: &Seen<'_>) -> Option<u32> {
    let ceiling = seen.plan.and_then(|plan| plan.ceiling.as_ref())?;
    let max_size = seen.group.max_size;
    let ours = !ceiling.by_hand && (max_size == ceiling.set || max_size == ceiling.found);
    (ours && max_size != ceiling.own).then_some(ceiling.own)
}

fn former_value(
    ask: &HandBack<'_>,
    seen: &Seen<'_>,
    notes: &mut Vec<String>,
) -> Option<WantedPolicy> {
    let record = seen.plan.and_then(|plan| plan.policy.as_ref())?;
    let off = Target {
        mode: Mode::Off,
        ..ask.target.clone()
    };
    let step = policy::next(&off, Some(record), None, seen.policies, false);
    notes.extend(step.note);
    step.set
}

/// What MinSize means beside what demand needs now. Lowering it takes no server away by itself.
fn compared(ask: &HandBack<'_>, seen: &Seen<'_>, min_size: u32) -> Vec<String> {
    let group = seen.group;
    let (found, desired) = (group.min_size, group.desired_capacity);
    let mut said = Vec::new();
    if min_size > desired {
        said.push(format!(
            "MinSize from {found} to {min_size} raises the desired capacity of {desired} with it"
        ));
        return said;
    }
    if min_size > found {
        return said;
    }
    let reacts = seen
        .policies
        .iter()
        .any(|policy| policy.enabled && policy.scales_in && policy.kind != PolicyKind::Predictive);
    let then = if reacts {
        "until a policy of the group takes some away"
    } else {
        "and no policy of the group takes any away: lower it by hand"
    };
    match ask.present {
        Some(present) => {
            let needed = servers_for(present.demand, ask.throughput);
            if needed > min_size {
                said.push(format!(
                    "demand of {:.0}/min needs {needed} servers now, above the MinSize of {min_size}: \
                     from now on the group's policies alone hold them",
                    present.demand
                ));
            }
        }
        None => said.push(format!(
            "present demand is not known: whether {min_size} servers carry it was not compared"
        )),
    }
    said.push(format!("{desired} servers stay {then}"));
    said
}
