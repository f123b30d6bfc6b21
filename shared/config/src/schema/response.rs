//! What the responder goes by: `[target.response]`.

use schemars::JsonSchema;

use super::metric::{LevelMetric, PlainMetric};
use super::time::Duration;

/// What the responder goes by when demand leaves the forecast.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Response {
    /// Most servers added in one step; no such cap unless given.
    #[schemars(default, range(max = 100_000))]
    most_per_step: Option<u32>,
    /// Most servers added on one day of the target's zone; no such cap unless given.
    #[schemars(default, range(max = 100_000))]
    most_per_day: Option<u32>,
    /// Most that servers beyond the plan may cost in a calendar month, in `currency`; no such cap
    /// unless given. It needs `price_per_server_hour`.
    #[schemars(default, range(min = 0, max = 1_000_000_000))]
    monthly_budget: Option<f64>,
    /// What the band's alarm makes of a missing band, as CloudWatch's `TreatMissingData`: it goes
    /// off, it does not, it stays as it is, it goes to INSUFFICIENT_DATA.
    #[schemars(default, extend("default" = "breaching"))]
    band_missing: Option<BandMissing>,
    /// Whether the responder may start an instance refresh for a resource leak.
    #[schemars(default, extend("default" = false))]
    instance_refresh: Option<bool>,
    /// How soon people can see to a fault: 0s to 24h. A leak that runs out before is bridged by
    /// servers.
    #[schemars(default, extend("default" = "1h"))]
    people_within: Option<Duration>,
    /// CPU of the group in percent; the group's CPUUtilization in AWS/EC2 unless given, none with
    /// `false`.
    #[schemars(default)]
    cpu: Option<SignalMetric>,
    /// Response time in any unit.
    #[schemars(default)]
    response_time: Option<SignalMetric>,
    /// Errors; a count.
    #[schemars(default)]
    errors: Option<SignalMetric>,
    /// Unhealthy servers.
    #[schemars(default)]
    unhealthy: Option<SignalMetric>,
    /// Servers in service; the group's GroupInServiceInstances unless given, none with `false`.
    #[schemars(default)]
    in_service: Option<SignalMetric>,
    /// What can run out, memory first, at most 20.
    #[schemars(default, length(max = 20))]
    exhaustible: Option<Vec<LevelMetric>>,
    /// What stands behind the service and can be saturated, at most 20.
    #[schemars(default, length(max = 20))]
    behind: Option<Vec<LevelMetric>>,
    /// Dimension by which CPU, errors and the first exhaustible resource are known of single servers
    /// too; none with `false`.
    #[schemars(default, extend("default" = "InstanceId"))]
    per_server: Option<PerServer>,
}

/// What CloudWatch makes of an alarm whose band is missing.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum BandMissing {
    Breaching,
    NotBreaching,
    Ignore,
    Missing,
}

/// A metric, or none.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum SignalMetric {
    None(#[schemars(extend("const" = false))] bool),
    Metric(PlainMetric),
}

/// A dimension, or none.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum PerServer {
    None(#[schemars(extend("const" = false))] bool),
    Dimension(#[schemars(length(min = 1, max = 255))] String),
}
