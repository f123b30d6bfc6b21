//! Histories at the edge: every one of them gets an honest answer, none a panic.

use forecasting::{
    BacktestRequest, ForecastError, ForecastRequest, LEVELS, Prediction, backtest, forecast,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use timeseries::{Series, Step};

fn start() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

fn ask(
    values: Vec<f64>,
    step: Step,
    horizon_steps: usize,
    zone: &str,
) -> Result<Prediction, ForecastError> {
    let history = Series::new(start(), step, values).unwrap();
    let zone = TimeZone::get(zone).unwrap();
    forecast(&ForecastRequest {
        history: &history,
        cutoff: history.end(),
        step,
        horizon_steps,
        zone: &zone,
        training_days: 56,
        occasions: &[],
        holidays: &[],
        left_out: &[],
    })
}

fn check(prediction: &Prediction, horizon_steps: usize) {
    assert_eq!(prediction.forecast.rows.len(), horizon_steps);
    for row in &prediction.forecast.rows {
        assert!(
            row.iter().all(|value| value.is_finite() && *value >= 0.0),
            "{row:?}"
        );
        assert!(row.windows(2).all(|pair| pair[0] <= pair[1]), "{row:?}");
    }
}

fn daily(hours: usize) -> Vec<f64> {
    (0..hours)
        .map(|hour| 100.0 + 50.0 * (hour as f64 / 24.0 * std::f64::consts::TAU).sin())
        .collect()
}

#[test]
fn nothing_observed_is_an_error() {
    for values in [vec![], vec![f64::NAN; 400]] {
        let error = ask(values, Step::HOUR, 24, "UTC").unwrap_err();
        assert!(matches!(error, ForecastError::NoHistory { .. }), "{error}");
    }
    let error = ask(vec![1.0], Step::HOUR, 0, "UTC").unwrap_err();
    assert!(matches!(error, ForecastError::Horizon { steps: 0, .. }));
}

#[test]
fn short_and_flat_histories_have_forecasts() {
    let nan = f64::NAN;
    let mut holes = daily(24 * 20);
    for (index, value) in holes.iter_mut().enumerate() {
        if index % 3 == 0 || (200..290).contains(&index) || index > 470 {
            *value = nan;
        }
    }
    let cases = [
        vec![5.0],
        vec![0.0],
        vec![nan, 3.0, nan],
        vec![7.0; 5],
        vec![0.0; 24 * 30],
        vec![12.5; 24 * 60],
        daily(3),
        daily(30),
        daily(24 * 7),
        daily(24 * 9 + 5),
        daily(24 * 70),
        holes,
    ];
    for (case, values) in cases.into_iter().enumerate() {
        for horizon in [1, 24, 48, 72, 200] {
            let prediction = ask(values.clone(), Step::HOUR, horizon, "Europe/Berlin")
                .unwrap_or_else(|error| panic!("case {case}: {error}"));
            check(&prediction, horizon);
        }
    }
}

#[test]
fn a_constant_stays() {
    let prediction = ask(vec![12.5; 24 * 60], Step::HOUR, 48, "UTC").unwrap();
    for median in prediction.forecast.median() {
        assert!((median - 12.5).abs() < 0.01, "{median}");
    }
}

#[test]
fn a_clean_daily_wave_continues() {
    let prediction = ask(daily(24 * 30), Step::HOUR, 72, "UTC").unwrap();
    for (expected, median) in daily(72).iter().zip(prediction.forecast.median()) {
        assert!(
            (median / expected - 1.0).abs() < 0.03,
            "{median} {expected}"
        );
    }
}

#[test]
fn finer_steps_and_cutoffs_at_any_time_work() {
    for minutes in [5, 15, 30] {
        let step = Step::from_minutes(minutes).unwrap();
        let per_day = step.per_day();
        let values: Vec<f64> = (0..per_day * 16 + per_day / 3)
            .map(|i| 40.0 + 30.0 * (i as f64 / per_day as f64 * std::f64::consts::TAU).cos())
            .collect();
        let prediction = ask(values, step, 2 * per_day + 7, "America/New_York").unwrap();
        check(&prediction, 2 * per_day + 7);
        let expected = 40.0 + 30.0 * ((16.0 + 1.0 / 3.0) * std::f64::consts::TAU).cos();
        let median = prediction.forecast.median().next().unwrap();
        assert!(
            (median / expected - 1.0).abs() < 0.05,
            "{median} {expected}"
        );
    }
}

#[test]
fn the_future_is_not_looked_at() {
    let mut values = daily(24 * 30);
    let cutoff = start() + jiff::SignedDuration::from_hours(24 * 20 + 7);
    let zone = TimeZone::UTC;
    let at = |values: &[f64]| {
        let history = Series::new(start(), Step::HOUR, values.to_vec()).unwrap();
        forecast(&ForecastRequest {
            history: &history,
            cutoff,
            step: Step::HOUR,
            horizon_steps: 48,
            zone: &zone,
            training_days: 56,
            occasions: &[],
            holidays: &[],
            left_out: &[],
        })
        .unwrap()
    };
    let before = at(&values);
    for value in &mut values[24 * 20 + 7..] {
        *value = 1e6;
    }
    assert_eq!(before, at(&values));
}

#[test]
fn a_backtest_has_every_step_of_the_last_midnights() {
    let history = Series::new(start(), Step::HOUR, daily(24 * 20)).unwrap();
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    let mut request = BacktestRequest {
        history: &history,
        step: Step::HOUR,
        horizon_steps: 24,
        origins: 3,
        zone: &zone,
        training_days: 56,
        occasions: &[],
        holidays: &[],
        left_out: &[],
    };
    let rows = backtest(&request).unwrap();
    assert_eq!(rows.len(), 72);
    assert_eq!(rows[71].origin.to_string(), "2026-03-19T15:00:00Z");
    for row in &rows {
        let actual = row.actual.unwrap();
        assert!((row.quantiles[2] / actual - 1.0).abs() < 0.1);
        assert_eq!(row.quantiles.len(), LEVELS.len());
    }
    request.horizon_steps = 24 * 15;
    assert!(matches!(
        backtest(&request),
        Err(ForecastError::NoOrigin { .. })
    ));
}
