//! Deciding under the lease, and bringing it about.

use config::Target;
use control::{
    Ask, ControlError, HeldLease, Loaded, TargetReport, World, chain, load, reconcile, save,
};
use diagnosis::{Decision, Phase, decide};
use documents::{Envelope, Incident, keys};
use jiff::{SignedDuration, Timestamp};
use planning::Present;
use ports::{Clock, DocumentStore, GroupWriter, Look, Notifier, PortError, Reminder};

use crate::answer::BY;
use crate::event::Cause;
use crate::gather::Gathered;
use crate::record::{self, Remembered, Verdict};
use crate::tell::{Telling, tell};

/// How often the next look is asked for: without it nobody looks until the planner's hour.
const REMINDER_TRIES: usize = 3;
/// Wait between those.
const REMINDER_WAIT: SignedDuration = SignedDuration::from_millis(200);
/// A look that was not followed by another within this long is asked for again.
const QUIET: SignedDuration = SignedDuration::from_secs(50);

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
    };
    let made = if remembered.holds {
        let outcome = reconcile(world, lease, ask).await;
        outcome.map(|outcome| TargetReport::of(&target.name, &outcome))
    } else {
        // Nothing to hold and nothing held: the group is as the plan wants it.
        Ok(TargetReport::new(&target.name, word(decision.as_ref()), ""))
    };
    let mut extra = Vec::new();
    if remembered.refresh {
        extra.push(
            match world.groups.start_instance_refresh(&target.group).await {
                Ok(()) => "an instance refresh was started".to_owned(),
                Err(error) => format!("an instance refresh could not be started: {error}"),
            },
        );
    }
    // People are told also of what failed: the retry will find the event decided on before.
    if let (Some(decision), true) = (&decision, remembered.tell) {
        let telling = Telling {
            shadow: false,
            failure: made.as_ref().err(),
            extra: &extra,
            incident: incident.as_ref(),
        };
        tell(world.notifier, target, cause, decision, &telling).await;
    }
    let reminded = remind(world, target, incident.as_ref(), &remembered).await;
    let mut report = made?;
    match &decision {
        Some(decision) => report.notes.insert(0, decision.reason.clone()),
        None => report.notes.insert(0, notes.join("; ")),
    }
    if decision.is_some() {
        report.notes.extend(notes);
    }
    report.notes.extend(extra);
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

/// Asks for the next look.
async fn remind<S, M, G, N: Reminder, C: Clock>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    incident: Option<&Incident>,
    remembered: &Remembered,
) -> Result<(), ControlError> {
    let following = incident.and_then(|incident| incident.following.as_ref());
    let (Some(following), Some(span)) = (following, remembered.next) else {
        return Ok(());
    };
    let look = Look {
        target: target.name.clone(),
        number: following.look,
        incident: following.since,
    };
    let mut tried = 1;
    loop {
        match world.notifier.remind(&look, span).await {
            Ok(()) => return Ok(()),
            Err(error) if tried < REMINDER_TRIES => {
                tracing::warn!(target_name = %target.name, error = %error, "next look not asked for");
                tried += 1;
                world.clock.sleep(REMINDER_WAIT).await;
            }
            Err(source) => {
                return Err(ControlError::Port {
                    target: target.name.clone(),
                    source,
                });
            }
        }
    }
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
    match record::verdict(&incident, cause, reminds, now) {
        Verdict::Decide => {}
        Verdict::Repeated => {
            let quiet = incident
                .following
                .as_ref()
                .is_some_and(|it| now.duration_since(it.looked_at) > QUIET);
            let next = quiet.then_some(SignedDuration::from_secs(1));
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
    evidence.step = record::step(&incident);
    let standing = record::standing(&incident, now);
    let policy = record::policy(target, &incident.spent, now);
    let decision = decide(&evidence, standing.as_ref(), &policy, now);
    let decision = in_share(decision, gathered.rules.share, evidence.fleet.planned);
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

/// A canary holds its share of what a decision adds to the planned floor.
pub(crate) fn in_share(mut decision: Decision, share: f64, planned: u32) -> Decision {
    let Some(whole) = decision.hold.filter(|n| share < 1.0 && *n > planned) else {
        return decision;
    };
    // Between two u32 values, so it is one after rounding up.
    let added = (f64::from(whole - planned) * share - 1e-9).ceil().max(0.0) as u32;
    decision.hold = Some(planned + added);
    decision.reason.push_str(&format!(
        "; canary of {:.0} %: {} of {whole} held",
        share * 100.0,
        planned + added
    ));
    decision
}
