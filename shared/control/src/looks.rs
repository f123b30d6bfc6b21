//! Finding a chain of looks again that was lost.

use documents::{Incident, keys};
use jiff::{SignedDuration, Timestamp};
use ports::{DocumentStore, Look, Reminder};

use crate::World;
use crate::store::load;

/// A look this late was lost: a delayed message is late by seconds, and one that failed comes again
/// after a minute and a half.
const LOST: SignedDuration = SignedDuration::from_mins(5);

/// Asks once more for the look that the incident of `target` waits for, where that is overdue, and
/// says so. Each look carries its number, so one that comes twice is a repetition.
pub async fn look_again<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &str,
    now: Timestamp,
) -> Option<String>
where
    S: DocumentStore,
    N: Reminder,
{
    if !world.notifier.reminds() {
        return None;
    }
    let loaded = match load::<Incident>(world.store, &keys::incident(target)).await {
        Ok(loaded) => loaded,
        Err(error) => return Some(format!("whether a look is overdue is unknown: {error}")),
    };
    // An incident that cannot be decoded is told by the plan, which holds what is there.
    let following = loaded.body()?.following.as_ref()?;
    let due = following.due.unwrap_or(following.looked_at);
    if now.duration_since(due) <= LOST {
        return None;
    }
    let look = Look {
        target: target.to_owned(),
        number: following.look,
        incident: following.since,
    };
    let asked = world.notifier.remind(&look, SignedDuration::from_secs(1));
    Some(match asked.await {
        Ok(()) => format!("the look due at {due} never came and is asked for again"),
        Err(error) => {
            format!("the look due at {due} never came and cannot be asked for again: {error}")
        }
    })
}
