//! The group itself, and what else acts on it.

use config::{Desired, LeadTime};
use fleet::{MOST_SCHEDULED_ACTIONS, PolicyKind, ScheduledAction};
use planning::is_own;

use super::{plural, ready, when_acting};
use crate::permissions::TAG;
use crate::report::Found;
use crate::{Report, Severity, TargetFacts};

/// What the names of Instance Scheduler's actions begin with, in small letters, and the tag that it
/// goes by, unless its stack says otherwise. Source:
/// <https://github.com/aws-solutions/instance-scheduler-on-aws>.
const INSTANCE_SCHEDULER: (&str, &str) = ("is-", "Schedule");

/// What a suspended process means here, and whether servers can then not come.
const PROCESSES: [(&str, bool, &str); 5] = [
    ("Launch", true, "no server comes, whatever the floor says"),
    (
        "ScheduledActions",
        true,
        "no planned floor comes by itself: only what is due at a run is set",
    ),
    (
        "AddToLoadBalancer",
        true,
        "servers come, but get no requests",
    ),
    (
        "Terminate",
        false,
        "no server goes, whatever the floor says",
    ),
    (
        "AlarmNotification",
        false,
        "no policy of the group reacts: the plan alone has to carry demand",
    ),
];

/// Whether it is there, may be changed, tells its metrics and moves.
pub(super) fn group(facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    let about = facts.target.group.as_str();
    let Some(group) = report.known("group-missing", Some(name), &facts.group) else {
        report.unchecked(
            "process-suspended",
            Some(name),
            "the group was not seen".to_owned(),
        );
        return tags(facts, report);
    };
    let Some(group) = group else {
        return report.add(Found {
            id: "group-missing",
            severity: Severity::Error,
            target: Some(name),
            seen: format!("there is no group {about} in this account and region"),
            numbers: vec![],
            why: "nothing can be planned for it: every run fails for this target",
            fix: format!(
                "correct `group` of target {name}, look at AWS_REGION, or set mode = \"off\""
            ),
        });
    };
    if group.deleting {
        report.add(Found {
            id: "group-missing",
            severity: Severity::Error,
            target: Some(name),
            seen: format!("group {about} is being deleted"),
            numbers: vec![("desired_capacity", f64::from(group.desired_capacity))],
            why: "AWS takes no change of it any more",
            fix: format!("take target {name} out of the configuration, or name its successor"),
        });
    }
    for (process, stops, meaning) in PROCESSES {
        if group.suspends(process) {
            report.add(Found {
                id: "process-suspended",
                severity: if stops {
                    when_acting(facts)
                } else {
                    Severity::Warning
                },
                target: Some(name),
                seen: format!("the process {process} of group {about} is suspended"),
                numbers: vec![],
                why: meaning,
                fix: format!(
                    "aws autoscaling resume-processes --auto-scaling-group-name {about} \
                     --scaling-processes {process}"
                ),
            });
        }
    }
    tags(facts, report);
}

fn tags(facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    let about = facts.target.group.as_str();
    let Some(listing) = report.known("tag-missing", Some(name), &facts.listing) else {
        report.unchecked(
            "group-metrics-off",
            Some(name),
            "what the group collects was not seen".to_owned(),
        );
        return;
    };
    let Some(listing) = listing else {
        // No Auto Scaling group, or none at all, which is told above.
        if fleet::ScalableTarget::parse(about).is_some() {
            report.unchecked(
                "tag-missing",
                Some(name),
                "tags of scalable targets are not read".to_owned(),
            );
        }
        return;
    };
    let (key, value) = TAG;
    let there = listing.tags.get(key);
    if there.is_none_or(|there| there != value) {
        let seen = there.map_or_else(
            || format!("group {about} has no tag {key}"),
            |other| format!("group {about} has the tag {key} = {other}"),
        );
        report.add(Found {
            id: "tag-missing",
            severity: when_acting(facts),
            target: Some(name),
            seen,
            numbers: vec![],
            why: "the functions' roles may change groups with the tag forescale = managed only",
            fix: format!(
                "aws autoscaling create-or-update-tags --tags ResourceId={about},\
                 ResourceType=auto-scaling-group,Key={key},Value={value},PropagateAtLaunch=false"
            ),
        });
    }
    if let Some(schedule) = listing.tags.get(INSTANCE_SCHEDULER.1) {
        report.add(Found {
            id: "instance-scheduler",
            severity: Severity::Warning,
            target: Some(name),
            seen: format!("group {about} has the tag Schedule = {schedule}, by which Instance Scheduler knows its own"),
            numbers: vec![],
            why: "it sets MinSize, MaxSize and the desired capacity to 0 at night: two hands on one group",
            fix: "remove that tag, or set this target to mode = \"off\"".to_owned(),
        });
    }
    let wanted = "GroupInServiceInstances";
    if !listing.collected.iter().any(|metric| metric == wanted) {
        report.add(Found {
            id: "group-metrics-off",
            severity: Severity::Warning,
            target: Some(name),
            seen: format!("group {about} collects {} and not {wanted}", plural(listing.collected.len(), "metric", "metrics")),
            numbers: vec![("metrics", listing.collected.len() as f64)],
            why: "past numbers of servers are then unknown: no throughput can be learnt and no past shown",
            fix: format!(
                "aws autoscaling enable-metrics-collection --auto-scaling-group-name {about} \
                 --granularity 1Minute (no charge)"
            ),
        });
    }
}

/// Scheduled actions and policies that are not ours.
pub(super) fn others(facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    let about = facts.target.group.as_str();
    if let Some(actions) = report.known("foreign-actions", Some(name), &facts.actions) {
        foreign(facts, actions, report);
    }
    let Some(policies) = report.known("predictive-scaling", Some(name), &facts.policies) else {
        return;
    };
    for policy in policies
        .iter()
        .filter(|policy| policy.enabled && policy.kind == PolicyKind::Predictive)
    {
        report.add(Found {
            id: "predictive-scaling",
            severity: Severity::Warning,
            target: Some(name),
            seen: format!("group {about} has the predictive-scaling policy {}", policy.name),
            numbers: vec![],
            why: "unless it only forecasts, it raises the group beside the plan, which then saves nothing",
            fix: "set it to ForecastOnly or delete it, or set this target to mode = \"off\"".to_owned(),
        });
    }
    let scales_in = policies
        .iter()
        .any(|policy| policy.enabled && policy.scales_in);
    let group = facts.group.known().and_then(Option::as_ref);
    let floors_only = group.is_some_and(|group| group.floors_only);
    if !scales_in && (floors_only || facts.target.control.desired == Desired::Never) {
        report.add(Found {
            id: "nothing-scales-in",
            severity: Severity::Warning,
            target: Some(name),
            seen: format!("none of {} of group {about} removes servers, and the plan may not", plural(policies.len(), "policy", "policies")),
            numbers: vec![("policies", policies.len() as f64)],
            why: "a floor that falls takes no server away: what came stays and costs",
            fix: if floors_only {
                "give it a target-tracking policy that may scale in".to_owned()
            } else {
                "give it a target-tracking policy that may scale in, or set control.desired = \"auto\"".to_owned()
            },
        });
    }
}

fn foreign(facts: &TargetFacts, actions: &[ScheduledAction], report: &mut Report) {
    let name = facts.target.name.as_str();
    let about = facts.target.group.as_str();
    let acts = |action: &&ScheduledAction| {
        !is_own(about, &action.name)
            && (action.min_size.is_some()
                || action.max_size.is_some()
                || action.desired_capacity.is_some())
    };
    let scheduler =
        |action: &&ScheduledAction| action.name.to_lowercase().starts_with(INSTANCE_SCHEDULER.0);
    let (scheduler, people): (Vec<_>, Vec<_>) = actions.iter().filter(acts).partition(scheduler);
    let told = |actions: &[&ScheduledAction]| {
        let first = actions.iter().min_by_key(|action| action.start)?;
        let when = first
            .start
            .map_or_else(String::new, |at| format!(" at {at}"));
        Some(format!(
            "{}, next {}{when}",
            plural(actions.len(), "scheduled action", "scheduled actions"),
            first.name
        ))
    };
    if let Some(told) = told(&scheduler) {
        report.add(Found {
            id: "instance-scheduler",
            severity: Severity::Warning,
            target: Some(name),
            seen: format!("group {about} has {told}, named as Instance Scheduler names its own"),
            numbers: vec![("actions", scheduler.len() as f64)],
            why: "it starts and stops the group as well: two hands on one group",
            fix: "take the group out of its schedule, or set this target to mode = \"off\""
                .to_owned(),
        });
    }
    if let Some(told) = told(&people) {
        report.add(Found {
            id: "foreign-actions",
            severity: Severity::Warning,
            target: Some(name),
            seen: format!("group {about} has {told}, which Forescale did not write"),
            numbers: vec![("actions", people.len() as f64)],
            why: "they are respected: a MinSize they set counts as set by hand and is kept as a floor",
            fix: "delete them once the plan covers what they were for; give occasions as events".to_owned(),
        });
    }
    let others = actions
        .iter()
        .filter(|action| !is_own(about, &action.name))
        .count();
    let group = facts.group.known().and_then(Option::as_ref);
    let most = if group.is_some_and(|group| group.floors_only) {
        fleet::MOST_SCALABLE_ACTIONS
    } else {
        MOST_SCHEDULED_ACTIONS
    };
    if others > planning::ACTIONS_LEFT_TO_OTHERS.max(most / 2) {
        report.add(Found {
            id: "actions-full",
            severity: Severity::Error,
            target: Some(name),
            seen: format!(
                "others have {others} of the {most} scheduled actions that {about} may have"
            ),
            numbers: vec![("others", others as f64), ("most", most as f64)],
            why: "a plan of 26 hours does not fit in what is left: later floors are missing",
            fix: "delete theirs that are of no more use".to_owned(),
        });
    }
}

/// How long servers take.
pub(super) fn launches(facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    let Some(measured) = report.known("lead-time-short", Some(name), &facts.launches) else {
        return;
    };
    ready::parts(name, measured, report);
    if let LeadTime::Given(given) = facts.target.lead_time
        && measured.lead_time > given
    {
        let warmup = measured.warmup.unwrap_or_default();
        report.add(Found {
            id: "lead-time-short",
            severity: Severity::Error,
            target: Some(name),
            seen: format!(
                "nine of ten of {} took up to {:#} (launch {:#}, warm-up {warmup:#}), the configuration says {given:#}",
                plural(measured.launches, "launch", "launches"), measured.lead_time, measured.launch
            ),
            numbers: vec![
                ("measured_seconds", measured.lead_time.as_secs_f64()),
                ("launch_seconds", measured.launch.as_secs_f64()),
                ("warmup_seconds", warmup.as_secs_f64()),
                ("configured_seconds", given.as_secs_f64()),
                ("launches", measured.launches as f64),
            ],
            why: "servers are asked for too late: they serve after demand has come",
            fix: "set lead_time to what was measured, or leave it out and it is measured; a baked image makes it shorter".to_owned(),
        });
    }
    if let Some(change) = measured
        .change
        .as_ref()
        .filter(|change| change.to > change.from)
    {
        let version = change.version.as_ref().map_or_else(String::new, |version| {
            format!(" (launch template version {version})")
        });
        report.add(Found {
            id: "boot-slower",
            severity: Severity::Warning,
            target: Some(name),
            seen: format!("launches took {:#} in the middle, and {:#} since {}{version}", change.from, change.to, change.since),
            numbers: vec![
                ("before_seconds", change.from.as_secs_f64()),
                ("since_seconds", change.to.as_secs_f64()),
            ],
            why: "servers come later than the plan was used to; a typed-in lead time does not follow",
            fix: "look at what changed in the image or in what a server fetches when it starts".to_owned(),
        });
    }
}
