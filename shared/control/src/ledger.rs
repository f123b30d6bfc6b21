//! What targets in shadow mode would have done.

use documents::{Envelope, LedgerEntry, ShadowLedger, keys};
use ports::DocumentStore;

use crate::ControlError;
use crate::promised::replaced;
use crate::store::{Loaded, load, save};

/// Adds `entry` to the day's ledger and says whether it was new. A second delivery of one alarm event
/// changes nothing, and of a second run for one hour only the floors it promises are kept. A damaged
/// ledger is begun anew.
///
/// # Errors
/// [`ControlError`].
pub async fn append_to_ledger(
    store: &impl DocumentStore,
    target: &str,
    entry: LedgerEntry,
) -> Result<bool, ControlError> {
    let key = keys::ledger(target, entry.at);
    let loaded = load::<ShadowLedger>(store, &key)
        .await
        .map_err(|source| ControlError::Port {
            target: target.to_owned(),
            source,
        })?;
    if let (true, Loaded::Unusable(..)) = (loaded.is_newer(), &loaded) {
        return Ok(false);
    }
    let mut ledger = loaded.body().cloned().unwrap_or_default();
    let hour = |at: jiff::Timestamp| at.as_second().div_euclid(3600);
    let known = |known: &LedgerEntry| {
        known.by == entry.by
            && match &entry.event {
                Some(_) => known.event == entry.event,
                None => known.event.is_none() && hour(known.at) == hour(entry.at),
            }
    };
    let (at, by) = (entry.at, entry.by.clone());
    let new = match ledger.entries.iter().position(known) {
        None => {
            ledger.entries.push(entry);
            true
        }
        Some(index) => {
            let stood = &mut ledger.entries[index].promised;
            let promised = replaced(stood, &entry.promised);
            if *stood == promised {
                return Ok(false);
            }
            *stood = promised;
            false
        }
    };
    let document = Envelope::new(Some(target), at, &by, ledger);
    save(store, &key, &document, loaded.unchanged()).await?;
    Ok(new)
}
