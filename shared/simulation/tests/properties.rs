//! What holds for a simulated group whatever is done to it, over thousands of random minutes.
use std::collections::BTreeSet;

use fleet::{MOST_SCHEDULED_ACTIONS, ScheduledAction, Sizes};
use jiff::{SignedDuration, Timestamp};
use simulation::{GroupSpec, Origin, Random, SimulatedGroup, Source, TargetTracking};

const THROUGHPUT: f64 = 100.0;
const MINUTES: i64 = 600;

fn minute(n: i64) -> Timestamp {
    let start: Timestamp = "2026-03-04T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(n)
}

fn maybe(random: &mut Random, most: u64) -> Option<u32> {
    random
        .chance(0.5)
        .then(|| u32::try_from(random.below(most)).unwrap())
}

fn sizes(random: &mut Random) -> Sizes {
    Sizes {
        min_size: maybe(random, 20),
        max_size: maybe(random, 40),
        desired_capacity: maybe(random, 30),
    }
}

fn new(seed: u64) -> SimulatedGroup {
    let mut spec = GroupSpec::new("web", 2, 4, 20);
    spec.boot_spread = 0.4;
    spec.late_schedule = seed.is_multiple_of(2);
    spec.launch_failures.share = 0.1;
    spec.reactive = seed.is_multiple_of(3).then_some(TargetTracking {
        utilization: 0.8,
        scales_in: true,
    });
    spec.seed = seed;
    SimulatedGroup::new(spec, minute(0)).unwrap()
}

/// One random deed of somebody's, refused or not.
fn meddle(group: &mut SimulatedGroup, random: &mut Random, n: i64) {
    let origin = Origin::new(minute(n), Source::Person, "meddling");
    let name = format!("a{}", random.below(200));
    match random.below(8) {
        0 => drop(group.resize(minute(n), sizes(random), &origin)),
        1 => drop(group.delete_scheduled_actions(&[name])),
        2 => group.lose(minute(n), 1),
        3 => group.suspend("Launch"),
        4 => group.resume("Launch"),
        _ => {
            let Sizes {
                min_size,
                max_size,
                desired_capacity,
            } = sizes(random);
            let ahead = i64::try_from(random.below(300)).unwrap();
            let recurrence = random
                .chance(0.02)
                .then(|| format!("{} * * * *", random.below(60)));
            let action = ScheduledAction {
                name,
                start: recurrence.is_none().then(|| minute(n + ahead)),
                end: None,
                recurrence,
                min_size,
                max_size,
                desired_capacity,
            };
            drop(group.put_scheduled_actions(minute(n), &[action], &origin));
        }
    }
}

#[test]
fn limits_actions_and_servers_stay_in_order() {
    for seed in 0..60 {
        let mut group = new(seed);
        let mut random = Random::new(seed);
        for n in 0..MINUTES {
            for _ in 0..random.below(4) {
                meddle(&mut group, &mut random, n);
            }
            let record = group.advance(minute(n), random.between(0.0, 2_500.0), THROUGHPUT);
            let context = || format!("seed {seed}, minute {n}: {record:?}");
            assert!(record.min_size <= record.desired_capacity, "{}", context());
            assert!(record.desired_capacity <= record.max_size, "{}", context());
            assert!(record.billed() <= record.desired_capacity, "{}", context());
            let capacity = f64::from(record.in_service) * THROUGHPUT;
            assert!((record.lost - (record.demand - capacity).max(0.0)).abs() < 1e-6);
            let actions = group.scheduled_actions().unwrap();
            assert!(actions.len() <= MOST_SCHEDULED_ACTIONS);
            let latest = minute(n - 2);
            assert!(
                actions.iter().all(|a| a.start.unwrap() > latest),
                "{}",
                context()
            );
        }
        let rows = group.changes();
        assert!(rows.len() > 50, "seed {seed}: {}", rows.len());
        assert!(rows.is_sorted_by_key(|row| row.effective_at));
        assert!(rows.iter().all(|row| row.decided_at <= row.effective_at));
    }
}

#[test]
fn a_group_left_alone_comes_to_its_desired_capacity() {
    for seed in 0..40 {
        let mut spec = GroupSpec::new("web", 2, 4, 20);
        spec.boot_spread = 0.4;
        spec.launch_failures.share = 0.3;
        spec.seed = seed;
        let mut group = SimulatedGroup::new(spec, minute(0)).unwrap();
        let mut random = Random::new(seed);
        for n in 0..60 {
            meddle(&mut group, &mut random, n);
            group.advance(minute(n), 0.0, THROUGHPUT);
        }
        for action in group.scheduled_actions().unwrap() {
            group.delete_scheduled_actions(&[action.name]).unwrap();
        }
        group.resume("Launch");
        let records: Vec<_> = (60..160)
            .map(|n| group.advance(minute(n), 0.0, THROUGHPUT))
            .collect();
        let last = records.last().unwrap();
        assert_eq!(
            (last.in_service, last.booting),
            (last.desired_capacity, 0),
            "seed {seed}"
        );
        let ids: BTreeSet<_> = group
            .group()
            .unwrap()
            .instances
            .into_iter()
            .map(|instance| instance.id)
            .collect();
        assert_eq!(ids.len(), last.in_service as usize, "ids are unique");
    }
}

#[test]
fn the_log_alone_rebuilds_the_sizes() {
    // What re-scores a run from its change log must arrive at the same sizes every minute.
    for seed in 0..30 {
        let mut group = new(seed);
        let mut random = Random::new(seed);
        let mut records = Vec::new();
        for n in 0..MINUTES {
            if random.chance(0.3) {
                meddle(&mut group, &mut random, n);
            }
            records.push(group.advance(minute(n), random.between(0.0, 2_500.0), THROUGHPUT));
        }
        let mut rows = group.changes().iter().peekable();
        let (mut min, mut desired, mut max) = (2, 4, 20);
        for record in records {
            while let Some(row) = rows.next_if(|row| row.effective_at <= record.at) {
                max = row.max_size.unwrap_or(max);
                min = row.min_size.unwrap_or(min);
                desired = row.desired_capacity.unwrap_or(desired).clamp(min, max);
            }
            let now = (record.min_size, record.desired_capacity, record.max_size);
            assert_eq!(now, (min, desired, max), "seed {seed}, {}", record.at);
        }
    }
}

#[test]
fn a_run_repeats_to_the_bit() {
    let run = || {
        let mut group = new(6);
        let mut random = Random::new(6);
        let mut records = Vec::new();
        for n in 0..MINUTES {
            meddle(&mut group, &mut random, n);
            records.push(group.advance(minute(n), random.between(0.0, 2_500.0), THROUGHPUT));
        }
        (
            records,
            group.changes().to_vec(),
            group.activities(minute(0)).unwrap(),
        )
    };
    assert_eq!(run(), run());
}
