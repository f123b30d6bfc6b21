use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use fleet::{Activity, Group, ItemFailure, Policy, ScheduledAction, Sizes, Tracked};
use jiff::Timestamp;
use ports::{Clock, GroupReader, GroupWriter, PortError};
use simulation::{ACTION_NOT_FOUND, MinuteRecord, Origin, SimulatedGroup, SimulationError, Source};

use crate::VirtualClock;

/// Simulated groups under a virtual clock, seen by one caller.
///
/// Clones share the groups and the clock; [`acting_as`](Self::acting_as) makes a clone whose
/// writes carry another source in the groups' change logs.
#[derive(Debug, Clone)]
pub struct SimulatedGroupPort {
    world: Rc<RefCell<World>>,
    clock: VirtualClock,
    source: Source,
}

#[derive(Debug)]
struct World {
    groups: BTreeMap<String, SimulatedGroup>,
    /// Why a group's next resizes happen.
    resize_reasons: BTreeMap<String, String>,
    /// Groups with a put of scheduled actions under way.
    being_put: BTreeSet<String>,
    /// Groups whose instances are being replaced.
    refreshing: BTreeSet<String>,
}

impl SimulatedGroupPort {
    /// Ports on `groups` under `clock`, acting as the planner.
    #[must_use]
    pub fn new(groups: impl IntoIterator<Item = SimulatedGroup>, clock: &VirtualClock) -> Self {
        let groups = groups
            .into_iter()
            .map(|group| (group.name().to_owned(), group))
            .collect();
        Self {
            world: Rc::new(RefCell::new(World {
                groups,
                resize_reasons: BTreeMap::new(),
                being_put: BTreeSet::new(),
                refreshing: BTreeSet::new(),
            })),
            clock: clock.clone(),
            source: Source::Planner,
        }
    }

    /// The same groups and clock, with writes signed by `source`.
    #[must_use]
    pub fn acting_as(&self, source: Source) -> Self {
        Self {
            source,
            ..self.clone()
        }
    }

    /// Runs the clock's minute of one group; `None` where there is no such group. See
    /// [`SimulatedGroup::advance`].
    pub fn advance(&self, group: &str, demand: f64, throughput: f64) -> Option<MinuteRecord> {
        let now = self.clock.now();
        self.with(group, |group| group.advance(now, demand, throughput))
    }

    /// Whether an instance refresh of `group` was started.
    #[must_use]
    pub fn refreshing(&self, group: &str) -> bool {
        self.world.borrow().refreshing.contains(group)
    }

    /// Gives scheduled actions their reasons by name, for the change log. Names that are not there
    /// are passed over.
    pub fn explain<'a>(&self, group: &str, reasons: impl IntoIterator<Item = (&'a str, &'a str)>) {
        self.with(group, |group| {
            for (name, reason) in reasons {
                group.explain(name, reason);
            }
        });
    }

    /// Gives the following resizes of a group their reason, for the change log, until the next
    /// call.
    pub fn explain_resize(&self, group: &str, reason: &str) {
        let mut world = self.world.borrow_mut();
        let reasons = &mut world.resize_reasons;
        reasons.insert(group.to_owned(), reason.to_owned());
    }

    /// Works on one simulated group itself: hand edits, suspensions, its change log. `None` where
    /// there is no such group. `work` is not to use this port.
    pub fn with<T>(&self, group: &str, work: impl FnOnce(&mut SimulatedGroup) -> T) -> Option<T> {
        self.world.borrow_mut().groups.get_mut(group).map(work)
    }

    fn on<T>(
        &self,
        operation: &'static str,
        group: &str,
        work: impl FnOnce(&mut SimulatedGroup, Timestamp, String) -> Result<T, SimulationError>,
    ) -> Result<T, PortError> {
        let mut world = self.world.borrow_mut();
        let now = self.clock.now();
        let reason = world.resize_reasons.get(group).cloned().unwrap_or_default();
        let found = world.groups.get_mut(group);
        let found = found.ok_or_else(|| PortError::NotFound {
            operation,
            resource: group.to_owned(),
        })?;
        work(found, now, reason).map_err(|error| port_error(operation, group, &error))
    }
}

impl GroupReader for SimulatedGroupPort {
    async fn group(&self, name: &str) -> Result<Group, PortError> {
        self.on("describe group", name, |group, _, _| group.group())
    }

    async fn scheduled_actions(&self, group: &str) -> Result<Vec<ScheduledAction>, PortError> {
        self.on("describe scheduled actions", group, |group, _, _| {
            group.scheduled_actions()
        })
    }

    async fn policies(&self, group: &str) -> Result<Vec<Policy>, PortError> {
        self.on("describe policies", group, |group, _, _| group.policies())
    }

    async fn activities(&self, group: &str, since: Timestamp) -> Result<Vec<Activity>, PortError> {
        self.on("describe activities", group, |group, _, _| {
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
        // A call takes its time, so that a caller who does not wait for it is found out.
        let Some(_turn) = Turn::take(&self.world, group) else {
            return Ok(actions.iter().map(contended).collect());
        };
        yield_once().await;
        self.on("put scheduled actions", group, |group, now, _| {
            group.put_scheduled_actions(now, actions, &Origin::new(now, self.source, "scheduled"))
        })
    }

    async fn delete_scheduled_actions(
        &self,
        group: &str,
        names: &[String],
    ) -> Result<Vec<ItemFailure>, PortError> {
        let mut failures = self.on("delete scheduled actions", group, |group, _, _| {
            group.delete_scheduled_actions(names)
        })?;
        failures.retain(|failure| failure.message != ACTION_NOT_FOUND);
        Ok(failures)
    }

    async fn resize(&self, group: &str, sizes: Sizes) -> Result<(), PortError> {
        self.on("resize group", group, |group, now, reason| {
            group.resize(now, sizes, &Origin::new(now, self.source, reason))
        })
    }

    async fn set_policy_target(
        &self,
        group: &str,
        policy: &str,
        tracks: Tracked,
    ) -> Result<(), PortError> {
        self.on("set policy target", group, |group, _, _| {
            group.set_policy_target(policy, tracks)
        })
    }

    async fn start_instance_refresh(&self, group: &str) -> Result<(), PortError> {
        const OPERATION: &str = "start instance refresh";
        self.on(OPERATION, group, |group, _, _| group.group())?;
        let fresh = self.world.borrow_mut().refreshing.insert(group.to_owned());
        fresh.then_some(()).ok_or_else(|| PortError::Conflict {
            operation: OPERATION,
            resource: group.to_owned(),
            detail: "InstanceRefreshInProgress: an instance refresh is in progress".to_owned(),
        })
    }
}

/// A put of scheduled actions under way on one group.
///
/// Concurrent puts on a group are rejected as if the start were taken. Source: live tests of
/// PutScheduledUpdateGroupAction in TerraConstructs/base, issue 127.
struct Turn {
    world: Rc<RefCell<World>>,
    group: String,
}

impl Turn {
    fn take(world: &Rc<RefCell<World>>, group: &str) -> Option<Self> {
        let free = world.borrow_mut().being_put.insert(group.to_owned());
        free.then(|| Self {
            world: Rc::clone(world),
            group: group.to_owned(),
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.world.borrow_mut().being_put.remove(&self.group);
    }
}

fn contended(action: &ScheduledAction) -> ItemFailure {
    ItemFailure {
        name: action.name.clone(),
        code: "AlreadyExists".to_owned(),
        message: "Scheduled action with this scheduled start time already exists".to_owned(),
    }
}

/// Lets other futures of the same task go on once.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn port_error(operation: &'static str, group: &str, error: &SimulationError) -> PortError {
    let resource = group.to_owned();
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

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use pollster::block_on;
    use simulation::GroupSpec;

    use super::*;

    fn start() -> Timestamp {
        "2026-03-04T00:00:00Z".parse().unwrap()
    }

    fn later(minutes: i64) -> Timestamp {
        start() + SignedDuration::from_mins(minutes)
    }

    fn port() -> (SimulatedGroupPort, VirtualClock) {
        let clock = VirtualClock::new(start());
        let group = SimulatedGroup::new(GroupSpec::new("web", 1, 2, 10), start()).unwrap();
        (SimulatedGroupPort::new([group], &clock), clock)
    }

    fn floor(name: &str, at: Timestamp, min: u32) -> ScheduledAction {
        ScheduledAction {
            name: name.to_owned(),
            start: Some(at),
            end: None,
            recurrence: None,
            min_size: Some(min),
            max_size: None,
            desired_capacity: None,
        }
    }

    #[test]
    fn both_backends_conform() {
        for name in ["web", "ecs:service/prod/web"] {
            let clock = VirtualClock::new(start());
            let group = SimulatedGroup::new(GroupSpec::new(name, 1, 2, 10), start()).unwrap();
            let port = SimulatedGroupPort::new([group], &clock);
            block_on(crate::conformance::groups(&port, name, "gone", start())).unwrap();
            let scalable = name.contains(':');
            assert_eq!(block_on(port.group(name)).unwrap().floors_only, scalable);
            let exact = ScheduledAction {
                desired_capacity: Some(4),
                ..floor("exact", later(90), 4)
            };
            let two = [floor("a", later(60), 4), floor("b", later(60), 5), exact];
            let failed = block_on(port.put_scheduled_actions(name, &two)).unwrap();
            let failed: Vec<&str> = failed.iter().map(|item| item.name.as_str()).collect();
            assert_eq!(failed, if scalable { ["exact"] } else { ["b"] });
        }
    }

    #[test]
    fn planner_and_responder_sign_their_writes() {
        let (planner, clock) = port();
        let responder = planner.acting_as(Source::Responder);
        let actions = [floor("a", later(5), 4)];
        assert!(
            block_on(planner.put_scheduled_actions("web", &actions))
                .unwrap()
                .is_empty()
        );
        planner.explain("web", [("a", "the morning")]);
        responder.explain_resize("web", "an alarm");
        let sizes = Sizes {
            desired_capacity: Some(6),
            ..Sizes::default()
        };
        clock.set(later(2));
        block_on(responder.resize("web", sizes)).unwrap();
        for minute in 2..=8 {
            clock.set(later(minute));
            planner.advance("web", 450.0, 100.0).unwrap();
        }
        assert_eq!(block_on(planner.group("web")).unwrap().in_service(), 6);
        assert_eq!(
            block_on(planner.activities("web", start())).unwrap().len(),
            4
        );
        let rows = planner
            .with("web", |group| group.changes().to_vec())
            .unwrap();
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.decided_at,
                    row.effective_at,
                    row.source,
                    row.reason.as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (later(2), later(2), Source::Responder, "an alarm"),
                (start(), later(5), Source::Planner, "the morning"),
            ]
        );
    }

    #[test]
    fn concurrent_puts_on_one_group_are_rejected() {
        let (port, _) = port();
        let (first, second) = ([floor("a", later(5), 4)], [floor("b", later(6), 4)]);
        let (one, two) = block_on(futures_util::future::join(
            port.put_scheduled_actions("web", &first),
            port.put_scheduled_actions("web", &second),
        ));
        assert!(one.unwrap().is_empty());
        assert_eq!(two.unwrap()[0].code, "AlreadyExists");
        assert!(
            block_on(port.put_scheduled_actions("web", &second))
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn refusals_become_port_errors() {
        let (port, _) = port();
        let sizes = Sizes {
            desired_capacity: Some(11),
            ..Sizes::default()
        };
        let refused = block_on(port.resize("web", sizes)).unwrap_err();
        assert_eq!(refused.code(), "Refused");
        assert_eq!(block_on(port.group("gone")).unwrap_err().code(), "NotFound");
        port.with("web", |group| group.delete(start()));
        assert_eq!(
            block_on(port.policies("web")).unwrap_err().code(),
            "NotFound"
        );
    }

    #[test]
    fn an_action_that_is_gone_already_is_deleted_without_a_failure() {
        let (port, _) = port();
        let actions = [floor("a", later(5), 4), floor("b", later(5), 4)];
        let failures = block_on(port.put_scheduled_actions("web", &actions)).unwrap();
        assert_eq!(
            (failures.len(), failures[0].code.as_str()),
            (1, "AlreadyExists")
        );
        let names = ["a".to_owned(), "b".to_owned()];
        assert!(
            block_on(port.delete_scheduled_actions("web", &names))
                .unwrap()
                .is_empty()
        );
        assert!(block_on(port.scheduled_actions("web")).unwrap().is_empty());
    }
}
