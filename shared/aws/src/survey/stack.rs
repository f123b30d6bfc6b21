//! The deployment's own resources, by the names that CloudFormation gives them.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::types::RuleState;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use aws_sdk_scheduler::types::ScheduleState;
use aws_sdk_sqs::types::QueueAttributeName;
use ports::{PortError, RoleCall, RoleOf, Timetable, Verdict};

use super::{AccountSurvey, MOST_PAGES, call};

/// Actions in one simulation; the whole answer is one page of up to 1,000 results.
const ACTIONS_A_CALL: usize = 50;

impl AccountSurvey {
    fn stack(&self, operation: &'static str) -> Result<&str, PortError> {
        self.stack.as_deref().ok_or_else(|| {
            call(operation, "the stack").refused("no stack was named: give --stack NAME")
        })
    }

    /// What alarm names begin with in the patterns of the responder's rules that are switched on.
    pub(super) async fn prefixes_of_rules(&self) -> Result<Vec<String>, PortError> {
        const OPERATION: &str = "list rules";
        let name = format!("{}-Responder", self.stack(OPERATION)?);
        let call = call(OPERATION, &name);
        let (mut all, mut token) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = self
                .rules
                .list_rules()
                .name_prefix(&name)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
            for rule in page.rules() {
                if rule.state() == Some(&RuleState::Enabled)
                    && let Some(pattern) = rule.event_pattern()
                {
                    all.extend(prefixes(pattern));
                }
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }

    /// The stack's schedule called `nightly`.
    pub(super) async fn schedule_of_nights(&self) -> Result<Option<Timetable>, PortError> {
        const OPERATION: &str = "get schedule";
        let stack = self.stack(OPERATION)?;
        let call = call(OPERATION, stack);
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .schedules
                .list_schedules()
                .name_prefix("nightly")
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
            let own = page.schedules().iter().find(|schedule| {
                let group = schedule.group_name().unwrap_or_default();
                schedule.name() == Some("nightly")
                    && (group == stack || group.starts_with(&format!("{stack}-")))
            });
            if let Some(own) = own {
                let whole = self
                    .schedules
                    .get_schedule()
                    .name("nightly")
                    .set_group_name(own.group_name().map(str::to_owned))
                    .send()
                    .await
                    .map_err(|error| call.failed(&error))?;
                let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                let zone = whole.schedule_expression_timezone().unwrap_or("UTC");
                return Ok(Some(Timetable {
                    expression: text(whole.schedule_expression()),
                    zone: zone.to_owned(),
                    enabled: whole.state() == Some(&ScheduleState::Enabled),
                }));
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(None);
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }

    /// Events in the stack's queue of failed events.
    pub(super) async fn waiting_events(&self) -> Result<u64, PortError> {
        const OPERATION: &str = "count failed events";
        let name = format!("{}-FailedEvents", self.stack(OPERATION)?);
        let call = call(OPERATION, &name);
        let queues = self
            .queues
            .list_queues()
            .queue_name_prefix(&name)
            .send()
            .await;
        let queues = queues.map_err(|error| call.failed(&error))?;
        if queues.queue_urls().is_empty() {
            return Err(call.not_found());
        }
        let mut waiting = 0;
        for url in queues.queue_urls() {
            let asked = self.queues.get_queue_attributes().queue_url(url);
            let asked = asked.attribute_names(QueueAttributeName::ApproximateNumberOfMessages);
            let found = asked.send().await.map_err(|error| call.failed(&error))?;
            let count = found
                .attributes()
                .and_then(|all| all.get(&QueueAttributeName::ApproximateNumberOfMessages))
                .and_then(|count| count.parse::<u64>().ok());
            waiting +=
                count.ok_or_else(|| call.unanswered("a queue without its number of messages"))?;
        }
        Ok(waiting)
    }

    /// What IAM says of the calls of a function's role. Simulation knows the role's policies, its
    /// permissions boundary and the organization's policies, but no policy of a bucket or key.
    /// Source: IAM user guide, "IAM policy testing with the IAM policy simulator".
    pub(super) async fn verdicts(
        &self,
        role: RoleOf,
        calls: &[RoleCall],
    ) -> Result<Vec<Verdict>, PortError> {
        let arn = self.role(role).await?;
        let call = call("simulate policy", &arn);
        // Calls about one thing are asked about at once.
        let mut alike: BTreeMap<(&str, &BTreeMap<String, String>), Vec<&RoleCall>> =
            BTreeMap::new();
        for asked in calls {
            alike
                .entry((&asked.resource, &asked.context))
                .or_default()
                .push(asked);
        }
        let mut verdicts = Vec::new();
        for ((resource, context), asked) in alike {
            let entries: Vec<ContextEntry> = (context.iter())
                .map(|(key, value)| {
                    ContextEntry::builder()
                        .context_key_name(key)
                        .context_key_type(ContextKeyTypeEnum::String)
                        .context_key_values(value)
                        .build()
                })
                .collect();
            for some in asked.chunks(ACTIONS_A_CALL) {
                let actions = some.iter().map(|call| call.action.clone()).collect();
                let answer = self
                    .roles
                    .simulate_principal_policy()
                    .policy_source_arn(&arn)
                    .set_action_names(Some(actions))
                    .resource_arns(resource)
                    .set_context_entries(Some(entries.clone()))
                    .send()
                    .await
                    .map_err(|error| call.failed(&error))?;
                for result in answer.evaluation_results() {
                    verdicts.push(Verdict {
                        action: result.eval_action_name().to_owned(),
                        resource: resource.to_owned(),
                        allowed: *result.eval_decision() == PolicyEvaluationDecisionType::Allowed,
                        decision: result.eval_decision().as_str().to_owned(),
                    });
                }
            }
        }
        Ok(verdicts)
    }

    async fn role(&self, role: RoleOf) -> Result<String, PortError> {
        const OPERATION: &str = "find role";
        let logical = match role {
            RoleOf::Forecaster => "ForecasterRole",
            RoleOf::Planner => "PlannerRole",
            RoleOf::Responder => "ResponderRole",
        };
        let name = format!("{}-{logical}", self.stack(OPERATION)?);
        let call = call(OPERATION, &name);
        let mut marker = None;
        for _ in 0..MOST_PAGES {
            let page = self.roles.list_roles().set_marker(marker).send().await;
            let page = page.map_err(|error| call.failed(&error))?;
            if let Some(found) = page
                .roles()
                .iter()
                .find(|it| it.role_name().starts_with(&name))
            {
                return Ok(found.arn().to_owned());
            }
            marker = page.marker;
            if !page.is_truncated || marker.is_none() {
                return Err(call.not_found());
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
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
