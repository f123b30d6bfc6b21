use std::error::Error;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use jiff::Timestamp;
use jiff::tz::Offset;
use ports::MetricName;

use crate::HarnessError;

/// Most values of one PutMetricData call. Source: CloudWatch quotas.
const BATCH: usize = 1000;

/// Requests counted per step, as a load balancer publishes them.
#[derive(Debug, Clone)]
pub struct Demand {
    /// The metric.
    pub metric: MetricName,
    /// Start of the first step.
    pub start: Timestamp,
    /// Length of a step in seconds.
    pub step_seconds: u32,
    /// Requests within each step.
    pub requests: Vec<f64>,
}

impl Demand {
    pub(crate) async fn put(&self, sdk: &SdkConfig) -> Result<(), HarnessError> {
        let client = Client::new(sdk);
        let dimensions: Vec<Dimension> = self
            .metric
            .dimensions
            .iter()
            .map(|(name, value)| Dimension::builder().name(name).value(value).build())
            .collect();
        let step = i64::from(self.step_seconds);
        let mut at = self.start.as_second();
        for batch in self.requests.chunks(BATCH) {
            let mut data = Vec::with_capacity(batch.len());
            for &value in batch {
                let datum = MetricDatum::builder()
                    .metric_name(&self.metric.name)
                    .set_dimensions(Some(dimensions.clone()))
                    .timestamp(DateTime::from_secs(at))
                    .unit(StandardUnit::Count)
                    .value(value);
                data.push(datum.build());
                at += step;
            }
            client
                .put_metric_data()
                .namespace(&self.metric.namespace)
                .set_metric_data(Some(data))
                .send()
                .await
                .map_err(|error| HarnessError::Demand {
                    detail: format!("{error}: {:?}", error.source()),
                })?;
        }
        Ok(())
    }
}

/// Requests per minute of a shop that sleeps at night and rests on Sundays: 200 at four in the
/// morning UTC, 2,000 at four in the afternoon, a third less on Sundays.
#[must_use]
pub fn daily_wave(at: Timestamp) -> f64 {
    let local = Offset::UTC.to_datetime(at);
    let hour = f64::from(local.hour()) + f64::from(local.minute()) / 60.0;
    let phase = (hour - 4.0) / 24.0 * std::f64::consts::TAU;
    let rest = if local.weekday() == jiff::civil::Weekday::Sunday {
        2.0 / 3.0
    } else {
        1.0
    };
    (1100.0 - 900.0 * phase.cos()) * rest
}
