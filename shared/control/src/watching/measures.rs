//! Every metric that Forescale publishes: names, units and dimensions, in this one place.
//!
//! The code publishes by these constants. `docs/watching.md` has its table from [`measures_table`],
//! and `infra/test_template.py` reads this file: alarms and dashboard name no metric that is not
//! here, and leave none out.

use std::fmt::Write;

use config::Published;

/// CloudWatch namespace of all of them.
pub const NAMESPACE: &str = "Forescale";
/// Dimension of what is about one target, beside [`STACK`]: its name.
pub const TARGET: &str = "Target";
/// Dimension of everything: the stack's name. Alone where it is about all of its targets.
pub const STACK: &str = "Stack";

/// Unit of a metric, as CloudWatch spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A rate per minute, a ratio: nothing that CloudWatch has a unit for.
    None,
    /// Servers, calls, targets.
    Count,
    /// 0 to 100.
    Percent,
    /// Ages.
    Seconds,
}

impl Unit {
    /// As CloudWatch spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Count => "Count",
            Self::Percent => "Percent",
            Self::Seconds => "Seconds",
        }
    }
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Published of a target whose configuration asks for this much.
    pub target: Published,
    /// The statistic that makes sense over the targets of a stack, where one does: it is then
    /// published with the dimension [`STACK`] too, whatever the configuration asks for.
    pub stack: Option<&'static str>,
    /// How often, in plain words.
    pub every: &'static str,
    /// What it tells.
    pub tells: &'static str,
}

/// The band's upper edge.
pub const DEMAND_UPPER: Measure = Measure {
    name: "DemandUpper",
    unit: Unit::None,
    target: Published::Stack,
    stack: None,
    every: "minute, 100 minutes ahead",
    tells: "The forecast's 99th percentile with room for single minutes, requests per minute",
};

/// The band's lower edge.
pub const DEMAND_LOWER: Measure = Measure {
    name: "DemandLower",
    unit: Unit::None,
    target: Published::Chart,
    stack: None,
    every: "minute, 100 minutes ahead",
    tells: "The forecast's 5th percentile less what single minutes do, requests per minute",
};

/// Demand as it came.
pub const DEMAND: Measure = Measure {
    name: "Demand",
    unit: Unit::None,
    target: Published::Chart,
    stack: None,
    every: "minute, told at each plan",
    tells: "Demand as it came, requests per minute",
};

/// The floor in force.
pub const FLOOR: Measure = Measure {
    name: "Floor",
    unit: Unit::Count,
    target: Published::Chart,
    stack: None,
    every: "plan",
    tells: "MinSize that the plan has now; in shadow, would have",
};

/// Actual capacity.
pub const SERVERS_IN_SERVICE: Measure = Measure {
    name: "ServersInService",
    unit: Unit::Count,
    target: Published::Chart,
    stack: Some("Sum"),
    every: "plan",
    tells: "Actual capacity: servers in service (units of capacity where instances are weighted)",
};

/// Required capacity.
pub const SERVERS_REQUIRED: Measure = Measure {
    name: "ServersRequired",
    unit: Unit::Count,
    target: Published::Chart,
    stack: Some("Sum"),
    every: "plan",
    tells: "Required capacity: servers that sustain the demand of the last minutes",
};

/// Scheduled actions written.
pub const SCHEDULED_ACTIONS_WRITTEN: Measure = Measure {
    name: "ScheduledActionsWritten",
    unit: Unit::Count,
    target: Published::All,
    stack: Some("Sum"),
    every: "plan and alarm",
    tells: "Scheduled actions that were put on the group",
};

/// Servers saved.
pub const ESTIMATED_SAVING: Measure = Measure {
    name: "EstimatedSaving",
    unit: Unit::Count,
    target: Published::All,
    stack: Some("Average"),
    every: "plan",
    tells: "Servers that a MinSize kept at the plan's highest floor would run beyond those that do run (in shadow: that floor and demand would ask for); below 0 where more run. Its mean over a time, times the hours, is server-hours",
};

/// Age of the newest forecast.
pub const FORECAST_AGE: Measure = Measure {
    name: "ForecastAge",
    unit: Unit::Seconds,
    target: Published::All,
    stack: Some("Maximum"),
    every: "plan",
    tells: "Since the start of the newest forecast that a model made",
};

/// Age of the plan.
pub const PLAN_AGE: Measure = Measure {
    name: "PlanAge",
    unit: Unit::Seconds,
    target: Published::All,
    stack: Some("Maximum"),
    every: "plan",
    tells: "Since the plan was decided or confirmed: 0 after a run that worked",
};

/// Error of the forecast.
pub const FORECAST_ERROR: Measure = Measure {
    name: "ForecastError",
    unit: Unit::None,
    target: Published::Chart,
    stack: Some("Average"),
    every: "night",
    tells: "Mean weighted quantile loss of the last forecast's first day, at P50, P90, P95 and P99; 0 is perfect",
};

/// Coverage of P90.
pub const COVERAGE_P90: Measure = Measure {
    name: "CoverageP90",
    unit: Unit::Percent,
    target: Published::Chart,
    stack: Some("Average"),
    every: "night",
    tells: "Share of that day's steps at or under P90; 90 is right",
};

/// Coverage of P95.
pub const COVERAGE_P95: Measure = Measure {
    name: "CoverageP95",
    unit: Unit::Percent,
    target: Published::Chart,
    stack: Some("Average"),
    every: "night",
    tells: "Share of that day's steps at or under P95; 95 is right",
};

/// Whether forecasts drift.
pub const DRIFT: Measure = Measure {
    name: "Drift",
    unit: Unit::Count,
    target: Published::Chart,
    stack: Some("Maximum"),
    every: "night",
    tells: "1 while forecasts are worse than usual, 0 otherwise",
};

/// Whether a run failed for a target.
pub const TARGETS_FAILED: Measure = Measure {
    name: "TargetsFailed",
    unit: Unit::Count,
    target: Published::All,
    stack: Some("Sum"),
    every: "run of any function",
    tells: "1 for a target that the run failed for, 0 for one that it did not",
};

/// All of them.
pub const MEASURES: [&Measure; 15] = [
    &DEMAND_UPPER,
    &DEMAND_LOWER,
    &DEMAND,
    &FLOOR,
    &SERVERS_IN_SERVICE,
    &SERVERS_REQUIRED,
    &SCHEDULED_ACTIONS_WRITTEN,
    &ESTIMATED_SAVING,
    &FORECAST_AGE,
    &PLAN_AGE,
    &FORECAST_ERROR,
    &COVERAGE_P90,
    &COVERAGE_P95,
    &DRIFT,
    &TARGETS_FAILED,
];

/// The table of `docs/watching.md`.
#[must_use]
pub fn measures_table() -> String {
    let mut text = String::from(
        "| metric | unit | of a target, from `metrics =` | of the stack | every | tells |\n\
         |---|---|---|---|---|---|\n",
    );
    for measure in MEASURES {
        let Measure {
            name,
            unit,
            target,
            stack,
            every,
            tells,
        } = measure;
        let target = match target {
            Published::Stack => "`\"stack\"`",
            Published::Chart => "`\"chart\"`",
            Published::All => "`\"all\"`",
        };
        let (unit, stack) = (unit.as_str(), stack.unwrap_or("-"));
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| `{name}` | {unit} | {target} | {stack} | {every} | {tells} |"
        );
    }
    text
}
