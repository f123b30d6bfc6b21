//! Keeping in mind what is not acted on.

use config::Target;
use control::{ControlError, Loaded, World, load, save};
use diagnosis::Alarm;
use documents::{Envelope, Incident, keys};
use jiff::Timestamp;
use ports::{Clock, DocumentStore, PortError, Reminder};

use crate::answer::BY;
use crate::event::Cause;
use crate::looks::{self, Verdict};
use crate::record;

/// How often a write that came second is tried over the newer record.
const TRIES: usize = 4;

/// Writes into the incident's record that `alarm` came and why it is not acted on, over whatever
/// is there, and returns whether that is new. Once is enough: an event that is there already changes
/// nothing. Other writers go first.
pub(crate) async fn keep<S: DocumentStore>(
    store: &S,
    target: &Target,
    alarm: &Alarm,
    reason: &str,
    now: Timestamp,
) -> Result<bool, ControlError> {
    let mut new = false;
    let work = |incident: &mut Incident| {
        let known = incident.seen.iter().any(|seen| seen.id == alarm.id());
        new = !known;
        new.then(|| record::note(incident, alarm, reason.to_owned(), now))
    };
    let kept = change(store, target, now, work).await?;
    Ok(new && kept.is_some())
}

/// A pause stops what changes the group, not what is followed: looks go on, and an alarm that goes
/// off meanwhile is looked at when the pause is over.
pub(crate) async fn pause<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    cause: &Cause,
    reason: &str,
    now: Timestamp,
) -> Result<(), ControlError>
where
    S: DocumentStore,
    N: Reminder,
    C: Clock,
{
    if !world.notifier.reminds() {
        return Ok(());
    }
    let mut next = None;
    let work = |incident: &mut Incident| match looks::verdict(incident, cause, true, now) {
        Verdict::Decide => {
            next = match cause {
                Cause::Alarm(alarm) => {
                    record::note(incident, alarm, reason.to_owned(), now);
                    record::wait(incident, cause, now)
                }
                // The same look again.
                Cause::Look { .. } => Some(looks::PAUSED),
            };
            matches!(cause, Cause::Alarm(_)).then_some(())
        }
        Verdict::Repeated => {
            let following = incident.following.as_ref();
            next = following.and_then(|it| looks::once_more(it, cause, now));
            None
        }
        Verdict::Note(_) | Verdict::Nothing(_) => None,
    };
    let incident = change(world.store, target, now, work).await?;
    let following = incident.and_then(|incident| incident.following);
    match following.as_ref().zip(next) {
        Some((following, span)) => looks::ask(world, target, following, span).await,
        None => Ok(()),
    }
}

/// Does `work` to the incident's record and writes it where that changed something; the record as
/// it is then, or `None` where it cannot be read: it may hold something, and is left to a decision.
async fn change<S: DocumentStore>(
    store: &S,
    target: &Target,
    now: Timestamp,
    mut work: impl FnMut(&mut Incident) -> Option<()>,
) -> Result<Option<Incident>, ControlError> {
    let key = keys::incident(&target.name);
    for _ in 0..TRIES {
        let loaded = load::<Incident>(store, &key).await;
        let loaded = loaded.map_err(|source| ControlError::Port {
            target: target.name.clone(),
            source,
        })?;
        let mut incident = match &loaded {
            Loaded::Unusable(..) => return Ok(None),
            Loaded::Absent => Incident::default(),
            Loaded::Found(envelope, _) => envelope.body.clone(),
        };
        if work(&mut incident).is_none() {
            return Ok(Some(incident));
        }
        let document = Envelope::new(Some(&target.name), now, BY, incident.clone());
        match save(store, &key, &document, loaded.unchanged()).await {
            Ok(_) => return Ok(Some(incident)),
            Err(ControlError::Port {
                source: PortError::Conflict { .. },
                ..
            }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
