//! The whole way, from random forecasts to the calls that bring a plan about, with everything that
//! can be configured.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::{Demand, Scene, floor_at, forecast_scenes, foreign, mins, own};
use documents::Plan;
use jiff::Timestamp;
use planning::{PlanReport, Rules, Severity, check};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use simulation::SimulatedGroup;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(0x00f0_e5ca),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap()
}

/// What breaks a limit of the configuration, looked at from outside: each floor beside the one before
/// and what was there. The group's own floor at the end comes in one step.
fn broken(plan: &Plan, report: &PlanReport, rules: &Rules, before: u32) -> Option<String> {
    let pace = rules.pace;
    let excused = report.notes.iter().any(|note| note.contains("at once"));
    let mut last = (before, None);
    for (index, floor) in plan.floors.iter().enumerate() {
        let (up, down) = (
            floor.servers.saturating_sub(last.0),
            last.0.saturating_sub(floor.servers),
        );
        let since = last.1.map(|at| floor.start.duration_since(at));
        let ends = floor.start >= plan.expires_at;
        let steps = pace.most_up.is_some_and(|most| up > most) && !(index == 0 && excused)
            || pace.most_down.is_some_and(|most| down > most);
        let soon = index > 0 && since.is_some_and(|since| since < pace.dwell);
        if !ends && (steps || soon) {
            return Some(format!("{floor:?} after {last:?}"));
        }
        if up + down > 0 {
            last = (floor.servers, Some(floor.start));
        }
    }
    None
}

/// Server-minutes until the plan's end, and those that launches cost.
fn cost(plan: &Plan, rules: &Rules, from: Timestamp, before: u32) -> i64 {
    let floors: Vec<_> = plan
        .floors
        .iter()
        .filter(|floor| floor.start < plan.expires_at)
        .collect();
    let ends = floors
        .iter()
        .skip(1)
        .map(|floor| floor.start)
        .chain([plan.expires_at]);
    let mut last = before;
    let each = floors.iter().zip(ends).map(|(floor, end)| {
        let start = floor.start.max(from);
        let added = floor.servers.saturating_sub(last);
        last = floor.servers;
        i64::from(floor.servers) * end.duration_since(start).as_mins()
            + i64::from(added) * rules.pace.launch.as_mins()
    });
    each.sum()
}

/// Whether more changes would be made if there were more actions.
fn crowded(plan: &Plan, report: &PlanReport) -> bool {
    report.changes > report.room || 2 * plan.floors.len() > report.room
}

/// Lets the minutes until `now` pass for the group, as AWS does.
fn pass(group: &mut SimulatedGroup, from: Timestamp, now: Timestamp) {
    let mut at = minute(from) + mins(1);
    while at <= now {
        group.advance(at, 0.0, 1000.0);
        at += mins(1);
    }
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn a_forecast_becomes_a_plan_that_keeps_every_promise(scene in forecast_scenes()) {
        let mut group = scene.group();
        let theirs = foreign(&group);
        let (plan, report) = scene.plan(&group, None);
        let findings = scene.with(&group, None, |current| check(&plan, &scene.rules, current, scene.now));
        prop_assert!(findings.iter().all(|f| f.severity != Severity::Error), "{findings:?}");
        if theirs.is_empty() {
            let broken = broken(&plan, &report, &scene.rules, scene.sizes.0);
            prop_assert!(broken.is_none(), "{broken:?} {:?}", report.notes);
        }
        let most = scene.rules.max_servers.min(scene.sizes.2);
        let needed = scene.demand.map_or(0, |demand| (demand / scene.rules.throughput - 1e-9).ceil() as u32);
        if scene.rules.share >= 1.0 {
            let now = floor_at(&plan, scene.now);
            prop_assert!(now >= needed.min(most) && now >= scene.rules.min_servers.min(most));
        }
        prop_assert!(plan.floors.iter().all(|floor| floor.servers <= scene.sizes.2));
        // The strict group refuses what AWS would.
        scene.bring_about(&plan, &mut group, usize::MAX);
        let again = scene.changes(&plan, &group);
        prop_assert!(again.is_empty(), "{again:?}");
        prop_assert_eq!(foreign(&group), theirs.clone(), "others' actions stay as they are");
        prop_assert!(own(&group).len() + theirs.len().max(25) <= 125, "room for others");
    }

    /// As time passes steps fall into the past, and what is due within three minutes comes at once or
    /// waits; actions that ran leave room for others. Nothing else may change.
    #[test]
    fn asking_again_without_news_changes_nothing(
        scene in forecast_scenes(),
        at in 0_i64..39 * 60,
        later in prop::sample::select(vec![1_i64, 7, 20]),
    ) {
        // Present demand is news of its own minute. What was kept while it dodged others' actions stands
        // a minute beside where it was wanted, from where the next step counts.
        let now = scene.hour() + jiff::SignedDuration::from_secs(at);
        let keep = scene.keep && scene.foreign.is_empty();
        let scene = Scene { now, demand: None, late: false, keep, ..scene };
        let mut group = scene.group();
        let (mut plan, report) = scene.plan(&group, None);
        prop_assume!(!crowded(&plan, &report));
        scene.bring_about(&plan, &mut group, usize::MAX);
        plan.applied = true;
        // The same hold, which ends when it did.
        let hold = scene.hold.map(|(servers, minutes)| (servers, minutes - later));
        let hold = hold.filter(|(_, minutes)| *minutes > 0);
        let then = Scene { now: now + mins(later), hold, ..scene.clone() };
        let (from, soon) = (minute(then.now), minute(then.now) + mins(3));
        let due = |at: Timestamp| at > from && at <= soon;
        let ends = then.hold().map(|hold| hold.until);
        prop_assume!(!plan.actions.iter().any(|action| due(action.start)) && !ends.is_some_and(due));
        pass(&mut group, scene.now, then.now);
        // Others' actions that have run are no longer there to be dodged.
        prop_assume!(foreign(&group).iter().map(|a| a.start).eq(foreign(&scene.group()).iter().map(|a| a.start)));
        let (again, _) = then.plan(&group, Some(&plan));
        let rest: Vec<_> = plan.actions.iter().filter(|action| action.start > from).cloned().collect();
        prop_assert_eq!(&again.actions, &rest);
        let news = then.changes(&again, &group);
        prop_assert!(news.is_empty(), "{news:?}");
    }
}

proptest! {
    #![proptest_config(config(500))]

    /// With limits a busier day may take its steps at other minutes, and the risk is a share of demand
    /// that is spent over the whole day: so it is the capacity of the day that never falls.
    #[test]
    fn more_demand_never_means_less_capacity(
        scene in forecast_scenes(),
        times in prop_oneof![1.05_f64..1.5, 1.5_f64..10.0],
    ) {
        let rules = Rules { share: 1.0, max_servers: 1000, ..scene.rules.clone() };
        let sizes = (scene.sizes.0, scene.sizes.1, scene.sizes.1 + 1000);
        let scene = Scene { foreign: Vec::new(), keep: false, demand: None, rules, sizes, ..scene };
        let group = scene.group();
        let outlook = scene.outlook.clone().map(|outlook| Demand { times, ..outlook });
        let busier = Scene { outlook, ..scene.clone() };
        let ((less, calm), (plan, busy)) = (scene.plan(&group, None), busier.plan(&group, None));
        let excused = |report: &PlanReport| report.notes.iter().any(|note| note.contains("at once"));
        prop_assume!(excused(&calm) || !excused(&busy));
        let from = minute(scene.now);
        let (few, many) = (cost(&less, &scene.rules, from, scene.sizes.0), cost(&plan, &scene.rules, from, scene.sizes.0));
        prop_assert!(many >= few, "{many} {few}");
    }
}
