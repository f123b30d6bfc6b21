//! Outages, odd hours, negative values and young services at hourly, quarter-hourly and five-minute
//! steps, each with a known answer.

use crate::common;
use forecasting::Prediction;
use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

const P95: usize = 5;

/// A Monday.
const START: &str = "2026-02-02T00:00:00Z";

/// Numbers from 0 to 1, the same in every run (splitmix64).
fn chance(index: usize) -> f64 {
    common::chance(index, 17)
}

fn steps() -> [Step; 3] {
    [60, 15, 5].map(|minutes| Step::from_minutes(minutes).unwrap())
}

/// Demand `hours` after the start of a week, without noise: a wave that is quiet at night, weekends at
/// 0.6.
fn usual(hours: f64) -> f64 {
    let level = if (hours / 24.0).floor() % 7.0 < 5.0 {
        100.0
    } else {
        60.0
    };
    level * (1.2 - (hours / 24.0 * std::f64::consts::TAU).cos())
}

/// History from `first` hours after the start of a week up to `last`.
#[derive(Clone)]
struct Case {
    step: Step,
    first: usize,
    values: Vec<f64>,
}

fn case(step: Step, first: usize, last: usize) -> Case {
    let hour = step.per_day() / 24;
    let values = (first * hour..last * hour)
        .map(|index| usual(index as f64 / hour as f64) * (0.9 + 0.2 * chance(index)))
        .collect();
    Case {
        step,
        first,
        values,
    }
}

impl Case {
    fn hour(&self) -> usize {
        self.step.per_day() / 24
    }

    /// The hours from `from` to `to` of the history times `factor`.
    fn times(mut self, from: usize, to: usize, factor: f64) -> Self {
        let hour = self.hour();
        let during = from * hour..(to * hour).min(self.values.len());
        self.values[during]
            .iter_mut()
            .for_each(|value| *value *= factor);
        self
    }

    fn ask(&self) -> Prediction {
        let first = SignedDuration::from_hours(i64::try_from(self.first).unwrap());
        let start = START.parse::<Timestamp>().unwrap() + first;
        let history = Series::new(start, self.step, self.values.clone()).unwrap();
        common::next_day(&history)
    }

    fn expected(&self, ahead: usize) -> f64 {
        let index = self.first * self.hour() + self.values.len() + ahead;
        usual(index as f64 / self.hour() as f64)
    }

    /// Error of the medians against the usual, as a share of it.
    fn error(&self, made: &Prediction) -> f64 {
        let (mut miss, mut size) = (0.0, 0.0);
        for (ahead, median) in made.forecast.median().enumerate() {
            miss += (median - self.expected(ahead)).abs();
            size += self.expected(ahead);
        }
        miss / size
    }

    /// Median demand of the day over the usual.
    fn ratio(&self, made: &Prediction) -> f64 {
        let usual: f64 = (0..made.forecast.rows.len())
            .map(|ahead| self.expected(ahead))
            .sum();
        made.forecast.median().sum::<f64>() / usual
    }

    /// Share of the steps whose usual demand lies above P95.
    fn above(&self, made: &Prediction) -> f64 {
        let rows = made.forecast.rows.iter().enumerate();
        let above = rows.filter(|(ahead, row)| self.expected(*ahead) > row[P95]);
        above.count() as f64 / made.forecast.rows.len() as f64
    }
}

fn lists(made: &Prediction, reason: &str) -> bool {
    let mut repaired = made.report.data.repaired.iter();
    repaired.any(|(_, why)| why.starts_with(reason))
}

#[test]
fn an_outage_that_is_over_teaches_nothing_however_long_it_was() {
    for step in steps() {
        // A week ago, for 38 hours; two and three days up to yesterday; a week.
        for (from, to) in [
            (24 * 21, 24 * 21 + 38),
            (24 * 25, 24 * 27),
            (24 * 24, 24 * 27),
            (24 * 14, 24 * 21),
        ] {
            let case = case(step, 0, 24 * 28).times(from, to, 0.0);
            let made = case.ask();
            let error = case.error(&made);
            assert!(error < 0.06, "{step:?} {from} {to}: {error}");
            assert!(lists(&made, "outage"), "{step:?} {from} {to}");
        }
    }
}

#[test]
fn demand_that_has_been_gone_for_days_may_come_back() {
    for step in steps() {
        for (days, low, high) in [
            (1, 0.94, 1.06),
            (2, 0.85, 1.05),
            (4, 0.7, 1.02),
            (12, 0.0, 0.2),
        ] {
            let case = case(step, 0, 24 * 28).times(24 * (28 - days), 24 * 28, 0.0);
            let made = case.ask();
            let ratio = case.ratio(&made);
            assert!((low..=high).contains(&ratio), "{step:?} {days}: {ratio}");
            // The band holds the usual demand, and from the second day on nothing.
            let above = case.above(&made);
            assert!(
                above <= if days > 7 { 0.15 } else { 0.0 },
                "{step:?} {days}: {above}"
            );
            let told = made
                .report
                .notes
                .iter()
                .any(|note| note.contains("comes back"));
            assert_eq!(told, days > 1, "{:?}", made.report.notes);
            let least = made
                .forecast
                .rows
                .iter()
                .map(|row| row[0])
                .fold(f64::MAX, f64::min);
            assert_eq!(least < 1e-6, days > 2, "{step:?} {days}: {least}");
        }
    }
}

#[test]
fn an_outage_is_taken_out_with_its_quiet_hours() {
    for step in steps() {
        // From 16:00 to midnight, over midnight, and up to the end at 02:00.
        for (from, to, last) in [
            (24 * 27 + 16, 24 * 28, 24 * 28),
            (24 * 26 + 16, 24 * 27 + 4, 24 * 28),
            (24 * 27 + 16, 24 * 28 + 2, 24 * 28 + 2),
        ] {
            let case = case(step, 0, last).times(from, to, 0.0);
            let made = case.ask();
            let error = case.error(&made);
            assert!(error < 0.05, "{step:?} {from} {to}: {error}");
            let outages: Vec<_> = made.report.data.repaired.iter().collect();
            let hours = |place: usize| {
                let during = outages[place].0;
                during.end.duration_since(during.start).as_hours()
            };
            assert_eq!(outages.len(), 1, "{outages:?}");
            assert_eq!(hours(0), i64::try_from(to - from).unwrap(), "{outages:?}");
        }
    }
}

#[test]
fn a_count_below_zero_is_a_gap_and_changes_nothing_else() {
    for step in steps() {
        let mut case = case(step, 0, 24 * 28).times(24 * 21 + 9, 24 * 21 + 14, 0.0);
        let clean = case.ask();
        let at = 400 * case.hour();
        case.values[at] = -5.0;
        let made = case.ask();
        assert!(lists(&made, "outage") && lists(&made, "below zero"));
        assert_eq!(made.report.data.missing, 1);
        assert!(case.error(&made) < 0.05, "{}", case.error(&made));
        for (row, clean) in made.forecast.rows.iter().zip(&clean.forecast.rows) {
            assert!((row[P95] / clean[P95] - 1.0).abs() < 0.05);
        }
    }
}

#[test]
fn part_of_a_day_far_off_teaches_nothing_and_is_listed() {
    for step in steps() {
        // Six hours at a part of the usual and ten at ten times it, a week ago and yesterday; four
        // hours up to the end.
        for (from, hours, factor) in [
            (24 * 21 + 9, 6, 0.05),
            (24 * 21 + 9, 6, 0.3),
            (24 * 27 + 9, 6, 0.05),
            (24 * 27 + 9, 6, 0.3),
            (24 * 21 + 9, 10, 10.0),
            (24 * 27 + 9, 10, 10.0),
            (24 * 28 - 4, 4, 0.1),
        ] {
            let case = case(step, 0, 24 * 28).times(from, from + hours, factor);
            let made = case.ask();
            let error = case.error(&made);
            assert!(error < 0.05, "{step:?} {from} {factor}: {error}");
            assert!(case.above(&made) < 0.02, "{step:?} {from} {factor}");
            let reason = if factor > 1.0 { "spike" } else { "partial" };
            assert!(lists(&made, reason), "{:?}", made.report.data.repaired);
            let top = made
                .forecast
                .rows
                .iter()
                .map(|row| row[6])
                .fold(0.0, f64::max);
            assert!(top < 400.0, "{step:?} {from} {factor}: {top}");
        }
    }
}

#[test]
fn what_comes_again_is_no_outage_and_is_learnt() {
    for step in steps() {
        // Every day at 12 for two hours, for four weeks or since four days; every Wednesday; thrice.
        for (from, every, factor) in [(0, 1, 0.2), (0, 1, 5.0), (24, 1, 0.2), (2, 7, 0.2)] {
            let mut case = case(step, 0, 24 * 28);
            for day in (from..28).step_by(every) {
                case = case.times(24 * day + 12, 24 * day + 14, factor);
            }
            if every == 7 {
                // Up to the fourth Tuesday, so that a Wednesday comes next.
                case.values.truncate(23 * step.per_day());
            }
            let made = case.ask();
            assert!(!lists(&made, "partial") && !lists(&made, "spike") && !lists(&made, "outage"));
            if from != 24 {
                let hour = case.hour();
                let noon = 12 * hour..14 * hour;
                // Three Wednesdays teach less than four weeks of days.
                let most = if every == 7 { 3.5 } else { 1.4 };
                for ahead in noon {
                    let ratio = made.forecast.rows[ahead][2] / case.expected(ahead) / factor;
                    assert!(
                        (0.7..most).contains(&ratio),
                        "{step:?} {every} {factor}: {ratio}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_shift_of_half_a_day_and_a_day_off_are_no_partial_outage() {
    for step in steps() {
        let shifted = case(step, 0, 24 * 42).times(24 * 41 + 10, 24 * 42, 0.4);
        let off = case(step, 0, 24 * 42).times(24 * 38, 24 * 39, 0.4);
        for case in [shifted, off] {
            let made = case.ask();
            assert!(!lists(&made, "partial"), "{:?}", made.report.data.repaired);
        }
    }
}
