//! CPU of one plan, from a forecast of 72 hours at five-minute steps to the difference against what
//! is scheduled. `cargo run --release -p planning --example cpu`

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a tool for people"
)]

use documents::{Baseline, Forecast};
use fleet::{Group, ScheduledAction};
use jiff::{SignedDuration, Timestamp};
use planning::{Current, Needs, REACH, Rules, check, compose, diff, require};

const LEVELS: [f64; 9] = [0.05, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999];
/// Quantiles against the median.
const SHAPE: [f64; 9] = [0.8, 0.9, 1.0, 1.08, 1.12, 1.16, 1.25, 1.3, 1.4];

fn main() {
    let start: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    let forecast = Forecast {
        start,
        step_seconds: 300,
        levels: LEVELS.to_vec(),
        quantiles: (0..72 * 12)
            .map(|step| {
                let turn = f64::from(step) / 288.0 * std::f64::consts::TAU;
                let median = 12_000.0 - 8000.0 * turn.cos() + 500.0 * (7.0 * turn).sin();
                SHAPE.map(|share| share * median).to_vec()
            })
            .collect(),
        minute_spread: 0.05,
        ..Forecast::default()
    };
    let rules = Rules {
        min_servers: 2,
        max_servers: 1000,
        throughput: 1000.0,
        lead_time: SignedDuration::from_mins(7),
        risk: 0.001,
        share: 1.0,
        pace: planning::Pace::default(),
    };
    let group = Group {
        name: "web-asg".to_owned(),
        min_size: 2,
        max_size: 1000,
        desired_capacity: 12,
        ..Group::default()
    };
    let baseline = Baseline {
        group: group.name.clone(),
        min_size: 2,
        max_size: 1000,
        desired_capacity: 12,
    };
    let now = start + SignedDuration::from_mins(40);
    let present: Vec<ScheduledAction> = Vec::new();
    let began = std::time::Instant::now();
    let rounds = 200;
    let mut written = 0;
    for _ in 0..rounds {
        let required = require(&forecast, &rules, now, REACH).expect("covered");
        let needs = Needs {
            by: "planner".to_owned(),
            fence: 1,
            steps: required.steps,
            end: now + REACH,
            forecast: None,
            keep: false,
            notes: Vec::new(),
        };
        let current = Current {
            group: &group,
            foreign: &[],
            previous: None,
            baseline: &baseline,
            hold: None,
            human_floor: None,
            present: None,
            scales_in: true,
        };
        let (plan, _) = compose(&needs, &rules, &current, now).expect("a plan");
        assert!(check(&plan, &rules, &current, now).is_empty());
        written += std::hint::black_box(diff(&plan, &group, &present, true, None, &rules)).count();
    }
    let each = began.elapsed() / rounds;
    println!("{each:?} a plan, {} changes", written / rounds as usize);
}
