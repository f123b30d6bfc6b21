//! Ports whose calls end.
//!
//! A call that hangs must not keep a decision from being made: behind a [`Timely`] it is no answer
//! after a while, as a lost one is.

use std::pin::pin;

use fleet::{Activity, Group, ItemFailure, Policy, ScheduledAction, Sizes};
use futures_util::future::{Either, select};
use jiff::{SignedDuration, Timestamp};
use ports::{
    Clock, Condition, Datapoint, DocumentStore, GroupReader, GroupWriter, Look, Message,
    MetricSource, Notifier, PortError, Reading, Reminder, Stored, Version,
};

use crate::World;

/// A port with a limit on every call.
#[derive(Debug)]
pub struct Timely<'a, P, C> {
    inner: &'a P,
    clock: &'a C,
    limit: SignedDuration,
}

impl<'a, P, C: Clock> Timely<'a, P, C> {
    /// `inner`, no call of which takes longer than `limit` by `clock`.
    pub fn new(inner: &'a P, clock: &'a C, limit: SignedDuration) -> Self {
        Self {
            inner,
            clock,
            limit,
        }
    }

    /// What `work` ends in, or nothing where that takes longer.
    async fn ended<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        // On the heap, so that the futures of whoever awaits this grow by a pointer only.
        let work = Box::pin(work);
        // It is asked first: a clock that does not wait takes nothing from who answers at once.
        match select(work, pin!(self.clock.sleep(self.limit))).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(((), _)) => None,
        }
    }

    async fn answer<T>(
        &self,
        operation: &'static str,
        resource: &str,
        work: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        let ended = self.ended(work).await;
        ended.unwrap_or_else(|| Err(self.late(operation, resource)))
    }

    fn late(&self, operation: &'static str, resource: &str) -> PortError {
        PortError::Unanswered {
            operation,
            resource: resource.to_owned(),
            detail: format!("nothing within {:#}", self.limit),
        }
    }
}

/// The ports of a world, each with a limit on its calls.
#[derive(Debug)]
pub struct TimelyWorld<'a, S, M, G, N, C> {
    store: Timely<'a, S, C>,
    metrics: Timely<'a, M, C>,
    groups: Timely<'a, G, C>,
    notifier: Timely<'a, N, C>,
    clock: &'a C,
}

/// A world of timely ports.
pub type Limited<'t, 'a, S, M, G, N, C> =
    World<'t, Timely<'a, S, C>, Timely<'a, M, C>, Timely<'a, G, C>, Timely<'a, N, C>, C>;

impl<'a, S, M, G, N, C: Clock> TimelyWorld<'a, S, M, G, N, C> {
    /// `world`, no call to which takes longer than `limit`.
    pub fn new(world: &World<'a, S, M, G, N, C>, limit: SignedDuration) -> Self {
        let clock = world.clock;
        Self {
            store: Timely::new(world.store, clock, limit),
            metrics: Timely::new(world.metrics, clock, limit),
            groups: Timely::new(world.groups, clock, limit),
            notifier: Timely::new(world.notifier, clock, limit),
            clock,
        }
    }

    /// The world itself.
    pub fn world(&self) -> Limited<'_, 'a, S, M, G, N, C> {
        World {
            store: &self.store,
            metrics: &self.metrics,
            groups: &self.groups,
            notifier: &self.notifier,
            clock: self.clock,
        }
    }
}

impl<P: DocumentStore, C: Clock> DocumentStore for Timely<'_, P, C> {
    async fn get(&self, key: &str) -> Result<Option<Stored>, PortError> {
        self.answer("read document", key, self.inner.get(key)).await
    }

    async fn put(
        &self,
        key: &str,
        bytes: &[u8],
        condition: Condition,
    ) -> Result<Version, PortError> {
        let work = self.inner.put(key, bytes, condition);
        self.answer("write document", key, work).await
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        let work = self.inner.delete(key);
        self.answer("delete document", key, work).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        let work = self.inner.list(prefix);
        self.answer("list documents", prefix, work).await
    }
}

impl<P: MetricSource, C: Clock> MetricSource for Timely<'_, P, C> {
    async fn read(&self, reading: &Reading) -> Result<Vec<Datapoint>, PortError> {
        let work = self.inner.read(reading);
        self.answer("read metric", &reading.metric.name, work).await
    }

    async fn read_many(&self, readings: &[Reading]) -> Vec<Result<Vec<Datapoint>, PortError>> {
        let ended = self.ended(self.inner.read_many(readings)).await;
        ended.unwrap_or_else(|| {
            let late = |reading: &Reading| Err(self.late("read metrics", &reading.metric.name));
            readings.iter().map(late).collect()
        })
    }
}

impl<P: GroupReader, C: Clock> GroupReader for Timely<'_, P, C> {
    async fn group(&self, name: &str) -> Result<Group, PortError> {
        let work = self.inner.group(name);
        self.answer("describe group", name, work).await
    }

    async fn scheduled_actions(&self, group: &str) -> Result<Vec<ScheduledAction>, PortError> {
        let work = self.inner.scheduled_actions(group);
        self.answer("describe scheduled actions", group, work).await
    }

    async fn policies(&self, group: &str) -> Result<Vec<Policy>, PortError> {
        let work = self.inner.policies(group);
        self.answer("describe policies", group, work).await
    }

    async fn activities(&self, group: &str, since: Timestamp) -> Result<Vec<Activity>, PortError> {
        let work = self.inner.activities(group, since);
        self.answer("describe scaling activities", group, work)
            .await
    }
}

impl<P: GroupWriter, C: Clock> GroupWriter for Timely<'_, P, C> {
    async fn put_scheduled_actions(
        &self,
        group: &str,
        actions: &[ScheduledAction],
    ) -> Result<Vec<ItemFailure>, PortError> {
        let work = self.inner.put_scheduled_actions(group, actions);
        self.answer("put scheduled actions", group, work).await
    }

    async fn delete_scheduled_actions(
        &self,
        group: &str,
        names: &[String],
    ) -> Result<Vec<ItemFailure>, PortError> {
        let work = self.inner.delete_scheduled_actions(group, names);
        self.answer("delete scheduled actions", group, work).await
    }

    async fn resize(&self, group: &str, sizes: Sizes) -> Result<(), PortError> {
        let work = self.inner.resize(group, sizes);
        self.answer("resize group", group, work).await
    }

    async fn set_policy_target(
        &self,
        group: &str,
        policy: &str,
        tracks: fleet::Tracked,
    ) -> Result<(), PortError> {
        let work = self.inner.set_policy_target(group, policy, tracks);
        self.answer("set policy target", group, work).await
    }

    async fn start_instance_refresh(&self, group: &str) -> Result<(), PortError> {
        let work = self.inner.start_instance_refresh(group);
        self.answer("start instance refresh", group, work).await
    }
}

impl<P: Notifier, C: Clock> Notifier for Timely<'_, P, C> {
    async fn notify(&self, message: &Message) -> Result<(), PortError> {
        let work = self.inner.notify(message);
        self.answer("notify", &message.subject, work).await
    }
}

impl<P: Reminder, C: Clock> Reminder for Timely<'_, P, C> {
    async fn remind(&self, look: &Look, span: SignedDuration) -> Result<(), PortError> {
        let work = self.inner.remind(look, span);
        self.answer("ask for the next look", &look.target, work)
            .await
    }

    fn reminds(&self) -> bool {
        self.inner.reminds()
    }
}
