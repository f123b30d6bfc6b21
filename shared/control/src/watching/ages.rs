//! How old the newest forecast and the plan are, and how the last night's forecast did.

use documents::{Forecast, LadderRung, Plan, Record, keys};
use jiff::{SignedDuration, Timestamp};
use ports::{DocumentStore, PortError};

use super::figures::{Figures, nightly};
use crate::store::{Loaded, load};

/// How many days back forecasts are looked for: an older one is of no use to anybody.
const DAYS_BACK: u16 = 3;
/// A night's forecast is scored when its first day is over, an hour of slack included; what is older
/// was told of before.
const NEWS: SignedDuration = SignedDuration::from_hours(36);

/// Seconds since the start of the newest forecast of `target` that a model made; `None` where there
/// is none of the last days. What only stands in for a model does not make a forecast younger.
///
/// # Errors
/// [`PortError`] when the store does not answer.
pub async fn forecast_age(
    store: &impl DocumentStore,
    target: &str,
    now: Timestamp,
) -> Result<Option<f64>, PortError> {
    for key in keys::forecasts_for(target, now, DAYS_BACK) {
        if let Loaded::Found(document, _) = load::<Forecast>(store, &key).await?
            && !matches!(
                document.body.ladder.rung,
                LadderRung::LastGood | LadderRung::LastWeek
            )
        {
            return Ok(Some(age(document.body.start, now)));
        }
    }
    Ok(None)
}

/// Seconds since the stored plan of `target` was decided; `None` where there is none that can be
/// read.
///
/// # Errors
/// As [`forecast_age`].
pub async fn plan_age(
    store: &impl DocumentStore,
    target: &str,
    now: Timestamp,
) -> Result<Option<f64>, PortError> {
    let plan = load::<Plan>(store, &keys::plan(target)).await?;
    Ok(plan.body().map(|plan| age(plan.decided_at, now)))
}

/// How the last forecast of `target` did whose first day is over, and whether forecasts drift; empty
/// where nothing was ever scored.
///
/// # Errors
/// As [`forecast_age`].
pub async fn last_night(
    store: &impl DocumentStore,
    target: &str,
    now: Timestamp,
) -> Result<Figures, PortError> {
    let record = load::<Record>(store, &keys::record(target)).await?;
    let Some(record) = record.body() else {
        return Ok(Figures::default());
    };
    let newest = record.nights.last();
    let scored = newest.filter(|night| now.duration_since(night.forecast) <= NEWS);
    Ok(nightly(scored, &record.drift))
}

/// Never below zero: clocks differ by seconds.
fn age(since: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(since).as_secs_f64().max(0.0)
}
