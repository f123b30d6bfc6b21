//! Holidays with a known answer: a kind of day of their own where demand heeds them, ordinary days
//! where it does not.

use std::collections::BTreeMap;

use ::holidays::Place;
use forecasting::{ForecastRequest, Holiday, Prediction, forecast};
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

const ZONE: &str = "America/New_York";

fn zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap()
}

fn midnight(day: Date) -> Timestamp {
    day.to_zoned(zone()).unwrap().timestamp()
}

/// A working week in New York's clocks with weekends at 60 %, a growth of a tenth a year and a
/// ripple that is not noise.
fn usual(at: Timestamp) -> f64 {
    let local = zone().to_datetime(at);
    let level = match local.weekday() {
        Weekday::Saturday | Weekday::Sunday => 60.0,
        _ => 100.0,
    };
    let hour = at.as_second() / 3600;
    let turn = f64::from(local.hour()) / 24.0 * std::f64::consts::TAU;
    let years = hour as f64 / 8766.0 - 55.0;
    level * (1.0 - 0.5 * turn.cos()) * 1.1_f64.powf(years) + (hour * 7919 % 13) as f64 * 0.3
}

/// Demand by the hour from `from` up to `to`, changed by `change` of the local day.
fn demand(from: Date, to: Date, change: impl Fn(Date) -> f64) -> Series {
    let (start, end) = (midnight(from), midnight(to));
    let hours = end.duration_since(start).as_hours();
    let values = (0..hours).map(|hour| {
        let at = start + SignedDuration::from_hours(hour);
        usual(at) * change(zone().to_datetime(at).date())
    });
    Series::new(start, Step::HOUR, values.collect()).unwrap()
}

fn ask(history: &Series, day: Date, known: bool) -> Prediction {
    let cutoff = midnight(day);
    let place = Place::find("US").unwrap();
    let to = cutoff + SignedDuration::from_hours(48);
    let holidays = Holiday::kept(place, &zone(), history.start(), to);
    forecast(&ForecastRequest {
        history,
        cutoff,
        step: Step::HOUR,
        horizon_steps: 48,
        zone: &zone(),
        training_days: 56,
        occasions: &[],
        holidays: if known { &holidays } else { &[] },
        left_out: &[],
    })
    .unwrap()
}

/// Error of the medians of the first day against the usual times `factor`, as a share of it.
fn error(prediction: &Prediction, factor: f64) -> f64 {
    let (mut miss, mut size) = (0.0, 0.0);
    for (step, median) in prediction.forecast.median().take(24).enumerate() {
        let expected = factor * usual(prediction.forecast.time_at(step));
        miss += (median - expected).abs();
        size += expected;
    }
    miss / size
}

/// Names of the holidays of the years that the tests are about.
fn names() -> BTreeMap<Date, &'static str> {
    let kept = Place::find("US").unwrap();
    let kept = kept.holidays(date(2024, 1, 1), date(2026, 12, 31));
    kept.iter()
        .map(|holiday| (holiday.date, holiday.name))
        .collect()
}

#[test]
fn a_holiday_is_as_it_was_last_year() {
    // Thanksgiving at a third, and the Friday after it at twice the usual; other holidays unheeded.
    let names = names();
    let thanksgiving = |day: Date| names.get(&day) == Some(&"Thanksgiving Day");
    let change = |day: Date| {
        if thanksgiving(day) {
            0.33
        } else if day.yesterday().is_ok_and(thanksgiving) {
            2.0
        } else {
            1.0
        }
    };
    let day = date(2025, 11, 27);
    let history = demand(date(2024, 9, 1), day, change);
    let blind = ask(&history, day, false);
    assert!(error(&blind, 0.33) > 1.5);
    let known = ask(&history, day, true);
    assert!(error(&known, 0.33) < 0.15, "{}", error(&known, 0.33));
    let friday: f64 = known.forecast.median().skip(24).sum();
    let plain: f64 = (24..48)
        .map(|step| usual(known.forecast.time_at(step)))
        .sum();
    assert!((friday / plain - 2.0).abs() < 0.25, "{}", friday / plain);
    let told = &known.report.notes;
    assert!(
        told.iter()
            .any(|note| note.contains("Thanksgiving Day") && note.contains("last occurrence")),
        "{told:?}"
    );
}

#[test]
fn an_unknown_holiday_lies_between_its_day_and_a_day_of_rest_in_a_wider_band() {
    let day = date(2025, 5, 26);
    let history = demand(date(2025, 3, 1), day, |_| 1.0);
    let (blind, known) = (ask(&history, day, false), ask(&history, day, true));
    let noon = midnight(day) + SignedDuration::from_hours(12);
    let step = 12;
    let (ordinary, rest) = (usual(noon), 0.6 * usual(noon));
    let row = &known.forecast.rows[step];
    assert!(row[2] < 0.95 * ordinary && row[2] > rest, "{row:?}");
    // Whether people work or not, the band holds it.
    assert!(
        row[0] <= 1.05 * rest && row[5] >= 0.97 * ordinary,
        "{row:?}"
    );
    let width = |prediction: &Prediction| {
        prediction.forecast.rows[step][5] - prediction.forecast.rows[step][0]
    };
    assert!(width(&known) > 2.0 * width(&blind));
}

#[test]
fn holidays_that_are_like_sundays_teach_the_next_one_of_another_name() {
    let names = names();
    let heeded = |day: Date| match (names.get(&day), day.weekday()) {
        (Some(_), Weekday::Saturday | Weekday::Sunday) | (None, _) => 1.0,
        (Some(_), _) => 0.6,
    };
    let day = date(2025, 5, 26);
    let history = demand(date(2024, 9, 1), day, heeded);
    let known = ask(&history, day, true);
    assert!(error(&known, 0.6) < 0.12, "{}", error(&known, 0.6));
}

#[test]
fn who_never_heeded_a_holiday_keeps_the_ordinary_forecast() {
    let day = date(2025, 9, 1);
    let history = demand(date(2024, 7, 1), day, |_| 1.0);
    let (blind, known) = (ask(&history, day, false), ask(&history, day, true));
    assert!(error(&known, 1.0) < error(&blind, 1.0) + 0.01);
    for (one, other) in known.forecast.rows.iter().zip(&blind.forecast.rows) {
        assert!(
            one[5] >= 0.97 * other[5] && one[5] <= 1.1 * other[5],
            "{one:?} {other:?}"
        );
    }
    let told = &known.report.notes;
    assert!(
        told.iter().any(|note| note.contains("ordinary day")),
        "{told:?}"
    );
}

#[test]
fn a_past_holiday_fools_neither_the_next_day_nor_the_same_day_a_week_later() {
    let names = names();
    let closed = |day: Date| {
        if names.get(&day) == Some(&"Labor Day") {
            0.05
        } else {
            1.0
        }
    };
    for day in [date(2025, 9, 2), date(2025, 9, 8)] {
        let history = demand(date(2025, 6, 20), day, closed);
        let (blind, known) = (ask(&history, day, false), ask(&history, day, true));
        let (without, with) = (error(&blind, 1.0), error(&known, 1.0));
        assert!(with < 0.03 && with < without, "{day}: {without} {with}");
        let repaired = &known.report.data.repaired;
        assert!(
            repaired.iter().any(|(_, why)| why.starts_with("Labor Day")),
            "{repaired:?}"
        );
    }
}

#[test]
fn days_far_from_any_holiday_are_untouched() {
    let day = date(2025, 8, 12);
    let history = demand(date(2025, 7, 10), day, |_| 1.0);
    assert_eq!(
        ask(&history, day, true).forecast,
        ask(&history, day, false).forecast
    );
}

#[test]
fn what_comes_after_the_cutoff_changes_nothing() {
    let day = date(2025, 5, 26);
    let long = demand(date(2025, 3, 1), date(2025, 6, 10), |_| 1.0);
    let wild = demand(date(2025, 3, 1), date(2025, 6, 10), |other| {
        if other < day { 1.0 } else { 9.0 }
    });
    assert_eq!(ask(&long, day, true), ask(&wild, day, true));
}

#[test]
fn a_holiday_of_before_a_migration_is_read_at_the_level_after_it() {
    // Thanksgiving at a third last year. Since then another unit, or half of the demand; also where that came
    // within the weeks that tell what the day would have been.
    let names = names();
    let day = date(2025, 11, 27);
    for (moved, factor) in [
        (date(2025, 6, 10), 60.0),
        (date(2025, 6, 10), 1.0 / 1000.0),
        (date(2024, 12, 4), 60.0),
        (date(2024, 12, 4), 0.5),
        (date(2024, 12, 4), 1.9),
        (date(2025, 11, 12), 60.0),
        (date(2025, 11, 12), 0.5),
    ] {
        let change = |other: Date| {
            let holiday = names.get(&other) == Some(&"Thanksgiving Day");
            let level = if other < moved { 1.0 } else { factor };
            level * if holiday { 0.33 } else { 1.0 }
        };
        let history = demand(date(2024, 9, 1), day, change);
        let known = ask(&history, day, true);
        let off = error(&known, 0.33 * factor);
        assert!(off < 0.2, "{moved} {factor}: {off}");
    }
}
