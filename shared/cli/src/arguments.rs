//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use timeseries::Aggregate;

/// Told after every help text.
const EXIT_CODES: &str = "EXIT CODES:
  0  done
  1  what was asked for failed
  2  wrong usage
  3  an input (file, CSV, configuration, value) cannot be used";

/// Forecasts demand and plans the capacity of an Auto Scaling group ahead of it.
///
/// Works on files and a simulated group: nothing here reaches AWS.
#[derive(Debug, Parser)]
#[command(name = "forescale", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Forecast(ForecastArguments),
    Backtest(BacktestArguments),
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For spreadsheets and scripts
    Csv,
    /// For programs
    Json,
}

/// How the values of a demand file combine into longer steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Combine {
    /// Counts within their step, such as requests: longer steps add them up
    Sum,
    /// Levels, such as CPU or queue length: longer steps average them
    Mean,
}

impl From<Combine> for Aggregate {
    fn from(combine: Combine) -> Self {
        match combine {
            Combine::Sum => Self::Sum,
            Combine::Mean => Self::Mean,
        }
    }
}

/// Where demand comes from.
#[derive(Debug, Clone, Args)]
pub(crate) struct DemandArguments {
    /// CSV of past demand with the header `timestamp,value`, plain or gzip; `-` for standard input
    ///
    /// Any regular step from 1 minute to 1 hour; gaps and empty values are allowed.
    #[arg(long, value_name = "FILE")]
    pub(crate) history: PathBuf,
    /// How values combine into longer steps
    #[arg(long, value_enum, default_value = "sum")]
    pub(crate) aggregate: Combine,
    /// Zone that rules days and weeks, and times without an offset
    #[arg(long, value_name = "AREA/CITY", default_value = "UTC")]
    pub(crate) timezone: String,
}

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
    pub(crate) demand: DemandArguments,
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
      --at 2025-12-24 --horizon 48h --format csv > forecast.csv
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
    pub(crate) demand: DemandArguments,
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
