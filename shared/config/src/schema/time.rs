//! Durations, and what is told by them.

use schemars::JsonSchema;

/// From the decision to a server in service.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum LeadTime {
    Given(Duration),
    Measured(MeasuredLeadTime),
}

/// Measured: the 90th percentile of the group's launches over six weeks plus its warm-up.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct MeasuredLeadTime {
    /// Whether to measure; `false` takes `initial` as given.
    #[schemars(default, extend("default" = true))]
    measure: Option<bool>,
    /// To assume until measured.
    #[schemars(default, extend("default" = "5m"))]
    initial: Option<Duration>,
}

/// A duration with units.
#[derive(JsonSchema)]
#[schemars(extend("examples" = ["90s", "5m", "1h 30m"]))]
pub(super) struct Duration(String);

/// Step of forecast and plan.
#[derive(JsonSchema)]
pub(super) enum Step {
    #[schemars(rename = "5m")]
    Five,
    #[schemars(rename = "15m")]
    Fifteen,
    #[schemars(rename = "30m")]
    Thirty,
    #[schemars(rename = "1h")]
    Hour,
}

/// From one plan to the next.
#[derive(JsonSchema)]
pub(super) enum PlanEvery {
    #[schemars(rename = "5m")]
    Five,
    #[schemars(rename = "10m")]
    Ten,
    #[schemars(rename = "15m")]
    Fifteen,
    #[schemars(rename = "30m")]
    Thirty,
    #[schemars(rename = "1h")]
    Hour,
}
