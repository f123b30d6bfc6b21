//! Services that have just begun: what they have not shown yet must not be taken for what they are.

use forecasting::{Prediction, QuantileForecast};
use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

use crate::common::{chance, next_day};

/// A Monday.
const MONDAY: &str = "2026-03-02T00:00:00Z";

/// Demand of an hour since Monday: a wave of the day with its least at four at night, weekends at
/// `weekend` of it.
fn demand(hour: i64, weekend: f64) -> f64 {
    let day = hour.div_euclid(24).rem_euclid(7);
    let turns = (hour.rem_euclid(24) - 4) as f64 / 24.0;
    let level = if day < 5 { 1.0 } else { weekend };
    1000.0 * level * (1.2 - (turns * std::f64::consts::TAU).cos())
}

/// The day after the hours `from..to` since Monday, with a little noise.
fn after(from: i64, to: i64, weekend: f64) -> Prediction {
    let start = MONDAY.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(from);
    let values = (from..to).map(|hour| {
        let noise = chance(usize::try_from(hour + 240).unwrap(), 3) - 0.5;
        demand(hour, weekend) * (1.0 + 0.1 * noise)
    });
    next_day(&Series::new(start, Step::HOUR, values.collect()).unwrap())
}

/// Sum of the level at `place` over the demand of the day after `to`.
fn part(forecast: &QuantileForecast, place: usize, to: i64, weekend: f64) -> f64 {
    let level: f64 = forecast.rows.iter().map(|row| row[place]).sum();
    let truth: f64 = (to..to + 24).map(|hour| demand(hour, weekend)).sum();
    level / truth
}

#[test]
fn the_monday_after_a_first_week_is_a_working_day() {
    for weekend in [0.3, 0.6] {
        // Six to thirteen days that end on a Sunday or begin on one.
        for from in [-6, -3, 0, 1].map(|day| 24 * day) {
            let to = 24 * 7;
            let forecast = after(from, to, weekend).forecast;
            let middle = part(&forecast, 2, to, weekend);
            assert!((0.8..1.15).contains(&middle), "{weekend} {from} {middle}");
            let high = part(&forecast, 6, to, weekend);
            assert!(high > 1.0, "{weekend} {from} {high}");
        }
    }
}

#[test]
fn without_a_weekend_of_its_own_a_first_week_ends_as_it_went_on() {
    let forecast = after(0, 24 * 7, 1.0).forecast;
    let middle = part(&forecast, 2, 24 * 7, 1.0);
    assert!((middle - 1.0).abs() < 0.03, "{middle}");
    let high = part(&forecast, 5, 24 * 7, 1.0);
    assert!(high < 1.25, "{high}");
}

#[test]
fn a_first_working_day_is_expected_to_be_more_than_the_weekend_before_it() {
    let (from, to) = (24 * 5, 24 * 7);
    let prediction = after(from, to, 0.5);
    let row = |place| part(&prediction.forecast, place, to, 0.5);
    assert!(row(2) > 0.5, "{}", row(2));
    assert!(row(5) > 1.0, "{}", row(5));
    let told = |prediction: &Prediction| {
        let mut notes = prediction.report.notes.iter();
        notes.any(|note| note.contains("was seen yet"))
    };
    assert!(told(&prediction));
    // The other way round nothing is saved on a guess.
    let weekend = after(0, 24 * 5, 0.5);
    assert!(part(&weekend.forecast, 2, 24 * 5, 0.5) > 1.9);
    assert!(told(&weekend));
    assert!(!told(&after(0, 24 * 7, 0.5)));
}

#[test]
fn after_some_hours_of_the_night_the_band_reaches_the_day() {
    for hours in [1, 3, 6] {
        let forecast = after(0, hours, 0.5).forecast;
        let below = (0..24)
            .filter(|hour| demand(hours + hour, 0.5) > forecast.rows[*hour as usize][6])
            .count();
        assert!(below <= 1, "{hours}: {below} hours lie above P99");
        assert!(forecast.rows.iter().all(|row| row.is_sorted()));
    }
}

#[test]
fn nothing_seen_but_zeros_stays_finite_and_near_zero() {
    let start = MONDAY.parse().unwrap();
    for hours in [1, 5, 30] {
        let prediction = next_day(&Series::new(start, Step::HOUR, vec![0.0; hours]).unwrap());
        for row in &prediction.forecast.rows {
            assert!(row[5].is_finite() && row[5] < 10.0, "{hours} {row:?}");
        }
    }
}
