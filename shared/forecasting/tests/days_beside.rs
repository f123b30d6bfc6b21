//! The days around a holiday, and the holiday beside a migration, with known answers.

use std::collections::BTreeMap;

use ::holidays::Place;
use forecasting::{ForecastRequest, Holiday, Prediction, forecast};
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

fn midnight(day: Date) -> Timestamp {
    day.to_zoned(zone()).unwrap().timestamp()
}

/// A working week with weekends at 60 % and some hash of the step instead of noise.
fn usual(at: Timestamp, zone: &TimeZone) -> f64 {
    let local = zone.to_datetime(at);
    let level = match local.weekday() {
        Weekday::Saturday | Weekday::Sunday => 60.0,
        _ => 100.0,
    };
    let hour = f64::from(local.hour()) + f64::from(local.minute()) / 60.0;
    let turn = hour / 24.0 * std::f64::consts::TAU;
    let hash = ((at.as_second() / 300).wrapping_mul(2_654_435_761) >> 7) & 1023;
    level * (1.2 - turn.cos()) * (0.95 + 0.1 * hash as f64 / 1023.0)
}

/// Demand over `days` before `day`, changed by `change` of the local day; the forecast of that day.
fn ask(step: Step, day: Date, days: i64, change: impl Fn(Date) -> f64) -> Prediction {
    let cutoff = midnight(day);
    let start = midnight(day.checked_sub(jiff::Span::new().days(days)).unwrap());
    let length = step.covering(cutoff.duration_since(start));
    let zone = zone();
    let mut changes = BTreeMap::new();
    let values = (0..length).map(|index| {
        let ahead = i64::try_from(index).unwrap() * i64::from(step.seconds());
        let at = start + SignedDuration::from_secs(ahead);
        let day = zone.to_datetime(at).date();
        usual(at, &zone) * *changes.entry(day).or_insert_with(|| change(day))
    });
    let history = Series::new(start, step, values.collect()).unwrap();
    let to = cutoff + SignedDuration::from_hours(48);
    let holidays = Holiday::kept(Place::find("US").unwrap(), &zone, start, to);
    forecast(&ForecastRequest {
        history: &history,
        cutoff,
        step,
        horizon_steps: step.per_day(),
        zone: &zone,
        training_days: 56,
        occasions: &[],
        holidays: &holidays,
        left_out: &[],
    })
    .unwrap()
}

/// Medians over what is expected, and the share of steps above P95.
fn against(made: &Prediction, factor: f64) -> (f64, f64) {
    let rows = made.forecast.rows.iter().enumerate();
    let zone = zone();
    let (mut got, mut want, mut above) = (0.0, 0.0, 0.0);
    for (step, row) in rows {
        let expected = factor * usual(made.forecast.time_at(step), &zone);
        got += row[2];
        want += expected;
        above += f64::from(u8::from(expected > row[5]));
    }
    (got / want, above / made.forecast.rows.len() as f64)
}

fn steps() -> [Step; 3] {
    [3600, 900, 300].map(|seconds| Step::from_seconds(seconds).unwrap())
}

fn is_holiday(day: Date) -> bool {
    !Place::find("US").unwrap().holidays(day, day).is_empty()
}

#[test]
fn an_ordinary_working_day_after_a_holiday_is_ordinary() {
    for step in steps() {
        for (day, days) in [
            (date(2025, 11, 28), 60),
            (date(2025, 11, 28), 420),
            (date(2025, 12, 26), 420),
            (date(2025, 11, 12), 60),
        ] {
            // A year of five-minute steps takes long in tests that are not optimised.
            if days > 60 && step.seconds() < 3600 {
                continue;
            }
            for effect in [0.1, 0.3, 0.6] {
                let made = ask(
                    step,
                    day,
                    days,
                    |day| {
                        if is_holiday(day) { effect } else { 1.0 }
                    },
                );
                let (ratio, above) = against(&made, 1.0);
                let notes = &made.report.notes;
                assert!(
                    (0.85..1.1).contains(&ratio) && above < 0.1,
                    "{step} {day} {days} {effect}: {ratio} {above} {notes:?}"
                );
                let moved = notes.iter().any(|note| note.contains("all hours have"));
                assert!(!moved, "a holiday is no migration: {notes:?}");
            }
        }
    }
}

#[test]
fn days_off_that_last_tell_of_those_to_come() {
    // The working days between the years are at half: a stretch that has been heeded is off.
    let off = |day: Date| (date(2025, 12, 25)..=date(2026, 1, 1)).contains(&day);
    for step in steps() {
        let made = ask(step, date(2025, 12, 30), 60, |day| {
            if off(day) { 0.5 } else { 1.0 }
        });
        let (ratio, above) = against(&made, 0.5);
        assert!(
            (0.75..1.35).contains(&ratio) && above < 0.1,
            "{step}: {ratio} {above}"
        );
    }
}

#[test]
fn a_bridge_that_was_off_last_year_is_off_again() {
    let thanksgiving = [date(2024, 11, 28), date(2025, 11, 27)];
    let made = ask(Step::HOUR, date(2025, 11, 28), 420, |day| {
        let yesterday = day.yesterday().unwrap();
        if thanksgiving.contains(&day) {
            0.1
        } else if thanksgiving.contains(&yesterday) {
            0.4
        } else {
            1.0
        }
    });
    let (ratio, above) = against(&made, 0.4);
    assert!(
        (0.85..1.3).contains(&ratio) && above < 0.1,
        "{ratio} {above}"
    );
}

#[test]
fn a_migration_on_a_holiday_is_still_found() {
    let made = ask(Step::HOUR, date(2025, 12, 3), 60, |day| {
        if day >= date(2025, 11, 27) { 0.5 } else { 1.0 }
    });
    let (ratio, _) = against(&made, 0.5);
    assert!((0.9..1.15).contains(&ratio), "{ratio}");
}
