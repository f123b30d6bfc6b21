//! Deciding under the lease, and bringing it about.

use config::Target;
use control::{Ask, ControlError, HeldLease, TargetReport, World, reconcile};
use diagnosis::{Decision, Phase};
use jiff::Timestamp;
use planning::Present;
use ports::{Clock, DocumentStore, GroupWriter, Notifier, Reminder};

use crate::answer::BY;
use crate::event::Cause;
use crate::gather::Gathered;
use crate::looks;
use crate::recorded::{Recorded, record_decision};
use crate::tell::{Telling, tell};

/// Decides, records the decision, makes the group match it, tells people and asks for the next
/// look. An event that was decided on before is not decided on again, but what was decided is
/// brought about all the same: the earlier delivery may have been cut short.
pub(crate) async fn act<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    cause: &Cause,
    gathered: Gathered,
    lease: &HeldLease,
    now: Timestamp,
) -> Result<TargetReport, ControlError>
where
    S: DocumentStore,
    G: GroupWriter,
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
    let present = decision
        .as_ref()
        .and_then(handing_back)
        .map(|demand| Present {
            demand,
            at: gathered.evidence.until,
        });
    let ask = Ask {
        target,
        by: BY,
        rules: gathered.rules.clone(),
        needs: None,
        present,
        evidence: control::Evidence::default(),
        policy: None,
        ceiling: None,
    };
    let made = if remembered.holds {
        let outcome = reconcile(world, lease, ask).await;
        outcome.map(|outcome| TargetReport::of(&target.name, &outcome))
    } else {
        // Nothing to hold and nothing held: the group is as the plan wants it.
        Ok(TargetReport::new(&target.name, word(decision.as_ref()), ""))
    };
    // Before anything that people need less than the next look.
    let following = incident.as_ref().and_then(|it| it.following.as_ref());
    let reminded = match following.zip(remembered.next) {
        Some((following, span)) => looks::ask(world, target, following, span).await,
        None => Ok(()),
    };
    let mut extra = remembered.said();
    if remembered.refresh {
        // A refresh takes servers out one by one: not where none could be added.
        extra.push(if made.is_err() {
            "no instance refresh was started, and none will be for this incident: the group could not be changed".to_owned()
        } else {
            match world.groups.start_instance_refresh(&target.group).await {
                Ok(()) => "an instance refresh was started".to_owned(),
                Err(error) => format!("an instance refresh could not be started: {error}"),
            }
        });
    }
    let mut untold = None;
    // People are told also of what failed: the retry will find the event decided on before.
    if let (Some(decision), true) = (&decision, remembered.tell) {
        let telling = Telling {
            shadow: false,
            failure: made.as_ref().err(),
            extra: &extra,
            incident: incident.as_ref(),
            held_back: remembered.held_back,
            origin: remembered.origin.as_ref(),
        };
        untold = tell(world.notifier, target, cause, decision, &telling).await;
    }
    let mut report = made?;
    match &decision {
        Some(decision) => report.notes.insert(0, decision.reason.clone()),
        None => report.notes.insert(0, notes.join("; ")),
    }
    if decision.is_some() {
        report.notes.extend(notes);
    }
    report.notes.extend(extra);
    report.notes.extend(untold);
    report.notes.extend(gathered.notes);
    reminded?;
    Ok(report)
}

fn word(decision: Option<&Decision>) -> &'static str {
    decision.map_or("repeated", |decision| match decision.phase {
        Phase::Over => "over",
        _ => decision.kind.word(),
    })
}

/// Demand, where servers are being given back: only then may the desired capacity follow.
fn handing_back(decision: &Decision) -> Option<f64> {
    let back = matches!(decision.phase, Phase::HandingBack | Phase::Over);
    decision.demand().filter(|_| back)
}
