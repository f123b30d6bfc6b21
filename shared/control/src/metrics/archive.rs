//! The archive of observed demand, and what CloudWatch still has over it.

use config::{Event, EventEffect, Target};
use documents::History;
use futures_util::try_join;
use jiff::{SignedDuration, Timestamp};
use ports::MetricSource;
use timeseries::{Series, Step};

use super::{ARCHIVE_STEP, rates};
use crate::ControlError;

/// CloudWatch keeps datapoints of one minute for 15 days, of five for 63, of an hour for 455.
/// Source: Amazon CloudWatch user guide, "Metrics retention". One day less each, since what is
/// about to go may be gone by the time it is asked for.
const MINUTES_KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);
const FIVES_KEPT: SignedDuration = SignedDuration::from_hours(62 * 24);
/// What is read again each night: CloudWatch may show datapoints a day late. Source: PutMetricData,
/// "data points with time stamps between 3 and 24 hours ago can take as much as 2 hours", older
/// ones 48.
const READ_AGAIN: SignedDuration = SignedDuration::from_hours(48);
/// Most days the archive keeps: a year and a month, so that last year's occasions are still there.
const ARCHIVE_DAYS: i64 = 400;
/// What was asked for may lie so much after what is wanted now: the wish moves on with the days.
const LATER: SignedDuration = SignedDuration::from_hours(48);

/// Everything known about the target's demand: what CloudWatch still has, each age at the finest
/// period it keeps, over what was archived. Where more is wanted than was ever asked for, as when the
/// target got a country or an event that looks back, what lies before the archive is read too, once.
///
/// # Errors
/// [`ControlError::Port`] when CloudWatch does not answer; [`ControlError::Demand`] for an archive
/// that does not fit.
pub async fn gather_history(
    source: &impl MetricSource,
    target: &Target,
    events: &[Event],
    archived: Option<&History>,
    now: Timestamp,
) -> Result<History, ControlError> {
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let demand_error = |source| ControlError::Demand {
        target: target.name.clone(),
        source,
    };
    let back = |span: SignedDuration| now.saturating_sub(span).unwrap_or(Timestamp::MIN);
    let days = if looks_back(target, events) {
        ARCHIVE_DAYS
    } else {
        i64::from(target.training_days)
    };
    let wanted = back(SignedDuration::from_hours(24 * days));
    let archive_end = archived.map(end_of);
    let since = archive_end.map_or(wanted, |end| {
        end.saturating_sub(READ_AGAIN)
            .unwrap_or(Timestamp::MIN)
            .max(wanted)
    });
    let metric = &target.demand;
    let fives_from = since.max(back(FIVES_KEPT));
    let minutes_from = since.max(back(MINUTES_KEPT));
    let asked = archived.map_or(wanted, |archived| {
        archived.asked_from.unwrap_or(archived.start)
    });
    let older_to = archived
        .map(|archived| Step::HOUR.floor(archived.start))
        .filter(|_| asked.duration_since(wanted) >= LATER)
        .unwrap_or(wanted);
    let (older, hours, fives, minutes) = try_join!(
        rates(source, metric, Step::HOUR, wanted, older_to),
        rates(source, metric, Step::HOUR, since, back(FIVES_KEPT)),
        rates(source, metric, ARCHIVE_STEP, fives_from, now),
        rates(source, metric, Step::MINUTE, minutes_from, now),
    )
    .map_err(port)?;
    // A metric that is published once an hour has nothing finer to offer.
    let coarse = if fives.is_empty() {
        rates(source, metric, Step::HOUR, fives_from, now)
            .await
            .map_err(port)?
    } else {
        Vec::new()
    };
    let mut points: Vec<(Timestamp, f64)> = older
        .iter()
        .chain(&hours)
        .chain(&coarse)
        .flat_map(|&(at, rate)| spread_hour(at, rate))
        .collect();
    points.extend(fives);
    let peaks = peaks(&minutes);
    let fresh = Series::from_points(&points, ARCHIVE_STEP);
    let old = archived
        .map(|history| series_of(history, &history.demand))
        .transpose();
    let old_peaks = archived
        .map(|history| series_of(history, &history.peak))
        .transpose();
    let demand = merge(fresh, old.map_err(demand_error)?).map_err(demand_error)?;
    let peak = merge(
        Series::from_points(&peaks, ARCHIVE_STEP),
        old_peaks.map_err(demand_error)?,
    )
    .map_err(demand_error)?;
    Ok(History {
        asked_from: Some(ARCHIVE_STEP.floor(asked.min(wanted))),
        ..history_of(demand, peak.as_ref(), now)
    })
}

/// Whether last year tells of days to come: holidays are learnt from those of last year, events from past
/// ones, or they are as a day was. CloudWatch still has it by the hour.
fn looks_back(target: &Target, events: &[Event]) -> bool {
    let of_the_past = |effect| matches!(effect, EventEffect::Like(_) | EventEffect::Learnt);
    let mut own = events.iter().filter(|event| event.concerns(&target.name));
    target.country.is_some() || own.any(|event| of_the_past(event.effect))
}

/// The target's demand from `from` to `to` as CloudWatch still has it at `now`, each age at the finest
/// period it keeps, in steps of five minutes and in order: rates per minute, or levels. Steps that
/// CloudWatch knows nothing of are not there.
///
/// A part of what [`gather_history`] reads, for those who read a long time piece by piece.
///
/// # Errors
/// [`ControlError::Port`] when CloudWatch does not answer.
pub async fn demand_between(
    source: &impl MetricSource,
    target: &Target,
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
) -> Result<Vec<(Timestamp, f64)>, ControlError> {
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let metric = &target.demand;
    let oldest_five = now.saturating_sub(FIVES_KEPT).unwrap_or(Timestamp::MIN);
    let border = Step::HOUR.floor(oldest_five).clamp(from, to.max(from));
    let mut fives = rates(source, metric, ARCHIVE_STEP, border, to)
        .await
        .map_err(port)?;
    // A metric that is published once an hour has nothing finer to offer.
    let hours_to = if fives.is_empty() { to } else { border };
    let hours = rates(source, metric, Step::HOUR, from, hours_to)
        .await
        .map_err(port)?;
    let mut points: Vec<(Timestamp, f64)> = hours
        .iter()
        .flat_map(|&(at, rate)| spread_hour(at, rate))
        .filter(|(at, _)| *at >= from && *at < to)
        .collect();
    points.append(&mut fives);
    Ok(points)
}

/// An hour's rate in every archive step of it.
fn spread_hour(at: Timestamp, rate: f64) -> impl Iterator<Item = (Timestamp, f64)> {
    let steps = i64::from(Step::HOUR.seconds() / ARCHIVE_STEP.seconds());
    (0..steps).filter_map(move |index| {
        let offset = SignedDuration::from_secs(index * i64::from(ARCHIVE_STEP.seconds()));
        Some((at.checked_add(offset).ok()?, rate))
    })
}

/// The busiest minute of each archive step that has at least four of its five minutes: fewer mean
/// that the metric is not published each minute, and its values are then not minutes.
fn peaks(minutes: &[(Timestamp, f64)]) -> Vec<(Timestamp, f64)> {
    let mut steps = std::collections::BTreeMap::<Timestamp, (usize, f64)>::new();
    for &(at, rate) in minutes {
        let (count, peak) = steps.entry(ARCHIVE_STEP.floor(at)).or_insert((0, 0.0));
        *count += 1;
        *peak = peak.max(rate);
    }
    steps
        .into_iter()
        .filter(|(_, (count, _))| *count >= 4)
        .map(|(at, (_, peak))| (at, peak))
        .collect()
}

fn end_of(history: &History) -> Timestamp {
    let seconds = history.demand.len() as i64 * i64::from(history.step_seconds);
    history
        .start
        .saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

/// The demand of a history as a series in `step`.
///
/// # Errors
/// [`timeseries::TimeSeriesError`] for a history that does not fit that step.
pub fn demand_series(history: &History, step: Step) -> Result<Series, timeseries::TimeSeriesError> {
    series_of(history, &history.demand)?.resample(step)
}

/// `values` of a history as a series.
pub(crate) fn series_of(
    history: &History,
    values: &[Option<f64>],
) -> Result<Series, timeseries::TimeSeriesError> {
    let step = Step::from_seconds(i64::from(history.step_seconds))?;
    let values = values
        .iter()
        .map(|value| value.unwrap_or(f64::NAN))
        .collect();
    let series = Series::new(history.start, step, values)?;
    if step.seconds() < ARCHIVE_STEP.seconds() {
        series.resample(ARCHIVE_STEP)
    } else {
        Ok(series)
    }
}

fn merge(
    fresh: Option<Series>,
    old: Option<Series>,
) -> Result<Option<Series>, timeseries::TimeSeriesError> {
    Ok(match (fresh, old) {
        (Some(fresh), Some(old)) => Some(fresh.merged_over(&old)?),
        (fresh, old) => fresh.or(old),
    })
}

fn history_of(demand: Option<Series>, peak: Option<&Series>, now: Timestamp) -> History {
    let oldest = now
        .saturating_sub(SignedDuration::from_hours(24 * ARCHIVE_DAYS))
        .unwrap_or(Timestamp::MIN);
    let Some(demand) = demand.map(|series| series.between(oldest, Timestamp::MAX)) else {
        let start = ARCHIVE_STEP.floor(now);
        let step_seconds = ARCHIVE_STEP.seconds();
        return History {
            start,
            step_seconds,
            demand: Vec::new(),
            peak: Vec::new(),
            asked_from: None,
        };
    };
    // A thousandth of a request a minute is below anything measured, and keeps the archive short.
    let stored = |value: f64| (!value.is_nan()).then(|| (value * 1000.0).round() / 1000.0);
    let times = (0..demand.len()).map(|index| demand.time_at(index));
    let peak = times
        .map(|at| peak.and_then(|series| series.at(at)).and_then(stored))
        .collect();
    History {
        start: demand.start(),
        step_seconds: demand.step().seconds(),
        demand: demand.values().iter().map(|value| stored(*value)).collect(),
        peak,
        asked_from: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_need_minutes() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let minutes: Vec<_> = (0..5)
            .map(|m| (at(m), m as f64))
            .chain([(at(5), 99.0)])
            .collect();
        assert_eq!(peaks(&minutes), [(at(0), 4.0)]);
    }
}
