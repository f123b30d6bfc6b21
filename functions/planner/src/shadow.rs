//! A target in shadow mode: everything but the writing.

use config::Target;
use control::watching::of_servers;
use control::{
    Ask, ControlError, Judge, Outcome, TargetReport, append_to_ledger, promised, promotion,
    rehearse,
};
use documents::LedgerEntry;
use fleet::Group;
use jiff::Timestamp;
use planning::Present;
use ports::{DocumentStore, GroupReader, MetricSource};

use crate::hour::{BY, Gathered};

/// What is handed in here can only look at a group.
pub(crate) struct Looking<'a, S, M, G> {
    pub(crate) store: &'a S,
    pub(crate) metrics: &'a M,
    pub(crate) groups: &'a G,
}

/// Rehearses the plan and keeps in the ledger what would have been done.
pub(crate) async fn shadow<S: DocumentStore, M: MetricSource, G: GroupReader>(
    seen: &Looking<'_, S, M, G>,
    target: &Target,
    group: &Group,
    gathered: Gathered,
    now: Timestamp,
) -> Result<TargetReport, ControlError> {
    let Gathered {
        rules,
        present,
        standing,
        evidence,
        policy,
        policies,
        seen: recent,
        ..
    } = gathered;
    let ask = Ask {
        target,
        by: BY,
        rules: rules.clone(),
        needs: Some(standing.needs),
        present,
        evidence,
        policy,
        ceiling: standing.ceiling,
    };
    let outcome = rehearse(seen.store, seen.groups, ask, now).await?;
    let entry = entry(group, &outcome, present, now);
    append_to_ledger(seen.store, &target.name, entry).await?;
    let mut report = TargetReport::of(&target.name, &outcome);
    report.outcome = "shadow";
    let servers = of_servers(target, group, &outcome, present, rules.throughput);
    report.figures.extend(&servers);
    let judge = Judge {
        store: seen.store,
        metrics: seen.metrics,
        target,
        group,
        rules: &rules,
        policies: &policies,
        recent: recent.as_ref(),
        by: BY,
        now,
    };
    match promotion(&judge).await {
        Ok(said) => report.notes.extend(said),
        Err(error) => report
            .notes
            .push(format!("what shadow mode has shown is unknown: {error}")),
    }
    Ok(report)
}

fn entry(
    group: &Group,
    outcome: &Outcome,
    present: Option<Present>,
    now: Timestamp,
) -> LedgerEntry {
    let first = outcome.plan.floors.first();
    LedgerEntry {
        at: now,
        by: BY.to_owned(),
        event: None,
        min_size: group.min_size,
        in_service: group.in_service(),
        floor: first.map_or(group.min_size, |floor| floor.servers),
        demand: present.map(|present| present.demand),
        would_write: outcome.changes,
        reason: first.map_or_else(String::new, |floor| floor.reason.clone()),
        promised: promised(&outcome.plan, now),
    }
}
