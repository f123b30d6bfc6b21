//! From a run to tasks in the queue.

use control::Settings;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use ports::{Clock, MOST_MESSAGES, PortError, TaskQueue};
use serde::Serialize;

use crate::retry::wait;
use crate::{Fan, Task, TaskError};

/// Batches that are under way at a time. A call takes some 10 to 20 ms, so that ten thousand tasks
/// are sent within five seconds.
const AT_A_TIME: usize = 4;
/// How often a batch is tried.
const TRIES: u32 = 4;
/// The first wait between those.
const WAIT: SignedDuration = SignedDuration::from_millis(400);
/// How far clocks may disagree.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// The run.
    pub run: Timestamp,
    /// Tasks that the queue took.
    pub sent: usize,
    /// What else there is to say.
    pub notes: Vec<String>,
}

impl<S, Q: TaskQueue, C: Clock> Fan<'_, S, Q, C> {
    /// The targets that the run is to serve through the queue: `names`, or all that are not off for
    /// an empty list, those that are wrong included, so that each ends where people find it. Nothing
    /// where the run serves them by itself.
    ///
    /// # Errors
    /// [`TaskError::Target`] when there is no such target.
    pub fn wanted<'s>(
        &self,
        settings: &'s Settings,
        names: &[String],
    ) -> Result<Option<Vec<&'s str>>, TaskError> {
        let on = |target: &&config::Target| target.mode != config::Mode::Off;
        let targets = settings.targets(names)?;
        let right = targets.into_iter().filter(on).map(|it| it.name.as_str());
        let wrong = settings.wrong(names).map(|(label, _)| label);
        let wanted: Vec<&str> = right.chain(wrong).collect();
        Ok((self.queue.is_open() && wanted.len() > self.limits.inline).then_some(wanted))
    }

    /// Puts a task of the run due at `run` into the queue for each of `targets`.
    ///
    /// When it breaks half way, the same run sent again completes it: what was sent twice is done
    /// once.
    ///
    /// # Errors
    /// [`TaskError::NotDue`] for a run in the future, which would keep all runs before it from being
    /// done; [`TaskError::Unsent`] when the queue does not take them, also after some tries.
    pub async fn send(
        &self,
        run: Timestamp,
        targets: &[&str],
        again: bool,
    ) -> Result<Sent, TaskError> {
        let now = self.clock.now();
        if run.duration_since(now) > AHEAD {
            return Err(TaskError::NotDue { run, now });
        }
        let mut sent = 0;
        let mut failed = None;
        // Only what is under way at a time is in memory.
        for wave in targets.chunks(MOST_MESSAGES * AT_A_TIME) {
            let batches = wave.chunks(MOST_MESSAGES).map(|batch| {
                let task = |target: &&str| Task {
                    function: self.function.to_owned(),
                    run,
                    target: (*target).to_owned(),
                    again,
                };
                self.batch(batch.iter().map(|target| task(target).body()).collect())
            });
            for (count, error) in join_all(batches).await {
                sent += count;
                failed = error.or(failed);
            }
            if let Some(source) = failed {
                let total = targets.len();
                tracing::error!(function = self.function, run = %run, sent, total, error = %source, "tasks not sent");
                return Err(TaskError::Unsent {
                    run,
                    sent,
                    total,
                    source,
                });
            }
        }
        tracing::info!(function = self.function, run = %run, sent, "tasks sent");
        Ok(Sent {
            run,
            sent,
            notes: Vec::new(),
        })
    }

    /// Sends `bodies`, those that are refused again; how many were taken, and what the last try said
    /// if that was not all.
    async fn batch(&self, mut bodies: Vec<String>) -> (usize, Option<PortError>) {
        let total = bodies.len();
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.queue.send(&bodies).await {
                Ok(unsent) => {
                    let Some(first) = unsent.first() else {
                        return (total, None);
                    };
                    let detail = first.reason.clone();
                    let kept = |place: &usize| unsent.iter().any(|it| it.place == *place);
                    let all = std::mem::take(&mut bodies).into_iter().enumerate();
                    bodies = all
                        .filter(|(place, _)| kept(place))
                        .map(|(_, body)| body)
                        .collect();
                    PortError::Throttled {
                        operation: "send tasks",
                        resource: format!("{} messages", bodies.len()),
                        detail,
                    }
                }
                Err(error) => error,
            };
            if tries >= TRIES || !error.passes() {
                return (total - bodies.len(), Some(error));
            }
            let name = bodies.first().map_or("", String::as_str);
            self.clock.sleep(wait(WAIT, tries, name)).await;
        }
    }
}
