//! What would have been done.

use config::Target;
use control::{Ask, ControlError, Outcome, TargetReport, World, append_to_ledger, rehearse};
use diagnosis::decide;
use documents::{LedgerEntry, Spent};
use jiff::Timestamp;
use ports::{DocumentStore, GroupReader, Notifier};

use crate::answer::BY;
use crate::event::Cause;
use crate::gather::Gathered;
use crate::record;
use crate::tell::{Telling, tell};

/// Decides and keeps a ledger; the record of incidents stays as it is, and the group can only be
/// looked at. Only the alarm itself is decided on: what would follow depends on what was not done.
pub(crate) async fn shadow<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    cause: &Cause,
    gathered: &Gathered,
    now: Timestamp,
) -> Result<TargetReport, ControlError>
where
    S: DocumentStore,
    G: GroupReader,
    N: Notifier,
{
    let policy = record::policy(target, &Spent::default(), 1.0, now);
    let decision = decide(&gathered.evidence, None, &policy, now);
    let ask = Ask {
        target,
        by: BY,
        rules: gathered.rules.clone(),
        needs: None,
        present: None,
        evidence: control::Evidence::default(),
        policy: None,
        ceiling: None,
    };
    let outcome: Outcome = rehearse(world.store, world.groups, ask, now).await?;
    let floor = decision
        .hold
        .or(outcome.plan.floors.first().map(|floor| floor.servers));
    let entry = LedgerEntry {
        at: now,
        by: BY.to_owned(),
        event: Some(cause.id()),
        min_size: gathered.group.min_size,
        in_service: gathered.group.in_service(),
        floor: floor.unwrap_or(gathered.group.min_size),
        demand: decision.demand(),
        would_write: usize::from(decision.hold.is_some()),
        reason: decision.reason.clone(),
    };
    let mut untold = None;
    if append_to_ledger(world.store, &target.name, entry).await? {
        let telling = Telling {
            shadow: true,
            failure: None,
            extra: &[],
            incident: None,
        };
        untold = tell(world.notifier, target, cause, &decision, &telling).await;
    }
    let mut report = TargetReport::new(&target.name, "shadow", decision.reason);
    report.notes.extend(untold);
    report.floor = floor;
    report.changes = usize::from(decision.hold.is_some());
    Ok(report)
}
