use aws_sdk_autoscaling::types::{
    FailedScheduledUpdateGroupActionRequest, RefreshPreferences, ScheduledUpdateGroupActionRequest,
};
use fleet::{ItemFailure, MOST_ACTIONS_A_BATCH, ScheduledAction, Sizes, Tracked};
use ports::{GroupWriter, PortError};

use super::{AutoScalingGroups, call, convert};
use crate::answer::Call;
use crate::time::to_sdk;

impl GroupWriter for AutoScalingGroups {
    async fn put_scheduled_actions(
        &self,
        group: &str,
        actions: &[ScheduledAction],
    ) -> Result<Vec<ItemFailure>, PortError> {
        let call = call("put scheduled actions", group);
        if actions.is_empty() {
            return Ok(Vec::new());
        }
        within_a_batch(call, actions.len())?;
        let requests = actions
            .iter()
            .map(|action| request(call, action))
            .collect::<Result<Vec<_>, _>>()?;
        let answer = self
            .client
            .batch_put_scheduled_update_group_action()
            .auto_scaling_group_name(group)
            .set_scheduled_update_group_actions(Some(requests))
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(failures(answer.failed_scheduled_update_group_actions()))
    }

    async fn delete_scheduled_actions(
        &self,
        group: &str,
        names: &[String],
    ) -> Result<Vec<ItemFailure>, PortError> {
        let call = call("delete scheduled actions", group);
        if names.is_empty() {
            return Ok(Vec::new());
        }
        within_a_batch(call, names.len())?;
        let answer = self
            .client
            .batch_delete_scheduled_action()
            .auto_scaling_group_name(group)
            .set_scheduled_action_names(Some(names.to_vec()))
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        let mut failed = failures(answer.failed_scheduled_actions());
        if failed.is_empty() {
            return Ok(failed);
        }
        // One that has run or was deleted by somebody else is reported too. Whether it is gone
        // shows in the list, not in the wording of a message.
        let asked: Vec<String> = failed.iter().map(|item| item.name.clone()).collect();
        let left = self.describe_actions(group, &asked).await?;
        failed.retain(|item| left.iter().any(|action| action.name == item.name));
        Ok(failed)
    }

    async fn resize(&self, group: &str, sizes: Sizes) -> Result<(), PortError> {
        let call = call("resize group", group);
        if sizes == Sizes::default() {
            return Ok(());
        }
        // One call sets all three, so that no moment sees half of it. It ignores cooldowns, and
        // raises the desired capacity with MinSize where only that is given.
        self.client
            .update_auto_scaling_group()
            .auto_scaling_group_name(group)
            .set_min_size(convert::size(call, sizes.min_size)?)
            .set_max_size(convert::size(call, sizes.max_size)?)
            .set_desired_capacity(convert::size(call, sizes.desired_capacity)?)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(())
    }

    async fn set_policy_target(
        &self,
        group: &str,
        policy: &str,
        tracks: Tracked,
    ) -> Result<(), PortError> {
        let call = call("set policy target", group);
        let found = self
            .client
            .describe_policies()
            .auto_scaling_group_name(group)
            .policy_names(policy)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        // The call replaces the policy as a whole: what it is not told is gone. So it is told all.
        let present = found
            .scaling_policies()
            .iter()
            .find(|found| found.policy_name() == Some(policy))
            .ok_or_else(|| call.not_found())?;
        let tracking = present
            .target_tracking_configuration()
            .ok_or_else(|| call.refused(format!("policy {policy} is no target tracking")))?;
        let (value, metric) = match tracks {
            Tracked::RequestsPerServer(value) => (value, "ALBRequestCountPerTarget"),
            Tracked::Cpu(value) => (value, "ASGAverageCPUUtilization"),
        };
        let held = tracking
            .predefined_metric_specification()
            .and_then(|spec| spec.predefined_metric_type())
            .map(|kind| kind.as_str());
        if held != Some(metric) {
            return Err(call.refused(format!("policy {policy} does not hold {metric}")));
        }
        let mut tracking = tracking.clone();
        tracking.target_value = Some(value);
        self.client
            .put_scaling_policy()
            .auto_scaling_group_name(group)
            .policy_name(policy)
            .policy_type("TargetTrackingScaling")
            .set_estimated_instance_warmup(present.estimated_instance_warmup())
            .set_enabled(present.enabled())
            .target_tracking_configuration(tracking)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(())
    }

    async fn start_instance_refresh(&self, group: &str) -> Result<(), PortError> {
        let call = call("start instance refresh", group);
        // All of them stay until their successors serve: MinHealthyPercentage of 100 launches
        // before it terminates.
        let preferences = RefreshPreferences::builder()
            .min_healthy_percentage(100)
            .max_healthy_percentage(110)
            .build();
        self.client
            .start_instance_refresh()
            .auto_scaling_group_name(group)
            .preferences(preferences)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(())
    }
}

fn within_a_batch(call: Call<'_>, items: usize) -> Result<(), PortError> {
    if items <= MOST_ACTIONS_A_BATCH {
        Ok(())
    } else {
        Err(call.refused(format!(
            "{items} actions in one batch: allowed are 1 to {MOST_ACTIONS_A_BATCH}"
        )))
    }
}

fn request(
    call: Call<'_>,
    action: &ScheduledAction,
) -> Result<ScheduledUpdateGroupActionRequest, PortError> {
    Ok(ScheduledUpdateGroupActionRequest::builder()
        .scheduled_action_name(&action.name)
        .set_start_time(action.start.map(to_sdk))
        .set_end_time(action.end.map(to_sdk))
        .set_recurrence(action.recurrence.clone())
        .set_min_size(convert::size(call, action.min_size)?)
        .set_max_size(convert::size(call, action.max_size)?)
        .set_desired_capacity(convert::size(call, action.desired_capacity)?)
        .build())
}

fn failures(items: &[FailedScheduledUpdateGroupActionRequest]) -> Vec<ItemFailure> {
    items
        .iter()
        .map(|item| ItemFailure {
            name: item.scheduled_action_name().unwrap_or_default().to_owned(),
            code: item.error_code().unwrap_or("Unknown").to_owned(),
            message: item.error_message().unwrap_or_default().to_owned(),
        })
        .collect()
}
