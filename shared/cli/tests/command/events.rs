//! `forescale event`, `pause`, `resume` and `completions`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{CONFIG, good, rhythm, run, text, write};

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
pub(crate) fn store(folder: &Path) -> String {
    let store = folder.join("store");
    fs::create_dir_all(store.join("config")).unwrap();
    write(&store, "config/forescale.toml", CONFIG);
    text(&store).to_owned()
}

pub(crate) fn names(store: &str) -> Vec<String> {
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

pub(crate) fn listed(store: &str) -> Vec<Value> {
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
