use fleet::{ActivityStatus, Instance, Lifecycle};
use proptest::prelude::*;

use super::*;

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

fn activity(id: usize, way: &str, start: i64, seconds: Option<i64>) -> Activity {
    Activity {
        id: String::new(),
        description: format!("Launching a new EC2 instance{way}: i-{id:017x}"),
        cause: String::new(),
        started: at(start),
        ended: seconds.map(|seconds| at(start) + SignedDuration::from_secs(seconds)),
        status: match seconds {
            Some(_) => ActivityStatus::Successful,
            None => ActivityStatus::InProgress,
        },
        message: None,
    }
}

/// A launch an hour of so many seconds, from instance 0 on.
fn hourly(seconds: &[i64]) -> Vec<Activity> {
    let hours = seconds.iter().enumerate();
    hours
        .map(|(n, s)| activity(n, "", 60 * n as i64, Some(*s)))
        .collect()
}

fn versions(of: &[(std::ops::Range<usize>, &str)]) -> BTreeMap<String, String> {
    let each = of.iter().flat_map(|(range, version)| {
        let range = range.clone();
        range.map(move |n| (format!("i-{n:017x}"), (*version).to_owned()))
    });
    each.collect()
}

fn measure(
    activities: &[Activity],
    group: &Group,
    versions: &BTreeMap<String, String>,
) -> Result<MeasuredLeadTime, String> {
    measure_lead_time(&Launches {
        activities,
        group,
        versions,
        now: at(60 * 24 * 40),
    })
}

fn plain(activities: &[Activity]) -> Result<MeasuredLeadTime, String> {
    measure(activities, &Group::default(), &BTreeMap::new())
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

#[test]
fn nine_of_ten_launches_were_no_slower() {
    let mut activities = hourly(&[600, 60, 540, 120, 480, 180, 420, 240, 360, 300]);
    let mut failed = activity(99, "", 3, Some(100_000));
    failed.status = ActivityStatus::Failed;
    activities.push(failed);
    let group = Group {
        default_warmup: Some(seconds(30)),
        ..Group::default()
    };
    let measured = measure(&activities, &group, &BTreeMap::new()).unwrap();
    assert_eq!(measured.lead_time, seconds(9 * 60 + 30));
    assert_eq!(measured.launches, 10);
}

#[test]
fn a_few_launches_are_too_few() {
    let why = plain(&hourly(&[60; 4])).unwrap_err();
    assert!(why.starts_with("4 finished"), "{why}");
}

#[test]
fn a_release_with_longer_boots_counts_from_its_first_launch() {
    let mut took = vec![180; 30];
    took.push(660);
    let versions = versions(&[(0..30, "41"), (30..31, "42")]);
    let measured = measure(&hourly(&took), &Group::default(), &versions).unwrap();
    assert_eq!(measured.lead_time, seconds(660));
    assert_eq!(measured.version.as_deref(), Some("42"));
    let told = measured.sentences();
    assert_eq!(told[1], "boots went from 3 to 11 minutes with version 42");
}

#[test]
fn shorter_boots_count_when_there_are_enough_to_measure() {
    for (new, lead, told) in [
        (4, 660, "4 launches are too few"),
        (5, 180, "boots went from 11 to 3 minutes with version 42"),
    ] {
        let mut took = vec![660; 20];
        took.extend(vec![180; new]);
        let versions = versions(&[(0..20, "41"), (20..20 + new, "42")]);
        let measured = measure(&hourly(&took), &Group::default(), &versions).unwrap();
        assert_eq!(measured.lead_time, seconds(lead));
        assert!(measured.sentences()[1].contains(told));
    }
}

#[test]
fn a_version_that_boots_alike_is_no_change() {
    let took: Vec<i64> = (0..40).map(|n| 180 + n * 37 % 60).collect();
    let versions = versions(&[(0..30, "41"), (30..40, "42")]);
    let measured = measure(&hourly(&took), &Group::default(), &versions).unwrap();
    assert_eq!(measured.change, None);
    assert_eq!(measured.launches, 40);
}

#[test]
fn a_change_without_a_version_takes_three_launches() {
    let mut took: Vec<i64> = (0..40).map(|n| 170 + n * 37 % 20).collect();
    took.extend([650, 660]);
    assert_eq!(plain(&hourly(&took)).unwrap().change, None);
    took.push(670);
    let measured = plain(&hourly(&took)).unwrap();
    assert_eq!(measured.lead_time, seconds(670));
    let told = measured.sentences()[1].clone();
    assert!(told.starts_with("boots went from 3 to 11 minutes at 1970-01-02"));
    // It passes as it came.
    took.extend([175, 176, 177, 178]);
    assert_eq!(plain(&hourly(&took)).unwrap().change, None);
}

#[test]
fn a_launch_of_the_new_version_that_is_still_booting_counts_too() {
    let mut activities = hourly(&[180; 20]);
    activities.push(activity(20, "", 60 * 24 * 40 - 50, None));
    let group = Group {
        instances: vec![Instance {
            id: format!("i-{:017x}", 20),
            lifecycle: Lifecycle::Pending,
            healthy: true,
            weight: 1,
            template_version: Some("42".to_owned()),
            instance_type: None,
        }],
        ..Group::default()
    };
    let versions = versions(&[(0..20, "41")]);
    let measured = measure(&activities, &group, &versions).unwrap();
    assert_eq!(measured.lead_time, SignedDuration::from_mins(50));
}

#[test]
fn over_an_hour_is_fine_and_over_six_is_cut() {
    let lead = |took| plain(&hourly(&[took; 6])).unwrap().lead_time;
    assert_eq!(lead(5400), SignedDuration::from_mins(90));
    assert_eq!(lead(100_000), LONGEST);
}

#[test]
fn a_warm_pool_counts_while_it_is_there() {
    let mut activities: Vec<Activity> = (0..20)
        .map(|n| activity(n, " from warm pool", 60 * n as i64, Some(36)))
        .collect();
    activities.extend((20..40).map(|n| activity(n, " into warm pool", 60 * n as i64, Some(260))));
    activities.extend((40..42).map(|n| activity(n, "", 7 * n as i64, Some(243))));
    let pooled = |size| Group {
        warm_pool: size,
        ..Group::default()
    };
    let none = BTreeMap::new();
    let measured = measure(&activities, &pooled(Some(3)), &none).unwrap();
    assert_eq!(measured.lead_time, seconds(36));
    let told = measured.sentences().join(" ");
    assert!(told.contains("from the warm pool 20 in 36s, from nothing 2 in"));
    assert!(told.contains("into the warm pool 20 in"));
    // Two cold launches are too few to go by without the pool.
    for size in [None, Some(0)] {
        assert!(measure(&activities, &pooled(size), &none).is_err());
    }
    activities.extend((42..46).map(|n| activity(n, "", 9 * n as i64, Some(243))));
    let measured = measure(&activities, &pooled(None), &none).unwrap();
    assert_eq!((measured.lead_time, measured.launches), (seconds(243), 6));
}

#[test]
fn versions_of_servers_that_are_gone_are_kept_for_six_weeks() {
    let known = versions(&[(0..3, "41")]);
    let group = Group {
        instances: vec![Instance {
            id: format!("i-{:017x}", 3),
            lifecycle: Lifecycle::InService,
            healthy: true,
            weight: 1,
            template_version: Some("42".to_owned()),
            instance_type: None,
        }],
        ..Group::default()
    };
    let activities = hourly(&[60; 5]);
    let kept = versions_seen(&known, &group, &activities[1..]);
    let mut expected = versions(&[(1..3, "41"), (3..4, "42")]);
    assert_eq!(kept, expected);
    // A launch of unknown version between two of the same is of it too.
    expected.remove(&format!("i-{:017x}", 2));
    let mut activities = hourly(&[180, 180, 180, 180, 180, 180, 660]);
    activities.swap(0, 5);
    let versions = versions(&[(0..1, "41"), (5..6, "41"), (6..7, "42")]);
    let measured = measure(&activities, &Group::default(), &versions).unwrap();
    assert_eq!(measured.change.unwrap().version.as_deref(), Some("42"));
}

proptest! {
    #[test]
    fn whatever_the_activities_say_there_is_an_answer(
        launches in prop::collection::vec(
            (any::<u8>(), 0..3_usize, -100_000..100_000_i64, prop::option::of(any::<i32>())),
            0..40,
        ),
        warmup in prop::option::of(any::<i64>()),
        pool in prop::option::of(0..3_u32),
        known in 0..60_usize,
    ) {
        let ways = ["", " from warm pool", " into warm pool"];
        let activities: Vec<Activity> = launches
            .iter()
            .map(|(id, way, start, took)| {
                activity(usize::from(*id), ways[*way], *start, took.map(i64::from))
            })
            .collect();
        let group = Group {
            default_warmup: warmup.map(seconds),
            warm_pool: pool,
            ..Group::default()
        };
        let versions = versions(&[(0..known / 2, "1"), (known / 2..known, "2")]);
        if let Ok(measured) = measure(&activities, &group, &versions) {
            prop_assert!(!measured.lead_time.is_negative());
            prop_assert!(measured.lead_time <= LONGEST);
            prop_assert!(!measured.sentences().is_empty());
        }
    }
}

/// A version whose median is as before and of which two launches in five are slow: among many older
/// launches its tail is rarer than one in ten.
#[test]
fn a_versions_own_tail_is_not_hidden_by_older_launches() {
    let mut took: Vec<i64> = (0..90).map(|n| 180 + n % 60).collect();
    took.extend([230, 600, 230, 230, 600].repeat(2));
    let of = versions(&[(0..90, "41"), (90..100, "42")]);
    let measured = measure(&hourly(&took), &Group::default(), &of).unwrap();
    assert_eq!(measured.launch, seconds(600), "{measured:?}");
    assert_eq!(
        (measured.launches, measured.version.as_deref()),
        (10, Some("42"))
    );
    // Too few launches for a percentile of their own: the older ones count with them.
    let took: Vec<i64> = took.into_iter().take(94).collect();
    let of = versions(&[(0..90, "41"), (90..94, "42")]);
    let measured = measure(&hourly(&took), &Group::default(), &of).unwrap();
    assert!(measured.launch < seconds(240), "{measured:?}");
}
