//! "Behaves like DATE" and learnt multipliers where the level or the unit changed since, with known
//! answers.

use forecasting::{Effect, ForecastRequest, Interval, Occasion, Prediction, forecast};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

/// A Monday.
const START: &str = "2026-02-02T00:00:00Z";

fn at(hours: i64) -> Timestamp {
    START.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
}

fn usual(hours: f64) -> f64 {
    let level = if (hours / 24.0).floor() % 7.0 < 5.0 {
        100.0
    } else {
        60.0
    };
    let hash = (((hours * 12.0) as i64 * 2_654_435_761) >> 7) & 1023;
    let turn = hours / 24.0 * std::f64::consts::TAU;
    level * (1.2 - turn.cos()) * (0.97 + 0.06 * hash as f64 / 1023.0)
}

fn occasion(from: i64, to: i64, effect: Effect) -> Occasion {
    Occasion {
        name: "tv".to_owned(),
        during: Interval {
            start: at(from),
            end: at(to),
        },
        lead: SignedDuration::ZERO,
        tail: SignedDuration::ZERO,
        announced_at: None,
        effect,
    }
}

/// Medians over the usual from `from` to `to`, both in hours after [`START`]; 42 days of history
/// times `change` of the hour.
fn ratio(
    step: Step,
    occasions: &[Occasion],
    (from, to): (i64, i64),
    change: impl Fn(i64) -> f64,
) -> (f64, Prediction) {
    let hours = |index: usize| index as f64 * f64::from(step.seconds()) / 3600.0;
    let values = (0..42 * step.per_day()).map(|index| {
        let hours = hours(index);
        usual(hours) * change(hours as i64)
    });
    let history = Series::new(at(0), step, values.collect()).unwrap();
    let made = forecast(&ForecastRequest {
        history: &history,
        cutoff: history.end(),
        step,
        horizon_steps: 36 * step.per_day() / 24,
        zone: &TimeZone::UTC,
        training_days: 56,
        occasions,
        holidays: &[],
        left_out: &[],
    })
    .unwrap();
    let (mut got, mut want) = (0.0, 0.0);
    for (index, row) in made.forecast.rows.iter().enumerate() {
        let time = made.forecast.time_at(index);
        if time >= at(from) && time < at(to) {
            got += row[2];
            want += usual(hours(42 * step.per_day() + index));
        }
    }
    (got / want, made)
}

fn steps() -> [Step; 3] {
    [3600, 900, 300].map(|seconds| Step::from_seconds(seconds).unwrap())
}

/// Days 0 to 41 are history; day 42, a Monday, is forecast.
const DAY: i64 = 24;

#[test]
fn like_a_day_is_read_at_the_level_and_in_the_unit_of_today() {
    let like = [occasion(42 * DAY, 43 * DAY, Effect::Like(at(28 * DAY)))];
    for step in steps() {
        for after in [0.5, 60.0, 1.0] {
            let change = |hour: i64| {
                let sale = if hour / DAY == 28 { 4.0 } else { 1.0 };
                sale * if hour / DAY >= 35 { after } else { 1.0 }
            };
            let (ratio, made) = ratio(step, &like, (42 * DAY, 43 * DAY), change);
            let notes = &made.report.notes;
            assert!(
                (ratio / (4.0 * after) - 1.0).abs() < 0.08,
                "{step} {after}: {ratio} {notes:?}"
            );
        }
    }
}

#[test]
fn after_midnight_it_is_like_the_next_day() {
    let (from, to) = (42 * DAY + 21, 43 * DAY + 3);
    let like = [occasion(from, to, Effect::Like(at(31 * DAY)))];
    for step in steps() {
        let night = |hour: i64| (31 * DAY + 21..32 * DAY + 3).contains(&hour);
        let change = |hour: i64| if night(hour) { 4.0 } else { 1.0 };
        for (from, to) in [(from, 43 * DAY), (43 * DAY, to)] {
            let (ratio, _) = ratio(step, &like, (from, to), change);
            assert!((ratio / 4.0 - 1.0).abs() < 0.08, "{step} {from}: {ratio}");
        }
    }
}

#[test]
fn a_learnt_multiplier_is_the_same_after_a_halving_and_another_unit() {
    let (from, to) = (42 * DAY + 20, 42 * DAY + 22);
    let learnt = [
        occasion(30 * DAY + 20, 30 * DAY + 22, Effect::Learnt),
        occasion(from, to, Effect::Learnt),
    ];
    for step in steps() {
        for after in [0.5, 60.0, 1.0] {
            // Two days before the past occasion, and between it and the coming one.
            for moved in [28, 36] {
                let change = |hour: i64| {
                    let show = (30 * DAY + 20..30 * DAY + 22).contains(&hour);
                    let level = if hour / DAY >= moved { after } else { 1.0 };
                    level * if show { 3.0 } else { 1.0 }
                };
                let (ratio, made) = ratio(step, &learnt, (from, to), change);
                let notes = &made.report.notes;
                assert!(
                    (ratio / (3.0 * after) - 1.0).abs() < 0.15,
                    "{step} {after} {moved}: {ratio} {notes:?}"
                );
            }
        }
    }
}

/// Deviation in log scale of the busiest step, for a coming programme told to bring six times as much
/// where three past ones were told `told` times and brought `came` times as much.
fn width(step: Step, told: [f64; 3], came: [f64; 3]) -> (f64, Prediction) {
    let evening = |week: i64| (7 * 24 * week + 19, 7 * 24 * week + 22);
    let mut occasions: Vec<Occasion> = (3..6)
        .zip(told)
        .map(|(week, told)| {
            let (from, to) = evening(week);
            occasion(from, to, Effect::Multiplier(told))
        })
        .collect();
    let (from, to) = evening(6);
    occasions.push(occasion(from, to, Effect::Multiplier(6.0)));
    let factor = |hour: i64| {
        let week = (3..6).zip(came).find(|(week, _)| {
            let (from, to) = evening(*week);
            (from..to).contains(&hour)
        });
        week.map_or(1.0, |(_, came)| came)
    };
    let (_, made) = ratio(step, &occasions, (from, to), factor);
    let row = made.forecast.rows[20 * step.per_day() / 24];
    ((row[5] / row[2]).ln() / 1.6449, made)
}

#[test]
fn a_told_multiplier_is_as_uncertain_as_those_told_before() {
    let six = 6.0_f64.ln();
    for step in steps() {
        let told = [4.0, 6.0, 8.0];
        let (exact, _) = width(step, told, told);
        // Nothing wrong in three, joined with a fifth counted twice.
        let expected = (2.0_f64 / 4.0).sqrt() * 0.2 * six;
        assert!((exact / expected - 1.0).abs() < 0.1, "{step:?}: {exact}");
        let (_, none) = ratio(step, &[], (0, 1), |_| 1.0);
        let usual = none.forecast.rows[20 * step.per_day() / 24];
        assert!(exact > 3.0 * (usual[5] / usual[2]).ln() / 1.6449);
        // Half as much or twice as much came, by turns.
        let (wild, made) = width(step, told, [2.0, 6.0, 16.0]);
        assert!(wild > 1.5 * exact, "{step:?}: {wild} {exact}");
        assert!(
            !made
                .report
                .notes
                .iter()
                .any(|note| note.contains("too little"))
        );
    }
}

#[test]
fn what_was_told_too_low_each_time_is_covered_and_said() {
    for step in steps() {
        let told = [4.0, 4.0, 4.0];
        let (low, made) = width(step, told, [6.0, 6.0, 6.0]);
        let (exact, _) = width(step, told, told);
        assert!(low > 1.2 * exact, "{step:?}: {low} {exact}");
        // ln 1.5 is 0.29 of ln 4, and that of ln 6 is ln 1.69: some ten times.
        let said = |note: &String| note.contains("too little was told") && note.contains("to 10.");
        assert!(
            made.report.notes.iter().any(said),
            "{:?}",
            made.report.notes
        );
        // Less than told by the same each time is no error: a peak was told, and steps are means.
        let (less, made) = width(step, told, [2.5, 2.5, 2.5]);
        assert!((less / exact - 1.0).abs() < 0.1, "{step:?}: {less} {exact}");
        assert!(
            !made
                .report
                .notes
                .iter()
                .any(|note| note.contains("too little"))
        );
    }
}
