use std::time::Duration;

use aws_sdk_applicationautoscaling::config::retry::RetryConfig;
use aws_sdk_applicationautoscaling::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
use aws_smithy_types::body::SdkBody;
use fleet::{PolicyKind, ScheduledAction, Sizes, Tracked};
use jiff::Timestamp;
use ports::{GroupReader, GroupWriter};
use serde_json::{Value, json};

use super::*;

const WEB: &str = "ecs:service/prod/web";

type Request = http::Request<SdkBody>;
type Response = http::Response<SdkBody>;

fn answer(body: &Value) -> Response {
    http::Response::new(SdkBody::from(body.to_string()))
}

fn refusal(code: &str, message: &str) -> Response {
    let body = json!({ "__type": code, "message": message });
    let response = http::Response::builder().status(400);
    response.body(SdkBody::from(body.to_string())).unwrap()
}

fn targets(answers: Vec<Response>) -> (ScalableTargets, StaticReplayClient) {
    let events = answers
        .into_iter()
        .map(|response| ReplayEvent::new(Request::new(SdkBody::empty()), response))
        .collect();
    let http = StaticReplayClient::new(events);
    let retries = RetryConfig::standard()
        .with_max_attempts(1)
        .with_initial_backoff(Duration::from_millis(1));
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(
            aws_sdk_applicationautoscaling::config::SharedCredentialsProvider::new(
                Credentials::new("id", "secret", None, None, "test"),
            ),
        )
        .retry_config(retries)
        .http_client(http.clone())
        .build();
    (ScalableTargets::new(&sdk), http)
}

/// Operation and body of what was sent.
fn sent(http: &StaticReplayClient) -> Vec<(String, Value)> {
    http.actual_requests()
        .map(|request| {
            let operation = request.headers().get("x-amz-target").unwrap_or_default();
            let operation = operation.rsplit('.').next().unwrap().to_owned();
            let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            (operation, body)
        })
        .collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn action(name: &str) -> ScheduledAction {
    ScheduledAction {
        name: name.to_owned(),
        start: Some(at("2026-11-22T06:00:00Z")),
        end: None,
        recurrence: None,
        min_size: Some(4),
        max_size: None,
        desired_capacity: None,
    }
}

fn scalable_target() -> Response {
    answer(&json!({ "ScalableTargets": [{
        "ServiceNamespace": "ecs", "ResourceId": "service/prod/web",
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 2, "MaxCapacity": 20, "RoleARN": "arn:aws:iam::1:role/r",
        "CreationTime": 1_700_000_000.0,
        "SuspendedState": { "ScheduledScalingSuspended": true },
    }]}))
}

fn service(desired: u32) -> Response {
    answer(&json!({ "services": [{
        "serviceName": "web", "status": "ACTIVE",
        "desiredCount": desired, "runningCount": 3, "pendingCount": 2,
    }]}))
}

#[tokio::test]
async fn a_service_looks_like_a_group() {
    let (port, http) = targets(vec![scalable_target(), service(5)]);
    let group = port.group(WEB).await.unwrap();
    assert_eq!(
        (group.min_size, group.max_size, group.desired_capacity),
        (2, 20, 5)
    );
    assert_eq!((group.in_service(), group.booting()), (3, 2));
    assert!(group.floors_only && group.suspends("ScheduledActions") && !group.deleting);
    let sent = sent(&http);
    assert_eq!(sent[0].0, "DescribeScalableTargets");
    assert_eq!(sent[0].1["ResourceIds"], json!(["service/prod/web"]));
    assert_eq!(sent[0].1["ScalableDimension"], "ecs:service:DesiredCount");
    let (port, _) = targets(vec![answer(&json!({ "ScalableTargets": [] }))]);
    assert_eq!(port.group(WEB).await.unwrap_err().code(), "NotFound");
    let (port, _) = targets(Vec::new());
    assert_eq!(port.group("web-asg").await.unwrap_err().code(), "Refused");
}

#[tokio::test]
async fn what_is_put_is_read_back() {
    let name = "forescale-ecs:service/prod/web-20261122T0600Z";
    let (port, http) = targets(vec![answer(&json!({}))]);
    let failed = port
        .put_scheduled_actions(WEB, &[action(name)])
        .await
        .unwrap();
    assert!(failed.is_empty());
    let (operation, body) = sent(&http).remove(0);
    assert_eq!(operation, "PutScheduledAction");
    assert_eq!(body["Schedule"], "at(2026-11-22T06:00:00)");
    assert_eq!(body["ScalableTargetAction"], json!({ "MinCapacity": 4 }));
    let outward = body["ScheduledActionName"].as_str().unwrap();
    assert!(!outward.contains([':', '/', '|']), "{outward}");
    let mut stored = body.clone();
    stored["ScheduledActionARN"] = json!("arn");
    stored["CreationTime"] = json!(1_700_000_000.0);
    let recurring = json!({
        "ScheduledActionName": "nightly", "ScheduledActionARN": "arn", "ServiceNamespace": "ecs",
        "Schedule": "cron(0 3 * * ? *)", "ResourceId": "service/prod/web",
        "CreationTime": 1_700_000_000.0, "ScalableTargetAction": { "MaxCapacity": 9 },
    });
    let (port, _) = targets(vec![
        answer(&json!({ "ScheduledActions": [stored], "NextToken": "more" })),
        answer(&json!({ "ScheduledActions": [recurring] })),
    ]);
    let actions = port.scheduled_actions(WEB).await.unwrap();
    assert_eq!(actions[0], action(name));
    assert_eq!(actions[1].recurrence.as_deref(), Some("cron(0 3 * * ? *)"));
    assert_eq!((actions[1].start, actions[1].max_size), (None, Some(9)));
}

#[tokio::test]
async fn one_refusal_does_not_cost_the_others_and_a_failure_midway_is_not_called_nothing() {
    let three = [action("a"), action("b"), action("c")];
    let (port, http) = targets(vec![
        answer(&json!({})),
        refusal(
            "ValidationException",
            "Scheduled time must be in the future",
        ),
        answer(&json!({})),
    ]);
    let failed = port.put_scheduled_actions(WEB, &three).await.unwrap();
    assert_eq!((failed.len(), failed[0].name.as_str()), (1, "b"));
    assert!(failed[0].message.contains("in the future"));
    assert_eq!(sent(&http).len(), 3);
    let throttled = || refusal("ThrottlingException", "Rate exceeded");
    let (port, _) = targets(vec![answer(&json!({})), throttled()]);
    let error = port.put_scheduled_actions(WEB, &three).await.unwrap_err();
    assert_eq!(error.code(), "Unanswered");
    let (port, _) = targets(vec![throttled()]);
    let error = port.put_scheduled_actions(WEB, &three).await.unwrap_err();
    assert_eq!(error.code(), "Throttled");
    let exact = ScheduledAction {
        desired_capacity: Some(4),
        ..action("d")
    };
    let (port, http) = targets(Vec::new());
    let failed = port.put_scheduled_actions(WEB, &[exact]).await.unwrap();
    assert_eq!((failed.len(), sent(&http).len()), (1, 0));
}

#[tokio::test]
async fn deleting_what_is_gone_is_no_failure() {
    let (port, http) = targets(vec![
        answer(&json!({})),
        refusal("ObjectNotFoundException", "No scheduled action found"),
    ]);
    let names = ["a".to_owned(), "b".to_owned()];
    let failed = port.delete_scheduled_actions(WEB, &names).await.unwrap();
    assert!(failed.is_empty());
    assert_eq!(sent(&http)[1].0, "DeleteScheduledAction");
}

#[tokio::test]
async fn a_higher_minimum_is_told_to_the_service_too() {
    let sizes = Sizes {
        min_size: Some(8),
        ..Sizes::default()
    };
    let (port, http) = targets(vec![answer(&json!({})), service(5), answer(&json!({}))]);
    port.resize(WEB, sizes).await.unwrap();
    let calls = sent(&http);
    let operations: Vec<&str> = calls
        .iter()
        .map(|(operation, _)| operation.as_str())
        .collect();
    let wanted = [
        "RegisterScalableTarget",
        "DescribeServices",
        "UpdateService",
    ];
    assert_eq!(operations, wanted);
    assert_eq!(calls[0].1["MinCapacity"], 8);
    assert_eq!(calls[0].1.get("MaxCapacity"), None);
    assert_eq!(calls[2].1["desiredCount"], 8);
    // There are more already.
    let (port, http) = targets(vec![answer(&json!({})), service(9)]);
    port.resize(WEB, sizes).await.unwrap();
    assert_eq!(sent(&http).len(), 2);
    let (port, http) = targets(vec![answer(&json!({}))]);
    port.resize("rds:cluster:orders", sizes).await.unwrap();
    assert_eq!(sent(&http).len(), 1);
}

#[tokio::test]
async fn policies_and_activities_are_told_in_our_words() {
    let policy = |name: &str, kind: &str, more: Value| {
        let mut policy = json!({
            "PolicyARN": "arn", "PolicyName": name, "ServiceNamespace": "ecs",
            "ResourceId": "service/prod/web", "ScalableDimension": "ecs:service:DesiredCount",
            "PolicyType": kind, "CreationTime": 1_700_000_000.0,
        });
        policy
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        policy
    };
    let (port, _) = targets(vec![answer(&json!({ "ScalingPolicies": [
        policy("cpu", "TargetTrackingScaling", json!({
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 60.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ECSServiceAverageCPUUtilization" },
            },
        })),
        policy("step", "StepScaling", json!({
            "StepScalingPolicyConfiguration": {
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [{ "ScalingAdjustment": 2 }],
            },
        })),
    ]}))]);
    let policies = port.policies(WEB).await.unwrap();
    assert_eq!(policies[0].kind, PolicyKind::TargetTracking);
    assert_eq!(policies[0].tracks, Some(Tracked::Cpu(60.0)));
    assert!(policies[0].scales_in && !policies[1].scales_in);
    let activity = |id: &str, second: f64, count: u32| {
        json!({
            "ActivityId": id, "ServiceNamespace": "rds", "ResourceId": "cluster:orders",
            "ScalableDimension": "rds:cluster:ReadReplicaCount",
            "Description": format!("Setting desired count to {count}."), "Cause": "alarm",
            "StartTime": second, "StatusCode": "Successful",
        })
    };
    let page = answer(&json!({ "ScalingActivities": [
        activity("b", 1_700_000_900.0, 4), activity("a", 1_700_000_000.0, 7),
    ], "NextToken": "older" }));
    let (port, http) = targets(vec![page]);
    let since = Timestamp::from_second(1_700_000_500).unwrap();
    let activities = port.activities("rds:cluster:orders", since).await.unwrap();
    assert_eq!((activities.len(), activities[0].id.as_str()), (1, "b"));
    assert_eq!(sent(&http).len(), 1, "nothing older is asked for");
    assert_eq!(convert::capacity(&activities), Some(4));
}
