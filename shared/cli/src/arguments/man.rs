//! What can be typed about manual pages.

use clap::Args;

use super::EXIT_CODES;

/// Print a manual page
#[derive(Debug, Args)]
#[command(after_help = format!("{MAN_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ManArguments {
    /// Of which subcommand, such as `forecast` or `event add`; of the whole command unless given
    #[arg(value_name = "SUBCOMMAND", num_args = 0..=2)]
    pub(crate) subcommand: Vec<String>,
}

const MAN_EXAMPLES: &str = "EXAMPLES:
  Read it now:
    forescale man forecast | man -l -
  Install it:
    forescale man > ~/.local/share/man/man1/forescale.1
    forescale man forecast > ~/.local/share/man/man1/forescale-forecast.1";
