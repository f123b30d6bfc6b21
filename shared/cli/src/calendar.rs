//! Events of an iCalendar file (RFC 5545).

use config::{Event, parse_event};
use icalendar::{Calendar, CalendarComponent, Component};

/// What a calendar's events came to.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) events: Vec<Event>,
    /// Those that were not taken, and why.
    pub(crate) refused: Vec<String>,
}

/// The events in `text`, each with the lines `common` in its `[[event]]` table.
///
/// Taken: start, end or duration of whole days and local, UTC or zoned times, and rules that repeat by
/// day, week, month, weekday of the month or year without exceptions. A zoned time is taken as local:
/// events follow each target's own zone.
///
/// # Errors
/// A sentence, where `text` is no calendar.
pub(crate) fn events(text: &str, common: &str) -> Result<Read, String> {
    let calendar: Calendar = text.parse()?;
    let mut read = Read::default();
    for component in &calendar.components {
        let CalendarComponent::Event(event) = component else {
            continue;
        };
        let name = event.get_summary().unwrap_or("unnamed").to_owned();
        match table(event, &name, common).and_then(|table| {
            parse_event("the calendar", &table).map_err(|error| error.to_string())
        }) {
            Ok(event) => read.events.push(event),
            Err(reason) => read.refused.push(format!("{name}: {reason}")),
        }
    }
    Ok(read)
}

fn table(event: &icalendar::Event, name: &str, common: &str) -> Result<String, String> {
    let value = |key: &str| event.property_value(key);
    let start = value("DTSTART").ok_or("it has no start")?;
    let (start, whole) = moment(start)?;
    let end = match (value("DTEND"), value("DURATION")) {
        // The end of whole days is the first day after them; ours is the last one.
        (Some(end), _) if whole => day_before(&moment(end)?.0)?,
        (Some(end), _) => moment(end)?.0,
        (None, None) if whole => start.clone(),
        (None, Some(span)) => later(&start, span)?,
        (None, None) => return Err("it has neither end nor duration".to_owned()),
    };
    let quoted = |text: &str| toml_edit::Value::from(text).to_string();
    let mut table = format!(
        "name = {}\nstart = {}\nend = {}\n",
        quoted(&name.chars().take(100).collect::<String>()),
        quoted(&start),
        quoted(&end)
    );
    if value("EXDATE").is_some() || value("RDATE").is_some() {
        return Err("single dates are added or left out: write it as events of its own".to_owned());
    }
    if let Some(rule) = value("RRULE") {
        table.push_str(&repeats(rule)?);
    }
    table.push_str(common);
    Ok(table)
}

/// `20261205T200000`, `20261205T200000Z` or `20261205` as the configuration has it, and whether it is
/// a whole day.
fn moment(text: &str) -> Result<(String, bool), String> {
    let wrong = || format!("{text} is not a time");
    let (local, offset) = match text.strip_suffix('Z') {
        Some(local) => (local, "Z"),
        None => (text, ""),
    };
    if local.len() == 8 {
        let day: jiff::civil::Date = local.parse().map_err(|_| wrong())?;
        return Ok((day.to_string(), true));
    }
    let at: jiff::civil::DateTime = local.parse().map_err(|_| wrong())?;
    Ok((format!("{at}{offset}"), false))
}

fn day_before(day: &str) -> Result<String, String> {
    let date: jiff::civil::Date = day.parse().map_err(|_| format!("{day} is not a day"))?;
    let before = date.yesterday().map_err(|error| error.to_string())?;
    Ok(before.to_string())
}

fn later(start: &str, span: &str) -> Result<String, String> {
    let wrong = |error: jiff::Error| format!("duration of {span}: {error}");
    let span: jiff::Span = span.parse().map_err(wrong)?;
    let (local, offset) = match start.strip_suffix('Z') {
        Some(local) => (local, "Z"),
        None => (start, ""),
    };
    let at: jiff::civil::DateTime = local.parse().map_err(wrong)?;
    Ok(format!("{}{offset}", at.checked_add(span).map_err(wrong)?))
}

/// The lines that repeat as `rule` does.
fn repeats(rule: &str) -> Result<String, String> {
    let refuse = || format!("it repeats by {rule}, which no event can say");
    let mut frequency = "";
    let mut interval = 1_u32;
    let mut until = String::new();
    let mut weekday = "";
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').ok_or_else(refuse)?;
        match key {
            "FREQ" => frequency = value,
            "INTERVAL" => interval = value.parse().map_err(|_| refuse())?,
            "UNTIL" => until = moment(value)?.0,
            "BYDAY" => weekday = value,
            // These repeat what the start says.
            "WKST" | "BYMONTH" | "BYMONTHDAY" => {}
            _ => return Err(refuse()),
        }
    }
    let numbered = weekday.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    let mut lines = match (frequency, weekday) {
        ("DAILY", "") => format!("every_days = {interval}\n"),
        ("WEEKLY", day) if !day.contains(',') => {
            let days = interval.checked_mul(7).ok_or_else(refuse)?;
            format!("every_days = {days}\n")
        }
        ("MONTHLY", "") if interval == 1 => "every = \"month\"\n".to_owned(),
        ("MONTHLY", day) if interval == 1 && numbered && !day.contains(',') => {
            "every = \"month-weekday\"\n".to_owned()
        }
        ("YEARLY", "") if interval == 1 => "every = \"year\"\n".to_owned(),
        _ => return Err(refuse()),
    };
    if !until.is_empty() {
        lines.push_str(&format!("until = \"{until}\"\n"));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Read {
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}\r\nEND:VCALENDAR\r\n",
            body.replace('\n', "\r\n")
        );
        events(&text, "multiplier = 3.0\n").unwrap()
    }

    fn one(times: &str) -> Result<String, String> {
        let read = of(&format!(
            "BEGIN:VEVENT\nUID:1\nSUMMARY:Sale\n{times}\nEND:VEVENT"
        ));
        match read.events.first() {
            Some(event) => Ok(event.to_toml()),
            None => Err(read.refused[0].clone()),
        }
    }

    #[test]
    fn times_are_taken_as_they_are_written() {
        let local =
            one("DTSTART;TZID=Asia/Tokyo:20261205T200000\nDTEND;TZID=Asia/Tokyo:20261205T213000");
        let local = local.unwrap();
        assert!(local.contains("start = 2026-12-05T20:00:00\n"), "{local}");
        assert!(local.contains("end = 2026-12-05T21:30:00\n"), "{local}");
        assert!(local.contains("multiplier = 3.0"), "{local}");
        let instant = one("DTSTART:20261205T110000Z\nDURATION:PT90M").unwrap();
        assert!(
            instant.contains("start = 2026-12-05T11:00:00Z\n"),
            "{instant}"
        );
        assert!(
            instant.contains("end = 2026-12-05T12:30:00Z\n"),
            "{instant}"
        );
        let days = one("DTSTART;VALUE=DATE:20261227\nDTEND;VALUE=DATE:20261230").unwrap();
        assert!(days.contains("start = 2026-12-27T00:00:00\n"), "{days}");
        assert!(days.contains("end = 2026-12-30T00:00:00\n"), "{days}");
    }

    #[test]
    fn rules_that_an_event_can_say_are_taken() {
        let with = |rule: &str| {
            one(&format!(
                "DTSTART:20261201T200000\nDTEND:20261201T210000\nRRULE:{rule}"
            ))
        };
        assert!(
            with("FREQ=WEEKLY;BYDAY=TU")
                .unwrap()
                .contains("every = \"week\"")
        );
        assert!(
            with("FREQ=WEEKLY;INTERVAL=2")
                .unwrap()
                .contains("every_days = 14")
        );
        assert!(
            with("FREQ=MONTHLY;BYDAY=1TU")
                .unwrap()
                .contains("every = \"month-weekday\"")
        );
        assert!(
            with("FREQ=YEARLY;UNTIL=20300101")
                .unwrap()
                .contains("until = 2030-01-0")
        );
        for rule in [
            "FREQ=WEEKLY;BYDAY=MO,TU",
            "FREQ=HOURLY",
            "FREQ=DAILY;COUNT=5",
        ] {
            assert!(
                with(rule).unwrap_err().contains("which no event can say"),
                "{rule}"
            );
        }
    }

    #[test]
    fn what_cannot_be_taken_is_told_and_the_rest_goes_on() {
        let read = of(
            "BEGIN:VEVENT\nUID:1\nSUMMARY:Bare\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\n\
                       SUMMARY:Good\nDTSTART:20261201T200000\nDTEND:20261201T210000\nEND:VEVENT",
        );
        assert_eq!(read.events.len(), 1);
        assert_eq!(read.refused, ["Bare: it has no start"]);
        assert!(events("hello", "").is_err());
    }
}
