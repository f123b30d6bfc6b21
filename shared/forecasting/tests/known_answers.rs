//! Production data with a known answer: what broke, shifted, grew or was announced.

use forecasting::{Effect, ForecastRequest, Interval, Occasion, Prediction, forecast};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

const START: &str = "2026-02-02T00:00:00Z";

fn at(hours: i64) -> Timestamp {
    START.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
}

/// A working week: a daily wave, weekends at 60 %, a ripple that is not noise.
fn week(hours: usize) -> Vec<f64> {
    (0..hours).map(usual).collect()
}

fn usual(hour: usize) -> f64 {
    let day = (hour / 24) % 7;
    let level = if day < 5 { 100.0 } else { 60.0 };
    let turn = hour as f64 / 24.0 * std::f64::consts::TAU;
    level * (1.0 - 0.5 * turn.cos()) + ((hour * 7919) % 13) as f64 * 0.3
}

fn ask(
    values: &[f64],
    occasions: &[Occasion],
    left_out: &[Interval],
    zone: &TimeZone,
) -> Prediction {
    let start = at(0);
    let history = Series::new(start, Step::HOUR, values.to_vec()).unwrap();
    forecast(&ForecastRequest {
        history: &history,
        cutoff: history.end(),
        step: Step::HOUR,
        horizon_steps: 24,
        zone,
        training_days: 56,
        occasions,
        holidays: &[],
        left_out,
    })
    .unwrap()
}

/// Mean absolute error of the medians against the usual week times `factor`, over its mean.
fn error(prediction: &Prediction, from: usize, factor: f64) -> f64 {
    let (mut miss, mut size) = (0.0, 0.0);
    for (step, median) in prediction.forecast.median().enumerate() {
        let expected = factor * usual(from + step);
        miss += (median - expected).abs();
        size += expected;
    }
    miss / size
}

fn during(from: i64, to: i64) -> Interval {
    Interval {
        start: at(from),
        end: at(to),
    }
}

#[test]
fn an_outage_and_a_spike_teach_nothing_and_are_listed() {
    let mut values = week(24 * 42);
    values[24 * 30 + 9..24 * 30 + 14].fill(0.0);
    values[24 * 41 + 10..24 * 41 + 12].fill(9000.0);
    let prediction = ask(&values, &[], &[], &TimeZone::UTC);
    assert!(error(&prediction, 24 * 42, 1.0) < 0.03);
    let top = prediction
        .forecast
        .rows
        .iter()
        .map(|row| row[6])
        .fold(0.0, f64::max);
    assert!(top < 250.0, "a spike of 9000 widened the band to {top}");
    let repaired = &prediction.report.data.repaired;
    assert_eq!(repaired.len(), 2, "{repaired:?}");
    assert_eq!(repaired[0].0, during(24 * 30 + 9, 24 * 30 + 14));
    assert_eq!(repaired[1].0, during(24 * 41 + 10, 24 * 41 + 12));
    assert!(repaired[1].1.starts_with("spike"));
}

#[test]
fn what_is_left_out_teaches_nothing() {
    let mut values = week(24 * 42);
    for value in &mut values[24 * 40..] {
        *value *= 2.5;
    }
    let followed = ask(&values, &[], &[], &TimeZone::UTC);
    assert!(error(&followed, 24 * 42, 1.0) > 0.3);
    let left_out = [during(24 * 40, 24 * 42)];
    let ignored = ask(&values, &[], &left_out, &TimeZone::UTC);
    assert!(error(&ignored, 24 * 42, 1.0) < 0.05);
    assert_eq!(ignored.report.data.missing, 48);
}

#[test]
fn a_level_shift_is_followed_within_days() {
    let mut values = week(24 * 42);
    for value in &mut values[24 * 39..] {
        *value *= 0.5;
    }
    let prediction = ask(&values, &[], &[], &TimeZone::UTC);
    let miss = error(&prediction, 24 * 42, 0.5);
    assert!(miss < 0.12, "{miss}");
}

#[test]
fn growth_is_followed() {
    let grown: Vec<f64> = (0..24 * 56)
        .map(|hour| usual(hour) * 1.01_f64.powf(hour as f64 / 24.0))
        .collect();
    let prediction = ask(&grown, &[], &[], &TimeZone::UTC);
    let miss = error(&prediction, 24 * 56, 1.01_f64.powi(56));
    assert!(miss < 0.05, "{miss}");
}

#[test]
fn a_changed_weekly_shape_is_learnt_in_two_weeks() {
    let mut values = week(24 * 47);
    // Weekends become ordinary days; the forecast day is a Saturday.
    for (hour, value) in values.iter_mut().enumerate().skip(24 * 26) {
        if (hour / 24) % 7 >= 5 {
            *value /= 0.6;
        }
    }
    let prediction = ask(&values, &[], &[], &TimeZone::UTC);
    let miss = error(&prediction, 24 * 47, 1.0 / 0.6);
    assert!(miss < 0.12, "{miss}");
}

#[test]
fn a_week_of_history_is_enough_for_the_day() {
    let prediction = ask(&week(24 * 7), &[], &[], &TimeZone::UTC);
    // The eighth day is a Monday after a weekend: yesterday would miss it by 0.40.
    let miss = error(&prediction, 24 * 7, 1.0);
    assert!(miss < 0.38, "{miss}");
}

#[test]
fn intermittent_demand_is_mostly_nothing() {
    let values: Vec<f64> = (0..24 * 42)
        .map(|hour| if (hour * 7919) % 23 == 0 { 50.0 } else { 0.0 })
        .collect();
    let prediction = ask(&values, &[], &[], &TimeZone::UTC);
    for row in &prediction.forecast.rows {
        assert!(row[2] < 5.0 && row[6] <= 120.0, "{row:?}");
    }
}

#[test]
fn the_local_hour_is_kept_when_clocks_change() {
    // Berlin's clocks go forward on 29 March; demand follows the local hour.
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let local = |hour: i64| {
        let local = at(hour).to_zoned(zone.clone());
        if local.hour() == 9 { 300.0 } else { 50.0 }
    };
    let values: Vec<f64> = (0..24 * 56).map(local).collect();
    let prediction = ask(&values, &[], &[], &zone);
    for (step, median) in prediction.forecast.median().enumerate() {
        let expected = local(24 * 56 + i64::try_from(step).unwrap());
        assert!(
            (median / expected - 1.0).abs() < 0.1,
            "{step} {median} {expected}"
        );
    }
}

#[test]
fn occasions_are_applied() {
    let values = week(24 * 42);
    let base = ask(&values, &[], &[], &TimeZone::UTC);
    let occasion = |effect| Occasion {
        name: "final".to_owned(),
        during: during(24 * 42 + 10, 24 * 42 + 12),
        lead: SignedDuration::ZERO,
        tail: SignedDuration::ZERO,
        announced_at: None,
        effect,
    };
    let with = |effect| ask(&values, &[occasion(effect)], &[], &TimeZone::UTC);
    let plain = &base.forecast.rows[10];
    let tripled = with(Effect::Multiplier(3.0));
    let row = &tripled.forecast.rows[10];
    assert!((row[2] / plain[2] - 3.0).abs() < 1e-9);
    // As wrong as people are, beside what the hour does by itself.
    let own = (plain[5] / plain[2]).ln();
    let wide = own.hypot(1.6449 * 0.2 * 3.0_f64.ln());
    assert!(((row[5] / row[2]).ln() - wide).abs() < 1e-9);
    assert_eq!(tripled.forecast.rows[12], base.forecast.rows[12]);
    let fixed = with(Effect::Absolute(400.0));
    assert!((fixed.forecast.rows[11][2] - 400.0).abs() < 1e-9);
    assert!(fixed.forecast.rows[11][5] > 400.0);
    let like = with(Effect::Like(at(24 * 40 + 3)));
    assert!((like.forecast.rows[10][2] - usual(24 * 40 + 10)).abs() < 1e-9);
    let unknown = with(Effect::Learnt);
    assert_eq!(unknown.forecast, base.forecast);
    assert!(unknown.report.notes[0].contains("no past occurrence"));
}

#[test]
fn lead_and_tail_grow_and_fade_and_what_was_not_announced_is_not_known() {
    let values = week(24 * 42);
    let base = ask(&values, &[], &[], &TimeZone::UTC);
    let occasion = |factor: f64| Occasion {
        name: "final".to_owned(),
        during: during(24 * 42 + 10, 24 * 42 + 12),
        lead: SignedDuration::from_hours(4),
        tail: SignedDuration::from_hours(2),
        effect: Effect::Multiplier(factor),
        announced_at: None,
    };
    let factor = |asked: &Prediction, hour: usize| {
        asked.forecast.rows[hour][2] / base.forecast.rows[hour][2]
    };
    // What raises does so by the highest share within the step ...
    let raised = ask(&values, &[occasion(3.0)], &[], &TimeZone::UTC);
    for (hour, expected) in [
        (5, 1.0),
        (6, 1.5),
        (8, 2.5),
        (9, 3.0),
        (11, 3.0),
        (12, 3.0),
        (13, 2.0),
        (14, 1.0),
    ] {
        let found = factor(&raised, hour);
        assert!(
            (found - expected).abs() < 0.01,
            "{hour}: {found} {expected}"
        );
    }
    // ... what lowers by the mean share.
    let lowered = ask(&values, &[occasion(0.5)], &[], &TimeZone::UTC);
    for (hour, expected) in [
        (5, 1.0),
        (6, 0.9375),
        (9, 0.5625),
        (10, 0.5),
        (12, 0.625),
        (13, 0.875),
    ] {
        let found = factor(&lowered, hour);
        assert!(
            (found - expected).abs() < 0.01,
            "{hour}: {found} {expected}"
        );
    }
    let secret = Occasion {
        announced_at: Some(at(24 * 42 + 1)),
        ..occasion(3.0)
    };
    assert_eq!(
        ask(&values, &[secret], &[], &TimeZone::UTC).forecast,
        base.forecast
    );
}

#[test]
fn the_effect_of_an_occasion_is_learnt_and_does_not_teach_the_usual() {
    let mut values = week(24 * 42);
    let mut occasions = Vec::new();
    for day in [35, 42] {
        let from = 24 * day + 18;
        occasions.push(Occasion {
            name: "programme".to_owned(),
            during: during(from, from + 3),
            lead: SignedDuration::ZERO,
            tail: SignedDuration::ZERO,
            announced_at: None,
            effect: Effect::Learnt,
        });
    }
    for value in &mut values[24 * 35 + 18..24 * 35 + 21] {
        *value *= 4.0;
    }
    let prediction = ask(&values, &occasions, &[], &TimeZone::UTC);
    let factor = prediction.forecast.rows[19][2] / usual(24 * 42 + 19);
    assert!((factor - 4.0).abs() < 0.3, "{factor}");
    let without = ask(&values, &occasions[..1], &[], &TimeZone::UTC);
    let factor = without.forecast.rows[19][2] / usual(24 * 42 + 19);
    assert!((factor - 1.0).abs() < 0.1, "{factor}");
}
