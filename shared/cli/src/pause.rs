//! `forescale pause` and `resume`: hands off every group, without a deployment.

use control::load;
use documents::{Pause, keys};
use jiff::tz::TimeZone;
use ports::DocumentStore;

use crate::Console;
use crate::arguments::{PauseArguments, ResumeArguments};
use crate::failure::{Blame, Done, input};
use crate::moments;
use crate::opened::Opened;

/// Runs `pause`.
pub(crate) fn pause(arguments: &PauseArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let now = moments::now();
    let until = match &arguments.until {
        Some(text) => Some(moments::moment("--until", text, &TimeZone::UTC)?),
        None => None,
    };
    if until.is_some_and(|until| until <= now) {
        return Err(input(format!(
            "--until {} is over: it is {now}",
            until.unwrap_or(now)
        )));
    }
    let pause = Pause {
        since: now,
        until,
        by: "the command".to_owned(),
        reason: arguments.reason.clone(),
    };
    let envelope = documents::Envelope::new(None, now, "the command", pause);
    let loaded = opened.wait(load::<Pause>(&opened.store, keys::PAUSE));
    let loaded = loaded.failed(|| format!("{} cannot be read", keys::PAUSE))?;
    if loaded.is_newer() {
        return Err(input(format!(
            "{} was written by a newer Forescale: use that one",
            keys::PAUSE
        )));
    }
    let end = until.map_or_else(
        || "until `forescale resume`".to_owned(),
        |at| format!("until {at}"),
    );
    if arguments.dry_run {
        console.note("dry run: nothing was written");
        return console.line(&format!("would pause {end}: {}", arguments.reason));
    }
    let written = control::save(&opened.store, keys::PAUSE, &envelope, loaded.unchanged());
    opened
        .wait(written)
        .failed(|| "the pause was not written: nothing is paused")?;
    console.line(&format!("paused {end}: {}", arguments.reason))?;
    console.note(
        "scheduled actions that are pending still run to their safe expiry; nothing new is written",
    );
    Ok(())
}

/// Runs `resume`.
pub(crate) fn resume(arguments: &ResumeArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let stored = opened.wait(opened.store.get(keys::PAUSE));
    if stored
        .failed(|| format!("{} cannot be read", keys::PAUSE))?
        .is_none()
    {
        return console.line("nothing was paused");
    }
    if arguments.dry_run {
        console.note("dry run: nothing was written");
        return console.line("would resume");
    }
    opened
        .wait(opened.store.delete(keys::PAUSE))
        .failed(|| "the pause could not be lifted")?;
    console.line("resumed: the next planner's run acts again")
}
