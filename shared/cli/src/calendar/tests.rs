mod series;

use config::{Config, Target};
use jiff::civil::DateTime;

use super::*;

fn of(body: &str) -> Read {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}\r\nEND:VCALENDAR\r\n",
        body.replace('\n', "\r\n")
    );
    events(&text, "multiplier = 3.0\n", &zones(), now()).unwrap()
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// A sale on Tuesday, 1 December 2026, with more lines.
fn sale(more: &str) -> Read {
    of(&format!(
        "BEGIN:VEVENT\nUID:1\nSUMMARY:Sale\nDTSTART:20261201T200000\nDURATION:PT1H\n{more}\nEND:VEVENT"
    ))
}

/// When the entries take place up to November 2028, by the clocks of Berlin.
fn times(read: &Read) -> Vec<DateTime> {
    let target = target();
    let to = "2028-11-20T00:00:00Z".parse().unwrap();
    let mut times: Vec<DateTime> = (read.entries.iter())
        .flat_map(|entry| {
            entry
                .event
                .occurrences(&target, "2025-01-01T00:00:00Z".parse().unwrap(), to)
        })
        .map(|occurrence| target.zone.to_datetime(occurrence.start))
        .collect();
    times.sort();
    times
}

fn dates(read: &Read) -> Vec<String> {
    let times = times(read);
    times.iter().map(|at| at.date().to_string()).collect()
}

fn target() -> Target {
    let text = "[[target]]\nname = \"web\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\n\
                max_servers = 9\nthroughput = 10\ntime_zone = \"Europe/Berlin\"\n";
    let config = Config::parse("forescale.toml", text).unwrap();
    config.target("web").unwrap().clone()
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
fn what_cannot_be_taken_is_told_and_the_rest_goes_on() {
    let read = of(
        "BEGIN:VEVENT\nUID:1\nSUMMARY:Bare\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\n\
                   SUMMARY:Good\nDTSTART:20261201T200000\nDTEND:20261201T210000\nEND:VEVENT",
    );
    assert_eq!(read.entries.len(), 1);
    assert_eq!(read.refused, ["Bare: it has no start"]);
}

#[test]
fn an_event_that_nobody_named_is_taken_all_the_same() {
    for summary in ["", "SUMMARY:\n", "SUMMARY;LANGUAGE=de: \n"] {
        let read = of(&format!(
            "BEGIN:VEVENT\nUID:1\n{summary}DTSTART:20261201T200000\nDTEND:20261201T210000\nEND:VEVENT"
        ));
        let names: Vec<&str> = read
            .entries
            .iter()
            .map(|one| one.event.name.as_str())
            .collect();
        assert_eq!(names, ["unnamed"], "{summary:?}: {:?}", read.refused);
    }
}

#[test]
fn what_was_over_long_ago_is_told() {
    let old = |rule: &str| {
        one(&format!(
            "DTSTART:20190101T200000\nDURATION:PT1H\nRRULE:{rule}"
        ))
    };
    for rule in ["FREQ=DAILY;COUNT=9", "FREQ=MONTHLY;INTERVAL=5;COUNT=3"] {
        let told = old(rule).unwrap_err();
        assert!(told.contains("it was over before 2025-10-19"), "{told}");
    }
    // What goes on is taken whole, for the days that it is learnt from.
    assert!(old("FREQ=DAILY").unwrap().contains("2019-01-01T20:00:00"));
    let hourly = of(
        "BEGIN:VEVENT\nUID:1\nSUMMARY:Sale\nDTSTART:20190101T200000\nDURATION:PT1H\n\
                     RRULE:FREQ=HOURLY\nEND:VEVENT",
    );
    assert_eq!(hourly.entries.len(), 1000);
    assert!(
        hourly.notes[0].contains("1000 dates from 2025-10-19"),
        "{:?}",
        hourly.notes
    );
}

#[test]
fn what_is_no_calendar_is_told_in_words() {
    let wrong = |text: &str| events(text, "", &zones(), now()).unwrap_err();
    for text in ["", "hello", "timestamp,value\n1,2\n"] {
        let told = wrong(text);
        assert!(
            told.starts_with("is no iCalendar file: it has no line BEGIN"),
            "{told}"
        );
    }
    assert!(wrong("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n").contains("cut short"));
}
