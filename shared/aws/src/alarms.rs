use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, Dimension, Metric, MetricAlarm, MetricDataQuery, MetricStat,
};
use ports::{AlarmDefinition, AlarmMetric, AlarmOwner, AlarmWriter, PortError};

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
    async fn owner(&self, alarm: &AlarmDefinition) -> Result<AlarmOwner, PortError> {
        let call = Call {
            operation: "describe alarm",
            resource: &alarm.name,
        };
        // Metric and composite alarms share their names.
        let found = self
            .client
            .describe_alarms()
            .alarm_names(&alarm.name)
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        if !found.composite_alarms().is_empty() {
            return Ok(AlarmOwner::Others("other alarms".to_owned()));
        }
        Ok(match found.metric_alarms() {
            [] => AlarmOwner::Nobody,
            [there, ..] if compares_with(there, &alarm.band) => AlarmOwner::Ours,
            [there, ..] => AlarmOwner::Others(watched(there)),
        })
    }

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

/// Whether one of the metrics of `alarm` is `band`.
fn compares_with(alarm: &MetricAlarm, band: &AlarmMetric) -> bool {
    alarm.metrics().iter().any(|query| {
        let metric = query.metric_stat().and_then(MetricStat::metric);
        metric.is_some_and(|metric| {
            let named = metric.dimensions().iter();
            let dimensions: BTreeMap<_, _> = named
                .filter_map(|it| Some((it.name()?.to_owned(), it.value()?.to_owned())))
                .collect();
            metric.namespace() == Some(&band.namespace)
                && metric.metric_name() == Some(&band.name)
                && dimensions == band.dimensions
        })
    })
}

/// What an alarm watches, in words.
fn watched(alarm: &MetricAlarm) -> String {
    match (alarm.namespace(), alarm.metric_name()) {
        (Some(namespace), Some(name)) => format!("{namespace} {name}"),
        _ => "a metric math expression".to_owned(),
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
    use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
    use aws_sdk_cloudwatch::operation::put_metric_alarm::PutMetricAlarmOutput;
    use aws_sdk_cloudwatch::types::CompositeAlarm;
    use aws_smithy_mocks::{mock, mock_client};

    use super::*;

    fn metric(name: &str, statistic: &str) -> AlarmMetric {
        AlarmMetric {
            namespace: "N".to_owned(),
            name: name.to_owned(),
            dimensions: [("D".to_owned(), "v".to_owned())].into(),
            statistic: statistic.to_owned(),
        }
    }

    fn definition() -> AlarmDefinition {
        AlarmDefinition {
            name: "forescale-web-band".to_owned(),
            description: "d".to_owned(),
            demand: metric("Requests", "Sum"),
            band: metric("DemandUpper", "Maximum"),
            period: 60,
            datapoints: 2,
            treat_missing: "breaching".to_owned(),
            actions: Vec::new(),
        }
    }

    #[tokio::test]
    async fn an_alarm_is_ours_only_where_it_compares_with_the_same_band() {
        let ours = || {
            let band = query("band", &metric("DemandUpper", "Maximum"), 60);
            MetricAlarm::builder().metrics(band).build()
        };
        let mut other_band = metric("DemandUpper", "Maximum");
        other_band.dimensions = [("D".to_owned(), "another target".to_owned())].into();
        let another = MetricAlarm::builder().metrics(query("band", &other_band, 60));
        let theirs = MetricAlarm::builder()
            .namespace("AWS/EC2")
            .metric_name("CPUUtilization");
        let answer = DescribeAlarmsOutput::builder;
        let composite = CompositeAlarm::builder().alarm_name("forescale-web-band");
        let cases = [
            (answer().build(), AlarmOwner::Nobody),
            (answer().metric_alarms(ours()).build(), AlarmOwner::Ours),
            (
                answer().metric_alarms(another.build()).build(),
                AlarmOwner::Others("a metric math expression".to_owned()),
            ),
            (
                answer().metric_alarms(theirs.build()).build(),
                AlarmOwner::Others("AWS/EC2 CPUUtilization".to_owned()),
            ),
            (
                answer().composite_alarms(composite.build()).build(),
                AlarmOwner::Others("other alarms".to_owned()),
            ),
        ];
        for (answer, owner) in cases {
            let rule = mock!(Client::describe_alarms)
                .match_requests(|input| {
                    input.alarm_names() == ["forescale-web-band"] && input.alarm_types().len() == 2
                })
                .then_output(move || answer.clone());
            let alarms = CloudWatchAlarms {
                client: mock_client!(aws_sdk_cloudwatch, [&rule]),
            };
            assert_eq!(alarms.owner(&definition()).await.unwrap(), owner);
        }
    }

    #[tokio::test]
    async fn the_alarm_compares_demand_with_the_band_by_metric_math() {
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
        alarms.put_alarm(&definition()).await.unwrap();
        assert_eq!(rule.num_calls(), 1);
    }
}
