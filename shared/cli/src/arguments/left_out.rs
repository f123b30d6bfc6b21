//! What can be typed about days that must not teach.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

use super::{EXIT_CODES, Format, StoreArguments};

/// Days that must not teach the forecast: load tests, outages
///
/// The tool proposes, people confirm: what is proposed is left out only after `left-out add`.
#[derive(Debug, Subcommand)]
#[command(after_help = format!("{LEFT_OUT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) enum LeftOutCommand {
    Propose(LeftOutProposeArguments),
    Add(LeftOutAddArguments),
    List(LeftOutListArguments),
    Remove(LeftOutRemoveArguments),
}

/// Name days that are unlike all others of their weekday
///
/// Of the history in a store: days whose demand is far from that of the same weekday in the five weeks
/// around, and stretches that the last forecast did not believe. Holidays and events are known already
/// and are not proposed.
#[derive(Debug, Args)]
#[command(after_help = format!("{LEFT_OUT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct LeftOutProposeArguments {
    /// The target
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// How to print them
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

/// Leave a stretch out of training
#[derive(Debug, Args)]
#[command(after_help = format!("{LEFT_OUT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct LeftOutAddArguments {
    /// The target
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
    /// Its start: RFC 3339, or local in the target's zone; a date alone is its first moment
    #[arg(long, value_name = "TIME")]
    pub(crate) start: String,
    /// Its end; a date alone is its first moment
    #[arg(long, value_name = "TIME")]
    pub(crate) end: String,
    /// Why
    #[arg(long, value_name = "WORDS", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Check and tell, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// List what is left out
#[derive(Debug, Args)]
#[command(after_help = format!("{LEFT_OUT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct LeftOutListArguments {
    /// The target
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

/// Let a stretch teach again
#[derive(Debug, Args)]
#[command(after_help = format!("{LEFT_OUT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct LeftOutRemoveArguments {
    /// The target
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
    /// Its start, as `left-out list` tells it
    #[arg(long, value_name = "TIME")]
    pub(crate) start: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Tell, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

const LEFT_OUT_EXAMPLES: &str = "EXAMPLES:
  Which days were odd, and leave one of them out:
    forescale left-out propose shop --store ./store
    forescale left-out add shop --start 2026-05-12 --end 2026-05-13 --reason \"load test\" \\
      --store ./store
  What is left out, and take it back:
    forescale left-out list shop --store ./store
    forescale left-out remove shop --start 2026-05-12 --store ./store";
