//! The calls that each function's role has to be allowed, as the template gives them.

use std::collections::BTreeMap;

use documents::keys;
use ports::{Listing, RoleCall, RoleOf};

/// The tag that lets a group be changed.
pub(crate) const TAG: (&str, &str) = ("forescale", "managed");

/// What planner and responder do to a group. The tags decide: the policy allows tagged groups only.
#[must_use]
pub fn group_calls(role: RoleOf, group: &Listing) -> Vec<RoleCall> {
    const READS: [&str; 4] = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribePolicies",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeScheduledActions",
    ];
    const WRITES: [&str; 4] = [
        "autoscaling:BatchDeleteScheduledAction",
        "autoscaling:BatchPutScheduledUpdateGroupAction",
        "autoscaling:SetDesiredCapacity",
        "autoscaling:UpdateAutoScalingGroup",
    ];
    let own: &[&str] = match role {
        RoleOf::Forecaster => return Vec::new(),
        RoleOf::Planner => &["autoscaling:PutScalingPolicy"],
        RoleOf::Responder => &["autoscaling:StartInstanceRefresh"],
    };
    let read = READS.iter().map(|action| RoleCall {
        action: (*action).to_owned(),
        resource: "*".to_owned(),
        context: BTreeMap::new(),
    });
    let context: BTreeMap<String, String> = (group.tags.iter())
        .map(|(key, value)| (format!("aws:ResourceTag/{key}"), value.clone()))
        .collect();
    let write = WRITES.iter().chain(own).map(|action| RoleCall {
        action: (*action).to_owned(),
        resource: group.arn.clone(),
        context: context.clone(),
    });
    read.chain(write).collect()
}

/// What each function does with metrics and with the documents of `target` in `bucket`.
#[must_use]
pub fn bucket_calls(
    role: RoleOf,
    partition: &str,
    bucket: &str,
    prefix: &str,
    target: &str,
) -> Vec<RoleCall> {
    let call = |action: &str, resource: String| RoleCall {
        action: action.to_owned(),
        resource,
        context: BTreeMap::new(),
    };
    let object = |key: &str| format!("arn:{partition}:s3:::{bucket}/{prefix}{key}");
    let written = match role {
        RoleOf::Forecaster => vec![
            keys::history(target),
            keys::forecasts(target) + "2026-01-01.json",
        ],
        RoleOf::Planner => vec![
            keys::baseline(target),
            keys::lease(target),
            keys::plan(target),
            keys::released(target),
        ],
        RoleOf::Responder => vec![
            keys::incident(target),
            keys::lease(target),
            keys::plan(target),
        ],
    };
    let mut calls = vec![
        call("cloudwatch:GetMetricData", "*".to_owned()),
        call("s3:ListBucket", format!("arn:{partition}:s3:::{bucket}")),
        call("s3:GetObject", object(keys::CONFIG)),
    ];
    calls.extend(written.iter().map(|key| call("s3:PutObject", object(key))));
    calls
}
