//! What else acts on a group, told so that nobody wonders: it is respected, never changed.

use config::Target;
use fleet::{PolicyKind, ScheduledAction};
use jiff::Timestamp;
use planning::is_own;

use crate::seen::Seen;

/// What the names of Instance Scheduler's actions begin with, in small letters, unless its stack
/// says otherwise. Source: <https://github.com/aws-solutions/instance-scheduler-on-aws>,
/// `asg_scheduled_rule_prefix`.
const INSTANCE_SCHEDULER: &str = "is-";

/// What acts on the group of `target` beside Forescale between `now` and `until`, each with what
/// follows from it; its own MaxSize was `own` at adoption and is `found` now.
pub(crate) fn others(
    seen: &Seen,
    target: &Target,
    (own, found): (u32, u32),
    now: Timestamp,
    until: Timestamp,
) -> Vec<String> {
    let mut said = Vec::new();
    said.extend(suspended(seen));
    said.extend(schedules(seen, &target.group, now, until));
    said.extend(predictive(seen));
    said.extend(weights(seen));
    if found != own {
        said.push(format!(
            "MaxSize was changed from {own} to {found} since the group was adopted: no floor goes above it"
        ));
    }
    said
}

fn suspended(seen: &Seen) -> Vec<String> {
    let meaning = [
        (
            "ScheduledActions",
            "no planned floor comes by itself: only what is due at a run is set",
        ),
        ("Launch", "no server comes, whatever the floor says"),
        ("Terminate", "no server goes, whatever the floor says"),
        (
            "AlarmNotification",
            "no policy of the group reacts: the plan alone has to carry demand",
        ),
    ];
    meaning
        .iter()
        .filter(|(process, _)| seen.group.suspends(process))
        .map(|(process, meaning)| format!("the process {process} is suspended: {meaning}"))
        .collect()
}

/// Others' scheduled actions that change sizes while the plan lasts.
fn schedules(seen: &Seen, group: &str, now: Timestamp, until: Timestamp) -> Vec<String> {
    let acts = |action: &&ScheduledAction| {
        !is_own(group, &action.name)
            && action.start.is_some_and(|at| at > now && at < until)
            && (action.min_size.is_some()
                || action.max_size.is_some()
                || action.desired_capacity.is_some())
    };
    let (scheduler, people): (Vec<_>, Vec<_>) = seen
        .actions
        .iter()
        .filter(acts)
        .partition(|action| action.name.to_lowercase().starts_with(INSTANCE_SCHEDULER));
    let told = |actions: &[&ScheduledAction], whose: &str, follows: &str| {
        let first = actions.iter().min_by_key(|action| action.start)?;
        let at = first.start?;
        let size = |name: &str, size: Option<u32>| size.map(|size| format!("{name} {size}"));
        let sizes: Vec<String> = [
            size("MinSize", first.min_size),
            size("MaxSize", first.max_size),
            size("desired capacity", first.desired_capacity),
        ]
        .into_iter()
        .flatten()
        .collect();
        Some(format!(
            "{} of {whose} run while the plan lasts, first {} at {at} with {}: {follows}",
            if actions.len() == 1 {
                "a scheduled action".to_owned()
            } else {
                format!("{} scheduled actions", actions.len())
            },
            first.name,
            sizes.join(", "),
        ))
    };
    let people = told(
        &people,
        "others",
        "it stays, and the MinSize it sets counts as set by hand",
    );
    let scheduler = told(
        &scheduler,
        "Instance Scheduler",
        "it stops and starts the group as well: let one of the two have it",
    );
    people.into_iter().chain(scheduler).collect()
}

fn predictive(seen: &Seen) -> Option<String> {
    let policy = seen
        .policies
        .iter()
        .find(|policy| policy.enabled && policy.kind == PolicyKind::Predictive)?;
    Some(format!(
        "predictive scaling \"{}\" raises the group beside the plan, which then saves nothing: set it to forecast only, or this target to off",
        policy.name
    ))
}

fn weights(seen: &Seen) -> Option<String> {
    let (mut least, mut most) = (u32::MAX, 0);
    for instance in &seen.group.instances {
        least = least.min(instance.weight);
        most = most.max(instance.weight);
    }
    (most > 1).then(|| {
        format!(
            "instances weigh {least} to {most} units of capacity: floors and throughput are by unit"
        )
    })
}
