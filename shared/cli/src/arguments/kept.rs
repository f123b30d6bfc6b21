//! What can be typed about documents in a store.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};

use super::{EXIT_CODES, HistoryArguments, KnownArguments};

/// Where the documents lie.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct StoreArguments {
    /// Directory of documents, as `plan --store` keeps them
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Bucket of a deployment, with the prefix where it has one: `s3://BUCKET/PREFIX`
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "S3-URL")]
    pub(crate) bucket: Option<String>,
}

/// Write one page about what was forecast, planned and served
///
/// Of the documents in a store: forecast band against demand; servers required, planned and in
/// service; every action with its reason; accuracy by how far ahead; what to look at. The page needs
/// no network. Times are in the target's zone.
#[derive(Debug, Args)]
#[command(after_help = format!("{REPORT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ReportArguments {
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Which target; unless given, all: of several an overview, and each one's page in a folder beside it
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// Days back
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=400))]
    pub(crate) days: u16,
    /// As of when: RFC 3339, or local in UTC; when the newest document was written unless given
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// The page; of several targets the overview, whose pages come into a folder of that name without `.html`
    #[arg(long, value_name = "FILE", default_value = "report.html")]
    pub(crate) out: PathBuf,
    /// Tell all of it, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

const REPORT_EXAMPLES: &str = "EXAMPLES:
  What the documents of a plan tell:
    forescale plan --history requests.csv --config forescale.toml --store ./store
    forescale report --store ./store --out report.html
  A quarter of one target:
    forescale report --store ./store --target shop --days 90 --out shop.html";

/// Say why there are so many servers at a time
///
/// Of the documents in a store: demand and its quantile, model and recent error, throughput, lead
/// time, rounding, limits, events, corrections, what bound, and what would have changed the answer.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXPLAIN_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// The target
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
    /// When: RFC 3339, or local in the target's zone
    #[arg(long, value_name = "TIME")]
    pub(crate) at: String,
    /// Show times in UTC, instead of the target's zone
    #[arg(long)]
    pub(crate) utc: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: WordsFormat,
}

/// How words are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WordsFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

const EXPLAIN_EXAMPLES: &str = "EXAMPLES:
  Why so many at eight in the evening?
    forescale plan --history requests.csv --config forescale.toml --store ./store
    forescale explain shop --at 2026-06-01T20:00 --store ./store";

/// Name the quietest times to come
///
/// For resizing, patching and migrations: the windows of a length in which the least demand is
/// expected, with expected and p95 demand, from a forecast of the history. Windows do not overlap.
#[derive(Debug, Args)]
#[command(after_help = format!("{QUIET_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct QuietWindowArguments {
    #[command(flatten)]
    pub(crate) history: HistoryArguments,
    #[command(flatten)]
    pub(crate) known: KnownArguments,
    /// From when on: RFC 3339, or local in the zone; the end of the history unless given
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// How long a window has to be
    #[arg(long, value_name = "SPAN", default_value = "2h")]
    pub(crate) length: String,
    /// How far ahead to look
    #[arg(long, value_name = "SPAN", default_value = "7d")]
    pub(crate) within: String,
    /// How many windows to name
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) count: u16,
    /// How to print them
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: QuietFormat,
}

/// How quiet windows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum QuietFormat {
    /// For people
    Table,
    /// For spreadsheets and scripts
    Csv,
    /// For programs
    Json,
    /// For calendars
    Ical,
}

const QUIET_EXAMPLES: &str = "EXAMPLES:
  Two quiet hours within a week:
    forescale quiet-window --history requests.csv --length 2h --within 7d
  For the team's calendar:
    forescale quiet-window --history requests.csv --timezone Europe/Berlin \\
      --format ical > windows.ics";

const PAUSE_EXAMPLES: &str = "EXAMPLES:
  For a night, and over before it:
    forescale pause --reason \"migration of the database\" --until 2036-12-06T06:00Z --store ./store
  And without what is planned already:
    forescale pause --reason \"incident 4711\" --remove-actions --store ./store
    forescale resume --store ./store";

/// Keep hands off every group from now on
///
/// No function writes to any group until the pause ends; nothing is deployed for it. Scheduled actions
/// that are pending still run, and give each group its own MinSize back when the plan ends; with
/// --remove-actions they go at once, and each group has its own limits back now.
#[derive(Debug, Args)]
#[command(after_help = format!("{PAUSE_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct PauseArguments {
    /// Why
    #[arg(long, value_name = "WORDS", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
    /// Until when, RFC 3339 or local in UTC; until `forescale resume` unless given
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Remove scheduled actions of ours that are pending, and give each group its own limits back, now.
    /// After the pause the planner adopts them anew
    #[arg(long)]
    pub(crate) remove_actions: bool,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Check and tell, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Lift a pause
#[derive(Debug, Args)]
#[command(after_help = format!("{PAUSE_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ResumeArguments {
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Tell, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
