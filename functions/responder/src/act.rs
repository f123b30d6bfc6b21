//! Deciding under the lease, and bringing it about.

use config::Target;
use control::{
    Ask, ControlError, HeldLease, Loaded, TargetReport, World, chain, load, reconcile, save,
};
use diagnosis::{Decision, Phase, decide};
use documents::{Envelope, Incident, keys};
use jiff::Timestamp;
use planning::Present;
use ports::{Clock, DocumentStore, GroupWriter, Notifier, PortError, Reminder};

use crate::answer::BY;
use crate::event::Cause;
use crate::gather::Gathered;
use crate::looks::{self, Verdict};
use crate::record::{self, Remembered};
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
    let recorded = record(world.store, target, cause, reminds, &gathered, now).await?;
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
    let mut extra = Vec::new();
    if remembered.given_up {
        extra.push(
            "nothing was known of demand for a day: what is held runs out, and the plan has the \
             group again"
                .to_owned(),
        );
    }
    if remembered.refresh {
        extra.push(
            match world.groups.start_instance_refresh(&target.group).await {
                Ok(()) => "an instance refresh was started".to_owned(),
                Err(error) => format!("an instance refresh could not be started: {error}"),
            },
        );
    }
    let mut untold = None;
    // People are told also of what failed: the retry will find the event decided on before.
    if let (Some(decision), true) = (&decision, remembered.tell) {
        let telling = Telling {
            shadow: false,
            failure: made.as_ref().err(),
            extra: &extra,
            incident: incident.as_ref(),
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

struct Recorded {
    /// The decision, unless there was nothing to decide.
    decision: Option<Decision>,
    /// The record as it is now; `None` where a newer Forescale keeps it.
    incident: Option<Incident>,
    /// What follows from it.
    remembered: Remembered,
    /// What was odd about it, or why nothing was decided.
    notes: Vec<String>,
}

/// Writes the decision into the incident record, on the condition that nobody else wrote it since.
async fn record<S: DocumentStore>(
    store: &S,
    target: &Target,
    cause: &Cause,
    reminds: bool,
    gathered: &Gathered,
    now: Timestamp,
) -> Result<Recorded, ControlError> {
    let key = keys::incident(&target.name);
    let loaded = load::<Incident>(store, &key).await;
    let loaded = loaded.map_err(|source| ControlError::Port {
        target: target.name.clone(),
        source,
    })?;
    let unchanged = |incident, next, note: String| Recorded {
        decision: None,
        remembered: Remembered {
            tell: false,
            refresh: false,
            holds: true,
            given_up: false,
            next,
        },
        incident,
        notes: vec![note],
    };
    let mut notes = Vec::new();
    if let Loaded::Unusable(error, _) = &loaded {
        if loaded.is_newer() {
            // A newer responder keeps this record; reconcile holds what is there.
            let note = "a newer version keeps the record".to_owned();
            return Ok(unchanged(None, None, note));
        }
        notes.push(format!("begun anew: {}", chain(error)));
    }
    let mut incident = loaded.body().cloned().unwrap_or_default();
    match looks::verdict(&incident, cause, reminds, now) {
        Verdict::Decide => {}
        Verdict::Repeated => {
            let following = incident.following.as_ref();
            let next = following.and_then(|it| looks::once_more(it, cause, now));
            let holds = incident.hold.is_some();
            let note = format!("{} was decided on before", cause.id());
            let mut recorded = unchanged(Some(incident), next, note);
            recorded.remembered.holds = holds;
            return Ok(recorded);
        }
        Verdict::Nothing(why) => {
            let mut recorded = unchanged(Some(incident), None, why);
            recorded.remembered.holds = false;
            return Ok(recorded);
        }
        Verdict::Note(why) => {
            if let Cause::Alarm(alarm) = cause {
                record::note(&mut incident, alarm, why.clone(), now);
                let document = Envelope::new(Some(&target.name), now, BY, incident.clone());
                save(store, &key, &document, loaded.unchanged()).await?;
            }
            let mut recorded = unchanged(Some(incident), None, why);
            recorded.remembered.holds = false;
            return Ok(recorded);
        }
    }
    let mut evidence = gathered.evidence.clone();
    evidence.step = record::step(&incident, now);
    let standing = record::standing(&incident, now);
    let policy = record::policy(target, &incident.spent, gathered.rules.share, now);
    let decision = decide(&evidence, standing.as_ref(), &policy, now);
    let remembered = record::remember(&mut incident, &decision, &evidence, target, cause, now);
    let document = Envelope::new(Some(&target.name), now, BY, incident.clone());
    if let Err(error) = save(store, &key, &document, loaded.unchanged()).await {
        let lost = matches!(
            &error,
            ControlError::Port {
                source: PortError::Unanswered { .. },
                ..
            }
        );
        // A lost answer: what lies there now tells whether it was written.
        let again = load::<Incident>(store, &key).await.ok();
        if !lost || again.as_ref().and_then(Loaded::body) != Some(&incident) {
            return Err(error);
        }
    }
    Ok(Recorded {
        decision: Some(decision),
        incident: Some(incident),
        remembered,
        notes,
    })
}
