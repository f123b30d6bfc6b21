//! Whole replays: nothing decided at a time depends on what comes after it, the same replay is the
//! same twice, and a plan that nobody renews stays safe for its day.
use crate::common::{ACTIVE, GROUP, Stage, at, config, forecast, mins, series};
use jiff::{SignedDuration, Timestamp};
use replay::{Replay, Setup, replay};
use timeseries::Series;

const START: &str = "2026-11-02T00:00:00Z";

fn day(minute: usize) -> f64 {
    let noise = (minute * 7919 % 401) as f64 / 401.0 - 0.5;
    7000.0 - 4500.0 * (minute as f64 / 1440.0 * std::f64::consts::TAU).cos() + 600.0 * noise
}

/// Nine days, of which the last is replayed, with a surge at its 10:00.
fn demand(minute: usize) -> f64 {
    let surge = (8 * 1440 + 600..8 * 1440 + 660).contains(&minute);
    if surge { 18_000.0 } else { day(minute) }
}

fn run(demand: &Series) -> Replay {
    let text = format!(
        "{}training_days = 14\nstep = \"1h\"\nsimulation = {{ boot = \"4m\", boot_spread = 0.2, reactive = {{ utilization = 0.8, scales_in = true }} }}\n",
        config(ACTIVE)
    );
    let from = at(START) + SignedDuration::from_hours(8 * 24);
    let setup = Setup {
        config_file: "forescale.toml",
        config: &text,
        target: None,
        demand,
        from,
        to: from + SignedDuration::from_hours(16),
    };
    replay(&setup, &mut |_| ()).expect("a replay")
}

#[test]
fn what_is_decided_before_a_moment_does_not_depend_on_what_comes_after_it() {
    let minutes = 9 * 1440;
    let known = run(&series(at(START), minutes, demand));
    assert_eq!(known.failures, []);
    assert!(known.runs[2] > 0, "the surge calls the responder");
    // From 11:00 on everything is different: more, less, unknown.
    let turn = 8 * 1440 + 660;
    let turned = at(START) + mins(i64::try_from(turn).unwrap());
    let others: [fn(usize) -> f64; 3] = [
        |_| 30_000.0,
        |_| 10.0,
        |m| if m % 2 == 0 { f64::NAN } else { 0.0 },
    ];
    for other in others {
        let changed = run(&series(at(START), minutes, |m| {
            if m < turn { demand(m) } else { other(m) }
        }));
        let before = |replay: &Replay| -> Vec<_> {
            replay
                .records
                .iter()
                .filter(|r| r.at < turned)
                .copied()
                .collect()
        };
        assert_eq!(before(&changed), before(&known));
        // Rows decided before that took effect before; a later decision may replace a pending one.
        let rows = |replay: &Replay| -> Vec<_> {
            let rows = replay.changes.iter();
            rows.filter(|row| row.decided_at < turned && row.effective_at < turned)
                .cloned()
                .collect()
        };
        assert_eq!(rows(&changed), rows(&known));
        let told = |replay: &Replay| -> Vec<(Timestamp, String)> {
            let told = replay.messages.iter().filter(|(at, _)| *at < turned);
            told.map(|(at, message)| (*at, message.text.clone()))
                .collect()
        };
        assert_eq!(told(&changed), told(&known));
        assert_ne!(changed.records, known.records, "the future was another one");
    }
    // And twice the same is the same.
    let again = run(&series(at(START), minutes, demand));
    assert_eq!(again.records, known.records);
    assert_eq!(again.changes, known.changes);
    assert_eq!(again.messages, known.messages);
}

/// One hour is planned and then no function runs any more: with and without a policy that scales
/// in.
#[test]
fn a_plan_left_alone_is_safe_for_a_day_and_then_gives_back_the_floor_alone() {
    for tracking in [true, false] {
        let now = at("2026-11-20T08:40:00Z");
        let stage = Stage::new(
            now,
            &config(ACTIVE),
            series(now - mins(600), 40 * 60, |m| day(m + 520)),
            tracking,
        );
        let start = at("2026-11-20T00:00:00Z");
        stage.put_forecast(&forecast(start, |step| day(step * 15) + 900.0));
        assert!(!stage.planner().failed);
        let end = stage.plan().expires_at;
        assert!(end >= now + SignedDuration::from_hours(24));
        let mut last = stage.group().desired_capacity;
        while stage.now() < end + mins(10) {
            let minute = stage.now().duration_since(start).as_mins();
            let demand = day(usize::try_from(minute).unwrap() % 1440);
            stage.pass(mins(1), demand);
            let group = stage.group();
            if stage.now() >= now + mins(8) && stage.now() < end {
                let needed = (demand / 1000.0).ceil();
                assert!(
                    f64::from(group.in_service()) >= needed,
                    "{} of {needed} at {}",
                    group.in_service(),
                    stage.now()
                );
            }
            if stage.now() >= end && !tracking {
                assert!(
                    group.desired_capacity >= last,
                    "the end takes no server away"
                );
            }
            last = group.desired_capacity;
        }
        assert_eq!(stage.group().min_size, 3, "its own floor again");
        assert!(stage.actions().is_empty());
        let rows = stage
            .groups
            .with(GROUP, |group| group.changes().to_vec())
            .unwrap();
        assert!(
            rows.iter()
                .filter(|row| row.effective_at >= end)
                .all(|row| row.min_size.is_none() || row.desired_capacity.is_none())
        );
    }
}
