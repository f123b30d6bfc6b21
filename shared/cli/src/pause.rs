//! `forescale pause` and `resume`: hands off every group, without a deployment.

use control::{Loaded, load, load_settings};
use documents::{Pause, Released, keys};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ports::DocumentStore;

use crate::Console;
use crate::arguments::{PauseArguments, ResumeArguments};
use crate::failure::{Blame, Done, Failure, input};
use crate::moments;
use crate::opened::Opened;
use crate::release;

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
        console.line(&format!("would pause {end}: {}", arguments.reason))?;
        return match arguments.remove_actions {
            true => emptied(arguments, &opened, now, console),
            false => Ok(()),
        };
    }
    let written = control::save(&opened.store, keys::PAUSE, &envelope, loaded.unchanged());
    opened
        .wait(written)
        .failed(|| "the pause was not written: nothing is paused")?;
    console.line(&format!("paused {end}: {}", arguments.reason))?;
    if arguments.remove_actions {
        return emptied(arguments, &opened, now, console);
    }
    console.note(
        "scheduled actions that are pending still run to their safe expiry; nothing new is written",
    );
    Ok(())
}

/// Gives every group its own limits back, now that nobody plans: released first, so that a run that had
/// begun before the pause adopts none of them, and when that one is over for certain the marks go, so that
/// the planner goes on after the pause.
fn emptied(
    arguments: &PauseArguments,
    opened: &Opened,
    since: Timestamp,
    console: &mut Console<'_>,
) -> Done {
    let settings = opened.wait(load_settings(&opened.store, since));
    let settings = settings.input(|| format!("{} holds no usable configuration", opened.name))?;
    let (place, dry_run) = (&arguments.store, arguments.dry_run);
    let reason = format!("{OURS}{}", arguments.reason);
    let mut failed: Vec<String> = (settings.refused.iter())
        .map(|refused| format!("{}: its configuration is wrong", refused.label))
        .collect();
    let mut released = Vec::new();
    for target in &settings.config.targets {
        let name = target.name.as_str();
        let mark = opened.wait(load::<Released>(&opened.store, &keys::released(name)));
        let mark = mark.failed(|| format!("the mark of {name} cannot be read"))?;
        let ours = |mark: &Released| mark.reason.starts_with(OURS);
        if !matches!(mark, Loaded::Absent) && !mark.body().is_some_and(ours) {
            console.line(&format!("{name} is released already, and stays so"))?;
            continue;
        }
        match release::given_back(place, opened, target, &reason, dry_run) {
            Ok(None) => {}
            Ok(Some(done)) => {
                release::tell(console, target, &done, dry_run)?;
                released.push(target);
            }
            Err(error) => failed.push(format!("{name}: {}", words(error)?)),
        }
    }
    if !dry_run && !released.is_empty() {
        release::outlast(place, opened, since, console);
        for target in released {
            if let Err(error) = release::had_again(place, opened, target) {
                failed.push(format!("{}: {}", target.name, words(error)?));
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(anyhow::anyhow!(
        "not all groups have their own limits back, and the same command goes on: {}",
        failed.join("; ")
    )))
}

/// What the reason of a release begins with that ends with the command that began it.
const OURS: &str = "pause: ";

/// What a failure says; one that nobody listens to any more ends all.
fn words(failure: Failure) -> Done<String> {
    match failure {
        Failure::Failed(error) | Failure::Input(error) => Ok(format!("{error:#}")),
        ends => Err(ends),
    }
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
