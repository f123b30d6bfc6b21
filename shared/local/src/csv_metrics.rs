use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use ports::{
    Clock, Datapoint, MetricName, MetricSink, MetricSource, PortError, Reading, Statistic,
};
use timeseries::{Series, Step};

use crate::VirtualClock;

/// How late CloudWatch shows a datapoint unless told otherwise.
const DELAY: SignedDuration = SignedDuration::from_mins(1);

/// Metrics read from series, as far as they can be known at a virtual time.
///
/// A series counts as a metric that was published once a minute with its value (for demand: the
/// requests of that minute), so a `Sum` over five minutes of 100 requests per minute is 500. What
/// has not ended a delay ago is not seen. A gap within a period takes the mean of the period where
/// at least half of it was observed; otherwise there is no datapoint, as with
/// [`Series::resample`].
#[derive(Debug, Clone)]
pub struct CsvMetrics {
    clock: VirtualClock,
    delay: SignedDuration,
    series: BTreeMap<MetricName, Series>,
    published: Rc<RefCell<BTreeMap<MetricName, BTreeMap<Timestamp, f64>>>>,
}

impl CsvMetrics {
    /// No metrics yet, seen at the time that `clock` shows, one minute late.
    #[must_use]
    pub fn new(clock: VirtualClock) -> Self {
        Self {
            clock,
            delay: DELAY,
            series: BTreeMap::new(),
            published: Rc::default(),
        }
    }

    /// The same, with datapoints seen `delay` after their end.
    #[must_use]
    pub fn with_delay(self, delay: SignedDuration) -> Self {
        Self { delay, ..self }
    }

    /// The same, with `series` (for demand: requests per minute) as `metric`.
    #[must_use]
    pub fn with(mut self, metric: MetricName, series: Series) -> Self {
        self.series.insert(metric, series);
        self
    }
}

impl CsvMetrics {
    /// What was published of `metric`, by minute; the highest value of each.
    #[must_use]
    pub fn published(&self, metric: &MetricName) -> BTreeMap<Timestamp, f64> {
        let published = self.published.borrow();
        published.get(metric).cloned().unwrap_or_default()
    }

    /// What was published of `metric` for the minute `at`.
    #[must_use]
    pub fn published_at(&self, metric: &MetricName, at: Timestamp) -> Option<f64> {
        self.published.borrow().get(metric)?.get(&at).copied()
    }
}

impl MetricSink for CsvMetrics {
    /// Keeps what PutMetricData takes: two weeks back to two hours ahead, finite values.
    async fn publish(&self, metric: &MetricName, values: &[Datapoint]) -> Result<(), PortError> {
        const PAST: SignedDuration = SignedDuration::from_hours(14 * 24);
        const AHEAD: SignedDuration = SignedDuration::from_hours(2);
        let now = self.clock.now();
        let taken = |point: &&Datapoint| {
            let age = now.duration_since(point.at);
            point.value.is_finite() && age <= PAST && age >= -AHEAD
        };
        if let Some(refused) = values.iter().find(|point| !taken(point)) {
            return Err(PortError::Refused {
                operation: "publish",
                resource: metric.name.clone(),
                detail: format!("InvalidParameterValue: {} at {}", refused.value, refused.at),
            });
        }
        let mut published = self.published.borrow_mut();
        let known = published.entry(metric.clone()).or_default();
        for point in values {
            let value = known.entry(point.at).or_insert(point.value);
            *value = value.max(point.value);
        }
        Ok(())
    }
}

impl MetricSource for CsvMetrics {
    async fn read(&self, reading: &Reading) -> Result<Vec<Datapoint>, PortError> {
        let Some(series) = self.series.get(&reading.metric) else {
            return Ok(Vec::new());
        };
        let period = reading.period;
        if !period.seconds().is_multiple_of(series.step().seconds()) {
            return Ok(Vec::new());
        }
        let visible = self.clock.now().checked_sub(self.delay);
        let visible = visible.unwrap_or(Timestamp::MIN);
        let mut points = Vec::new();
        let mut at = period.floor(reading.from.max(series.start()));
        while at < reading.to && at < series.end() {
            let Ok(end) = at.checked_add(period.duration()) else {
                break;
            };
            if end > visible {
                break;
            }
            if let Some(value) = value(series, at, period, reading.statistic) {
                points.push(Datapoint { at, value });
            }
            at = end;
        }
        Ok(points)
    }
}

/// The statistic of the period that begins at `at`.
fn value(series: &Series, at: Timestamp, period: Step, statistic: Statistic) -> Option<f64> {
    let steps = (period.seconds() / series.step().seconds()) as usize;
    let values = || {
        (0..steps).filter_map(|index| {
            let offset = i64::try_from(index).ok()? * i64::from(series.step().seconds());
            series.at(at.checked_add(SignedDuration::from_secs(offset)).ok()?)
        })
    };
    let observed = values().count();
    if observed == 0 || observed * 2 < steps {
        return None;
    }
    let mean = values().sum::<f64>() / observed as f64;
    match statistic {
        Statistic::Sum => Some(mean * period.minutes()),
        Statistic::Average | Statistic::P50 => Some(mean),
        Statistic::Maximum | Statistic::P99 | Statistic::P95 | Statistic::P90 => {
            values().reduce(f64::max)
        }
        Statistic::Minimum => values().reduce(f64::min),
        Statistic::SampleCount => Some(period.minutes()),
    }
}
