//! `forescale pause` and `resume`: hands off every group, without a deployment.

use config::Target;
use control::{HandedBack, Loaded, load, load_settings};
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
    let told = console.line(&format!("paused {end}: {}", arguments.reason));
    if arguments.remove_actions {
        // Whether or not anybody reads on.
        return emptied(arguments, &opened, now, console).and(told);
    }
    told?;
    console.note(
        "scheduled actions that are pending still run to their safe expiry; nothing new is written",
    );
    Ok(())
}

/// Gives every group its own limits back, now that nobody plans: released first, so that a run that had
/// begun before the pause adopts none of them, and when that one is over for certain the marks go, so that
/// the planner goes on after the pause. What is cut short on the way is ended by `resume`. Nothing is told
/// before all of it is done, so that no reader who goes away leaves a target released.
fn emptied(
    arguments: &PauseArguments,
    opened: &Opened,
    since: Timestamp,
    console: &mut Console<'_>,
) -> Done {
    let settings = opened.wait(load_settings(&opened.store, since));
    let settings = settings.input(|| format!("{} holds no usable configuration", opened.name))?;
    let (place, dry_run) = (&arguments.store, arguments.dry_run);
    let reason = format!("pause: {}", arguments.reason);
    let mut failed: Vec<String> = (settings.refused.iter())
        .map(|refused| format!("{}: its configuration is wrong", refused.label))
        .collect();
    let mut looked: Vec<(&Target, Option<HandedBack>)> = Vec::new();
    for target in &settings.config.targets {
        let mark = match mark(opened, &target.name) {
            Ok(mark) => mark,
            Err(error) => {
                failed.push(format!("{}: {}", target.name, words(error)));
                continue;
            }
        };
        if !matches!(mark, Loaded::Absent) && !mark.body().is_some_and(|mark| mark.by_pause) {
            looked.push((target, None));
            continue;
        }
        let asked = release::Asked {
            target,
            reason: &reason,
            for_pause: true,
            dry_run,
        };
        match release::given_back(place, opened, &asked) {
            Ok(None) => {}
            Ok(Some(done)) => looked.push((target, Some(done))),
            Err(error) => failed.push(format!("{}: {}", target.name, words(error))),
        }
    }
    let released = || looked.iter().filter(|(_, done)| done.is_some());
    if !dry_run && released().next().is_some() {
        release::outlast(place, opened, since, console);
        for (target, _) in released() {
            if let Err(error) = release::had_again(place, opened, target) {
                failed.push(format!("{}: {}", target.name, words(error)));
            }
        }
    }
    let told = looked.iter().try_for_each(|(target, done)| match done {
        None => console.line(&format!(
            "{} is released already, and stays so",
            target.name
        )),
        Some(done) if done.already => {
            console.line(&format!("{} has its own limits back already", target.name))
        }
        Some(done) => release::tell(console, target, done, dry_run),
    });
    if failed.is_empty() {
        return told;
    }
    let (head, failed) = (
        if dry_run {
            "not all groups could be looked at"
        } else {
            "not all groups have their own limits back, and the same command goes on"
        },
        failed.join("; "),
    );
    Err(Failure::Failed(anyhow::anyhow!("{head}: {failed}")))
}

/// The mark of a target that was released.
fn mark(opened: &Opened, name: &str) -> Done<Loaded<Released>> {
    let loaded = opened.wait(load::<Released>(&opened.store, &keys::released(name)));
    loaded.failed(|| format!("whether {name} is released cannot be read"))
}

/// What a failure says.
fn words(failure: Failure) -> String {
    match failure {
        Failure::Failed(error) | Failure::Input(error) => format!("{error:#}"),
        Failure::Found | Failure::Closed => "it ended early".to_owned(),
    }
}

/// Runs `resume`.
pub(crate) fn resume(arguments: &ResumeArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let stored = opened.wait(opened.store.get(keys::PAUSE));
    let paused = stored
        .failed(|| format!("{} cannot be read", keys::PAUSE))?
        .is_some();
    // Marks first, while nobody plans yet: what fails here is found again by the same command, also when
    // no pause stands any more.
    let mut lifted = Lifted::default();
    match opened.wait(load_settings(&opened.store, moments::now())) {
        Ok(settings) => {
            for target in &settings.config.targets {
                lifted.one(arguments, &opened, target);
            }
            for refused in &settings.refused {
                let mark = mark(&opened, &refused.label);
                if !matches!(mark, Ok(Loaded::Absent)) {
                    (lifted.failed).push(format!("{}: its configuration is wrong", refused.label));
                }
            }
        }
        Err(error) => {
            (lifted.failed).push(format!("{}: {:#}", opened.name, anyhow::anyhow!(error)))
        }
    }
    if paused && !arguments.dry_run {
        opened
            .wait(opened.store.delete(keys::PAUSE))
            .failed(|| "the pause could not be lifted")?;
    }
    let told = lifted.tell(paused, arguments.dry_run, console);
    if lifted.failed.is_empty() {
        return told;
    }
    Err(Failure::Failed(anyhow::anyhow!(
        "targets may still be released by a pause, and are not planned; the same command goes on: {}",
        lifted.failed.join("; ")
    )))
}

/// What became of the marks that pauses left behind.
#[derive(Debug, Default)]
struct Lifted {
    /// Targets that are planned again.
    targets: Vec<String>,
    failed: Vec<String>,
}

impl Lifted {
    /// Lifts the mark of `target` where a pause made it. A release that was cut short is seen through
    /// first: a floor of ours would otherwise be adopted as the group's own.
    fn one(&mut self, arguments: &ResumeArguments, opened: &Opened, target: &Target) {
        let (place, dry_run) = (&arguments.store, arguments.dry_run);
        let lift = || -> Done<bool> {
            let mark = mark(opened, &target.name)?;
            if let Loaded::Unusable(error, _) = &mark {
                return Err(input(format!(
                    "{error}; if it is not to stay released: forescale adopt {}",
                    target.name
                )));
            }
            let Some(mark) = mark.body().filter(|mark| mark.by_pause) else {
                return Ok(false);
            };
            if dry_run {
                return Ok(true);
            }
            if !mark.done {
                let asked = release::Asked {
                    target,
                    reason: &mark.reason,
                    for_pause: true,
                    dry_run,
                };
                release::given_back(place, opened, &asked)?;
            }
            release::had_again(place, opened, target)
        };
        match lift() {
            Ok(true) => self.targets.push(target.name.clone()),
            Ok(false) => {}
            Err(error) => (self.failed).push(format!("{}: {}", target.name, words(error))),
        }
    }

    fn tell(&self, paused: bool, dry_run: bool, console: &mut Console<'_>) -> Done {
        if dry_run {
            console.note("dry run: nothing was written");
        }
        for name in &self.targets {
            console.line(&if dry_run {
                format!("{name}: would no longer be released")
            } else {
                format!("{name}: no longer released, as the pause had left it")
            })?;
        }
        console.line(match (paused, dry_run) {
            (false, _) if self.targets.is_empty() => "nothing was paused",
            (_, true) => "would resume",
            (_, false) => "resumed: the next planner's run acts again",
        })
    }
}
