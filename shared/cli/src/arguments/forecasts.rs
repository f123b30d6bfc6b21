//! What can be typed about forecasts and plans.

use std::path::PathBuf;

use clap::Args;

use super::{ConfigArguments, EXIT_CODES, Format, HistoryArguments, KnownArguments};

/// What a forecast is made of.
#[derive(Debug, Clone, Args)]
pub(crate) struct ModelArguments {
    /// How far ahead
    #[arg(long, value_name = "SPAN", default_value = "24h")]
    pub(crate) horizon: String,
    /// Step of the forecast: the history's own, but 5 minutes at least, unless given
    #[arg(long, value_name = "STEP")]
    pub(crate) step: Option<String>,
    /// Most days of history to train on
    #[arg(long, value_name = "DAYS", default_value_t = 56, value_parser = clap::value_parser!(u32).range(1..=400))]
    pub(crate) training_days: u32,
}

/// Forecast demand with quantiles
///
/// Trains on what lies before a moment and prints p50, p80, p90, p95 and p99 of each step after it,
/// in the history's unit per step: requests in that step for `--aggregate sum`, the mean level for
/// `mean`.
#[derive(Debug, Args)]
#[command(after_help = format!("{FORECAST_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ForecastArguments {
    #[command(flatten)]
    pub(crate) history: HistoryArguments,
    #[command(flatten)]
    pub(crate) known: KnownArguments,
    /// First moment to forecast: RFC 3339, or local in the zone; the end of the history unless given
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

const FORECAST_EXAMPLES: &str = "EXAMPLES:
  The next 24 hours, by the hour:
    forescale forecast --history requests.csv --step 1h
  What would have been forecast on Christmas Eve in Berlin, for a spreadsheet:
    forescale forecast --history requests.csv.gz --timezone Europe/Berlin \\
      --country DE --at 2025-12-24 --horizon 48h --format csv > forecast.csv
  With the events of a configuration:
    forescale forecast --history requests.csv --config forescale.toml --target shop
  A level instead of counts, from another program:
    query-cpu | forescale forecast --history - --aggregate mean";

/// Forecast at past midnights and compare with what came
///
/// Each forecast trains only on what lay before its midnight. The table tells, by origin and over
/// all: MASE (mean absolute error over that of the same hour last week; below 1 beats it), the
/// weighted quantile loss, and how often demand stayed below p90 and p95.
#[derive(Debug, Args)]
#[command(after_help = format!("{BACKTEST_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct BacktestArguments {
    #[command(flatten)]
    pub(crate) history: HistoryArguments,
    #[command(flatten)]
    pub(crate) known: KnownArguments,
    /// The last so many local midnights that have a full horizon after them
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) origins: u32,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

const BACKTEST_EXAMPLES: &str = "EXAMPLES:
  How good forecasts of the last two weeks would have been:
    forescale backtest --history requests.csv --step 1h
  Every forecast step beside what came, for a spreadsheet:
    forescale backtest --history requests.csv --origins 28 --format csv > backtest.csv";

/// Show the scheduled actions that would be written
///
/// Runs forecaster and planner in shadow at a moment, over the history and a simulated group with
/// the target's limits. Nothing is written to any group.
#[derive(Debug, Args)]
#[command(after_help = format!("{PLAN_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) history: HistoryArguments,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    /// When to plan: RFC 3339, or local in the target's zone; the end of the history unless given
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Keep the documents (history, forecast, plan) in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Plan, but leave the store as it is
    #[arg(long, requires = "store")]
    pub(crate) dry_run: bool,
    /// Show times in UTC, instead of the target's zone
    #[arg(long)]
    pub(crate) utc: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

const PLAN_EXAMPLES: &str = "EXAMPLES:
  What would be scheduled now:
    forescale plan --history requests.csv --config forescale.toml
  On the evening before a campaign, with the documents kept:
    forescale plan --history requests.csv --config forescale.toml --target shop \\
      --at 2026-05-30T18:00 --store ./store";
