//! Who may change a group at the moment.
//!
//! A lease is a document that is replaced only over the version that was read, so that of two who
//! try at once one is refused. It ends by itself after [`LENGTH`], which is longer than a function
//! may run: a holder that lost it is no longer there. Its fencing token grows with every holder and
//! is kept in the plan, so that a decision made under an older one is refused even so.

use documents::{Envelope, Lease, keys};
use jiff::{SignedDuration, Timestamp};
use ports::{Clock, DocumentStore, PortError, Version};

use crate::error::chain;
use crate::store::{Loaded, load, save};
use crate::{ControlError, World};

/// How long a lease lasts unless released: the functions' time limit of 60 s, the SDK's last
/// retries, and a minute for clocks that disagree.
const LENGTH: SignedDuration = SignedDuration::from_secs(150);
/// How long to wait between tries.
const PATIENCE: SignedDuration = SignedDuration::from_millis(500);
/// How often to try: with [`PATIENCE`] ten seconds, several times what a run takes.
const TRIES: u32 = 20;

/// A lease that is held.
#[derive(Debug)]
pub struct HeldLease {
    target: String,
    lease: Lease,
    version: Version,
    note: Option<String>,
}

impl HeldLease {
    /// Its fencing token.
    #[must_use]
    pub fn fence(&self) -> u64 {
        self.lease.fence
    }

    /// What was odd about the record it replaced.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The target it is for.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }
}

/// Takes the lease of `target`, waiting a little for another holder to finish.
///
/// # Errors
/// [`ControlError::Leased`] when another run keeps it, [`ControlError::Port`] when the store does
/// not answer.
pub async fn acquire<S: DocumentStore, M, G, N, C: Clock>(
    world: &World<'_, S, M, G, N, C>,
    target: &str,
    holder: &str,
) -> Result<HeldLease, ControlError> {
    let mut blocked = None;
    for attempt in 0..TRIES {
        if attempt > 0 {
            world.clock.sleep(PATIENCE).await;
        }
        match try_acquire(world.store, target, holder, world.clock.now()).await? {
            Ok(lease) => return Ok(lease),
            Err(other) => blocked = Some(other),
        }
    }
    let (holder, until) = blocked.unwrap_or_else(|| ("somebody".to_owned(), world.clock.now()));
    Err(ControlError::Leased {
        target: target.to_owned(),
        holder,
        until,
    })
}

type Attempt = Result<HeldLease, (String, Timestamp)>;

async fn try_acquire(
    store: &impl DocumentStore,
    target: &str,
    holder: &str,
    now: Timestamp,
) -> Result<Attempt, ControlError> {
    let key = keys::lease(target);
    let port = |source| ControlError::Port {
        target: target.to_owned(),
        source,
    };
    let present = load::<Lease>(store, &key).await.map_err(port)?;
    let note = match &present {
        Loaded::Unusable(error, _) => Some(format!("the lease is replaced: {}", chain(error))),
        Loaded::Absent | Loaded::Found(..) => None,
    };
    let fence = match &present {
        // Deleted, perhaps: a token below the plan's would be refused from then on.
        Loaded::Absent => stored_fence(store, target).await?,
        Loaded::Found(envelope, _) if envelope.body.expires_at > now => {
            return Ok(Err((
                envelope.body.holder.clone(),
                envelope.body.expires_at,
            )));
        }
        Loaded::Found(envelope, _) => envelope.body.fence,
        Loaded::Unusable(..) if present.is_newer() => {
            return Ok(Err(("a newer version of Forescale".to_owned(), now)));
        }
        // A damaged lease tells neither holder nor token. The plan's token is the only other record.
        Loaded::Unusable(..) => stored_fence(store, target).await?,
    };
    let expires_at = now.saturating_add(LENGTH).unwrap_or(Timestamp::MAX);
    let lease = Lease {
        holder: holder.to_owned(),
        fence: fence.saturating_add(1),
        expires_at,
    };
    let document = Envelope::new(Some(target), now, holder, lease.clone());
    match save(store, &key, &document, present.unchanged()).await {
        Ok(version) => Ok(Ok(HeldLease {
            target: target.to_owned(),
            lease,
            version,
            note,
        })),
        Err(ControlError::Port {
            source: PortError::Conflict { .. },
            ..
        }) => Ok(Err(("another run that was faster".to_owned(), now))),
        Err(error) => Err(error),
    }
}

async fn stored_fence(store: &impl DocumentStore, target: &str) -> Result<u64, ControlError> {
    let plan = load::<documents::Plan>(store, &keys::plan(target)).await;
    let plan = plan.map_err(|source| ControlError::Port {
        target: target.to_owned(),
        source,
    })?;
    Ok(plan.body().map_or(0, |plan| plan.fence))
}

/// Gives the lease back. Its token stays on record. A failure is harmless: the lease ends by
/// itself.
pub async fn release<S: DocumentStore, M, G, N, C: Clock>(
    world: &World<'_, S, M, G, N, C>,
    held: HeldLease,
) {
    let now = world.clock.now();
    let HeldLease {
        target,
        mut lease,
        version,
        note: _,
    } = held;
    lease.expires_at = now;
    let document = Envelope::new(Some(&target), now, &lease.holder.clone(), lease);
    let condition = ports::Condition::Matches(version);
    if let Err(error) = save(world.store, &keys::lease(&target), &document, condition).await {
        tracing::warn!(target_name = %target, error = %error.chain(), "lease not released; it ends by itself");
    }
}
