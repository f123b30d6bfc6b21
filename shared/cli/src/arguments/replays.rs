//! What can be typed about replays.

use std::path::PathBuf;

use clap::Args;

use super::{Combine, ConfigArguments, EXIT_CODES, Format, HistoryArguments};

/// Replay past days through all three functions and a simulated group
///
/// Minute by minute, with nothing known before its time: the forecaster runs just after each local
/// midnight, the planner every hour, the responder when an alarm fires. A target in shadow mode is
/// replayed as an active one. Writes summary.json, timeline.csv, actions.csv and day.svg, and
/// prints the comparison with the alternatives. With other settings beside, such as --risk
/// 0.0003,0.003, it replays with each of them and answers as `what-if` does: cost, risk, what nothing
/// beats and what is recommended.
#[derive(Debug, Args)]
#[command(after_help = format!("{SIMULATE_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct SimulateArguments {
    #[command(flatten)]
    pub(crate) history: HistoryArguments,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    /// Start of the replay: RFC 3339, or local in the target's zone; what lies before is history
    #[arg(long, value_name = "TIME")]
    pub(crate) from: String,
    /// End of the replay
    #[arg(long, value_name = "TIME")]
    pub(crate) to: String,
    /// Directory for what is written; made where it does not exist
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Tell all of it, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Show times in UTC, instead of the target's zone
    #[arg(long)]
    pub(crate) utc: bool,
    #[command(flatten)]
    pub(crate) sweep: SweepArguments,
    /// How to print the comparison
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

const SIMULATE_EXAMPLES: &str = "EXAMPLES:
  The last two weeks of May:
    forescale simulate --history requests.csv --config forescale.toml \\
      --from 2026-05-18 --to 2026-06-01 --out replay
  And what other settings would have cost and risked:
    forescale simulate --history requests.csv --config forescale.toml \\
      --from 2026-05-18 --to 2026-06-01 --risk 0.0003,0.003 --lead-time 2m --out sweep";

/// Other settings to replay the same days with.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SweepArguments {
    /// Tolerated shares of demand above capacity, such as 0.001,0.003
    #[arg(long, value_name = "SHARES", value_delimiter = ',')]
    pub(crate) risk: Vec<String>,
    /// Lead times, such as 3m,8m
    #[arg(long, value_name = "SPANS", value_delimiter = ',')]
    pub(crate) lead_time: Vec<String>,
    /// Steps of forecast and plan, such as 5m,15m
    #[arg(long, value_name = "SPANS", value_delimiter = ',')]
    pub(crate) step: Vec<String>,
    /// Requests a minute that one server sustains, such as 800,1000
    #[arg(long, value_name = "REQUESTS", value_delimiter = ',')]
    pub(crate) throughput: Vec<String>,
    /// From one plan to the next, such as 10m,1h
    #[arg(long, value_name = "SPANS", value_delimiter = ',')]
    pub(crate) plan_every: Vec<String>,
    /// What the group's target tracking aims at, as shares of a server's throughput, such as 0.8,1.0
    #[arg(long, value_name = "SHARES", value_delimiter = ',')]
    pub(crate) utilization: Vec<String>,
}

impl SweepArguments {
    /// The settings that were given, each with its key in a target's configuration.
    pub(crate) fn given(&self) -> Vec<(&'static str, String)> {
        let lists = [
            ("risk", &self.risk),
            ("lead_time", &self.lead_time),
            ("step", &self.step),
            ("throughput", &self.throughput),
            ("plan_every", &self.plan_every),
            ("simulation.reactive.utilization", &self.utilization),
        ];
        lists
            .into_iter()
            .flat_map(|(key, values)| values.iter().map(move |value| (key, value.clone())))
            .collect()
    }
}

/// Try other settings on the same past days
///
/// Replays as `simulate` does, once as configured and once for each value given, the others as
/// configured: five values of `risk` unless any is given. Prints cost and risk of each and what
/// nothing beats, and writes what-if.json and report.html with all of it in one chart.
#[derive(Debug, Args)]
#[command(after_help = format!("{WHAT_IF_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct WhatIfArguments {
    #[command(flatten)]
    pub(crate) history: HistoryArguments,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    /// Start of the replays: RFC 3339, or local in the target's zone; what lies before is history
    #[arg(long, value_name = "TIME")]
    pub(crate) from: String,
    /// Their end
    #[arg(long, value_name = "TIME")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) sweep: SweepArguments,
    /// Directory for what is written; made where it does not exist
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Tell all of it, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

const WHAT_IF_EXAMPLES: &str = "EXAMPLES:
  How much does risk save?
    forescale what-if --history requests.csv --config forescale.toml \\
      --from 2026-05-18 --to 2026-06-01 --out what-if
  And another target-tracking value beside the plan?
    forescale what-if --history requests.csv --config forescale.toml \\
      --from 2026-05-18 --to 2026-06-01 --utilization 0.6,0.8,1.0 --out what-if
  And servers that boot faster, or plans each ten minutes?
    forescale what-if --history requests.csv --config forescale.toml \\
      --from 2026-05-18 --to 2026-06-01 --lead-time 2m,5m,20m --plan-every 10m,1h --out what-if";

/// Show it all on made-up demand, or on your own
///
/// Without a history: eight weeks of made-up demand, then eight replayed days with an announced
/// campaign, a spike that nobody foresaw, and servers that take 6 to 8 minutes to boot. With one:
/// its last seven days, with a throughput that makes the mean fleet 12 servers.
#[derive(Debug, Args)]
#[command(after_help = format!("{DEMO_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct DemoArguments {
    /// CSV of your own demand with the header `timestamp,value`, plain or gzip; `-` for standard
    /// input
    #[arg(long, value_name = "FILE")]
    pub(crate) history: Option<PathBuf>,
    /// How values combine into longer steps
    #[arg(long, value_enum, default_value = "sum", requires = "history")]
    pub(crate) aggregate: Combine,
    /// Zone that rules days and weeks, and times without an offset
    #[arg(
        long,
        value_name = "AREA/CITY",
        default_value = "UTC",
        requires = "history"
    )]
    pub(crate) timezone: String,
    /// Directory for what is written; made where it does not exist
    #[arg(long, value_name = "DIR", default_value = "forescale-out/demo")]
    pub(crate) out: PathBuf,
    /// Tell all of it, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Seed of the made-up demand and of the boots
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: u64,
    /// How to print the comparison
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

const DEMO_EXAMPLES: &str = "EXAMPLES:
  Made-up demand:
    forescale demo
  Your own, by the hour, in Tokyo:
    forescale demo --history requests.csv --timezone Asia/Tokyo --out my-demo";
