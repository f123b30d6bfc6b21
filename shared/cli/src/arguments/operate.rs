//! What can be typed about setting up, examining and leaving.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};

use super::{EXIT_CODES, StoreArguments, WordsFormat};

/// Find what is wrong with a set-up, and say how to mend it
///
/// Looks at configuration, documents, groups, metrics, alarms, schedules, quotas and permissions.
/// Nothing is changed. What could not be looked at is told as such. With `--store`, groups are
/// simulated as configured and there is no account.
#[derive(Debug, Args)]
#[command(after_help = format!("{DOCTOR_EXAMPLES}\n\n{EXIT_CODES}\n{DOCTOR_EXIT}"))]
pub(crate) struct DoctorArguments {
    /// The target; all unless given
    #[arg(value_name = "TARGET")]
    pub(crate) target: Option<String>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Name of the deployed stack, for its schedule, rule, queue and roles
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "NAME", default_value = "forescale")]
    pub(crate) stack: String,
    /// As of when: RFC 3339, or local in UTC; now unless given, with --store when its newest plan was
    /// made
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// From which severity on the exit code is 4
    #[arg(long, value_enum, default_value = "error")]
    pub(crate) fail_on: FailOn,
    /// Show times in UTC, instead of each target's zone
    #[arg(long)]
    pub(crate) utc: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: WordsFormat,
}

/// From which severity on an examination fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Anything at all
    Note,
    /// Warnings and errors
    Warning,
    /// Errors
    Error,
    /// Nothing
    Never,
}

pub(crate) const DOCTOR_EXIT: &str =
    "  4  something was found of the severity of --fail-on or above";

const DOCTOR_EXAMPLES: &str = "EXAMPLES:
  Whether a folder of documents is sound:
    forescale plan --history requests.csv --config forescale.toml --store ./store
    forescale doctor --store ./store
  A deployment (built with --features aws), as a step of a pipeline:
    forescale doctor --bucket s3://BUCKET --stack forescale --fail-on warning --format json
  One target:
    forescale doctor web --bucket s3://BUCKET";

/// Check the configuration, or upload it
#[derive(Debug, Subcommand)]
#[command(after_help = format!("{CONFIG_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) enum ConfigCommand {
    Check(ConfigCheckArguments),
    Push(ConfigPushArguments),
}

/// Say everything that is wrong with a configuration
#[derive(Debug, Args)]
#[command(after_help = format!("{CONFIG_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ConfigCheckArguments {
    /// The configuration
    #[arg(value_name = "FILE", default_value = "forescale.toml")]
    pub(crate) file: PathBuf,
}

/// Check a configuration, show what changes, and upload it
///
/// Nothing is uploaded that is wrong, and nothing over what somebody else uploaded meanwhile.
#[derive(Debug, Args)]
#[command(after_help = format!("{CONFIG_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ConfigPushArguments {
    /// The configuration
    #[arg(value_name = "FILE", default_value = "forescale.toml")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Check and tell, but upload nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

const CONFIG_EXAMPLES: &str = "EXAMPLES:
  Everything that is wrong with a file:
    forescale config check forescale.toml
  What would change, then the change (built with --features aws for a bucket):
    forescale config push forescale.toml --bucket s3://BUCKET --dry-run
    forescale config push forescale.toml --bucket s3://BUCKET";

/// Give a group back: our scheduled actions go, its own limits return, and nobody adopts it again
///
/// The desired capacity is not touched. What was cut short is finished by the same command.
#[derive(Debug, Args)]
#[command(after_help = format!("{RELEASE_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ReleaseArguments {
    /// The target
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
    /// Why
    #[arg(long, value_name = "WORDS", value_parser = NonEmptyStringValueParser::new(), default_value = "by hand")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Tell what would be done, but do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Let the planner adopt a released target again, with the limits that its group has now
#[derive(Debug, Args)]
#[command(after_help = format!("{RELEASE_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct AdoptArguments {
    /// The target
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Tell, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

const RELEASE_EXAMPLES: &str = "EXAMPLES:
  What would be done, and then do it (built with --features aws):
    forescale release web --bucket s3://BUCKET --dry-run
    forescale release web --bucket s3://BUCKET --reason \"moving to another region\"
  Have it planned again:
    forescale adopt web --bucket s3://BUCKET
  The same on a simulated group:
    forescale release shop --store ./store --dry-run";

/// Write a configuration from what is in the account
///
/// Auto Scaling groups, their load balancers, policies, alarms, limits and launches, each as a target in
/// mode shadow; what is not known is marked as such. Built with --features aws.
#[derive(Debug, Args)]
#[command(after_help = format!("{INIT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct InitArguments {
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "forescale.toml")]
    pub(crate) out: PathBuf,
    /// Only groups with the tag forescale = managed
    #[arg(long)]
    pub(crate) tagged: bool,
    /// Only the group of this name; may be given again
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Vec<String>,
    /// Zone that rules their days and weeks; by the tag forescale:time-zone unless given
    #[arg(long, value_name = "AREA/CITY")]
    pub(crate) timezone: Option<String>,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the configuration, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

const INIT_EXAMPLES: &str = "EXAMPLES:
  Everything in the account and region of the environment:
    forescale init --timezone Europe/Berlin
  The groups whose owners opted in by tag:
    forescale init --tagged --out tagged.toml
  Then look at it, and upload it:
    forescale config push forescale.toml --bucket s3://BUCKET";
