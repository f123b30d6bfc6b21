//! The one way in which a group is ever changed.

use config::Target;
use documents::{Baseline, Envelope, keys};
use jiff::Timestamp;
use planning::{Needs, Present, Rules};
use ports::{Clock, Condition, DocumentStore, GroupReader, GroupWriter};

use crate::apply::apply;
use crate::decide::{Decided, decide, same};
use crate::hand_back::marked;
use crate::seen::{adopt, gather, limits, port, unread_baseline, unusable};
use crate::store::{Loaded, load, save};
use crate::{ControlError, Evidence, HeldLease, Outcome, WantedPolicy, World};

/// What a function asks for.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The target.
    pub target: &'a Target,
    /// Which function asks: `planner` or `responder`.
    pub by: &'static str,
    /// What the target's measurements come down to.
    pub rules: Rules,
    /// New needs; `None` keeps those of the plan in force.
    pub needs: Option<Needs>,
    /// Demand at the moment, where known.
    pub present: Option<Present>,
    /// What was seen of how the group does, for the share that is applied.
    pub evidence: Evidence,
    /// What the group's target tracking should hold, where another value is worth it.
    pub policy: Option<WantedPolicy>,
    /// Servers that the forecast's upper quantile takes, from each start on, where MaxSize is to
    /// follow it.
    pub ceiling: Option<Vec<(Timestamp, u32)>>,
}

/// Makes the target's group match plan, incident hold, human floor and baseline, under `lease`.
///
/// Gathers the group as it is now, composes the plan, checks it, stores it, applies the difference
/// and marks it applied. Stopping anywhere is safe: the next run finds the stored plan not applied
/// and finishes. Doing it twice changes nothing the second time.
///
/// # Errors
/// [`ControlError`]; the group is then as it was or part of the way to a higher floor.
pub async fn reconcile<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    lease: &HeldLease,
    ask: Ask<'_>,
) -> Result<Outcome, ControlError>
where
    S: DocumentStore,
    G: GroupWriter,
    C: Clock,
{
    let target = ask.target;
    let now = world.clock.now();
    let seen = gather(world.store, world.groups, target).await?;
    if let Some(mark) = marked(&seen.released) {
        let target = target.name.clone();
        return Err(ControlError::Released { target, mark });
    }
    if seen.plan.is_newer() {
        return Err(unusable(&seen.plan, target));
    }
    if let Some(plan) = seen.plan.body().filter(|plan| plan.fence > lease.fence()) {
        let stored = plan.fence;
        return Err(ControlError::Fenced {
            target: target.name.clone(),
            own: lease.fence(),
            stored,
        });
    }
    let (baseline, unread) = adopt(world.store, target, &seen, ask.by, now).await?;
    let decided = decide(&ask, &seen, &baseline, lease.fence(), now)?;
    let Decided {
        mut plan,
        report,
        changes,
        policy,
        canary,
        mut notes,
    } = decided;
    notes.extend(unread);
    notes.extend(lease.note().map(str::to_owned));
    let unchanged = changes.is_empty()
        && policy.is_none()
        && seen
            .plan
            .body()
            .is_some_and(|stored| stored.applied && same(stored, &plan));
    let count = changes.count() + usize::from(policy.is_some());
    if unchanged {
        plan.applied = true;
        plan.unsettled.clear();
        return Ok(Outcome {
            plan,
            report,
            changes: 0,
            actions: 0,
            wrote: false,
            canary,
            notes,
        });
    }
    let key = keys::plan(&target.name);
    let mut version = None;
    if count > 0 {
        let intent = Envelope::new(Some(&target.name), now, ask.by, plan.clone());
        version = Some(save(world.store, &key, &intent, seen.plan.unchanged()).await?);
        apply(
            world.groups,
            &target.name,
            &seen.group,
            &seen.actions,
            &changes,
        )
        .await?;
        if let Some(policy) = &policy {
            let set = world
                .groups
                .set_policy_target(&target.group, &policy.name, policy.tracks);
            set.await.map_err(|source| port(target, source))?;
        }
    }
    plan.applied = true;
    plan.unsettled.clear();
    let condition = version.map_or_else(|| seen.plan.unchanged(), Condition::Matches);
    let done = Envelope::new(Some(&target.name), now, ask.by, plan.clone());
    save(world.store, &key, &done, condition).await?;
    tracing::info!(
        target_name = %target.name,
        group = %target.group,
        by = ask.by,
        min_size_before = seen.group.min_size,
        floor = plan.floors.first().map(|floor| floor.servers),
        changes = count,
        reason = plan.floors.first().map(|floor| floor.reason.as_str()),
        "group reconciled"
    );
    Ok(Outcome {
        plan,
        report,
        changes: count,
        actions: changes.raises.len() + changes.lowers.len(),
        wrote: count > 0,
        canary,
        notes,
    })
}

/// What [`reconcile`] would do, for a target in shadow mode: a group can only be looked at here.
/// The plan is stored as not applied.
///
/// # Errors
/// As [`reconcile`].
pub async fn rehearse<S: DocumentStore, G: GroupReader>(
    store: &S,
    groups: &G,
    ask: Ask<'_>,
    now: Timestamp,
) -> Result<Outcome, ControlError> {
    let target = ask.target;
    let seen = gather(store, groups, target).await?;
    if seen.plan.is_newer() {
        return Err(unusable(&seen.plan, target));
    }
    let stored = load::<Baseline>(store, &keys::baseline(&target.name)).await;
    let stored = stored.map_err(|source| port(target, source))?;
    let baseline = stored
        .body()
        .cloned()
        .unwrap_or_else(|| limits(&seen.group));
    let unread = match &stored {
        Loaded::Unusable(error, _) => Some(unread_baseline(error)),
        Loaded::Absent | Loaded::Found(..) => None,
    };
    let fence = seen.plan.body().map_or(0, |plan| plan.fence);
    let Decided {
        mut plan,
        report,
        changes,
        policy: _,
        canary: _,
        mut notes,
    } = decide(&ask, &seen, &baseline, fence, now)?;
    notes.extend(unread);
    // A floor that a run was cut short at stays ours, however often it is looked at since.
    plan.rehearsed = (seen.plan.body()).is_none_or(|stored| stored.applied || stored.rehearsed);
    let known = seen.plan.body().is_some_and(|stored| {
        !stored.applied && stored.rehearsed == plan.rehearsed && same(stored, &plan)
    });
    if !known {
        let document = Envelope::new(Some(&target.name), now, ask.by, plan.clone());
        save(
            store,
            &keys::plan(&target.name),
            &document,
            seen.plan.unchanged(),
        )
        .await?;
    }
    Ok(Outcome {
        plan,
        report,
        changes: changes.count(),
        actions: 0,
        wrote: false,
        canary: None,
        notes,
    })
}
