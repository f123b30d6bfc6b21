//! A day's plan as people would read it, kept beside the test: a change of it is a change of the
//! product.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::fmt::Write;

use documents::{Accuracy, Baseline, DataRecord, Forecast, Hold, Plan};
use fleet::{Group, ScheduledAction};
use jiff::{SignedDuration, Timestamp};
use planning::{Current, Needs, REACH, Rules, Severity, check, compose, require};

const EXPECTED: &str = include_str!("golden/day.txt");

/// An office's day on 23 November 2026: quiet nights, a steep morning, a noon dip, uncertain
/// evenings.
fn forecast() -> Forecast {
    let hours: [f64; 24] = [
        900.0, 700.0, 600.0, 600.0, 700.0, 1200.0, 2600.0, 6400.0, 11_200.0, 12_800.0, 12_400.0,
        11_900.0, 9300.0, 10_800.0, 12_100.0, 11_700.0, 10_400.0, 8200.0, 5200.0, 3900.0, 3100.0,
        2400.0, 1700.0, 1200.0,
    ];
    let row = |index: usize| {
        let middle = hours[index % 24];
        let wide = if (18..22).contains(&(index % 24)) {
            0.3
        } else {
            0.06
        };
        [-1.6, 0.0, 0.8, 1.3, 1.6, 2.3]
            .map(|spread: f64| middle * (1.0 + wide * spread))
            .to_vec()
    };
    Forecast {
        start: at("2026-11-23T00:00:00Z"),
        step_seconds: 3600,
        levels: vec![0.05, 0.5, 0.8, 0.9, 0.95, 0.99],
        quantiles: (0..72).map(row).collect(),
        minute_spread: 0.03,
        model: "given".to_owned(),
        candidates: Vec::new(),
        accuracy: Accuracy::default(),
        data: DataRecord::default(),
        events: Vec::new(),
        notes: Vec::new(),
        ..Forecast::default()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn table(plan: &Plan) -> String {
    let mut text = String::new();
    for floor in &plan.floors {
        let action = plan
            .actions
            .iter()
            .find(|action| action.start == floor.start);
        let carried = action.map_or("now", |action| action.name.as_str());
        writeln!(
            text,
            "{} {:>3}  {carried}  {}",
            floor.start, floor.servers, floor.reason
        )
        .unwrap();
    }
    text
}

#[test]
fn a_day_with_a_hold_and_a_foreign_action_is_planned_as_written_down() {
    let now = at("2026-11-23T06:40:00Z");
    let rules = Rules {
        min_servers: 2,
        max_servers: 14,
        throughput: 1000.0,
        lead_time: SignedDuration::from_mins(8),
        risk: 0.001,
        share: 1.0,
        pace: planning::Pace::default(),
    };
    let from = at("2026-11-23T06:00:00Z");
    let required = require(&forecast(), &rules, from, REACH).unwrap();
    assert!(required.expected_risk <= 0.001);
    let needs = Needs {
        by: "planner".to_owned(),
        fence: 1,
        steps: required.steps,
        end: from + REACH,
        forecast: Some("targets/web/forecast/2026-11-23.json".to_owned()),
        keep: false,
        notes: Vec::new(),
    };
    let group = Group {
        name: "web".to_owned(),
        min_size: 3,
        max_size: 20,
        desired_capacity: 4,
        ..Group::default()
    };
    let baseline = Baseline {
        group: "web".to_owned(),
        min_size: 1,
        max_size: 20,
        desired_capacity: 4,
    };
    let hold = Hold {
        since: now,
        until: at("2026-11-23T07:30:00Z"),
        servers: 6,
        demand: 5100.0,
        reason: "demand of 5100/min".to_owned(),
    };
    let foreign = ScheduledAction {
        name: "people-lunch".to_owned(),
        start: Some(at("2026-11-23T12:00:00Z")),
        end: None,
        recurrence: Some("0 12 * * *".to_owned()),
        min_size: None,
        max_size: Some(20),
        desired_capacity: None,
    };
    let current = Current {
        group: &group,
        foreign: std::slice::from_ref(&foreign),
        previous: None,
        baseline: &baseline,
        hold: Some(&hold),
        human_floor: None,
        present: None,
        scales_in: true,
        above: 1.0,
        wanted: None,
    };
    let (plan, report) = compose(&needs, &rules, &current, now).unwrap();
    let findings = check(&plan, &rules, &current, now);
    assert!(
        findings
            .iter()
            .all(|finding| finding.severity < Severity::Error),
        "{findings:?}"
    );
    let shortfall = report.shortfall.expect("a morning above max_servers");
    assert_eq!((shortfall.needed, shortfall.allowed), (15, 14));
    let table = table(&plan);
    assert_eq!(table, EXPECTED, "the plan is another one now:\n{table}");
}
