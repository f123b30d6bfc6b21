//! What every plan keeps, over thousands of random situations.

mod common;

use std::collections::BTreeSet;

use common::{GROUP, Scene, floor_at, foreign, mins, own, scenes};
use documents::PlanStep;
use jiff::{SignedDuration, Timestamp};
use planning::{Severity, check, is_own};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(0x00f0_e5ca),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Servers needed at `at` as the steps say, before the first step as in it.
fn needed_at(steps: &[PlanStep], at: Timestamp) -> u32 {
    let mut needed = steps[0].servers;
    for step in steps {
        if step.start <= at {
            needed = step.servers;
        }
    }
    needed
}

/// Whether others' actions leave every minute near ours free, so that nothing has to be dodged.
fn undisturbed(scene: &Scene) -> bool {
    scene.foreign.is_empty()
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn a_plan_passes_its_check_and_is_taken_by_aws(scene in scenes()) {
        let mut group = scene.group();
        let theirs = foreign(&group);
        let (plan, _) = scene.plan(&group, None);
        let findings = scene.with(&group, None, |current| {
            check(&plan, &scene.rules, current, scene.now)
        });
        prop_assert!(findings.iter().all(|f| f.severity != Severity::Error), "{findings:?}");
        scene.bring_about(&plan, &mut group, usize::MAX);
        prop_assert_eq!(foreign(&group), theirs.clone(), "others' actions stay as they are");
        prop_assert!(own(&group).len() + theirs.len() <= 125);
        prop_assert!(own(&group).len() + theirs.len().max(25) <= 125, "room for others");
        let starts: BTreeSet<_> = plan.actions.iter().map(|a| a.start).collect();
        prop_assert_eq!(starts.len(), plan.actions.len());
        prop_assert!(plan.actions.iter().all(|a| is_own(GROUP, &a.name)));
    }

    #[test]
    fn the_difference_after_applying_is_empty_and_replanning_changes_nothing(scene in scenes()) {
        let mut group = scene.group();
        let (mut plan, _) = scene.plan(&group, None);
        scene.bring_about(&plan, &mut group, usize::MAX);
        let again = scene.changes(&plan, &group);
        prop_assert!(again.is_empty(), "{again:?}");
        // What dodged others' actions stands beside where it was wanted. Kept there, with a least time
        // between changes, it moves those after it.
        prop_assume!(!(scene.keep && scene.rules.pace.limits()) || scene.foreign.is_empty());
        plan.applied = true;
        let later = Scene { now: scene.now + SignedDuration::from_secs(59 - scene.now.as_second() % 60), ..scene };
        let (replanned, _) = later.plan(&group, Some(&plan));
        let news = later.changes(&replanned, &group);
        prop_assert!(news.is_empty(), "{news:?}");
        prop_assert_eq!(replanned.actions, plan.actions);
    }

    #[test]
    fn the_floor_is_never_under_what_present_demand_needs(scene in scenes()) {
        let scene = Scene { rules: planning::Rules { share: 1.0, ..scene.rules.clone() }, ..scene };
        let group = scene.group();
        let (plan, _) = scene.plan(&group, None);
        let most = scene.rules.max_servers.min(scene.sizes.2);
        let needed = scene.demand.map_or(0, |demand| (demand / 1000.0 - 1e-9).ceil() as u32).min(most);
        let lead = scene.rules.lead_time.as_secs().div_euclid(60);
        for minute in 0..=lead {
            let floor = floor_at(&plan, scene.now + mins(minute));
            prop_assert!(floor >= needed, "{floor} of {needed} in {minute} minutes");
        }
    }

    #[test]
    fn no_minute_has_less_than_it_needs(scene in scenes()) {
        let scene = Scene { rules: planning::Rules { share: 1.0, ..scene.rules.clone() }, ..scene };
        let group = scene.group();
        let (plan, _) = scene.plan(&group, None);
        let most = scene.rules.max_servers.min(scene.sizes.2);
        let early = scene.rules.lead_time + mins(2);
        let mut at = Timestamp::from_second(scene.now.as_second() / 60 * 60).unwrap();
        while at < plan.expires_at {
            let needed = needed_at(&plan.steps, at).min(most);
            let asked = (at - early).max(scene.now);
            let lowest = plan
                .floors
                .iter()
                .filter(|floor| floor.start > asked && floor.start <= at)
                .map(|floor| floor.servers)
                .fold(floor_at(&plan, asked), u32::min);
            prop_assert!(lowest >= needed, "{lowest} of {needed} needed at {at}");
            at += mins(1);
        }
    }

    #[test]
    fn holds_and_human_floors_stand_within_the_limits(scene in scenes()) {
        let group = scene.group();
        let (plan, _) = scene.plan(&group, None);
        let most = scene.sizes.2;
        for floor in &plan.floors {
            prop_assert!(floor.servers <= most);
            prop_assert!(floor.servers >= scene.human.unwrap_or(0).min(most));
        }
        if let Some((servers, hold)) = scene.hold.map(|held| held.0).zip(scene.hold()) {
            let until = hold.until.min(plan.expires_at);
            for floor in plan.floors.iter().filter(|f| f.start < until - mins(1)) {
                prop_assert!(floor.servers >= servers.min(most), "{floor:?}");
            }
            // No action that is pending takes away what is held.
            for action in plan.actions.iter().filter(|a| a.start < until - mins(1)) {
                prop_assert!(action.min_size >= servers.min(most));
                prop_assert!(action.desired_capacity.is_none_or(|d| d >= servers.min(most)));
            }
        }
    }

    #[test]
    fn the_last_action_gives_the_group_its_own_floor_and_never_a_desired_capacity(scene in scenes()) {
        let group = scene.group();
        let (plan, _) = scene.plan(&group, None);
        let rest = scene.human.unwrap_or(scene.sizes.0).min(scene.sizes.2);
        prop_assert_eq!(plan.floors.last().unwrap().servers, rest);
        prop_assert!(plan.expires_at.duration_since(scene.now) >= SignedDuration::from_hours(24));
        for action in &plan.actions {
            if action.start >= plan.expires_at {
                prop_assert_eq!(action.desired_capacity, None);
            }
            if scene.scales_in || scene.rules.share < 1.0 {
                prop_assert_eq!(action.desired_capacity, None);
            }
        }
        // No floor falls back before the end.
        let early = plan.actions.iter().rfind(|a| a.start < plan.expires_at);
        let levels: Vec<u32> = scene.needs().steps.iter().map(|s| s.servers).collect();
        if let (Some(last), true, true) = (early, undisturbed(&scene), scene.rules.share >= 1.0) {
            let most = scene.rules.max_servers.min(scene.sizes.2);
            prop_assert!(last.min_size >= levels[levels.len() - 1].min(most));
        }
    }
}

proptest! {
    #![proptest_config(config(250))]

    /// While all changes fit into the quota and none is limited; otherwise a busier day may be
    /// merged, or begin its steps, at other places.
    #[test]
    fn more_demand_never_means_fewer_servers(scene in scenes(), more in prop::collection::vec(0_u32..20, 320)) {
        let rules = planning::Rules { pace: planning::Pace::default(), ..scene.rules.clone() };
        let scene = Scene { foreign: Vec::new(), rules, ..scene };
        let group = scene.group();
        let servers = scene.servers.iter().zip(&more).map(|(a, b)| a + b).collect();
        let busier = Scene { servers, ..scene.clone() };
        let ((less, few), (plan, many)) = (scene.plan(&group, None), busier.plan(&group, None));
        prop_assume!(few.changes <= few.room && many.changes <= many.room);
        for floor in less.floors.iter().chain(&plan.floors).filter(|f| f.start < less.expires_at) {
            prop_assert!(floor_at(&plan, floor.start) >= floor_at(&less, floor.start), "{}", floor.start);
        }
    }

    #[test]
    fn an_interrupted_apply_is_finished_by_the_next(scene in scenes(), next in scenes(), calls in 0_usize..12) {
        let mut group = scene.group();
        let (plan, _) = scene.plan(&group, None);
        scene.bring_about(&plan, &mut group, usize::MAX);
        let next = Scene {
            now: scene.now + mins(61),
            sizes: scene.sizes,
            foreign: Vec::new(),
            ..next
        };
        let (plan, _) = next.plan(&group, Some(&plan));
        let mut whole = group.clone();
        next.bring_about(&plan, &mut whole, usize::MAX);
        next.bring_about(&plan, &mut group, calls);
        next.bring_about(&plan, &mut group, usize::MAX);
        prop_assert_eq!(own(&group), own(&whole));
        prop_assert_eq!(group.group().unwrap().min_size, whole.group().unwrap().min_size);
        prop_assert!(next.changes(&plan, &group).is_empty());
    }

    /// The plan as AWS runs it: up to two minutes late, to its end and beyond.
    #[test]
    fn a_group_left_alone_keeps_the_floors_and_then_its_own(scene in scenes()) {
        let mut group = scene.group();
        let (plan, _) = scene.plan(&group, None);
        scene.bring_about(&plan, &mut group, usize::MAX);
        let mut at = Timestamp::from_second(scene.now.as_second() / 60 * 60).unwrap() + mins(1);
        let mut before_end = None;
        let end = plan.floors.last().unwrap().start.max(plan.expires_at) + mins(3);
        while at <= end {
            let record = group.advance(at, 0.0, 1000.0);
            let promised = (0..=2).map(|late| floor_at(&plan, at - mins(late))).min().unwrap();
            prop_assert!(record.min_size >= promised, "{} of {promised} at {at}", record.min_size);
            if at < plan.expires_at {
                before_end = Some(record.desired_capacity);
            }
            at += mins(1);
        }
        let left = group.group().unwrap();
        prop_assert_eq!(left.min_size, plan.floors.last().unwrap().servers);
        prop_assert!(left.desired_capacity >= before_end.unwrap_or(0), "the end takes no server away");
    }

    #[test]
    fn what_stands_on_no_forecast_lowers_nothing(scene in scenes(), next in scenes()) {
        let group = scene.group();
        let (plan, _) = scene.plan(&group, None);
        let next = Scene { now: scene.now + mins(60), sizes: scene.sizes, keep: true, ..next };
        let (kept, _) = next.plan(&group, Some(&plan));
        let mut at = next.now;
        while at < plan.expires_at {
            prop_assert!(floor_at(&kept, at) >= floor_at(&plan, at).min(scene.sizes.2), "{at}");
            at += mins(1);
        }
    }
}
