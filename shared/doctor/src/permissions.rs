//! The calls that each role of the stack has to be allowed, all of them, as `infra/template.yaml` gives
//! them: a test holds the two together.

mod asking;

use std::collections::BTreeMap;

use documents::keys;
use fleet::ScalableTarget;
use ports::{Listing, RoleOf};

use crate::Seen;
use asking::Asking;
pub use asking::{Place, Questions};

/// The tag that lets a group be changed.
pub(crate) const TAG: (&str, &str) = ("forescale", "managed");

/// What the stack has, as its template names it, that roles are asked about. The first is the stack
/// itself.
pub const STACK_RESOURCES: [&str; 13] = [
    STACK,
    "FailedEvents",
    "FailedTasks",
    "ForecasterFunctionAliaslive",
    "ForecasterLogs",
    "ForecasterTasks",
    "Looks",
    "Notifications",
    "NotificationsKey",
    "PlannerFunctionAliaslive",
    "PlannerLogs",
    "PlannerTasks",
    "ResponderLogs",
];
const STACK: &str = "AWS::StackId";

/// Every role that is asked about.
pub const ROLES: [RoleOf; 5] = [
    RoleOf::Forecaster,
    RoleOf::Planner,
    RoleOf::Responder,
    RoleOf::NightlySchedule,
    RoleOf::HourlySchedule,
];

/// A day, for documents of which there is one a day: any is as good.
const DAY: &str = "2026-01-01.json";
const PUT: &str = "s3:PutObject";
const SEND: &[&str] = &["sqs:SendMessage"];
const INVOKE: &[&str] = &["lambda:InvokeFunction"];

/// What `role` does whatever the targets are.
#[must_use]
pub fn stack_calls(role: RoleOf, place: &Place<'_>) -> Questions {
    const QUEUE: &[&str] = &[
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    ];
    const LATER: &[&str] = &["sqs:ChangeMessageVisibility"];
    let mut ask = Asking::at(role, place);
    ask.of("FailedEvents", SEND);
    let logs = match role {
        RoleOf::NightlySchedule => {
            ask.of("ForecasterFunctionAliaslive", INVOKE);
            return ask.questions;
        }
        RoleOf::HourlySchedule => {
            ask.of("PlannerFunctionAliaslive", INVOKE);
            return ask.questions;
        }
        RoleOf::Forecaster => {
            ask.of("FailedTasks", SEND);
            ask.of("ForecasterTasks", QUEUE);
            ask.of("ForecasterTasks", LATER);
            ask.document(PUT, keys::OVERVIEW);
            "ForecasterLogs"
        }
        RoleOf::Planner => {
            ask.of("FailedTasks", SEND);
            ask.of("PlannerTasks", QUEUE);
            ask.of("PlannerTasks", LATER);
            ask.of("Looks", SEND);
            ask.of(STACK, &["cloudformation:DescribeStacks"]);
            // The band, for alarms.
            let namespace = context("cloudwatch:namespace", "Forescale");
            ask.about("*", &["cloudwatch:PutMetricData"], &namespace);
            "PlannerLogs"
        }
        RoleOf::Responder => {
            ask.of("Looks", QUEUE);
            let source = context("events:source", "forescale");
            ask.here(
                "events",
                "event-bus/default",
                &["events:PutEvents"],
                &source,
            );
            "ResponderLogs"
        }
    };
    ask.lines(logs);
    ask.any(&["xray:PutTelemetryRecords", "xray:PutTraceSegments"]);
    ask.any(&["cloudwatch:GetMetricData"]);
    ask.of("Notifications", &["sns:Publish"]);
    ask.encrypted();
    ask.bucket("s3:ListBucket");
    ask.document("s3:GetObject", keys::CONFIG);
    ask.questions
}

/// What `role` does for the target `name` that has `group`: an Auto Scaling group with what was seen of
/// it, or a scalable target. The tags decide over changes: the policies allow what is tagged only.
#[must_use]
pub fn target_calls(
    role: RoleOf,
    place: &Place<'_>,
    name: &str,
    group: &str,
    listing: &Seen<Option<Listing>>,
) -> Questions {
    let mut ask = Asking::at(role, place);
    for (key, of_a_kind) in written(role, name) {
        ask.document(PUT, &key);
        if of_a_kind {
            ask.document("s3:PutObjectTagging", &key);
        }
    }
    if !matches!(role, RoleOf::Planner | RoleOf::Responder) {
        return ask.questions;
    }
    if let Some(scalable) = ScalableTarget::parse(group) {
        ask.scalable(&scalable);
        return ask.questions;
    }
    ask.any(&[
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribePolicies",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeScheduledActions",
    ]);
    match listing {
        Seen::Known(Some(listing)) => ask.group(listing),
        // That there is none is told by another check.
        Seen::Known(None) => {}
        Seen::Unknown(why) => {
            let about = format!("what it may do to the group {group}");
            ask.unknown(&about, why);
        }
    }
    ask.questions
}

/// Documents of a target that a role writes, and whether it tags them with their kind.
fn written(role: RoleOf, target: &str) -> Vec<(String, bool)> {
    match role {
        RoleOf::Forecaster => vec![
            (keys::history(target), true),
            (keys::forecasts(target) + DAY, true),
            (keys::record(target), false),
            (keys::brief(target), false),
            (keys::page(target), false),
            (keys::turn(target, role.as_str()), false),
        ],
        RoleOf::Planner => vec![
            (keys::baseline(target), false),
            (keys::lease(target), false),
            (keys::ledgers(target) + DAY, true),
            (keys::measurements(target), false),
            (keys::plan(target), false),
            (keys::released(target), false),
            (keys::tuning(target), false),
            (keys::turn(target, role.as_str()), false),
        ],
        RoleOf::Responder => vec![
            (keys::baseline(target), false),
            (keys::incident(target), false),
            (keys::lease(target), false),
            (keys::ledgers(target) + DAY, true),
            (keys::plan(target), false),
        ],
        RoleOf::NightlySchedule | RoleOf::HourlySchedule => Vec::new(),
    }
}

fn context(key: &str, value: &str) -> BTreeMap<String, String> {
    [(key.to_owned(), value.to_owned())].into()
}
