//! What can be typed.

mod import;
mod kept;
mod left_out;
mod man;
mod operate;
mod replays;

pub(crate) use import::*;
pub(crate) use kept::*;
pub(crate) use left_out::*;
pub(crate) use man::*;
pub(crate) use operate::*;
pub(crate) use replays::*;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use timeseries::Aggregate;

/// Told after every help text.
const EXIT_CODES: &str = "EXIT CODES:
  0  done
  1  what was asked for failed
  2  wrong usage
  3  an input (file, CSV, configuration, value, AWS region or credentials) cannot be used";

/// Forecasts demand and plans the capacity of an Auto Scaling group ahead of it.
///
/// Works on files and a simulated group. Only what is told to reaches AWS, in a program built with
/// `--features aws`: `--bucket`, `import` from `s3://` or CloudWatch, `init`, `alarms --create`.
#[derive(Debug, Parser)]
#[command(
    name = "forescale",
    version,
    after_help = format!("{TOP_EXAMPLES}\n\n{EXIT_CODES}\n{DOCTOR_EXIT}"),
    max_term_width = 100
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const TOP_EXAMPLES: &str = "EXAMPLES:
  What is this? Eight made-up days, and a page about them:
    forescale demo
  The same on demand of one's own:
    forescale demo --history requests.csv
  What would be planned, and why:
    forescale plan --history requests.csv --config forescale.toml --store ./store
    forescale explain shop --at 20:00 --store ./store";

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Forecast(ForecastArguments),
    Backtest(BacktestArguments),
    Plan(PlanArguments),
    Simulate(SimulateArguments),
    WhatIf(WhatIfArguments),
    Demo(DemoArguments),
    Import(ImportArguments),
    Report(ReportArguments),
    Explain(ExplainArguments),
    QuietWindow(QuietWindowArguments),
    #[command(subcommand)]
    Event(EventCommand),
    #[command(subcommand)]
    LeftOut(LeftOutCommand),
    Pause(PauseArguments),
    Resume(ResumeArguments),
    Throughput(ThroughputArguments),
    Alarms(AlarmsArguments),
    Init(InitArguments),
    Doctor(DoctorArguments),
    #[command(subcommand)]
    Config(ConfigCommand),
    Release(ReleaseArguments),
    Adopt(AdoptArguments),
    Completions(CompletionsArguments),
    Man(ManArguments),
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
pub(crate) struct HistoryArguments {
    /// CSV of past demand with the header `timestamp,value`, plain or gzip; `-` for standard input
    ///
    /// Any regular step from 1 minute to 1 hour; gaps and empty values are allowed.
    #[arg(long, value_name = "FILE")]
    pub(crate) history: PathBuf,
    /// How values combine into longer steps
    #[arg(long, value_enum, default_value = "sum")]
    pub(crate) aggregate: Combine,
}

/// What is known beside the history.
#[derive(Debug, Clone, Args)]
pub(crate) struct KnownArguments {
    /// Zone that rules days and weeks, and times without an offset; the target's, else UTC, unless
    /// given
    #[arg(long, value_name = "AREA/CITY")]
    pub(crate) timezone: Option<String>,
    /// Country or subdivision whose holidays demand follows, such as JP or DE-BY; the target's unless
    /// given
    #[arg(long, value_name = "CODE")]
    pub(crate) country: Option<String>,
    /// A configuration, `forescale.toml`, whose events, zone and country are to be known
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Which target of it; the only one unless given
    #[arg(long, value_name = "NAME", requires = "config")]
    pub(crate) target: Option<String>,
    /// A stretch that must not teach, as 2026-01-31/2026-02-01, times as with `--at`; may be given again
    #[arg(long, value_name = "FROM/TO")]
    pub(crate) leave_out: Vec<String>,
    /// Directory of documents whose left-out days and incidents of the target must not teach
    #[arg(long, value_name = "DIR", requires = "config")]
    pub(crate) store: Option<PathBuf>,
    /// Bucket of a deployment in place of the directory: `s3://BUCKET/PREFIX`
    #[cfg(feature = "aws")]
    #[arg(
        long,
        value_name = "S3-URL",
        requires = "config",
        conflicts_with = "store"
    )]
    pub(crate) bucket: Option<String>,
}

impl KnownArguments {
    /// The store that was named, if any.
    pub(crate) fn documents(&self) -> Option<StoreArguments> {
        let named = StoreArguments {
            store: self.store.clone(),
            #[cfg(feature = "aws")]
            bucket: self.bucket.clone(),
        };
        #[cfg(feature = "aws")]
        let any = named.bucket.is_some() || named.store.is_some();
        #[cfg(not(feature = "aws"))]
        let any = named.store.is_some();
        any.then_some(named)
    }
}

/// The configuration, and which of its targets.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArguments {
    /// The configuration, `forescale.toml`
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Which target; the only one unless given
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
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

/// Learn from metrics what one server sustains
///
/// Follows CPU, memory, response time, errors and queue over demand per server, and tells where each
/// meets its limit, which binds, how far the others are and what that says of the servers' size and
/// family.
#[derive(Debug, Args)]
#[command(after_help = format!("{THROUGHPUT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ThroughputArguments {
    /// CSV with the columns timestamp, demand (requests per minute), servers, any of cpu, memory,
    /// response_time, errors (per minute), queue, and perhaps instance_type and weight; plain or
    /// gzip, `-` for standard input
    ///
    /// With instance_type, demand and servers of a row are those of that type.
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: PathBuf,
    /// Percent of CPU to plan for
    #[arg(long, value_name = "PERCENT", default_value = "60", value_parser = above_zero)]
    pub(crate) utilization: Option<f64>,
    /// Percent of memory not to exceed
    #[arg(long, value_name = "PERCENT", default_value = "80", value_parser = above_zero)]
    pub(crate) memory: Option<f64>,
    /// Response time not to exceed, in the file's unit
    #[arg(long, value_name = "TIME", value_parser = above_zero)]
    pub(crate) response_time: Option<f64>,
    /// Share of demand that may fail
    #[arg(long, value_name = "SHARE", default_value = "0.01", value_parser = above_zero)]
    pub(crate) errors: Option<f64>,
    /// Requests waiting per server not to exceed
    #[arg(long, value_name = "N", value_parser = above_zero)]
    pub(crate) queue: Option<f64>,
    /// A throughput to compare with what is seen, in requests per minute and server
    #[arg(long, value_name = "N", value_parser = above_zero)]
    pub(crate) value: Option<f64>,
    /// How to print the result
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

const THROUGHPUT_EXAMPLES: &str = "EXAMPLES:
  Where CPU reaches 60 %, memory 80 % or responses half a second:
    forescale throughput --metrics service.csv --response-time 0.5
  Whether 1,000 a minute is right:
    forescale throughput --metrics service.csv --response-time 0.5 --value 1000";

fn above_zero(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if value > 0.0 && value <= 1e9 {
        Ok(value)
    } else {
        Err("allowed: above 0, at most 1000000000".to_owned())
    }
}

/// How alarms are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AlarmsFormat {
    /// For people
    Table,
    /// A line of `aws cloudwatch put-metric-alarm --cli-input-json` for each
    Json,
    /// A CloudFormation template of all
    Cloudformation,
}

/// Print the alarm "demand above the band" of each target
///
/// The planner publishes the upper edge of the forecast every hour; this alarm compares demand with
/// it, so that it is silent at planned peaks and calls the responder when demand leaves the forecast.
#[derive(Debug, Args)]
#[command(after_help = format!("{ALARMS_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct AlarmsArguments {
    /// The configuration, `forescale.toml`
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Which target; all unless given
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// Name of the stack whose planner publishes the band
    #[arg(long, value_name = "NAME", default_value = "forescale")]
    pub(crate) stack: String,
    /// What the alarm calls, such as the stack's output ResponderAlarmAction; nothing is needed where
    /// its name begins with the stack's AlarmPrefix
    #[arg(long, value_name = "ARN")]
    pub(crate) action: Vec<String>,
    /// How to print them
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: AlarmsFormat,
    /// Create or replace them in the account and region of the environment
    #[cfg(feature = "aws")]
    #[arg(long)]
    pub(crate) create: bool,
    /// Check and tell what would be created, but create nothing
    #[cfg(feature = "aws")]
    #[arg(long, requires = "create")]
    pub(crate) dry_run: bool,
}

const ALARMS_EXAMPLES: &str = "EXAMPLES:
  What they are:
    forescale alarms --config forescale.toml
  Create one by the AWS command line:
    aws cloudwatch put-metric-alarm --cli-input-json \\
      \"$(forescale alarms --config forescale.toml --target shop --format json)\"
  All of them as a stack:
    forescale alarms --config forescale.toml --format cloudformation > alarms.json
    aws cloudformation deploy --stack-name bands --template-file alarms.json";

/// Print the completions of a shell
#[derive(Debug, Args)]
#[command(after_help = format!("{COMPLETIONS_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

const COMPLETIONS_EXAMPLES: &str = "EXAMPLES:
  For bash, from now on:
    forescale completions bash > ~/.local/share/bash-completion/completions/forescale";
