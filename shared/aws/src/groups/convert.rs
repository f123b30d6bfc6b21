//! Auto Scaling's words and ours.

use aws_sdk_autoscaling::types as sdk;
use fleet::{
    Activity, ActivityStatus, Group, Instance, Lifecycle, Policy, PolicyKind, ScheduledAction,
    Tracked,
};
use jiff::{SignedDuration, Timestamp};
use ports::PortError;

use crate::answer::Call;
use crate::time::from_sdk;

pub(super) fn group(call: Call<'_>, group: &sdk::AutoScalingGroup) -> Result<Group, PortError> {
    Ok(Group {
        name: text(call, "name", group.auto_scaling_group_name())?,
        min_size: count(call, "MinSize", group.min_size())?,
        max_size: count(call, "MaxSize", group.max_size())?,
        desired_capacity: count(call, "DesiredCapacity", group.desired_capacity())?,
        instances: group
            .instances()
            .iter()
            .map(|item| instance(call, item))
            .collect::<Result<_, _>>()?,
        suspended_processes: group
            .suspended_processes()
            .iter()
            .filter_map(|process| process.process_name().map(str::to_owned))
            .collect(),
        // -1 means that it was set and taken back.
        default_warmup: group
            .default_instance_warmup()
            .filter(|seconds| *seconds >= 0)
            .map(|seconds| SignedDuration::from_secs(i64::from(seconds))),
        floors_only: false,
        warm_pool: group
            .warm_pool_configuration()
            .map(|_| group.warm_pool_size().unwrap_or(0))
            .map(|size| u32::try_from(size).unwrap_or(0)),
        // A status is there only while the group is being deleted. Source: Auto Scaling API
        // reference, `AutoScalingGroup.Status`.
        deleting: group.status().is_some_and(|status| !status.is_empty()),
    })
}

fn instance(call: Call<'_>, item: &sdk::Instance) -> Result<Instance, PortError> {
    let weight = match item.weighted_capacity() {
        None | Some("") => 1,
        Some(weight) => weight
            .parse()
            .map_err(|_| call.unanswered(format!("an instance of weight '{weight}'")))?,
    };
    Ok(Instance {
        id: text(call, "instance id", item.instance_id())?,
        lifecycle: lifecycle(item.lifecycle_state()),
        healthy: item
            .health_status()
            .is_some_and(|health| health.eq_ignore_ascii_case("healthy")),
        weight,
        template_version: item
            .launch_template()
            .and_then(|template| template.version())
            .map(str::to_owned),
        instance_type: item.instance_type().map(str::to_owned),
    })
}

/// Unknown states count neither as serving nor as booting: too many servers, never too few.
fn lifecycle(state: Option<&sdk::LifecycleState>) -> Lifecycle {
    match state.map_or("", sdk::LifecycleState::as_str) {
        "InService" => Lifecycle::InService,
        "Pending" | "Pending:Wait" | "Pending:Proceed" => Lifecycle::Pending,
        "Detaching" | "Detached" | "Terminated" => Lifecycle::Leaving,
        leaving if leaving.starts_with("Terminating") => Lifecycle::Leaving,
        _ => Lifecycle::Aside,
    }
}

pub(super) fn scheduled_action(
    call: Call<'_>,
    action: &sdk::ScheduledUpdateGroupAction,
) -> Result<ScheduledAction, PortError> {
    Ok(ScheduledAction {
        name: text(
            call,
            "scheduled action name",
            action.scheduled_action_name(),
        )?,
        start: moment(call, action.start_time())?,
        end: moment(call, action.end_time())?,
        recurrence: action.recurrence().map(str::to_owned),
        min_size: optional_count(call, "MinSize", action.min_size())?,
        max_size: optional_count(call, "MaxSize", action.max_size())?,
        desired_capacity: optional_count(call, "DesiredCapacity", action.desired_capacity())?,
    })
}

pub(super) fn policy(call: Call<'_>, policy: &sdk::ScalingPolicy) -> Result<Policy, PortError> {
    let exact = policy.adjustment_type() == Some("ExactCapacity");
    let (kind, scales_in) = match policy.policy_type().unwrap_or("SimpleScaling") {
        "TargetTrackingScaling" => {
            let disabled = policy
                .target_tracking_configuration()
                .and_then(|tracking| tracking.disable_scale_in())
                .unwrap_or(false);
            (PolicyKind::TargetTracking, !disabled)
        }
        "StepScaling" => {
            let removes = policy
                .step_adjustments()
                .iter()
                .any(|step| exact || step.scaling_adjustment().is_some_and(|by| by < 0));
            (PolicyKind::Step, removes)
        }
        // Predictive scaling only adds. Source: Auto Scaling user guide, predictive scaling.
        "PredictiveScaling" => (PolicyKind::Predictive, false),
        "SimpleScaling" => {
            let removes = policy.scaling_adjustment().is_some_and(|by| by < 0);
            (PolicyKind::Simple, exact || removes)
        }
        // A kind that AWS adds one day: assume that it minds the group by itself.
        _ => (PolicyKind::Simple, true),
    };
    Ok(Policy {
        name: text(call, "policy name", policy.policy_name())?,
        kind,
        enabled: policy.enabled().unwrap_or(true),
        scales_in,
        tracks: policy.target_tracking_configuration().and_then(tracked),
    })
}

/// What target tracking holds, where it is a metric that says something about throughput.
fn tracked(tracking: &sdk::TargetTrackingConfiguration) -> Option<Tracked> {
    let value = tracking.target_value().filter(|value| *value > 0.0)?;
    match tracking
        .predefined_metric_specification()?
        .predefined_metric_type()?
        .as_str()
    {
        "ALBRequestCountPerTarget" => Some(Tracked::RequestsPerServer(value)),
        "ASGAverageCPUUtilization" => Some(Tracked::Cpu(value)),
        _ => None,
    }
}

pub(super) fn activity(call: Call<'_>, activity: &sdk::Activity) -> Result<Activity, PortError> {
    let started = moment(call, activity.start_time())?
        .ok_or_else(|| call.unanswered("an activity without start"))?;
    let status = match activity.status_code().map_or("", |code| code.as_str()) {
        "Successful" => ActivityStatus::Successful,
        "Failed" => ActivityStatus::Failed,
        "Cancelled" => ActivityStatus::Cancelled,
        _ => ActivityStatus::InProgress,
    };
    Ok(Activity {
        id: text(call, "activity id", activity.activity_id())?,
        description: activity.description().unwrap_or_default().to_owned(),
        cause: activity.cause().unwrap_or_default().to_owned(),
        started,
        ended: moment(call, activity.end_time())?,
        status,
        message: activity.status_message().map(str::to_owned),
    })
}

/// A size as AWS takes it.
pub(super) fn size(call: Call<'_>, size: Option<u32>) -> Result<Option<i32>, PortError> {
    size.map(|size| {
        i32::try_from(size)
            .map_err(|_| call.refused(format!("a size of {size}: allowed are 0 to {}", i32::MAX)))
    })
    .transpose()
}

fn text(call: Call<'_>, what: &str, value: Option<&str>) -> Result<String, PortError> {
    value
        .map(str::to_owned)
        .ok_or_else(|| call.unanswered(format!("an answer without {what}")))
}

fn count(call: Call<'_>, what: &str, value: Option<i32>) -> Result<u32, PortError> {
    optional_count(call, what, value)?
        .ok_or_else(|| call.unanswered(format!("an answer without {what}")))
}

fn optional_count(
    call: Call<'_>,
    what: &str,
    value: Option<i32>,
) -> Result<Option<u32>, PortError> {
    value
        .map(|value| {
            u32::try_from(value).map_err(|_| call.unanswered(format!("{what} of {value}")))
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
