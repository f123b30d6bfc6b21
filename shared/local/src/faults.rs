use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fleet::{Activity, Group, ItemFailure, Policy, ScheduledAction, Sizes};
use jiff::Timestamp;
use ports::{
    Condition, Datapoint, DocumentStore, GroupReader, GroupWriter, Message, MetricSource, Notifier,
    PortError, Reading, Stored, Version,
};
use simulation::Random;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Throttled; nothing happened.
    Throttled,
    /// Access denied; nothing happened.
    Denied,
    /// Somebody else was at it; nothing happened.
    Conflict,
    /// The thing is said not to exist; nothing happened. A document store, which never says so,
    /// refuses instead.
    NotFound,
    /// No answer, and nothing happened.
    UnansweredBefore,
    /// It happened, and the answer was lost.
    UnansweredAfter,
    /// The call succeeds and every second item of its batch is refused, the first one included.
    /// Calls without a batch are throttled.
    ItemsRefused,
}

/// A call that was made, in the order of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The port's method, such as `put_scheduled_actions`.
    pub operation: &'static str,
    /// What it was about: a group, a key, a metric, a subject.
    pub resource: String,
    /// How it was made to fail, if it was.
    pub fault: Option<Fault>,
}

/// What is to fail, and what was called. Clones share both, so that one script can stand behind
/// several ports.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    inner: Arc<Mutex<Script>>,
}

#[derive(Debug, Default)]
struct Script {
    calls: Vec<Call>,
    counts: BTreeMap<&'static str, usize>,
    overall: BTreeMap<usize, Fault>,
    by_operation: BTreeMap<(String, usize), Fault>,
    always: BTreeMap<String, Fault>,
    random: Option<RandomFaults>,
}

#[derive(Debug)]
struct RandomFaults {
    random: Random,
    share: f64,
    kinds: Vec<Fault>,
}

impl Faults {
    /// No faults; calls are recorded.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Makes the `n`th call of all fail, counted from 1.
    #[must_use]
    pub fn nth(self, n: usize, fault: Fault) -> Self {
        self.script().overall.insert(n, fault);
        self
    }

    /// Makes the `n`th call of one operation fail, counted from 1.
    #[must_use]
    pub fn nth_of(self, operation: &str, n: usize, fault: Fault) -> Self {
        let key = (operation.to_owned(), n);
        self.script().by_operation.insert(key, fault);
        self
    }

    /// Makes every call of one operation fail.
    #[must_use]
    pub fn every(self, operation: &str, fault: Fault) -> Self {
        self.script().always.insert(operation.to_owned(), fault);
        self
    }

    /// Makes a `share` of all calls, 0 to 1, fail in one of the ways of `kinds`, drawn from `seed`.
    #[must_use]
    pub fn at_random(self, seed: u64, share: f64, kinds: &[Fault]) -> Self {
        self.script().random = Some(RandomFaults {
            random: Random::new(seed),
            share,
            kinds: kinds.to_vec(),
        });
        self
    }

    /// Ends all faults; calls are still recorded.
    pub fn heal(&self) {
        let mut script = self.script();
        script.overall.clear();
        script.by_operation.clear();
        script.always.clear();
        script.random = None;
    }

    /// Every call so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.script().calls.clone()
    }

    /// How often an operation was called so far.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        self.script().counts.get(operation).copied().unwrap_or(0)
    }

    /// A port over `inner` that fails by this script.
    pub fn wrap<P>(&self, inner: P) -> Faulty<P> {
        Faulty {
            inner,
            faults: self.clone(),
        }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a call and tells how it is to fail.
    fn next(&self, operation: &'static str, resource: &str) -> Option<Fault> {
        let mut script = self.script();
        let count = script.counts.entry(operation).or_default();
        *count += 1;
        let count = *count;
        let overall = script.calls.len() + 1;
        let drawn = script.random.as_mut().and_then(RandomFaults::draw);
        let fault = script
            .overall
            .get(&overall)
            .or_else(|| script.by_operation.get(&(operation.to_owned(), count)))
            .or_else(|| script.always.get(operation))
            .copied()
            .or(drawn);
        script.calls.push(Call {
            operation,
            resource: resource.to_owned(),
            fault,
        });
        fault
    }
}

impl RandomFaults {
    /// Draws twice a call, whatever comes of it, so that one call's fate does not move another's.
    fn draw(&mut self) -> Option<Fault> {
        let fails = self.random.chance(self.share);
        let kind = self.random.below(self.kinds.len() as u64);
        let kind = self.kinds.get(usize::try_from(kind).ok()?).copied();
        kind.filter(|_| fails)
    }
}

/// A port that fails by a script.
#[derive(Debug, Clone)]
pub struct Faulty<P> {
    inner: P,
    faults: Faults,
}

impl<P> Faulty<P> {
    /// The port underneath.
    pub fn inner(&self) -> &P {
        &self.inner
    }

    /// The script and the record of calls.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    async fn call<T>(
        &self,
        operation: &'static str,
        resource: String,
        work: impl AsyncFnOnce(&P) -> Result<T, PortError>,
    ) -> Result<T, PortError> {
        match self.faults.next(operation, &resource) {
            None => work(&self.inner).await,
            Some(Fault::UnansweredAfter) => {
                // The answer is lost, whatever it was.
                let _ = work(&self.inner).await;
                Err(failure(Fault::UnansweredAfter, operation, resource))
            }
            Some(fault) => Err(failure(fault, operation, resource)),
        }
    }

    /// A call with a batch of items: `work` gets the ones that are let through.
    async fn batch<I: Clone>(
        &self,
        operation: &'static str,
        group: &str,
        items: &[I],
        name: impl Fn(&I) -> String,
        work: impl AsyncFnOnce(&P, &[I]) -> Result<Vec<ItemFailure>, PortError>,
    ) -> Result<Vec<ItemFailure>, PortError> {
        match self.faults.next(operation, group) {
            None => work(&self.inner, items).await,
            Some(Fault::ItemsRefused) => {
                let mut failures = Vec::new();
                let mut passed = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    if index % 2 == 1 {
                        passed.push(item.clone());
                        continue;
                    }
                    failures.push(ItemFailure {
                        name: name(item),
                        code: "ResourceContention".to_owned(),
                        message: "injected".to_owned(),
                    });
                }
                if !passed.is_empty() {
                    failures.extend(work(&self.inner, &passed).await?);
                }
                Ok(failures)
            }
            Some(Fault::UnansweredAfter) => {
                let _ = work(&self.inner, items).await;
                Err(failure(Fault::UnansweredAfter, operation, group.to_owned()))
            }
            Some(fault) => Err(failure(fault, operation, group.to_owned())),
        }
    }
}

fn failure(fault: Fault, operation: &'static str, resource: String) -> PortError {
    let detail = "injected".to_owned();
    match fault {
        Fault::Throttled | Fault::ItemsRefused => PortError::Throttled {
            operation,
            resource,
            detail,
        },
        Fault::Denied => PortError::Denied {
            operation,
            resource,
            detail,
        },
        Fault::Conflict => PortError::Conflict {
            operation,
            resource,
            detail,
        },
        Fault::NotFound => PortError::NotFound {
            operation,
            resource,
        },
        Fault::UnansweredBefore | Fault::UnansweredAfter => PortError::Unanswered {
            operation,
            resource,
            detail,
        },
    }
}

/// A store does not know NotFound: a missing bucket refuses.
fn stored(error: PortError) -> PortError {
    match error {
        PortError::NotFound {
            operation,
            resource,
        } => PortError::Refused {
            operation,
            resource,
            detail: "injected: the store does not exist".to_owned(),
        },
        other => other,
    }
}

impl<P: MetricSource> MetricSource for Faulty<P> {
    async fn read(&self, reading: &Reading) -> Result<Vec<Datapoint>, PortError> {
        let resource = format!("{} {}", reading.metric.namespace, reading.metric.name);
        self.call("read", resource, async |p: &P| p.read(reading).await)
            .await
    }
}

impl<P: DocumentStore> DocumentStore for Faulty<P> {
    async fn get(&self, key: &str) -> Result<Option<Stored>, PortError> {
        self.call("get", key.to_owned(), async |p: &P| p.get(key).await)
            .await
            .map_err(stored)
    }

    async fn put(
        &self,
        key: &str,
        bytes: &[u8],
        condition: Condition,
    ) -> Result<Version, PortError> {
        self.call("put", key.to_owned(), async |p: &P| {
            p.put(key, bytes, condition).await
        })
        .await
        .map_err(stored)
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        self.call("delete", key.to_owned(), async |p: &P| p.delete(key).await)
            .await
            .map_err(stored)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        self.call("list", prefix.to_owned(), async |p: &P| {
            p.list(prefix).await
        })
        .await
        .map_err(stored)
    }
}

impl<P: Notifier> Notifier for Faulty<P> {
    async fn notify(&self, message: &Message) -> Result<(), PortError> {
        let resource = message.subject.clone();
        self.call("notify", resource, async |p: &P| p.notify(message).await)
            .await
    }
}

impl<P: GroupReader> GroupReader for Faulty<P> {
    async fn group(&self, name: &str) -> Result<Group, PortError> {
        self.call("group", name.to_owned(), async |p: &P| p.group(name).await)
            .await
    }

    async fn scheduled_actions(&self, group: &str) -> Result<Vec<ScheduledAction>, PortError> {
        self.call("scheduled_actions", group.to_owned(), async |p: &P| {
            p.scheduled_actions(group).await
        })
        .await
    }

    async fn policies(&self, group: &str) -> Result<Vec<Policy>, PortError> {
        self.call("policies", group.to_owned(), async |p: &P| {
            p.policies(group).await
        })
        .await
    }

    async fn activities(&self, group: &str, since: Timestamp) -> Result<Vec<Activity>, PortError> {
        self.call("activities", group.to_owned(), async |p: &P| {
            p.activities(group, since).await
        })
        .await
    }
}

impl<P: GroupWriter> GroupWriter for Faulty<P> {
    async fn put_scheduled_actions(
        &self,
        group: &str,
        actions: &[ScheduledAction],
    ) -> Result<Vec<ItemFailure>, PortError> {
        let name = |action: &ScheduledAction| action.name.clone();
        let operation = "put_scheduled_actions";
        self.batch(
            operation,
            group,
            actions,
            name,
            async |p: &P, items: &[_]| p.put_scheduled_actions(group, items).await,
        )
        .await
    }

    async fn delete_scheduled_actions(
        &self,
        group: &str,
        names: &[String],
    ) -> Result<Vec<ItemFailure>, PortError> {
        let operation = "delete_scheduled_actions";
        self.batch(
            operation,
            group,
            names,
            String::clone,
            async |p: &P, items: &[_]| p.delete_scheduled_actions(group, items).await,
        )
        .await
    }

    async fn resize(&self, group: &str, sizes: Sizes) -> Result<(), PortError> {
        self.call("resize", group.to_owned(), async |p: &P| {
            p.resize(group, sizes).await
        })
        .await
    }
}
