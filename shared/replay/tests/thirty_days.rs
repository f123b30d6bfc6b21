//! Thirty simulated days in which everything goes wrong at random: runs are missed, late, doubled,
//! cut short or throttled, answers are lost, forecasts do not come, clocks are wrong by a minute,
//! people set MinSize.
use crate::common::{ACTIVE, GROUP, Stage, alarm, at, config, forecast, mins, series};
use documents::{Plan, decode, keys};
use fleet::Sizes;
use jiff::{SignedDuration, Timestamp};
use local::{Fault, Faults};
use pollster::block_on;
use ports::DocumentStore;
use simulation::Random;

const FAULTS: [Fault; 6] = [
    Fault::Throttled,
    Fault::Denied,
    Fault::Conflict,
    Fault::UnansweredBefore,
    Fault::UnansweredAfter,
    Fault::ItemsRefused,
];

fn demand(minute: usize) -> f64 {
    let of_week = if minute / 1440 % 7 < 5 { 1.0 } else { 0.6 };
    of_week * (8000.0 - 5000.0 * (minute as f64 / 1440.0 * std::f64::consts::TAU).cos())
}

/// The plan that is stored and applied in full, if it is.
fn applied(stage: &Stage) -> Option<Plan> {
    let key = keys::plan("web");
    let stored = block_on(stage.store.get(&key)).unwrap()?;
    let plan = decode::<Plan>(&key, &stored.bytes).ok()?.body;
    plan.applied.then_some(plan)
}

/// The least that `plan` promises in the two minutes that AWS may take.
fn promised(plan: &Plan, now: Timestamp) -> u32 {
    let at = |at: Timestamp| {
        let held = plan
            .floors
            .iter()
            .take_while(|floor| floor.start <= at)
            .last();
        held.map_or(0, |floor| floor.servers)
    };
    (0..=2).map(|late| at(now - mins(late))).min().unwrap_or(0)
}

fn month(seed: u64) -> (usize, usize) {
    let start = at("2026-06-01T00:00:00Z");
    let minutes = 30 * 1440;
    let stage = Stage::new(
        start,
        &config(ACTIVE),
        series(start, minutes + 1, demand),
        seed.is_multiple_of(2),
    );
    let mut random = Random::new(seed);
    let mut chance = |share: f64| random.chance(share);
    // The last plan that was applied in full, when a person last set MinSize, and since when a
    // newer decision is only half applied.
    let (mut good, mut hand, mut unfinished) = (None::<Plan>, None::<Timestamp>, false);
    let (mut failed, mut watched) = (0_usize, 0_usize);
    for minute in 0..minutes {
        let now = start + mins(i64::try_from(minute).unwrap());
        stage.clock.set(now);
        if minute % 1440 == 10 && !chance(0.2) {
            let night = Timestamp::from_second(now.as_second() / 900 * 900).unwrap();
            stage.put_forecast(&forecast(night, |step| {
                demand(minute - minute % 15 + step * 15) * 1.1
            }));
        }
        if minute % 97 == 0 && chance(0.03) {
            let min = if chance(0.5) { 14 } else { 4 };
            stage.by_hand(Sizes {
                min_size: Some(min),
                ..Sizes::default()
            });
            hand = Some(now);
        }
        let spike = minute % 60 == 7 && chance(0.05);
        let due = minute == 40 || (minute % 60 == 40 && !chance(0.15)) || chance(0.002);
        let runs = usize::from(due) + usize::from(due && chance(0.1));
        for _ in 0..runs + usize::from(spike) {
            let faults = Faults::none();
            let faults = if chance(0.4) {
                faults.at_random(seed ^ minute as u64, 0.08, &FAULTS)
            } else {
                faults
            };
            // A function's clock may be wrong, AWS's is right by definition.
            let clock = if chance(0.2) {
                let wrong = if chance(0.5) { 1 } else { -1 };
                local::VirtualClock::new(now + mins(wrong))
            } else {
                stage.clock.clone()
            };
            let broken = Stage {
                clock,
                store: stage.store.clone(),
                metrics: stage.metrics.clone(),
                groups: stage.groups.clone(),
                notifier: stage.notifier.clone(),
                faults,
            };
            let ended = if due {
                broken.planner()
            } else {
                broken.responder(&alarm(now))
            };
            failed += usize::from(ended.failed);
            match applied(&stage) {
                Some(plan) => {
                    if good.as_ref() != Some(&plan) {
                        hand = None;
                    }
                    (good, unfinished) = (Some(plan), false);
                }
                // Between two plans either may stand; what both promise is owed.
                None => unfinished = true,
            }
        }
        let record = stage.groups.advance(GROUP, demand(minute), 1000.0).unwrap();
        let Some(plan) = good.as_ref().filter(|plan| now < plan.expires_at) else {
            continue;
        };
        if hand.is_some() {
            continue;
        }
        let owed = if unfinished {
            let key = keys::plan("web");
            let stored = block_on(stage.store.get(&key)).unwrap().unwrap();
            let half = decode::<Plan>(&key, &stored.bytes).unwrap().body;
            promised(plan, now).min(promised(&half, now))
        } else {
            promised(plan, now)
        };
        watched += 1;
        assert!(
            record.min_size >= owed,
            "seed {seed}: MinSize {} of {owed} promised at {now}, plan of {}",
            record.min_size,
            plan.decided_at
        );
    }
    let end = start + SignedDuration::from_hours(30 * 24);
    stage.clock.set(end);
    (failed, watched)
}

fn check(seed: u64) {
    let (failed, watched) = month(seed);
    assert!(failed > 30, "seed {seed}: only {failed} runs failed");
    assert!(
        watched > 25 * 1440,
        "seed {seed}: only {watched} minutes were watched"
    );
}

#[test]
fn no_minute_is_under_the_floor_that_the_last_good_plan_promised() {
    check(1);
}

/// Another seed has another kind of group: one with a policy that scales in.
#[test]
fn nor_is_one_with_other_faults() {
    check(2);
}
