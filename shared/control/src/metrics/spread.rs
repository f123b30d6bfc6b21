//! How minutes vary within a step.

use documents::History;
use timeseries::Step;

use super::{ARCHIVE_STEP, series_of};

/// How the minutes of a `step` vary around its mean, as a share of it: from the busiest minute of
/// each archive step, and from how those steps vary within `step`. 0 where minutes were never seen.
#[must_use]
pub fn minute_spread(history: &History, step: Step) -> f64 {
    /// Expected maximum of five independent standard normal values.
    /// Source: Tippett, Biometrika 17, 1925.
    const MAXIMUM_OF_FIVE: f64 = 1.162_96;
    const DAYS: usize = 14;
    let recent = DAYS * ARCHIVE_STEP.per_day();
    let from = history.demand.len().saturating_sub(recent);
    let pairs = || history.demand[from..].iter().zip(&history.peak[from..]);
    let known: Vec<f64> = pairs().filter_map(|(demand, _)| *demand).collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    // Nearly idle steps vary wildly in relation to their mean, and need no servers.
    let busy = |demand: f64| demand > 0.1 * mean && demand > 0.0;
    let mut ratios: Vec<f64> = pairs()
        .filter_map(|(demand, peak)| Some((*demand)?).filter(|d| busy(*d)).zip(*peak))
        .map(|(demand, peak)| (peak / demand - 1.0).max(0.0))
        .collect();
    if ratios.is_empty() {
        return 0.0;
    }
    ratios.sort_by(f64::total_cmp);
    let within = ratios[ratios.len() / 2] / MAXIMUM_OF_FIVE;
    let Ok(series) = series_of(history, &history.demand) else {
        return within;
    };
    let (fine, coarse) = match series.resample(step) {
        Ok(coarse) => (series, coarse),
        Err(_) => return within,
    };
    let (mut squares, mut count) = (0.0, 0_usize);
    for index in from..fine.len() {
        let (value, around) = (fine.values()[index], coarse.at(fine.time_at(index)));
        if let Some(around) = around.filter(|around| busy(*around) && !value.is_nan()) {
            squares += (value / around - 1.0).powi(2);
            count += 1;
        }
    }
    (within.powi(2) + squares / count.max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_spread_of_minutes_is_found_again() {
        // Minutes of a normal variation of 10 % around 1000, by a fixed low-discrepancy sequence.
        let minute = |i: usize| {
            let u = ((i as f64) * 0.618_033_988_75).fract();
            // Approximate normal quantile: sum of uniforms would need more code.
            let z = (u / (1.0 - u + 1e-9) + 1e-9).ln() * 0.5513;
            1000.0 * (1.0 + 0.1 * z)
        };
        let start = Timestamp::UNIX_EPOCH;
        let steps: Vec<Vec<f64>> = (0..2000)
            .map(|s| (0..5).map(|m| minute(s * 5 + m)).collect())
            .collect();
        let history = History {
            start,
            step_seconds: 300,
            demand: steps
                .iter()
                .map(|s| Some(s.iter().sum::<f64>() / 5.0))
                .collect(),
            peak: steps
                .iter()
                .map(|s| s.iter().copied().reduce(f64::max))
                .collect(),
            asked_from: None,
        };
        let spread = minute_spread(&history, Step::FIVE_MINUTES);
        assert!((0.05..0.2).contains(&spread), "{spread}");
        let blind = History {
            peak: vec![None; 2000],
            ..history
        };
        assert_eq!(minute_spread(&blind, Step::FIVE_MINUTES), 0.0);
    }
}
