//! Demand through the metrics port.

use config::{DemandMetric, Target};
use documents::History;
use futures_util::try_join;
use jiff::{SignedDuration, Timestamp};
use planning::Present;
use ports::{Datapoint, MetricName, MetricSource, PortError, Reading, Statistic};
use timeseries::{Series, Step};

use crate::ControlError;

/// Step of the archive: the finest a plan may have.
const ARCHIVE_STEP: Step = Step::FIVE_MINUTES;
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
/// Minutes looked at for demand at the moment.
const RECENT_MINUTES: usize = 15;

/// The metric behind `metric`.
#[must_use]
pub fn metric_name(metric: &DemandMetric) -> MetricName {
    MetricName {
        namespace: metric.namespace.clone(),
        name: metric.name.clone(),
        dimensions: metric.dimensions.clone(),
    }
}

/// The statistic of `metric`.
#[must_use]
pub fn metric_statistic(metric: &DemandMetric) -> Statistic {
    match metric.statistic.as_str() {
        "Average" => Statistic::Average,
        "Maximum" => Statistic::Maximum,
        "Minimum" => Statistic::Minimum,
        "SampleCount" => Statistic::SampleCount,
        "p50" => Statistic::P50,
        "p90" => Statistic::P90,
        "p95" => Statistic::P95,
        "p99" => Statistic::P99,
        _ => Statistic::Sum,
    }
}

/// Factor from a datapoint over `period` to a value per minute: a count is spread over its
/// minutes, a level is what it is.
fn rate_factor(metric: &DemandMetric, period: Step) -> f64 {
    match metric_statistic(metric) {
        Statistic::Sum | Statistic::SampleCount => 1.0 / period.minutes(),
        Statistic::Average
        | Statistic::Maximum
        | Statistic::Minimum
        | Statistic::P50
        | Statistic::P90
        | Statistic::P95
        | Statistic::P99 => 1.0,
    }
}

async fn rates(
    source: &impl MetricSource,
    metric: &DemandMetric,
    period: Step,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Timestamp, f64)>, PortError> {
    let (from, to) = (period.floor(from), period.floor(to));
    if from >= to {
        return Ok(Vec::new());
    }
    let reading = Reading {
        metric: metric_name(metric),
        statistic: metric_statistic(metric),
        period,
        from,
        to,
    };
    let factor = rate_factor(metric, period);
    let points = source.read(&reading).await?;
    let usable = |point: &&Datapoint| point.value.is_finite() && point.value >= 0.0;
    Ok(points
        .iter()
        .filter(usable)
        .map(|point| (point.at, point.value * factor))
        .collect())
}

/// Everything known about the target's demand: what CloudWatch still has, each age at the finest
/// period it keeps, over what was archived.
///
/// # Errors
/// [`ControlError::Port`] when CloudWatch does not answer; [`ControlError::Demand`] for an archive
/// that does not fit.
pub async fn gather_history(
    source: &impl MetricSource,
    target: &Target,
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
    // Holidays are learnt from those of last year, which CloudWatch still has by the hour.
    let days = match target.country {
        Some(_) => ARCHIVE_DAYS,
        None => i64::from(target.training_days),
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
    let (hours, fives, minutes) = try_join!(
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
    let mut points: Vec<(Timestamp, f64)> = hours
        .iter()
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
    Ok(history_of(demand, peak.as_ref(), now))
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
    }
}

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
        };
        let spread = minute_spread(&history, Step::FIVE_MINUTES);
        assert!((0.05..0.2).contains(&spread), "{spread}");
        let blind = History {
            peak: vec![None; 2000],
            ..history
        };
        assert_eq!(minute_spread(&blind, Step::FIVE_MINUTES), 0.0);
    }

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
