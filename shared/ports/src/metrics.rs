use std::collections::BTreeMap;

use jiff::Timestamp;
use timeseries::Step;

use crate::PortError;

/// A metric by its CloudWatch name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricName {
    /// Namespace, such as `AWS/ApplicationELB`.
    pub namespace: String,
    /// Name, such as `RequestCount`.
    pub name: String,
    /// Dimensions by name.
    pub dimensions: BTreeMap<String, String>,
}

/// How a metric's samples within a period become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statistic {
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The largest.
    Maximum,
    /// The smallest.
    Minimum,
    /// How many there were.
    SampleCount,
    /// Their median.
    P50,
    /// Their 90th percentile.
    P90,
    /// Their 95th percentile.
    P95,
    /// Their 99th percentile.
    P99,
}

impl Statistic {
    /// CloudWatch's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "Sum",
            Self::Average => "Average",
            Self::Maximum => "Maximum",
            Self::Minimum => "Minimum",
            Self::SampleCount => "SampleCount",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }
}

/// One value of a metric over one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Datapoint {
    /// Start of the period.
    pub at: Timestamp,
    /// The statistic's value, as the source has it (a sum is not yet a rate).
    pub value: f64,
}

/// What to read of one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Which metric.
    pub metric: MetricName,
    /// Which statistic.
    pub statistic: Statistic,
    /// Length of a datapoint. A source that has kept only longer ones returns nothing for it.
    pub period: Step,
    /// First moment wanted.
    pub from: Timestamp,
    /// First moment not wanted.
    pub to: Timestamp,
}

/// Where metrics come from.
pub trait MetricSource {
    /// The datapoints, oldest first; empty when there are none. Pages are followed to the end.
    ///
    /// # Errors
    /// [`PortError`]; never a partial list.
    async fn read(&self, reading: &Reading) -> Result<Vec<Datapoint>, PortError>;

    /// Several metrics at once, each with its own result, in their order: one that fails does not
    /// cost the others. A source that can answer many in one call does so.
    async fn read_many(&self, readings: &[Reading]) -> Vec<Result<Vec<Datapoint>, PortError>> {
        futures_util::future::join_all(readings.iter().map(|reading| self.read(reading))).await
    }
}

/// Where metrics go.
pub trait MetricSink {
    /// Publishes values of one metric, each standing for the minute that begins at its time, which
    /// may lie up to two weeks back and two hours ahead (source: PutMetricData, "time stamps"). The
    /// same minute may be published again: the highest value then shows under `Maximum`.
    ///
    /// # Errors
    /// [`PortError`]; part of the values may have been taken.
    async fn publish(&self, metric: &MetricName, values: &[Datapoint]) -> Result<(), PortError>;
}
