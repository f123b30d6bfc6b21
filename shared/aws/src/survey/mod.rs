//! Looking over an account: groups, load balancers, alarms, schedules, queues, quotas, permissions.
//!
//! The stack's own resources are found by asking CloudFormation for what it made of each of the template.

mod convert;
mod stack;

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::types::AlarmType;
use ports::{
    AlarmListing, DeadLetters, Listing, PortError, RoleCall, RoleOf, Survey, Timetable, Verdict,
};

use crate::answer::Call;

/// Pages of one list: 100 items each, so more than an account may have.
const MOST_PAGES: usize = 500;
/// Items of one page of a description.
const PAGE: i32 = 100;
/// Target groups in one call.
const TARGET_GROUPS_A_CALL: usize = 20;
/// Quota "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", in vCPUs. Source: EC2
/// user guide, "On-Demand Instance quotas".
const VCPU_QUOTA: (&str, &str) = ("ec2", "L-1216C47A");

/// The account and region of the environment.
#[derive(Debug, Clone)]
pub struct AccountSurvey {
    groups: aws_sdk_autoscaling::Client,
    balancers: aws_sdk_elasticloadbalancingv2::Client,
    alarms: aws_sdk_cloudwatch::Client,
    rules: aws_sdk_eventbridge::Client,
    schedules: aws_sdk_scheduler::Client,
    queues: aws_sdk_sqs::Client,
    formation: aws_sdk_cloudformation::Client,
    parameters: aws_sdk_ssm::Client,
    quotas: aws_sdk_servicequotas::Client,
    roles: aws_sdk_iam::Client,
    stack: Option<String>,
}

impl AccountSurvey {
    /// The account and region of `sdk`; `stack` is the name of the deployment, without which its own
    /// resources are not known.
    #[must_use]
    pub fn new(sdk: &SdkConfig, stack: Option<&str>) -> Self {
        Self {
            groups: aws_sdk_autoscaling::Client::new(sdk),
            balancers: aws_sdk_elasticloadbalancingv2::Client::new(sdk),
            alarms: aws_sdk_cloudwatch::Client::new(sdk),
            rules: aws_sdk_eventbridge::Client::new(sdk),
            schedules: aws_sdk_scheduler::Client::new(sdk),
            queues: aws_sdk_sqs::Client::new(sdk),
            formation: aws_sdk_cloudformation::Client::new(sdk),
            parameters: aws_sdk_ssm::Client::new(sdk),
            quotas: aws_sdk_servicequotas::Client::new(sdk),
            roles: aws_sdk_iam::Client::new(sdk),
            stack: stack.map(str::to_owned),
        }
    }

    async fn load_balancers_of(
        &self,
        arns: &[String],
    ) -> Result<BTreeMap<String, Vec<String>>, PortError> {
        let resource = arns.join(", ");
        let call = call("describe target groups", &resource);
        let found = self
            .balancers
            .describe_target_groups()
            .set_target_group_arns(Some(arns.to_vec()))
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        let pair = |group: &aws_sdk_elasticloadbalancingv2::types::TargetGroup| {
            let balancers = group.load_balancer_arns().to_vec();
            Some((group.target_group_arn()?.to_owned(), balancers))
        };
        Ok(found.target_groups().iter().filter_map(pair).collect())
    }
}

fn call<'a>(operation: &'static str, resource: &'a str) -> Call<'a> {
    Call {
        operation,
        resource,
    }
}

impl Survey for AccountSurvey {
    async fn listings(&self) -> Result<Vec<Listing>, PortError> {
        let call = call("list groups", "the account");
        let (mut all, mut token) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = self
                .groups
                .describe_auto_scaling_groups()
                .max_records(PAGE)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
            for group in page.auto_scaling_groups() {
                all.push(convert::listing(call, group)?);
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }

    async fn load_balancers(
        &self,
        target_groups: &[String],
    ) -> Result<BTreeMap<String, Vec<String>>, PortError> {
        let mut all = BTreeMap::new();
        for some in target_groups.chunks(TARGET_GROUPS_A_CALL) {
            match self.load_balancers_of(some).await {
                Ok(found) => all.extend(found),
                // One that is gone fails the whole call: each by itself then.
                Err(PortError::NotFound { .. } | PortError::Refused { .. }) => {
                    for one in some {
                        match self.load_balancers_of(std::slice::from_ref(one)).await {
                            Ok(found) => all.extend(found),
                            Err(PortError::NotFound { .. } | PortError::Refused { .. }) => {}
                            Err(error) => return Err(error),
                        }
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    async fn alarms(&self, prefix: &str) -> Result<Vec<AlarmListing>, PortError> {
        let call = call("list alarms", prefix);
        let (mut all, mut token) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = self
                .alarms
                .describe_alarms()
                .set_alarm_name_prefix((!prefix.is_empty()).then(|| prefix.to_owned()))
                .alarm_types(AlarmType::MetricAlarm)
                .alarm_types(AlarmType::CompositeAlarm)
                .max_records(PAGE)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
            all.extend(page.metric_alarms().iter().filter_map(convert::alarm));
            all.extend(
                page.composite_alarms()
                    .iter()
                    .filter_map(convert::composite),
            );
            token = page.next_token;
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }

    async fn answered_prefixes(&self) -> Result<Vec<String>, PortError> {
        self.prefixes_of_rules().await
    }

    async fn stack_arn(&self, logical: &str) -> Result<String, PortError> {
        self.arn(logical).await
    }

    async fn nightly(&self) -> Result<Option<Timetable>, PortError> {
        self.schedule_of_nights().await
    }

    async fn dead_letters(&self) -> Result<DeadLetters, PortError> {
        Ok(DeadLetters {
            events: self.waiting("FailedEvents").await?,
            tasks: self.waiting("FailedTasks").await?,
        })
    }

    async fn parameter(&self, name: &str) -> Result<Option<String>, PortError> {
        let call = call("read parameter", name);
        match self.parameters.get_parameter().name(name).send().await {
            Ok(found) => Ok(found.parameter.and_then(|parameter| parameter.value)),
            Err(error) if error.code() == Some("ParameterNotFound") => Ok(None),
            Err(error) => Err(call.failed(&error)),
        }
    }

    async fn vcpu_quota(&self) -> Result<f64, PortError> {
        let (service, code) = VCPU_QUOTA;
        let call = call("get quota", code);
        let own = self.quotas.get_service_quota().service_code(service);
        let own = own.quota_code(code).send().await;
        let quota = match own.map_err(|error| call.failed(&error)) {
            Ok(answer) => answer.quota,
            // Nobody ever asked for another one.
            Err(PortError::NotFound { .. }) => {
                let default = self.quotas.get_aws_default_service_quota();
                let default = default.service_code(service).quota_code(code).send().await;
                default.map_err(|error| call.failed(&error))?.quota
            }
            Err(error) => return Err(error),
        };
        let value = quota.and_then(|quota| quota.value);
        value
            .filter(|value| value.is_finite() && *value >= 0.0)
            .ok_or_else(|| call.unanswered("an answer without value"))
    }

    async fn allowed(&self, role: RoleOf, calls: &[RoleCall]) -> Result<Vec<Verdict>, PortError> {
        self.verdicts(role, calls).await
    }
}

#[cfg(test)]
mod tests;
