//! What `forescale explain` says of the circumstances: pauses, events, past hours, what is missing.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{CONFIG, demand, good, planned, rhythm, text, write};
use crate::explained::{DECIDED, put, told, told_at};

#[test]
fn what_stands_in_the_way_of_the_plan_is_told() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    assert!(told(&store, "acting").starts_with("mode shadow"));
    good(&[
        "pause",
        "--reason",
        "migration",
        "--until",
        "2099-01-01",
        "--store",
        &store,
    ]);
    let acting = told(&store, "acting");
    assert!(
        acting.starts_with("paused since") && acting.contains("migration"),
        "{acting}"
    );
    good(&["resume", "--store", &store]);
    put(
        &store,
        "released",
        json!({"since": DECIDED, "by": "ann", "reason": "leaving",
        "found_min_size": 3, "done": true}),
    );
    let acting = told(&store, "acting");
    assert!(
        acting.starts_with("released at 2026-01-24T17:00:00Z, leaving"),
        "{acting}"
    );
    assert!(acting.contains("forescale adopt web"), "{acting}");
}

#[test]
fn an_event_that_the_plan_does_not_know_is_told_so() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    good(&[
        "event",
        "add",
        "sale",
        "--start",
        "2026-01-24T18:00",
        "--end",
        "2026-01-24T20:00",
        "--multiplier",
        "2",
        "--store",
        &store,
    ]);
    let events = told(&store, "events");
    assert!(
        events.starts_with("sale (the plan of 2026-01-24T17:00:00Z does not know of it"),
        "{events}"
    );
    planned(folder.path());
    assert_eq!(told(&store, "events"), "sale: 2 times the usual");
    good(&["event", "remove", "sale", "--store", &store]);
    let learnt = [
        "--start",
        "2026-01-24T18:00",
        "--end",
        "2026-01-24T20:00",
        "--store",
        &store,
    ];
    good(&[&["event", "add", "cup"], &learnt[..]].concat());
    planned(folder.path());
    assert_eq!(
        told(&store, "events"),
        "cup: no past occurrence to learn from"
    );
}

#[test]
fn a_past_hour_is_answered_by_the_ledger() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let entry = json!({"at": "2026-01-24T15:05:00Z", "by": "planner", "min_size": 3, "in_service": 3,
        "floor": 7, "demand": 600.0, "would_write": 1, "reason": "demand of 650/min"});
    put(&store, "shadow-ledger", json!({"entries": [entry]}));
    let ledger = format!("{store}/targets/web/ledger");
    fs::create_dir_all(&ledger).unwrap();
    let from = format!("{store}/targets/web/shadow-ledger.json");
    fs::rename(from, format!("{ledger}/2026-01-24.json")).unwrap();
    let floor = told_at(&store, "2026-01-24T15:30:00Z", "floor");
    assert!(
        floor.starts_with(
            "7 servers, as the planner decided at 2026-01-24T15:05:00Z: demand of 650/min"
        ),
        "{floor}"
    );
    let before = told_at(&store, "2026-01-24T15:00:00Z", "floor");
    assert!(before.contains("says nothing of this time"), "{before}");
}

#[test]
fn a_time_of_day_is_the_first_one_from_the_plan_on() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    // The plan is of 18:00 in Berlin: 20:00 is of the same day, 06:30 of the next.
    for (clock, wanted) in [
        ("20:00", "2026-01-24T19:00:00Z"),
        ("18:00", "2026-01-24T17:00:00Z"),
        ("06:30", "2026-01-25T05:30:00Z"),
    ] {
        let words = [
            "explain", "web", "--at", clock, "--format", "json", "--store", &store,
        ];
        let answer: Value = serde_json::from_str(&good(&words).out).unwrap();
        assert_eq!(answer["at"], wanted, "{clock}");
    }
}

#[test]
fn a_damaged_plan_is_not_called_missing() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    fs::write(format!("{store}/targets/web/plan.json"), "{bad").unwrap();
    let floor = told(&store, "floor");
    assert!(
        floor.starts_with("targets/web/plan.json is there and cannot be read"),
        "{floor}"
    );
}

#[test]
fn a_day_unlike_the_others_is_named_until_it_is_left_out() {
    let folder = TempDir::new().unwrap();
    let config = write(folder.path(), "forescale.toml", CONFIG);
    let store = folder.path().join("store");
    let store = text(&store);
    // Of six weeks of hours the 20th day, by UTC, had four times its demand.
    let series = demand(42 * 24, 60, |hour| {
        let times = if hour / 24 == 19 { 4.0 } else { 1.0 };
        times * (30_000.0 + 1_000.0 * (hour % 24) as f64)
    });
    let history = write(folder.path(), "d.csv", series);
    let files = ["--history", text(&history), "--config", text(&config)];
    let plan = ["plan", "--at", "2026-02-14T17:00:00Z", "--store", store];
    good(&[&plan[..], &files].concat());
    let odd = || {
        let words = ["explain", "web", "--at", "20:00", "--store", store];
        good(&words).out
    };
    let named = "2026-01-24 had 3.8 times the usual demand of its weekday";
    assert!(odd().contains(named), "{}", odd());
    let stretch = [
        "--start",
        "2026-01-24",
        "--end",
        "2026-01-25",
        "--store",
        store,
    ];
    good(
        &[
            &["left-out", "add", "web", "--reason", "load test"][..],
            &stretch,
        ]
        .concat(),
    );
    assert!(!odd().contains("odd days"), "{}", odd());
    // One that cannot be used is told, not taken for none.
    fs::write(format!("{store}/targets/web/left-out-days.json"), "{bad").unwrap();
    let words = ["explain", "web", "--at", "20:00", "--store", store];
    let err = good(&words).err;
    assert!(err.contains("targets/web/left-out-days.json"), "{err}");
}

#[test]
fn the_risk_under_max_servers_stands_beside_that_without() {
    let folder = TempDir::new().unwrap();
    let history = write(folder.path(), "d.csv", rhythm(21 * 24, 60_000.0));
    let note = |most: &str| {
        let config = CONFIG.replace("max_servers = 40", most);
        let config = write(folder.path(), "forescale.toml", config);
        let ran = good(&[
            "plan",
            "--history",
            text(&history),
            "--config",
            text(&config),
            "--at",
            "2026-01-24T18:00",
            "--format",
            "json",
        ]);
        let plan: Value = serde_json::from_str(&ran.out).unwrap();
        let notes = plan["notes"].as_array().unwrap().iter();
        let mut notes = notes.filter_map(|note| note.as_str());
        let note = notes.find(|note| note.contains(" of demand is expected above capacity"));
        note.unwrap().to_owned()
    };
    let percent = |text: &str| text.split(" %").next().unwrap().parse::<f64>().unwrap();
    let ample = note("max_servers = 40");
    assert!(percent(&ample) <= 0.1, "{ample}");
    assert!(!ample.contains("max_servers"), "{ample}");
    // Demand is 500 to 1500 a minute, and 5 servers carry 500.
    let scarce = note("max_servers = 5");
    let (under, without) = scarce.split_once("; without that limit ").unwrap();
    assert!(under.ends_with(" under max_servers of 5, at most 0.1 % is asked for"));
    assert!((30.0..65.0).contains(&percent(under)), "{scarce}");
    assert!(
        percent(without) <= 0.1,
        "the need is worked out without the limit: {scarce}"
    );
}
