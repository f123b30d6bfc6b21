//! Days through the planner in which a target's share falls on bad evidence and grows on good: what
//! is told, what present demand keeps, and the way back.
use std::collections::BTreeMap;

use crate::common::{ACTIVE, GROUP, Stage, at, config, forecast, mins, series};
use fleet::Sizes;
use jiff::Timestamp;
use ports::MetricName;

const DAY: i64 = 1440;
const THROUGHPUT: f64 = 1000.0;

fn start() -> Timestamp {
    at("2026-11-20T00:00:00Z")
}

/// 3,000 at night, 13,000 at noon.
fn wave(minute: i64) -> f64 {
    let of_day = minute as f64 / DAY as f64 * std::f64::consts::TAU;
    8000.0 - 5000.0 * of_day.cos()
}

fn guarded() -> String {
    let guard = "control = { canary_guard = { label = \"connections\", full = 80, namespace = \"Shop\", name = \"Connections\" } }";
    config(&format!("{ACTIVE}\n{guard}"))
}

/// A scene from midnight on in which the guard is at 95 of 80 while `bad` and at 40 else.
fn scene(text: &str, days: i64, bad: impl Fn(i64) -> bool) -> Stage {
    let before = 8 * 60;
    let minutes = usize::try_from(days * DAY + before).unwrap();
    let now = start() - mins(before);
    let minute = |index: usize| i64::try_from(index).unwrap() - before;
    let demand = series(now, minutes, |index| wave(minute(index)));
    let guard = series(
        now,
        minutes,
        |index| {
            if bad(minute(index)) { 95.0 } else { 40.0 }
        },
    );
    let mut stage = Stage::new(start(), text, demand, true);
    let name = MetricName {
        namespace: "Shop".to_owned(),
        name: "Connections".to_owned(),
        dimensions: [].into(),
    };
    stage.metrics = stage.metrics.clone().with(name, guard);
    stage
}

/// What was seen in days of hourly runs.
#[derive(Default)]
struct Days {
    /// Shares that were applied, `(floors below the group's own MinSize, above it)`, in order and
    /// without repetition.
    shares: Vec<(u8, u8)>,
    /// MinSize after the run of each hour.
    floors: BTreeMap<i64, u32>,
    lost: f64,
    demand: f64,
}

/// `days` of hourly runs at :40 from `from` on; in every one MinSize of an active target must be no less
/// than the demand that is known then takes. A canary keeps its share only.
fn run(stage: &Stage, seen: &mut Days, from: i64, days: i64) {
    let config = pollster::block_on(ports::DocumentStore::get(
        &stage.store,
        documents::keys::CONFIG,
    ));
    let config = String::from_utf8(config.unwrap().unwrap().bytes).unwrap();
    let canary = config.contains("canary\"");
    for minute in from * DAY..(from + days) * DAY {
        let now = start() + mins(minute);
        stage.clock.set(now);
        if minute % DAY == 0 {
            let night = minute;
            stage.put_forecast(&forecast(now, |step| {
                wave(night + 15 * i64::try_from(step).unwrap() + 7)
            }));
        }
        if minute % 60 == 40 {
            let ended = stage.planner();
            assert!(!ended.failed, "{now}: {}", ended.text);
            let state = stage.plan().canary;
            let share = state.map_or((100, 100), |state| (state.percent, state.above()));
            if seen.shares.last() != Some(&share) {
                seen.shares.push(share);
            }
            let (min_size, active) = (stage.group().min_size, share.1 == 100 || !canary);
            let least = (wave(minute - 5).min(wave(minute)) / THROUGHPUT).floor();
            assert!(
                !active || f64::from(min_size) >= least,
                "{now}: MinSize {min_size}, share {share:?}: {}",
                ended.text
            );
            seen.floors.insert(minute / 60, min_size);
        }
        let record = stage
            .groups
            .advance(GROUP, wave(minute), THROUGHPUT)
            .unwrap();
        seen.lost += record.lost;
        seen.demand += record.demand;
    }
}

fn told(stage: &Stage) -> Vec<String> {
    let messages = stage.notifier.messages();
    messages.iter().map(|it| it.subject.clone()).collect()
}

#[test]
fn an_active_target_whose_guard_goes_bad_steps_back_to_nothing_and_grows_back_after_good_days() {
    // Bad from ten in the morning of the second day until four in the afternoon.
    let bad = |minute| (DAY + 600..DAY + 960).contains(&minute);
    let stage = scene(&guarded(), 8, bad);
    let mut seen = Days::default();
    run(&stage, &mut seen, 0, 8);
    let below: Vec<u8> = seen.shares.iter().map(|share| share.0).collect();
    let mut falls = below.clone();
    falls.dedup();
    assert_eq!(
        falls,
        [100, 50, 25, 12, 10, 0, 10, 20, 40, 80, 100],
        "{:?}",
        seen.shares
    );
    let told = told(&stage);
    let expected = [
        "web: active back from 100 % to 50 %",
        "web: active back from 50 % to 25 %",
        "web: active back from 25 % to 12 %",
        "web: active back from 12 % to 10 %",
        "web: active fell back to applying nothing",
        "web: active from 0 % to 10 %",
        "web: active from 10 % to 20 %",
        "web: active from 20 % to 40 %",
        "web: active from 40 % to 80 %",
        "web: active from 80 % to 100 %",
    ];
    assert_eq!(told, expected);
    let text = &stage.notifier.messages()[0].text;
    assert!(text.contains("connections at 95.0000, above 80"), "{text}");
    // Whole again, it plans as it did before: nothing of the way back is left.
    assert_eq!(stage.plan().canary, None);
    let of_day = |day: i64| {
        (day * 24..day * 24 + 24)
            .map(|hour| seen.floors[&hour])
            .collect::<Vec<_>>()
    };
    assert_eq!(of_day(7)[12..], of_day(0)[12..]);
    // The group's own policies carry what the floors do not.
    assert!(
        seen.lost <= 0.001 * seen.demand,
        "{} of {}",
        seen.lost,
        seen.demand
    );
}

#[test]
fn a_group_that_had_more_of_its_own_gets_it_back_at_once() {
    let bad = |minute| (DAY + 600..DAY + 960).contains(&minute);
    let stage = scene(&guarded(), 3, bad);
    // Twenty servers of its own, of which the plan saves half and more.
    stage.by_hand(Sizes {
        min_size: Some(20),
        desired_capacity: Some(20),
        ..Sizes::default()
    });
    let mut seen = Days::default();
    run(&stage, &mut seen, 0, 3);
    let below: Vec<u8> = seen.shares.iter().map(|share| share.0).collect();
    // An eighth of what was saved rounds up to all twenty: then nothing of the plan is in force, and the
    // guard, which is still bad, says nothing of it. After a good day it grows.
    assert_eq!(below, [100, 50, 25, 12, 24], "{:?}", seen.shares);
    let floors: Vec<u32> = (34..40).map(|hour| seen.floors[&hour]).collect();
    assert!(floors[0] >= 16 && floors[..5].is_sorted(), "{floors:?}");
    assert!(floors[4] == 20 && floors[5] >= 19, "{floors:?}");
    assert_eq!(seen.lost, 0.0);
}

#[test]
fn a_guard_that_nobody_can_read_changes_nothing_and_is_told_each_hour() {
    let stage = scene(&guarded(), 2, |_| false);
    let name = MetricName {
        namespace: "Shop".to_owned(),
        name: "Connections".to_owned(),
        dimensions: [].into(),
    };
    let mut seen = Days::default();
    run(&stage, &mut seen, 0, 1);
    let gone = Stage {
        metrics: stage
            .metrics
            .clone()
            .with(name, series(start(), 1, |_| 40.0)),
        ..stage
    };
    run(&gone, &mut seen, 1, 1);
    assert_eq!(seen.shares, [(100, 100)]);
    let said = gone.planner().text;
    assert!(
        said.contains("the guard connections cannot be read"),
        "{said}"
    );
}

#[test]
fn a_canary_grows_to_all_and_an_active_target_takes_over_without_a_jump() {
    let stage = scene(&config("mode = \"canary\""), 8, |_| false);
    let mut seen = Days::default();
    run(&stage, &mut seen, 0, 7);
    let shares: Vec<u8> = seen.shares.iter().map(|share| share.0).collect();
    assert_eq!(shares, [10, 20, 40, 80, 100]);
    let last = stage.notifier.messages().pop().unwrap();
    assert!(last.text.contains("canary at 100 % for"), "{last:?}");
    assert!(
        last.text.contains("mode = \"active\" is proposed"),
        "{last:?}"
    );
    // Taken over: the same run decides the same floors, and no call changes the group.
    stage.clock.set(start() + mins(7 * DAY));
    assert!(!stage.planner().failed);
    let (group, actions, plan, writes) = (
        stage.group(),
        stage.actions(),
        stage.plan(),
        stage.group_writes(),
    );
    stage.put_text(documents::keys::CONFIG, &config(ACTIVE));
    let ended = stage.planner();
    assert!(!ended.failed, "{}", ended.text);
    assert_eq!(stage.group_writes(), writes, "{}", ended.text);
    assert_eq!((stage.group(), stage.actions()), (group, actions));
    assert_eq!(stage.plan().floors, plan.floors);
    assert_eq!(stage.plan().canary, None);
    // And the next day is a whole plan's.
    run(&stage, &mut seen, 7, 1);
    assert_eq!(seen.shares.last(), Some(&(100, 100)));
}
