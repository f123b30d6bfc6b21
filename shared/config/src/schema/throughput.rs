//! What one server sustains, and what it is not to exceed.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::metric::{ResourceMetric, Statistic};

/// Demand one server sustains.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Throughput {
    Given(#[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1_000_000_000))] f64),
    Measured(Box<MeasuredThroughput>),
}

/// Measured: demand per server where the resource reaches `utilization`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct MeasuredThroughput {
    /// Requests per minute and server to assume until measured. This or `value`.
    #[schemars(default, extend("exclusiveMinimum" = 0, "maximum" = 1_000_000_000))]
    initial: Option<f64>,
    /// Requests per minute and server to go by; what is measured is compared with it and does not
    /// replace it. This or `initial`.
    #[schemars(default, extend("exclusiveMinimum" = 0, "maximum" = 1_000_000_000))]
    value: Option<f64>,
    /// Percent of the resource to plan for.
    #[schemars(default, range(min = 1, max = 100), extend("default" = 60))]
    utilization: Option<f64>,
    /// The binding resource; the group's average CPUUtilization in AWS/EC2 unless given.
    #[schemars(default)]
    resource: Option<ResourceMetric>,
    /// Percent of memory that one server is not to exceed; the metric is the first of
    /// `response.exhaustible` unless given.
    #[schemars(default)]
    memory: Option<BoundMetric>,
    /// Response time not to exceed, in its metric's unit; the metric is `response.response_time`
    /// unless given.
    #[schemars(default)]
    response_time: Option<BoundMetric>,
    /// Share of demand that may fail; the metric is `response.errors` unless given.
    #[schemars(default)]
    errors: Option<BoundMetric>,
    /// Requests waiting per server not to exceed; the metric, which has to be given, is of all of
    /// them.
    #[schemars(default)]
    queue: Option<BoundMetric>,
}

/// A CloudWatch metric with the value that one server is not to exceed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct BoundMetric {
    /// Value not to exceed.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1_000_000_000))]
    limit: f64,
    /// Namespace.
    #[schemars(default, length(min = 1, max = 255))]
    namespace: Option<String>,
    /// Name.
    #[schemars(default, length(min = 1, max = 255))]
    name: Option<String>,
    /// Dimensions by name, at most 30; none unless given.
    #[schemars(default)]
    dimensions: Option<BTreeMap<String, String>>,
    /// Statistic; `Sum` for errors, `Average` for the rest unless given.
    #[schemars(default)]
    statistic: Option<Statistic>,
}
