use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::DescribeAutoScalingGroupsOutput;
use aws_sdk_autoscaling::types::{AutoScalingGroup, EnabledMetric, TagDescription};
use aws_sdk_elasticloadbalancingv2::operation::describe_target_groups::{
    DescribeTargetGroupsError, DescribeTargetGroupsOutput,
};
use aws_sdk_elasticloadbalancingv2::types::TargetGroup;
use aws_sdk_elasticloadbalancingv2::types::error::TargetGroupNotFoundException;
use aws_sdk_eventbridge::operation::list_rules::ListRulesOutput;
use aws_sdk_eventbridge::types::{Rule, RuleState};
use aws_sdk_iam::operation::list_roles::ListRolesOutput;
use aws_sdk_iam::operation::simulate_principal_policy::SimulatePrincipalPolicyOutput;
use aws_sdk_iam::types::{EvaluationResult, PolicyEvaluationDecisionType, Role};
use aws_sdk_servicequotas::operation::get_aws_default_service_quota::GetAwsDefaultServiceQuotaOutput;
use aws_sdk_servicequotas::operation::get_service_quota::GetServiceQuotaError;
use aws_sdk_servicequotas::types::ServiceQuota;
use aws_sdk_servicequotas::types::error::NoSuchResourceException;
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

#[tokio::test]
async fn prefixes_come_from_the_rules_that_are_switched_on() {
    let pattern = r#"{"detail":{"alarmName":[{"prefix":"forescale-"},"web-load"]}}"#;
    let rules = mock!(aws_sdk_eventbridge::Client::list_rules)
        .match_requests(|input| input.name_prefix() == Some("forescale-Responder"))
        .then_output(move || {
            let rule = |state| Rule::builder().state(state).event_pattern(pattern).build();
            let page = ListRulesOutput::builder();
            page.rules(rule(RuleState::Enabled))
                .rules(rule(RuleState::Disabled))
                .build()
        });
    let survey = AccountSurvey {
        rules: mock_client!(aws_sdk_eventbridge, [&rules]),
        ..survey()
    };
    assert_eq!(
        survey.answered_prefixes().await.unwrap(),
        ["forescale-", "web-load"]
    );
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

#[tokio::test]
async fn a_role_is_asked_about_with_the_groups_tags() {
    let roles = mock!(aws_sdk_iam::Client::list_roles).then_output(|| {
        let role = |name: &str| {
            Role::builder()
                .path("/")
                .role_name(name)
                .role_id("AROA0000000000000000")
                .arn(format!("arn:aws:iam::1:role/{name}"))
                .create_date(DateTime::from_secs(0))
                .build()
                .unwrap()
        };
        let page = ListRolesOutput::builder();
        let page = page
            .roles(role("other-PlannerRole-1"))
            .roles(role("forescale-PlannerRole-1"));
        page.build().unwrap()
    });
    let simulated = mock!(aws_sdk_iam::Client::simulate_principal_policy)
        .match_requests(|input| {
            let tags: Vec<_> = input
                .context_entries()
                .iter()
                .map(|it| it.context_key_name())
                .collect();
            input.policy_source_arn() == Some("arn:aws:iam::1:role/forescale-PlannerRole-1")
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
