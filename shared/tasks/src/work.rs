//! From what the queue delivered to an answer that names what is to come again.

use config::Target;
use control::{ControlError, Settings, TargetReport, load_settings};
use jiff::{SignedDuration, Timestamp};
use ports::{Clock, DeadLetter, DocumentStore, TaskQueue};
use serde::Serialize;

use crate::guard::{LEAST, RESERVE, guarded};
use crate::retry::{LONGEST, wait};
use crate::turn::{Begun, End, Held};
use crate::{Delivery, Fan, Task, TaskError};

/// The answer to the queue: what is not named is done with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// What is to come again.
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<BatchItemFailure>,
}

/// A message that is to come again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BatchItemFailure {
    /// Its id.
    #[serde(rename = "itemIdentifier")]
    pub id: String,
}

/// A target that was tried.
#[derive(Debug, Clone, Copy)]
pub struct Tried<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its configuration; nothing where that was refused, or no configuration could be read.
    pub target: Option<&'a Target>,
    /// What came of it: a report, or the stable word and the text of an error.
    pub done: Result<&'a TargetReport, (&'static str, &'a str)>,
}

impl Tried<'_> {
    /// The report, that of a failure included.
    #[must_use]
    pub fn report(&self) -> TargetReport {
        match self.done {
            Ok(report) => report.clone(),
            Err((code, text)) => TargetReport::failed_with(self.name, code, text),
        }
    }
}

/// What becomes of a delivery.
enum Fate {
    /// The queue may forget it.
    Settled,
    /// It comes again after that.
    Again(SignedDuration),
    /// It comes again when the queue's own time is over.
    Left,
}

impl<S: DocumentStore, Q: TaskQueue, C: Clock> Fan<'_, S, Q, C> {
    /// Does `work` for the target of each of `deliveries`, one after the other, until `deadline`
    /// (when the function is stopped) is near. `heard` is told of each target that was tried, whatever
    /// came of it, also where its configuration was refused or none could be read.
    ///
    /// Whatever one target does, the next has its turn: an error is kept apart, a panic is caught,
    /// and what takes too long is left.
    pub async fn work_off(
        &self,
        deliveries: &[Delivery],
        deadline: Timestamp,
        work: impl AsyncFn(&Settings, &Target, &Task) -> Result<TargetReport, ControlError>,
        heard: impl AsyncFn(Tried<'_>),
    ) -> Batch {
        let settings = load_settings(self.store, self.clock.now()).await;
        if let Err(error) = &settings {
            tracing::error!(function = self.function, error = %error.chain(), code = error.code(), "no settings");
        }
        let mut batch = Batch::default();
        for delivery in deliveries {
            let fate = match &settings {
                Ok(settings) => self.one(settings, delivery, deadline, &work, &heard).await,
                // Of all of them, and perhaps mended soon: it is no target's own fault.
                Err(error) => self.shared(delivery, error, &heard).await,
            };
            let id = delivery.id.clone();
            match fate {
                Fate::Settled => continue,
                Fate::Left => {}
                Fate::Again(span) => {
                    if let Err(error) = self.queue.hide(&delivery.receipt, span).await {
                        tracing::warn!(message = id, error = %error, "comes again by the queue's own time");
                    }
                }
            }
            batch.failures.push(BatchItemFailure { id });
        }
        batch
    }

    async fn one(
        &self,
        settings: &Settings,
        delivery: &Delivery,
        deadline: Timestamp,
        work: impl AsyncFn(&Settings, &Target, &Task) -> Result<TargetReport, ControlError>,
        heard: impl AsyncFn(Tried<'_>),
    ) -> Fate {
        let task = match self.task(delivery) {
            Ok(task) => task,
            Err(error) => return self.give_up(delivery, "", &error).await,
        };
        let left = deadline.duration_since(self.clock.now());
        let limit = left.saturating_sub(RESERVE).min(self.limits.target);
        if limit < LEAST.min(self.limits.target) {
            tracing::warn!(target_name = task.target, "no time left in this call");
            return Fate::Again(wait(SignedDuration::from_secs(2), 1, &task.target));
        }
        let held = match self.begin(&task, deadline).await {
            Ok(Begun::Mine(held)) => held,
            Ok(Begun::Over(reason)) => {
                tracing::info!(target_name = task.target, run = %task.run, reason, "task skipped");
                return Fate::Settled;
            }
            Ok(Begun::Busy(until)) => return self.busy(delivery, &task, until).await,
            Err(error) => return self.failed(delivery, &task, None, error.into()).await,
        };
        let target = settings.config.target(&task.target);
        match self.limited(settings, &task, limit, work).await {
            Ok(report) => {
                if target.is_some() {
                    heard(Tried {
                        name: &task.target,
                        target,
                        done: Ok(&report),
                    })
                    .await;
                }
                self.end(&task, held, End::Ended(report.outcome)).await;
                tracing::info!(
                    target_name = task.target, run = %task.run, outcome = report.outcome,
                    changes = report.changes, receives = delivery.receives, notes = ?report.notes,
                    "task done"
                );
                Fate::Settled
            }
            Err(error) => {
                let (name, code, text) = (task.target.as_str(), error.code(), error.chain());
                let fate = self.failed(delivery, &task, Some(held), error).await;
                let done = Err((code, text.as_str()));
                heard(Tried { name, target, done }).await;
                fate
            }
        }
    }

    /// Another worker is at it until `until`: no failure, and it must not count as one. The last
    /// delivery is replaced by a new message, or the queue would put this one among the dead letters.
    async fn busy(&self, delivery: &Delivery, task: &Task, until: Timestamp) -> Fate {
        tracing::info!(target_name = task.target, run = %task.run, until = %until, "another worker is at it");
        if delivery.receives >= self.limits.receives {
            let body = std::slice::from_ref(&delivery.body);
            return match self.queue.send(body).await {
                Ok(unsent) if unsent.is_empty() => Fate::Settled,
                Ok(_) | Err(_) => Fate::Left,
            };
        }
        // It is mostly through before its time is over; nothing is lost by looking in vain.
        let left = until.duration_since(self.clock.now());
        let span = wait(self.limits.wait, delivery.receives, &task.target);
        Fate::Again(
            span.min(left.max(SignedDuration::ZERO))
                .saturating_add(SignedDuration::from_secs(1)),
        )
    }

    fn task(&self, delivery: &Delivery) -> Result<Task, TaskError> {
        let function = self.function;
        let wrong = |detail| TaskError::NoTask { function, detail };
        let task = Task::read(&delivery.body).map_err(wrong)?;
        if task.function != function {
            return Err(wrong(format!("it is the {}'s", task.function)));
        }
        Ok(task)
    }

    /// `work` within `limit`, a panic as an error.
    async fn limited(
        &self,
        settings: &Settings,
        task: &Task,
        limit: SignedDuration,
        work: impl AsyncFn(&Settings, &Target, &Task) -> Result<TargetReport, ControlError>,
    ) -> Result<TargetReport, TaskError> {
        let name = &task.target;
        let Some(target) = settings.config.target(name) else {
            return match settings.refused(name) {
                Some(refused) => Err(ControlError::wrong(refused).into()),
                None => Ok(TargetReport::new(name, "gone", "no longer configured")),
            };
        };
        guarded(self.clock, name, Some(limit), work(settings, target, task)).await
    }

    /// Again where that may help and is not too often; else given up.
    async fn failed(
        &self,
        delivery: &Delivery,
        task: &Task,
        held: Option<Held>,
        error: TaskError,
    ) -> Fate {
        let (chain, code) = (error.chain(), error.code());
        // Of a message that came twice each copy counts for itself; the turn counts for both.
        let tried = held.as_ref().map_or(0, Held::begun).max(delivery.receives);
        let last = tried >= self.limits.receives;
        tracing::error!(
            target_name = task.target, run = %task.run, tried, error = %chain, code, "task failed"
        );
        let (fate, end) = if error.passes() && !last {
            let name = format!("{} {}", task.target, task.run);
            let mut span = wait(self.limits.wait, tried, &name);
            if let Some(until) = error.held_until() {
                // Before that it would only use up its deliveries.
                let held = until.duration_since(self.clock.now()).min(LONGEST);
                span = span.saturating_add(held.max(SignedDuration::ZERO));
            }
            (Fate::Again(span), End::Again)
        } else {
            match self.give_up(delivery, &task.target, &error).await {
                Fate::Settled => (Fate::Settled, End::Ended("given-up")),
                fate => (fate, End::Again),
            }
        };
        if let Some(held) = held {
            self.end(task, held, end).await;
        }
        fate
    }

    /// Without settings there is no target to work on.
    async fn shared(
        &self,
        delivery: &Delivery,
        error: &ControlError,
        heard: impl AsyncFn(Tried<'_>),
    ) -> Fate {
        if let Ok(task) = Task::read(&delivery.body) {
            let (name, target) = (task.target.as_str(), None);
            let text = error.chain();
            let done = Err((error.code(), text.as_str()));
            heard(Tried { name, target, done }).await;
        }
        if delivery.receives < self.limits.receives {
            return Fate::Again(wait(self.limits.wait, delivery.receives, &delivery.id));
        }
        let target = Task::read(&delivery.body).map_or_else(|_| String::new(), |it| it.target);
        self.letter(delivery, &target, error.code(), error.chain())
            .await
    }

    async fn give_up(&self, delivery: &Delivery, target: &str, error: &TaskError) -> Fate {
        self.letter(delivery, target, error.code(), error.chain())
            .await
    }

    /// Only what lies among the dead letters may be forgotten by the queue.
    async fn letter(&self, delivery: &Delivery, target: &str, code: &str, reason: String) -> Fate {
        let letter = DeadLetter {
            body: delivery.body.clone(),
            target: target.to_owned(),
            code: code.to_owned(),
            reason,
        };
        match self.queue.give_up(&letter).await {
            Ok(()) => {
                tracing::error!(
                    target_name = target,
                    code,
                    reason = letter.reason,
                    "task given up"
                );
                Fate::Settled
            }
            Err(error) => {
                // The queue's own redrive is the net below.
                tracing::error!(target_name = target, error = %error, "dead letter not sent");
                Fate::Left
            }
        }
    }
}
