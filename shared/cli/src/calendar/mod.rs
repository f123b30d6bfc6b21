//! Events of an iCalendar file (RFC 5545).

mod repeat;
mod times;

use config::{Event, parse_event};
use icalendar::{Calendar, CalendarComponent, Component, Property};
use jiff::tz::TimeZone;

use times::Moment;

/// An event as it is to be kept.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) event: Event,
    /// What names it in its calendar.
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
}

/// The events in `text`, each with the lines `common` in its `[[event]]` table, for targets in `zones`.
///
/// Taken: start, end or duration of whole days and of local, UTC or zoned times, and rules that repeat by
/// day, week, month, weekday of the month or year without exceptions. A zoned time is the instant it is
/// in its zone; whole days and times without a zone are those of each target's own.
///
/// # Errors
/// What `text` is, after the file's name, where it is no calendar.
pub(crate) fn events(text: &str, common: &str, zones: &[TimeZone]) -> Result<Read, String> {
    let text = text.trim_start_matches('\u{feff}');
    // The crate takes what is empty or cut short for a calendar without events.
    if !has_line(text, "BEGIN:VCALENDAR") || !has_line(text, "END:VCALENDAR") {
        return Err(what_is_wrong(text));
    }
    let calendar: Calendar = text.parse().map_err(|_: String| what_is_wrong(text))?;
    let found = || {
        (calendar.components.iter()).filter_map(|component| match component {
            CalendarComponent::Event(event) => Some(event),
            _ => None,
        })
    };
    // Single dates of these are moved or taken out by events of their own.
    let parted: Vec<&str> = (found())
        .filter(|event| event.properties().contains_key("RECURRENCE-ID"))
        .filter_map(Component::get_uid)
        .collect();
    let mut read = Read::default();
    for event in found() {
        let name = event.get_summary().unwrap_or("unnamed").to_owned();
        match entry(event, &name, common, zones, &parted) {
            Ok(entry) => read.entries.push(entry),
            Err(reason) => read.refused.push(format!("{name}: {reason}")),
        }
    }
    Ok(read)
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

fn entry(
    event: &icalendar::Event,
    name: &str,
    common: &str,
    zones: &[TimeZone],
    parted: &[&str],
) -> Result<Entry, String> {
    let recurrence = event.property_value("RECURRENCE-ID");
    let uid = event.get_uid().filter(|uid| !uid.is_empty());
    let cancelled = (event.property_value("STATUS"))
        .is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED"));
    let series = event.property_value("RRULE");
    if series.is_some() && !cancelled && uid.is_some_and(|uid| parted.contains(&uid)) {
        return Err(
            "single dates of it are moved or left out: write it as events of its own".to_owned(),
        );
    }
    let table = table(event, name, common, zones, series.filter(|_| !cancelled))?;
    let event = parse_event("the calendar", &table).map_err(|error| error.to_string())?;
    let uid = uid.map(|uid| match recurrence {
        Some(moment) => format!("{uid} {moment}"),
        None => uid.to_owned(),
    });
    Ok(Entry {
        event,
        uid,
        cancelled,
    })
}

fn table(
    event: &icalendar::Event,
    name: &str,
    common: &str,
    zones: &[TimeZone],
    rule: Option<&str>,
) -> Result<String, String> {
    let moment = |key: &str| {
        event
            .properties()
            .get(key)
            .map(|found: &Property| Moment::read(found))
    };
    let start = moment("DTSTART").ok_or("it has no start")??;
    // The other properties that may stand more than once are kept apart.
    let single = ["EXDATE", "RDATE"];
    if rule.is_some()
        && single
            .iter()
            .any(|key| event.multi_properties().contains_key(*key))
        || event.multi_properties().contains_key("RDATE")
    {
        return Err("single dates are added or left out: write it as events of its own".to_owned());
    }
    let end = match (moment("DTEND"), event.property_value("DURATION")) {
        // The end of whole days is the first day after them; ours is the last one.
        (Some(end), _) => end?.last_of(&start)?,
        (None, Some(span)) => start.later(span)?.last_of(&start)?,
        (None, None) if start.is_day() => start.clone(),
        (None, None) => return Err("it has neither end nor duration".to_owned()),
    };
    let repeats = rule
        .map(|rule| repeat::lines(rule, &start, zones))
        .transpose()?;
    // What repeats by the clocks of the targets keeps its time of day there.
    let local = zones
        .first()
        .filter(|first| rule.is_some() && zones.iter().all(|zone| zone == *first));
    let quoted = |text: &str| toml_edit::Value::from(text).to_string();
    Ok(format!(
        "name = {}\nstart = {}\nend = {}\n{}{common}",
        quoted(&name.chars().take(100).collect::<String>()),
        quoted(&start.written(local)?),
        quoted(&end.written(local)?),
        repeats.unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Read {
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}\r\nEND:VCALENDAR\r\n",
            body.replace('\n', "\r\n")
        );
        events(&text, "multiplier = 3.0\n", &zones()).unwrap()
    }

    fn zones() -> Vec<TimeZone> {
        vec![TimeZone::get("Europe/Berlin").unwrap()]
    }

    fn one(times: &str) -> Result<String, String> {
        let read = of(&format!(
            "BEGIN:VEVENT\nUID:1\nSUMMARY:Sale\n{times}\nEND:VEVENT"
        ));
        match read.entries.first() {
            Some(entry) => Ok(entry.event.to_toml()),
            None => Err(read.refused[0].clone()),
        }
    }

    #[test]
    fn times_are_taken_as_they_are_written() {
        let zoned =
            one("DTSTART;TZID=Asia/Tokyo:20261205T200000\nDTEND;TZID=Asia/Tokyo:20261205T213000");
        let zoned = zoned.unwrap();
        assert!(zoned.contains("start = 2026-12-05T11:00:00Z\n"), "{zoned}");
        assert!(zoned.contains("end = 2026-12-05T12:30:00Z\n"), "{zoned}");
        assert!(zoned.contains("multiplier = 3.0"), "{zoned}");
        let local = one("DTSTART:20261205T200000\nDTEND:20261205T213000").unwrap();
        assert!(local.contains("start = 2026-12-05T20:00:00\n"), "{local}");
        let unknown = one("DTSTART;TZID=Foo/Bar:20261205T200000\nDURATION:PT1H").unwrap_err();
        assert!(
            unknown.contains("time zone Foo/Bar is unknown"),
            "{unknown}"
        );
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
            "FREQ=DAILY;COUNT=many",
            // Another day than the start's, and what only some repetitions are.
            "FREQ=WEEKLY;BYDAY=WE",
            "FREQ=MONTHLY;BYDAY=-1TU",
            "FREQ=WEEKLY;BYMONTH=12",
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
        assert_eq!(read.entries.len(), 1);
        assert_eq!(read.refused, ["Bare: it has no start"]);
    }

    #[test]
    fn what_repeats_does_so_by_the_clocks_of_the_targets() {
        let weekly =
            |start: &str| one(&format!("DTSTART{start}\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"));
        let own = weekly(";TZID=Europe/Berlin:20261201T200000").unwrap();
        assert!(own.contains("start = 2026-12-01T20:00:00\n"), "{own}");
        // These clocks change on the same days.
        let paris = weekly(";TZID=Europe/Paris:20261201T200000").unwrap();
        assert!(paris.contains("start = 2026-12-01T20:00:00\n"), "{paris}");
        for other in [";TZID=Asia/Tokyo:20261201T200000", ":20261201T200000Z"] {
            let refused = weekly(other).unwrap_err();
            assert!(refused.contains("it repeats by the clocks of"), "{refused}");
        }
    }

    #[test]
    fn the_last_occurrence_is_in() {
        let rule =
            "DTSTART:20261201T200000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;UNTIL=20261215T200000";
        let weekly = one(rule).unwrap();
        assert!(weekly.contains("until = 2026-12-15T20:00:01\n"), "{weekly}");
    }

    #[test]
    fn single_dates_left_out_or_moved_are_refused() {
        let daily = "DTSTART:20261201T200000\nDURATION:PT1H\nRRULE:FREQ=DAILY";
        let left = one(&format!("{daily}\nEXDATE:20261203T200000")).unwrap_err();
        assert!(
            left.contains("single dates are added or left out"),
            "{left}"
        );
        let moved = of(&format!(
            "BEGIN:VEVENT\nUID:1\nSUMMARY:Sale\n{daily}\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nSUMMARY:Sale\n\
             RECURRENCE-ID:20261203T200000\nDTSTART:20261203T220000\nDURATION:PT1H\nEND:VEVENT"
        ));
        assert_eq!(moved.entries.len(), 1);
        assert_eq!(moved.entries[0].uid.as_deref(), Some("1 20261203T200000"));
        assert!(
            moved.refused[0].contains("single dates of it are moved"),
            "{:?}",
            moved.refused
        );
    }

    #[test]
    fn what_is_no_calendar_is_told_in_words() {
        let wrong = |text: &str| events(text, "", &zones()).unwrap_err();
        for text in ["", "hello", "timestamp,value\n1,2\n"] {
            let told = wrong(text);
            assert!(
                told.starts_with("is no iCalendar file: it has no line BEGIN"),
                "{told}"
            );
        }
        assert!(wrong("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n").contains("cut short"));
    }
}
