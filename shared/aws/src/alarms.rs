use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, Metric, MetricDataQuery, MetricStat,
};
use ports::{AlarmDefinition, AlarmMetric, AlarmWriter, PortError};

use crate::answer::Call;

/// Alarms in CloudWatch.
#[derive(Debug, Clone)]
pub struct CloudWatchAlarms {
    client: Client,
}

impl CloudWatchAlarms {
    /// The alarms of the account and region of `sdk`.
    #[must_use]
    pub fn new(sdk: &SdkConfig) -> Self {
        Self {
            client: Client::new(sdk),
        }
    }
}

impl AlarmWriter for CloudWatchAlarms {
    async fn put_alarm(&self, alarm: &AlarmDefinition) -> Result<(), PortError> {
        let call = Call {
            operation: "put alarm",
            resource: &alarm.name,
        };
        let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let period = number(alarm.period);
        let outside = MetricDataQuery::builder()
            .id("outside")
            .label("demand above the band")
            .expression(alarm.expression())
            .return_data(true)
            .build();
        self.client
            .put_metric_alarm()
            .alarm_name(&alarm.name)
            .alarm_description(&alarm.description)
            .actions_enabled(true)
            .set_alarm_actions(Some(alarm.actions.clone()))
            .evaluation_periods(number(alarm.datapoints))
            .datapoints_to_alarm(number(alarm.datapoints))
            .threshold(0.0)
            .comparison_operator(ComparisonOperator::GreaterThanThreshold)
            .treat_missing_data(&alarm.treat_missing)
            .metrics(outside)
            .metrics(query("demand", &alarm.demand, period))
            .metrics(query("band", &alarm.band, period))
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(())
    }
}

fn query(id: &str, metric: &AlarmMetric, period: i32) -> MetricDataQuery {
    let named = Metric::builder()
        .namespace(&metric.namespace)
        .metric_name(&metric.name)
        .set_dimensions(Some(dimensions(&metric.dimensions)))
        .build();
    let stat = MetricStat::builder()
        .metric(named)
        .period(period)
        .stat(&metric.statistic)
        .build();
    MetricDataQuery::builder()
        .id(id)
        .metric_stat(stat)
        .return_data(false)
        .build()
}

/// Dimensions as the SDK has them.
pub(crate) fn dimensions(named: &BTreeMap<String, String>) -> Vec<Dimension> {
    named
        .iter()
        .map(|(name, value)| Dimension::builder().name(name).value(value).build())
        .collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::operation::put_metric_alarm::PutMetricAlarmOutput;
    use aws_smithy_mocks::{mock, mock_client};

    use super::*;

    #[tokio::test]
    async fn the_alarm_compares_demand_with_the_band_by_metric_math() {
        let metric = |name: &str, statistic: &str| AlarmMetric {
            namespace: "N".to_owned(),
            name: name.to_owned(),
            dimensions: [("D".to_owned(), "v".to_owned())].into(),
            statistic: statistic.to_owned(),
        };
        let rule = mock!(Client::put_metric_alarm)
            .match_requests(|input| {
                let returned: Vec<_> = input
                    .metrics()
                    .iter()
                    .filter(|m| m.return_data() == Some(true))
                    .collect();
                input.alarm_name() == Some("forescale-web-band")
                    && input.metric_name().is_none()
                    && input.treat_missing_data() == Some("breaching")
                    && input.evaluation_periods() == Some(2)
                    && returned.len() == 1
                    && returned[0].expression() == Some("demand - band")
                    && input.metrics().len() == 3
            })
            .then_output(|| PutMetricAlarmOutput::builder().build());
        let alarms = CloudWatchAlarms {
            client: mock_client!(aws_sdk_cloudwatch, [&rule]),
        };
        let alarm = AlarmDefinition {
            name: "forescale-web-band".to_owned(),
            description: "d".to_owned(),
            demand: metric("Requests", "Sum"),
            band: metric("DemandUpper", "Maximum"),
            period: 60,
            datapoints: 2,
            treat_missing: "breaching".to_owned(),
            actions: Vec::new(),
        };
        alarms.put_alarm(&alarm).await.unwrap();
        assert_eq!(rule.num_calls(), 1);
    }
}
