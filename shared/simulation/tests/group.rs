//! Boots, target tracking, failures and the change log of the simulated group.
use std::collections::BTreeSet;

use fleet::{ActivityStatus, ScheduledAction, Sizes};
use jiff::{SignedDuration, Timestamp};
use simulation::{
    GroupSpec, LaunchFailures, MinuteRecord, Origin, SimulatedGroup, Source, TargetTracking,
};

const THROUGHPUT: f64 = 100.0;

fn minute(n: i64) -> Timestamp {
    let start: Timestamp = "2026-03-04T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(n)
}

fn new(spec: GroupSpec) -> SimulatedGroup {
    SimulatedGroup::new(spec, minute(0)).unwrap()
}

fn want(group: &mut SimulatedGroup, at: i64, desired: u32) {
    let sizes = Sizes {
        desired_capacity: Some(desired),
        ..Sizes::default()
    };
    let origin = Origin::new(minute(at), Source::Person, "by hand");
    group.resize(minute(at), sizes, &origin).unwrap();
}

fn idle(group: &mut SimulatedGroup, minutes: std::ops::RangeInclusive<i64>) {
    for n in minutes {
        group.advance(minute(n), 0.0, THROUGHPUT);
    }
}

fn tracked(utilization: f64, scales_in: bool) -> GroupSpec {
    let mut spec = GroupSpec::new("web", 1, 4, 100);
    spec.reactive = Some(TargetTracking {
        utilization,
        scales_in,
    });
    spec
}

#[test]
fn servers_serve_after_their_boot_and_are_billed_from_launch() {
    let mut group = new(GroupSpec::new("web", 1, 1, 10));
    want(&mut group, 1, 3);
    let records: Vec<MinuteRecord> = (1..=6)
        .map(|n| group.advance(minute(n), 250.0, THROUGHPUT))
        .collect();
    let seen: Vec<_> = records
        .iter()
        .map(|r| (r.in_service, r.booting, r.billed()))
        .collect();
    let booting = (1, 2, 3);
    assert_eq!(
        seen,
        [booting, booting, booting, booting, booting, (3, 0, 3)]
    );
    assert_eq!((records[0].required, records[0].lost), (3, 150.0));
    assert_eq!(records[5].lost, 0.0);
    // An unknown demand loses nothing.
    let unknown = group.advance(minute(7), f64::NAN, THROUGHPUT);
    assert_eq!((unknown.lost, unknown.required), (0.0, 0));
}

#[test]
fn booting_servers_leave_first_and_then_the_newest() {
    let mut group = new(GroupSpec::new("web", 0, 2, 10));
    want(&mut group, 1, 4);
    group.advance(minute(1), 0.0, THROUGHPUT);
    want(&mut group, 2, 3);
    let record = group.advance(minute(2), 0.0, THROUGHPUT);
    assert_eq!((record.in_service, record.booting), (2, 1));
    want(&mut group, 3, 1);
    group.advance(minute(3), 0.0, THROUGHPUT);
    let left = group.group().unwrap().instances;
    assert_eq!(
        (left.len(), left[0].id.as_str()),
        (1, "i-00000000000000000")
    );
    // All of it is on record, newest first.
    let activities = group.activities(minute(0)).unwrap();
    let count = |status, word: &str| {
        let found = activities
            .iter()
            .filter(|a| a.status == status && a.description.contains(word));
        found.count()
    };
    assert_eq!(count(ActivityStatus::Cancelled, "Launching"), 2);
    assert_eq!(count(ActivityStatus::Successful, "Terminating"), 3);
    assert!(activities.is_sorted_by(|a, b| a.started >= b.started));
    assert_eq!(group.activities(minute(3)).unwrap().len(), 2);
}

#[test]
fn boots_are_lognormal_in_whole_minutes_and_depend_on_the_seed_only() {
    let boots = |seed: u64| -> Vec<i64> {
        let mut spec = GroupSpec::new("web", 0, 0, 5_000);
        spec.boot = SignedDuration::from_mins(5);
        spec.boot_spread = 0.25;
        spec.seed = seed;
        let mut group = new(spec);
        want(&mut group, 1, 5_000);
        for n in 1..=60 {
            group.advance(minute(n), 0.0, THROUGHPUT);
        }
        let activities = group.activities(minute(0)).unwrap();
        activities
            .iter()
            .map(|a| a.started.duration_until(a.ended.unwrap()).as_mins())
            .collect()
    };
    let drawn = boots(3);
    assert_eq!(drawn.len(), 5_000);
    // Rounding up adds half a minute on average to a mean of 5 * exp(0.25^2 / 2) = 5.16.
    let mean = drawn.iter().sum::<i64>() as f64 / drawn.len() as f64;
    assert!((mean - 5.66).abs() < 0.06, "mean {mean}");
    let at_most_five = drawn.iter().filter(|b| **b <= 5).count();
    assert!(
        (at_most_five as f64 / 5_000.0 - 0.5).abs() < 0.03,
        "{at_most_five}"
    );
    assert!(drawn.iter().all(|b| (1..=50).contains(b)));
    assert_eq!(drawn, boots(3));
    assert_ne!(drawn, boots(4));
}

#[test]
fn a_release_changes_the_boots_that_follow() {
    let mut spec = GroupSpec::new("web", 0, 0, 10);
    spec.boot = SignedDuration::from_mins(3);
    spec.template_version = Some("41".to_owned());
    let mut group = new(spec);
    want(&mut group, 1, 1);
    idle(&mut group, 1..=5);
    group
        .release(Some("42".to_owned()), SignedDuration::from_mins(11), 0.0)
        .unwrap();
    want(&mut group, 6, 2);
    idle(&mut group, 6..=16);
    assert_eq!(group.group().unwrap().booting(), 1);
    group.advance(minute(17), 0.0, THROUGHPUT);
    let versions: Vec<_> = group
        .group()
        .unwrap()
        .instances
        .into_iter()
        .map(|i| i.template_version)
        .collect();
    assert_eq!(versions, [Some("41".to_owned()), Some("42".to_owned())]);
}

#[test]
fn failed_launches_are_tried_again_every_minute() {
    let mut spec = GroupSpec::new("web", 0, 0, 10);
    spec.launch_failures.minutes = (1..=3).map(minute).collect::<BTreeSet<_>>();
    let mut group = new(spec);
    want(&mut group, 1, 2);
    idle(&mut group, 1..=4);
    assert_eq!(group.group().unwrap().booting(), 2);
    let activities = group.activities(minute(0)).unwrap();
    let failed: Vec<_> = activities
        .iter()
        .filter(|a| a.status == ActivityStatus::Failed)
        .collect();
    assert_eq!(failed.len(), 6);
    assert!(
        failed
            .iter()
            .all(|a| a.ended.is_some() && a.message.is_some())
    );

    let mut spec = GroupSpec::new("web", 0, 0, 1_000);
    spec.launch_failures = LaunchFailures {
        share: 0.3,
        ..LaunchFailures::default()
    };
    let mut unlucky = new(spec);
    want(&mut unlucky, 1, 1_000);
    unlucky.advance(minute(1), 0.0, THROUGHPUT);
    assert!((650..750).contains(&unlucky.group().unwrap().booting()));
}

#[test]
fn a_lost_server_is_replaced() {
    let mut group = new(GroupSpec::new("web", 0, 3, 10));
    group.lose(minute(1), 1);
    let record = group.advance(minute(1), 0.0, THROUGHPUT);
    assert_eq!(
        (record.in_service, record.booting, record.desired_capacity),
        (2, 1, 3)
    );
}

/// Desired capacity in each minute from 0 on.
fn desired(group: &mut SimulatedGroup, demand: impl Fn(i64) -> f64, minutes: i64) -> Vec<u32> {
    (0..minutes)
        .map(|n| {
            group
                .advance(minute(n), demand(n), THROUGHPUT)
                .desired_capacity
        })
        .collect()
}

#[test]
fn target_tracking_scales_out_on_the_third_datapoint() {
    // Target 80 a server, 4 servers. Minutes from 10 on have 100 a server: datapoints of 10, 11 and
    // 12 breach, and the last is seen in minute 14: 400 / 80 = 5.
    let mut group = new(tracked(0.8, true));
    let series = desired(&mut group, |n| if n < 10 { 310.0 } else { 400.0 }, 30);
    assert_eq!(series[13], 4);
    assert!(series[14..].iter().all(|d| *d == 5), "{series:?}");
    let change = &group.changes()[0];
    assert_eq!(
        (change.source, change.effective_at),
        (Source::Reactive, minute(14))
    );
    assert_eq!((change.min_size, change.desired_capacity), (None, Some(5)));
}

#[test]
fn target_tracking_rounds_up_and_counts_booting_servers() {
    // A surge to 1001 at once: ceil(1001 / 80) = 13 in minute 14, and no more while they boot.
    let mut group = new(tracked(0.8, true));
    let series = desired(&mut group, |n| if n < 10 { 310.0 } else { 1_001.0 }, 40);
    assert_eq!((series[13], series[14]), (4, 13));
    assert!(series[14..].iter().all(|d| *d == 13), "{series:?}");
}

#[test]
fn target_tracking_scales_in_after_fifteen_low_datapoints_by_the_largest() {
    // Low means under 72 a server, 288 in all. Datapoints 10 to 24 are low, the last is seen at
    // 26; the largest of them is 150: ceil(150 / 80) = 2.
    let falling = |n: i64| match n {
        ..10 => 310.0,
        10 => 150.0,
        _ => 70.0,
    };
    let mut group = new(tracked(0.8, true));
    let series = desired(&mut group, falling, 40);
    assert_eq!((series[25], series[26]), (4, 2));
    // Minute 10 has left the window one datapoint later: ceil(70 / 80) = 1.
    assert_eq!(series[27], 1);
    let mut kept = new(tracked(0.8, false));
    assert!(desired(&mut kept, falling, 60).iter().all(|d| *d == 4));
}

#[test]
fn target_tracking_does_not_scale_in_while_servers_boot() {
    let mut spec = tracked(0.8, true);
    spec.boot = SignedDuration::from_mins(30);
    let mut group = new(spec);
    want(&mut group, 0, 5);
    let series = desired(&mut group, |_| 70.0, 40);
    assert!(series[..30].iter().all(|d| *d == 5), "{series:?}");
    assert_eq!(series[30], 1);
}

#[test]
fn target_tracking_stays_within_the_limits_and_obeys_suspension() {
    let mut spec = tracked(0.8, true);
    (spec.min_size, spec.max_size) = (3, 6);
    let mut group = new(spec.clone());
    let series = desired(&mut group, |n| if n < 30 { 5_000.0 } else { 0.0 }, 90);
    assert_eq!(series.iter().max(), Some(&6));
    assert_eq!(series.last(), Some(&3));
    let mut suspended = new(spec);
    suspended.suspend("AlarmNotification");
    assert!(
        desired(&mut suspended, |_| 5_000.0, 30)
            .iter()
            .all(|d| *d == 4)
    );
}

#[test]
fn the_change_log_tells_what_was_set_when_by_whom_and_why() {
    let mut group = new(GroupSpec::new("web", 1, 2, 10));
    let action = |name: &str, at: i64, min: u32| ScheduledAction {
        name: name.to_owned(),
        start: Some(minute(at)),
        end: None,
        recurrence: None,
        min_size: Some(min),
        max_size: None,
        desired_capacity: None,
    };
    let origin = Origin::new(minute(0), Source::Planner, "scheduled");
    let actions = [
        action("up", 10, 5),
        action("same", 11, 5),
        action("down", 12, 1),
    ];
    assert!(
        group
            .put_scheduled_actions(minute(0), &actions, &origin)
            .unwrap()
            .is_empty()
    );
    group.explain("up", "the morning rises");
    group.explain("nowhere", "unheard");
    want(&mut group, 3, 2);
    want(&mut group, 4, 4);
    idle(&mut group, 0..=12);
    let rows: Vec<_> = group
        .changes()
        .iter()
        .map(|c| {
            (
                c.decided_at,
                c.effective_at,
                c.source,
                c.min_size,
                c.desired_capacity,
                c.reason.as_str(),
            )
        })
        .collect();
    // What changed nothing has no row; a lifted desired capacity was not set.
    assert_eq!(
        rows,
        [
            (
                minute(4),
                minute(4),
                Source::Person,
                None,
                Some(4),
                "by hand"
            ),
            (
                minute(0),
                minute(10),
                Source::Planner,
                Some(5),
                None,
                "the morning rises"
            ),
            (
                minute(0),
                minute(12),
                Source::Planner,
                Some(1),
                None,
                "scheduled"
            ),
        ]
    );
    assert_eq!(group.group().unwrap().desired_capacity, 5);
}

#[test]
fn rows_of_one_minute_put_together_fit_each_other() {
    // A responder raises the desired capacity in the minute in which a higher floor falls due.
    let mut group = new(GroupSpec::new("web", 1, 2, 10));
    let floor = ScheduledAction {
        name: "up".to_owned(),
        start: Some(minute(5)),
        end: None,
        recurrence: None,
        min_size: Some(8),
        max_size: None,
        desired_capacity: None,
    };
    let origin = Origin::new(minute(0), Source::Planner, "");
    group
        .put_scheduled_actions(minute(0), &[floor], &origin)
        .unwrap();
    want(&mut group, 5, 6);
    idle(&mut group, 5..=5);
    let rows: Vec<_> = group
        .changes()
        .iter()
        .map(|c| (c.min_size, c.desired_capacity))
        .collect();
    assert_eq!(rows, [(None, Some(6)), (Some(8), Some(8))]);
}

type Spoil = fn(&mut GroupSpec);

#[test]
fn a_spec_that_contradicts_itself_is_refused() {
    let good = || GroupSpec::new("web", 1, 2, 10);
    let specs: [(&str, Spoil); 8] = [
        ("name", |s| s.name.clear()),
        ("min_size", |s| s.min_size = 11),
        ("desired_capacity", |s| s.desired_capacity = 11),
        ("boot", |s| s.boot = SignedDuration::ZERO),
        ("boot", |s| s.boot = SignedDuration::from_hours(25)),
        ("boot_spread", |s| s.boot_spread = f64::NAN),
        ("launch_failures.share", |s| s.launch_failures.share = 1.5),
        ("reactive.utilization", |s| {
            s.reactive = Some(TargetTracking {
                utilization: 0.0,
                scales_in: true,
            })
        }),
    ];
    for (field, spoil) in specs {
        let mut spec = good();
        spoil(&mut spec);
        let error = SimulatedGroup::new(spec, minute(0))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(field), "{error}");
    }
}
