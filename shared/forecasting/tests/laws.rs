//! What holds for every history: finite, ordered, never negative, of the history's own unit, and
//! blind to the future.

use crate::common::{Watch, cases};
use forecasting::{ForecastRequest, Interval, Prediction, correct, forecast};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use timeseries::{Series, Step};

const ZONES: [&str; 3] = ["UTC", "America/New_York", "Asia/Kolkata"];

#[derive(Debug, Clone)]
struct Case {
    values: Vec<f64>,
    step: Step,
    horizon: usize,
    zone: TimeZone,
    /// Steps before the end at which to forecast.
    before: usize,
    left_out: (usize, usize),
}

fn start() -> Timestamp {
    "2026-02-20T00:00:00Z".parse().unwrap()
}

/// Anything a metric can do: waves, noise, bursts, nothing, gaps, any unit.
fn case() -> impl Strategy<Value = Case> {
    let value = prop_oneof![
        6 => 0.0..2.0_f64,
        2 => Just(0.0),
        1 => Just(f64::NAN),
        1 => 0.0..500.0_f64,
    ];
    let values = (
        prop::collection::vec(value, 1..900),
        0.0..3.0_f64,
        -6..9_i32,
    );
    let rest = (
        0..3_usize,
        1..80_usize,
        0..3_usize,
        0..60_usize,
        0..900_usize,
        0..60_usize,
    );
    (values, rest).prop_map(
        |((noise, wave, unit), (step, horizon, zone, before, from, length))| {
            let step = Step::from_minutes([60, 30, 15][step]).unwrap();
            let per_day = step.per_day() as f64;
            let values = noise
                .iter()
                .enumerate()
                .map(|(i, noise)| {
                    let turn = i as f64 / per_day * std::f64::consts::TAU;
                    (noise + wave * (1.0 - turn.cos())) * 10.0_f64.powi(unit)
                })
                .collect();
            Case {
                values,
                step,
                horizon,
                zone: TimeZone::get(ZONES[zone]).unwrap(),
                before,
                left_out: (from, from + length),
            }
        },
    )
}

fn run(case: &Case, values: &[f64]) -> Option<Prediction> {
    let _watch = Watch::over(format!("{case:?}"));
    let history = Series::new(start(), case.step, values.to_vec()).unwrap();
    let cutoff = history.time_at(history.len().saturating_sub(case.before));
    let left_out = [Interval {
        start: history.time_at(case.left_out.0),
        end: history.time_at(case.left_out.1),
    }];
    forecast(&ForecastRequest {
        history: &history,
        cutoff,
        step: case.step,
        horizon_steps: case.horizon,
        zone: &case.zone,
        training_days: 56,
        occasions: &[],
        holidays: &[],
        left_out: &left_out,
    })
    .ok()
}

fn sound(rows: &[[f64; 9]]) -> bool {
    rows.iter().all(|row| {
        row.iter().all(|value| value.is_finite() && *value >= 0.0)
            && row.windows(2).all(|pair| pair[0] <= pair[1])
    })
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn forecasts_are_finite_ordered_and_not_negative(case in case()) {
        if let Some(prediction) = run(&case, &case.values) {
            prop_assert_eq!(prediction.forecast.rows.len(), case.horizon);
            prop_assert!(sound(&prediction.forecast.rows));
            let actuals: Vec<Option<f64>> = case.values.iter().map(|value| Some(*value)).collect();
            let now = prediction.forecast.time_at(case.horizon / 2) + SignedDuration::from_secs(1);
            let corrected = correct(&prediction.forecast, &actuals, now);
            prop_assert!(sound(&corrected.rows), "{:?}", corrected.rows);
        }
    }

    #[test]
    fn the_future_changes_nothing(case in case(), future in 0.0..1e6_f64) {
        let mut changed = case.values.clone();
        let cutoff = changed.len().saturating_sub(case.before);
        changed[cutoff..].fill(future);
        prop_assert_eq!(run(&case, &case.values), run(&case, &changed));
    }

    #[test]
    fn the_unit_does_not_matter(case in case(), power in -2.0..4.0_f64) {
        // Nothing but zeros is the same in any unit: its band is what is small by itself.
        let shown = case.values.len().saturating_sub(case.before);
        let (from, to) = case.left_out;
        prop_assume!((0..shown).any(|at| !(from..to).contains(&at) && case.values[at] > 0.0));
        let factor = 10.0_f64.powf(power);
        let scaled: Vec<f64> = case.values.iter().map(|value| value * factor).collect();
        let (Some(one), Some(other)) = (run(&case, &case.values), run(&case, &scaled)) else {
            return Ok(());
        };
        for (one, other) in one.forecast.rows.iter().flatten().zip(other.forecast.rows.iter().flatten()) {
            prop_assert!((one * factor - other).abs() <= 1e-9 * other.abs(), "{one} {other} {factor}");
        }
        prop_assert_eq!(one.report.notes, other.report.notes);
    }
}
