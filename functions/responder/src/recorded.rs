//! One decision an event: decided over the incident's record, and kept in it.

use config::{Mode, Target};
use control::{ControlError, Loaded, chain, load, save};
use diagnosis::{Decision, decide};
use documents::{Envelope, HeldBack, Incident, keys};
use jiff::Timestamp;
use ports::{DocumentStore, PortError};

use crate::answer::BY;
use crate::event::Cause;
use crate::gather::Gathered;
use crate::limits;
use crate::looks::{self, Verdict};
use crate::record::{self, Remembered};

/// What a decision left behind.
pub(crate) struct Recorded {
    /// The decision, unless there was nothing to decide.
    pub(crate) decision: Option<Decision>,
    /// The record as it is now; `None` where a newer Forescale keeps it.
    pub(crate) incident: Option<Incident>,
    /// What follows from it.
    pub(crate) remembered: Remembered,
    /// What was odd about it, or why nothing was decided.
    pub(crate) notes: Vec<String>,
}

/// Decides on `cause`, where that was not done before, and writes the decision into the incident
/// record, on the condition that nobody else wrote it since.
pub(crate) async fn record_decision<S: DocumentStore>(
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
            held_back: HeldBack::default(),
            origin: None,
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
    record::enter(&mut incident, target.mode == Mode::Shadow, now);
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
    let policy = limits::policy(target, &incident.spent, gathered.rules.share, now);
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
