//! What can be typed about events.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{EXIT_CODES, Format, StoreArguments};

/// Known coming occasions beside those of the configuration
///
/// Kept in a document of its own, so that no deployment is needed. An event that is added today
/// changes tonight's plan.
#[derive(Debug, Subcommand)]
#[command(after_help = format!("{EVENT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) enum EventCommand {
    Add(EventAddArguments),
    List(EventListArguments),
    Remove(EventRemoveArguments),
    Import(EventImportArguments),
}

/// What an event does, and to whom.
#[derive(Debug, Clone, Args)]
pub(crate) struct EventEffectArguments {
    /// A target that it concerns; may be given again; all unless given
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Vec<String>,
    /// Demand is this many times what it would have been
    #[arg(
        long,
        value_name = "TIMES",
        group = "effect",
        allow_negative_numbers = true
    )]
    pub(crate) multiplier: Option<f64>,
    /// Demand is this many requests a minute
    #[arg(
        long,
        value_name = "REQUESTS",
        group = "effect",
        allow_negative_numbers = true
    )]
    pub(crate) demand: Option<f64>,
    /// Demand is as on this day; as past occurrences of the same name showed unless one is given
    #[arg(long, value_name = "DATE", group = "effect")]
    pub(crate) like: Option<String>,
    /// Demand already rises this long before
    #[arg(long, value_name = "SPAN")]
    pub(crate) lead: Option<String>,
    /// Demand falls off for this long after
    #[arg(long, value_name = "SPAN")]
    pub(crate) tail: Option<String>,
}

/// Add an event
#[derive(Debug, Args)]
#[command(after_help = format!("{EVENT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct EventAddArguments {
    /// Its name, shared by its occurrences
    pub(crate) name: String,
    /// When it starts: local in each target's zone, or with an offset; a date alone is its first moment
    #[arg(long, value_name = "TIME")]
    pub(crate) start: String,
    /// When it ends; a date alone is the end of that day
    #[arg(long, value_name = "TIME")]
    pub(crate) end: String,
    /// How it repeats: day, week, month, month-weekday, year
    #[arg(long, value_name = "SPAN")]
    pub(crate) every: Option<String>,
    /// Until when it repeats
    #[arg(long, value_name = "TIME", requires = "every")]
    pub(crate) until: Option<String>,
    /// Put it in the place of an added one of the same name and start
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) effect: EventEffectArguments,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Check and tell, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// List all events, those of the configuration too
#[derive(Debug, Args)]
#[command(after_help = format!("{EVENT_LIST_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct EventListArguments {
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// How to print them
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

/// Remove an added event
#[derive(Debug, Args)]
#[command(after_help = format!("{EVENT_REMOVE_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct EventRemoveArguments {
    /// Its name
    pub(crate) name: String,
    /// Only the one that starts so, such as 2026-12-05
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<String>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Tell, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Add the events of an iCalendar file
#[derive(Debug, Args)]
#[command(after_help = format!("{EVENT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct EventImportArguments {
    /// The calendar, `.ics`
    pub(crate) file: PathBuf,
    /// Put each in the place of an added one of the same name and start
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) effect: EventEffectArguments,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Check and tell, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

const EVENT_EXAMPLES: &str = "EXAMPLES:
  A TV programme tomorrow, three times the usual demand:
    forescale event add tv-show --start 2026-12-05T20:00 --end 2026-12-05T21:30 \\
      --multiplier 3 --target shop --store ./store
  A sale that behaves as the last one did:
    forescale event add winter-sale --start 2026-12-27 --end 2026-12-30 --like 2025-12-27 \\
      --store ./store
  Twice as much as was thought:
    forescale event add tv-show --start 2026-12-05T20:00 --end 2026-12-05T21:30 \\
      --multiplier 6 --target shop --replace --store ./store
  The marketing team's calendar, each as past occurrences of its name showed:
    forescale event import campaigns.ics --target shop --store ./store";

const EVENT_LIST_EXAMPLES: &str = "EXAMPLES:
  What is known to come:
    forescale event list --store ./store";

const EVENT_REMOVE_EXAMPLES: &str = "EXAMPLES:
  All occurrences, or one:
    forescale event remove tv-show --store ./store
    forescale event remove winter-sale --start 2026-12-27 --store ./store";
