//! The alternatives: known answers, fallbacks, and no look ahead.
use jiff::{SignedDuration, Timestamp};
use simulation::SimulationError;
use simulation::alternatives::{
    Run, Setting, alternatives, by_minute, clairvoyant, kubernetes_hpa, last_week,
    predictive_scaling, static_peak, step_scaling, target_tracking, target_tracking_5m_cpu,
    yesterday,
};
use simulation::generate::Scenario;
use timeseries::{Series, Step};

fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

fn setting() -> Setting {
    Setting {
        throughput: 100.0,
        min_servers: 1,
        max_servers: 1_000,
        initial_servers: None,
        boot: SignedDuration::from_mins(5),
        boot_spread: 0.25,
        lead: SignedDuration::from_mins(8),
        margin: 1.0,
        utilization: 0.8,
        seed: 1,
    }
}

/// Minutes from the start on, split after `days`.
fn split(days: i64, values: Vec<f64>) -> (Series, Series) {
    let all = Series::new(start(), Step::MINUTE, values).unwrap();
    let at = start() + SignedDuration::from_hours(24 * days);
    (all.between(start(), at), all.between(at, all.end()))
}

/// A rate for each hour of the day.
fn days(count: usize, rate: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    (0..count * 1440)
        .map(|m| rate(m / 1440, m / 60 % 24))
        .collect()
}

type Alternative = fn(&Series, &Series, &Setting) -> Result<Run, SimulationError>;

const ALL: [(&str, Alternative); 8] = [
    ("static_peak", static_peak),
    ("yesterday", yesterday),
    ("last_week", last_week),
    ("target_tracking", |_, demand, setting| {
        target_tracking(demand, setting)
    }),
    ("target_tracking_5m_cpu", |_, demand, setting| {
        target_tracking_5m_cpu(demand, setting)
    }),
    ("step_scaling", |_, demand, setting| {
        step_scaling(demand, setting)
    }),
    ("kubernetes_hpa", |_, demand, setting| {
        kubernetes_hpa(demand, setting)
    }),
    ("predictive_scaling", predictive_scaling),
];

#[test]
fn schedules_repeat_what_was_and_come_early() {
    let busy_morning = |_: usize, hour: usize| if hour == 9 { 1_000.0 } else { 300.0 };
    let (history, demand) = split(8, days(9, busy_morning));
    for schedule in [yesterday, last_week] {
        let run = schedule(&history, &demand, &setting()).unwrap();
        let desired: Vec<u32> = run.records.iter().map(|r| r.desired_capacity).collect();
        assert_eq!(
            (desired[531], desired[532], desired[599], desired[600]),
            (3, 10, 10, 3)
        );
        assert_eq!(run.outcome.minutes, 1440);
        // A boot of more than 8 minutes is rare: hardly anything is lost.
        assert!(run.outcome.lost_share() < 0.01);
    }
    let fixed = static_peak(&history, &demand, &setting()).unwrap();
    assert!(fixed.records[20..].iter().all(|r| r.in_service == 12));
}

#[test]
fn yesterday_and_last_week_differ_by_what_they_repeat() {
    let (history, demand) = split(8, days(9, |day, _| if day == 7 { 700.0 } else { 200.0 }));
    let of = |schedule: Alternative| schedule(&history, &demand, &setting()).unwrap().records[30];
    assert_eq!(of(yesterday).desired_capacity, 7);
    assert_eq!(of(last_week).desired_capacity, 2);
}

#[test]
fn without_history_they_keep_what_is_and_then_use_what_they_saw() {
    let nothing = Series::new(start(), Step::MINUTE, Vec::new()).unwrap();
    let demand = Series::new(start(), Step::MINUTE, days(2, |_, _| 600.0)).unwrap();
    for (name, alternative) in ALL {
        let run = alternative(&nothing, &demand, &setting()).unwrap();
        assert_eq!(
            run.records[0].in_service, 6,
            "{name} begins with what the first minute needs"
        );
        let last = run.records.last().unwrap();
        // The target needs 8; a step may be taken on what was before the last server came.
        assert!((6..=9).contains(&last.desired_capacity), "{name}: {last:?}");
        assert_eq!(run.outcome.lost_demand, 0.0, "{name}");
    }
    let given = Setting {
        initial_servers: Some(9),
        ..setting()
    };
    let run = last_week(&nothing, &demand, &given).unwrap();
    assert_eq!(
        (run.records[0].in_service, run.records[1_000].in_service),
        (9, 6)
    );
}

#[test]
fn gaps_are_neither_lost_nor_learnt_from() {
    let mut values = days(9, |_, _| 300.0);
    values[7 * 1440..7 * 1440 + 600].fill(f64::NAN);
    values[8 * 1440 + 100..8 * 1440 + 200].fill(f64::NAN);
    let (history, demand) = split(8, values);
    for (name, alternative) in ALL {
        let run = alternative(&history, &demand, &setting()).unwrap();
        assert_eq!(run.outcome.lost_demand, 0.0, "{name}");
        assert_eq!(run.outcome.total_demand, 300.0 * 1_340.0, "{name}");
        assert!(run.records.iter().all(|r| r.in_service >= 3), "{name}");
    }
}

#[test]
fn predictive_scaling_is_ready_where_target_tracking_comes_late() {
    let steep = |_: usize, hour: usize| {
        if (8..20).contains(&hour) {
            2_000.0
        } else {
            300.0
        }
    };
    let (history, demand) = split(15, days(18, steep));
    let predicted = predictive_scaling(&history, &demand, &setting()).unwrap();
    let tracked = target_tracking(&demand, &setting()).unwrap();
    assert!(predicted.outcome.lost_demand * 3.0 < tracked.outcome.lost_demand);
    // 5 minutes before the hour, with the target's headroom: 2000 / 80 = 25.
    assert_eq!(
        (
            predicted.records[474].min_size,
            predicted.records[475].min_size
        ),
        (4, 25)
    );
    // It lifts the floor only; target tracking removes the servers.
    let evening = &predicted.records[1_200..1_230];
    assert_eq!((evening[1].min_size, evening[1].desired_capacity), (4, 25));
    assert_eq!(evening[29].desired_capacity, 4);
}

/// Desired capacity of each minute where demand is `rate` by the minute, from five servers of 100 a
/// minute at a target of 80, boots of exactly five minutes.
fn desired(
    policy: fn(&Series, &Setting) -> Result<Run, SimulationError>,
    rate: impl Fn(usize) -> f64,
) -> Vec<u32> {
    let demand = Series::new(start(), Step::MINUTE, (0..240).map(rate).collect()).unwrap();
    let setting = Setting {
        initial_servers: Some(5),
        boot_spread: 0.0,
        ..setting()
    };
    let run = policy(&demand, &setting).unwrap();
    run.records.iter().map(|r| r.desired_capacity).collect()
}

#[test]
fn step_scaling_takes_the_step_of_the_band_and_waits_for_what_boots() {
    // 96 a server, 1.2 of the threshold: a fifth of five, from the second datapoint on, seen at minute
    // 13. While the sixth boots the step is taken of five again, and adds nothing. Once it serves, the
    // datapoint is still of two minutes before.
    let up = desired(step_scaling, |m| if m < 10 { 400.0 } else { 480.0 });
    assert_eq!((up[12], up[13], up[18], up[19]), (5, 6, 6, 7));
    // Seven are neither too few nor too many.
    assert_eq!(up[239], 7);
    // 44 a server, .55: a tenth, which is one, after 15 datapoints; then 55, .69, another after 15
    // more; at three 73, within the threshold.
    let down = desired(step_scaling, |m| if m < 10 { 400.0 } else { 220.0 });
    assert_eq!((down[25], down[26], down[40], down[41]), (5, 4, 4, 3));
    assert_eq!(down[239], 3);
    // Twice the threshold and more doubles.
    let jump = desired(step_scaling, |m| if m < 10 { 400.0 } else { 900.0 });
    assert_eq!((jump[12], jump[13]), (5, 10));
    assert!(jump[239] >= 12);
}

#[test]
fn the_hpa_tolerates_a_tenth_and_takes_the_largest_of_five_minutes() {
    let near = desired(kubernetes_hpa, |m| if m < 10 { 400.0 } else { 436.0 });
    assert!(near.iter().all(|servers| *servers == 5));
    // 700 / 80 is 9, asked for at once; while four boot they count as idle.
    let up = desired(kubernetes_hpa, |m| if m < 10 { 400.0 } else { 700.0 });
    assert_eq!((up[11], up[12], up[239]), (5, 9, 9));
    // 200 / 80 is 3, once five recommendations say so.
    let down = desired(kubernetes_hpa, |m| if m < 10 { 400.0 } else { 200.0 });
    assert_eq!((down[15], down[16], down[239]), (5, 3, 3));
}

#[test]
fn five_minute_cpu_sees_late_and_no_more_than_a_full_cpu() {
    // Periods from minutes 10, 15 and 20 are above; the third is in at minute 26. A full CPU says
    // 1.25 of five servers, over .8: 8, where demand needs 25.
    let jump = |m: usize| if m < 10 { 350.0 } else { 2_000.0 };
    let late = desired(target_tracking_5m_cpu, jump);
    assert_eq!((late[25], late[26]), (5, 8));
    assert!(desired(target_tracking, jump)[14] == 25);
    assert!(late[239] >= 25);
    // 15 periods of five minutes below.
    let down = desired(
        target_tracking_5m_cpu,
        |m| if m < 10 { 390.0 } else { 150.0 },
    );
    assert_eq!((down[85], down[86]), (5, 2));
}

#[test]
fn nobody_looks_ahead() {
    let days = 24;
    let scenario = Scenario {
        spikes_per_week: 5.0,
        ..Scenario::new(start(), days, 2_000.0, 5)
    };
    let values = scenario.generate().unwrap().demand.values().to_vec();
    for cut in [16 * 1440 + 1, 17 * 1440 + 475, 18 * 1440 + 719, 23 * 1440] {
        let mut other = values.clone();
        other[cut..]
            .iter_mut()
            .enumerate()
            .for_each(|(i, v)| *v = 40.0 * ((i * 7919) % 997) as f64);
        let (history, demand) = split(16, values.clone());
        let (_, changed) = split(16, other);
        let at = start() + SignedDuration::from_mins(i64::try_from(cut).unwrap());
        for (name, alternative) in ALL {
            let before = |demand: &Series| -> Vec<_> {
                let run = alternative(&history, demand, &setting()).unwrap();
                // What is decided in the minute of the cut knows only the minutes before.
                run.changes
                    .into_iter()
                    .filter(|c| c.decided_at <= at)
                    .collect()
            };
            assert_eq!(before(&demand), before(&changed), "{name} at minute {cut}");
        }
    }
}

#[test]
fn the_clairvoyant_is_cheapest_of_those_that_lose_nothing() {
    for seed in 0..4 {
        let scenario = Scenario::new(start(), 23, 2_000.0, seed);
        let values = scenario.generate().unwrap().demand.values().to_vec();
        let (history, demand) = split(16, values);
        let all = alternatives(&history, &demand, &setting()).unwrap();
        assert_eq!(all.clairvoyant.lost_demand, 0.0);
        for other in [all.static_peak, all.target_tracking, all.predictive_scaling] {
            assert!(other.server_minutes > all.clairvoyant.server_minutes);
        }
        assert!(all.static_peak.server_minutes > 1.5 * all.clairvoyant.server_minutes);
        assert_eq!(all.clairvoyant.minutes, 7 * 1440);
    }
}

#[test]
fn the_clairvoyant_respects_the_limits() {
    let (_, demand) = split(0, days(1, |_, hour| if hour == 5 { 900.0 } else { 50.0 }));
    let limited = Setting {
        min_servers: 2,
        max_servers: 6,
        ..setting()
    };
    let bound = clairvoyant(&demand, &limited).unwrap();
    assert_eq!(bound.lost_demand, 300.0 * 60.0);
    assert_eq!(bound.minutes_under, 60);
    assert_eq!(bound.server_minutes, (1_380 * 2 + 60 * 6 + 4 * 5) as f64);
    assert!((bound.lost_share() - 18_000.0 / 123_000.0).abs() < 1e-12);
    assert!((bound.cost(0.6) - bound.server_minutes * 0.01).abs() < 1e-9);
}

#[test]
fn longer_steps_become_minutes_of_the_same_rate() {
    let hours = Series::new(start(), Step::HOUR, vec![60.0, f64::NAN]).unwrap();
    let minutes = by_minute(&hours);
    assert_eq!((minutes.len(), minutes.step()), (120, Step::MINUTE));
    assert_eq!(minutes.values()[59], 60.0);
    assert!(minutes.values()[60].is_nan());
    let refused = [
        target_tracking(&hours, &setting()),
        yesterday(&hours, &minutes, &setting()),
        target_tracking(
            &minutes,
            &Setting {
                throughput: 0.0,
                ..setting()
            },
        ),
        target_tracking(
            &minutes,
            &Setting {
                min_servers: 5,
                max_servers: 4,
                ..setting()
            },
        ),
    ];
    assert!(
        refused
            .iter()
            .all(|r| matches!(r, Err(SimulationError::Value { .. })))
    );
}
