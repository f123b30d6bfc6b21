//! Whether decay is found, soon and rarely in vain, and what is done about it.

use crate::common;
use forecasting::{
    Drift, DriftState, ForecastRequest, Interval, Memory, NightScore, QuantileForecast, rechoose,
    score, widen, widening,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

/// Numbers from 0 to 1, the same in every run (splitmix64).
fn chance(index: usize) -> f64 {
    common::chance(index, 99)
}

/// A standard normal number (Box & Muller 1958).
fn normal(index: usize) -> f64 {
    let radius = (-2.0 * (1.0 - chance(2 * index)).ln()).sqrt();
    radius * (std::f64::consts::TAU * chance(2 * index + 1)).cos()
}

fn night(loss: f64, over_p95: f64) -> NightScore {
    NightScore {
        steps: 24,
        loss,
        relative_error: Some(0.8),
        over_p90: over_p95,
        over_p95,
        needed: 1.0,
    }
}

/// Nights of a loss around 0.1 that varies by a quarter, and 0 to 3 of 24 steps above P95.
fn usual(index: usize) -> NightScore {
    let over = (3.6 * chance(7 * index)).floor() / 24.0;
    night(0.1 * (0.25 * normal(index)).exp(), over)
}

/// Runs the tests over nights; each night's state.
fn states(nights: impl Iterator<Item = NightScore>) -> Vec<DriftState> {
    let (mut drift, mut losses) = (Drift::default(), Vec::new());
    nights
        .map(|night| {
            drift = drift.after(&night, &losses);
            if drift.state == DriftState::Steady {
                losses.push(night.loss);
            }
            drift.state
        })
        .collect()
}

#[test]
fn usual_nights_raise_no_alarm_for_a_year_and_more() {
    let states = states((0..6000).map(usual));
    let alarms = states
        .windows(2)
        .filter(|pair| pair[0] == DriftState::Steady && pair[1] == DriftState::Drifting)
        .count();
    assert!(alarms <= 12, "{alarms} in 6000 nights");
}

#[test]
fn a_doubled_loss_is_found_within_a_week_and_so_is_its_end() {
    let mut late = 0;
    for case in 0..200 {
        let nights = (0..60).map(|index| {
            let mut night = usual(1000 * case + index);
            if (30..45).contains(&index) {
                night.loss *= 2.0;
            }
            night
        });
        let states = states(nights);
        let found = states[30..]
            .iter()
            .position(|state| *state == DriftState::Drifting);
        late += usize::from(found.is_none_or(|nights| nights > 7));
        let end = states[45..]
            .iter()
            .position(|state| *state == DriftState::Steady);
        assert!(end.is_some_and(|nights| nights <= 10), "{case} {states:?}");
    }
    assert!(late <= 10, "{late} of 200 were found late");
}

#[test]
fn a_band_that_holds_too_little_is_found_within_days_though_the_loss_is_as_ever() {
    let nights = (0..40).map(|index| {
        let over = if index < 30 { 0.04 } else { 0.35 };
        night(0.1, over)
    });
    let found = states(nights)
        .iter()
        .position(|state| *state == DriftState::Drifting);
    assert!(
        found.is_some_and(|night| (31..=33).contains(&night)),
        "{found:?}"
    );
}

#[test]
fn one_bad_night_is_no_drift() {
    let nights = (0..60).map(|index| {
        if index == 40 {
            night(3.0, 1.0)
        } else {
            usual(index)
        }
    });
    assert!(
        states(nights)
            .iter()
            .all(|state| *state == DriftState::Steady)
    );
}

#[test]
fn what_stays_is_the_new_usual() {
    let nights = (0..120).map(|index| night(if index < 40 { 0.1 } else { 0.3 }, 0.05));
    let states = states(nights);
    assert_eq!(states[50], DriftState::Drifting);
    assert_eq!(states[110], DriftState::Steady, "{states:?}");
}

fn flat(rows: usize) -> QuantileForecast {
    QuantileForecast {
        start: start(),
        step: Step::HOUR,
        rows: vec![[60.0, 80.0, 100.0, 120.0, 130.0, 140.0, 170.0, 180.0, 200.0]; rows],
        memory: Memory::default(),
    }
}

#[test]
fn a_night_is_scored_by_hand() {
    // 12 steps hit the median, 6 lie at 150, 6 were not observed.
    let mut values = vec![100.0; 12];
    values.extend([150.0; 6]);
    values.extend([f64::NAN; 6]);
    let observed = Series::new(start(), Step::HOUR, values.clone()).unwrap();
    let score_of = |left_out: &[Interval]| score(&flat(72), &observed, left_out).unwrap();
    let found = score_of(&[]);
    assert_eq!(found.steps, 18);
    assert!((found.over_p95 - 1.0 / 3.0).abs() < 1e-12);
    assert!((found.over_p90 - 1.0 / 3.0).abs() < 1e-12);
    // Level 0.5: 6 x 50; 0.9: 12 x 6 + 6 x 36; 0.95: 12 x 4 + 6 x 19; 0.99: 12 x 1.4 + 6 x 0.4.
    let sum = 6.0 * 50.0
        + 2.0 * (12.0 * 3.0 + 6.0 * 18.0 + 12.0 * 2.0 + 6.0 * 9.5 + 12.0 * 0.7 + 6.0 * 0.2);
    let expected = sum / 4.0 / (1200.0 + 900.0);
    assert!(
        (found.loss - expected).abs() < 1e-12,
        "{} {expected}",
        found.loss
    );
    assert!((found.needed - 1.25).abs() < 1e-12);
    assert_eq!(found.relative_error, None);
    let out = Interval {
        start: start() + SignedDuration::from_hours(12),
        end: start() + SignedDuration::from_hours(18),
    };
    assert_eq!(score_of(&[out]).over_p95, 0.0);
    let short = Series::new(start(), Step::HOUR, values[..10].to_vec()).unwrap();
    assert!(score(&flat(72), &short, &[]).is_none());
}

#[test]
fn a_day_without_demand_is_scored_by_what_was_forecast() {
    for step in [
        Step::HOUR,
        Step::from_minutes(15).unwrap(),
        Step::FIVE_MINUTES,
    ] {
        let per_day = step.per_day();
        let forecast = QuantileForecast {
            step,
            ..flat(per_day)
        };
        let nothing = Series::new(start(), step, vec![0.0; per_day]).unwrap();
        let found = score(&forecast, &nothing, &[]).unwrap();
        // Of a median of 100: 0.5 x 100, 0.1 x 130, 0.05 x 140, 0.01 x 170, twice, over four.
        assert!((found.loss - 0.5 * 0.717).abs() < 1e-9, "{}", found.loss);
        assert_eq!((found.steps, found.over_p95), (per_day, 0.0));
        // As a drift it counts like any bad night.
        let usual = vec![0.05; 20];
        let steady = Drift {
            known: 20,
            ..Drift::default()
        };
        assert!(steady.after(&found, &usual).loss_sum > 2.0);
        let rows = vec![[0.0; 9]; per_day];
        let empty = QuantileForecast {
            step,
            rows,
            ..flat(1)
        };
        assert_eq!(score(&empty, &nothing, &[]).unwrap().loss, 0.0);
    }
}

#[test]
fn a_band_is_widened_by_what_it_needed() {
    assert_eq!(widening(&[]), 1.2);
    assert_eq!(widening(&[(1.6, 1.0), (1.8, 1.0), (1.7, 1.0)]), 1.7);
    // Already widened and wide enough: it shrinks.
    assert!((widening(&[(0.8, 2.0), (0.8, 2.0), (0.8, 2.0)]) - 1.6).abs() < 1e-12);
    assert_eq!(widening(&[(50.0, 2.0); 3]), 3.0);
    let mut forecast = flat(1);
    widen(&mut forecast, 3.0);
    assert_eq!(
        forecast.rows[0],
        [0.0, 40.0, 100.0, 160.0, 190.0, 220.0, 310.0, 340.0, 400.0]
    );
}

#[test]
fn after_a_change_a_shorter_history_is_chosen() {
    let zone = TimeZone::UTC;
    let hours = 24 * 70;
    let wave = |hour: usize| {
        // Until two weeks ago something else came and went with it.
        let other = if hour < hours - 24 * 18 {
            400.0 * chance(hour / 3)
        } else {
            0.0
        };
        let turn = hour as f64 / 24.0 * std::f64::consts::TAU;
        100.0 * (1.3 + turn.cos()) + 10.0 * chance(hour) + other
    };
    let history = Series::new(start(), Step::HOUR, (0..hours).map(wave).collect()).unwrap();
    let request = ForecastRequest {
        history: &history,
        cutoff: history.end(),
        step: Step::HOUR,
        horizon_steps: 24,
        zone: &zone,
        training_days: 56,
        occasions: &[],
        holidays: &[],
        left_out: &[],
    };
    let (days, ratio) = rechoose(&request, 4).unwrap();
    assert!(days < 56 && ratio < 0.95, "{days} {ratio}");
    let steady = |hour: usize| 100.0 + 10.0 * chance(hour) + f64::from(u8::from(hour % 24 < 12));
    let history = Series::new(start(), Step::HOUR, (0..hours).map(steady).collect()).unwrap();
    let request = ForecastRequest {
        history: &history,
        ..request
    };
    let (days, ratio) = rechoose(&request, 4).unwrap();
    assert!(days == 56 && ratio == 1.0 || ratio > 0.85, "{days} {ratio}");
}
