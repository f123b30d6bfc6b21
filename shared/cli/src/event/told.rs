//! What became of events, in words.

use config::{Event, Every};

use crate::Console;
use crate::calendar::Entry;
use crate::failure::Done;

/// Most events of one name with one outcome that are told one by one: a week of days.
const MOST_TOLD: usize = 7;

/// What became of an event.
#[derive(Debug, PartialEq)]
pub(super) enum Became {
    Added,
    /// Was there, said otherwise.
    Changed(Event),
    /// Word for word.
    There,
    /// In the configuration, word for word.
    Configured,
    /// Cancelled in the calendar, and there.
    Cancelled,
    /// Something else of its name and start is there.
    Refused(String),
}

impl Became {
    /// Whether it changes what is kept.
    pub(super) fn writes(&self) -> bool {
        matches!(self, Self::Added | Self::Changed(_) | Self::Cancelled)
    }
}

/// Prints what `became` of `entries`, and what is `gone` besides.
pub(super) fn all(
    entries: &[Entry],
    became: &[Became],
    gone: &[Event],
    dry_run: bool,
    console: &mut Console<'_>,
) -> Done {
    let would = if dry_run { "would be " } else { "" };
    let mut lines: Vec<(String, &Event, String)> = Vec::new();
    let mut refused = Vec::new();
    for event in gone {
        let outcome = format!("{would}removed, since its calendar no longer has it");
        lines.push((outcome, event, String::new()));
    }
    for (entry, became) in entries.iter().zip(became) {
        let (outcome, more) = match became {
            Became::Added => (format!("{would}added"), String::new()),
            Became::Changed(old) => (
                format!("{would}changed"),
                format!(", instead of {} to {}, {}", old.start, old.end, effect(old)),
            ),
            Became::There => ("already there".to_owned(), String::new()),
            Became::Configured => (
                "already there, in the configuration".to_owned(),
                String::new(),
            ),
            Became::Cancelled => (format!("{would}removed, since cancelled"), String::new()),
            Became::Refused(why) => {
                refused.push(why);
                continue;
            }
        };
        lines.push((outcome, &entry.event, more));
    }
    let alike = |a: &(String, &Event, String), b: &(String, &Event, String)| {
        a.0 == b.0 && a.1.name == b.1.name
    };
    for group in lines.chunk_by(alike) {
        match group {
            [(outcome, first, _), .., (_, last, _)] if group.len() > MOST_TOLD => {
                console.line(&format!(
                    "{outcome}: {}, {} times, the first {} to {}, the last {} to {}",
                    first.name,
                    group.len(),
                    first.start,
                    first.end,
                    last.start,
                    last.end
                ))?;
            }
            _ => {
                for (outcome, event, more) in group {
                    console.line(&format!("{outcome}: {}{more}", line(event)))?;
                }
            }
        }
    }
    for why in refused {
        console.note(&format!("note: left out: {why}"));
    }
    Ok(())
}

/// Which one it is, when, and when it comes again.
pub(super) fn line(event: &Event) -> String {
    let every = match event.every {
        None => String::new(),
        Some(Every::Days(1)) => ", every day".to_owned(),
        Some(Every::Days(7)) => ", every week".to_owned(),
        Some(Every::Days(days)) => format!(", every {days} days"),
        Some(Every::Month) => ", every month".to_owned(),
        Some(Every::MonthWeekday) => ", every month on that weekday".to_owned(),
        Some(Every::Year) => ", every year".to_owned(),
    };
    let until = event.until.map(|until| format!(" until {until}"));
    let until = until.unwrap_or_default();
    format!(
        "{}, {} to {}{every}{until}",
        event.name, event.start, event.end
    )
}

/// What it does and when it comes again, as its table says it.
pub(super) fn effect(event: &Event) -> String {
    let keys = [
        "multiplier",
        "demand",
        "like",
        "learnt",
        "every",
        "every_days",
        "until",
        "lead",
        "tail",
    ];
    let wanted = |text: &&str| keys.iter().any(|key| text.starts_with(&format!("{key} =")));
    let toml = event.to_toml();
    toml.lines().filter(wanted).collect::<Vec<_>>().join(", ")
}
