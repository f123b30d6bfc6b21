//! The deployment's own resources, by what CloudFormation says of them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudformation::types::StackResourceDetail;
use aws_sdk_eventbridge::types::RuleState;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use aws_sdk_scheduler::types::ScheduleState;
use aws_sdk_sqs::types::QueueAttributeName;
use ports::{PortError, RoleCall, RoleOf, Timetable, Verdict};

use super::{AccountSurvey, MOST_PAGES, call};

/// The rule that calls the responder, as SAM names it.
const RULE: &str = "ResponderFunctionAlarmStateChange";
/// How the stack itself is asked for.
const STACK_ID: &str = "AWS::StackId";
/// A resource that every stack has, by which the stack's own id is known.
const ANY: &str = "Documents";
/// Resources in one simulation.
const RESOURCES_A_CALL: usize = 100;
/// Results of one page; AWS allows up to 1,000. Source: IAM API reference, SimulatePrincipalPolicy.
const RESULTS_A_PAGE: i32 = 1000;

impl AccountSurvey {
    fn stack(&self, operation: &'static str) -> Result<&str, PortError> {
        self.stack.as_deref().ok_or_else(|| {
            call(operation, "the stack").refused("no stack was named: give --stack NAME")
        })
    }

    /// What CloudFormation has under the name `logical` of the template. The name alone does not tell
    /// how the resource is called: the stack's name and the resource's are cut short where they are long.
    async fn detail(
        &self,
        operation: &'static str,
        logical: &str,
    ) -> Result<StackResourceDetail, PortError> {
        let stack = self.stack(operation)?;
        let resource = format!("{logical} of the stack {stack}");
        let call = call(operation, &resource);
        let found = self.formation.describe_stack_resource();
        let found = found.stack_name(stack).logical_resource_id(logical);
        let found = found.send().await.map_err(|error| call.failed(&error))?;
        found.stack_resource_detail.ok_or_else(|| call.not_found())
    }

    async fn physical(&self, operation: &'static str, logical: &str) -> Result<String, PortError> {
        let detail = self.detail(operation, logical).await?;
        let name = detail.physical_resource_id;
        name.ok_or_else(|| call(operation, logical).not_found())
    }

    /// The ARN of the resource `logical`, or of the stack itself.
    pub(super) async fn arn(&self, logical: &str) -> Result<String, PortError> {
        const OPERATION: &str = "find resource";
        let call = call(OPERATION, logical);
        let asked = if logical == STACK_ID { ANY } else { logical };
        let detail = self.detail(OPERATION, asked).await?;
        let stack = detail.stack_id().unwrap_or_default();
        if logical == STACK_ID {
            return Some(stack.to_owned())
                .filter(|stack| stack.starts_with("arn:"))
                .ok_or_else(|| call.unanswered("a resource without its stack"));
        }
        let kind = detail.resource_type().unwrap_or_default();
        let physical = detail.physical_resource_id();
        let physical = physical.ok_or_else(|| call.not_found())?;
        arn(stack, kind, physical)
            .ok_or_else(|| call.unanswered(format!("{physical} of {kind}, whose ARN is not known")))
    }

    /// What alarm names begin with in the pattern of the responder's rule, where it is switched on.
    pub(super) async fn prefixes_of_rules(&self) -> Result<Vec<String>, PortError> {
        const OPERATION: &str = "look at rule";
        let name = self.physical(OPERATION, RULE).await?;
        let call = call(OPERATION, &name);
        let rule = self.rules.describe_rule().name(&name).send().await;
        let rule = rule.map_err(|error| call.failed(&error))?;
        Ok(match (rule.state(), rule.event_pattern()) {
            (Some(RuleState::Enabled), Some(pattern)) => prefixes(pattern),
            _ => Vec::new(),
        })
    }

    /// The stack's schedule called `nightly`, in the schedule group that has the stack's name.
    pub(super) async fn schedule_of_nights(&self) -> Result<Option<Timetable>, PortError> {
        const OPERATION: &str = "get schedule";
        let stack = self.stack(OPERATION)?;
        let call = call(OPERATION, stack);
        let asked = self.schedules.get_schedule();
        let asked = asked.name("nightly").group_name(stack);
        let found = match asked.send().await.map_err(|error| call.failed(&error)) {
            Ok(found) => found,
            Err(PortError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let zone = found.schedule_expression_timezone().unwrap_or("UTC");
        Ok(Some(Timetable {
            expression: found.schedule_expression().unwrap_or_default().to_owned(),
            zone: zone.to_owned(),
            enabled: found.state() == Some(&ScheduleState::Enabled),
        }))
    }

    /// Messages in the queue `logical` of the stack.
    pub(super) async fn waiting(&self, logical: &str) -> Result<u64, PortError> {
        const OPERATION: &str = "count failed events";
        // A queue's own id is its URL.
        let url = self.physical(OPERATION, logical).await?;
        let call = call(OPERATION, logical);
        let asked = self.queues.get_queue_attributes().queue_url(&url);
        let asked = asked.attribute_names(QueueAttributeName::ApproximateNumberOfMessages);
        let found = asked.send().await.map_err(|error| call.failed(&error))?;
        let count = found
            .attributes()
            .and_then(|all| all.get(&QueueAttributeName::ApproximateNumberOfMessages))
            .and_then(|count| count.parse::<u64>().ok());
        count.ok_or_else(|| call.unanswered("a queue without its number of messages"))
    }

    /// What IAM says of the calls of a role. Simulation knows the role's policies, its
    /// permissions boundary and the organization's policies, but no policy of a bucket or key.
    /// Source: IAM user guide, "IAM policy testing with the IAM policy simulator".
    pub(super) async fn verdicts(
        &self,
        role: RoleOf,
        calls: &[RoleCall],
    ) -> Result<Vec<Verdict>, PortError> {
        let arn = self.role(role).await?;
        let call = call("simulate policy", &arn);
        let mut verdicts = Vec::new();
        for (asked, resources) in alike(calls) {
            for some in resources.chunks(RESOURCES_A_CALL) {
                let told = self.simulated(&arn, &asked, some).await?;
                for resource in some {
                    for action in &asked.actions {
                        let key = ((*resource).to_owned(), action.to_ascii_lowercase());
                        let decision = told.get(&key).ok_or_else(|| {
                            call.unanswered(format!("no word of {action} on {resource}"))
                        })?;
                        verdicts.push(Verdict {
                            action: (*action).to_owned(),
                            resource: (*resource).to_owned(),
                            allowed: *decision == PolicyEvaluationDecisionType::Allowed,
                            decision: decision.as_str().to_owned(),
                        });
                    }
                }
            }
        }
        Ok(verdicts)
    }

    /// Decisions by resource and action, the latter in lower case.
    async fn simulated(
        &self,
        role: &str,
        asked: &Alike<'_>,
        resources: &[&str],
    ) -> Result<BTreeMap<(String, String), PolicyEvaluationDecisionType>, PortError> {
        let call = call("simulate policy", role);
        let entry = |(key, value): (&String, &String)| {
            let entry = ContextEntry::builder().context_key_name(key);
            let entry = entry.context_key_type(ContextKeyTypeEnum::String);
            entry.context_key_values(value).build()
        };
        let entries: Vec<ContextEntry> = asked.context.iter().map(entry).collect();
        let actions: Vec<String> = asked.actions.iter().map(|it| (*it).to_owned()).collect();
        let resources: Vec<String> = resources.iter().map(|it| (*it).to_owned()).collect();
        let (mut told, mut marker) = (BTreeMap::new(), None);
        for _ in 0..MOST_PAGES {
            let answer = self.roles.simulate_principal_policy();
            let answer = answer
                .policy_source_arn(role)
                .set_action_names(Some(actions.clone()))
                .set_resource_arns(Some(resources.clone()))
                .set_context_entries(Some(entries.clone()))
                .max_items(RESULTS_A_PAGE)
                .set_marker(marker)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
            for result in answer.evaluation_results() {
                let action = result.eval_action_name().to_ascii_lowercase();
                // About one resource the result itself tells; about several, each within it, or each in a
                // result of its own.
                let each = result.resource_specific_results();
                let whole = match resources.as_slice() {
                    [one] => Some(one.as_str()),
                    _ if each.is_empty() => result.eval_resource_name(),
                    _ => None,
                };
                if let Some(one) = whole {
                    let key = (one.to_owned(), action);
                    told.insert(key, result.eval_decision().clone());
                    continue;
                }
                told.extend(each.iter().map(|one| {
                    let key = (one.eval_resource_name().to_owned(), action.clone());
                    (key, one.eval_resource_decision().clone())
                }));
            }
            if !answer.is_truncated() {
                return Ok(told);
            }
            marker = answer.marker;
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }

    async fn role(&self, role: RoleOf) -> Result<String, PortError> {
        const OPERATION: &str = "find role";
        let logical = match role {
            RoleOf::Forecaster => "ForecasterRole",
            RoleOf::Planner => "PlannerRole",
            RoleOf::Responder => "ResponderRole",
            RoleOf::NightlySchedule => "NightlyScheduleRole",
            RoleOf::HourlySchedule => "HourlyScheduleRole",
        };
        let name = self.physical(OPERATION, logical).await?;
        let call = call(OPERATION, &name);
        let found = self.roles.get_role().role_name(&name).send().await;
        let found = found.map_err(|error| call.failed(&error))?;
        let role = found.role().ok_or_else(|| call.not_found())?;
        Ok(role.arn().to_owned())
    }
}

/// Calls that are decided alike but for their resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Alike<'a> {
    actions: BTreeSet<&'a str>,
    context: &'a BTreeMap<String, String>,
    /// Whether they are about no resource, which is asked for by itself.
    unscoped: bool,
}

/// `calls` in as few questions as they fit into.
fn alike(calls: &[RoleCall]) -> BTreeMap<Alike<'_>, Vec<&str>> {
    let mut by_resource: BTreeMap<(&str, &BTreeMap<String, String>), BTreeSet<&str>> =
        BTreeMap::new();
    for call in calls {
        let actions = by_resource.entry((&call.resource, &call.context));
        actions.or_default().insert(&call.action);
    }
    let mut alike: BTreeMap<Alike<'_>, Vec<&str>> = BTreeMap::new();
    for ((resource, context), actions) in by_resource {
        let asked = Alike {
            actions,
            context,
            unscoped: resource == "*",
        };
        alike.entry(asked).or_default().push(resource);
    }
    alike
}

/// The ARN of a resource, by its stack's, its type and its physical id. Sources: CloudFormation user
/// guide, what `Ref` returns of each type; service authorization reference, ARNs of each service.
fn arn(stack: &str, kind: &str, physical: &str) -> Option<String> {
    if physical.starts_with("arn:") {
        return Some(physical.to_owned());
    }
    let mut parts = stack.split(':').skip(1);
    let (partition, _, region) = (parts.next()?, parts.next()?, parts.next()?);
    let account = parts.next()?;
    let of = |service: &str, rest: &str| {
        Some(format!(
            "arn:{partition}:{service}:{region}:{account}:{rest}"
        ))
    };
    match kind {
        // A queue's id is its URL.
        "AWS::SQS::Queue" => of("sqs", physical.rsplit_once('/')?.1),
        "AWS::KMS::Key" => of("kms", &format!("key/{physical}")),
        "AWS::Logs::LogGroup" => of("logs", &format!("log-group:{physical}")),
        _ => None,
    }
}

/// The prefixes of `detail.alarmName` in an event pattern.
fn prefixes(pattern: &str) -> Vec<String> {
    let pattern: serde_json::Value = serde_json::from_str(pattern).unwrap_or_default();
    let names = pattern.pointer("/detail/alarmName");
    let names = names
        .and_then(serde_json::Value::as_array)
        .into_iter()
        .flatten();
    names
        .filter_map(|name| match name {
            serde_json::Value::String(whole) => Some(whole.clone()),
            other => other.get("prefix")?.as_str().map(str::to_owned),
        })
        .collect()
}
