//! What production data does, each with a known answer.

use crate::common;
use forecasting::{ForecastRequest, Prediction, forecast};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

/// Numbers from 0 to 1, the same in every run (splitmix64).
fn chance(index: usize) -> f64 {
    common::chance(index, 3)
}

/// Demand of a working week by the clocks of `zone`, a tenth of noise.
fn usual(at: Timestamp, zone: &TimeZone) -> f64 {
    let local = zone.to_datetime(at);
    let weekend = local.weekday().to_monday_zero_offset() >= 5;
    let level = if weekend { 60.0 } else { 100.0 };
    let turn = f64::from(local.hour()) / 24.0 * std::f64::consts::TAU;
    let noise = 0.95 + 0.1 * chance(usize::try_from(at.as_second() / 3600).unwrap());
    level * (1.2 - turn.cos()) * noise
}

struct Case {
    zone: TimeZone,
    start: Timestamp,
    values: Vec<f64>,
}

/// `days` days of the usual from `start` on.
fn case(start: &str, zone: &str, days: usize) -> Case {
    let zone = TimeZone::get(zone).unwrap();
    let start: Timestamp = start.parse().unwrap();
    let at = |hour: usize| start + SignedDuration::from_hours(i64::try_from(hour).unwrap());
    let values = (0..24 * days).map(|hour| usual(at(hour), &zone)).collect();
    Case {
        zone,
        start,
        values,
    }
}

fn plain(days: usize) -> Case {
    case("2026-02-02T00:00:00Z", "UTC", days)
}

impl Case {
    fn ask(&self, step: Step, steps: usize) -> Prediction {
        let history = Series::new(self.start, Step::HOUR, self.values.clone()).unwrap();
        forecast(&ForecastRequest {
            history: &history,
            cutoff: history.end(),
            step,
            horizon_steps: steps,
            zone: &self.zone,
            training_days: 56,
            occasions: &[],
            holidays: &[],
            left_out: &[],
        })
        .unwrap()
    }

    /// Error of the medians of `hours` hours against the usual times `factor`, as a share of it.
    fn error(&self, hours: usize, factor: f64) -> f64 {
        let prediction = self.ask(Step::HOUR, hours);
        let (mut miss, mut size) = (0.0, 0.0);
        for (step, median) in prediction.forecast.median().enumerate() {
            let expected = factor * usual(prediction.forecast.time_at(step), &self.zone);
            miss += (median - expected).abs();
            size += expected;
        }
        miss / size
    }
}

#[test]
fn the_clean_week_is_the_yardstick() {
    assert!(plain(42).error(24, 1.0) < 0.04);
}

#[test]
fn scattered_gaps_and_missing_days_cost_little() {
    let mut gaps = plain(42);
    for (hour, value) in gaps.values.iter_mut().enumerate() {
        if chance(hour + 70_000) < 0.2 {
            *value = f64::NAN;
        }
    }
    assert!(gaps.error(24, 1.0) < 0.06, "{}", gaps.error(24, 1.0));
    let mut days = plain(42);
    days.values[24 * 30..24 * 33].fill(f64::NAN);
    days.values[24 * 41..].fill(f64::NAN);
    assert!(days.error(24, 1.0) < 0.06, "{}", days.error(24, 1.0));
    assert_eq!(days.ask(Step::HOUR, 24).report.data.missing, 96);
}

#[test]
fn a_day_of_outage_just_before_the_forecast_does_not_lower_it() {
    let mut case = plain(42);
    let end = case.values.len();
    case.values[end - 20..].fill(0.0);
    assert!(case.error(24, 1.0) < 0.06, "{}", case.error(24, 1.0));
    let repaired = case.ask(Step::HOUR, 24).report.data.repaired;
    assert!(
        repaired.iter().any(|(_, why)| why.starts_with("outage")),
        "{repaired:?}"
    );
}

#[test]
fn a_counter_that_restarts_or_runs_over_teaches_nothing() {
    // Zero for a moment, then all that was counted at once, a few times; the last time just now.
    let mut case = plain(42);
    let end = case.values.len();
    for hour in [24 * 12 + 9, 24 * 25 + 15, 24 * 37 + 3] {
        case.values[hour] = 0.0;
        case.values[hour + 1] = 4_294_967_296.0;
    }
    assert!(case.error(24, 1.0) < 0.06, "{}", case.error(24, 1.0));
    case.values[end - 1] = 4_294_967_296.0;
    // What has just been seen may be true: the next hours may follow it, but within reason, and the
    // day after knows nothing of it.
    let made = case.ask(Step::HOUR, 48);
    for (step, median) in made.forecast.median().enumerate() {
        let expected = usual(made.forecast.time_at(step), &case.zone);
        let most = if step < 12 { 4.0 } else { 1.7 };
        assert!(median < most * expected, "{step}: {median} {expected}");
    }
}

#[test]
fn units_that_jump_are_followed_with_the_shape_that_was_learnt() {
    for factor in [60.0, 1000.0, 1.0 / 60.0, 1.0 / 1000.0] {
        let mut case = plain(42);
        for value in &mut case.values[24 * 39 + 11..] {
            *value *= factor;
        }
        let error = case.error(24, factor);
        assert!(error < 0.06, "{factor}: {error}");
        let made = case.ask(Step::HOUR, 24);
        let repaired = &made.report.data.repaired;
        assert!(
            repaired.iter().any(|(_, why)| why.starts_with("unit")),
            "{repaired:?}"
        );
        // The week to come has its weekend, which nobody has seen in this unit.
        assert!(
            case.error(24 * 6, factor) < 0.1,
            "{}",
            case.error(24 * 6, factor)
        );
    }
}

#[test]
fn a_migration_is_followed_from_the_first_night_on() {
    // At midnight and at eleven, halved and doubled, from the first whole day to four weeks.
    for (hours, most) in [
        (24, 0.1),
        (37, 0.1),
        (48, 0.08),
        (72, 0.06),
        (168, 0.06),
        (541, 0.06),
    ] {
        for factor in [0.5, 0.7, 2.0] {
            let mut case = plain(56);
            let end = case.values.len();
            for value in &mut case.values[end - hours..] {
                *value *= factor;
            }
            let error = case.error(24, factor);
            assert!(error < most, "{factor} {hours}: {error}");
            let notes = case.ask(Step::HOUR, 24).report.notes;
            let told = notes.iter().any(|note| note.contains("times the demand"));
            assert_eq!(told, hours < 24 * 15, "{notes:?}");
        }
    }
}

#[test]
fn a_young_halving_may_pass_so_the_band_reaches_the_old_level() {
    let mut case = plain(42);
    let end = case.values.len();
    for value in &mut case.values[end - 24..] {
        *value *= 0.5;
    }
    let made = case.ask(Step::HOUR, 24);
    for (step, row) in made.forecast.rows.iter().enumerate() {
        let old = usual(made.forecast.time_at(step), &case.zone);
        assert!(row[2] < 0.6 * old, "{step}: {row:?}");
        assert!(row[5] > 0.85 * old, "{step}: {row:?}");
    }
    // It passed: the day after is the usual one again.
    let mut passed = plain(42);
    for value in &mut passed.values[end - 48..end - 24] {
        *value *= 0.5;
    }
    assert!(passed.error(24, 1.0) < 0.06, "{}", passed.error(24, 1.0));
}

#[test]
fn a_closed_day_teaches_nothing_where_nights_and_weekends_are_empty() {
    // Hours of business on working days, nothing else; closed on one Tuesday, and on two days.
    for closed in [vec![36], vec![29], vec![30, 31], vec![41]] {
        let mut case = plain(42);
        for (hour, value) in case.values.iter_mut().enumerate() {
            let (day, hour) = (hour / 24, hour % 24);
            if day % 7 >= 5 || !(7..21).contains(&hour) || closed.contains(&day) {
                *value = 0.0;
            }
        }
        // Monday to Friday come next.
        let made = case.ask(Step::HOUR, 24 * 5);
        for (step, row) in made.forecast.rows.iter().enumerate() {
            let at = made.forecast.time_at(step);
            let expected = usual(at, &case.zone);
            if (7..21).contains(&(step % 24)) {
                let off = (row[2] / expected - 1.0).abs();
                assert!(off < 0.15, "{closed:?} {step}: {} {expected}", row[2]);
            }
        }
    }
}

#[test]
fn days_of_23_and_25_hours_keep_the_local_hours() {
    // Clocks change on 29 March and 25 October 2026 in Berlin, on 8 March and 1 November in New York.
    for (start, zone, days) in [
        ("2026-02-15T23:00:00Z", "Europe/Berlin", 41),
        ("2026-02-15T23:00:00Z", "Europe/Berlin", 44),
        ("2026-09-13T22:00:00Z", "Europe/Berlin", 41),
        ("2026-09-13T22:00:00Z", "Europe/Berlin", 45),
        ("2026-01-25T05:00:00Z", "America/New_York", 41),
        ("2026-09-20T04:00:00Z", "America/New_York", 44),
    ] {
        let case = case(start, zone, days);
        let error = case.error(48, 1.0);
        assert!(error < 0.06, "{start} {days}: {error}");
    }
}

#[test]
fn leap_days_are_days() {
    // Up to 28 February 2028, so that the 29th is forecast; and over it.
    for days in [41, 43] {
        let case = case("2028-01-18T00:00:00Z", "Asia/Tokyo", days);
        assert!(
            case.error(48, 1.0) < 0.06,
            "{days}: {}",
            case.error(48, 1.0)
        );
    }
}

#[test]
fn hours_of_history_give_a_wide_band_around_what_was_seen() {
    let mut case = plain(1);
    case.values.truncate(5);
    let made = case.ask(Step::HOUR, 24);
    let seen = case.values.iter().copied().fold(0.0, f64::max);
    for row in &made.forecast.rows {
        assert!(row[2] > 0.0 && row[2] < 3.0 * seen, "{row:?}");
        assert!(row[5] > 1.1 * row[2], "{row:?}");
    }
    assert!(
        made.report
            .notes
            .iter()
            .any(|note| note.contains("band is a guess"))
    );
}

#[test]
fn days_of_history_give_the_shape_of_the_day() {
    assert!(plain(3).error(24, 1.0) < 0.1, "{}", plain(3).error(24, 1.0));
    // Twelve days hold one weekend; the thirteenth is a Saturday.
    assert!(
        plain(12).error(24, 1.0) < 0.2,
        "{}",
        plain(12).error(24, 1.0)
    );
}

#[test]
fn a_constant_has_a_narrow_band_and_stays() {
    let mut case = plain(42);
    case.values.fill(250.0);
    for row in &case.ask(Step::HOUR, 24).forecast.rows {
        assert!((row[2] - 250.0).abs() < 0.01 && row[6] < 260.0, "{row:?}");
    }
}

#[test]
fn coarse_history_serves_finer_history_and_the_reverse() {
    // Hours that were spread over five minutes before day 30, true five minutes since: only the
    // shape within an hour is new.
    let case = plain(42);
    let fine: Vec<f64> = (0..288 * 42)
        .map(|index| {
            let hour = index / 12;
            let swing = if hour < 24 * 30 {
                0.0
            } else {
                0.3 * ((index % 12) as f64 / 5.5 - 1.0)
            };
            case.values[hour] * (1.0 + swing)
        })
        .collect();
    let five = Step::FIVE_MINUTES;
    let history = Series::new(case.start, five, fine).unwrap();
    let made = forecast(&ForecastRequest {
        history: &history,
        cutoff: history.end(),
        step: five,
        horizon_steps: 288,
        zone: &case.zone,
        training_days: 56,
        occasions: &[],
        holidays: &[],
        left_out: &[],
    })
    .unwrap();
    let hours: Vec<f64> = made.forecast.median().collect();
    for (hour, twelve) in hours.chunks(12).enumerate() {
        let mean = twelve.iter().sum::<f64>() / 12.0;
        let at = case.start + SignedDuration::from_hours(24 * 42 + i64::try_from(hour).unwrap());
        let expected = usual(at, &case.zone);
        assert!(
            (mean / expected - 1.0).abs() < 0.15,
            "{hour}: {mean} {expected}"
        );
        assert!(
            twelve[11] > 1.2 * twelve[0],
            "{hour}: the shape within the hour is lost"
        );
    }
}
