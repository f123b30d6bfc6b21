//! What can be typed about logs to import.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{EXIT_CODES, WordsFormat};

/// What lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogKind {
    /// Found out by the lines; a CSV file by its heading
    Auto,
    /// Access logs of an Application Load Balancer
    LoadBalancer,
    /// Common and combined logs of web servers (Apache, nginx and others)
    Web,
    /// A heading, then rows; columns apart by commas, semicolons or tabs
    Csv,
}

/// Make a demand file of access logs
///
/// Counts requests by the minute in access logs of Application Load Balancers, in common and combined
/// logs of web servers, and in CSV; plain or gzip, of any size. What was read is kept in OUT.import: the
/// same command again goes on where it was interrupted, and takes what was logged since, without
/// counting a line twice, also where logs were renamed or packed meanwhile.
#[derive(Debug, Args)]
#[command(after_help = format!("{IMPORT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ImportArguments {
    /// Logs: files, folders with all that is in them, `s3://BUCKET/PREFIX` (of a program built with
    /// the feature aws), or `-` for standard input
    #[arg(value_name = "LOG", required_unless_present = "cloudwatch")]
    pub(crate) logs: Vec<PathBuf>,
    /// The demand metric of a target, from CloudWatch, instead of logs (of a program built with the
    /// feature aws)
    #[arg(long, conflicts_with = "logs", requires = "config")]
    pub(crate) cloudwatch: bool,
    /// With --cloudwatch: the configuration, `forescale.toml`, which names the metric
    #[arg(long, value_name = "FILE", conflicts_with = "logs")]
    pub(crate) config: Option<PathBuf>,
    /// With --cloudwatch: which target; the only one unless given
    #[arg(long, value_name = "NAME", conflicts_with = "logs")]
    pub(crate) target: Option<String>,
    /// With --cloudwatch: days back; it keeps five minutes for 63 days, hours for 455. An interrupted import
    /// goes on where it was
    #[arg(long, value_name = "DAYS", default_value_t = 62, value_parser = clap::value_parser!(u16).range(1..=400))]
    pub(crate) days: u16,
    /// The demand file; `-` for standard output, of which nothing is kept to go on with
    #[arg(long, value_name = "FILE", default_value = "demand.csv")]
    pub(crate) out: PathBuf,
    /// What the lines are
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) kind: LogKind,
    /// Count only lines with this text, such as `targetgroup/web/`
    #[arg(long, value_name = "TEXT")]
    pub(crate) containing: Option<String>,
    /// Step of the demand file, from 1m to 1h; of CSV with values its own unless given
    #[arg(long, value_name = "STEP")]
    pub(crate) step: Option<String>,
    /// No line for longer than this means that logs are missing, not that nobody came
    #[arg(long, value_name = "SPAN", default_value = "1h")]
    pub(crate) silence: String,
    /// Column of times of CSV
    #[arg(long, value_name = "NAME", default_value = "timestamp")]
    pub(crate) time_column: String,
    /// Column of CSV that is added up; `value` where there is one, else each row counts one
    #[arg(long, value_name = "NAME")]
    pub(crate) value_column: Option<String>,
    /// Zone of times of CSV that have no offset
    #[arg(long, value_name = "AREA/CITY", default_value = "UTC")]
    pub(crate) timezone: String,
    /// Begin anew, and replace what is there
    #[arg(long)]
    pub(crate) restart: bool,
    /// Read and tell, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to print what was found
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: WordsFormat,
}

const IMPORT_EXAMPLES: &str = "EXAMPLES:
  Logs of a web server, those that were rotated too:
    forescale import logs/access.log* --out imported.csv
  One service behind a load balancer, from a copy of its bucket:
    forescale import logs/ --containing targetgroup/web/ --out web.csv
  A table with a row for each order:
    forescale import orders.csv --kind csv --time-column created_at --out orders-per-minute.csv
  What CloudWatch still has of a target's demand:
    forescale import --cloudwatch --config forescale.toml --target shop --out shop.csv
  Then look at it:
    forescale forecast --history imported.csv --horizon 1h";
