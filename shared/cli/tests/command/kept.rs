//! `forescale report`, `explain` and `quiet-window`: what they tell of documents and history.

use std::fs;
use std::process::ExitCode;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{CONFIG, good, planned, rhythm, rows, run, text, write};

fn answer(store: &str, at: &str) -> Value {
    let ran = good(&[
        "explain", "web", "--store", store, "--at", at, "--format", "json",
    ]);
    serde_json::from_str(&ran.out).unwrap()
}

fn how(answer: &Value, what: &str) -> String {
    let because = answer["because"].as_array().unwrap();
    let found = because.iter().find(|reason| reason["what"] == what);
    found.unwrap()["how"].as_str().unwrap().to_owned()
}

#[test]
fn an_explanation_gives_the_planned_floor_and_what_it_rests_on() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let plan: Value =
        serde_json::from_slice(&fs::read(format!("{store}/targets/web/plan.json")).unwrap())
            .unwrap();
    let floors = plan["body"]["floors"].as_array().unwrap();
    let highest = floors
        .iter()
        .max_by_key(|floor| floor["servers"].as_u64())
        .unwrap();
    let told = answer(&store, highest["start"].as_str().unwrap());
    assert_eq!(told["servers"], highest["servers"]);
    assert!(how(&told, "floor").contains(highest["reason"].as_str().unwrap()));
    assert!(how(&told, "demand").starts_with("p50 "));
    assert!(how(&told, "throughput").starts_with("100 requests a minute"));
    assert!(how(&told, "lead time").starts_with("5.0 minutes"));
    assert!(how(&told, "limits").starts_with("1 to 40 servers; at most 0.1 %"));
    // It stands ready before it is needed.
    let change = how(&told, "what would change it");
    assert!(change.contains("lead time"), "{change}");
}

#[test]
fn without_plan_or_forecast_an_explanation_says_why() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let late = answer(&store, "2026-02-20T12:00");
    assert_eq!(late["servers"], Value::Null);
    assert!(how(&late, "floor").contains("says nothing of this time"));
    assert!(how(&late, "demand").contains("the next one at night"));
    for kept in ["plan.json", "history.json", "forecast/2026-01-24.json"] {
        fs::remove_file(format!("{store}/targets/web/{kept}")).unwrap();
    }
    let none = answer(&store, "2026-01-24T20:00");
    assert!(how(&none, "floor").contains("the planner has not run"));
    assert!(how(&none, "demand").contains("no demand was ever read"));
    // A damaged document is told, and the rest goes on.
    fs::write(format!("{store}/targets/web/plan.json"), "{").unwrap();
    let damaged = good(&[
        "explain",
        "web",
        "--store",
        &store,
        "--at",
        "2026-01-24T20:00",
    ]);
    assert!(
        damaged.err.contains("targets/web/plan.json"),
        "{}",
        damaged.err
    );
    assert!(
        damaged
            .out
            .starts_with("web: no plan for Sat 2026-01-24 20:00 (Europe/Berlin)")
    );
}

#[test]
fn a_report_holds_what_is_kept_and_asks_for_nothing_else() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let out = folder.path().join("pages/web.html");
    let ran = good(&["report", "--store", &store, "--out", text(&out)]);
    assert_eq!(ran.out.trim(), text(&out));
    let page = fs::read_to_string(&out).unwrap();
    assert!(page.contains("default-src 'none'"));
    assert!(!page.contains("src=\"http") && !page.contains("<link"));
    let plan: Value =
        serde_json::from_slice(&fs::read(format!("{store}/targets/web/plan.json")).unwrap())
            .unwrap();
    for floor in plan["body"]["floors"].as_array().unwrap() {
        // Instants are elements of their own.
        let words = floor["reason"].as_str().unwrap();
        let words = words.split_once("Z: ").map_or(words, |(_, words)| words);
        assert!(page.contains(words), "{words}");
    }
    let begin = page.find("id=\"data\"").unwrap();
    let json = &page[begin + page[begin..].find('>').unwrap() + 1..];
    let data: Value = serde_json::from_str(&json[..json.find("</script>").unwrap()]).unwrap();
    assert_eq!(data["zone"], "Europe/Berlin");
    let kinds: Vec<&str> = data["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line[0].as_str().unwrap())
        .collect();
    for kind in [
        "demand",
        "median",
        "upper",
        "required",
        "floor",
        "in-service",
    ] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
}

#[test]
fn a_report_of_several_targets_is_an_overview_and_a_page_of_each() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let file = folder.path().join("store/config/forescale.toml");
    let config = fs::read_to_string(&file).unwrap();
    let begin = config.find("[[target]]").unwrap();
    let end = config[begin + 1..]
        .find("[[")
        .map_or(config.len(), |at| begin + 1 + at);
    let second = config[begin..end]
        .replace("\"web\"", "\"other\"")
        .replace("web-asg", "other-asg");
    fs::write(&file, format!("{config}\n{second}")).unwrap();
    let out = folder.path().join("pages/today.html");
    let report = ["report", "--store", &store, "--out", text(&out)];
    let dry = good(&[&report[..], &["--dry-run"]].concat());
    assert!(
        dry.err.contains("today/web.html") && !out.exists(),
        "{}",
        dry.err
    );
    let ran = good(&report);
    assert_eq!(ran.out.trim(), text(&out));
    let overview = fs::read_to_string(&out).unwrap();
    assert!(overview.contains("href=\"today/web.html\""));
    // Nothing is kept of the other one: it has no page, and is the one to look at.
    assert!(overview.contains("to look at: </span>other"));
    let page = fs::read_to_string(folder.path().join("pages/today/web.html")).unwrap();
    assert!(page.contains("href=\"../today.html\""));
    assert!(!folder.path().join("pages/today/other.html").exists());
    // Of one target there is no overview beside it.
    let alone = folder.path().join("web.html");
    good(&[
        "report",
        "--store",
        &store,
        "--target",
        "web",
        "--out",
        text(&alone),
    ]);
    assert!(!fs::read_to_string(&alone).unwrap().contains("All targets"));
}

#[test]
fn what_is_not_there_is_named() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let near = run(&[
        "explain",
        "wed",
        "--store",
        &store,
        "--at",
        "2026-01-24T20:00",
    ]);
    assert_eq!(near.code, ExitCode::from(3));
    assert!(near.err.contains("did you mean web?"), "{}", near.err);
    let none = run(&["report", "--store", text(&folder.path().join("nowhere"))]);
    assert_eq!(none.code, ExitCode::from(3));
    assert!(none.err.contains("is not a directory"), "{}", none.err);
    let bare = run(&["report"]);
    assert_eq!(bare.code, ExitCode::from(2));
}

#[test]
fn quiet_windows_lie_where_demand_is_low() {
    let folder = TempDir::new().unwrap();
    let history = write(folder.path(), "d.csv", rhythm(21 * 24, 60_000.0));
    let arguments = ["quiet-window", "--history", text(&history), "--count", "2"];
    let ran = good(&[&arguments[..], &["--format", "csv"]].concat());
    let windows = rows(&ran.out, "start,end,expected,p95");
    assert_eq!(windows.len(), 2);
    // The rhythm is lowest at 06:00 UTC, and at weekends.
    for window in &windows {
        let hour: u32 = window[0][11..13].parse().unwrap();
        assert!((4..=7).contains(&hour), "{window:?}");
        let day: u32 = window[0][8..10].parse().unwrap();
        assert!([31, 1].contains(&day), "{window:?}");
        let (expected, p95): (f64, f64) = (window[2].parse().unwrap(), window[3].parse().unwrap());
        assert!(expected < p95 && p95 < 40_000.0, "{window:?}");
    }
    let calendar = good(&[&arguments[..], &["--format", "ical"]].concat());
    assert_eq!(calendar.out.matches("BEGIN:VEVENT").count(), 2);
    let long = run(&[&arguments[..], &["--length", "3d", "--within", "2d"]].concat());
    assert_eq!(long.code, ExitCode::from(3));
    assert!(
        long.err.contains("--length 3d is longer than --within 2d"),
        "{}",
        long.err
    );
}

#[test]
fn an_odd_day_is_proposed_confirmed_and_no_longer_proposed() {
    let folder = TempDir::new().unwrap();
    // Ten weeks of hours; 10 February had a load test all day.
    let history = crate::common::demand(70 * 24, 60, |hour| {
        let day = (hour as f64 / 24.0 * std::f64::consts::TAU).sin();
        let test = if hour / 24 == 36 { 3.0 } else { 1.0 };
        (60_000.0 * (1.0 - 0.5 * day) * test).round()
    });
    let history = write(folder.path(), "d.csv", history);
    let config = CONFIG.replace("Europe/Berlin", "UTC");
    let config = write(folder.path(), "forescale.toml", config);
    let store = folder.path().join("store");
    let store = text(&store);
    good(&[
        "plan",
        "--history",
        text(&history),
        "--config",
        text(&config),
        "--store",
        store,
    ]);
    let propose = || {
        let ran = good(&[
            "left-out", "propose", "web", "--store", store, "--format", "csv",
        ]);
        rows(&ran.out, "start,end,reason")
    };
    let proposed = propose();
    assert_eq!(proposed.len(), 1, "{proposed:?}");
    assert_eq!(proposed[0][..2], ["2026-02-10T00:00", "2026-02-11T00:00"]);
    assert!(proposed[0][2].starts_with("3.0 times"), "{proposed:?}");
    let change = |verb: &str, more: &[&str]| {
        let begin = [
            "left-out",
            verb,
            "web",
            "--start",
            "2026-02-10",
            "--store",
            store,
        ];
        run(&[&begin[..], more].concat())
    };
    let add = ["--end", "2026-02-11", "--reason", "load test"];
    let dry = change("add", &[&add[..], &["--dry-run"]].concat());
    assert!(dry.err.contains("nothing was written"), "{}", dry.err);
    assert_eq!(propose().len(), 1);
    assert_eq!(change("add", &add).code, ExitCode::SUCCESS);
    assert_eq!(propose().len(), 0);
    assert!(change("add", &add).out.starts_with("already left out"));
    assert_eq!(change("remove", &[]).code, ExitCode::SUCCESS);
    assert_eq!(propose().len(), 1);
    assert_eq!(change("remove", &[]).code, ExitCode::from(3));
    let wrong = run(&["left-out", "list", "wbe", "--store", store]);
    assert!(wrong.err.contains("did you mean web?"), "{}", wrong.err);
}

#[test]
fn a_report_as_of_before_anything_is_refused() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let out = folder.path().join("r.html");
    let report = |at: &str| run(&["report", "--store", &store, "--at", at, "--out", text(&out)]);
    let early = report("2020-01-01");
    assert_eq!(early.code, ExitCode::from(3));
    assert!(
        early
            .err
            .contains("no forecast and no plan is kept from before"),
        "{}",
        early.err
    );
    assert!(!out.exists());
    assert_eq!(report("2026-01-24T17:30").code, ExitCode::SUCCESS);
}
