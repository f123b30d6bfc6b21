//! What `forescale explain` says the number comes from, on plans that were written for it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{CONFIG, demand, good, planned, rhythm, text, write};

/// When [`planned`] decides.
const DECIDED: &str = "2026-01-24T17:00:00Z";

fn change(store: &str, name: &str, body: impl FnOnce(&mut Value)) {
    let path = format!("{store}/targets/web/{name}");
    let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    body(&mut document["body"]);
    fs::write(path, document.to_string()).unwrap();
}

/// A document beside the plan, in the plan's envelope.
fn put(store: &str, kind: &str, body: Value) {
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

fn steps(given: &[(&str, u32, &str)]) -> Value {
    let step = |&(at, servers, reason): &(&str, u32, &str)| json!({"start": format!("2026-01-24T{at}:00Z"), "servers": servers, "reason": reason});
    given.iter().map(step).collect()
}

fn told(store: &str, what: &str) -> String {
    told_at(store, DECIDED, what)
}

fn told_at(store: &str, at: &str, what: &str) -> String {
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
fn the_page_of_a_first_plan_knows_the_plan() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let page = fs::read_to_string(format!("{store}/targets/web/report.html")).unwrap();
    assert!(
        page.contains("highest floor to come"),
        "the plan is in force"
    );
    let overview = fs::read_to_string(format!("{store}/report.html")).unwrap();
    assert!(overview.contains("highest floor to come"));
    // A year later nothing of it is to come, and a pause is told.
    good(&["pause", "--reason", "a big move", "--store", &store]);
    let out = folder.path().join("later.html");
    let words = [
        "report",
        "--store",
        &store,
        "--at",
        "2026-02-24T18:00:00Z",
        "--out",
        out.to_str().unwrap(),
    ];
    good(&words);
    let page = fs::read_to_string(out).unwrap();
    assert!(!page.contains("highest floor to come") && page.contains("the last one ended at"));
    assert!(page.contains("a big move"));
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
}

#[test]
fn a_target_that_may_not_have_its_servers_is_one_to_look_at() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let page = || {
        let out = folder.path().join("page.html");
        let words = [
            "report",
            "--store",
            &store,
            "--target",
            "web",
            "--out",
            text(&out),
        ];
        good(&words);
        fs::read_to_string(out).unwrap()
    };
    assert!(!page().contains("servers too few"));
    change(&store, "plan.json", |plan| {
        plan["shortfall"] = json!({"from": "2026-01-24T18:00:00Z", "needed": 241, "allowed": 11,
            "limit": "max_servers"});
    });
    let page = page();
    let fact = &page[page.find("servers too few").unwrap()..][..400];
    assert!(
        fact.contains(">230<") && fact.contains("241 needed at the most"),
        "{fact}"
    );
    assert!(fact.contains("max_servers allows 11"), "{fact}");
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
        let begin = "expected share of demand above capacity ";
        let note = notes.find_map(|note| note.strip_prefix(begin)).unwrap();
        note.to_owned()
    };
    let percent = |text: &str| text.split(" %").next().unwrap().parse::<f64>().unwrap();
    let ample = note("max_servers = 40");
    assert!(percent(&ample) <= 0.1, "{ample}");
    assert!(!ample.contains("max_servers"), "{ample}");
    // Demand is 500 to 1500 a minute, and 5 servers carry 500.
    let scarce = note("max_servers = 5");
    let (under, without) = scarce.split_once("; without that limit ").unwrap();
    assert!(under.contains(" % under max_servers of 5, asked for at most 0.1000 %"));
    assert!((30.0..65.0).contains(&percent(under)), "{scarce}");
    assert!(
        percent(without) <= 0.1,
        "the need is worked out without the limit: {scarce}"
    );
}
