//! Last week's pattern, for nights without a model.
use forecasting::{Interval, last_week, week_before};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

/// Eight days of hours from Monday 4 March 2024 on: the hour of the day, and 100 each day.
fn history() -> Series {
    let values = (0..24 * 8).map(|hour| f64::from(hour % 24 + 100 * (hour / 24)));
    Series::new(at("2024-03-04T00:00:00Z"), Step::HOUR, values.collect()).unwrap()
}

#[test]
fn the_week_before_is_repeated_in_a_wide_band() {
    let history = history();
    let pattern = last_week(&history, history.end(), 72, &TimeZone::UTC, &[]).unwrap();
    assert_eq!(pattern.rows[30][2], 206.0);
    assert!(pattern.rows[30][5] > 206.0 && pattern.rows[30].is_sorted());
    let short = history.between(history.start(), history.start() + hours(20));
    assert!(last_week(&short, history.end(), 72, &TimeZone::UTC, &[]).is_none());
}

#[test]
fn what_was_not_observed_is_the_highest_of_its_hour() {
    let history = history();
    // The morning of a week before the first day is missing, and left out on another day as well.
    let mut values = history.values().to_vec();
    values[24..36].fill(f64::NAN);
    let gap = Series::new(history.start(), Step::HOUR, values).unwrap();
    let sunday = Interval {
        start: history.start() + hours(7 * 24),
        end: history.end(),
    };
    let pattern = week_before(&gap, gap.end(), 24, &TimeZone::UTC, &[sunday]).unwrap();
    assert_eq!(
        (pattern[0], pattern[11], pattern[12]),
        (600.0, 611.0, 112.0)
    );
}

#[test]
fn days_left_out_are_not_repeated() {
    let history = history();
    let out = Interval {
        start: history.start() + hours(24 + 10),
        end: history.start() + hours(24 + 11),
    };
    let plain = week_before(&history, history.end(), 24, &TimeZone::UTC, &[]).unwrap();
    let without = week_before(&history, history.end(), 24, &TimeZone::UTC, &[out]).unwrap();
    assert_eq!((plain[10], without[10]), (110.0, 710.0));
    assert_eq!(plain[11], without[11]);
}

#[test]
fn local_hours_are_repeated_across_a_change_of_clocks() {
    // Clocks in New York go forward on 10 March 2024: 09:00 is an hour earlier from then on.
    let zone = TimeZone::get("America/New_York").unwrap();
    let start = at("2024-03-11T00:00:00Z");
    let values = (0..24 * 7).map(|hour| f64::from(hour % 24)).collect();
    let history = Series::new(start - hours(24 * 7), Step::HOUR, values).unwrap();
    let pattern = week_before(&history, start, 24, &zone, &[]).unwrap();
    assert_eq!((pattern[13], pattern[3]), (14.0, 4.0));
}
