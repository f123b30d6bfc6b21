//! The looks that follow an alarm: which event is decided on, when the next look is due, and how a
//! chain of looks that was lost is found again.

use config::Target;
use control::{ControlError, World};
use diagnosis::{Decision, Phase};
use documents::{Following, Incident};
use jiff::{SignedDuration, Timestamp};
use ports::{Clock, Look, Reminder};

use crate::event::Cause;

/// A second alarm within this long of a look says what that look has seen.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(45);
/// Clocks may differ by so much.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// A chain of looks that is silent for longer is lost: the next alarm begins an incident of its own.
const LOST: SignedDuration = SignedDuration::from_mins(15);
/// A look that is late by more has been lost; a delayed message is late by seconds.
const LATE: SignedDuration = SignedDuration::from_secs(60);
/// Deliveries of one alarm within this long are the same one several times over. Those that repeat a
/// failed one come after a minute. Source: Lambda developer guide, asynchronous invocation.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(30);
/// Between two looks of a target that is paused.
pub(crate) const PAUSED: SignedDuration = SignedDuration::from_mins(5);
/// How often the next look is asked for: without it nobody looks until the next alarm.
const TRIES: usize = 3;
/// Wait between those.
const WAIT: SignedDuration = SignedDuration::from_millis(200);

/// What to do with an event, given the record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// Decide.
    Decide,
    /// It was decided on before: bring about what was decided, and make sure of the next look.
    Repeated,
    /// It says nothing new; the reason is kept.
    Note(String),
    /// Nothing at all is to be done.
    Nothing(String),
}

/// Whether `cause` is to be decided on. Only where looks come again (`reminds`) may an alarm leave
/// what it says to the next one, and only one that changed before the last look.
pub(crate) fn verdict(
    incident: &Incident,
    cause: &Cause,
    reminds: bool,
    now: Timestamp,
) -> Verdict {
    match cause {
        Cause::Alarm(alarm) => {
            let id = alarm.id();
            if incident.seen.iter().any(|seen| seen.id == id) {
                return Verdict::Repeated;
            }
            let source = alarm.source();
            let newer = incident.seen.iter().find(|seen| {
                let same = seen
                    .id
                    .rsplit_once('@')
                    .is_some_and(|(name, _)| name == source);
                // What claims to be of the future overtakes nothing.
                let past = |at: &Timestamp| at.duration_since(now) < AHEAD;
                same && seen.changed_at.filter(past) > Some(alarm.changed_at)
            });
            if let Some(newer) = newer {
                return Verdict::Note(format!("overtaken by {}", newer.id));
            }
            let joined = incident.following.as_ref().filter(|it| {
                reminds
                    && alarm.changed_at <= it.looked_at
                    && now.duration_since(it.looked_at) < SAME_MOMENT
            });
            match joined {
                Some(it) => Verdict::Note(format!("joined the look of {}", it.looked_at)),
                None => Verdict::Decide,
            }
        }
        Cause::Look { look, .. } => match &incident.following {
            None => Verdict::Nothing("nothing is followed any more".to_owned()),
            Some(it) if it.since != look.incident || it.look < look.number => {
                Verdict::Nothing("it is of another incident".to_owned())
            }
            Some(it) if it.look > look.number => Verdict::Repeated,
            Some(_) => Verdict::Decide,
        },
    }
}

/// Whether the looks of `following` stopped coming: what alarms say then is another incident.
pub(crate) fn lost(following: &Following, now: Timestamp) -> bool {
    now.duration_since(following.looked_at) > LOST
}

/// In how long the look that is waited for is to come once more, where it may never have been asked
/// for: an earlier delivery of `cause` may have ended too early. It comes after the one that was
/// asked for, if one was, which then makes it a repetition that asks for nothing: a chain stays one.
pub(crate) fn once_more(
    following: &Following,
    cause: &Cause,
    now: Timestamp,
) -> Option<SignedDuration> {
    let due = following.due.unwrap_or(following.looked_at);
    if now.duration_since(due) > LATE {
        return Some(SignedDuration::from_secs(1));
    }
    let failed = match cause {
        Cause::Alarm(_) => now.duration_since(following.looked_at) > AT_ONCE,
        Cause::Look { again, .. } => *again,
    };
    let left = due.duration_since(now).max(SignedDuration::ZERO);
    failed.then(|| left.saturating_add(LATE))
}

/// Until the next look.
pub(crate) fn interval(
    following: &Following,
    decision: &Decision,
    now: Timestamp,
) -> SignedDuration {
    let age = now.duration_since(following.since);
    let minutes = match decision.phase {
        Phase::Growing => 1,
        _ if age < SignedDuration::from_mins(15) => 1,
        Phase::Watching if age > SignedDuration::from_hours(1) => 5,
        _ => 2,
    };
    SignedDuration::from_mins(minutes)
}

/// Asks for the next look of `following` in `span`.
pub(crate) async fn ask<S, M, G, N: Reminder, C: Clock>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    following: &Following,
    span: SignedDuration,
) -> Result<(), ControlError> {
    let look = Look {
        target: target.name.clone(),
        number: following.look,
        incident: following.since,
    };
    let mut tried = 1;
    loop {
        match world.notifier.remind(&look, span).await {
            Ok(()) => return Ok(()),
            Err(error) if tried < TRIES => {
                tracing::warn!(target_name = %target.name, error = %error, "next look not asked for");
                tried += 1;
                world.clock.sleep(WAIT).await;
            }
            Err(source) => {
                return Err(ControlError::Port {
                    target: target.name.clone(),
                    source,
                });
            }
        }
    }
}
