//! The forecast around now, by the minute, and its upper edge as a metric.

use std::collections::BTreeMap;

use config::Target;
use documents::{Forecast, keys};
use jiff::{SignedDuration, Timestamp};
use ports::{AlarmDefinition, AlarmMetric, Datapoint, DocumentStore, MetricName, PortError};
use timeseries::Step;

use crate::error::chain;
use crate::ladder::add_events;
use crate::metrics::metric_name;
use crate::settings::Settings;
use crate::store::{Loaded, load};
use crate::watching::measures::{DEMAND_UPPER, Measure, NAMESPACE, STACK, TARGET};

/// How far ahead the edge is published: past the next hourly run and its lateness, within the two
/// hours that PutMetricData accepts.
pub const PUBLISHED_MINUTES: usize = 100;
/// Level of the upper edge, and of the lower one.
const UPPER: f64 = 0.99;
const LOWER: f64 = 0.05;
/// Datapoints in a row above the band that set the alarm off: one odd minute does not.
const DATAPOINTS: u32 = 2;

/// Lower edge, median and upper edge of each minute from a start on, in requests per minute; NaN
/// where no forecast covers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Edges {
    /// Start of the first minute.
    pub start: Timestamp,
    /// 5th percentile, less what single minutes do around their step's mean.
    pub lower: Vec<f64>,
    /// Median.
    pub median: Vec<f64>,
    /// 99th percentile, and room for what single minutes do.
    pub upper: Vec<f64>,
}

/// The upper edge of `forecast` at `at`: its 99th percentile, and room for what single minutes do
/// around the mean of their step.
#[must_use]
pub fn upper_edge(forecast: &Forecast, at: Timestamp) -> Option<f64> {
    edge(forecast, at, UPPER).map(|value| value * (1.0 + 2.0 * forecast.minute_spread))
}

/// The quantile of the step that holds `at`: the first carried level that is at least `level`.
fn edge(forecast: &Forecast, at: Timestamp, level: f64) -> Option<f64> {
    let seconds = at.duration_since(forecast.start).as_secs();
    let step = i64::from(forecast.step_seconds.max(1));
    let row = forecast
        .quantiles
        .get(usize::try_from(seconds.div_euclid(step)).ok()?)?;
    let index = forecast.levels.iter().position(|known| *known >= level)?;
    row.get(index).copied().filter(|value| value.is_finite())
}

/// The band of `target` from `from` for so many minutes, from the forecasts of today and the two
/// days before, newest first, with the events added since. `None` where no forecast covers `now`;
/// forecasts that cannot be read are told in `notes`.
///
/// # Errors
/// [`PortError`] when the store does not answer.
pub async fn band(
    store: &impl DocumentStore,
    settings: &Settings,
    target: &Target,
    (from, minutes): (Timestamp, usize),
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Result<Option<Edges>, PortError> {
    let keys: Vec<String> = keys::forecasts_for(&target.name, now, 2).collect();
    let loads = keys.iter().map(|key| load::<Forecast>(store, key));
    let mut forecasts = Vec::new();
    for loaded in futures_util::future::join_all(loads).await {
        match loaded? {
            Loaded::Absent => {}
            Loaded::Unusable(error, _) => notes.push(format!("skipped: {}", chain(&error))),
            Loaded::Found(envelope, _) => {
                let mut forecast = envelope.body;
                add_events(&mut forecast, settings, target, now);
                forecasts.push(forecast);
            }
        }
    }
    if !forecasts
        .iter()
        .any(|forecast| upper_edge(forecast, now).is_some())
    {
        return Ok(None);
    }
    let start = Step::MINUTE.floor(from);
    let mut edges = Edges {
        start,
        lower: Vec::with_capacity(minutes),
        median: Vec::with_capacity(minutes),
        upper: Vec::with_capacity(minutes),
    };
    for minute in 0..minutes {
        let at = later(start, minute);
        let first = |read: &dyn Fn(&Forecast) -> Option<f64>| {
            forecasts.iter().find_map(read).unwrap_or(f64::NAN)
        };
        let low = |forecast: &Forecast| {
            let room = (1.0 - 2.0 * forecast.minute_spread).max(0.0);
            edge(forecast, at, LOWER).map(|value| value * room)
        };
        edges.lower.push(first(&low));
        edges
            .median
            .push(first(&|forecast| edge(forecast, at, 0.5)));
        edges
            .upper
            .push(first(&|forecast| upper_edge(forecast, at)));
    }
    Ok(Some(edges))
}

/// The band from the minute of `now` on, as it is published: lower edge, upper edge.
///
/// # Errors
/// As [`band`].
pub async fn published_band(
    store: &impl DocumentStore,
    settings: &Settings,
    target: &Target,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Result<(Vec<Datapoint>, Vec<Datapoint>), PortError> {
    let span = (Step::MINUTE.floor(now), PUBLISHED_MINUTES);
    let Some(edges) = band(store, settings, target, span, now, notes).await? else {
        return Ok((Vec::new(), Vec::new()));
    };
    let points = |values: &[f64]| {
        let points = values.iter().enumerate().map(|(minute, value)| Datapoint {
            at: later(edges.start, minute),
            value: *value,
        });
        points.filter(|point| point.value.is_finite()).collect()
    };
    Ok((points(&edges.lower), points(&edges.upper)))
}

/// The metric of the band's upper edge, without the stack, as [`target_metric`].
#[must_use]
pub fn band_metric(target: &str) -> MetricName {
    target_metric(&DEMAND_UPPER, target)
}

/// The metric that `measure` is of `target`. What tells one stack's from another's, the dimension
/// [`STACK`], is given to it where it goes out.
#[must_use]
pub fn target_metric(measure: &Measure, target: &str) -> MetricName {
    MetricName {
        namespace: NAMESPACE.to_owned(),
        name: measure.name.to_owned(),
        dimensions: BTreeMap::from([(TARGET.to_owned(), target.to_owned())]),
    }
}

/// The name of the alarm "demand above the band" of `target`. It has the target's name in it, so that
/// two targets never share one, and it fits the target's first pattern with a star, so that the alarm
/// calls the responder. A pattern without a star is the name of an alarm that people have.
#[must_use]
pub fn band_alarm_name(target: &Target) -> String {
    let starred = target.alarms.iter().find_map(|it| it.split_once('*'));
    let Some((head, tail)) = starred else {
        return format!("forescale-{}-band", target.name);
    };
    let tail = tail.replace('*', "band");
    match head.ends_with(&format!("{}-", target.name)) {
        true => format!("{head}band{tail}"),
        false => format!("{head}{}-band{tail}", target.name),
    }
}

/// The alarm "demand above the band" that `stack` publishes of `target`, under a name that calls the
/// responder for it.
#[must_use]
pub fn band_alarm(target: &Target, stack: &str, actions: Vec<String>) -> AlarmDefinition {
    let name = band_alarm_name(target);
    let mut band = band_metric(&target.name);
    band.dimensions.insert(STACK.to_owned(), stack.to_owned());
    AlarmDefinition {
        name,
        description: format!(
            "Demand of {} is above the forecast's 99th percentile. The band is missing: {}.",
            target.name,
            target.response.band_missing.as_str()
        ),
        demand: AlarmMetric::new(metric_name(&target.demand), &target.demand.statistic),
        band: AlarmMetric::new(band, "Maximum"),
        period: 60,
        datapoints: DATAPOINTS,
        treat_missing: target.response.band_missing.as_str().to_owned(),
        actions,
    }
}

fn later(start: Timestamp, minutes: usize) -> Timestamp {
    let span = SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(i64::MAX));
    start.saturating_add(span).unwrap_or(Timestamp::MAX)
}
