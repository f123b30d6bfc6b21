//! What can be typed about alarms.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::EXIT_CODES;

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
