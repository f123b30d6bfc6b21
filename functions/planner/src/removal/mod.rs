//! The stack goes, and every group has its own limits again before the role does.
//!
//! CloudFormation asks the planner, since no other function may give a group back, and waits for an
//! answer. Nothing is changed unless the stack as a whole is being deleted: an update that takes the
//! resource out, or is rolled back, must not release production.
//!
//! What was ever adopted is known from the bucket, not from the configuration, which may be broken or
//! have fewer targets by now. Every target is tried, whatever becomes of the others. What one call does
//! not get through is handed on through the queue of tasks, as often as it takes within [`BUDGET`]. The
//! answer is FAILED, with the reasons, where one group keeps what is not its own: the stack then stays,
//! role and all, and deleting it again goes on.

mod request;
mod target;

use control::{Settings, World, load_settings};
use futures_util::StreamExt;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use ports::{Clock, DocumentStore, Formation, GroupWriter, PortError, TaskQueue};
use request::{Kind, short};
use serde::Serialize;
use tasks::{BatchItemFailure, Delivery};

use crate::PlannerError;
pub(crate) use request::{Progress, Request};
use target::{Came, leave};

/// Groups that are worked on at a time: eight are as many as eight planners' at work, about 60 calls to
/// Auto Scaling a second.
const AT_A_TIME: usize = 8;
/// How long CloudFormation is let wait. The template's `ServiceTimeout` is longer, so that it hears why.
const BUDGET: SignedDuration = SignedDuration::from_mins(25);
/// With less time than that no target is begun: one that is cut short leaves its lease behind.
const LEAST: SignedDuration = SignedDuration::from_secs(20);
/// Time that is left for handing on, or for the answer.
const RESERVE: SignedDuration = SignedDuration::from_secs(8);
/// How long one target may take.
const TARGET: SignedDuration = SignedDuration::from_secs(30);
/// How often those that may work the next time are tried, and how long that waits: four minutes in all,
/// longer than the lease of a run that was cut short lasts.
const ROUNDS: u32 = 12;
const PAUSE: SignedDuration = SignedDuration::from_secs(20);
/// Most targets that are kept for the next round: a message has room for more.
const MOST_AGAIN: usize = 1000;
/// How many reasons are told, and how much of each, in bytes. The log has all of them.
const TOLD: usize = 4;
const LONGEST: usize = 300;
/// How often an answer is put, or what is left is sent.
const TRIES: u32 = 4;

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// `SUCCESS` or `FAILED` as answered; `GOES_ON` where another call goes on.
    pub status: &'static str,
    /// Why, in plain words.
    pub reason: String,
}

/// What a removal is done with.
#[derive(Debug)]
pub(crate) struct Leaving<'a, S, M, G, N, C, Q, F> {
    pub(crate) world: &'a World<'a, S, M, G, N, C>,
    pub(crate) queue: &'a Q,
    pub(crate) formation: &'a F,
    /// When this call is stopped.
    pub(crate) deadline: Timestamp,
    /// How often a message is delivered before it is given up.
    pub(crate) receives: u32,
}

impl<S, M, G, N, C, Q, F> Leaving<'_, S, M, G, N, C, Q, F>
where
    S: DocumentStore,
    G: GroupWriter,
    C: Clock,
    Q: TaskQueue,
    F: Formation,
{
    /// Answers what CloudFormation asks.
    ///
    /// # Errors
    /// [`PlannerError::Unanswered`] where the answer could not be put; being asked again is safe.
    pub(crate) async fn asked(&self, request: Request) -> Result<Removal, PlannerError> {
        if request.kind != Kind::Delete {
            let why = "nothing is changed before the stack is deleted";
            return self.tell(&request, true, why.to_owned()).await;
        }
        let began = self.world.clock.now();
        self.go_on(Progress::new(request, began)).await
    }

    /// Takes out of `delivered` what goes on with a removal, does it, and tells what is to come again.
    pub(crate) async fn delivered(
        &self,
        delivered: Vec<Delivery>,
    ) -> (Vec<Delivery>, Vec<BatchItemFailure>) {
        let (mut tasks, mut failures) = (Vec::new(), Vec::new());
        for delivery in delivered {
            let Some(progress) = Progress::read(&delivery) else {
                tasks.push(delivery);
                continue;
            };
            if let Err(error) = self.go_on(progress).await {
                let error = control::chain(&error);
                if delivery.receives >= self.receives {
                    // Among the dead letters anybody could read the URL that CloudFormation is answered at.
                    tracing::error!(%error, "the removal is given up: delete the stack again");
                    continue;
                }
                tracing::error!(%error, "the removal comes again");
                if let Err(error) = self.queue.hide(&delivery.receipt, PAUSE).await {
                    tracing::warn!(error = %error, "by the queue's own time");
                }
                failures.push(BatchItemFailure { id: delivery.id });
            }
        }
        (tasks, failures)
    }

    /// As far as this call's time goes.
    async fn go_on(&self, mut progress: Progress) -> Result<Removal, PlannerError> {
        // Of a message as well: it says what somebody sent.
        match self
            .formation
            .is_being_deleted(&progress.request.stack)
            .await
        {
            Ok(true) => {}
            Ok(false) => {
                let why = "the stack itself stays: no group is released";
                return self.tell(&progress.request, true, why.to_owned()).await;
            }
            Err(error) => {
                let why = format!(
                    "nothing more is released: whether the stack goes is not known: {error}"
                );
                return self.tell(&progress.request, false, why).await;
            }
        }
        let settings = load_settings(self.world.store, self.world.clock.now()).await;
        if let Err(error) = &settings {
            tracing::warn!(error = %error.chain(), "released by what is kept of each group");
        }
        let settings = settings.as_ref().ok();
        loop {
            let names = match self.names(&progress).await {
                Ok(names) => names,
                Err(error) => {
                    let why = format!("nothing more is released: {error}");
                    return self.tell(&progress.request, false, why).await;
                }
            };
            if !std::mem::replace(&mut progress.waited, true) {
                self.world.clock.sleep(PAUSE).await;
            }
            let left = self.some(settings, &mut progress, names).await;
            let over = self.world.clock.now().duration_since(progress.began) > BUDGET;
            if left > 0 && !over {
                return self.hand_on(progress).await;
            }
            if over || progress.again.is_empty() {
                let (worked, why) = told(&progress, left);
                return self.tell(&progress.request, worked, why).await;
            }
            progress.round += 1;
            progress.waited = false;
            progress.left = std::mem::take(&mut progress.again);
            if self.left() < PAUSE.saturating_add(LEAST) {
                return self.hand_on(progress).await;
            }
        }
    }

    /// Targets that this round has still to try.
    async fn names(&self, progress: &Progress) -> Result<Vec<String>, PortError> {
        if progress.round > 1 {
            return Ok(progress.left.clone());
        }
        let all = self.world.store.folders("targets/").await?;
        Ok(all.into_iter().filter(|it| *it > progress.after).collect())
    }

    /// Tries `names` in their order while there is time; how many are left.
    async fn some(
        &self,
        settings: Option<&Settings>,
        progress: &mut Progress,
        names: Vec<String>,
    ) -> usize {
        let reason = format!("the stack {} is deleted", progress.request.stack_name());
        let timely = names.iter().take_while(|_| self.left() >= LEAST);
        let work = timely.map(|name| {
            let limit = self.left().saturating_sub(RESERVE).min(TARGET);
            leave(self.world, settings, name, &reason, limit)
        });
        let mut work = std::pin::pin!(stream::iter(work).buffered(AT_A_TIME));
        let mut tried = 0;
        while let Some(came) = work.next().await {
            let Some(name) = names.get(tried) else { break };
            tried += 1;
            match came {
                Came::Released => progress.released += 1,
                Came::Nothing => {}
                Came::Again(_) if progress.round < ROUNDS && progress.again.len() < MOST_AGAIN => {
                    progress.again.push(name.clone());
                }
                Came::Again(why) | Came::Failed(why) => {
                    progress.failed += 1;
                    if progress.reasons.len() < TOLD {
                        let line = format!("{name}: {why}");
                        progress.reasons.push(short(&line, LONGEST).to_owned());
                    }
                }
            }
        }
        if progress.round == 1 {
            if let Some(last) = tried.checked_sub(1).and_then(|last| names.get(last)) {
                progress.after.clone_from(last);
            }
        } else {
            progress.left = names.get(tried..).unwrap_or_default().to_vec();
        }
        names.len() - tried
    }

    /// Time that this call has.
    fn left(&self) -> SignedDuration {
        self.deadline.duration_since(self.world.clock.now())
    }

    /// Lets another call go on.
    async fn hand_on(&self, progress: Progress) -> Result<Removal, PlannerError> {
        if !self.queue.is_open() {
            let why = "there was no time for all of them; delete the stack again: it goes on";
            return self.tell(&progress.request, false, why.to_owned()).await;
        }
        let reason = format!(
            "round {}: {} released, {} failed, {} to be tried again",
            progress.round,
            progress.released,
            progress.failed,
            progress.again.len()
        );
        let body = [progress.body()];
        let sent = self
            .tried(async || match self.queue.send(&body).await {
                Ok(unsent) => match unsent.into_iter().next() {
                    None => Ok(()),
                    Some(unsent) => Err(PortError::Throttled {
                        operation: "send tasks",
                        resource: "what is left of the removal".to_owned(),
                        detail: unsent.reason,
                    }),
                },
                Err(error) => Err(error),
            })
            .await;
        sent.map_err(PlannerError::Unanswered)?;
        tracing::info!(reason, "the removal goes on");
        Ok(Removal {
            status: "GOES_ON",
            reason,
        })
    }

    /// Puts the answer where CloudFormation waits for it.
    async fn tell(
        &self,
        request: &Request,
        worked: bool,
        reason: String,
    ) -> Result<Removal, PlannerError> {
        let answer = request.answer(worked, &reason);
        let put = self
            .tried(async || self.formation.answer(&request.answer_to, &answer).await)
            .await;
        put.map_err(PlannerError::Unanswered)?;
        let status = if worked { "SUCCESS" } else { "FAILED" };
        tracing::info!(status, reason, kind = ?request.kind, "CloudFormation is answered");
        Ok(Removal { status, reason })
    }

    /// `work`, again after a second, two and four where that may help.
    async fn tried(&self, work: impl AsyncFn() -> Result<(), PortError>) -> Result<(), PortError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match work().await {
                Err(error) if error.passes() && tries < TRIES => {
                    let wait = SignedDuration::from_secs(1 << (tries - 1));
                    if self.left() < wait {
                        return Err(error);
                    }
                    self.world.clock.sleep(wait).await;
                }
                done => return done,
            }
        }
    }
}

/// Whether it worked, and what CloudFormation is told.
fn told(progress: &Progress, left: usize) -> (bool, String) {
    let released = progress.released;
    let waiting = progress.again.len() + left;
    if progress.failed == 0 && waiting == 0 {
        return (
            true,
            format!("{released} released: no group has a changed floor"),
        );
    }
    let mut said = Vec::new();
    if progress.failed > 0 {
        let reasons = progress.reasons.join("; ");
        said.push(format!("{} not released: {reasons}", progress.failed));
    }
    if waiting > 0 {
        let minutes = BUDGET.as_mins();
        said.push(format!(
            "{waiting} not tried to the end within {minutes} minutes"
        ));
    }
    said.push(format!(
        "{released} released. Mend it and delete the stack again: it goes on \
         (docs/upgrade-and-uninstall.md)"
    ));
    (false, said.join(". "))
}
