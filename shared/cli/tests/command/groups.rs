//! `forescale plan`, `simulate` and `demo`: what they print and write.

use std::fs;
use std::process::ExitCode;

use crate::common::{CONFIG, good, rhythm, rows, run, text, write};
use tempfile::TempDir;

const ACTIONS: &str = "decided_at,effective_at,source,min_size,desired_capacity,max_size,reason";
const TIMELINE: &str = "timestamp,demand,capacity_required,min_size,desired_capacity,in_service";

#[test]
fn a_plan_lists_floors_and_keeps_its_documents() {
    let folder = TempDir::new().unwrap();
    let history = write(folder.path(), "d.csv", rhythm(21 * 24, 60_000.0));
    let config = write(folder.path(), "forescale.toml", CONFIG);
    let store = folder.path().join("store");
    let arguments = [
        "plan",
        "--history",
        text(&history),
        "--config",
        text(&config),
        "--at",
        "2026-01-24T18:00",
        "--store",
        text(&store),
    ];
    let ran = good(&[&arguments[..], &["--format", "json"]].concat());
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["at"], "2026-01-24T17:00:00Z");
    let steps = document["steps"].as_array().unwrap();
    assert!(steps.len() > 3, "{}", ran.out);
    assert!(
        steps
            .iter()
            .all(|step| !step["reason"].as_str().unwrap().is_empty())
    );
    let mut size = document["min_size"].as_i64().unwrap();
    for step in steps {
        size += step["min_size_change"].as_i64().unwrap();
        assert_eq!(step["servers"].as_i64(), Some(size));
    }
    assert!(store.join("targets/web/plan.json").exists());
    assert!(store.join("targets/web/forecast/2026-01-24.json").exists());
    // Again over the documents of the first time.
    let again = good(&[&arguments[..], &["--format", "csv"]].concat());
    let header = "start,local_start,servers,min_size_change,reason";
    assert_eq!(rows(&again.out, header).len(), steps.len());
    let table = good(&arguments);
    assert!(table.out.contains("start (Europe/Berlin)"), "{}", table.out);
    assert!(
        table.err.contains("nothing was written to any group"),
        "{}",
        table.err
    );
}

#[test]
fn a_simulation_writes_timeline_actions_summary_and_picture() {
    let folder = TempDir::new().unwrap();
    let history = write(folder.path(), "d.csv", rhythm(15 * 24, 60_000.0));
    let config = write(folder.path(), "forescale.toml", CONFIG);
    let out = folder.path().join("out");
    let ran = good(&[
        "simulate",
        "--history",
        text(&history),
        "--config",
        text(&config),
        "--from",
        "2026-01-18T00:00:00Z",
        "--to",
        "2026-01-19T00:00:00Z",
        "--out",
        text(&out),
        "--format",
        "json",
    ]);
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&read("summary.json")).unwrap();
    let printed: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(summary, printed);
    for name in [
        "static_peak",
        "yesterday",
        "last_week",
        "target_tracking",
        "target_tracking_5m_cpu",
        "step_scaling",
        "kubernetes_hpa",
        "predictive_scaling",
        "clairvoyant",
    ] {
        for field in [
            "server_hours",
            "cost",
            "share_of_demand_above_capacity",
            "minutes_under_capacity",
            "requests_not_served",
        ] {
            assert!(
                summary["alternatives"][name][field].is_number(),
                "{name} {field}"
            );
            assert!(summary[field].is_number(), "{field}");
        }
    }
    assert_eq!(summary["currency"], "USD");
    assert!(summary["cost_over_clairvoyant"].as_f64().unwrap() >= 1.0);
    assert_eq!(summary["failures"].as_array().unwrap().len(), 0);
    let timeline = rows(&read("timeline.csv"), TIMELINE);
    assert_eq!(timeline.len(), 1440);
    assert_eq!(timeline[0][0], "2026-01-18T00:00:00Z");
    let actions = rows(&read("actions.csv"), ACTIONS);
    assert!(!actions.is_empty());
    for action in &actions {
        let [decided, effective]: [jiff::Timestamp; 2] =
            [&action[0], &action[1]].map(|at| at.parse().unwrap());
        assert!(decided <= effective, "{action:?}");
        assert!(
            ["planner", "responder", "reactive"].contains(&action[2].as_str()),
            "{action:?}"
        );
    }
    let picture = read("day.svg");
    assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
    assert!(picture.contains("prefers-color-scheme:dark"));
    let left: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap())
        .collect();
    assert_eq!(left.len(), 5, "{left:?}");
}

#[test]
fn windows_and_configurations_that_cannot_be_used_are_named() {
    let folder = TempDir::new().unwrap();
    let history = write(folder.path(), "d.csv", rhythm(15 * 24, 60_000.0));
    let out = folder.path().join("out");
    let wrong = CONFIG
        .replace("max_servers = 40", "max_servers = 0")
        .replace("lead_time", "leed_time");
    for (config, from, to, words) in [
        (
            CONFIG,
            "2026-01-18",
            "2026-01-18",
            &["--from 2026-01-18 is not before"][..],
        ),
        (
            CONFIG,
            "2026-01-18",
            "2026-03-18",
            &["move --from or --to", "covers"],
        ),
        (CONFIG, "later", "2026-01-18", &["--from later"]),
        (
            &wrong,
            "2026-01-18",
            "2026-01-19",
            &["max_servers", "leed_time", "lead_time?"],
        ),
        (
            "",
            "2026-01-18",
            "2026-01-19",
            &["forescale.toml", "target"],
        ),
    ] {
        let config = write(folder.path(), "forescale.toml", config);
        let ran = run(&[
            "simulate",
            "--history",
            text(&history),
            "--config",
            text(&config),
            "--from",
            from,
            "--to",
            to,
            "--out",
            text(&out),
        ]);
        assert_eq!(ran.code, ExitCode::from(3), "{words:?}: {}", ran.err);
        assert_eq!(ran.out, "");
        for word in words {
            assert!(ran.err.contains(word), "{word}: {}", ran.err);
        }
    }
    let config = write(folder.path(), "forescale.toml", CONFIG);
    let ran = run(&[
        "plan",
        "--history",
        text(&history),
        "--config",
        text(&config),
        "--target",
        "wep",
    ]);
    assert_eq!(ran.code, ExitCode::from(3));
    assert!(ran.err.contains("did you mean web?"), "{}", ran.err);
    let ran = run(&[
        "plan",
        "--history",
        text(&history),
        "--config",
        "missing.toml",
    ]);
    assert_eq!(ran.code, ExitCode::from(3));
    assert!(
        ran.err.contains("missing.toml cannot be read"),
        "{}",
        ran.err
    );
}

#[test]
fn the_demo_runs_on_peoples_own_demand() {
    let folder = TempDir::new().unwrap();
    // Six days: the last third is replayed.
    let history = write(folder.path(), "d.csv", rhythm(6 * 24, 600.0));
    let out = folder.path().join("out");
    let ran = good(&["demo", "--history", text(&history), "--out", text(&out)]);
    for words in [
        "The last 2 days",
        "mean fleet is 12",
        "chance rules each minute",
        "Forescale",
        "clairvoyant",
        "day.svg",
        "report.html",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(out.join("forescale.toml").exists() && !out.join("demand.csv.gz").exists());
}

#[test]
fn what_if_tries_each_value_and_names_the_cheapest_safe_one() {
    let folder = TempDir::new().unwrap();
    let history = write(folder.path(), "d.csv", rhythm(16 * 24, 60_000.0));
    let config = write(folder.path(), "forescale.toml", CONFIG);
    let out = folder.path().join("out");
    let arguments = [
        "what-if",
        "--history",
        text(&history),
        "--config",
        text(&config),
        "--from",
        "2026-01-19",
        "--to",
        "2026-01-20",
        "--out",
        text(&out),
    ];
    let values = [
        "--risk",
        "0.0001,0.05",
        "--throughput",
        "200",
        "--utilization",
        "0.4",
    ];
    let ran = good(&[&arguments[..], &values, &["--format", "json"]].concat());
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let tried = document["tried"].as_array().unwrap();
    assert_eq!(tried.len(), 5);
    let hours = |index: usize| tried[index]["server_hours"].as_f64().unwrap();
    // Less risk costs more, servers that carry twice as much about half.
    assert!(hours(1) >= hours(0) && hours(0) >= hours(2), "{}", ran.out);
    assert!(hours(3) < 0.7 * hours(0), "{}", ran.out);
    // A policy that aims at half of what it does keeps more servers.
    assert!(hours(4) > 1.2 * hours(0), "{}", ran.out);
    assert!(tried.iter().any(|one| one["on_the_frontier"] == true));
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("risk = 0.05") && page.contains("throughput = 200"));
    let refused = run(&[&arguments[..], &["--risk", "2"]].concat());
    assert_eq!(refused.code, ExitCode::from(3));
    assert!(
        refused.err.contains("--risk 2 cannot be used"),
        "{}",
        refused.err
    );
}
