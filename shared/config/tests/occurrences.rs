//! Events in the days of each target's own zone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use config::{Config, Event, EventEffect, OccurrenceEffect, Target, parse_event};
use jiff::{SignedDuration, Timestamp};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn target(name: &str, zone: &str) -> Target {
    let text = format!(
        "[[target]]\nname = \"{name}\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\n\
         max_servers = 9\nthroughput = 10\ntime_zone = \"{zone}\"\n"
    );
    let config = Config::parse("forescale.toml", &text).unwrap_or_else(|e| panic!("{e}"));
    config.target(name).unwrap().clone()
}

fn event(text: &str) -> Event {
    let text = format!("name = \"show\"\nmultiplier = 2\n{text}");
    parse_event("event.toml", &text).unwrap_or_else(|e| panic!("{e}"))
}

/// Starts and ends between two moments, as `start/end` in UTC.
fn stretches(event: &Event, target: &Target, from: &str, to: &str) -> Vec<String> {
    let found = event.occurrences(target, at(from), at(to));
    found
        .iter()
        .map(|o| format!("{}/{}", o.start, o.end))
        .collect()
}

#[test]
fn a_local_time_is_read_in_each_targets_zone_and_an_offset_is_the_same_everywhere() {
    let tokyo = target("tokyo", "Asia/Tokyo");
    let berlin = target("berlin", "Europe/Berlin");
    let local = event("start = 2026-01-10T20:00:00\nend = 2026-01-10T22:00:00");
    let year = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    assert_eq!(
        stretches(&local, &tokyo, year.0, year.1),
        ["2026-01-10T11:00:00Z/2026-01-10T13:00:00Z"]
    );
    assert_eq!(
        stretches(&local, &berlin, year.0, year.1),
        ["2026-01-10T19:00:00Z/2026-01-10T21:00:00Z"]
    );
    let fixed = event("start = 2026-01-10T20:00:00+09:00\nend = 2026-01-10T22:00:00+09:00");
    for zone in [&tokyo, &berlin] {
        assert_eq!(
            stretches(&fixed, zone, year.0, year.1),
            ["2026-01-10T11:00:00Z/2026-01-10T13:00:00Z"]
        );
    }
}

#[test]
fn a_recurring_event_keeps_its_local_time_through_clock_changes() {
    // New York goes to summer time on 8 March 2026: 20:00 is 01:00 UTC before and 00:00 after.
    let target = target("us", "America/New_York");
    let daily = event("start = 2026-03-01T20:00:00\nend = 2026-03-01T21:00:00\nevery = \"day\"");
    assert_eq!(
        stretches(
            &daily,
            &target,
            "2026-03-07T12:00:00Z",
            "2026-03-09T12:00:00Z"
        ),
        [
            "2026-03-08T01:00:00Z/2026-03-08T02:00:00Z",
            "2026-03-09T00:00:00Z/2026-03-09T01:00:00Z"
        ]
    );
    // The same, written with an offset: its local time is what repeats.
    let fixed =
        event("start = 2026-03-01T20:00:00-05:00\nend = 2026-03-01T21:00:00-05:00\nevery_days = 1");
    assert_eq!(
        stretches(
            &fixed,
            &target,
            "2026-03-08T12:00:00Z",
            "2026-03-09T12:00:00Z"
        ),
        ["2026-03-09T00:00:00Z/2026-03-09T01:00:00Z"]
    );
}

#[test]
fn what_a_clock_change_skips_or_repeats_keeps_a_length() {
    let target = target("eu", "Europe/Berlin");
    let day = ("2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z");
    // 02:00 to 03:00 does not exist on 29 March 2026.
    let inside = event("start = 2026-03-29T02:15:00\nend = 2026-03-29T02:45:00");
    assert_eq!(
        stretches(&inside, &target, day.0, day.1),
        ["2026-03-29T01:15:00Z/2026-03-29T01:45:00Z"]
    );
    let across = event("start = 2026-03-29T02:45:00\nend = 2026-03-29T03:15:00");
    assert_eq!(
        stretches(&across, &target, day.0, day.1),
        ["2026-03-29T01:45:00Z/2026-03-29T02:15:00Z"]
    );
    // 02:30 comes twice on 25 October 2026; the first is meant.
    let twice = event("start = 2026-10-25T02:30:00\nend = 2026-10-25T03:30:00");
    assert_eq!(
        stretches(
            &twice,
            &target,
            "2026-10-25T00:00:00Z",
            "2026-10-26T00:00:00Z"
        ),
        ["2026-10-25T00:30:00Z/2026-10-25T02:30:00Z"]
    );
}

#[test]
fn months_and_years_end_where_they_are_shorter() {
    let utc = target("utc", "UTC");
    let monthly =
        event("start = 2026-01-31\nend = 2026-01-31\nevery = \"month\"\nuntil = 2026-04-29");
    assert_eq!(
        stretches(
            &monthly,
            &utc,
            "2026-01-01T00:00:00Z",
            "2027-01-01T00:00:00Z"
        ),
        [
            "2026-01-31T00:00:00Z/2026-02-01T00:00:00Z",
            "2026-02-28T00:00:00Z/2026-03-01T00:00:00Z",
            "2026-03-31T00:00:00Z/2026-04-01T00:00:00Z",
        ]
    );
    let yearly = event("start = 2024-02-29T10:00:00\nend = 2024-02-29T12:00:00\nevery = \"year\"");
    assert_eq!(
        stretches(
            &yearly,
            &utc,
            "2025-01-01T00:00:00Z",
            "2028-12-31T00:00:00Z"
        ),
        [
            "2025-02-28T10:00:00Z/2025-02-28T12:00:00Z",
            "2026-02-28T10:00:00Z/2026-02-28T12:00:00Z",
            "2027-02-28T10:00:00Z/2027-02-28T12:00:00Z",
            "2028-02-29T10:00:00Z/2028-02-29T12:00:00Z",
        ]
    );
}

#[test]
fn a_weekday_of_each_month() {
    let utc = target("utc", "UTC");
    // 20 January 2026 is its third Tuesday, 30 January its fifth and last Friday.
    let days = |day: &str| {
        let text = format!(
            "start = 2026-01-{day}T20:00:00\nend = 2026-01-{day}T23:30:00\nevery = \"month-weekday\""
        );
        let (from, to) = (at("2026-02-01T00:00:00Z"), at("2026-06-01T00:00:00Z"));
        let found = event(&text).occurrences(&utc, from, to);
        found
            .iter()
            .map(|o| o.start.to_string()[..10].to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        days("20"),
        ["2026-02-17", "2026-03-17", "2026-04-21", "2026-05-19"]
    );
    assert_eq!(
        days("30"),
        ["2026-02-27", "2026-03-27", "2026-04-24", "2026-05-29"]
    );
}

#[test]
fn lead_and_tail_count_as_touching() {
    let utc = target("utc", "UTC");
    let show = event(
        "start = 2026-01-10T20:00:00\nend = 2026-01-10T21:00:00\nlead = \"30m\"\ntail = \"2h\"",
    );
    let touches = |from, to| !stretches(&show, &utc, from, to).is_empty();
    assert!(!touches("2026-01-10T18:00:00Z", "2026-01-10T19:30:00Z"));
    assert!(touches("2026-01-10T18:00:00Z", "2026-01-10T19:30:01Z"));
    assert!(touches("2026-01-10T22:59:59Z", "2026-01-10T23:30:00Z"));
    assert!(!touches("2026-01-10T23:00:00Z", "2026-01-10T23:30:00Z"));
    assert!(!touches("2026-01-10T21:00:00Z", "2026-01-10T20:00:00Z"));
}

#[test]
fn a_recurring_event_is_found_far_from_its_first_time_and_not_before_it() {
    let target = target("tz", "Australia/Lord_Howe");
    for (every, step) in [
        ("every_days = 3", 3),
        ("every = \"week\"", 7),
        ("every_days = 366", 366),
    ] {
        let text = format!("start = 2000-06-01T10:00:00\nend = 2000-06-01T11:00:00\n{every}");
        let event = event(&text);
        assert!(
            event
                .occurrences(
                    &target,
                    at("1990-01-01T00:00:00Z"),
                    at("2000-05-31T00:00:00Z")
                )
                .is_empty()
        );
        let all = event.occurrences(
            &target,
            at("2000-01-01T00:00:00Z"),
            at("2027-01-01T00:00:00Z"),
        );
        // From late windows on, the same occurrences as when all are listed.
        for year in [2001, 2013, 2026] {
            let from = at(&format!("{year}-01-01T00:00:00Z"));
            let to = at(&format!("{year}-12-31T00:00:00Z"));
            let expected: Vec<_> = all
                .iter()
                .filter(|o| o.end > from && o.start < to)
                .cloned()
                .collect();
            assert_eq!(
                event.occurrences(&target, from, to),
                expected,
                "{every} {year}"
            );
        }
        let zone = &target.zone;
        for pair in all.windows(2) {
            let days =
                zone.to_datetime(pair[1].start).date() - zone.to_datetime(pair[0].start).date();
            assert_eq!(days.get_days(), step);
        }
    }
}

#[test]
fn effects_targets_and_announcements() {
    let berlin = target("berlin", "Europe/Berlin");
    let text = "name = \"sale\"\ntargets = [\"berlin\"]\nstart = 2026-11-27\nend = 2026-11-27\n\
                like = 2025-11-28\nannounced_at = 2026-11-20T09:00:00\n";
    let sale = parse_event("event.toml", text).unwrap();
    assert!(matches!(sale.effect, EventEffect::Like(_)));
    let (from, to) = (at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
    let found = sale.occurrences(&berlin, from, to);
    assert_eq!(
        found[0].effect,
        OccurrenceEffect::Like(at("2025-11-27T23:00:00Z"))
    );
    assert_eq!(
        found[0].end.duration_since(found[0].start),
        SignedDuration::from_hours(24)
    );
    assert!(
        sale.occurrences(&target("other", "UTC"), from, to)
            .is_empty()
    );
    assert!(!sale.known(&berlin, at("2026-11-20T07:59:59Z")));
    assert!(sale.known(&berlin, at("2026-11-20T08:00:00Z")));
    let config = Config {
        targets: vec![berlin.clone()],
        events: vec![sale],
    };
    assert!(
        config
            .occurrences(&berlin, at("2026-11-19T00:00:00Z"), from, to)
            .is_empty()
    );
    assert_eq!(
        config.occurrences(&berlin, at("2026-11-21T00:00:00Z"), from, to),
        found
    );
}
