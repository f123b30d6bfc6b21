//! CloudWatch metrics.

use std::collections::BTreeMap;

use schemars::JsonSchema;

/// A CloudWatch metric.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct PlainMetric {
    /// Namespace.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["AWS/ApplicationELB"]))]
    namespace: String,
    /// Name.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["TargetResponseTime"]))]
    name: String,
    /// Dimensions by name, at most 30; none unless given.
    #[schemars(default)]
    dimensions: Option<BTreeMap<String, String>>,
    /// Statistic; `Sum` for errors, `Maximum` for unhealthy servers, `Average` for the rest unless
    /// given.
    #[schemars(default)]
    statistic: Option<Statistic>,
}

/// A CloudWatch metric with a value at which it is full.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct LevelMetric {
    /// What people call it.
    #[schemars(length(min = 1, max = 100), extend("examples" = ["memory"]))]
    label: String,
    /// Value at which it is full.
    #[schemars(default, extend("default" = 100, "exclusiveMinimum" = 0, "maximum" = 1e12))]
    full: Option<f64>,
    /// Namespace.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["CWAgent"]))]
    namespace: String,
    /// Name.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["mem_used_percent"]))]
    name: String,
    /// Dimensions by name, at most 30; none unless given.
    #[schemars(default)]
    dimensions: Option<BTreeMap<String, String>>,
    /// Statistic.
    #[schemars(default, extend("default" = "Average"))]
    statistic: Option<Statistic>,
}

/// A CloudWatch metric of demand.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct DemandMetric {
    /// Namespace.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["AWS/ApplicationELB"]))]
    namespace: String,
    /// Name.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["RequestCount"]))]
    name: String,
    /// Dimensions by name, at most 30; none unless given.
    #[schemars(default)]
    dimensions: Option<BTreeMap<String, String>>,
    /// Statistic.
    #[schemars(default, extend("default" = "Sum"))]
    statistic: Option<Statistic>,
}

/// A CloudWatch metric of a resource, in percent.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ResourceMetric {
    /// Namespace.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["AWS/EC2"]))]
    namespace: String,
    /// Name.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["CPUUtilization"]))]
    name: String,
    /// Dimensions by name, at most 30; none unless given.
    #[schemars(default)]
    dimensions: Option<BTreeMap<String, String>>,
    /// Statistic.
    #[schemars(default, extend("default" = "Average"))]
    statistic: Option<Statistic>,
}

/// A CloudWatch statistic.
#[derive(JsonSchema)]
pub(super) enum Statistic {
    Sum,
    Average,
    Maximum,
    Minimum,
    SampleCount,
    #[schemars(rename = "p50")]
    P50,
    #[schemars(rename = "p90")]
    P90,
    #[schemars(rename = "p95")]
    P95,
    #[schemars(rename = "p99")]
    P99,
}
