//! The rules of AWS that the simulated group keeps, one test each.
use fleet::{ScheduledAction, Sizes};
use jiff::{SignedDuration, Timestamp};
use simulation::{ACTION_NOT_FOUND, GroupSpec, Origin, SimulatedGroup, SimulationError, Source};

const THROUGHPUT: f64 = 100.0;

fn start() -> Timestamp {
    "2026-03-04T00:00:00Z".parse().unwrap()
}

fn minute(n: i64) -> Timestamp {
    start() + SignedDuration::from_mins(n)
}

/// 2 to 10 servers, 4 desired.
fn group() -> SimulatedGroup {
    SimulatedGroup::new(GroupSpec::new("web", 2, 4, 10), start()).unwrap()
}

type Given = (Option<u32>, Option<u32>, Option<u32>);

/// An action with (min, desired, max) at a minute.
fn action(name: &str, at: i64, (min_size, desired_capacity, max_size): Given) -> ScheduledAction {
    ScheduledAction {
        name: name.to_owned(),
        start: Some(minute(at)),
        end: None,
        recurrence: None,
        min_size,
        max_size,
        desired_capacity,
    }
}

fn recurring(name: &str, cron: &str, min: u32) -> ScheduledAction {
    ScheduledAction {
        start: None,
        recurrence: Some(cron.to_owned()),
        ..action(name, 0, (Some(min), None, None))
    }
}

fn planner(now: Timestamp) -> Origin {
    Origin::new(now, Source::Planner, "test")
}

/// Codes of the refused items.
fn put(group: &mut SimulatedGroup, now: i64, actions: &[ScheduledAction]) -> Vec<String> {
    let now = minute(now);
    let failures = group
        .put_scheduled_actions(now, actions, &planner(now))
        .unwrap();
    failures.into_iter().map(|failure| failure.code).collect()
}

fn sizes(group: &SimulatedGroup) -> (u32, u32, u32) {
    let group = group.group().unwrap();
    (group.min_size, group.desired_capacity, group.max_size)
}

fn given((min_size, desired_capacity, max_size): Given) -> Sizes {
    Sizes {
        min_size,
        max_size,
        desired_capacity,
    }
}

fn run(group: &mut SimulatedGroup, minutes: std::ops::RangeInclusive<i64>) {
    for n in minutes {
        group.advance(minute(n), 0.0, THROUGHPUT);
    }
}

#[test]
fn a_group_has_at_most_125_actions_and_a_call_at_most_50() {
    let mut group = group();
    let many = |from: i64, count: i64| -> Vec<ScheduledAction> {
        (from..from + count)
            .map(|n| action(&format!("a{n}"), n + 1, (Some(3), None, None)))
            .collect()
    };
    assert!(put(&mut group, 0, &many(0, 50)).is_empty());
    assert!(put(&mut group, 0, &many(50, 50)).is_empty());
    assert!(put(&mut group, 0, &many(100, 24)).is_empty());
    assert!(put(&mut group, 0, &[recurring("people", "59 23 * * *", 3)]).is_empty());
    assert_eq!(
        put(&mut group, 0, &many(124, 2)),
        ["LimitExceeded", "LimitExceeded"]
    );
    // An update is not one more.
    assert!(put(&mut group, 0, &[action("a7", 900, (Some(5), None, None))]).is_empty());
    assert_eq!(group.scheduled_actions().unwrap().len(), 125);
    for batch in [many(0, 51), Vec::new(), [many(0, 1), many(0, 1)].concat()] {
        let refused = group.put_scheduled_actions(minute(0), &batch, &planner(minute(0)));
        assert!(matches!(refused, Err(SimulationError::Validation { .. })));
        let names: Vec<String> = batch.iter().map(|a| a.name.clone()).collect();
        let refused = group.delete_scheduled_actions(&names);
        assert!(matches!(refused, Err(SimulationError::Validation { .. })));
    }
}

#[test]
fn a_start_lies_in_the_future() {
    for (now, at, refused) in [(10, 9, true), (10, 10, true), (10, 11, false)] {
        let codes = put(&mut group(), now, &[action("a", at, (Some(3), None, None))]);
        assert_eq!(!codes.is_empty(), refused, "put at {now} for {at}");
    }
    let mut without = action("a", 0, (Some(3), None, None));
    without.start = None;
    assert_eq!(put(&mut group(), 0, &[without]), ["ValidationError"]);
}

#[test]
fn starts_are_unique_over_everybodys_actions() {
    let mut group = group();
    // 01:00 is minute 60.
    let theirs = [
        recurring("people", "0 1 * * *", 3),
        action("once", 90, (Some(3), None, None)),
    ];
    assert!(put(&mut group, 0, &theirs).is_empty());
    for (name, at, code) in [
        ("a", 60, Some("AlreadyExists")),
        ("a", 90, Some("AlreadyExists")),
        ("a", 61, None),
        ("b", 61, Some("AlreadyExists")),
        // The same name is an update in place, also at its own start.
        ("a", 61, None),
        ("a", 62, None),
        ("b", 61, None),
        // Only a recurring action's next run counts.
        ("c", 60 + 1440, None),
    ] {
        let codes = put(&mut group, 0, &[action(name, at, (Some(3), None, None))]);
        assert_eq!(codes.first().map(String::as_str), code, "{name} at {at}");
    }
    let refused = put(&mut group, 0, &[recurring("twice", "0 1 * * *", 3)]);
    assert_eq!(refused, ["AlreadyExists"]);
    // Within a batch the earlier item counts.
    let pair = [
        action("x", 70, (Some(3), None, None)),
        action("y", 70, (Some(3), None, None)),
    ];
    assert_eq!(put(&mut group, 0, &pair), ["AlreadyExists"]);
}

#[test]
fn sizes_of_an_action_fit_each_other_and_the_group() {
    for (sizes, refused) in [
        ((None, None, None), true),
        ((Some(3), None, None), false),
        ((None, Some(3), None), false),
        ((None, None, Some(3)), false),
        ((Some(5), Some(4), None), true),
        ((Some(5), Some(5), Some(5)), false),
        ((Some(5), None, Some(4)), true),
        ((None, Some(6), Some(5)), true),
        // Against the group's own 2 to 10.
        ((Some(11), None, None), true),
        ((Some(11), None, Some(12)), false),
        ((None, Some(1), None), true),
        ((Some(1), Some(1), None), false),
        ((None, Some(11), None), true),
        ((None, Some(11), Some(11)), false),
        ((None, None, Some(1)), true),
    ] {
        let codes = put(&mut group(), 0, &[action("a", 5, sizes)]);
        assert_eq!(codes == ["ValidationError"], refused, "{sizes:?}");
    }
}

#[test]
fn deleting_a_missing_action_is_an_item_failure() {
    let mut group = group();
    put(&mut group, 0, &[action("a", 5, (Some(3), None, None))]);
    let names = ["a".to_owned(), "gone".to_owned()];
    let failures = group.delete_scheduled_actions(&names).unwrap();
    assert_eq!(failures.len(), 1);
    assert_eq!(
        (failures[0].name.as_str(), failures[0].message.as_str()),
        ("gone", ACTION_NOT_FOUND)
    );
    assert!(group.scheduled_actions().unwrap().is_empty());
}

#[test]
fn one_time_actions_run_once_and_disappear() {
    let mut group = group();
    put(&mut group, 0, &[action("a", 5, (None, Some(7), None))]);
    run(&mut group, 1..=4);
    assert_eq!(sizes(&group), (2, 4, 10));
    assert_eq!(group.scheduled_actions().unwrap().len(), 1);
    run(&mut group, 5..=5);
    assert_eq!(sizes(&group), (2, 7, 10));
    assert!(group.scheduled_actions().unwrap().is_empty());
}

#[test]
fn recurring_actions_come_again_until_their_end() {
    let mut group = group();
    let mut often = recurring("often", "*/10 * * * *", 3);
    often.end = Some(minute(30));
    put(&mut group, 0, &[often]);
    let mut runs = Vec::new();
    for n in 1..=60 {
        let origin = Origin::new(minute(n), Source::Person, "");
        group
            .resize(minute(n), given((Some(2), None, None)), &origin)
            .unwrap();
        group.advance(minute(n), 0.0, THROUGHPUT);
        if sizes(&group).0 == 3 {
            runs.push(n);
        }
    }
    assert_eq!(runs, [10, 20]);
    assert!(group.scheduled_actions().unwrap().is_empty());
}

#[test]
fn limits_pull_the_desired_capacity_along() {
    for (set, after) in [
        ((Some(6), None, None), (6, 6, 10)),
        ((Some(3), None, None), (3, 4, 10)),
        ((None, None, Some(3)), (2, 3, 3)),
        ((None, None, Some(20)), (2, 4, 20)),
        // An exact desired capacity also scales in.
        ((None, Some(2), None), (2, 2, 10)),
        ((Some(8), Some(9), Some(12)), (8, 9, 12)),
    ] {
        let mut by_hand = group();
        by_hand
            .resize(minute(1), given(set), &planner(minute(1)))
            .unwrap();
        assert_eq!(sizes(&by_hand), after, "resize {set:?}");
        let mut scheduled = group();
        put(&mut scheduled, 0, &[action("a", 1, set)]);
        run(&mut scheduled, 1..=1);
        assert_eq!(sizes(&scheduled), after, "action {set:?}");
    }
    // Lowering MinSize forces nothing down.
    let mut group = group();
    group
        .resize(minute(1), given((Some(6), None, None)), &planner(minute(1)))
        .unwrap();
    group
        .resize(minute(2), given((Some(2), None, None)), &planner(minute(2)))
        .unwrap();
    assert_eq!(sizes(&group), (2, 6, 10));
}

#[test]
fn a_resize_outside_the_limits_is_refused_and_changes_nothing() {
    for set in [
        (None, Some(1), None),
        (None, Some(11), None),
        (Some(5), Some(4), None),
        (Some(11), None, None),
        (None, None, Some(1)),
        (Some(5), None, Some(4)),
    ] {
        let mut group = group();
        let refused = group.resize(minute(1), given(set), &planner(minute(1)));
        assert!(
            matches!(refused, Err(SimulationError::Validation { .. })),
            "{set:?}"
        );
        assert_eq!(sizes(&group), (2, 4, 10));
        assert!(group.changes().is_empty());
    }
}

#[test]
fn limits_that_changed_meanwhile_clamp_an_action_and_are_noted() {
    for (set, meanwhile, after) in [
        ((Some(9), None, None), (None, None, Some(6)), (6, 6, 6)),
        ((None, None, Some(3)), (Some(5), None, None), (5, 5, 5)),
    ] {
        let mut group = group();
        put(&mut group, 0, &[action("a", 5, set)]);
        group
            .resize(minute(1), given(meanwhile), &planner(minute(1)))
            .unwrap();
        run(&mut group, 1..=5);
        assert_eq!(sizes(&group), after);
        assert_eq!(group.anomalies().len(), 1);
        assert_eq!(group.anomalies()[0].action, "a");
    }
    // A desired capacity follows the limits without further ado.
    let mut group = group();
    put(&mut group, 0, &[action("a", 5, (None, Some(3), None))]);
    group
        .resize(minute(1), given((Some(5), None, None)), &planner(minute(1)))
        .unwrap();
    run(&mut group, 1..=5);
    assert_eq!(sizes(&group), (5, 5, 10));
}

#[test]
fn actions_run_in_order_and_up_to_two_minutes_late() {
    let mut late_runs = 0;
    for seed in 0..40 {
        let mut spec = GroupSpec::new("web", 0, 0, 100);
        spec.late_schedule = true;
        spec.seed = seed;
        let mut group = SimulatedGroup::new(spec, start()).unwrap();
        let actions: Vec<_> = (1..=20)
            .map(|n| action(&format!("a{n}"), i64::from(n), (Some(n), None, None)))
            .collect();
        put(&mut group, 0, &actions);
        run(&mut group, 1..=22);
        let ran: Vec<_> = group
            .changes()
            .iter()
            .map(|c| (c.min_size.unwrap(), c.effective_at))
            .collect();
        assert_eq!(ran.len(), 20, "seed {seed}");
        for (index, (min, at)) in ran.iter().enumerate() {
            assert_eq!(*min as usize, index + 1, "order, seed {seed}");
            let late = minute(i64::from(*min)).duration_until(*at);
            assert!((0..=120).contains(&late.as_secs()), "seed {seed}: {late}");
            late_runs += usize::from(late.as_secs() > 0);
        }
    }
    assert!(late_runs > 400, "{late_runs} of 800 ran late");
}

#[test]
fn suspended_processes_do_nothing() {
    let mut skipped = group();
    skipped.suspend("ScheduledActions");
    put(&mut skipped, 0, &[action("a", 5, (Some(7), None, None))]);
    run(&mut skipped, 1..=6);
    skipped.resume("ScheduledActions");
    run(&mut skipped, 7..=9);
    assert_eq!(sizes(&skipped), (2, 4, 10));
    assert!(
        skipped.scheduled_actions().unwrap().is_empty(),
        "missed runs are not replayed"
    );

    let mut stuck = group();
    stuck.suspend("Launch");
    stuck
        .resize(minute(1), given((None, Some(7), None)), &planner(minute(1)))
        .unwrap();
    run(&mut stuck, 1..=9);
    assert_eq!(
        (sizes(&stuck).1, stuck.group().unwrap().instances.len()),
        (7, 4)
    );
    stuck.resume("Launch");
    run(&mut stuck, 10..=10);
    assert_eq!(stuck.group().unwrap().instances.len(), 7);

    let mut kept = group();
    kept.suspend("Terminate");
    kept.resize(minute(1), given((None, Some(2), None)), &planner(minute(1)))
        .unwrap();
    run(&mut kept, 1..=2);
    assert_eq!(kept.group().unwrap().in_service(), 4);
}

#[test]
fn a_group_that_is_deleted_can_be_read_until_it_is_gone() {
    let mut group = group();
    group.begin_deleting();
    assert!(group.group().unwrap().deleting);
    let now = minute(1);
    let refused = group.resize(now, given((Some(3), None, None)), &planner(now));
    assert!(matches!(refused, Err(SimulationError::Validation { .. })));
    group.delete(now);
    let gone = [
        group.group().map(drop),
        group.scheduled_actions().map(drop),
        group.policies().map(drop),
        group.activities(start()).map(drop),
        group.resize(now, Sizes::default(), &planner(now)),
        group.delete_scheduled_actions(&["a".to_owned()]).map(drop),
        group
            .put_scheduled_actions(now, &[], &planner(now))
            .map(drop),
    ];
    for answer in gone {
        assert!(matches!(answer, Err(SimulationError::NotFound { .. })));
    }
    assert_eq!(group.advance(minute(2), 50.0, THROUGHPUT).in_service, 0);
}
