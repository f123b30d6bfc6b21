use std::time::Duration;

use aws_sdk_autoscaling::config::retry::RetryConfig;
use aws_sdk_autoscaling::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
use aws_smithy_types::body::SdkBody;
use fleet::{ActivityStatus, Lifecycle, PolicyKind, ScheduledAction, Sizes};
use jiff::{SignedDuration, Timestamp};
use ports::{GroupReader, GroupWriter};

use super::*;

type Request = http::Request<SdkBody>;
type Response = http::Response<SdkBody>;

fn answer(operation: &str, result: &str) -> Response {
    let body = format!(
        "<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
    );
    http::Response::new(SdkBody::from(body))
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>\
         </Error></ErrorResponse>"
    );
    let response = http::Response::builder().status(status);
    response.body(SdkBody::from(body)).unwrap()
}

fn times(count: usize, answer: impl Fn() -> Response) -> Vec<Response> {
    std::iter::repeat_with(answer).take(count).collect()
}

fn groups(answers: Vec<Response>) -> (AutoScalingGroups, StaticReplayClient) {
    let events = answers
        .into_iter()
        .map(|response| ReplayEvent::new(Request::new(SdkBody::empty()), response))
        .collect();
    let http = StaticReplayClient::new(events);
    let retries = RetryConfig::standard()
        .with_max_attempts(2)
        .with_initial_backoff(Duration::from_millis(1));
    let config = aws_sdk_autoscaling::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .retry_config(retries)
        .http_client(http.clone())
        .build();
    let client = Client::from_conf(config);
    (AutoScalingGroups { client }, http)
}

fn sent(http: &StaticReplayClient) -> Vec<String> {
    http.actual_requests()
        .map(|request| String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap())
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

const SIZES: &str = "<MinSize>2</MinSize><MaxSize>12</MaxSize><DesiredCapacity>5</DesiredCapacity>";

#[tokio::test]
async fn reads_a_group() {
    let member = format!(
        "<AutoScalingGroups><member><AutoScalingGroupName>web</AutoScalingGroupName>{SIZES}\
         <DefaultInstanceWarmup>120</DefaultInstanceWarmup><Instances>\
         <member><InstanceId>i-1</InstanceId><LifecycleState>InService</LifecycleState>\
         <HealthStatus>Healthy</HealthStatus><WeightedCapacity>2</WeightedCapacity></member>\
         <member><InstanceId>i-2</InstanceId><LifecycleState>Pending:Wait</LifecycleState>\
         <HealthStatus>Healthy</HealthStatus></member>\
         <member><InstanceId>i-3</InstanceId><LifecycleState>Warmed:Stopped</LifecycleState></member>\
         <member><InstanceId>i-4</InstanceId><LifecycleState>Terminating:Wait</LifecycleState></member>\
         </Instances><SuspendedProcesses><member><ProcessName>ScheduledActions</ProcessName></member>\
         </SuspendedProcesses></member></AutoScalingGroups>"
    );
    let (groups, _) = groups(vec![answer("DescribeAutoScalingGroups", &member)]);
    let group = groups.group("web").await.unwrap();
    assert_eq!(
        (group.min_size, group.max_size, group.desired_capacity),
        (2, 12, 5)
    );
    assert_eq!((group.in_service(), group.booting()), (2, 1));
    assert_eq!(group.instances[2].lifecycle, Lifecycle::Aside);
    assert_eq!(group.instances[3].lifecycle, Lifecycle::Leaving);
    assert_eq!(group.default_warmup, Some(SignedDuration::from_mins(2)));
    assert!(group.suspends("ScheduledActions") && !group.deleting);
}

#[tokio::test]
async fn tells_a_group_that_is_not_there() {
    let (missing, _) = groups(vec![answer("DescribeAutoScalingGroups", "")]);
    assert_eq!(missing.group("web").await.unwrap_err().code(), "NotFound");
    let message = "AutoScalingGroup name not found - AutoScalingGroup 'web' not found";
    let (missing, _) = groups(vec![refusal(400, "ValidationError", message)]);
    let sizes = Sizes {
        min_size: Some(3),
        ..Sizes::default()
    };
    assert_eq!(
        missing.resize("web", sizes).await.unwrap_err().code(),
        "NotFound"
    );
}

#[tokio::test]
async fn follows_scheduled_actions_to_the_last_page() {
    let page = |name: &str, next: &str| {
        let result = format!(
            "<ScheduledUpdateGroupActions><member><ScheduledActionName>{name}</ScheduledActionName>\
             <StartTime>2026-11-22T06:00:00Z</StartTime><MinSize>4</MinSize></member>\
             </ScheduledUpdateGroupActions>{next}"
        );
        answer("DescribeScheduledActions", &result)
    };
    let (groups, http) = groups(vec![
        page("a", "<NextToken>more</NextToken>"),
        page("b", ""),
    ]);
    let all = groups.scheduled_actions("web").await.unwrap();
    assert_eq!(all, [action("a"), action("b")]);
    assert!(sent(&http)[1].contains("NextToken=more"));
}

#[tokio::test]
async fn knows_which_policies_remove_capacity() {
    let policy = |name: &str, kind: &str, rest: &str| {
        format!(
            "<member><PolicyName>{name}</PolicyName><PolicyType>{kind}</PolicyType>{rest}</member>"
        )
    };
    let tracking = |no_scale_in: bool| {
        format!(
            "<TargetTrackingConfiguration><TargetValue>50</TargetValue>\
             <DisableScaleIn>{no_scale_in}</DisableScaleIn></TargetTrackingConfiguration>"
        )
    };
    let step = |by: i32| {
        format!(
            "<AdjustmentType>ChangeInCapacity</AdjustmentType><StepAdjustments><member>\
             <ScalingAdjustment>{by}</ScalingAdjustment></member></StepAdjustments>"
        )
    };
    let members = [
        policy("track", "TargetTrackingScaling", &tracking(false)),
        policy("track-out", "TargetTrackingScaling", &tracking(true)),
        policy("step-in", "StepScaling", &step(-1)),
        policy("step-out", "StepScaling", &step(1)),
        policy(
            "simple-in",
            "SimpleScaling",
            "<ScalingAdjustment>-2</ScalingAdjustment>",
        ),
        policy(
            "exact",
            "SimpleScaling",
            "<AdjustmentType>ExactCapacity</AdjustmentType>",
        ),
        policy("predict", "PredictiveScaling", "<Enabled>false</Enabled>"),
    ];
    let result = format!("<ScalingPolicies>{}</ScalingPolicies>", members.concat());
    let (groups, _) = groups(vec![answer("DescribePolicies", &result)]);
    let found: Vec<_> = groups
        .policies("web")
        .await
        .unwrap()
        .into_iter()
        .map(|policy| (policy.name, policy.kind, policy.scales_in, policy.enabled))
        .collect();
    let expected = [
        ("track", PolicyKind::TargetTracking, true, true),
        ("track-out", PolicyKind::TargetTracking, false, true),
        ("step-in", PolicyKind::Step, true, true),
        ("step-out", PolicyKind::Step, false, true),
        ("simple-in", PolicyKind::Simple, true, true),
        ("exact", PolicyKind::Simple, true, true),
        ("predict", PolicyKind::Predictive, false, false),
    ]
    .map(|(name, kind, scales_in, on)| (name.to_owned(), kind, scales_in, on));
    assert_eq!(found, expected);
}

#[tokio::test]
async fn reads_activities_newest_first() {
    let member = |id: &str, start: &str, status: &str| {
        format!(
            "<member><ActivityId>{id}</ActivityId><AutoScalingGroupName>web</AutoScalingGroupName>\
             <Cause>demand</Cause><StartTime>{start}</StartTime><StatusCode>{status}</StatusCode>\
             </member>"
        )
    };
    let result = [
        member("old-but-open", "2026-11-01T00:00:00Z", "PreInService"),
        member("earlier", "2026-11-20T00:00:00Z", "Successful"),
        member("later", "2026-11-21T00:00:00Z", "Failed"),
    ]
    .concat();
    let result = format!("<Activities>{result}</Activities>");
    let (groups, http) = groups(vec![answer("DescribeScalingActivities", &result)]);
    let all = groups
        .activities("web", at("2026-11-10T00:00:00Z"))
        .await
        .unwrap();
    let found: Vec<_> = all
        .iter()
        .map(|one| (one.id.as_str(), one.status))
        .collect();
    assert_eq!(
        found,
        [
            ("later", ActivityStatus::Failed),
            ("earlier", ActivityStatus::Successful)
        ]
    );
    assert!(sent(&http)[0].contains("StartTimeLowerBound"));
}

#[tokio::test]
async fn hands_on_what_a_batch_refused() {
    let failed = "<FailedScheduledUpdateGroupActions><member>\
        <ScheduledActionName>b</ScheduledActionName><ErrorCode>AlreadyExists</ErrorCode>\
        <ErrorMessage>start time is taken</ErrorMessage></member></FailedScheduledUpdateGroupActions>";
    let (groups, http) = groups(vec![answer("BatchPutScheduledUpdateGroupAction", failed)]);
    let failures = groups
        .put_scheduled_actions("web", &[action("a"), action("b")])
        .await
        .unwrap();
    assert_eq!(failures.len(), 1);
    assert_eq!(
        (failures[0].name.as_str(), failures[0].code.as_str()),
        ("b", "AlreadyExists")
    );
    assert!(sent(&http)[0].contains("StartTime=2026-11-22T06%3A00%3A00Z"));
}

#[tokio::test]
async fn a_batch_that_is_empty_or_too_large_makes_no_call() {
    let (groups, http) = groups(Vec::new());
    assert_eq!(
        groups.put_scheduled_actions("web", &[]).await,
        Ok(Vec::new())
    );
    assert_eq!(
        groups.delete_scheduled_actions("web", &[]).await,
        Ok(Vec::new())
    );
    assert_eq!(groups.resize("web", Sizes::default()).await, Ok(()));
    let many = vec![action("a"); 51];
    let error = groups
        .put_scheduled_actions("web", &many)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "Refused");
    assert_eq!(sent(&http).len(), 0);
}

#[tokio::test]
async fn deleting_what_is_gone_is_no_failure() {
    let failed = |name: &str| {
        format!(
            "<member><ScheduledActionName>{name}</ScheduledActionName>\
             <ErrorCode>ValidationError</ErrorCode></member>"
        )
    };
    let refused = format!(
        "<FailedScheduledActions>{}{}</FailedScheduledActions>",
        failed("gone"),
        failed("stays")
    );
    let left = "<ScheduledUpdateGroupActions><member><ScheduledActionName>stays\
        </ScheduledActionName></member></ScheduledUpdateGroupActions>";
    let (groups, _) = groups(vec![
        answer("BatchDeleteScheduledAction", &refused),
        answer("DescribeScheduledActions", left),
    ]);
    let names = ["gone".to_owned(), "stays".to_owned()];
    let failures = groups
        .delete_scheduled_actions("web", &names)
        .await
        .unwrap();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].name, "stays");
}

#[tokio::test]
async fn resizes_in_one_call() {
    let (groups, http) = groups(vec![answer("UpdateAutoScalingGroup", "")]);
    let sizes = Sizes {
        min_size: Some(6),
        max_size: None,
        desired_capacity: Some(8),
    };
    groups.resize("web", sizes).await.unwrap();
    let body = &sent(&http)[0];
    assert!(
        body.contains("MinSize=6") && body.contains("DesiredCapacity=8"),
        "{body}"
    );
    assert!(!body.contains("MaxSize"), "{body}");
}

#[tokio::test]
async fn tells_errors_apart() {
    for (answers, code) in [
        (
            times(2, || refusal(400, "Throttling", "Rate exceeded")),
            "Throttled",
        ),
        (
            vec![refusal(400, "ScalingActivityInProgress", "busy")],
            "Conflict",
        ),
        (
            times(2, || refusal(500, "ResourceContention", "busy")),
            "Conflict",
        ),
        (vec![refusal(403, "AccessDenied", "no")], "Denied"),
        (
            vec![refusal(400, "ValidationError", "min > max")],
            "Refused",
        ),
        (
            times(2, || refusal(500, "InternalFailure", "?")),
            "Unanswered",
        ),
    ] {
        let sizes = Sizes {
            min_size: Some(6),
            ..Sizes::default()
        };
        let error = groups(answers).0.resize("web", sizes).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
}

#[tokio::test]
async fn a_policys_value_is_set_and_all_else_of_it_is_told_again() {
    let policy = "<ScalingPolicies><member><PolicyName>tt</PolicyName>\
        <PolicyType>TargetTrackingScaling</PolicyType><Enabled>true</Enabled>\
        <EstimatedInstanceWarmup>240</EstimatedInstanceWarmup>\
        <TargetTrackingConfiguration><PredefinedMetricSpecification>\
        <PredefinedMetricType>ALBRequestCountPerTarget</PredefinedMetricType>\
        <ResourceLabel>app/a/1/targetgroup/b/2</ResourceLabel></PredefinedMetricSpecification>\
        <TargetValue>600</TargetValue><DisableScaleIn>true</DisableScaleIn>\
        </TargetTrackingConfiguration></member></ScalingPolicies>";
    let (groups, http) = groups(vec![
        answer("DescribePolicies", policy),
        answer("PutScalingPolicy", "<PolicyARN>arn</PolicyARN>"),
        answer("DescribePolicies", policy),
        answer("DescribePolicies", "<ScalingPolicies/>"),
    ]);
    let value = fleet::Tracked::RequestsPerServer(900.0);
    groups.set_policy_target("web", "tt", value).await.unwrap();
    let body = sent(&http).remove(1);
    for told in [
        "PolicyName=tt",
        "TargetValue=900",
        "DisableScaleIn=true",
        "ResourceLabel=app%2Fa%2F1%2Ftargetgroup%2Fb%2F2",
        "EstimatedInstanceWarmup=240",
        "Enabled=true",
    ] {
        assert!(body.contains(told), "{told} in {body}");
    }
    // Another metric is not turned into this one, and what is not there is not made.
    let cpu = groups
        .set_policy_target("web", "tt", fleet::Tracked::Cpu(50.0))
        .await;
    assert_eq!(cpu.unwrap_err().code(), "Refused");
    let gone = groups.set_policy_target("web", "tt", value).await;
    assert_eq!(gone.unwrap_err().code(), "NotFound");
}
