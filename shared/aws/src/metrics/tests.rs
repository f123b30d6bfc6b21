use aws_sdk_cloudwatch::operation::get_metric_data::{GetMetricDataError, GetMetricDataInput};
use aws_sdk_cloudwatch::types::{MessageData, MetricDataResult};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use ports::Statistic;
use timeseries::Step;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn reading(from: &str, to: &str) -> Reading {
    Reading {
        metric: MetricName {
            namespace: "AWS/ApplicationELB".to_owned(),
            name: "RequestCount".to_owned(),
            dimensions: [("LoadBalancer".to_owned(), "app/shop/1".to_owned())].into(),
        },
        statistic: Statistic::Sum,
        period: Step::MINUTE,
        from: at(from),
        to: at(to),
    }
}

fn page(status: StatusCode, points: &[(&str, f64)], next: Option<&str>) -> GetMetricDataOutput {
    let mut result = MetricDataResult::builder().id(QUERY).status_code(status);
    for (moment, value) in points {
        result = result.timestamps(to_sdk(at(moment))).values(*value);
    }
    let message = MessageData::builder()
        .code("c")
        .value("what it said")
        .build();
    GetMetricDataOutput::builder()
        .metric_data_results(result.messages(message).build())
        .set_next_token(next.map(str::to_owned))
        .build()
}

async fn read(rules: &[&Rule], reading: &Reading) -> Result<Vec<Datapoint>, PortError> {
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::Sequential, rules);
    over(client).read(reading).await
}

fn values(points: &[Datapoint]) -> Vec<f64> {
    points.iter().map(|point| point.value).collect()
}

const HOUR: (&str, &str) = ("2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z");

#[tokio::test]
async fn follows_pages_sorts_and_drops_what_was_not_wanted() {
    let first = mock!(Client::get_metric_data)
        .match_requests(|input| input.next_token().is_none())
        .then_output(|| {
            let points = [("2026-11-20T10:02:00Z", 2.0), ("2026-11-20T10:00:00Z", 0.5)];
            page(StatusCode::PartialData, &points, Some("more"))
        });
    let second = mock!(Client::get_metric_data)
        .match_requests(|input| input.next_token() == Some("more"))
        .then_output(|| {
            let points = [("2026-11-20T10:01:00Z", 1.0), ("2026-11-20T10:03:00Z", 3.0)];
            page(StatusCode::Complete, &points, None)
        });
    let wanted = reading("2026-11-20T10:00:30Z", "2026-11-20T10:02:30Z");
    let points = read(&[&first, &second], &wanted).await.unwrap();
    assert_eq!(values(&points), [1.0, 2.0]);
}

#[tokio::test]
async fn asks_in_aligned_pieces() {
    fn asked(input: &GetMetricDataInput, from: &str, to: &str) -> bool {
        input.start_time() == Some(&to_sdk(at(from))) && input.end_time() == Some(&to_sdk(at(to)))
    }
    let first = mock!(Client::get_metric_data)
        .match_requests(|input| asked(input, "2026-11-01T10:07:00Z", "2026-11-03T10:07:00Z"))
        .then_output(|| page(StatusCode::Complete, &[], None));
    let last = mock!(Client::get_metric_data)
        .match_requests(|input| asked(input, "2026-11-03T10:07:00Z", "2026-11-03T12:01:00Z"))
        .then_output(|| page(StatusCode::Complete, &[("2026-11-03T12:00:00Z", 4.0)], None));
    let wanted = reading("2026-11-01T10:07:11Z", "2026-11-03T12:00:01Z");
    let points = read(&[&first, &last], &wanted).await.unwrap();
    assert_eq!(values(&points), [4.0]);
}

#[tokio::test]
async fn an_empty_span_makes_no_call() {
    let points = read(&[], &reading(HOUR.1, HOUR.0)).await;
    assert_eq!(points, Ok(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn asks_again_after_an_internal_error_but_not_for_ever() {
    let broken = || {
        mock!(Client::get_metric_data).then_output(|| page(StatusCode::InternalError, &[], None))
    };
    let fine = mock!(Client::get_metric_data)
        .then_output(|| page(StatusCode::Complete, &[("2026-11-20T10:01:00Z", 1.0)], None));
    let reading = reading(HOUR.0, HOUR.1);
    let points = read(&[&broken(), &broken(), &fine], &reading).await;
    assert_eq!(values(&points.unwrap()), [1.0]);
    let always = [broken(), broken(), broken(), broken()];
    let error = read(&always.each_ref(), &reading).await.unwrap_err();
    assert_eq!(error.code(), "Unanswered");
    assert!(error.to_string().contains("what it said"), "{error}");
}

#[tokio::test]
async fn never_returns_a_part() {
    let reading = reading(HOUR.0, HOUR.1);
    let partial = mock!(Client::get_metric_data).then_output(|| {
        page(
            StatusCode::PartialData,
            &[("2026-11-20T10:01:00Z", 1.0)],
            None,
        )
    });
    assert_eq!(
        read(&[&partial], &reading).await.unwrap_err().code(),
        "Unanswered"
    );
    let forbidden = mock!(Client::get_metric_data)
        .then_output(|| page(StatusCode::from("Forbidden"), &[], None));
    assert_eq!(
        read(&[&forbidden], &reading).await.unwrap_err().code(),
        "Denied"
    );
}

#[tokio::test]
async fn names_the_metric_when_throttled() {
    let throttled = mock!(Client::get_metric_data).then_error(|| {
        let meta = ErrorMetadata::builder()
            .code("Throttling")
            .message("Rate exceeded");
        GetMetricDataError::generic(meta.build())
    });
    let error = read(&[&throttled], &reading(HOUR.0, HOUR.1))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "read metric: metric AWS/ApplicationELB/RequestCount {LoadBalancer=app/shop/1} is throttled: \
         Throttling: Rate exceeded"
    );
}

fn over(client: Client) -> CloudWatchMetrics {
    CloudWatchMetrics {
        client,
        own: BTreeMap::new(),
    }
}

#[tokio::test]
async fn what_is_published_is_one_stacks_and_what_is_read_is_read_as_named() {
    use aws_sdk_cloudwatch::operation::put_metric_data::PutMetricDataOutput;
    use ports::MetricSink;
    let put = mock!(Client::put_metric_data)
        .match_requests(|input| {
            let datum = &input.metric_data()[0];
            let dimensions: Vec<_> = (datum.dimensions().iter())
                .map(|it| {
                    (
                        it.name().unwrap_or_default(),
                        it.value().unwrap_or_default(),
                    )
                })
                .collect();
            dimensions == [("Stack", "staging"), ("Target", "web")]
        })
        .then_output(|| PutMetricDataOutput::builder().build());
    let metrics = over(mock_client!(aws_sdk_cloudwatch, [&put]));
    let metrics = metrics.publishing_with("Stack", "staging");
    let name = MetricName {
        namespace: "Forescale".to_owned(),
        name: "DemandUpper".to_owned(),
        dimensions: [("Target".to_owned(), "web".to_owned())].into(),
    };
    let point = Datapoint {
        at: Timestamp::UNIX_EPOCH,
        value: 1.0,
    };
    metrics.publish(&name, &[point]).await.unwrap();
    assert_eq!(put.num_calls(), 1);
}
