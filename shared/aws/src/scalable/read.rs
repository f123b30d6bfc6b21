use fleet::{Activity, Group, Instance, Lifecycle, Policy, ScheduledAction};
use jiff::Timestamp;
use ports::{GroupReader, PortError};

use super::{MOST_PAGES, Names, PAGE, ScalableTargets, call, convert, names};
use crate::answer::Call;

/// Tasks, or whatever a service runs, at one moment.
pub(super) struct Counts {
    pub(super) desired: u32,
    running: u32,
    pending: u32,
    deleting: bool,
}

impl GroupReader for ScalableTargets {
    async fn group(&self, name: &str) -> Result<Group, PortError> {
        let call = call("describe scalable target", name);
        let names = names(call)?;
        let found = self
            .client
            .describe_scalable_targets()
            .service_namespace(names.namespace.clone())
            .resource_ids(&names.target.resource)
            .scalable_dimension(names.dimension.clone())
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        let target = found
            .scalable_targets()
            .first()
            .ok_or_else(|| call.not_found())?;
        let counts = self.counts(call, &names).await?;
        let suspended = target.suspended_state();
        let state = |of: Option<Option<bool>>, name: &str| {
            of.flatten().unwrap_or(false).then(|| name.to_owned())
        };
        let lasting = convert::count(call, Some(target.min_capacity()))?.unwrap_or(0);
        let running = counts.as_ref().map_or(lasting, |counts| counts.running);
        let pending = counts.as_ref().map_or(0, |counts| counts.pending);
        Ok(Group {
            name: name.to_owned(),
            min_size: lasting,
            max_size: convert::count(call, Some(target.max_capacity()))?.unwrap_or(0),
            desired_capacity: counts.as_ref().map_or(lasting, |counts| counts.desired),
            instances: tasks(running, Lifecycle::InService)
                .chain(tasks(pending, Lifecycle::Pending))
                .collect(),
            // The words of Auto Scaling for the same.
            suspended_processes: [
                state(
                    suspended.map(|state| state.scheduled_scaling_suspended()),
                    "ScheduledActions",
                ),
                state(
                    suspended.map(|state| state.dynamic_scaling_out_suspended()),
                    "AlarmNotification",
                ),
            ]
            .into_iter()
            .flatten()
            .collect(),
            deleting: counts.is_some_and(|counts| counts.deleting),
            floors_only: true,
            ..Group::default()
        })
    }

    async fn scheduled_actions(&self, group: &str) -> Result<Vec<ScheduledAction>, PortError> {
        let call = call("describe scheduled actions", group);
        let names = names(call)?;
        let mut all = Vec::new();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .client
                .describe_scheduled_actions()
                .service_namespace(names.namespace.clone())
                .resource_id(&names.target.resource)
                .scalable_dimension(names.dimension.clone())
                .max_results(PAGE)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
            for action in page.scheduled_actions() {
                all.push(convert::scheduled_action(call, action)?);
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }

    async fn policies(&self, group: &str) -> Result<Vec<Policy>, PortError> {
        let call = call("describe policies", group);
        let names = names(call)?;
        let mut all = Vec::new();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .client
                .describe_scaling_policies()
                .service_namespace(names.namespace.clone())
                .resource_id(&names.target.resource)
                .scalable_dimension(names.dimension.clone())
                .max_results(PAGE)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
            all.extend(page.scaling_policies().iter().map(convert::policy));
            token = page.next_token;
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }

    async fn activities(&self, group: &str, since: Timestamp) -> Result<Vec<Activity>, PortError> {
        let call = call("describe activities", group);
        let names = names(call)?;
        let mut all: Vec<Activity> = Vec::new();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .client
                .describe_scaling_activities()
                .service_namespace(names.namespace.clone())
                .resource_id(&names.target.resource)
                .scalable_dimension(names.dimension.clone())
                .max_results(PAGE)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
            for activity in page.scaling_activities() {
                all.push(convert::activity(call, activity)?);
            }
            token = page.next_token;
            // Newest first, and no lower bound can be asked for. Source: API reference.
            let past = all.last().is_some_and(|oldest| oldest.started < since);
            if token.is_none() || past {
                all.retain(|activity| activity.started >= since);
                all.sort_by_key(|activity| std::cmp::Reverse(activity.started));
                return Ok(all);
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }
}

impl ScalableTargets {
    /// How many there are; `None` where nothing tells.
    pub(super) async fn counts(
        &self,
        call: Call<'_>,
        names: &Names,
    ) -> Result<Option<Counts>, PortError> {
        let Some((cluster, service)) = names.target.ecs() else {
            let recent = self.activities(call.resource, Timestamp::MIN).await?;
            return Ok(convert::capacity(&recent).map(|desired| Counts {
                desired,
                running: desired,
                pending: 0,
                deleting: false,
            }));
        };
        let found = self
            .ecs
            .describe_services()
            .cluster(cluster)
            .services(service)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        let service = found.services().first().ok_or_else(|| call.not_found())?;
        let count = |value| convert::count(call, Some(value)).map(Option::unwrap_or_default);
        Ok(Some(Counts {
            desired: count(service.desired_count())?,
            running: count(service.running_count())?,
            pending: count(service.pending_count())?,
            deleting: service.status().is_some_and(|status| status != "ACTIVE"),
        }))
    }
}

fn tasks(count: u32, lifecycle: Lifecycle) -> impl Iterator<Item = Instance> {
    let word = if lifecycle == Lifecycle::InService {
        "running"
    } else {
        "pending"
    };
    (0..count).map(move |number| Instance {
        id: format!("{word}-{number}"),
        lifecycle,
        healthy: true,
        weight: 1,
        template_version: None,
        instance_type: None,
    })
}
