//! Which stretches of incidents must not teach the model.

use config::{Event, Target};
use control::{ControlError, Loaded, chain, load};
use diagnosis::{Kind, Stretch, recurring};
use documents::{Closed, Incident, keys};
use forecasting::Interval;
use jiff::{SignedDuration, Timestamp};
use ports::DocumentStore;

/// Of one incident no more than this is kept from the model: what lasts longer is demand.
const LONGEST: SignedDuration = SignedDuration::from_hours(6);
/// Holds no further apart belong to one incident.
const TOGETHER: SignedDuration = SignedDuration::from_hours(1);
/// More than so much of incidents within the last week is what demand is like now.
const USUAL: SignedDuration = SignedDuration::from_hours(24);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

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
    let holds = loaded
        .body()
        .into_iter()
        .flat_map(|incident| incident.past.iter().chain(&incident.hold));
    let holds = holds.map(|hold| Interval {
        start: hold.since,
        end: hold.until.min(now),
    });
    let (unlearnt, note) = unlearnt(holds.collect(), now);
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

/// What of the `holds` is kept from the model: the first six hours of each incident, and nothing of
/// the last week where incidents took more than a day of it, with a note of that.
fn unlearnt(mut holds: Vec<Interval>, now: Timestamp) -> (Vec<Interval>, Option<String>) {
    holds.retain(|hold| hold.start < hold.end);
    holds.sort_unstable();
    let mut incidents: Vec<Interval> = Vec::new();
    for hold in holds {
        match incidents.last_mut() {
            Some(last) if hold.start.duration_since(last.end) <= TOGETHER => {
                last.end = last.end.max(hold.end);
            }
            _ => incidents.push(hold),
        }
    }
    let week_ago = now.saturating_sub(WEEK).unwrap_or(Timestamp::MIN);
    let lately: SignedDuration = incidents
        .iter()
        .filter(|incident| incident.end > week_ago)
        .map(|incident| incident.end.duration_since(incident.start.max(week_ago)))
        .sum();
    let usual = lately > USUAL;
    let note = usual.then(|| {
        format!(
            "incidents took {} of the last 168 hours: that counts as what demand is like now",
            lately.as_hours()
        )
    });
    let kept_out = |mut incident: Interval| {
        let longest = incident.start.saturating_add(LONGEST);
        incident.end = incident.end.min(longest.unwrap_or(incident.end));
        if usual {
            incident.end = incident.end.min(week_ago);
        }
        Some(incident).filter(|incident| incident.start < incident.end)
    };
    (incidents.into_iter().filter_map(kept_out).collect(), note)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From and to in hours before now.
    fn hold(from: i64, to: i64) -> Interval {
        let ago = |hours: i64| Timestamp::UNIX_EPOCH - SignedDuration::from_hours(hours);
        Interval {
            start: ago(from),
            end: ago(to),
        }
    }

    fn of(holds: &[Interval]) -> (Vec<Interval>, bool) {
        let (unlearnt, note) = unlearnt(holds.to_vec(), Timestamp::UNIX_EPOCH);
        (unlearnt, note.is_some())
    }

    #[test]
    fn a_short_incident_teaches_nothing() {
        assert_eq!(of(&[hold(30, 28)]), (vec![hold(30, 28)], false));
    }

    #[test]
    fn of_a_long_one_only_the_beginning_is_kept_out() {
        // Holds that follow each other are one incident.
        let holds = [hold(40, 36), hold(36, 31), hold(30, 25)];
        assert_eq!(of(&holds), (vec![hold(40, 34)], false));
    }

    #[test]
    fn a_rise_that_stays_is_learnt() {
        let old = hold(400, 398);
        let (unlearnt, told) = of(&[old, hold(30, 0)]);
        assert_eq!(unlearnt, [old]);
        assert!(told);
        // As well as one that comes every night.
        let nightly: Vec<Interval> = (1..7).map(|day| hold(24 * day + 5, 24 * day)).collect();
        assert_eq!(of(&nightly), (vec![], true));
    }
}
