//! Shifts, growth and a changed week at steps of 5 and 15 minutes, each with a known answer.

use crate::common;
use forecasting::Prediction;
use jiff::Timestamp;
use timeseries::{Series, Step};

/// A Monday.
const START: &str = "2026-02-02T00:00:00Z";
const DAY: i64 = 1440;

/// Numbers from 0 to 1, the same in every run (splitmix64).
fn chance(index: usize) -> f64 {
    common::chance(index, 11)
}

/// Demand of a working week without noise, `minute` minutes after the start.
fn usual(minute: i64) -> f64 {
    let level = if minute / DAY % 7 >= 5 { 60.0 } else { 100.0 };
    let turn = (minute % DAY) as f64 / DAY as f64 * std::f64::consts::TAU;
    level * (1.2 - turn.cos())
}

struct Case {
    step: Step,
    values: Vec<f64>,
}

impl Case {
    /// `days` days of the usual, times a factor by the minute, each step a fifth of noise wide.
    fn new(step: Step, days: i64, factor: impl Fn(i64) -> f64) -> Self {
        let minutes = i64::from(step.seconds()) / 60;
        let values = (0..days * DAY / minutes)
            .map(|index| {
                let noise = 0.9 + 0.2 * chance(usize::try_from(index).unwrap());
                let middle = index * minutes + minutes / 2;
                usual(middle) * factor(middle) * noise
            })
            .collect();
        Self { step, values }
    }

    fn minute(&self, index: usize) -> i64 {
        let minutes = i64::from(self.step.seconds()) / 60;
        i64::try_from(index).unwrap() * minutes + minutes / 2
    }

    fn ask(&self) -> Prediction {
        let start: Timestamp = START.parse().unwrap();
        let history = Series::new(start, self.step, self.values.clone()).unwrap();
        common::next_day(&history)
    }

    /// Error of the medians against the usual times `factor`, as a share of it.
    fn error(&self, made: &Prediction, factor: impl Fn(i64) -> f64) -> f64 {
        let (mut miss, mut size) = (0.0, 0.0);
        for (step, median) in made.forecast.median().enumerate() {
            let minute = self.minute(self.values.len() + step);
            let expected = usual(minute) * factor(minute);
            miss += (median - expected).abs();
            size += expected;
        }
        miss / size
    }
}

fn steps() -> [Step; 2] {
    [Step::FIVE_MINUTES, Step::from_seconds(900).unwrap()]
}

#[test]
fn a_migration_is_followed_from_the_first_whole_day_on() {
    // At midnight, in the middle of an hour, after days and after weeks.
    for step in steps() {
        for (hours, minutes, factor, most) in [
            (24, 0, 0.5, 0.1),
            (24, 0, 2.0, 0.1),
            (37, 25, 0.5, 0.1),
            (37, 25, 2.0, 0.1),
            (72, 0, 0.7, 0.06),
            (541, 0, 0.5, 0.06),
        ] {
            let since = 56 * DAY - hours * 60 - minutes;
            let case = Case::new(step, 56, |minute| if minute < since { 1.0 } else { factor });
            let made = case.ask();
            let error = case.error(&made, |_| factor);
            assert!(error < most, "{step:?} {hours} {factor}: {error}");
            let told = made.report.notes.iter();
            let told = told.filter(|note| note.contains("times the demand"));
            assert_eq!(told.count(), usize::from(hours < 24 * 15), "{hours}");
        }
    }
}

#[test]
fn a_young_halving_may_pass_so_the_band_reaches_the_old_level() {
    for step in steps() {
        let since = 55 * DAY;
        let case = Case::new(step, 56, |minute| if minute < since { 1.0 } else { 0.5 });
        for (index, row) in case.ask().forecast.rows.iter().enumerate() {
            let old = usual(case.minute(case.values.len() + index));
            assert!(row[2] < 0.6 * old, "{step:?} {index}: {row:?}");
            assert!(row[5] > 0.85 * old, "{step:?} {index}: {row:?}");
        }
    }
}

#[test]
fn growth_is_followed() {
    for step in steps() {
        let growth = |minute: i64| 1.01_f64.powf(minute as f64 / DAY as f64);
        let case = Case::new(step, 56, growth);
        let error = case.error(&case.ask(), growth);
        assert!(error < 0.05, "{step:?}: {error}");
    }
}

#[test]
fn a_changed_weekly_shape_is_learnt_in_two_weeks() {
    // Weekends become ordinary days; the day ahead is a Saturday.
    for step in steps() {
        let changed = |minute: i64| {
            let (day, weekend) = (minute / DAY, minute / DAY % 7 >= 5);
            if day >= 26 && weekend { 1.0 / 0.6 } else { 1.0 }
        };
        let case = Case::new(step, 47, changed);
        let error = case.error(&case.ask(), changed);
        assert!(error < 0.12, "{step:?}: {error}");
    }
}
