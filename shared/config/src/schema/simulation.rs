//! How a simulated group behaves: `[target.simulation]`.

use schemars::JsonSchema;

use super::time::Duration;

/// How a simulated group behaves.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Simulation {
    /// Median time from launch to in service, 0s to 6h; the lead time unless given.
    #[schemars(default)]
    boot: Option<Duration>,
    /// Spread of the logarithm of the boot time; 0 is constant.
    #[schemars(default, range(min = 0, max = 2), extend("default" = 0))]
    boot_spread: Option<f64>,
    /// The group's own target tracking on demand per server; none unless given, and `false` where
    /// `[defaults]` has one.
    #[schemars(default)]
    reactive: Option<Reactive>,
    /// Servers at the start; what the first demand needs unless given.
    #[schemars(default, range(max = 100_000))]
    initial_servers: Option<u32>,
    /// Seed of all randomness.
    #[schemars(default, extend("default" = 1))]
    seed: Option<u32>,
}

/// A policy, or none.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Reactive {
    None(#[schemars(extend("const" = false))] bool),
    Policy(ReactivePolicy),
}

/// Target tracking on demand per server.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ReactivePolicy {
    /// Share of a server's throughput that the policy aims at: above 0, at most 2.
    #[schemars(default, extend("default" = 0.6, "exclusiveMinimum" = 0, "maximum" = 2))]
    utilization: Option<f64>,
    /// Whether it may remove servers.
    #[schemars(default, extend("default" = true))]
    scales_in: Option<bool>,
}
