//! What the group, its activities and the plan tell of its servers.

use diagnosis::{Activities, Band, FailedLaunch, Release};
use documents::Plan;
use fleet::{Activity, ActivityStatus, Group, Lifecycle, SCHEDULE_TARDINESS};
use jiff::Timestamp;
use planning::Rules;

/// In service for the group's count, and called unhealthy by it.
pub(super) fn unhealthy(group: &Group) -> u32 {
    let sick = group
        .instances
        .iter()
        .filter(|instance| instance.lifecycle == Lifecycle::InService && !instance.healthy);
    sick.map(|instance| instance.weight).sum()
}

/// What the plan asks for now by itself, early enough, without holds; MinSize without a plan.
pub(super) fn planned(plan: Option<&Plan>, group: &Group, rules: &Rules, now: Timestamp) -> u32 {
    let Some(plan) = plan.filter(|plan| plan.expires_at > now && !plan.steps.is_empty()) else {
        return group.min_size;
    };
    let ahead = rules.lead_time.saturating_add(SCHEDULE_TARDINESS);
    let until = now.saturating_add(ahead).unwrap_or(Timestamp::MAX);
    let first = plan
        .steps
        .partition_point(|step| step.start <= now)
        .saturating_sub(1);
    let soon = plan.steps[first..]
        .iter()
        .take_while(|step| step.start <= until);
    let most = group.max_size.min(rules.max_servers);
    soon.map(|step| step.servers)
        .max()
        .unwrap_or(0)
        .max(rules.min_servers)
        .max(plan.human_floor.unwrap_or(0))
        .min(most)
}

/// What a plan would ask for now, early enough, as far as the forecast's upper edge tells.
pub(super) fn as_forecast(band: &Band, rules: &Rules) -> u32 {
    let ahead = rules.lead_time.saturating_add(SCHEDULE_TARDINESS).as_mins();
    let minutes = usize::try_from(ahead).unwrap_or(0) + 1;
    let edges = band.upper.iter().copied().skip(band.present).take(minutes);
    let highest = edges.filter(|edge| edge.is_finite()).fold(0.0, f64::max);
    planning::servers_for(highest, rules.throughput)
        .max(rules.min_servers)
        .min(rules.max_servers)
}

pub(super) fn read_activities(found: &[Activity]) -> Activities {
    let mut told = Activities::default();
    for activity in found {
        let launch = activity.description.starts_with("Launching");
        // Nobody failed to launch what was called off, unless AWS says why.
        let called_off = activity.status == ActivityStatus::Cancelled && activity.message.is_none();
        match (launch, activity.status) {
            (true, _) if called_off => {}
            (true, ActivityStatus::Failed | ActivityStatus::Cancelled) => {
                told.failed.push(FailedLaunch {
                    at: activity.started,
                    message: activity.message.clone().unwrap_or_default(),
                });
            }
            (true, ActivityStatus::Successful) => told.succeeded.push(activity.started),
            (false, _) if unwanted(&activity.cause) => told.lost.push(activity.started),
            _ => {}
        }
    }
    told
}

/// Whether a termination's cause is none that somebody asked for. Auto Scaling's causes read "At
/// 2026-03-04T10:00:00Z an instance was taken out of service in response to an EC2 health check
/// indicating it has been terminated or stopped" against "... in response to a difference between
/// desired and actual capacity, shrinking the capacity". Source: Auto Scaling user guide, scaling
/// activities.
fn unwanted(cause: &str) -> bool {
    let cause = cause.to_lowercase();
    let shrinking = cause.contains("shrinking") || cause.contains("desired capacity from");
    let refreshing = cause.contains("instance refresh");
    !shrinking
        && !refreshing
        && (cause.contains("health check")
            || cause.contains("out of service")
            || cause.contains("rebalance")
            || cause.contains("interruption"))
}

/// The newest launch template version, where servers of another one are there too or were launched
/// within the hour.
pub(super) fn release(group: &Group, launched: &[Activity]) -> Option<Release> {
    let number = |version: &str| version.parse::<u64>().ok();
    let versions = group
        .instances
        .iter()
        .filter_map(|instance| Some((instance, instance.template_version.as_deref()?)));
    let newest = versions
        .clone()
        .max_by_key(|(_, version)| number(version))?
        .1
        .to_owned();
    let mixed = versions.clone().any(|(_, version)| version != newest);
    let of_it = |activity: &&Activity| {
        versions
            .clone()
            .filter(|(_, version)| *version == newest)
            .any(|(instance, _)| activity.description.contains(&instance.id))
    };
    let first = launched
        .iter()
        .filter(|activity| activity.status == ActivityStatus::Successful)
        .filter(of_it)
        .filter_map(|activity| activity.ended)
        .min()?;
    // A group of one version that merely grew has no new release, unless all of it is new.
    let all_new = group.instances.iter().all(|instance| {
        launched
            .iter()
            .any(|activity| activity.description.contains(&instance.id))
    });
    (mixed || all_new).then_some(Release {
        version: newest,
        at: first,
    })
}
