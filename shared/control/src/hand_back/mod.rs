//! Giving a group back: our scheduled actions go, and it has its own limits again.
//!
//! The mark that a target was released is written first, under the lease: from then on
//! [`reconcile`](crate::reconcile()) refuses it, so that a run that was waiting adopts nothing. Then
//! what protects comes before what lowers: MaxSize, a MinSize that rises and the policy's value, our
//! actions, a MinSize that falls. Stopping anywhere is safe, and the next try finishes by what the mark remembers.

mod decide;

use config::Target;
use documents::{Baseline, Envelope, Released, keys};
use fleet::{MOST_ACTIONS_A_BATCH, Sizes};
use jiff::Timestamp;
use planning::Present;
use ports::{Clock, Condition, DocumentStore, GroupReader, GroupWriter};

use crate::error::chain;
use crate::seen::{gather, port};
use crate::store::{Loaded, load, save};
use crate::{ControlError, HeldLease, WantedPolicy, World};
use decide::{Seen, decide};

/// Why and by whom a target is released, and what demand is now.
#[derive(Debug, Clone)]
pub struct HandBack<'a> {
    /// The target.
    pub target: &'a Target,
    /// Who asks.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Whether it is for the time of a pause, and not for good.
    pub for_pause: bool,
    /// Demand at the moment, where known: what the group keeps is compared with it.
    pub present: Option<Present>,
    /// Demand one server sustains, in requests per minute.
    pub throughput: f64,
}

/// What a release comes to.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct HandedBack {
    /// The mark as it is, or would be.
    pub mark: Released,
    /// Our scheduled actions that go, by name.
    pub removed: Vec<String>,
    /// MinSize that is set, where it is another one than found.
    pub min_size: Option<u32>,
    /// Whether that is above what was found: the plan was below the group's own.
    pub raises: bool,
    /// MaxSize that is set, where Forescale had lowered it.
    pub max_size: Option<u32>,
    /// The policy that gets its former value back.
    pub policy: Option<WantedPolicy>,
    /// Whether all of that was there already.
    pub already: bool,
    /// What there is to say, in plain sentences.
    pub notes: Vec<String>,
}

/// Releases the target under `lease`: our actions go, the managed policy and MinSize are the group's
/// own again, and nobody adopts it until [`adopt_again`]. The desired capacity is not touched. Doing it
/// twice changes nothing the second time.
///
/// # Errors
/// [`ControlError`]; the target is then marked, or nothing was changed. The next try goes on from there.
pub async fn hand_back<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    lease: &HeldLease,
    ask: &HandBack<'_>,
) -> Result<HandedBack, ControlError>
where
    S: DocumentStore,
    G: GroupWriter,
    C: Clock,
{
    let target = ask.target;
    let now = world.clock.now();
    let (mut done, version) = looked(world.store, world.groups, ask, now).await?;
    done.notes.extend(lease.note().map(str::to_owned));
    let failed = |source| port(target, source);
    let key = keys::released(&target.name);
    let mark = |done: bool, mark: &Released| {
        let body = Released {
            done,
            ..mark.clone()
        };
        Envelope::new(Some(&target.name), now, ask.by, body)
    };
    if done.already {
        return Ok(done);
    }
    let version = save(world.store, &key, &mark(false, &done.mark), version).await?;
    if done.max_size.is_some() || done.raises {
        let sizes = Sizes {
            max_size: done.max_size,
            min_size: done.min_size.filter(|_| done.raises),
            ..Sizes::default()
        };
        let resized = world.groups.resize(&target.group, sizes);
        resized.await.map_err(failed)?;
    }
    if let Some(policy) = &done.policy {
        let set = world
            .groups
            .set_policy_target(&target.group, &policy.name, policy.tracks);
        set.await.map_err(failed)?;
    }
    let mut refused = Vec::new();
    for names in done.removed.chunks(MOST_ACTIONS_A_BATCH) {
        let deleted = world.groups.delete_scheduled_actions(&target.group, names);
        refused.extend(deleted.await.map_err(failed)?);
    }
    if !refused.is_empty() {
        let detail: Vec<String> = (refused.iter())
            .map(|item| format!("{} {}: {}", item.name, item.code, item.message))
            .collect();
        return Err(ControlError::Refused {
            target: target.name.clone(),
            failed: refused.len(),
            total: done.removed.len(),
            detail: detail.join("; "),
        });
    }
    if let Some(min_size) = done.min_size.filter(|_| !done.raises) {
        let sizes = Sizes {
            min_size: Some(min_size),
            ..Sizes::default()
        };
        let resized = world.groups.resize(&target.group, sizes);
        resized.await.map_err(failed)?;
    }
    done.mark.done = true;
    let finished = mark(true, &done.mark);
    save(world.store, &key, &finished, Condition::Matches(version)).await?;
    tracing::info!(
        target_name = %target.name,
        group = %target.group,
        by = ask.by,
        removed = done.removed.len(),
        min_size_before = done.mark.found_min_size,
        min_size = done.mark.min_size,
        "group released"
    );
    Ok(done)
}

/// What [`hand_back`] would do. Nothing is written.
///
/// # Errors
/// As [`hand_back`].
pub async fn rehearse_hand_back<S: DocumentStore, G: GroupReader>(
    store: &S,
    groups: &G,
    ask: &HandBack<'_>,
    now: Timestamp,
) -> Result<HandedBack, ControlError> {
    looked(store, groups, ask, now).await.map(|(done, _)| done)
}

/// Lets the planner adopt the target again. The plan and the limits of the former adoption go first,
/// the mark last: the group's present limits are then its own. `false` where it was not released.
///
/// # Errors
/// [`ControlError::Port`]; it is then still released, and the next try goes on.
pub async fn adopt_again<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    lease: &HeldLease,
) -> Result<bool, ControlError>
where
    S: DocumentStore,
{
    let name = lease.target();
    let failed = |source| ControlError::Port {
        target: name.to_owned(),
        source,
    };
    let key = keys::released(name);
    if world.store.get(&key).await.map_err(failed)?.is_none() {
        return Ok(false);
    }
    for key in [keys::plan(name), keys::baseline(name), key] {
        world.store.delete(&key).await.map_err(failed)?;
    }
    Ok(true)
}

/// By whom, since when and why `target` was released; `None` where it was not.
///
/// # Errors
/// [`ControlError::Port`] when the store does not answer.
pub async fn release_mark(
    store: &impl DocumentStore,
    target: &str,
) -> Result<Option<String>, ControlError> {
    let loaded = load::<Released>(store, &keys::released(target)).await;
    let loaded = loaded.map_err(|source| ControlError::Port {
        target: target.to_owned(),
        source,
    })?;
    Ok(marked(&loaded))
}

/// The mark of a released target, where it is one. A mark that cannot be read counts as one.
pub(crate) fn marked(loaded: &Loaded<Released>) -> Option<String> {
    match loaded {
        Loaded::Absent => None,
        Loaded::Found(mark, _) => Some(format!(
            "released by {} since {}: {}",
            mark.body.by, mark.body.since, mark.body.reason
        )),
        Loaded::Unusable(error, _) => Some(format!(
            "the mark of a release cannot be read and counts as one: {}",
            chain(error)
        )),
    }
}

async fn looked<S: DocumentStore, G: GroupReader>(
    store: &S,
    groups: &G,
    ask: &HandBack<'_>,
    now: Timestamp,
) -> Result<(HandedBack, Condition), ControlError> {
    let target = ask.target;
    let failed = |source| port(target, source);
    let seen = gather(store, groups, target).await?;
    let baseline = load::<Baseline>(store, &keys::baseline(&target.name)).await;
    let baseline = baseline.map_err(failed)?;
    let mut notes = Vec::new();
    if let Loaded::Unusable(error, _) = &baseline {
        notes.push(format!("its own limits are not known: {}", chain(error)));
    }
    if let Loaded::Unusable(error, _) = &seen.plan {
        notes.push(format!("its plan is not known: {}", chain(error)));
    }
    if let Loaded::Unusable(error, _) = &seen.released {
        notes.push(format!("an earlier mark is replaced: {}", chain(error)));
    }
    if seen.released.is_newer() {
        return Err(ControlError::Released {
            target: target.name.clone(),
            mark: marked(&seen.released).unwrap_or_default(),
        });
    }
    let decided = decide(
        ask,
        &Seen {
            group: &seen.group,
            actions: &seen.actions,
            policies: &seen.policies,
            plan: seen.plan.body(),
            baseline: baseline.body(),
            before: seen.released.body(),
        },
        notes,
        now,
    );
    Ok((decided, seen.released.unchanged()))
}
