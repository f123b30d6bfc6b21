//! Publishing metrics.

use aws_sdk_cloudwatch::types::{MetricDatum, StandardUnit};
use ports::{Datapoint, MetricName, MetricSink, PortError};

use super::{CloudWatchMetrics, address};
use crate::alarms::dimensions;
use crate::answer::Call;
use crate::time::to_sdk;

/// Most data of one call. Source: CloudWatch API reference, `PutMetricData`.
const MOST_DATA: usize = 1_000;

impl MetricSink for CloudWatchMetrics {
    async fn publish(&self, metric: &MetricName, values: &[Datapoint]) -> Result<(), PortError> {
        let address = address(metric);
        let call = Call {
            operation: "publish metric",
            resource: &address,
        };
        let mut named = self.own.clone();
        named.extend(metric.dimensions.clone());
        // One value that is none would cost the whole call.
        let data: Vec<MetricDatum> = values
            .iter()
            .filter(|point| point.value.is_finite())
            .map(|point| {
                MetricDatum::builder()
                    .metric_name(&metric.name)
                    .set_dimensions(Some(dimensions(&named)))
                    .timestamp(to_sdk(point.at))
                    .value(point.value)
                    .unit(StandardUnit::None)
                    .build()
            })
            .collect();
        for part in data.chunks(MOST_DATA) {
            self.client
                .put_metric_data()
                .namespace(&metric.namespace)
                .set_metric_data(Some(part.to_vec()))
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
        }
        Ok(())
    }
}
