mod many;
mod publish;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricStat, ScanBy, StatusCode,
};
use jiff::{SignedDuration, Timestamp};
use ports::{Datapoint, MetricName, MetricSource, PortError, Reading};

use crate::answer::Call;
use crate::time::{from_sdk, to_sdk};

/// Datapoints asked for at a time. GetMetricData would give 100,800, but leaves out a whole span
/// whose start is too old for its period (15 days for minutes, 63 for five minutes; source:
/// CloudWatch API reference, `MetricStat.Period`). In pieces of 2,880 (two days of minutes, ten of
/// five minutes, 120 of hours) only the piece that straddles that age is lost, and each answer
/// comes within one attempt.
const DATAPOINTS_A_CALL: i32 = 2_880;

/// Pages of one piece. One holds it all; CloudWatch may still give it in parts.
const MOST_PAGES: usize = 100;

/// How often a page is asked for again when CloudWatch says that something went wrong inside.
const MOST_RETRIES: u32 = 3;

/// Wait before the first of them; 1, 2 and 3 times this make 3 seconds.
const RETRY_WAIT: Duration = Duration::from_millis(500);

const QUERY: &str = "m";

/// Metrics from CloudWatch.
#[derive(Debug, Clone)]
pub struct CloudWatchMetrics {
    client: Client,
    /// Dimensions of everything that is published, beside its own.
    own: BTreeMap<String, String>,
}

impl CloudWatchMetrics {
    /// The metrics of the account and region of `sdk`.
    #[must_use]
    pub fn new(sdk: &SdkConfig) -> Self {
        Self {
            client: Client::new(sdk),
            own: BTreeMap::new(),
        }
    }

    /// The same; everything that is published has the dimension `name` too. What is read is read as named.
    #[must_use]
    pub fn publishing_with(mut self, name: &str, value: &str) -> Self {
        self.own.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds the datapoints of `from..to` to `into`.
    async fn read_piece(
        &self,
        call: Call<'_>,
        query: &MetricDataQuery,
        (from, to): (Timestamp, Timestamp),
        into: &mut BTreeMap<Timestamp, f64>,
    ) -> Result<(), PortError> {
        let mut token: Option<String> = None;
        let mut retries = 0;
        for _ in 0..MOST_PAGES {
            let page = self
                .client
                .get_metric_data()
                .metric_data_queries(query.clone())
                .start_time(to_sdk(from))
                .end_time(to_sdk(to))
                .scan_by(ScanBy::TimestampAscending)
                .max_datapoints(DATAPOINTS_A_CALL)
                .set_next_token(token.clone())
                .send()
                .await
                .map_err(|error| call.failed(&error))?;
            match collect(call, &page, into)? {
                Page::Failed(detail) if retries == MOST_RETRIES => {
                    return Err(call.unanswered(detail));
                }
                // The same page again, from where its token or the same one leads.
                Page::Failed(_) => {
                    retries += 1;
                    tokio::time::sleep(RETRY_WAIT * retries).await;
                    token = page.next_token.or(token);
                }
                Page::Read { complete } => match page.next_token {
                    Some(next) => token = Some(next),
                    None if complete => return Ok(()),
                    None => return Err(call.unanswered("partial data and no further page")),
                },
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }
}

impl MetricSource for CloudWatchMetrics {
    async fn read(&self, reading: &Reading) -> Result<Vec<Datapoint>, PortError> {
        let address = address(&reading.metric);
        let call = Call {
            operation: "read metric",
            resource: &address,
        };
        let query = query(reading);
        let mut values = BTreeMap::new();
        for piece in pieces(reading) {
            self.read_piece(call, &query, piece, &mut values).await?;
        }
        // The first and the last piece are aligned outwards.
        Ok(values
            .range(reading.from..)
            .take_while(|(at, _)| **at < reading.to)
            .map(|(&at, &value)| Datapoint { at, value })
            .collect())
    }

    async fn read_many(&self, readings: &[Reading]) -> Vec<Result<Vec<Datapoint>, PortError>> {
        self.read_together(readings).await
    }
}

/// What a page was.
enum Page {
    Read { complete: bool },
    Failed(String),
}

fn collect(
    call: Call<'_>,
    page: &GetMetricDataOutput,
    into: &mut BTreeMap<Timestamp, f64>,
) -> Result<Page, PortError> {
    let mut complete = true;
    for result in page.metric_data_results() {
        let told = result
            .messages()
            .iter()
            .chain(page.messages())
            .filter_map(|message| message.value())
            .collect::<Vec<_>>()
            .join("; ");
        match result.status_code() {
            Some(StatusCode::Complete) | None => {}
            Some(StatusCode::PartialData) => complete = false,
            Some(StatusCode::InternalError) => {
                return Ok(Page::Failed(format!("internal error: {told}")));
            }
            Some(other) if other.as_str() == "Forbidden" => {
                return Err(call.denied(format!("forbidden: {told}")));
            }
            Some(other) => {
                return Err(call.unanswered(format!("status {}: {told}", other.as_str())));
            }
        }
        let (at, values) = (result.timestamps(), result.values());
        if at.len() != values.len() {
            return Err(call.unanswered(format!(
                "{} timestamps for {} values",
                at.len(),
                values.len()
            )));
        }
        for (at, &value) in at.iter().zip(values) {
            let at = from_sdk(at).ok_or_else(|| call.unanswered(format!("a datapoint at {at}")))?;
            into.insert(at, value);
        }
    }
    Ok(Page::Read { complete })
}

fn query(reading: &Reading) -> MetricDataQuery {
    let mut metric = Metric::builder()
        .namespace(&reading.metric.namespace)
        .metric_name(&reading.metric.name);
    for (name, value) in &reading.metric.dimensions {
        metric = metric.dimensions(Dimension::builder().name(name).value(value).build());
    }
    let stat = MetricStat::builder()
        .metric(metric.build())
        .period(reading.period.seconds().cast_signed())
        .stat(reading.statistic.as_str());
    MetricDataQuery::builder()
        .id(QUERY)
        .metric_stat(stat.build())
        .return_data(true)
        .build()
}

/// The span in pieces of at most [`DATAPOINTS_A_CALL`] whole periods, oldest first; empty when
/// the span is.
fn pieces(reading: &Reading) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let period = i64::from(reading.period.seconds());
    let length = SignedDuration::from_secs(period * i64::from(DATAPOINTS_A_CALL));
    let start = reading.period.floor(reading.from);
    let next =
        move |at: Timestamp, by: SignedDuration| at.checked_add(by).unwrap_or(Timestamp::MAX);
    let end = match reading.period.floor(reading.to) {
        aligned if aligned == reading.to => aligned,
        before => next(before, reading.period.duration()),
    };
    let first = (reading.from < reading.to).then_some(start);
    std::iter::successors(first, move |at| {
        Some(next(*at, length)).filter(|at| *at < end)
    })
    .map(move |at| (at, next(at, length).min(end)))
}

fn address(metric: &MetricName) -> String {
    let dimensions: Vec<String> = metric
        .dimensions
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!(
        "metric {}/{} {{{}}}",
        metric.namespace,
        metric.name,
        dimensions.join(", ")
    )
}

#[cfg(test)]
mod tests;
