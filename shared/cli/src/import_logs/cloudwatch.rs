//! Demand of a target from CloudWatch, piece by piece.
//!
//! What was read and how far stand in one value that is kept after each piece. The same command goes on
//! there, and takes what has come since.

use crate::Console;
use crate::arguments::{ConfigArguments, ImportArguments};
use crate::chosen::Chosen;
use crate::failure::{Done, input};

/// Writes the demand file of what CloudWatch still has of the target's demand.
pub(super) fn run(arguments: &ImportArguments, console: &mut Console<'_>) -> Done {
    let Some(config) = &arguments.config else {
        return Err(input(
            "--cloudwatch needs --config FILE, which says what demand is",
        ));
    };
    let chosen = Chosen::read(&ConfigArguments {
        config: config.clone(),
        target: arguments.target.clone(),
    })?;
    from_account(arguments, &chosen, console)
}

#[cfg(feature = "aws")]
fn from_account(arguments: &ImportArguments, chosen: &Chosen, console: &mut Console<'_>) -> Done {
    use crate::failure::Blame;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .failed(|| "no runtime for calls to AWS")?;
    let now = crate::moments::now();
    runtime.block_on(async {
        let sdk = crate::account::connect("--cloudwatch").await?;
        let metrics = aws::CloudWatchMetrics::new(&sdk);
        pieces::import(&metrics, arguments, &chosen.target, now, console).await
    })
}

#[cfg(not(feature = "aws"))]
fn from_account(_: &ImportArguments, _: &Chosen, _: &mut Console<'_>) -> Done {
    Err(input(
        "--cloudwatch: this program was built without AWS: build it with `--features aws`",
    ))
}

#[cfg(any(test, feature = "aws"))]
mod pieces;
