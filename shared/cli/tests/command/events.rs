//! `forescale event`, `pause`, `resume` and `completions`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{CONFIG, good, planned, rhythm, run, text, write};

const SALE: [&str; 7] = [
    "event",
    "add",
    "sale",
    "--start",
    "2026-01-24T20:00",
    "--end",
    "2026-01-24T22:00",
];

/// A store with a configuration only.
fn store(folder: &Path) -> String {
    let store = folder.join("store");
    fs::create_dir_all(store.join("config")).unwrap();
    write(&store, "config/forescale.toml", CONFIG);
    text(&store).to_owned()
}

fn names(store: &str) -> Vec<String> {
    let ran = good(&["event", "list", "--store", store, "--format", "json"]);
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    let events = list["events"].as_array().unwrap().iter();
    events
        .map(|event| event["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn an_event_that_is_added_changes_the_plan_until_it_is_removed() {
    let folder = TempDir::new().unwrap();
    let history = write(folder.path(), "d.csv", rhythm(21 * 24, 60_000.0));
    let config = write(folder.path(), "forescale.toml", CONFIG);
    let store = text(&folder.path().join("store")).to_owned();
    let highest = || {
        let ran = good(&[
            "plan",
            "--history",
            text(&history),
            "--config",
            text(&config),
            "--at",
            "2026-01-24T18:00",
            "--store",
            &store,
            "--format",
            "json",
        ]);
        let plan: Value = serde_json::from_str(&ran.out).unwrap();
        let steps = plan["steps"].as_array().unwrap().iter();
        steps
            .map(|step| step["servers"].as_u64().unwrap())
            .max()
            .unwrap()
    };
    let usual = highest();
    let effect = ["--multiplier", "2", "--target", "web", "--store", &store];
    good(&[&SALE[..], &effect].concat());
    let raised = highest();
    assert!(raised > usual + usual / 2, "{usual} to {raised}");
    // A second time changes nothing.
    let again = good(&[&SALE[..], &effect].concat());
    assert!(again.out.starts_with("already there"), "{}", again.out);
    assert_eq!(names(&store), ["sale"]);
    good(&["event", "remove", "sale", "--store", &store]);
    assert!(names(&store).is_empty());
    assert_eq!(highest(), usual);
}

#[test]
fn what_cannot_be_an_event_is_refused_and_nothing_is_written() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    let refused = |arguments: &[&str], words: &str| {
        let ran = run(&[&SALE[..], arguments, &["--store", &store]].concat());
        assert_eq!(ran.code, ExitCode::from(3), "{}", ran.err);
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    };
    refused(&["--multiplier", "0"], "multiplier");
    refused(&["--lead", "soon"], "lead");
    refused(&["--target", "wed"], "did you mean web?");
    let backwards = run(&[
        "event",
        "add",
        "sale",
        "--start",
        "2026-01-24",
        "--end",
        "2026-01-23",
        "--store",
        &store,
    ]);
    assert_eq!(backwards.code, ExitCode::from(3));
    let tried = good(&[&SALE[..], &["--dry-run", "--store", &store]].concat());
    assert!(tried.err.contains("nothing was written"), "{}", tried.err);
    assert!(!Path::new(&store).join("events.json").exists());
    // What cannot be read is not replaced.
    write(Path::new(&store), "events.json", "{");
    refused(&[], "nothing was changed");
    assert_eq!(
        fs::read_to_string(format!("{store}/events.json")).unwrap(),
        "{"
    );
}

#[test]
fn an_event_is_only_like_a_day_that_was_seen() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    let to_come = "2999-01-01";
    let like = |day: &str| run(&[&SALE[..], &["--like", day, "--store", &store]].concat());
    let ran = like(to_come);
    assert_eq!(ran.code, ExitCode::from(3), "{}", ran.err);
    let words = format!("--like {to_come}: is in the future");
    assert!(ran.err.contains(&words), "{}", ran.err);
    assert!(ran.err.contains("; allowed: a day until "), "{}", ran.err);
    assert!(ran.err.contains("today for web"), "{}", ran.err);
    // A calendar's are refused by the same words.
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n\
                    SUMMARY:campaign\r\nDTSTART:20361205T200000\r\nDTEND:20361205T210000\r\n\
                    END:VEVENT\r\nEND:VCALENDAR\r\n";
    let file = write(folder.path(), "c.ics", calendar);
    let arguments = ["--like", to_come, "--store", &store];
    let ran = run(&[&["event", "import", text(&file)], &arguments[..]].concat());
    assert_eq!(ran.code, ExitCode::from(3), "{}", ran.err);
    assert!(ran.err.contains(&words), "{}", ran.err);
    assert!(names(&store).is_empty());
    good(&[&SALE[..], &["--like", "2025-01-25", "--store", &store]].concat());
    assert_eq!(names(&store), ["sale"]);
}

#[test]
fn a_calendar_is_taken_once() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n\
                    SUMMARY:campaign\r\nDTSTART:20261205T200000\r\nDTEND:20261205T210000\r\n\
                    END:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nSUMMARY:odd\r\nDTSTART:20261205T200000\r\n\
                    DTEND:20261205T210000\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let file = write(folder.path(), "c.ics", calendar);
    let arguments = [
        "event",
        "import",
        text(&file),
        "--demand",
        "9000",
        "--store",
        &store,
    ];
    let first = good(&arguments);
    assert!(first.err.contains("left out: odd"), "{}", first.err);
    assert!(good(&arguments).out.starts_with("already there"));
    assert_eq!(names(&store), ["campaign"]);
    let table = good(&["event", "list", "--store", &store]);
    assert!(table.out.contains("demand = 9000.0"), "{}", table.out);
    let missing = run(&["event", "remove", "campaing", "--store", &store]);
    assert_eq!(missing.code, ExitCode::from(3));
    assert!(
        missing.err.contains("did you mean campaign?"),
        "{}",
        missing.err
    );
}

fn listed(store: &str) -> Vec<Value> {
    let ran = good(&["event", "list", "--store", store, "--format", "json"]);
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    list["events"].as_array().unwrap().clone()
}

#[test]
fn an_event_is_corrected_and_not_doubled() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    let add = |more: &[&str]| run(&[&SALE[..], more, &["--store", &store]].concat());
    assert!(add(&["--multiplier", "2"]).out.starts_with("added: sale"));
    let other = add(&["--multiplier", "3"]);
    assert_eq!(other.code, ExitCode::from(3));
    assert!(
        other.err.contains("it differs from the sale"),
        "{}",
        other.err
    );
    assert!(other.err.contains("--replace"), "{}", other.err);
    assert_eq!(listed(&store)[0]["multiplier"], 2.0);
    let would = add(&["--multiplier", "3", "--replace", "--dry-run"]);
    assert!(
        would.out.starts_with("would be changed: sale"),
        "{}",
        would.out
    );
    let changed = add(&["--multiplier", "3", "--replace"]);
    assert!(
        changed.out.contains("instead of 2026-01-24T20:00:00"),
        "{}",
        changed.out
    );
    let events = listed(&store);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["multiplier"], 3.0);
    assert_eq!(events[0]["from"], "added");
    assert!(events[0]["demand"].is_null());
}

#[test]
fn events_that_overlap_are_told() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    let add = |name: &str, hours: (&str, &str), more: &[&str]| {
        let (start, end) = (
            format!("2036-01-24T{}", hours.0),
            format!("2036-01-24T{}", hours.1),
        );
        let words = [
            "event", "add", name, "--start", &start, "--end", &end, "--store", &store,
        ];
        good(&[&words[..], more].concat()).err
    };
    // A year that is far away is not looked at; what repeats is.
    let day = "2026-01-05";
    let weekly = [
        "event",
        "add",
        "lunch",
        "--start",
        &format!("{day}T11:00"),
        "--end",
        &format!("{day}T13:00"),
        "--every",
        "week",
        "--multiplier",
        "2",
        "--store",
        &store,
    ];
    assert!(!good(&weekly).err.contains("overlap"));
    let daily = [
        "event",
        "add",
        "noon",
        "--start",
        &format!("{day}T12:00"),
        "--end",
        &format!("{day}T12:30"),
        "--every",
        "day",
        "--multiplier",
        "2",
        "--store",
        &store,
    ];
    let told = good(&daily).err;
    assert!(
        told.contains("noon and lunch overlap for web from"),
        "{told}"
    );
    assert!(!add("far", ("20:00", "21:00"), &["--multiplier", "2"]).contains("overlap"));
}

/// An entry of a calendar with the UID 1.
fn calendar(folder: &Path, start: &str, more: &str) -> String {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:campaign\r\n\
         DTSTART:{start}\r\nDURATION:PT1H\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    text_of(&write(folder, "c.ics", text))
}

fn text_of(path: &Path) -> String {
    text(path).to_owned()
}

#[test]
fn what_a_calendar_moves_or_cancels_is_moved_or_removed() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    let import = |start: &str, more: &str| {
        let file = calendar(folder.path(), start, more);
        good(&[
            "event",
            "import",
            &file,
            "--multiplier",
            "2",
            "--store",
            &store,
        ])
    };
    assert!(import("20361205T200000", "").out.starts_with("added"));
    let moved = import("20361205T210000", "");
    assert!(
        moved
            .out
            .starts_with("changed: campaign, 2036-12-05T21:00:00"),
        "{}",
        moved.out
    );
    assert_eq!(names(&store), ["campaign"]);
    let cancelled = import("20361205T210000", "STATUS:CANCELLED\r\n");
    assert!(
        cancelled.out.starts_with("removed, since cancelled"),
        "{}",
        cancelled.out
    );
    assert!(names(&store).is_empty());
    let again = import("20361205T210000", "STATUS:CANCELLED\r\n");
    assert!(
        again.err.contains("campaign: it is cancelled"),
        "{}",
        again.err
    );
    assert!(names(&store).is_empty());
    let garbage = text_of(&write(folder.path(), "g.ics", "hello"));
    let refused = run(&["event", "import", &garbage, "--store", &store]);
    assert_eq!(refused.code, ExitCode::from(3));
    assert!(
        refused.err.contains("g.ics is no iCalendar file"),
        "{}",
        refused.err
    );
}

/// What a calendar says of a series now is what is kept of it, whatever was kept before.
#[test]
fn a_series_is_kept_in_step_with_its_calendar() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    let import = |more: &str| {
        let file = calendar(folder.path(), "20361205T200000", more);
        good(&[
            "event",
            "import",
            &file,
            "--multiplier",
            "2",
            "--store",
            &store,
        ])
    };
    let starts = || -> Vec<String> {
        let events = listed(&store);
        let starts = events.iter().map(|event| event["start"].as_str().unwrap());
        starts.map(str::to_owned).collect()
    };
    let weekly = "RRULE:FREQ=WEEKLY;BYDAY=SA,SU\r\n";
    // The first day is one of it, though a Friday.
    import(weekly);
    assert_eq!(
        starts(),
        [
            "2036-12-05T20:00:00",
            "2036-12-06T20:00:00",
            "2036-12-07T20:00:00"
        ]
    );
    // By hand, of the same name: no calendar's business.
    let by_hand = [
        "event",
        "add",
        "campaign",
        "--start",
        "2037-12-24",
        "--end",
        "2037-12-24",
    ];
    good(&[&by_hand[..], &["--multiplier", "2", "--store", &store]].concat());
    let left_out = format!("{weekly}EXDATE:20361206T200000,20361205T200000\r\n");
    let would = good(&[
        "event",
        "import",
        &calendar(folder.path(), "20361205T200000", &left_out),
        "--multiplier",
        "2",
        "--store",
        &store,
        "--dry-run",
    ]);
    assert!(
        would
            .out
            .contains("would be removed, since its calendar no longer has it"),
        "{}",
        would.out
    );
    assert_eq!(starts().len(), 4);
    let second = import(&left_out);
    assert!(
        second
            .out
            .contains("already there: campaign, 2036-12-07T20:00:00"),
        "{}",
        second.out
    );
    assert_eq!(
        starts(),
        [
            "2036-12-07T20:00:00",
            "2037-12-24T00:00:00",
            "2036-12-13T20:00:00"
        ]
    );
    // Again nothing changes.
    let again = import(&left_out);
    assert!(
        again
            .out
            .lines()
            .all(|line| line.starts_with("already there")),
        "{}",
        again.out
    );
    // Many dates of one name are one line.
    let quarterly = import("RRULE:FREQ=MONTHLY;INTERVAL=3;COUNT=8\r\n");
    assert!(
        quarterly
            .err
            .contains("8 dates from 2036-12-05 to 2038-09-05 are written out"),
        "{}",
        quarterly.err
    );
    assert!(
        !quarterly.err.contains("import the calendar again"),
        "{}",
        quarterly.err
    );
    assert!(
        quarterly
            .out
            .contains("added: campaign, 8 times, the first 2036-12-05T20:00:00"),
        "{}",
        quarterly.out
    );
    assert_eq!(starts().len(), 9);
    // With the series goes all of it.
    let cancelled = import("STATUS:CANCELLED\r\n");
    assert!(
        cancelled.out.starts_with("removed, since cancelled"),
        "{}",
        cancelled.out
    );
    assert_eq!(starts(), ["2037-12-24T00:00:00"]);
}

#[test]
fn a_start_that_no_event_has_is_answered_with_those_there_are() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    good(&[&SALE[..], &["--multiplier", "2", "--store", &store]].concat());
    let remove = [
        "event",
        "remove",
        "sale",
        "--start",
        "2026-05-31",
        "--store",
        &store,
    ];
    let refused = run(&remove);
    assert_eq!(refused.code, ExitCode::from(3));
    assert!(
        refused
            .err
            .contains("no added event sale starts at 2026-05-31, but at 2026-01-24T20:00:00"),
        "{}",
        refused.err
    );
    let would = good(&["event", "remove", "sale", "--dry-run", "--store", &store]);
    assert!(
        would.out.starts_with("would be removed: sale"),
        "{}",
        would.out
    );
    // The sign is the value's, and the message tells what is allowed.
    let negative = run(&[&SALE[..], &["--multiplier", "-3", "--store", &store]].concat());
    assert_eq!(negative.code, ExitCode::from(3));
    assert!(negative.err.contains("multiplier"), "{}", negative.err);
}

/// What is planned goes with the pause where that is asked for, and the planner may have it again.
#[test]
fn a_pause_removes_what_is_planned_where_that_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let documents = |name: &str| Path::new(&store).join("targets/web").join(name).exists();
    assert!(documents("plan.json"));
    let pause = [
        "pause",
        "--reason",
        "incident",
        "--remove-actions",
        "--store",
        &store,
    ];
    let would = good(&[&pause[..], &["--dry-run"]].concat());
    assert!(would.out.contains("would be removed"), "{}", would.out);
    assert!(documents("plan.json") && !Path::new(&store).join("pause.json").exists());
    let done = good(&pause);
    assert!(done.out.contains("web: group web released"), "{}", done.out);
    assert!(Path::new(&store).join("pause.json").exists());
    for gone in ["plan.json", "baseline.json", "released.json"] {
        assert!(!documents(gone), "{gone}: the planner begins anew");
    }
    // What was released for good stays so.
    good(&["release", "web", "--reason", "leaving", "--store", &store]);
    let again = good(&pause);
    assert!(
        again.out.contains("web is released already, and stays so"),
        "{}",
        again.out
    );
    assert!(documents("released.json"));
    good(&["resume", "--store", &store]);
}

#[test]
fn a_pause_stands_until_it_is_lifted() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    good(&["pause", "--reason", "migration", "--store", &store]);
    let kept = fs::read_to_string(format!("{store}/pause.json")).unwrap();
    assert!(kept.contains("migration"), "{kept}");
    let over = run(&[
        "pause",
        "--reason",
        "x",
        "--until",
        "2020-01-01",
        "--store",
        &store,
    ]);
    assert_eq!(over.code, ExitCode::from(3));
    // What a newer Forescale wrote is not replaced.
    let mut newer: Value = serde_json::from_str(&kept).unwrap();
    newer["schema"] = 99.into();
    write(Path::new(&store), "pause.json", newer.to_string());
    let refused = run(&["pause", "--reason", "again", "--store", &store]);
    assert_eq!(refused.code, ExitCode::from(3));
    assert!(refused.err.contains("newer Forescale"), "{}", refused.err);
    good(&["resume", "--store", &store]);
    assert!(!Path::new(&store).join("pause.json").exists());
    assert_eq!(
        good(&["resume", "--store", &store]).out,
        "nothing was paused\n"
    );
}

#[test]
fn completions_know_every_subcommand() {
    let ran = good(&["completions", "bash"]);
    for name in ["simulate", "quiet-window", "explain", "event"] {
        assert!(ran.out.contains(name), "{name}");
    }
}
