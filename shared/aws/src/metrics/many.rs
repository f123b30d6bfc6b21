//! Several metrics in one call.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{MetricDataQuery, ScanBy, StatusCode};
use jiff::Timestamp;
use ports::{Datapoint, PortError, Reading};

use super::{CloudWatchMetrics, MOST_PAGES, address, query};
use crate::answer::Call;
use crate::time::{from_sdk, to_sdk};

/// Most queries of one call. Source: CloudWatch API reference, `GetMetricData`.
const MOST_QUERIES: usize = 500;

/// Most datapoints of one page. Source: the same.
const DATAPOINTS_A_PAGE: i32 = 100_800;

type Answer = Result<Vec<Datapoint>, PortError>;

impl CloudWatchMetrics {
    /// Each reading's answer, in their order: one call for those that share their span, up to
    /// [`MOST_QUERIES`] of them. A metric that CloudWatch cannot give fails alone.
    pub(super) async fn read_together(&self, readings: &[Reading]) -> Vec<Answer> {
        let mut spans = BTreeMap::<(Timestamp, Timestamp), Vec<usize>>::new();
        for (index, reading) in readings.iter().enumerate() {
            spans
                .entry((reading.from, reading.to))
                .or_default()
                .push(index);
        }
        let mut answers: Vec<Option<Answer>> = readings.iter().map(|_| None).collect();
        for (span, indices) in spans {
            for part in indices.chunks(MOST_QUERIES) {
                for (index, answer) in part.iter().zip(self.read_span(readings, part, span).await) {
                    answers[*index] = Some(answer);
                }
            }
        }
        // Every index is in one span.
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Ok(Vec::new())))
            .collect()
    }

    async fn read_span(
        &self,
        readings: &[Reading],
        part: &[usize],
        (from, to): (Timestamp, Timestamp),
    ) -> Vec<Answer> {
        let call = Call {
            operation: "read metrics",
            resource: "several metrics",
        };
        let failed = |error: PortError| part.iter().map(|_| Err(error.clone())).collect();
        let queries: Vec<MetricDataQuery> = part
            .iter()
            .map(|index| {
                let mut one = query(&readings[*index]);
                one.id = Some(format!("m{index}"));
                one
            })
            .collect();
        let mut values: Vec<BTreeMap<Timestamp, f64>> =
            part.iter().map(|_| BTreeMap::new()).collect();
        let mut wrong: Vec<Option<PortError>> = part.iter().map(|_| None).collect();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .client
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(to_sdk(from))
                .end_time(to_sdk(to))
                .scan_by(ScanBy::TimestampAscending)
                .max_datapoints(DATAPOINTS_A_PAGE)
                .set_next_token(token.clone())
                .send()
                .await;
            let page = match page {
                Ok(page) => page,
                Err(error) => return failed(call.failed(&error)),
            };
            for result in page.metric_data_results() {
                let place = result
                    .id()
                    .and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
                let Some(slot) = place.and_then(|place| part.iter().position(|it| *it == place))
                else {
                    continue;
                };
                let address = address(&readings[part[slot]].metric);
                let one = Call {
                    operation: "read metric",
                    resource: &address,
                };
                match result.status_code() {
                    Some(StatusCode::Complete | StatusCode::PartialData) | None => {}
                    Some(other) => {
                        wrong[slot] = Some(one.unanswered(format!("status {}", other.as_str())));
                    }
                }
                for (at, value) in result.timestamps().iter().zip(result.values()) {
                    if let Some(at) = from_sdk(at).filter(|at| *at >= from && *at < to) {
                        values[slot].insert(at, *value);
                    }
                }
            }
            match page.next_token {
                Some(next) => token = Some(next),
                None => {
                    let points = |found: BTreeMap<Timestamp, f64>| {
                        found
                            .into_iter()
                            .map(|(at, value)| Datapoint { at, value })
                            .collect()
                    };
                    return values
                        .into_iter()
                        .zip(wrong)
                        .map(|(found, wrong)| wrong.map_or_else(|| Ok(points(found)), Err))
                        .collect();
                }
            }
        }
        failed(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }
}
