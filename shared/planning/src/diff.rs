use std::collections::BTreeMap;

use documents::Plan;
use fleet::{Group, ScheduledAction, Sizes};
use jiff::Timestamp;

use crate::Rules;
use crate::compose::Present;
use crate::names::is_own;
use crate::throughput::servers_for;

/// The calls that make a group match its plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Sizes to set now.
    pub resize: Option<Sizes>,
    /// Actions to put first, in this order: those that are nowhere below what the group has for
    /// their start, then those that raise the plan's floor and are, the last one first. Wherever
    /// that stops, no minute has less than either the plan or the group's actions say: none that is
    /// below the latter stands without the raise that follows it.
    pub raises: Vec<ScheduledAction>,
    /// Actions to put that lower the floor: last.
    pub lowers: Vec<ScheduledAction>,
    /// Names of our actions that the plan no longer has and that lower the floor: these go before
    /// those that raise it.
    pub stale_lowers: Vec<String>,
    /// Names of our actions that the plan no longer has and that raise the floor.
    pub stale_raises: Vec<String>,
}

impl Changes {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // Every field by name, so that a new one cannot be forgotten.
        let Self {
            resize,
            raises,
            lowers,
            stale_lowers,
            stale_raises,
        } = self;
        resize.is_none()
            && raises.is_empty()
            && lowers.is_empty()
            && stale_lowers.is_empty()
            && stale_raises.is_empty()
    }

    /// Number of sizes and actions that would change.
    #[must_use]
    pub fn count(&self) -> usize {
        usize::from(self.resize.is_some())
            + self.raises.len()
            + self.lowers.len()
            + self.stale_lowers.len()
            + self.stale_raises.len()
    }
}

/// What has to change so that `group` and its scheduled actions match `plan`. Only actions that
/// carry our name are looked at.
///
/// The desired capacity is set only where nothing else lowers it (`scales_in` is false), the plan
/// applies in full and demand is known, and never below what that needs.
#[must_use]
pub fn diff(
    plan: &Plan,
    group: &Group,
    existing: &[ScheduledAction],
    scales_in: bool,
    present: Option<Present>,
    rules: &Rules,
) -> Changes {
    let own: BTreeMap<&str, &ScheduledAction> = existing
        .iter()
        .filter(|action| is_own(&group.name, &action.name))
        .map(|action| (action.name.as_str(), action))
        .collect();
    let mut ordered: Vec<&ScheduledAction> = own.values().copied().collect();
    ordered.sort_by_key(|action| action.start);
    let there_at = |start: Timestamp| {
        let past = ordered.partition_point(|action| action.start.is_none_or(|at| at <= start));
        let last = ordered[..past]
            .iter()
            .rev()
            .find_map(|action| action.min_size);
        last.unwrap_or(group.min_size)
    };
    let mut changes = Changes {
        resize: resize(plan, group, scales_in, present, rules),
        ..Changes::default()
    };
    let mut below = Vec::new();
    let mut before = plan
        .floors
        .first()
        .map_or(group.min_size, |floor| floor.servers);
    for planned in &plan.actions {
        let action = ScheduledAction {
            name: planned.name.clone(),
            start: Some(planned.start),
            end: None,
            recurrence: None,
            min_size: Some(planned.min_size),
            max_size: planned.max_size,
            desired_capacity: planned.desired_capacity,
        };
        let lowers = planned.min_size < before;
        before = planned.min_size;
        if own
            .get(planned.name.as_str())
            .is_some_and(|present| **present == action)
        {
            continue;
        }
        if planned.min_size >= there_at(planned.start) {
            changes.raises.push(action);
        } else if lowers {
            changes.lowers.push(action);
        } else {
            below.push(action);
        }
    }
    changes.raises.extend(below.into_iter().rev());
    let mut in_force = group.min_size;
    for action in &ordered {
        let lowers = action.min_size.is_some_and(|min_size| min_size < in_force);
        in_force = action.min_size.unwrap_or(in_force);
        if plan
            .actions
            .iter()
            .any(|planned| planned.name == action.name)
        {
            continue;
        }
        if lowers {
            changes.stale_lowers.push(action.name.clone());
        } else {
            changes.stale_raises.push(action.name.clone());
        }
    }
    changes
}

/// The sizes to set now, if they differ.
fn resize(
    plan: &Plan,
    group: &Group,
    scales_in: bool,
    present: Option<Present>,
    rules: &Rules,
) -> Option<Sizes> {
    let floor = plan.floors.first().map(|floor| floor.servers)?;
    let min_size = (floor != group.min_size).then_some(floor);
    let ceiling = plan.ceiling.as_ref().filter(|ceiling| !ceiling.by_hand);
    let max_size = ceiling
        .map(|ceiling| ceiling.set)
        .filter(|set| *set != group.max_size);
    let most = max_size.unwrap_or(group.max_size);
    let desired_capacity = (!scales_in && rules.share >= 1.0)
        .then(|| present.map(|present| servers_for(present.demand, rules.throughput)))
        .flatten()
        .map(|needed| needed.max(floor).min(most))
        // A rise of MinSize lifts the desired capacity by itself.
        .filter(|wanted| *wanted != group.desired_capacity.max(floor));
    let sizes = Sizes {
        min_size,
        max_size,
        desired_capacity,
    };
    (sizes != Sizes::default()).then_some(sizes)
}
