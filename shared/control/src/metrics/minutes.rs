//! Demand of the last minutes.

use config::Target;
use futures_util::try_join;
use jiff::{SignedDuration, Timestamp};
use planning::Present;
use ports::{MetricSource, PortError};
use timeseries::{Series, Step};

use super::{ARCHIVE_STEP, rates};

/// Minutes looked at for demand at the moment.
const RECENT_MINUTES: usize = 15;

/// Demand of the last complete minutes, oldest first, requests per minute; NaN where missing.
///
/// Where the metric is published every five minutes only, each value stands for five minutes.
///
/// # Errors
/// [`PortError`].
pub async fn recent_demand(
    source: &impl MetricSource,
    target: &Target,
    now: Timestamp,
) -> Result<Vec<f64>, PortError> {
    demand_minutes(source, target, now, RECENT_MINUTES).await
}

/// As [`recent_demand`], of so many minutes.
///
/// # Errors
/// [`PortError`].
pub async fn demand_minutes(
    source: &impl MetricSource,
    target: &Target,
    now: Timestamp,
    count: usize,
) -> Result<Vec<f64>, PortError> {
    let to = Step::MINUTE.floor(now);
    let span = SignedDuration::from_mins(i64::try_from(count).unwrap_or(i64::MAX));
    let from = to.saturating_sub(span).unwrap_or(Timestamp::MIN);
    let minutes = minutes_of(source, target, from, to).await?;
    Ok(minutes.map_or_else(
        || vec![f64::NAN; count],
        |minutes| minutes.values().to_vec(),
    ))
}

/// Demand of every minute in `[from, to)`, requests per minute and NaN where missing; `None` for
/// an empty stretch. Where the metric is published every five minutes only, each value stands for
/// five minutes.
///
/// # Errors
/// [`PortError`].
pub(crate) async fn minutes_of(
    source: &impl MetricSource,
    target: &Target,
    from: Timestamp,
    to: Timestamp,
) -> Result<Option<Series>, PortError> {
    let (from, to) = (Step::MINUTE.floor(from), Step::MINUTE.floor(to));
    let wanted = usize::try_from(to.duration_since(from).as_mins()).unwrap_or(0);
    if wanted == 0 {
        return Ok(None);
    }
    let earlier = from
        .saturating_sub(ARCHIVE_STEP.duration())
        .unwrap_or(Timestamp::MIN);
    let (minutes, fives) = try_join!(
        rates(source, &target.demand, Step::MINUTE, from, to),
        rates(source, &target.demand, ARCHIVE_STEP, earlier, to),
    )?;
    let slot =
        |at: Timestamp| usize::try_from(at.duration_since(from).as_secs().div_euclid(60)).ok();
    let mut demand = vec![f64::NAN; wanted];
    // Datapoints of one minute that come every fifth are sums over five.
    if minutes.len() * 2 >= wanted || fives.is_empty() || minutes.len() > 2 * fives.len() {
        for (at, rate) in minutes {
            if let Some(value) = slot(at).and_then(|index| demand.get_mut(index)) {
                *value = rate;
            }
        }
    } else {
        for (at, rate) in fives {
            for minute in 0..5 {
                let at = at
                    .saturating_add(SignedDuration::from_mins(minute))
                    .unwrap_or(at);
                if let Some(value) = slot(at).and_then(|index| demand.get_mut(index)) {
                    *value = rate;
                }
            }
        }
    }
    Ok(Series::new(from, Step::MINUTE, demand).ok())
}

/// Demand at the moment from [`recent_demand`]: the highest of the last three minutes seen, so that
/// a minute that CloudWatch has only half of does not look like a lull. `None` without any.
#[must_use]
pub fn present(recent: &[f64], now: Timestamp) -> Option<Present> {
    let demand = recent
        .iter()
        .rev()
        .filter(|value| value.is_finite())
        .take(3)
        .copied()
        .max_by(f64::total_cmp)?;
    Some(Present {
        demand,
        at: Step::MINUTE.floor(now),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_present_is_the_highest_of_the_newest_three() {
        let nan = f64::NAN;
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(
            present(&[900.0, 10.0, 30.0, nan, 20.0], now)
                .unwrap()
                .demand,
            30.0
        );
        assert!(present(&[nan, nan], now).is_none());
    }
}
