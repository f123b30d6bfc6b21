//! What `forescale explain` says the number comes from, on plans that were written for it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{CONFIG, good, planned, write};

/// When [`planned`] decides.
pub(crate) const DECIDED: &str = "2026-01-24T17:00:00Z";

pub(crate) fn change(store: &str, name: &str, body: impl FnOnce(&mut Value)) {
    let path = format!("{store}/targets/web/{name}");
    let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    body(&mut document["body"]);
    fs::write(path, document.to_string()).unwrap();
}

/// A document beside the plan, in the plan's envelope.
pub(crate) fn put(store: &str, kind: &str, body: Value) {
    let plan = fs::read(format!("{store}/targets/web/plan.json")).unwrap();
    let mut document: Value = serde_json::from_slice(&plan).unwrap();
    document["kind"] = kind.into();
    document["schema"] = 1.into();
    document["body"] = body;
    fs::write(
        format!("{store}/targets/web/{kind}.json"),
        document.to_string(),
    )
    .unwrap();
}

pub(crate) fn steps(given: &[(&str, u32, &str)]) -> Value {
    let step = |&(at, servers, reason): &(&str, u32, &str)| json!({"start": format!("2026-01-24T{at}:00Z"), "servers": servers, "reason": reason});
    given.iter().map(step).collect()
}

pub(crate) fn told(store: &str, what: &str) -> String {
    told_at(store, DECIDED, what)
}

pub(crate) fn told_at(store: &str, at: &str, what: &str) -> String {
    let words = [
        "explain", "web", "--at", at, "--format", "json", "--store", store,
    ];
    let answer: Value = serde_json::from_str(&good(&words).out).unwrap();
    let because = answer["because"].as_array().unwrap();
    let found = because.iter().find(|reason| reason["what"] == what);
    found.unwrap()["how"].as_str().unwrap().to_owned()
}

#[test]
fn a_later_need_is_the_lead_time_only_within_it() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let reason = "present demand of 900/min at 100/min a server = 9";
    for (later, lead_time) in [("17:09", true), ("17:10", false), ("22:00", false)] {
        change(&store, "plan.json", |plan| {
            plan["steps"] = steps(&[("17:00", 2, "demand"), (later, 9, "demand")]);
            plan["floors"] = steps(&[("17:00", 9, reason)]);
        });
        let bound = told(&store, "what bound");
        assert_eq!(
            bound.starts_with("lead time: 9 are needed at"),
            lead_time,
            "{bound}"
        );
        assert_eq!(bound.contains(reason), !lead_time, "{bound}");
    }
}

#[test]
fn a_canary_is_told_to_apply_its_share() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let limits = |base: u32| {
        json!({"group": "web", "min_size": base, "max_size": 40,
            "desired_capacity": 3})
    };
    let canary = json!({"percent": 50, "configured": 50, "since": DECIDED, "hours": 0,
        "seen_at": DECIDED});
    // Of what is asked for at once, of what comes within the lead time, and where fewer are asked for.
    for (base, now, soon, floor) in [(3, 9, 9, 6), (3, 2, 9, 6), (12, 2, 2, 7)] {
        put(&store, "baseline", limits(base));
        change(&store, "plan.json", |plan| {
            plan["steps"] = steps(&[("17:00", now, "demand"), ("17:05", soon, "demand")]);
            plan["floors"] = steps(&[("17:00", floor, "for later")]);
            plan["canary"] = canary.clone();
        });
        let bound = told(&store, "what bound");
        let words = format!(
            "canary share: 50 % of the way from the group's own MinSize of {base} to the {soon}"
        );
        assert!(bound.starts_with(&words), "{bound}");
    }
}

#[test]
fn min_servers_is_not_taken_for_what_demand_needs() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let config = CONFIG.replace("min_servers = 1", "min_servers = 6");
    write(Path::new(&store), "config/forescale.toml", config);
    change(&store, "plan.json", |plan| {
        plan["steps"] = steps(&[("17:00", 6, "demand of 150/min expected = 6, min_servers")]);
        plan["floors"] = plan["steps"].clone();
    });
    let bound = told(&store, "what bound");
    assert_eq!(bound, "min_servers, 6: the plan never asks for fewer");
}

#[test]
fn a_throughput_is_measured_only_where_plans_go_by_what_was() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let _ = fs::remove_file(format!("{store}/targets/web/tuning.json"));
    let cases = [
        (
            "{ initial = 100 }",
            json!(80.0),
            "80 requests a minute and server, measured at 2026-01-24T17:00:00Z",
        ),
        (
            "{ initial = 100 }",
            Value::Null,
            "100 requests a minute and server, as the configuration says; seen at 2026-01-24T17:00:00Z; too few hours",
        ),
        (
            "{ value = 100 }",
            json!(80.0),
            "100 requests a minute and server, as the configuration says; seen at 2026-01-24T17:00:00Z",
        ),
        (
            "100",
            Value::Null,
            "100 requests a minute and server, as the configuration says; seen at",
        ),
    ];
    for (configured, per_server, words) in cases {
        let config = CONFIG.replace("throughput = 100", &format!("throughput = {configured}"));
        write(Path::new(&store), "config/forescale.toml", config);
        let record = json!({"at": DECIDED, "made_for": "CPU at 60 %", "per_server": per_server,
            "notes": ["too few hours"]});
        put(
            &store,
            "measurements",
            json!({"versions": {}, "throughput": record}),
        );
        let throughput = told(&store, "throughput");
        assert!(throughput.starts_with(words), "{configured}: {throughput}");
    }
}

/// What would change it is a lever that would.
#[test]
fn what_would_change_the_answer_is_what_bound() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let _ = fs::remove_file(format!("{store}/targets/web/tuning.json"));
    let plan = |now: u32, soon: u32, floor: u32| {
        change(&store, "plan.json", |plan| {
            plan["steps"] = steps(&[("17:00", now, "demand"), ("17:08", soon, "demand")]);
            plan["floors"] = steps(&[("17:00", floor, "for later")]);
        });
        (
            told(&store, "what would change it"),
            told(&store, "needed then"),
        )
    };
    let (change, needed) = plan(2, 9, 9);
    assert!(
        change.starts_with("a lead time under 4 minutes, not 5, would let 2 do for now"),
        "{change}"
    );
    assert!(
        change.contains("the median at 2026-01-24T17:08:00Z alone"),
        "{change}"
    );
    assert!(!change.contains("throughput"), "{change}");
    assert!(
        needed.ends_with(
            "; 7 more stand ready for 2026-01-24T17:08:00Z, since servers take their lead time"
        ),
        "{needed}"
    );
    let (change, needed) = plan(60, 60, 40);
    assert!(
        change.starts_with(
            "a max_servers above 40, up to 60; a throughput 50 % higher would make 40 enough"
        ),
        "{change}"
    );
    assert!(needed.ends_with("; max_servers holds 20 back"), "{needed}");
    let bound = told(&store, "what bound");
    assert_eq!(bound, "max_servers, 40: 60 are needed");
    // What comes within the lead time is not what that time needs.
    plan(60, 78, 40);
    let bound = told(&store, "what bound");
    assert!(
        bound.starts_with("max_servers, 40: 60 are needed then, and 78 before a server"),
        "{bound}"
    );
    let (change, _) = plan(1, 1, 1);
    assert!(change.starts_with("a lower min_servers than 1"), "{change}");
    assert!(!change.contains("would save one"), "{change}");
    let (change, _) = plan(5, 5, 5);
    assert!(
        change.contains("a throughput 25 % higher would save one"),
        "{change}"
    );
}

#[test]
fn a_lead_time_is_measured_only_where_it_was() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let config = format!("{store}/config/forescale.toml");
    let text = fs::read_to_string(&config).unwrap();
    assert!(told(&store, "lead time").ends_with("as the configuration says"));
    fs::write(&config, text.replace("lead_time = \"5m\"\n", "")).unwrap();
    let assumed = told(&store, "lead time");
    assert!(
        assumed.ends_with("assumed until enough launches are seen to measure it"),
        "{assumed}"
    );
    put(
        &store,
        "measurements",
        json!({"versions": {}, "lead_time": {"at": DECIDED, "seconds": 300}}),
    );
    let measured = told(&store, "lead time");
    assert!(
        measured.ends_with(&format!("measured on the group's launches until {DECIDED}")),
        "{measured}"
    );
}
