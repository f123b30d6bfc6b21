//! What one plan takes: `cargo bench -p planning`. From a forecast of 48 hours in steps of five
//! minutes to the calls that bring the plan about, with a restless day so that there are more changes
//! than the quota has actions, as a group without limits and as some with limited changes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark")]

use documents::{Baseline, Forecast};
use fleet::Group;
use jiff::{SignedDuration, Timestamp};
use planning::{Current, Needs, Pace, Present, Rules, check, compose, diff, require};

fn main() {
    divan::main();
}

const HOURS: usize = 48;
const LEVELS: [f64; 15] = [
    0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999,
];

fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

/// Two days with a hump by day and a shorter wave of three hours on it.
fn forecast() -> Forecast {
    let step = |index: usize| {
        let hour = index as f64 / 12.0;
        let wave = |hours: f64| (hour * std::f64::consts::TAU / hours).sin();
        let median = 12_000.0 + 6_000.0 * wave(24.0) + 1_500.0 * wave(3.0);
        LEVELS
            .iter()
            .map(|level| median * (1.0 + 0.3 * (level - 0.5)))
            .collect()
    };
    Forecast {
        start: start(),
        step_seconds: 300,
        levels: LEVELS.to_vec(),
        quantiles: (0..HOURS * 12).map(step).collect(),
        minute_spread: 0.05,
        ..Forecast::default()
    }
}

fn group() -> Group {
    Group {
        name: "web".to_owned(),
        min_size: 2,
        max_size: 2000,
        desired_capacity: 20,
        instances: Vec::new(),
        suspended_processes: Vec::new(),
        default_warmup: None,
        floors_only: false,
        warm_pool: None,
        deleting: false,
    }
}

/// How floors may change, in the words of the configuration.
const PACES: [&str; 5] = [
    "no limits",
    "steps",
    "dwell",
    "steps and dwell",
    "priced launches",
];

fn pace(words: &str) -> Pace {
    let free = Pace::default();
    let dwell = SignedDuration::from_mins(15);
    let steps = Pace {
        most_up: Some(4),
        most_down: Some(2),
        ..free
    };
    match words {
        "no limits" => free,
        "steps" => steps,
        "dwell" => Pace { dwell, ..free },
        "steps and dwell" => Pace { dwell, ..steps },
        "priced launches" => Pace {
            launch: SignedDuration::from_mins(10),
            ..free
        },
        other => unreachable!("{other} is none of the paces"),
    }
}

#[divan::bench(args = PACES)]
fn forty_eight_hours(bencher: divan::Bencher<'_, '_>, words: &str) {
    plan(bencher, pace(words), 300.0);
}

/// The same demand on servers that carry a fifteenth: 1,100 of them.
#[divan::bench(sample_count = 20)]
fn forty_eight_hours_of_a_large_fleet(bencher: divan::Bencher<'_, '_>) {
    let pace = Pace {
        most_up: Some(60),
        most_down: Some(30),
        dwell: SignedDuration::from_mins(15),
        ..Pace::default()
    };
    plan(bencher, pace, 20.0);
}

fn plan(bencher: divan::Bencher<'_, '_>, pace: Pace, throughput: f64) {
    let rules = Rules {
        min_servers: 2,
        max_servers: 2000,
        throughput,
        lead_time: SignedDuration::from_mins(7),
        risk: 0.001,
        share: 1.0,
        pace,
    };
    let (forecast, group) = (forecast(), group());
    let now = start() + SignedDuration::from_mins(40);
    let baseline = Baseline {
        group: group.name.clone(),
        min_size: group.min_size,
        max_size: group.max_size,
        desired_capacity: group.desired_capacity,
    };
    let present = Some(Present {
        demand: 12_000.0,
        at: now,
    });
    let current = Current {
        group: &group,
        foreign: &[],
        previous: None,
        baseline: &baseline,
        hold: None,
        human_floor: None,
        present,
        scales_in: true,
        above: 1.0,
        wanted: None,
    };
    bencher.bench(|| {
        let reach = SignedDuration::from_hours(i64::try_from(HOURS).unwrap());
        let required = require(&forecast, &rules, now, reach).expect("a requirement");
        let needs = Needs {
            by: "planner".to_owned(),
            fence: 1,
            steps: required.steps,
            end: required.end,
            forecast: None,
            keep: false,
            notes: Vec::new(),
        };
        let (plan, _) = compose(&needs, &rules, &current, now).expect("a plan");
        let findings = check(&plan, &rules, &current, now);
        (diff(&plan, &group, &[], true, present, &rules), findings)
    });
}
