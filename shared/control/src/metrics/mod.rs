//! Demand through the metrics port.

mod archive;
mod minutes;
mod spread;

use config::DemandMetric;
use jiff::Timestamp;
use ports::{Datapoint, MetricName, MetricSource, PortError, Reading, Statistic};
use timeseries::Step;

pub(crate) use archive::series_of;
pub use archive::{demand_between, demand_series, gather_history};
pub(crate) use minutes::minutes_of;
pub use minutes::{demand_minutes, present, recent_demand};
pub use spread::minute_spread;

/// Step of the archive: the finest a plan may have.
const ARCHIVE_STEP: Step = Step::FIVE_MINUTES;

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
