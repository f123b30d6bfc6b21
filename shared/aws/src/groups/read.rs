use aws_sdk_autoscaling::types::Filter;
use fleet::{Activity, Group, Policy, ScheduledAction};
use jiff::Timestamp;
use ports::{GroupReader, PortError};

use super::{AutoScalingGroups, MOST_PAGES, PAGE, call, convert};

impl GroupReader for AutoScalingGroups {
    async fn group(&self, name: &str) -> Result<Group, PortError> {
        let call = call("describe group", name);
        let found = self
            .client
            .describe_auto_scaling_groups()
            .auto_scaling_group_names(name)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        let group = found
            .auto_scaling_groups()
            .iter()
            .find(|group| group.auto_scaling_group_name() == Some(name))
            .ok_or_else(|| call.not_found())?;
        convert::group(call, group)
    }

    async fn scheduled_actions(&self, group: &str) -> Result<Vec<ScheduledAction>, PortError> {
        self.describe_actions(group, &[]).await
    }

    async fn policies(&self, group: &str) -> Result<Vec<Policy>, PortError> {
        let call = call("describe policies", group);
        let mut all = Vec::new();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .client
                .describe_policies()
                .auto_scaling_group_name(group)
                .max_records(PAGE)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
            for policy in page.scaling_policies() {
                all.push(convert::policy(call, policy)?);
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }

    async fn activities(&self, group: &str, since: Timestamp) -> Result<Vec<Activity>, PortError> {
        let call = call("describe activities", group);
        let recent = Filter::builder()
            .name("StartTimeLowerBound")
            .values(since.to_string())
            .build();
        let mut all = Vec::new();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .client
                .describe_scaling_activities()
                .auto_scaling_group_name(group)
                .filters(recent.clone())
                .max_records(PAGE)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
            for activity in page.activities() {
                all.push(convert::activity(call, activity)?);
            }
            token = page.next_token;
            if token.is_none() {
                // AWS gives those under way first, whenever they began.
                all.retain(|activity: &Activity| activity.started >= since);
                all.sort_by_key(|activity| std::cmp::Reverse(activity.started));
                return Ok(all);
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }
}

impl AutoScalingGroups {
    /// The group's pending actions: those called `names`, or all where `names` is empty.
    pub(super) async fn describe_actions(
        &self,
        group: &str,
        names: &[String],
    ) -> Result<Vec<ScheduledAction>, PortError> {
        let call = call("describe scheduled actions", group);
        let names = (!names.is_empty()).then(|| names.to_vec());
        let mut all = Vec::new();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .client
                .describe_scheduled_actions()
                .auto_scaling_group_name(group)
                .set_scheduled_action_names(names.clone())
                .max_records(PAGE)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
            for action in page.scheduled_update_group_actions() {
                all.push(convert::scheduled_action(call, action)?);
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }
}
