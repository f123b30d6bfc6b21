//! Application Auto Scaling's words and ours.

use aws_sdk_applicationautoscaling::types as sdk;
use fleet::{Activity, ActivityStatus, Policy, PolicyKind, ScheduledAction, Tracked};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ports::PortError;

use crate::answer::Call;
use crate::time::from_sdk;

/// What the name of a scheduled action must not have. Source: Application Auto Scaling API
/// reference, PutScheduledAction, pattern of `ScheduledActionName`.
const FORBIDDEN: [char; 3] = [':', '/', '|'];
/// What stands for it here: no ECS or Auto Scaling name has it in a place where it would matter.
const INSTEAD: [char; 3] = ['!', '=', '^'];

/// A name of ours as AWS takes it.
pub(super) fn outward(name: &str) -> String {
    swap(name, &FORBIDDEN, &INSTEAD)
}

/// A name of AWS's as it was given.
pub(super) fn inward(name: &str) -> String {
    swap(name, &INSTEAD, &FORBIDDEN)
}

fn swap(name: &str, from: &[char], to: &[char]) -> String {
    let other = |c: char| {
        let index = from.iter().position(|from| *from == c);
        index.and_then(|index| to.get(index)).copied().unwrap_or(c)
    };
    name.chars().map(other).collect()
}

/// A one-time schedule. Source: PutScheduledAction, `Schedule`: `at(yyyy-mm-ddThh:mm:ss)`.
pub(super) fn schedule_at(at: Timestamp) -> String {
    let local = at.to_zoned(TimeZone::UTC);
    format!("at({})", local.strftime("%Y-%m-%dT%H:%M:%S"))
}

pub(super) fn scheduled_action(
    call: Call<'_>,
    action: &sdk::ScheduledAction,
) -> Result<ScheduledAction, PortError> {
    let schedule = action.schedule();
    let once = schedule
        .strip_prefix("at(")
        .and_then(|rest| rest.strip_suffix(')'));
    let (start, recurrence) = match once {
        Some(text) => {
            let zone = match action.timezone() {
                None => TimeZone::UTC,
                Some(name) => TimeZone::get(name)
                    .map_err(|_| call.unanswered(format!("a time zone {name}")))?,
            };
            let local: DateTime = text
                .parse()
                .map_err(|_| call.unanswered(format!("a schedule {schedule}")))?;
            let zoned = local.to_zoned(zone);
            let zoned = zoned.map_err(|_| call.unanswered(format!("a schedule {schedule}")))?;
            (Some(zoned.timestamp()), None)
        }
        None => (
            moment(call, action.start_time())?,
            Some(schedule.to_owned()),
        ),
    };
    let sizes = action.scalable_target_action();
    Ok(ScheduledAction {
        name: inward(action.scheduled_action_name()),
        start,
        end: moment(call, action.end_time())?,
        recurrence,
        min_size: count(call, sizes.and_then(|sizes| sizes.min_capacity()))?,
        max_size: count(call, sizes.and_then(|sizes| sizes.max_capacity()))?,
        desired_capacity: None,
    })
}

pub(super) fn policy(policy: &sdk::ScalingPolicy) -> Policy {
    let tracking = policy.target_tracking_scaling_policy_configuration();
    let (kind, scales_in) = match policy.policy_type() {
        sdk::PolicyType::TargetTrackingScaling => {
            let disabled = tracking.and_then(|tracking| tracking.disable_scale_in());
            (PolicyKind::TargetTracking, !disabled.unwrap_or(false))
        }
        sdk::PolicyType::PredictiveScaling => (PolicyKind::Predictive, false),
        _ => {
            let steps = policy.step_scaling_policy_configuration();
            let exact = steps.and_then(|steps| steps.adjustment_type())
                == Some(&sdk::AdjustmentType::ExactCapacity);
            let removes = steps.is_some_and(|steps| {
                let mut adjustments = steps.step_adjustments().iter();
                adjustments.any(|step| exact || step.scaling_adjustment() < 0)
            });
            (PolicyKind::Step, removes)
        }
    };
    Policy {
        name: policy.policy_name().to_owned(),
        kind,
        enabled: true,
        scales_in,
        tracks: tracking.and_then(tracked),
    }
}

fn tracked(tracking: &sdk::TargetTrackingScalingPolicyConfiguration) -> Option<Tracked> {
    let value = Some(tracking.target_value()).filter(|value| *value > 0.0)?;
    let metric = tracking.predefined_metric_specification()?;
    match metric.predefined_metric_type().as_str() {
        "ALBRequestCountPerTarget" => Some(Tracked::RequestsPerServer(value)),
        "ECSServiceAverageCPUUtilization" => Some(Tracked::Cpu(value)),
        _ => None,
    }
}

pub(super) fn activity(
    call: Call<'_>,
    activity: &sdk::ScalingActivity,
) -> Result<Activity, PortError> {
    let started = from_sdk(activity.start_time())
        .ok_or_else(|| call.unanswered("an activity whose start is no time"))?;
    let status = match activity.status_code().as_str() {
        "Successful" => ActivityStatus::Successful,
        "Failed" | "Unfulfilled" => ActivityStatus::Failed,
        "Overridden" => ActivityStatus::Cancelled,
        _ => ActivityStatus::InProgress,
    };
    Ok(Activity {
        id: activity.activity_id().to_owned(),
        description: activity.description().to_owned(),
        cause: activity.cause().to_owned(),
        started,
        ended: moment(call, activity.end_time())?,
        status,
        message: activity.status_message().map(str::to_owned),
    })
}

/// The capacity that the newest successful activity set: `Setting desired count to 4.` and the like
/// end in it. Source: Application Auto Scaling user guide, scaling activities.
pub(super) fn capacity(activities: &[Activity]) -> Option<u32> {
    let newest = activities
        .iter()
        .filter(|activity| activity.status == ActivityStatus::Successful)
        .max_by_key(|activity| activity.started)?;
    let rest = newest.description.trim_end_matches('.');
    rest.rsplit(' ').next()?.parse().ok()
}

pub(super) fn size(call: Call<'_>, size: Option<u32>) -> Result<Option<i32>, PortError> {
    size.map(|size| {
        i32::try_from(size)
            .map_err(|_| call.refused(format!("a size of {size}: allowed are 0 to {}", i32::MAX)))
    })
    .transpose()
}

pub(super) fn count(call: Call<'_>, value: Option<i32>) -> Result<Option<u32>, PortError> {
    value
        .map(|value| {
            u32::try_from(value).map_err(|_| call.unanswered(format!("a capacity of {value}")))
        })
        .transpose()
}

fn moment(
    call: Call<'_>,
    at: Option<&aws_smithy_types::DateTime>,
) -> Result<Option<Timestamp>, PortError> {
    at.map(|at| from_sdk(at).ok_or_else(|| call.unanswered(format!("a time of {at}"))))
        .transpose()
}
