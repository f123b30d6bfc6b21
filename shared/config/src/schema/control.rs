//! How a plan moves the group: `[target.control]`.

use schemars::JsonSchema;

use super::metric::LevelMetric;
use super::time::Duration;

/// How a plan moves the group.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Control {
    /// Whether the desired capacity is set beside MinSize: where no policy of the group removes
    /// servers, never, or always.
    #[schemars(default, extend("default" = "auto"))]
    desired: Option<Desired>,
    /// Whether Forescale sets the value of the group's target tracking to the one that goes with
    /// the plan.
    #[schemars(default, extend("default" = false))]
    manage_policy: Option<bool>,
    /// Most servers that one change of the plan adds; no limit unless given.
    #[schemars(default, range(min = 1, max = 100_000))]
    most_step_up: Option<u32>,
    /// Most servers that one change of the plan takes away; no limit unless given.
    #[schemars(default, range(min = 1, max = 100_000))]
    most_step_down: Option<u32>,
    /// Least time from one change of the plan to the next: 0s to 4h.
    #[schemars(default, extend("default" = "0s"))]
    least_dwell: Option<Duration>,
    /// Server time that each server added costs beyond its boot, which a plan counts anyway: a
    /// licence by the hour, caches to fill. 0s to 4h.
    #[schemars(default, extend("default" = "0s"))]
    launch_cost: Option<Duration>,
    /// Quantile of demand that MaxSize leaves room for; unless given, MaxSize stays as it is.
    #[schemars(default, range(min = 0.9, max = 0.9999))]
    ceiling: Option<f64>,
    /// What plans may cost; as much as the risk asks for unless given.
    #[schemars(default)]
    budget: Option<Budget>,
    /// Whether the share that is applied, of a canary or an active target, falls back on bad evidence
    /// and grows on good by itself.
    #[schemars(default, extend("default" = true))]
    canary_grows: Option<bool>,
    /// A metric above whose `full` a canary or an active target steps back; none unless given.
    #[schemars(default)]
    canary_guard: Option<LevelMetric>,
}

/// Whether the desired capacity is set.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Desired {
    Auto,
    Never,
    Always,
}

/// What plans may cost: `server_hours` or `money`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Budget {
    /// Server-hours. This or `money`.
    #[schemars(default, extend("exclusiveMinimum" = 0, "maximum" = 1_000_000_000))]
    server_hours: Option<f64>,
    /// Money in `currency`. This or `server_hours`; it needs `price_per_server_hour`.
    #[schemars(default, extend("exclusiveMinimum" = 0, "maximum" = 1_000_000_000))]
    money: Option<f64>,
    /// The calendar day or month of the target's zone that it is for.
    #[schemars(default, extend("default" = "day"))]
    per: Option<Per>,
    /// Share of demand above capacity up to which the budget goes before `risk`: at least `risk`,
    /// below 0.5. Without it what the budget would cost is only told.
    #[schemars(default, extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 0.5))]
    accept_risk: Option<f64>,
}

/// What a budget is for.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Per {
    Day,
    Month,
}
