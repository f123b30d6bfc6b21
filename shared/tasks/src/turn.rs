//! Who is at a target in a run, and whether it is done: a record that is written only over what was
//! read, so that of two workers one is refused.

use control::{ControlError, Loaded, load, save};
use documents::{Envelope, Turn, keys};
use jiff::{SignedDuration, Timestamp};
use ports::{Clock, Condition, DocumentStore, PortError};

use crate::{Fan, Task};

/// A record of a run further ahead is damaged or of a wrong clock: it keeps nobody from working.
const AHEAD: SignedDuration = SignedDuration::from_hours(1);

/// How long after a worker's deadline another may begin, for clocks that disagree.
const SPARE: SignedDuration = SignedDuration::from_secs(10);

/// What the record says to a worker.
#[derive(Debug)]
pub(crate) enum Begun {
    /// The target is its own.
    Mine(Held),
    /// It need not be done; the reason is told.
    Over(String),
    /// Another worker is at it until then.
    Busy(Timestamp),
}

/// A target that a worker has to itself.
#[derive(Debug)]
pub(crate) struct Held {
    turn: Turn,
    /// Nothing where no record is kept.
    condition: Option<Condition>,
}

impl Held {
    /// How often a worker began with the target in this run, this time included.
    pub(crate) fn begun(&self) -> u32 {
        self.turn.begun
    }
}

/// What comes after [`Begun::Mine`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// It is done, or given up: a word for how.
    Ended(&'static str),
    /// It is to be tried again.
    Again,
}

impl<S: DocumentStore, Q, C: Clock> Fan<'_, S, Q, C> {
    /// Takes `task` for a worker that is stopped at `deadline`, unless it is done or another's.
    pub(crate) async fn begin(
        &self,
        task: &Task,
        deadline: Timestamp,
    ) -> Result<Begun, ControlError> {
        let now = self.clock.now();
        let key = keys::turn(&task.target, self.function);
        let port = |source| ControlError::Port {
            target: task.target.clone(),
            source,
        };
        let loaded = load::<Turn>(self.store, &key).await.map_err(port)?;
        let mut begun = 0;
        if let Some(turn) = loaded
            .body()
            .filter(|turn| turn.run.duration_since(now) < AHEAD)
        {
            if turn.run > task.run {
                let word = if turn.ended.is_some() {
                    "done"
                } else {
                    "begun"
                };
                return Ok(Begun::Over(format!("the run of {} is {word}", turn.run)));
            }
            if turn.run == task.run {
                if let Some(word) = &turn.ended {
                    return Ok(Begun::Over(format!("done already: {word}")));
                }
                if turn.until > now {
                    return Ok(Begun::Busy(turn.until));
                }
                begun = turn.begun;
            }
        }
        let turn = Turn {
            run: task.run,
            until: deadline.saturating_add(SPARE).unwrap_or(Timestamp::MAX),
            begun: begun.saturating_add(1),
            ended: None,
        };
        if let (true, Loaded::Unusable(error, _)) = (loaded.is_newer(), &loaded) {
            // Not ours to replace; without a record the work is done, perhaps twice, which changes
            // nothing.
            tracing::warn!(target_name = task.target, error = %control::chain(error), "no turn is kept");
            let condition = None;
            return Ok(Begun::Mine(Held { turn, condition }));
        }
        let until = turn.until;
        match self.keep(task, &turn, loaded.unchanged(), now).await {
            Ok(version) => Ok(Begun::Mine(Held {
                turn,
                condition: Some(version),
            })),
            Err(ControlError::Port {
                source: PortError::Conflict { .. },
                ..
            }) => Ok(Begun::Busy(until)),
            Err(error) => Err(error),
        }
    }

    /// Writes down how it ended. A failure is logged: the work is as it is, and a further delivery
    /// finds a turn that ends by itself.
    pub(crate) async fn end(&self, task: &Task, held: Held, end: End) {
        let now = self.clock.now();
        let Held {
            mut turn,
            condition,
        } = held;
        let Some(condition) = condition else { return };
        turn.until = now;
        match end {
            End::Ended(word) => turn.ended = Some(word.to_owned()),
            End::Again => {}
        }
        if let Err(error) = self.keep(task, &turn, condition, now).await {
            tracing::warn!(target_name = task.target, run = %task.run, error = %error.chain(), "turn not written");
        }
    }

    async fn keep(
        &self,
        task: &Task,
        turn: &Turn,
        condition: Condition,
        now: Timestamp,
    ) -> Result<Condition, ControlError> {
        let document = Envelope::new(Some(&task.target), now, self.function, turn.clone());
        let key = keys::turn(&task.target, self.function);
        let version = save(self.store, &key, &document, condition).await?;
        Ok(Condition::Matches(version))
    }
}
