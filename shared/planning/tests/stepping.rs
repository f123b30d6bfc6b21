//! A share that falls gives servers back and takes none that are wanted.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use documents::{Baseline, Plan, PlanStep};
use fleet::Group;
use jiff::{SignedDuration, Timestamp};
use planning::{Current, Needs, Pace, Rules, check, compose};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A plan of 2 servers until noon and 12 from then on, for a group whose own MinSize is 6.
fn plan(share: f64, above: f64) -> Plan {
    plan_wanted(share, above, None)
}

/// The same where present demand keeps so many servers.
fn plan_wanted(share: f64, above: f64, wanted: Option<u32>) -> Plan {
    let now = at("2026-03-02T08:40:00Z");
    let step = |start: &str, servers| PlanStep {
        start: at(start),
        servers,
        reason: String::new(),
    };
    let needs = Needs {
        by: "planner".to_owned(),
        fence: 1,
        steps: vec![
            step("2026-03-02T08:00:00Z", 2),
            step("2026-03-02T12:00:00Z", 12),
        ],
        end: at("2026-03-03T10:00:00Z"),
        forecast: None,
        keep: false,
        notes: Vec::new(),
    };
    let rules = Rules {
        min_servers: 1,
        max_servers: 20,
        throughput: 100.0,
        lead_time: SignedDuration::from_mins(5),
        risk: 0.001,
        share,
        pace: Pace::default(),
    };
    let group = Group {
        name: "web".to_owned(),
        min_size: 2,
        max_size: 20,
        desired_capacity: 4,
        ..Group::default()
    };
    let baseline = Baseline {
        group: "web".to_owned(),
        min_size: 6,
        max_size: 20,
        desired_capacity: 6,
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
        above,
        wanted,
    };
    let plan = compose(&needs, &rules, &current, now).unwrap().0;
    // The other pair of eyes sees what a share still promises.
    assert_eq!(check(&plan, &rules, &current, now), []);
    let mut lowered = plan.clone();
    for floor in &mut lowered.floors {
        floor.servers = floor.servers.saturating_sub(1);
    }
    assert_ne!(check(&lowered, &rules, &current, now), []);
    plan
}

fn floors(plan: &Plan) -> (u32, u32) {
    let most = plan.floors.iter().map(|floor| floor.servers).max();
    (plan.floors[0].servers, most.unwrap())
}

#[test]
fn floors_under_the_own_min_size_rise_and_those_above_stay() {
    assert_eq!(floors(&plan(1.0, 1.0)), (2, 12));
    assert_eq!(floors(&plan(0.5, 1.0)), (4, 12));
    assert_eq!(floors(&plan(0.0, 1.0)), (6, 12));
    assert_eq!(floors(&plan(0.5, 0.5)), (4, 9));
    assert_eq!(floors(&plan(0.0, 0.0)), (6, 6));
}

#[test]
fn what_present_demand_needs_stays_whatever_share_is_applied() {
    for (share, above) in [(1.0, 1.0), (0.5, 0.5), (0.1, 0.1), (0.0, 0.0)] {
        assert_eq!(floors(&plan_wanted(share, above, Some(9))).0, 9);
    }
    // Never above the limits.
    assert_eq!(floors(&plan_wanted(0.1, 0.1, Some(90))).0, 20);
}
