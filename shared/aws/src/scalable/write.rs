use aws_sdk_applicationautoscaling::types::ScalableTargetAction;
use fleet::{ItemFailure, MOST_ACTIONS_A_BATCH, ScheduledAction, Sizes};
use ports::{GroupWriter, PortError};

use super::{Names, ScalableTargets, call, convert, names};
use crate::answer::Call;

impl GroupWriter for ScalableTargets {
    /// One call an action: there are no batches. One that is refused does not cost the others; any
    /// other failure ends the batch, and what came before it is written.
    async fn put_scheduled_actions(
        &self,
        group: &str,
        actions: &[ScheduledAction],
    ) -> Result<Vec<ItemFailure>, PortError> {
        let call = call("put scheduled action", group);
        let names = names(call)?;
        within_a_batch(call, actions.len())?;
        let mut failed = Vec::new();
        for (index, action) in actions.iter().enumerate() {
            match self.put(call, &names, action).await {
                Ok(()) => {}
                Err(PortError::Refused { detail, .. }) => failed.push(ItemFailure {
                    name: action.name.clone(),
                    code: "ValidationException".to_owned(),
                    message: detail,
                }),
                Err(error) => return Err(partly(call, index, error)),
            }
        }
        Ok(failed)
    }

    async fn delete_scheduled_actions(
        &self,
        group: &str,
        names_of: &[String],
    ) -> Result<Vec<ItemFailure>, PortError> {
        let call = call("delete scheduled action", group);
        let names = names(call)?;
        within_a_batch(call, names_of.len())?;
        for (index, name) in names_of.iter().enumerate() {
            let answer = self
                .client
                .delete_scheduled_action()
                .service_namespace(names.namespace.clone())
                .resource_id(&names.target.resource)
                .scalable_dimension(names.dimension.clone())
                .scheduled_action_name(convert::outward(name))
                .send()
                .await
                .map_err(|error| call.failed(&error));
            match answer {
                // One that is gone already is what was wanted.
                Ok(_) | Err(PortError::NotFound { .. }) => {}
                Err(error) => return Err(partly(call, index, error)),
            }
        }
        Ok(Vec::new())
    }

    /// Sets the limits. Application Auto Scaling heeds a higher minimum when a policy or a schedule
    /// next acts, so that an ECS service is told its count too.
    async fn resize(&self, group: &str, sizes: Sizes) -> Result<(), PortError> {
        let call = call("resize scalable target", group);
        let names = names(call)?;
        if sizes == Sizes::default() {
            return Ok(());
        }
        if sizes.min_size.is_some() || sizes.max_size.is_some() {
            self.client
                .register_scalable_target()
                .service_namespace(names.namespace.clone())
                .resource_id(&names.target.resource)
                .scalable_dimension(names.dimension.clone())
                .set_min_capacity(convert::size(call, sizes.min_size)?)
                .set_max_capacity(convert::size(call, sizes.max_size)?)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
        }
        let Some((cluster, service)) = names.target.ecs() else {
            return match sizes.desired_capacity {
                None => Ok(()),
                Some(_) => Err(call.refused("only limits can be set of this kind of resource")),
            };
        };
        let lifted = match (sizes.desired_capacity, sizes.min_size) {
            (Some(desired), _) => Some(desired),
            (None, Some(min)) => {
                let counts = self.counts(call, &names).await?;
                counts.filter(|now| now.desired < min).map(|_| min)
            }
            (None, None) => None,
        };
        if let Some(count) = convert::size(call, lifted)? {
            self.ecs
                .update_service()
                .cluster(cluster)
                .service(service)
                .desired_count(count)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
        }
        Ok(())
    }

    async fn set_policy_target(
        &self,
        group: &str,
        policy: &str,
        _: fleet::Tracked,
    ) -> Result<(), PortError> {
        let call = call("set policy target", group);
        Err(call.refused(format!(
            "{policy}: policies of scalable targets are left to people"
        )))
    }

    /// ECS replaces a service's tasks by a new deployment of the same task definition.
    async fn start_instance_refresh(&self, group: &str) -> Result<(), PortError> {
        let call = call("start deployment", group);
        let names = names(call)?;
        let Some((cluster, service)) = names.target.ecs() else {
            return Err(call.refused("this kind of resource has no servers to replace"));
        };
        self.ecs
            .update_service()
            .cluster(cluster)
            .service(service)
            .force_new_deployment(true)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(())
    }
}

impl ScalableTargets {
    async fn put(
        &self,
        call: Call<'_>,
        names: &Names,
        action: &ScheduledAction,
    ) -> Result<(), PortError> {
        if action.desired_capacity.is_some() {
            return Err(call.refused("a scheduled action sets limits, not the desired capacity"));
        }
        let (schedule, start) = match (&action.recurrence, action.start) {
            (Some(recurrence), start) => (recurrence.clone(), start),
            (None, Some(start)) => (convert::schedule_at(start), None),
            (None, None) => return Err(call.refused("a scheduled action without a start")),
        };
        let sizes = ScalableTargetAction::builder()
            .set_min_capacity(convert::size(call, action.min_size)?)
            .set_max_capacity(convert::size(call, action.max_size)?)
            .build();
        // Everything is sent each time: what an update leaves out is taken back. Source: API
        // reference, PutScheduledAction.
        self.client
            .put_scheduled_action()
            .service_namespace(names.namespace.clone())
            .resource_id(&names.target.resource)
            .scalable_dimension(names.dimension.clone())
            .scheduled_action_name(convert::outward(&action.name))
            .schedule(schedule)
            .timezone("UTC")
            .set_start_time(start.map(crate::time::to_sdk))
            .set_end_time(action.end.map(crate::time::to_sdk))
            .scalable_target_action(sizes)
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
            "{items} actions at once: allowed are 0 to {MOST_ACTIONS_A_BATCH}"
        )))
    }
}

/// After the first item nobody can say that nothing was written.
fn partly(call: Call<'_>, done: usize, error: PortError) -> PortError {
    if done == 0 {
        return error;
    }
    call.unanswered(format!("{done} of them are done, then {error}"))
}
