//! Keeping in mind what is not acted on.

use config::Target;
use control::{ControlError, Loaded, load, save};
use diagnosis::Alarm;
use documents::{Envelope, Incident, keys};
use jiff::Timestamp;
use ports::{DocumentStore, PortError};

use crate::answer::BY;
use crate::record;

/// How often a write that came second is tried over the newer record.
const TRIES: usize = 4;

/// Writes into the incident's record that `alarm` came and why it is not acted on, over whatever
/// is there. Once is enough: an event that is there already changes nothing. Other writers go first.
pub(crate) async fn keep<S: DocumentStore>(
    store: &S,
    target: &Target,
    alarm: &Alarm,
    reason: &str,
    now: Timestamp,
) -> Result<(), ControlError> {
    let key = keys::incident(&target.name);
    for _ in 0..TRIES {
        let loaded = load::<Incident>(store, &key).await;
        let loaded = loaded.map_err(|source| ControlError::Port {
            target: target.name.clone(),
            source,
        })?;
        // One that cannot be read may hold something: it is left to a decision.
        let mut incident = match &loaded {
            Loaded::Unusable(..) => return Ok(()),
            Loaded::Absent => Incident::default(),
            Loaded::Found(envelope, _) => envelope.body.clone(),
        };
        if incident.seen.iter().any(|seen| seen.id == alarm.id()) {
            return Ok(());
        }
        record::note(&mut incident, alarm, reason.to_owned(), now);
        let document = Envelope::new(Some(&target.name), now, BY, incident);
        match save(store, &key, &document, loaded.unchanged()).await {
            Ok(_) => return Ok(()),
            Err(ControlError::Port {
                source: PortError::Conflict { .. },
                ..
            }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
