//! What several files of tests use.

use forecasting::{ForecastRequest, Prediction, forecast};
use jiff::tz::TimeZone;
use timeseries::Series;

/// Numbers from 0 to 1 that nobody can foretell, the same in every run; others for another `seed`.
/// Source: splitmix64, Steele, Lea & Flood 2014.
pub(crate) fn chance(index: usize, seed: u64) -> f64 {
    let mut z = (index as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(seed);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}

/// The forecast of the day after `history`, of which nothing else is known.
pub(crate) fn next_day(history: &Series) -> Prediction {
    forecast(&ForecastRequest {
        history,
        cutoff: history.end(),
        step: history.step(),
        horizon_steps: history.step().per_day(),
        zone: &TimeZone::UTC,
        training_days: 56,
        occasions: &[],
        holidays: &[],
        left_out: &[],
    })
    .unwrap()
}
