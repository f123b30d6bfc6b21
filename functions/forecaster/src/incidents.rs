//! Which stretches of incidents must not teach the model.

use config::{Event, Target};
use control::{ControlError, Loaded, chain, load, unlearnt};
use diagnosis::{Kind, Stretch, recurring};
use documents::{Closed, Incident, keys};
use forecasting::Interval;
use jiff::Timestamp;
use ports::DocumentStore;

/// Stretches of incidents before `now` that must not become a habit. Neither training nor scoring
/// looks at them, so that a rise that lasts is not kept from the model: see [`unlearnt`]. One that
/// comes again and again is noted as the event that it is, where none of `events` is there for it.
pub(crate) async fn incidents<S: DocumentStore>(
    store: &S,
    target: &Target,
    events: &[Event],
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Result<Vec<Interval>, ControlError> {
    let key = keys::incident(&target.name);
    let loaded = load::<Incident>(store, &key).await;
    let loaded = loaded.map_err(|source| ControlError::Port {
        target: target.name.clone(),
        source,
    })?;
    if let Loaded::Unusable(error, _) = &loaded {
        notes.push(format!("past incidents are ignored: {}", chain(error)));
    }
    let (unlearnt, note) = loaded
        .body()
        .map_or_else(Default::default, |incident| unlearnt(incident, now));
    notes.extend(note);
    let closed = loaded.body().map_or(&[][..], |incident| &incident.closed);
    notes.extend(proposal(target, events, closed, now));
    Ok(unlearnt)
}

/// What to add to the configuration for demand that came by surprise at the same time again and again,
/// as long as its next time is ahead and nobody has announced it.
fn proposal(
    target: &Target,
    events: &[Event],
    closed: &[Closed],
    now: Timestamp,
) -> Option<String> {
    let spikes = closed
        .iter()
        .filter(|it| it.diagnosis == Kind::UnforecastDemand.word());
    let spikes: Vec<Stretch> = spikes.map(|it| (it.since, it.until, it.factor())).collect();
    let found = recurring(&target.name, &spikes, &target.zone)?;
    let (start, end) = (found.start.timestamp(), found.end.timestamp());
    let known = |event: &Event| !event.occurrences(target, start, end).is_empty();
    (start > now && !events.iter().any(known)).then(|| {
        format!(
            "demand came by surprise {}: as an event, servers are there before it\n{}",
            found.words, found.toml
        )
    })
}
