use fleet::{Activity, Group, ItemFailure, Policy, ScheduledAction, Sizes, Tracked};
use jiff::{SignedDuration, Timestamp};
use ports::{
    Condition, Datapoint, DeadLetter, DocumentStore, Formation, GroupReader, GroupWriter, Look,
    Message, MetricName, MetricSink, MetricSource, Notifier, PortError, Reading, Reminder, Stored,
    TaskQueue, Unsent, Version,
};

use super::{Fault, Faults};

/// A port that fails by a script.
#[derive(Debug, Clone)]
pub struct Faulty<P> {
    inner: P,
    faults: Faults,
}

impl<P> Faulty<P> {
    pub(super) fn new(inner: P, faults: Faults) -> Self {
        Self { inner, faults }
    }

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
        self.faults.travel().await;
        let answer = self.outcome(operation, resource, work).await;
        self.faults.travel().await;
        answer
    }

    async fn outcome<T>(
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
            Some(Fault::Slow) => {
                let answer = work(&self.inner).await;
                self.faults.dawdle().await;
                answer
            }
            Some(Fault::Hangs) => std::future::pending().await,
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
        self.faults.travel().await;
        let failures = self.failures(operation, group, items, name, work).await;
        self.faults.travel().await;
        failures
    }

    async fn failures<I: Clone>(
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
            Some(Fault::Slow) => {
                let answer = work(&self.inner, items).await;
                self.faults.dawdle().await;
                answer
            }
            Some(Fault::Hangs) => std::future::pending().await,
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
        Fault::UnansweredBefore | Fault::UnansweredAfter | Fault::Slow | Fault::Hangs => {
            PortError::Unanswered {
                operation,
                resource,
                detail,
            }
        }
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

impl<P: MetricSink> MetricSink for Faulty<P> {
    async fn publish(&self, metric: &MetricName, values: &[Datapoint]) -> Result<(), PortError> {
        let resource = format!("{} {}", metric.namespace, metric.name);
        self.call("publish", resource, async |p: &P| {
            p.publish(metric, values).await
        })
        .await
    }
}

impl<P: Reminder> Reminder for Faulty<P> {
    fn reminds(&self) -> bool {
        self.inner.reminds()
    }

    async fn remind(&self, look: &Look, span: SignedDuration) -> Result<(), PortError> {
        let resource = format!("{} {}", look.target, look.number);
        self.call("remind", resource, async |p: &P| p.remind(look, span).await)
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

impl<P: Formation> Formation for Faulty<P> {
    async fn is_being_deleted(&self, id: &str) -> Result<bool, PortError> {
        self.call("is_being_deleted", id.to_owned(), async |p: &P| {
            p.is_being_deleted(id).await
        })
        .await
    }

    async fn answer(&self, url: &str, answer: &str) -> Result<(), PortError> {
        self.call("answer", url.to_owned(), async |p: &P| {
            p.answer(url, answer).await
        })
        .await
    }
}

impl<P: Notifier> Notifier for Faulty<P> {
    async fn notify(&self, message: &Message) -> Result<(), PortError> {
        let resource = message.subject.clone();
        self.call("notify", resource, async |p: &P| p.notify(message).await)
            .await
    }
}

impl<P: TaskQueue> TaskQueue for Faulty<P> {
    fn is_open(&self) -> bool {
        self.inner.is_open()
    }

    async fn send(&self, bodies: &[String]) -> Result<Vec<Unsent>, PortError> {
        let resource = format!("{} messages", bodies.len());
        if self.faults.planned("send") != Some(Fault::ItemsRefused) {
            let work = async |p: &P| p.send(bodies).await;
            return self.call("send", resource, work).await;
        }
        self.faults.next("send", &resource);
        let passed: Vec<String> = bodies.iter().skip(1).step_by(2).cloned().collect();
        let mut unsent: Vec<Unsent> = (0..bodies.len())
            .step_by(2)
            .map(|place| Unsent {
                place,
                reason: "injected".to_owned(),
            })
            .collect();
        if !passed.is_empty() {
            let failed = self.inner.send(&passed).await?;
            unsent.extend(failed.into_iter().map(|it| Unsent {
                place: 2 * it.place + 1,
                ..it
            }));
        }
        Ok(unsent)
    }

    async fn give_up(&self, letter: &DeadLetter) -> Result<(), PortError> {
        let work = async |p: &P| p.give_up(letter).await;
        self.call("give_up", letter.target.clone(), work).await
    }

    async fn hide(&self, receipt: &str, span: SignedDuration) -> Result<(), PortError> {
        let work = async |p: &P| p.hide(receipt, span).await;
        self.call("hide", receipt.to_owned(), work).await
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

    async fn set_policy_target(
        &self,
        group: &str,
        policy: &str,
        tracks: Tracked,
    ) -> Result<(), PortError> {
        self.call("set_policy_target", group.to_owned(), async |p: &P| {
            p.set_policy_target(group, policy, tracks).await
        })
        .await
    }

    async fn start_instance_refresh(&self, group: &str) -> Result<(), PortError> {
        self.call("start_instance_refresh", group.to_owned(), async |p: &P| {
            p.start_instance_refresh(group).await
        })
        .await
    }
}
