use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fleet::{Activity, Group, ItemFailure, Policy, ScheduledAction, Sizes};
use jiff::Timestamp;
use ports::{GroupReader, GroupWriter, PortError};
use simulation::{ACTION_NOT_FOUND, MinuteRecord, Origin, SimulatedGroup, SimulationError, Source};

/// Simulated groups under one virtual clock, seen by one caller.
///
/// Clones share the groups and the clock; [`acting_as`](Self::acting_as) makes a clone whose
/// writes carry another source in the groups' change logs.
#[derive(Debug, Clone)]
pub struct SimulatedGroupPort {
    world: Arc<Mutex<World>>,
    source: Source,
}

#[derive(Debug)]
struct World {
    now: Timestamp,
    groups: BTreeMap<String, SimulatedGroup>,
    /// Why the next resize of a group happens.
    resize_reasons: BTreeMap<String, String>,
}

impl SimulatedGroupPort {
    /// Ports on `groups` at `now`, acting as the planner.
    #[must_use]
    pub fn new(groups: impl IntoIterator<Item = SimulatedGroup>, now: Timestamp) -> Self {
        let groups = groups
            .into_iter()
            .map(|group| (group.name().to_owned(), group))
            .collect();
        Self {
            world: Arc::new(Mutex::new(World {
                now,
                groups,
                resize_reasons: BTreeMap::new(),
            })),
            source: Source::Planner,
        }
    }

    /// The same groups and clock, with writes signed by `source`.
    #[must_use]
    pub fn acting_as(&self, source: Source) -> Self {
        Self {
            world: Arc::clone(&self.world),
            source,
        }
    }

    /// Moves the shared clock.
    pub fn set_now(&self, now: Timestamp) {
        self.world().now = now;
    }

    /// The shared clock's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world().now
    }

    /// Moves the clock to `minute` and runs that minute of one group; `None` where there is no such
    /// group. See [`SimulatedGroup::advance`].
    pub fn advance(
        &self,
        group: &str,
        minute: Timestamp,
        demand: f64,
        throughput: f64,
    ) -> Option<MinuteRecord> {
        let mut world = self.world();
        world.now = minute;
        let group = world.groups.get_mut(group)?;
        Some(group.advance(minute, demand, throughput))
    }

    /// Gives scheduled actions their reasons by name, for the change log. Names that are not there
    /// are passed over.
    pub fn explain<'a>(&self, group: &str, reasons: impl IntoIterator<Item = (&'a str, &'a str)>) {
        if let Some(group) = self.world().groups.get_mut(group) {
            for (name, reason) in reasons {
                group.explain(name, reason);
            }
        }
    }

    /// Gives the following resizes of a group their reason, for the change log, until the next
    /// call.
    pub fn explain_resize(&self, group: &str, reason: &str) {
        let mut world = self.world();
        world
            .resize_reasons
            .insert(group.to_owned(), reason.to_owned());
    }

    /// Works on one simulated group itself: hand edits, suspensions, its change log. `None` where
    /// there is no such group.
    pub fn with<T>(&self, group: &str, work: impl FnOnce(&mut SimulatedGroup) -> T) -> Option<T> {
        self.world().groups.get_mut(group).map(work)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // Nothing here leaves the world half changed, so a panic elsewhere does not spoil it.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn on<T>(
        &self,
        operation: &'static str,
        group: &str,
        work: impl FnOnce(&mut SimulatedGroup, Timestamp, String) -> Result<T, SimulationError>,
    ) -> Result<T, PortError> {
        let mut world = self.world();
        let now = world.now;
        let reason = world.resize_reasons.get(group).cloned().unwrap_or_default();
        let found = world.groups.get_mut(group);
        let found = found.ok_or_else(|| PortError::NotFound {
            operation,
            resource: resource(group),
        })?;
        work(found, now, reason).map_err(|error| port_error(operation, group, &error))
    }
}

impl GroupReader for SimulatedGroupPort {
    async fn group(&self, name: &str) -> Result<Group, PortError> {
        self.on("DescribeAutoScalingGroups", name, |group, _, _| {
            group.group()
        })
    }

    async fn scheduled_actions(&self, group: &str) -> Result<Vec<ScheduledAction>, PortError> {
        self.on("DescribeScheduledActions", group, |group, _, _| {
            group.scheduled_actions()
        })
    }

    async fn policies(&self, group: &str) -> Result<Vec<Policy>, PortError> {
        self.on("DescribePolicies", group, |group, _, _| group.policies())
    }

    async fn activities(&self, group: &str, since: Timestamp) -> Result<Vec<Activity>, PortError> {
        self.on("DescribeScalingActivities", group, |group, _, _| {
            group.activities(since)
        })
    }
}

impl GroupWriter for SimulatedGroupPort {
    async fn put_scheduled_actions(
        &self,
        group: &str,
        actions: &[ScheduledAction],
    ) -> Result<Vec<ItemFailure>, PortError> {
        self.on(
            "BatchPutScheduledUpdateGroupAction",
            group,
            |group, now, _| {
                group.put_scheduled_actions(
                    now,
                    actions,
                    &Origin::new(now, self.source, "scheduled"),
                )
            },
        )
    }

    async fn delete_scheduled_actions(
        &self,
        group: &str,
        names: &[String],
    ) -> Result<Vec<ItemFailure>, PortError> {
        let mut failures = self.on("BatchDeleteScheduledAction", group, |group, _, _| {
            group.delete_scheduled_actions(names)
        })?;
        failures.retain(|failure| failure.message != ACTION_NOT_FOUND);
        Ok(failures)
    }

    async fn resize(&self, group: &str, sizes: Sizes) -> Result<(), PortError> {
        self.on("UpdateAutoScalingGroup", group, |group, now, reason| {
            group.resize(now, sizes, &Origin::new(now, self.source, reason))
        })
    }
}

fn resource(group: &str) -> String {
    format!("group {group:?}")
}

fn port_error(operation: &'static str, group: &str, error: &SimulationError) -> PortError {
    let resource = resource(group);
    match error {
        SimulationError::NotFound { .. } => PortError::NotFound {
            operation,
            resource,
        },
        SimulationError::Validation { detail, .. } => PortError::Refused {
            operation,
            resource,
            detail: format!("ValidationError: {detail}"),
        },
        other => PortError::Refused {
            operation,
            resource,
            detail: other.to_string(),
        },
    }
}
