//! Events of an iCalendar file (RFC 5545).

mod pieces;
mod rule;
mod series;
#[cfg(test)]
mod tests;
mod times;
mod zones;

use std::collections::BTreeMap;

use config::{Event, parse_event};
use icalendar::{Calendar, CalendarComponent, Component};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use series::{Series, Window};
use times::Moment;
use zones::Zones;

/// An event as it is to be kept.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) event: Event,
    /// What names it in its calendar: that of its series, and its own moment where the series comes to
    /// more than one event.
    pub(crate) uid: Option<String>,
    /// Whether the calendar says that it does not take place.
    pub(crate) cancelled: bool,
}

/// What a calendar's events came to.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) entries: Vec<Entry>,
    /// Those that were not taken, and why.
    pub(crate) refused: Vec<String>,
    /// How what was taken is not as the calendar has it.
    pub(crate) notes: Vec<String>,
    /// The UIDs of which all that the calendar has is among the entries.
    pub(crate) series: Vec<String>,
}

/// The events in `text` as of `now`, each with the lines `common` in its `[[event]]` table, for targets in
/// `zones`.
///
/// A zoned time is the instant it is in its zone; whole days and times without a zone are those of each
/// target's own. What repeats goes on repeating where events can say so exactly, for each weekday by an
/// event of its own where that takes several; what they cannot say is written out, one event an
/// occurrence, for [`Window::around`].
///
/// # Errors
/// What `text` is, after the file's name, where it is no calendar.
pub(crate) fn events(
    text: &str,
    common: &str,
    zones: &[TimeZone],
    now: Timestamp,
) -> Result<Read, String> {
    let text = text.trim_start_matches('\u{feff}');
    // The crate takes what is empty or cut short for a calendar without events.
    if !has_line(text, "BEGIN:VCALENDAR") || !has_line(text, "END:VCALENDAR") {
        return Err(what_is_wrong(text));
    }
    let calendar: Calendar = text.parse().map_err(|_: String| what_is_wrong(text))?;
    let defined = Zones::of(&calendar);
    let found = (calendar.components.iter()).filter_map(|component| match component {
        CalendarComponent::Event(event) => Some(event),
        _ => None,
    });
    let mut read = Read::default();
    let mut all = Vec::new();
    for event in found {
        // Mail programs write an empty SUMMARY where nobody typed one.
        let name = (event.get_summary()).filter(|name| !name.trim().is_empty());
        let name = name.unwrap_or("unnamed");
        match Series::read(event, name, &defined) {
            Ok(series) => all.push(series),
            Err(reason) => read.refused.push(format!("{name}: {reason}")),
        }
    }
    // Single dates that have an event of their own, by series.
    let mut parted: BTreeMap<String, Vec<Moment>> = BTreeMap::new();
    for series in &all {
        if let (Some(uid), Some((_, moment))) = (&series.uid, &series.instead_of) {
            parted.entry(uid.clone()).or_default().push(moment.clone());
        }
    }
    let window = Window::around(now);
    for series in &all {
        let parted = (series.uid.as_ref()).and_then(|uid| parted.get(uid));
        let parted = parted.map_or(&[][..], Vec::as_slice);
        let alone = series.instead_of.is_some()
            && !(all.iter()).any(|other| other.instead_of.is_none() && other.uid == series.uid);
        if series.cancelled && series.instead_of.is_some() && !alone {
            // Its series comes without it.
            continue;
        }
        match taken(series, parted, common, zones, window, &mut read) {
            Ok(()) if alone => read.notes.push(format!(
                "{}: it is a single date of what repeats, and the rest is not in this calendar: where that \
                 was imported, it stands unchanged beside it",
                series.name
            )),
            Ok(()) => {}
            Err(reason) => read.refused.push(format!("{}: {reason}", series.name)),
        }
    }
    Ok(read)
}

/// Whether `event` is over since so long that an import as of `now` would not bring it again.
pub(crate) fn long_over(event: &Event, now: Timestamp) -> bool {
    let from = Window::around(now).from;
    match (event.every, event.until) {
        (None, _) => event.start.civil(&TimeZone::UTC) < from,
        (Some(_), Some(until)) => until.civil(&TimeZone::UTC) < from,
        (Some(_), None) => false,
    }
}

/// Adds what `series` comes to.
fn taken(
    series: &Series,
    parted: &[Moment],
    common: &str,
    zones: &[TimeZone],
    window: Window,
    read: &mut Read,
) -> Result<(), String> {
    let (pieces, note) = series.pieces(parted, zones, window)?;
    let several = pieces.len() > 1;
    let mut entries = Vec::new();
    for piece in pieces {
        let table = series.table(&piece, common, zones)?;
        let event = parse_event("the calendar", &table).map_err(|error| error.to_string())?;
        entries.push(Entry {
            event,
            uid: series.uid_of(&piece, several),
            cancelled: series.cancelled,
        });
    }
    read.entries.extend(entries);
    read.notes
        .extend(note.map(|note| format!("{}: {note}", series.name)));
    if series.instead_of.is_none() && !series.cancelled {
        read.series.extend(series.uid.clone());
    }
    Ok(())
}

fn has_line(text: &str, line: &str) -> bool {
    text.lines()
        .any(|other| other.trim_end().eq_ignore_ascii_case(line))
}

/// Why `text` could not be read, in words of the file.
fn what_is_wrong(text: &str) -> String {
    let has = |line: &str| has_line(text, line);
    if !has("BEGIN:VCALENDAR") {
        return "is no iCalendar file: it has no line BEGIN:VCALENDAR; export the calendar as .ics"
            .to_owned();
    }
    if !has("END:VCALENDAR") {
        return "is cut short: END:VCALENDAR is missing; export the calendar anew".to_owned();
    }
    // A line that begins with a space goes on with the one before.
    let odd = (text.lines().enumerate()).find(|(_, line)| {
        !line.trim().is_empty() && !line.starts_with([' ', '\t']) && !line.contains(':')
    });
    match odd {
        Some((index, _)) => format!("is no iCalendar file: line {} is not NAME:VALUE", index + 1),
        None => {
            "is no iCalendar file that can be read: is each BEGIN followed by its END?".to_owned()
        }
    }
}
