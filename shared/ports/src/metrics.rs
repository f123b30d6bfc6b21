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
}
