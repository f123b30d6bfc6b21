//! Occasions that people know of: `[[event]]`.

use schemars::JsonSchema;

use super::time::Duration;

/// A coming occasion that people know of. It has exactly one of `multiplier`, `demand`, `like` and
/// `learnt`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Event {
    /// Its name, shared by its occurrences.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// Names of the targets it concerns; all unless given.
    #[schemars(default)]
    targets: Option<Vec<String>>,
    /// When it starts: without an offset, local in each target's zone; a date alone is its first
    /// moment.
    #[schemars(extend("examples" = ["2026-12-31T23:00:00", "2026-12-31T23:00:00+09:00", "2026-12-31"]))]
    start: String,
    /// When it ends, written as `start` is; a date alone is the end of that day. At most 366 days
    /// after `start`, and before the next occurrence.
    end: String,
    /// How it repeats, at the same local time (`month-weekday`: as the third Tuesday of each
    /// month); not unless given. Use this or `every_days`.
    #[schemars(default)]
    every: Option<Every>,
    /// Repeats every so many days. Use this or `every`.
    #[schemars(default, range(min = 1, max = 366))]
    every_days: Option<u32>,
    /// No occurrence starts at or after this; a date alone is the last day. Only where it repeats.
    #[schemars(default)]
    until: Option<String>,
    /// Demand already rises this long before: 0s to 744h (31 days).
    #[schemars(default, extend("default" = "0s"))]
    lead: Option<Duration>,
    /// Demand falls off for this long after: 0s to 744h (31 days).
    #[schemars(default, extend("default" = "0s"))]
    tail: Option<Duration>,
    /// Demand is this many times what it would have been: above 0, at most 1000.
    #[schemars(default, extend("exclusiveMinimum" = 0, "maximum" = 1000))]
    multiplier: Option<f64>,
    /// Demand is this many requests per minute.
    #[schemars(default, range(min = 0, max = 1_000_000_000_000_u64))]
    demand: Option<f64>,
    /// Demand behaves as on this day.
    #[schemars(default, extend("examples" = ["2025-11-28"]))]
    like: Option<String>,
    /// `true`: demand behaves as past occurrences of the same name showed.
    #[schemars(default, extend("const" = true))]
    learnt: Option<bool>,
    /// Before this moment nobody knew; always known unless given. `simulate` heeds it.
    #[schemars(default)]
    announced_at: Option<String>,
}

/// How an event repeats.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum Every {
    Day,
    Week,
    Month,
    MonthWeekday,
    Year,
}
