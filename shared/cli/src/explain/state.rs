//! What an explanation says of the present: whether anything acts on the plan, which events the plan
//! knew, and what a plan said that another has replaced.

use config::{Event, Mode, Occurrence, OccurrenceEffect};
use control::occurrence_id;
use documents::{Forecast, LedgerEntry, Pause, Plan};
use jiff::{SignedDuration, Timestamp};

use crate::kept::Kept;
use crate::output::{grouped, number};

/// Why nothing, or only a part, is done of the plan; `None` where all of it is.
pub(super) fn acting(kept: &Kept, pause: Option<&Pause>) -> Option<String> {
    let mut told = Vec::new();
    if let Some(pause) = pause {
        let until = match pause.until {
            Some(until) => format!("until {until}"),
            None => "until forescale resume".to_owned(),
        };
        told.push(format!(
            "paused since {} {until}, {}: nothing new is written; actions that are pending still run",
            pause.since,
            pause.reason
        ));
    }
    if let Some(released) = &kept.released {
        let until = if released.by_pause {
            "forescale resume".to_owned()
        } else {
            format!("forescale adopt {}", kept.target.name)
        };
        told.push(format!(
            "released at {}, {}: the group is its own until {until}",
            released.since, released.reason
        ));
    }
    match kept.target.mode {
        Mode::Shadow => {
            told.push("mode shadow: this is what would be, and nothing is written".to_owned())
        }
        Mode::Off => told.push("mode off: nothing is planned or written".to_owned()),
        Mode::Canary(_) | Mode::Active => {}
    }
    (!told.is_empty()).then(|| told.join("; "))
}

/// The events that bear on demand at `at`, and whether `plan` knew of each.
pub(super) fn events(
    kept: &Kept,
    events: &[Event],
    plan: Option<&Plan>,
    forecast: Option<&Forecast>,
    at: Timestamp,
) -> Option<String> {
    let span = SignedDuration::from_hours(12);
    let (from, to) = (at.saturating_sub(span).ok()?, at.saturating_add(span).ok()?);
    let known = |one: &Occurrence| {
        let id = occurrence_id(one);
        let heeded = |plan: &Plan| plan.notes.iter().any(|note| note.ends_with(&id));
        forecast.is_none_or(|forecast| forecast.events.contains(&id)) || plan.is_some_and(heeded)
    };
    let told: Vec<String> = (events.iter())
        .flat_map(|event| event.occurrences(&kept.target, from, to))
        .filter(|one| one.from() <= at && at < one.to())
        .map(|one| match (known(&one), plan) {
            (true, _) => match does(&one, kept, forecast) {
                Some(does) => format!("{}: {does}", one.name),
                None => one.name.clone(),
            },
            (false, Some(plan)) => format!(
                "{} (the plan of {} does not know of it: the next one will)",
                one.name, plan.decided_at
            ),
            (false, None) => format!("{} (no forecast knows of it yet)", one.name),
        })
        .collect();
    Some(if told.is_empty() {
        "none then".to_owned()
    } else {
        told.join(", ")
    })
}

/// What an occurrence does to demand, as the forecast has it; `None` where that is not known.
fn does(one: &Occurrence, kept: &Kept, forecast: Option<&Forecast>) -> Option<String> {
    match one.effect {
        OccurrenceEffect::Multiplier(times) => Some(format!("{} times the usual", number(times))),
        OccurrenceEffect::Demand(demand) => Some(format!("{} requests a minute", grouped(demand))),
        OccurrenceEffect::Like(day) => {
            Some(format!("like {}", kept.target.zone.to_datetime(day).date()))
        }
        OccurrenceEffect::Learnt => {
            // The forecast says what it has learnt.
            let begin = format!("{}: ", one.name);
            let mut notes = forecast?.notes.iter();
            notes.find_map(|note| note.strip_prefix(&begin).map(str::to_owned))
        }
    }
}

/// What stood at `at`, before the plan there is, in the ledger of a target in shadow mode.
pub(super) fn past(kept: &Kept, at: Timestamp) -> Option<&LedgerEntry> {
    if at >= kept.plan.as_ref()?.decided_at {
        return None;
    }
    let index = kept.ledger.partition_point(|entry| entry.at <= at);
    let entry = kept.ledger.get(index.checked_sub(1)?)?;
    // Runs are an hour apart; what is older says nothing of that time.
    (at.duration_since(entry.at) <= SignedDuration::from_hours(2)).then_some(entry)
}
