//! What can be typed.

mod alarms;
mod events;
mod forecasts;
mod import;
mod kept;
mod left_out;
mod man;
mod operate;
mod replays;
mod throughput;

pub(crate) use alarms::*;
pub(crate) use events::*;
pub(crate) use forecasts::*;
pub(crate) use import::*;
pub(crate) use kept::*;
pub(crate) use left_out::*;
pub(crate) use man::*;
pub(crate) use operate::*;
pub(crate) use replays::*;
pub(crate) use throughput::*;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
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

/// The command as it is parsed. A number or a span below zero is taken for a value, so that the error tells
/// what is allowed, not that there is no such option.
pub(crate) fn command() -> clap::Command {
    fn below_zero(command: clap::Command) -> clap::Command {
        let option = |arg: clap::Arg| {
            let names = arg.get_value_names().unwrap_or_default().iter();
            let span = names
                .clone()
                .any(|name| ["SPAN", "SPANS", "STEP"].contains(&name.as_str()));
            match arg.get_action().takes_values() && !arg.is_positional() {
                true if span => arg.allow_hyphen_values(true),
                true => arg.allow_negative_numbers(true),
                false => arg,
            }
        };
        command.mut_args(option).mut_subcommands(below_zero)
    }
    below_zero(Arguments::command())
}

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
