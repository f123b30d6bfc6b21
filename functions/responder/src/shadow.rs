//! What would have been done.

use config::Target;
use control::{Ask, ControlError, TargetReport, World, append_to_ledger, rehearse};
use documents::LedgerEntry;
use jiff::Timestamp;
use ports::{Clock, DocumentStore, GroupReader, Notifier, Reminder};

use crate::answer::BY;
use crate::event::Cause;
use crate::gather::Gathered;
use crate::looks;
use crate::recorded::{Recorded, record_decision};
use crate::tell::{Telling, tell};

/// Decides, follows and tells as in the other modes, and keeps a ledger of it; the group can only be
/// looked at. What is held is so in the record alone, and each look decides as if it were there.
pub(crate) async fn shadow<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    cause: &Cause,
    gathered: Gathered,
    now: Timestamp,
) -> Result<TargetReport, ControlError>
where
    S: DocumentStore,
    G: GroupReader,
    N: Notifier + Reminder,
    C: Clock,
{
    let reminds = world.notifier.reminds();
    let recorded = record_decision(world.store, target, cause, reminds, &gathered, now).await?;
    let Recorded {
        decision,
        incident,
        remembered,
        notes,
    } = recorded;
    let following = incident.as_ref().and_then(|it| it.following.as_ref());
    let reminded = match following.zip(remembered.next) {
        Some((following, span)) => looks::ask(world, target, following, span).await,
        None => Ok(()),
    };
    let mut report = TargetReport::new(&target.name, "shadow", notes.join("; "));
    if let Some(decision) = decision {
        let mut extra = remembered.said();
        if remembered.refresh {
            extra.push("an instance refresh would have been started".to_owned());
        }
        let mut untold = None;
        if remembered.tell {
            let telling = Telling {
                shadow: true,
                failure: None,
                extra: &extra,
                incident: incident.as_ref(),
                held_back: remembered.held_back,
                origin: remembered.origin.as_ref(),
            };
            untold = tell(world.notifier, target, cause, &decision, &telling).await;
        }
        let ask = Ask {
            target,
            by: BY,
            rules: gathered.rules,
            needs: None,
            present: None,
            evidence: control::Evidence::default(),
            policy: None,
            ceiling: None,
        };
        let outcome = rehearse(world.store, world.groups, ask, now).await?;
        let planned = outcome.plan.floors.first().map(|floor| floor.servers);
        let floor = decision.hold.or(planned);
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
            promised: Vec::new(),
        };
        append_to_ledger(world.store, &target.name, entry).await?;
        report.floor = floor;
        report.changes = usize::from(decision.hold.is_some());
        report.notes.insert(0, decision.reason);
        report.notes.extend(extra);
        report.notes.extend(untold);
    }
    report.notes.extend(gathered.notes);
    reminded?;
    Ok(report)
}
