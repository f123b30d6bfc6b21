use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::DescribeAutoScalingGroupsOutput;
use aws_sdk_autoscaling::types::{
    self as sdk, AutoScalingGroup, EnabledMetric, LaunchTemplateOverrides,
    LaunchTemplateSpecification, MixedInstancesPolicy, TagDescription,
};
use aws_sdk_cloudformation::operation::describe_stack_resource::{
    DescribeStackResourceError, DescribeStackResourceOutput,
};
use aws_sdk_cloudformation::types::{ResourceStatus, StackResourceDetail};
use aws_sdk_elasticloadbalancingv2::operation::describe_target_groups::{
    DescribeTargetGroupsError, DescribeTargetGroupsOutput,
};
use aws_sdk_elasticloadbalancingv2::types::TargetGroup;
use aws_sdk_elasticloadbalancingv2::types::error::TargetGroupNotFoundException;
use aws_sdk_eventbridge::operation::describe_rule::DescribeRuleOutput;
use aws_sdk_eventbridge::types::RuleState;
use aws_sdk_iam::operation::get_role::GetRoleOutput;
use aws_sdk_iam::operation::simulate_principal_policy::SimulatePrincipalPolicyOutput;
use aws_sdk_iam::types::{
    EvaluationResult, PolicyEvaluationDecisionType, ResourceSpecificResult, Role,
};
use aws_sdk_scheduler::operation::get_schedule::{GetScheduleError, GetScheduleOutput};
use aws_sdk_scheduler::types::ScheduleState;
use aws_sdk_servicequotas::operation::get_aws_default_service_quota::GetAwsDefaultServiceQuotaOutput;
use aws_sdk_servicequotas::operation::get_service_quota::GetServiceQuotaError;
use aws_sdk_servicequotas::types::ServiceQuota;
use aws_sdk_servicequotas::types::error::NoSuchResourceException;
use aws_sdk_sqs::operation::get_queue_attributes::GetQueueAttributesOutput;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_sdk_ssm::operation::get_parameter::{GetParameterError, GetParameterOutput};
use aws_sdk_ssm::types::Parameter;
use aws_sdk_ssm::types::error::ParameterNotFound;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use aws_smithy_types::DateTime;

use super::*;

fn survey() -> AccountSurvey {
    let sdk = SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-central-1"))
        .build();
    AccountSurvey::new(&sdk, Some("forescale"))
}

#[tokio::test]
async fn groups_are_listed_to_the_last_page_with_tags_and_metrics() {
    let group = |name: &str| {
        AutoScalingGroup::builder()
            .auto_scaling_group_name(name)
            .min_size(1)
            .max_size(4)
            .desired_capacity(2)
            .tags(
                TagDescription::builder()
                    .key("forescale")
                    .value("managed")
                    .build(),
            )
            .enabled_metrics(
                EnabledMetric::builder()
                    .metric("GroupInServiceInstances")
                    .build(),
            )
            .build()
    };
    let first = mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_groups)
        .match_requests(|input| input.next_token().is_none())
        .then_output(move || {
            let page = DescribeAutoScalingGroupsOutput::builder();
            page.auto_scaling_groups(group("a"))
                .next_token("more")
                .build()
        });
    let second = mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_groups)
        .match_requests(|input| input.next_token() == Some("more"))
        .then_output(move || {
            let page = DescribeAutoScalingGroupsOutput::builder();
            page.auto_scaling_groups(group("b")).build()
        });
    let survey = AccountSurvey {
        groups: mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, [&first, &second]),
        ..survey()
    };
    let found = survey.listings().await.unwrap();
    let names: Vec<&str> = found.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(found[0].tags["forescale"], "managed");
    assert_eq!(found[0].collected, ["GroupInServiceInstances"]);
}

#[tokio::test]
async fn a_target_group_that_is_gone_does_not_hide_the_others() {
    let found = mock!(aws_sdk_elasticloadbalancingv2::Client::describe_target_groups)
        .match_requests(|input| input.target_group_arns() == ["one"])
        .then_output(|| {
            let group = TargetGroup::builder()
                .target_group_arn("one")
                .load_balancer_arns("lb");
            DescribeTargetGroupsOutput::builder()
                .target_groups(group.build())
                .build()
        });
    let gone = mock!(aws_sdk_elasticloadbalancingv2::Client::describe_target_groups)
        .match_requests(|input| input.target_group_arns().contains(&"gone".to_owned()))
        .then_error(|| {
            let error = TargetGroupNotFoundException::builder().build();
            DescribeTargetGroupsError::TargetGroupNotFoundException(error)
        });
    let survey = AccountSurvey {
        balancers: mock_client!(
            aws_sdk_elasticloadbalancingv2,
            RuleMode::MatchAny,
            [&found, &gone]
        ),
        ..survey()
    };
    let found = survey
        .load_balancers(&["one".to_owned(), "gone".to_owned()])
        .await
        .unwrap();
    assert_eq!(found, [("one".to_owned(), vec!["lb".to_owned()])].into());
}

/// CloudFormation, where every resource is called as in the template, with `made-` before it.
fn formation() -> aws_sdk_cloudformation::Client {
    let found = mock!(aws_sdk_cloudformation::Client::describe_stack_resource)
        .match_requests(|input| input.stack_name() == Some("forescale"))
        .then_compute_output(|input| {
            let logical = input.logical_resource_id().unwrap_or_default();
            let detail = StackResourceDetail::builder()
                .logical_resource_id(logical)
                .physical_resource_id(match logical {
                    "FailedEvents" => {
                        "https://sqs.cn-north-1.amazonaws.com.cn/7/made-it".to_owned()
                    }
                    "Alias" => "arn:aws-cn:lambda:cn-north-1:7:function:made:live".to_owned(),
                    _ => format!("made-{logical}"),
                })
                .stack_id("arn:aws-cn:cloudformation:cn-north-1:7:stack/forescale/1a2b")
                .resource_type(match logical {
                    "FailedEvents" | "FailedTasks" => "AWS::SQS::Queue",
                    "Key" => "AWS::KMS::Key",
                    "Logs" => "AWS::Logs::LogGroup",
                    _ => "AWS::Any",
                })
                .last_updated_timestamp(DateTime::from_secs(0))
                .resource_status(ResourceStatus::CreateComplete)
                .build();
            let answer = DescribeStackResourceOutput::builder();
            answer.stack_resource_detail(detail).build()
        });
    mock_client!(aws_sdk_cloudformation, RuleMode::MatchAny, [&found])
}

#[tokio::test]
async fn prefixes_come_from_the_rule_where_it_is_switched_on() {
    for (state, wanted) in [
        (RuleState::Enabled, vec!["forescale-", "web-load"]),
        (RuleState::Disabled, vec![]),
    ] {
        let pattern = r#"{"detail":{"alarmName":[{"prefix":"forescale-"},"web-load"]}}"#;
        let rule = mock!(aws_sdk_eventbridge::Client::describe_rule)
            .match_requests(|input| input.name() == Some("made-ResponderFunctionAlarmStateChange"))
            .then_output(move || {
                let rule = DescribeRuleOutput::builder();
                rule.state(state.clone()).event_pattern(pattern).build()
            });
        let survey = AccountSurvey {
            rules: mock_client!(aws_sdk_eventbridge, [&rule]),
            formation: formation(),
            ..survey()
        };
        assert_eq!(survey.answered_prefixes().await.unwrap(), wanted);
    }
}

#[tokio::test]
async fn the_night_is_this_stacks_and_none_where_there_is_no_schedule() {
    let own = mock!(aws_sdk_scheduler::Client::get_schedule)
        .match_requests(|input| {
            input.name() == Some("nightly") && input.group_name() == Some("forescale")
        })
        .then_output(|| {
            GetScheduleOutput::builder()
                .schedule_expression("cron(5 0 * * ? *)")
                .schedule_expression_timezone("Asia/Tokyo")
                .state(ScheduleState::Enabled)
                .build()
        });
    let with = |rule: &aws_smithy_mocks::Rule| AccountSurvey {
        schedules: mock_client!(aws_sdk_scheduler, [rule]),
        ..survey()
    };
    let night = with(&own).nightly().await.unwrap().unwrap();
    assert!(night.enabled);
    assert_eq!(
        (night.expression.as_str(), night.zone.as_str()),
        ("cron(5 0 * * ? *)", "Asia/Tokyo")
    );
    let none = mock!(aws_sdk_scheduler::Client::get_schedule).then_error(|| {
        let meta = aws_smithy_types::error::ErrorMetadata::builder();
        GetScheduleError::generic(meta.code("ResourceNotFoundException").build())
    });
    assert_eq!(with(&none).nightly().await.unwrap(), None);
}

#[tokio::test]
async fn what_was_given_up_is_counted_in_the_stacks_two_queues() {
    let count = |name: &'static str, count: &'static str| {
        mock!(aws_sdk_sqs::Client::get_queue_attributes)
            .match_requests(move |input| input.queue_url() == Some(name))
            .then_output(move || {
                let answer = GetQueueAttributesOutput::builder();
                let number = QueueAttributeName::ApproximateNumberOfMessages;
                answer.attributes(number, count).build()
            })
    };
    let events = count("https://sqs.cn-north-1.amazonaws.com.cn/7/made-it", "3");
    let tasks = count("made-FailedTasks", "50");
    let survey = AccountSurvey {
        queues: mock_client!(aws_sdk_sqs, RuleMode::MatchAny, [&events, &tasks]),
        formation: formation(),
        ..survey()
    };
    let found = survey.dead_letters().await.unwrap();
    assert_eq!((found.events, found.tasks), (3, 50));
}

#[tokio::test]
async fn what_the_stack_has_is_known_by_its_arn() {
    let survey = AccountSurvey {
        formation: formation(),
        ..survey()
    };
    for (logical, wanted) in [
        ("Alias", "arn:aws-cn:lambda:cn-north-1:7:function:made:live"),
        ("FailedEvents", "arn:aws-cn:sqs:cn-north-1:7:made-it"),
        ("Key", "arn:aws-cn:kms:cn-north-1:7:key/made-Key"),
        ("Logs", "arn:aws-cn:logs:cn-north-1:7:log-group:made-Logs"),
        (
            "AWS::StackId",
            "arn:aws-cn:cloudformation:cn-north-1:7:stack/forescale/1a2b",
        ),
    ] {
        assert_eq!(survey.stack_arn(logical).await.unwrap(), wanted);
    }
    // What has no ARN that could be told is not made up.
    let error = survey.stack_arn("Other").await.unwrap_err();
    assert!(error.to_string().contains("AWS::Any"), "{error}");
}

#[tokio::test]
async fn groups_tell_which_version_of_which_launch_template_they_take() {
    let given = |id: &str, version: Option<&str>| {
        LaunchTemplateSpecification::builder()
            .launch_template_id(id)
            .set_version(version.map(str::to_owned))
            .build()
    };
    let group = |name: &str| {
        let group = AutoScalingGroup::builder().auto_scaling_group_name(name);
        group.min_size(1).max_size(4).desired_capacity(2)
    };
    let of_types = LaunchTemplateOverrides::builder();
    let mixed = sdk::LaunchTemplate::builder()
        .launch_template_specification(given("lt-1", Some("$Latest")))
        .overrides(of_types.clone().instance_type("m5.large").build())
        .overrides(
            of_types
                .launch_template_specification(given("lt-2", Some("7")))
                .build(),
        );
    let mixed = MixedInstancesPolicy::builder().launch_template(mixed.build());
    let groups = [
        group("plain").launch_template(given("lt-1", None)).build(),
        group("pinned")
            .launch_template(given("lt-1", Some("7")))
            .build(),
        group("mixed").mixed_instances_policy(mixed.build()).build(),
        group("old").launch_configuration_name("web").build(),
    ];
    let listed =
        mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_groups).then_output(move || {
            let page = DescribeAutoScalingGroupsOutput::builder();
            page.set_auto_scaling_groups(Some(groups.to_vec())).build()
        });
    let survey = AccountSurvey {
        groups: mock_client!(aws_sdk_autoscaling, [&listed]),
        ..survey()
    };
    let found = survey.listings().await.unwrap();
    let told: Vec<Vec<(&str, &str)>> = (found.iter())
        .map(|it| &it.launch_templates)
        .map(|all| all.iter().map(|it| (&*it.id, &*it.version)).collect())
        .collect();
    assert_eq!(told[0], [("lt-1", "$Default")]);
    assert_eq!(told[1], [("lt-1", "7")]);
    assert_eq!(told[2], [("lt-1", "$Latest"), ("lt-2", "7")]);
    assert_eq!(told[3], []);
}

#[tokio::test]
async fn a_stack_that_is_not_there_is_told() {
    let none = mock!(aws_sdk_cloudformation::Client::describe_stack_resource).then_error(|| {
        let meta = aws_smithy_types::error::ErrorMetadata::builder();
        let meta = meta.code("ValidationError");
        let meta = meta.message("Stack 'forescale' does not exist").build();
        DescribeStackResourceError::generic(meta)
    });
    let survey = AccountSurvey {
        formation: mock_client!(aws_sdk_cloudformation, RuleMode::MatchAny, [&none]),
        ..survey()
    };
    let error = survey.dead_letters().await.unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
    let error = survey.allowed(RoleOf::Planner, &[]).await.unwrap_err();
    assert!(error.to_string().contains("PlannerRole"), "{error}");
}

#[tokio::test]
async fn a_parameter_is_read_and_one_that_is_not_there_is_none() {
    let found = mock!(aws_sdk_ssm::Client::get_parameter)
        .match_requests(|input| input.name() == Some("/forescale/images/web/image"))
        .then_output(|| {
            let parameter = Parameter::builder().value("{}").build();
            GetParameterOutput::builder().parameter(parameter).build()
        });
    let none = mock!(aws_sdk_ssm::Client::get_parameter)
        .match_requests(|input| input.name() == Some("/forescale/images/web/release"))
        .then_error(|| {
            let meta = aws_smithy_types::error::ErrorMetadata::builder();
            let meta = meta.code("ParameterNotFound").build();
            let error = ParameterNotFound::builder().meta(meta).build();
            GetParameterError::ParameterNotFound(error)
        });
    let survey = AccountSurvey {
        parameters: mock_client!(aws_sdk_ssm, RuleMode::MatchAny, [&found, &none]),
        ..survey()
    };
    let image = survey.parameter("/forescale/images/web/image").await;
    assert_eq!(image.unwrap().as_deref(), Some("{}"));
    let release = survey.parameter("/forescale/images/web/release").await;
    assert_eq!(release.unwrap(), None);
}

#[tokio::test]
async fn without_a_stack_its_resources_are_not_guessed() {
    let survey = AccountSurvey {
        stack: None,
        ..survey()
    };
    let error = survey.answered_prefixes().await.unwrap_err();
    assert!(error.to_string().contains("--stack"), "{error}");
    assert_eq!(survey.dead_letters().await.unwrap_err().code(), "Refused");
}

#[tokio::test]
async fn a_quota_that_nobody_changed_is_the_default() {
    let own = mock!(aws_sdk_servicequotas::Client::get_service_quota).then_error(|| {
        let meta = aws_smithy_types::error::ErrorMetadata::builder();
        let meta = meta.code("NoSuchResourceException").build();
        let error = NoSuchResourceException::builder().meta(meta).build();
        GetServiceQuotaError::NoSuchResourceException(error)
    });
    let default = mock!(aws_sdk_servicequotas::Client::get_aws_default_service_quota)
        .match_requests(|input| input.quota_code() == Some("L-1216C47A"))
        .then_output(|| {
            let quota = ServiceQuota::builder().value(5.0).build();
            GetAwsDefaultServiceQuotaOutput::builder()
                .quota(quota)
                .build()
        });
    let survey = AccountSurvey {
        quotas: mock_client!(aws_sdk_servicequotas, RuleMode::MatchAny, [&own, &default]),
        ..survey()
    };
    assert_eq!(survey.vcpu_quota().await.unwrap(), 5.0);
}

fn role() -> aws_smithy_mocks::Rule {
    mock!(aws_sdk_iam::Client::get_role)
        .match_requests(|input| input.role_name() == Some("made-PlannerRole"))
        .then_output(|| {
            let role = Role::builder()
                .path("/")
                .role_name("made-PlannerRole")
                .role_id("AROA0000000000000000")
                .arn("arn:aws:iam::1:role/made-PlannerRole")
                .create_date(DateTime::from_secs(0))
                .build()
                .unwrap();
            GetRoleOutput::builder().role(role).build()
        })
}

/// IAM, which denies what ends in `-no`. Of several resources it tells within each result where
/// `nested`, and in results of their own elsewhere, half of them on a second page.
fn simulator(nested: bool) -> aws_smithy_mocks::Rule {
    mock!(aws_sdk_iam::Client::simulate_principal_policy).then_compute_output(move |input| {
        let decision = |resource: &str| match resource.ends_with("-no") {
            true => PolicyEvaluationDecisionType::ExplicitDeny,
            false => PolicyEvaluationDecisionType::Allowed,
        };
        let mut results = Vec::new();
        for action in input.action_names() {
            let result = EvaluationResult::builder().eval_action_name(action);
            if nested {
                let each = input.resource_arns().iter().map(|resource| {
                    let one = ResourceSpecificResult::builder().eval_resource_name(resource);
                    one.eval_resource_decision(decision(resource))
                        .build()
                        .unwrap()
                });
                let whole = result.set_resource_specific_results(Some(each.collect()));
                let whole = whole.eval_decision(PolicyEvaluationDecisionType::ImplicitDeny);
                results.push(whole.build().unwrap());
            } else {
                results.extend(input.resource_arns().iter().map(|resource| {
                    let one = result.clone().eval_resource_name(resource);
                    one.eval_decision(decision(resource)).build().unwrap()
                }));
            }
        }
        let half = if nested { 0 } else { results.len() / 2 };
        let later = results.split_off(half);
        let more = input.marker().is_none() && !results.is_empty();
        SimulatePrincipalPolicyOutput::builder()
            .set_evaluation_results(Some(if more { results } else { later }))
            .is_truncated(more)
            .set_marker(more.then(|| "more".to_owned()))
            .build()
    })
}

#[tokio::test]
async fn many_documents_are_one_question_and_each_has_its_answer() {
    let call = |resource: &str| RoleCall {
        action: "s3:PutObject".to_owned(),
        resource: resource.to_owned(),
        context: [].into(),
    };
    let calls = [
        call("arn:a"),
        call("arn:b-no"),
        call("arn:c"),
        call("arn:a"),
    ];
    for nested in [true, false] {
        let simulated = simulator(nested);
        let survey = AccountSurvey {
            roles: mock_client!(aws_sdk_iam, RuleMode::MatchAny, [&role(), &simulated]),
            formation: formation(),
            ..survey()
        };
        let verdicts = survey.allowed(RoleOf::Planner, &calls).await.unwrap();
        let told: Vec<_> = (verdicts.iter())
            .map(|it| (it.resource.as_str(), it.allowed, it.decision.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("arn:a", true, "allowed"),
                ("arn:b-no", false, "explicitDeny"),
                ("arn:c", true, "allowed"),
            ]
        );
        assert_eq!(simulated.num_calls(), if nested { 1 } else { 2 });
    }
    // An answer that leaves something out is none.
    let short = mock!(aws_sdk_iam::Client::simulate_principal_policy)
        .then_output(|| SimulatePrincipalPolicyOutput::builder().build());
    let survey = AccountSurvey {
        roles: mock_client!(aws_sdk_iam, RuleMode::MatchAny, [&role(), &short]),
        formation: formation(),
        ..survey()
    };
    let error = survey.allowed(RoleOf::Planner, &calls).await.unwrap_err();
    assert!(
        error.to_string().contains("s3:PutObject on arn:a"),
        "{error}"
    );
}

#[tokio::test]
async fn a_role_is_asked_about_with_the_groups_tags() {
    let roles = role();
    let simulated = mock!(aws_sdk_iam::Client::simulate_principal_policy)
        .match_requests(|input| {
            let tags: Vec<_> = input
                .context_entries()
                .iter()
                .map(|it| it.context_key_name())
                .collect();
            input.policy_source_arn() == Some("arn:aws:iam::1:role/made-PlannerRole")
                && input.resource_arns() == ["arn:group"]
                && tags == [Some("aws:ResourceTag/forescale")]
        })
        .then_output(|| {
            let result = |action: &str, decision| {
                let result = EvaluationResult::builder().eval_action_name(action);
                result.eval_decision(decision).build().unwrap()
            };
            SimulatePrincipalPolicyOutput::builder()
                .evaluation_results(result(
                    "autoscaling:A",
                    PolicyEvaluationDecisionType::Allowed,
                ))
                .evaluation_results(result(
                    "autoscaling:B",
                    PolicyEvaluationDecisionType::ImplicitDeny,
                ))
                .build()
        });
    let survey = AccountSurvey {
        roles: mock_client!(aws_sdk_iam, RuleMode::MatchAny, [&roles, &simulated]),
        formation: formation(),
        ..survey()
    };
    let call = |action: &str| RoleCall {
        action: action.to_owned(),
        resource: "arn:group".to_owned(),
        context: [("aws:ResourceTag/forescale".to_owned(), "managed".to_owned())].into(),
    };
    let calls = [call("autoscaling:A"), call("autoscaling:B")];
    let verdicts = survey.allowed(RoleOf::Planner, &calls).await.unwrap();
    let told: Vec<_> = verdicts
        .iter()
        .map(|v| (v.action.as_str(), v.allowed))
        .collect();
    assert_eq!(told, [("autoscaling:A", true), ("autoscaling:B", false)]);
    assert_eq!(simulated.num_calls(), 1);
}
