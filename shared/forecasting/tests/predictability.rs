//! Whether demand can be forecast, with a known answer.

use crate::common;
use forecasting::{ForecastRequest, Prediction, Verdict, forecast};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use timeseries::{Series, Step};

fn ask(values: Vec<f64>) -> Prediction {
    let start: Timestamp = "2026-02-02T00:00:00Z".parse().unwrap();
    let history = Series::new(start, Step::HOUR, values).unwrap();
    forecast(&ForecastRequest {
        history: &history,
        cutoff: history.end(),
        step: Step::HOUR,
        horizon_steps: 30,
        zone: &TimeZone::UTC,
        training_days: 56,
        occasions: &[],
        holidays: &[],
        left_out: &[],
    })
    .unwrap()
}

/// Numbers from 0 to 1 that nobody can foretell, the same in every run.
/// Source: splitmix64, Steele, Lea & Flood 2014.
fn chance(index: usize) -> f64 {
    common::chance(index, 0x1234_5678)
}

fn wave(hour: usize) -> f64 {
    100.0 * (1.2 - (hour as f64 / 24.0 * std::f64::consts::TAU).cos())
}

fn verdict(of: impl Fn(usize) -> f64) -> (Verdict, Prediction) {
    let prediction = ask((0..24 * 56).map(of).collect());
    (prediction.report.predictability.verdict, prediction)
}

#[test]
fn waves_levels_and_noisy_waves_can_be_forecast() {
    let (wave_verdict, prediction) = verdict(wave);
    assert_eq!(wave_verdict, Verdict::Yes);
    let measured = prediction.report.predictability;
    assert!(
        measured.daily.unwrap() > 0.95 && measured.weekly.unwrap() > 0.95,
        "{measured:?}"
    );
    assert_eq!(verdict(|_| 70.0).0, Verdict::Yes);
    assert_eq!(verdict(|hour| 70.0 + 10.0 * chance(hour)).0, Verdict::Yes);
    assert_eq!(
        verdict(|hour| wave(hour) * (0.7 + 0.6 * chance(hour))).0,
        Verdict::Yes
    );
    assert_eq!(verdict(|_| 0.0).0, Verdict::Yes);
}

#[test]
fn bursts_without_a_pattern_cannot_be_forecast_and_the_planner_is_told() {
    let burst = |hour: usize| {
        let bursts = chance(hour) > 0.9;
        if bursts {
            2000.0 * chance(hour + 5000)
        } else {
            20.0 * chance(hour + 9000)
        }
    };
    let (verdict, prediction) = verdict(burst);
    assert_eq!(
        verdict,
        Verdict::No,
        "{:?}",
        prediction.report.predictability
    );
    let told = &prediction.report.notes;
    assert!(
        told.iter().any(|note| note.contains("reactive policies")),
        "{told:?}"
    );
    // The band holds what bursts there were, at every hour.
    for row in &prediction.forecast.rows {
        assert!(row[6] > 1000.0, "{row:?}");
    }
}

#[test]
fn a_heavy_tailed_noise_has_skill_over_last_week_and_still_cannot_be_forecast() {
    // Repeating noise doubles its variance: beating last week by a flat line is no skill.
    let noise = |hour: usize| (3.0 * chance(hour) + 2.0 * chance(hour + 7777)).exp();
    let (verdict, prediction) = verdict(noise);
    let measured = prediction.report.predictability;
    assert!(measured.over_last_week.unwrap().high < 1.0, "{measured:?}");
    assert_eq!(verdict, Verdict::No, "{measured:?}");
}

#[test]
fn days_of_history_say_nothing_yet() {
    let prediction = ask((0..24 * 4).map(wave).collect());
    assert_eq!(prediction.report.predictability.verdict, Verdict::Unknown);
}

#[test]
fn the_interval_of_the_skill_holds_the_skill_and_shrinks_with_the_trials() {
    let noisy = |hour: usize| wave(hour) * (0.7 + 0.6 * chance(hour));
    let width = |days: usize| {
        let prediction = ask((0..24 * days).map(noisy).collect());
        let ratio = prediction.report.predictability.over_last_week.unwrap();
        assert!(ratio.low <= ratio.value && ratio.value <= ratio.high);
        ratio.high - ratio.low
    };
    assert!(width(56) < width(14));
}

#[test]
fn the_parts_of_a_step_add_up_to_its_median() {
    // A wave that repeats exactly has no error to compare with.
    let nearly = |hour: usize| wave(hour) + 0.1 * chance(hour);
    let prediction = ask((0..24 * 40).map(nearly).collect());
    assert_eq!(
        prediction.report.parts.len(),
        prediction.forecast.rows.len()
    );
    for (parts, median) in prediction
        .report
        .parts
        .iter()
        .zip(prediction.forecast.median())
    {
        let sum = parts.level + parts.season + parts.recent + parts.correction;
        assert!((sum + parts.calendar + parts.event - median).abs() < 1e-9 * median.abs().max(1.0));
    }
    let noon = prediction.report.parts[12];
    assert!(
        (noon.level - 120.0).abs() < 2.0 && (noon.season - 100.0).abs() < 5.0,
        "{noon:?}"
    );
    // In words, as people compare: 0.72 of an error is 28 % less of it.
    let error = prediction.report.skill.relative_error.unwrap();
    let less = (100.0 * (1.0 - error)).round();
    let told = format!("its error was {less:.0} % smaller than that of repeating last week (best");
    assert!(
        less > 0.0 && prediction.report.why.contains(&told),
        "{error}: {}",
        prediction.report.why
    );
}

#[test]
fn days_that_repeat_exactly_are_said_to() {
    let exact = ask((0..24 * 40).map(wave).collect());
    assert!(
        exact.report.why.contains("repeat exactly"),
        "{}",
        exact.report.why
    );
    let young = ask((0..24).map(wave).collect());
    assert!(
        young.report.why.contains("too little history"),
        "{}",
        young.report.why
    );
}
