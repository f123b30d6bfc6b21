//! Where the CPU time of one forecast goes, by stage, on a generated service with eight weeks of
//! history and 48 hours ahead.
//!
//! ```sh
//! cargo run --release -p forecasting --example stages
//! ```
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints and times itself"
)]

use std::error::Error;

use forecasting::{ForecastRequest, forecast_by_stages};
use jiff::tz::TimeZone;
use timeseries::{Series, Step};

/// Forecasts whose mean is told.
const ROUNDS: u32 = 40;
const DAYS: usize = 56;

fn main() -> Result<(), Box<dyn Error>> {
    println!("| stage | hourly | 15 minutes | 5 minutes |");
    println!("| --- | --- | --- | --- |");
    let columns = [3600, 900, 300].map(|seconds| {
        let step = Step::from_seconds(seconds)?;
        measure(&history(step)?, step)
    });
    let columns = columns
        .into_iter()
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    for (place, (stage, _)) in columns[0].iter().enumerate() {
        let cells = columns
            .iter()
            .map(|stages| format!("{:.2}", stages[place].1));
        println!("| {stage} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    let totals = columns.iter().map(|stages| {
        let total: f64 = stages.iter().map(|(_, milliseconds)| milliseconds).sum();
        format!("{total:.1}")
    });
    println!("| all, ms | {} |", totals.collect::<Vec<_>>().join(" | "));
    Ok(())
}

/// Milliseconds of CPU by stage, in the order in which they end.
fn measure(history: &Series, step: Step) -> Result<Vec<(&'static str, f64)>, Box<dyn Error>> {
    let mut stages: Vec<(&'static str, f64)> = Vec::new();
    for _ in 0..ROUNDS {
        let mut before = cpu_milliseconds();
        let mut ended = |stage: &'static str| {
            let now = cpu_milliseconds();
            let spent = (now - before) / f64::from(ROUNDS);
            match stages.iter_mut().find(|(name, _)| *name == stage) {
                Some((_, sum)) => *sum += spent,
                None => stages.push((stage, spent)),
            }
            before = cpu_milliseconds();
        };
        forecast_by_stages(
            &ForecastRequest {
                history,
                cutoff: history.end(),
                step,
                horizon_steps: 2 * step.per_day(),
                zone: &TimeZone::UTC,
                training_days: 56,
                occasions: &[],
                holidays: &[],
                left_out: &[],
            },
            &mut ended,
        )?;
    }
    Ok(stages)
}

/// Eight weeks of days and weeks with a tenth of noise, the same in every run (splitmix64).
fn history(step: Step) -> Result<Series, Box<dyn Error>> {
    let per_day = step.per_day();
    let values = (0..DAYS * per_day).map(|index| {
        let mut z = (index as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(11);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let noise = 0.9 + 0.2 * ((z ^ (z >> 31)) as f64 / u64::MAX as f64);
        let weekday = index / per_day % 7;
        let level = if weekday < 5 { 900.0 } else { 500.0 };
        let turn = (index % per_day) as f64 / per_day as f64 * std::f64::consts::TAU;
        level * (1.2 - turn.cos()) * noise
    });
    let start = "2026-01-05T00:00:00Z".parse()?;
    Ok(Series::new(start, step, values.collect())?)
}

/// CPU time of this thread. Linux tells it to the nanosecond; elsewhere the table is zeros.
fn cpu_milliseconds() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |nanoseconds| nanoseconds / 1e6)
}
