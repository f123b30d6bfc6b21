use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{MetricName, PortError};

/// The alarm "demand above the band" of one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmDefinition {
    /// Its name.
    pub name: String,
    /// What it says of itself.
    pub description: String,
    /// The demand, as a metric.
    pub demand: AlarmMetric,
    /// The upper edge of the band, as a metric.
    pub band: AlarmMetric,
    /// Seconds of a datapoint.
    pub period: u32,
    /// How many datapoints in a row have to be above the band.
    pub datapoints: u32,
    /// What a missing datapoint counts as: `breaching`, `notBreaching`, `ignore`, `missing`.
    pub treat_missing: String,
    /// What it calls, by ARN; nothing where the responder is called by a rule.
    pub actions: Vec<String>,
}

/// A metric within an alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmMetric {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Dimensions.
    pub dimensions: BTreeMap<String, String>,
    /// Statistic, in CloudWatch's spelling.
    pub statistic: String,
}

impl AlarmMetric {
    /// `metric` by `statistic`.
    #[must_use]
    pub fn new(metric: MetricName, statistic: &str) -> Self {
        Self {
            namespace: metric.namespace,
            name: metric.name,
            dimensions: metric.dimensions,
            statistic: statistic.to_owned(),
        }
    }
}

impl AlarmDefinition {
    /// The metric math of it: demand as a rate less the band; above 0 it is outside.
    ///
    /// Missing demand stays missing, and counts as [`Self::treat_missing`] says. Filled with zero it
    /// would read as calm: for good where the metric has stopped, and for a minute or two each minute,
    /// since metrics come late while the band is published ahead; two datapoints in a row would then
    /// never be above it. Source: CloudWatch user guide, metric math, `FILL`.
    #[must_use]
    pub fn expression(&self) -> String {
        // A count within the period becomes a rate per minute.
        let minutes = f64::from(self.period) / 60.0;
        match self.demand.statistic.as_str() {
            "Sum" | "SampleCount" if (minutes - 1.0).abs() > f64::EPSILON => {
                format!("demand / {minutes} - band")
            }
            _ => "demand - band".to_owned(),
        }
    }
}

/// Whose an alarm is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmOwner {
    /// There is none of that name.
    Nobody,
    /// It compares with the same band: one that was made here.
    Ours,
    /// Somebody else's, and what it watches.
    Others(String),
}

/// Making alarms.
pub trait AlarmWriter {
    /// Whose the alarm is that has the name of `alarm` now.
    ///
    /// # Errors
    /// [`PortError`].
    async fn owner(&self, alarm: &AlarmDefinition) -> Result<AlarmOwner, PortError>;

    /// Creates or replaces the alarm of that name, whosever it is.
    ///
    /// # Errors
    /// [`PortError`].
    async fn put_alarm(&self, alarm: &AlarmDefinition) -> Result<(), PortError>;
}
