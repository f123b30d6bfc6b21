use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use timeseries::{Series, Step};

use crate::{ForecastError, ForecastRequest, Holiday, Interval, LEVELS, Occasion, forecast};

/// Days of history that an origin needs before it.
const NEEDED_DAYS: u32 = 7;

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
    /// Public holidays, past and coming.
    pub holidays: &'a [Holiday],
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

/// Forecasts at each of the last midnights from what came before it, the oldest origin first.
///
/// A midnight counts when at least seven days of history lie before it, a full horizon of steps
/// after it, and at least half of those steps were observed.
///
/// # Errors
/// [`ForecastError::NoOrigin`] when the history is too short for any; otherwise as [`forecast`].
pub fn backtest(request: &BacktestRequest<'_>) -> Result<Vec<BacktestRow>, ForecastError> {
    let history = request
        .history
        .resample(request.step)
        .map_err(|source| ForecastError::Step {
            step: request.step.seconds(),
            source,
        })?;
    let origins = origins(&history, request);
    if origins.is_empty() {
        return Err(ForecastError::NoOrigin {
            needed_days: NEEDED_DAYS,
            horizon_steps: request.horizon_steps,
            first: request.history.start(),
            last: request.history.end(),
        });
    }
    let mut rows = Vec::with_capacity(origins.len() * request.horizon_steps);
    for origin in origins {
        let prediction = forecast(&ForecastRequest {
            history: &history,
            cutoff: origin,
            step: request.step,
            horizon_steps: request.horizon_steps,
            zone: request.zone,
            training_days: request.training_days,
            occasions: request.occasions,
            holidays: request.holidays,
            left_out: request.left_out,
        })?;
        for (index, quantiles) in prediction.forecast.rows.iter().enumerate() {
            let at = prediction.forecast.time_at(index);
            rows.push(BacktestRow {
                origin,
                at,
                actual: history.at(at),
                quantiles: *quantiles,
                model: prediction.report.model.clone(),
            });
        }
    }
    Ok(rows)
}

/// The last usable local midnights, the oldest first.
fn origins(history: &Series, request: &BacktestRequest<'_>) -> Vec<Timestamp> {
    let mut found = Vec::new();
    let earliest = history
        .start()
        .saturating_add(SignedDuration::from_hours(24 * i64::from(NEEDED_DAYS)))
        .unwrap_or(Timestamp::MAX);
    let local_end = history.end().to_zoned(request.zone.clone());
    let Ok(mut midnight) = local_end.start_of_day() else {
        return found;
    };
    while found.len() < request.origins && midnight.timestamp() >= earliest {
        let origin = request.step.floor(midnight.timestamp());
        if usable(history, origin, request.horizon_steps) {
            found.push(origin);
        }
        let Ok(before) = midnight
            .checked_sub(1.day())
            .and_then(|day| day.start_of_day())
        else {
            break;
        };
        midnight = before;
    }
    found.reverse();
    found
}

/// Whether a full horizon lies after `origin`, at least half of it observed.
fn usable(history: &Series, origin: Timestamp, horizon_steps: usize) -> bool {
    let Some(first) = history.index_of(origin) else {
        return false;
    };
    let Some(ahead) = history.values().get(first..first + horizon_steps) else {
        return false;
    };
    let observed = ahead.iter().filter(|value| !value.is_nan()).count();
    observed > 0 && observed * 2 >= horizon_steps
}
