//! `forescale event list`.

use config::{Event, EventEffect, EventTime, Every};
use serde_json::{Value, json};

use super::told::effect;
use super::{added, settings_of};
use crate::Console;
use crate::arguments::{EventListArguments, Format};
use crate::failure::Done;
use crate::moments;
use crate::opened::Opened;
use crate::output::{self, Side};

const COLUMNS: [&str; 5] = ["name", "start", "end", "targets", "effect"];

/// Prints all events, the configuration's first.
pub(super) fn run(arguments: &EventListArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let settings = settings_of(&opened, moments::now())?;
    for note in &settings.notes {
        console.note(&format!("note: {note}"));
    }
    let events = &settings.config.events;
    if events.is_empty() {
        console.note("no event is known: `forescale event add` adds one");
    }
    match arguments.format {
        Format::Json => {
            let added: Vec<String> = added(&opened)?.into_iter().map(|one| one.toml).collect();
            let events: Vec<Value> = events.iter().map(|event| document(event, &added)).collect();
            output::json(console, &json!({ "events": events }))
        }
        Format::Csv => output::csv(console, &COLUMNS, events.iter().map(cells)),
        Format::Table => {
            let columns = COLUMNS.map(|name| (name, Side::Left));
            let rows = events.iter().map(|event| {
                let mut cells = cells(event);
                cells[1] = short(event.start);
                cells[2] = short(event.end);
                cells
            });
            output::table(console, &columns, &rows.collect::<Vec<_>>())
        }
    }
}

fn cells(event: &Event) -> Vec<String> {
    let targets = if event.targets.is_empty() {
        "all".to_owned()
    } else {
        event.targets.join(", ")
    };
    vec![
        event.name.clone(),
        event.start.to_string(),
        event.end.to_string(),
        targets,
        effect(event),
    ]
}

/// A time for people: its offset where it has one, no seconds that are none.
fn short(time: EventTime) -> String {
    let text = time.to_string().replacen('T', " ", 1);
    match text.strip_suffix('Z') {
        Some(utc) => format!("{}Z", utc.strip_suffix(":00").unwrap_or(utc)),
        None => text.strip_suffix(":00").unwrap_or(&text).to_owned(),
    }
}

/// All of it, each thing a field; what it has not is null.
fn document(event: &Event, added: &[String]) -> Value {
    let toml = event.to_toml();
    let (multiplier, demand, like) = match event.effect {
        EventEffect::Multiplier(times) => (Some(times), None, None),
        EventEffect::Demand(demand) => (None, Some(demand), None),
        EventEffect::Like(day) => (None, None, Some(day.to_string())),
        EventEffect::Learnt => (None, None, None),
    };
    let (every, every_days) = match event.every {
        None => (None, None),
        Some(Every::Days(days)) => (Some("days"), Some(days)),
        Some(Every::Month) => (Some("month"), None),
        Some(Every::MonthWeekday) => (Some("month-weekday"), None),
        Some(Every::Year) => (Some("year"), None),
    };
    json!({
        "name": event.name,
        "targets": event.targets,
        "start": event.start.to_string(),
        "end": event.end.to_string(),
        "every": every,
        "every_days": every_days,
        "until": event.until.map(|until| until.to_string()),
        "lead_seconds": event.lead.as_secs(),
        "tail_seconds": event.tail.as_secs(),
        "multiplier": multiplier,
        "demand": demand,
        "like": like,
        "learnt": event.effect == EventEffect::Learnt,
        "announced_at": event.announced_at.map(|at| at.to_string()),
        "from": if added.contains(&toml) { "added" } else { "configuration" },
        "toml": toml,
    })
}
