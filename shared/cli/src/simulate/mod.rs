//! `forescale simulate`, and what `demo` shares with it.

mod compare;
mod day;
mod page;
mod picture;
mod summary;
mod written;

pub(crate) use compare::compare;
pub(crate) use page::page;
pub(crate) use summary::{ALIKE, Summary};
pub(crate) use written::write;

use documents::{Document, Plan, Tuning, decode, in_zone, keys};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pollster::block_on;
use ports::DocumentStore;
use replay::{Replay, ReplayError, Setup, replay};

use crate::Console;
use crate::arguments::{SimulateArguments, WhatIfArguments};
use crate::chosen::Chosen;
use crate::demand;
use crate::failure::{Blame, Done};
use crate::files::Folder;
use crate::moments;

/// Most failed runs that are told one by one.
const FAILURES_TOLD: usize = 5;

/// Runs the subcommand.
pub(crate) fn run(arguments: &SimulateArguments, console: &mut Console<'_>) -> Done {
    if !arguments.sweep.given().is_empty() {
        let sweep = WhatIfArguments {
            history: arguments.history.clone(),
            config: arguments.config.clone(),
            from: arguments.from.clone(),
            to: arguments.to.clone(),
            sweep: arguments.sweep.clone(),
            out: arguments.out.clone(),
            dry_run: arguments.dry_run,
            format: arguments.format,
        };
        return crate::what_if::run(&sweep, console);
    }
    let chosen = Chosen::read(&arguments.config)?;
    let zone = &chosen.target.zone;
    let (from, to) = moments::window(&arguments.from, &arguments.to, zone)?;
    let demand = demand::read(&arguments.history, zone.clone(), console)?;
    let folder = Folder::make(&arguments.out, arguments.dry_run)?;
    let setup = Setup {
        config_file: &chosen.file,
        config: &chosen.text,
        target: Some(&chosen.target.name),
        demand: &demand.series,
        from,
        to,
    };
    let replay = replayed(&setup, console)?;
    let summary = Summary::of(&replay, from, to);
    let files = write(&folder, &replay, &summary, &demand.series)?;
    compare(console, &summary, arguments.format)?;
    for advice in &summary.advice {
        console.note(advice);
    }
    if let Some(advice) = &summary.target_tracking_advice {
        console.note(&advice.told(&summary.currency));
    }
    let shown = if arguments.utc { &TimeZone::UTC } else { zone };
    for note in noted(&replay) {
        console.note(&format!("note: {}", in_zone(&note, shown)));
    }
    console.note(&folder.told(&files));
    Ok(())
}

/// What the last plan and the last tuning say beside their numbers: what a budget costs in risk, what
/// fights the plan.
fn noted(replay: &Replay) -> Vec<String> {
    fn body<B: Document>(replay: &Replay, key: &str) -> Option<B> {
        let stored = block_on(replay.store.get(key)).ok().flatten()?;
        Some(decode::<B>(key, &stored.bytes).ok()?.body)
    }
    let name = &replay.target.name;
    let plan = body::<Plan>(replay, &keys::plan(name)).map(|plan| plan.notes);
    let tuning = body::<Tuning>(replay, &keys::tuning(name)).map(|tuning| tuning.notes);
    plan.into_iter().chain(tuning).flatten().collect()
}

/// Replays with progress; failed runs become notes.
pub(crate) fn replayed(setup: &Setup<'_>, console: &mut Console<'_>) -> Done<Replay> {
    let (from, to) = (setup.from, setup.to);
    let share = |now: Timestamp| {
        100.0 * now.duration_since(from).as_secs_f64() / to.duration_since(from).as_secs_f64()
    };
    console.progress("comparing with the alternatives");
    let done = replay(setup, &mut |now| {
        let day = now.strftime("%a %Y-%m-%d");
        console.progress(&format!("replaying {day} ({:.0}%)", share(now)));
    });
    console.clear();
    let replay = match done {
        Ok(replay) => replay,
        Err(error @ (ReplayError::Simulation(_) | ReplayError::Store(_))) => {
            return Err(error).failed(|| "nothing was replayed");
        }
        Err(error @ ReplayError::Window { .. }) => {
            return Err(error).input(|| "nothing was replayed: move --from or --to");
        }
        Err(error) => return Err(error).input(|| "nothing was replayed"),
    };
    for (at, reason) in replay.failures.iter().take(FAILURES_TOLD) {
        let told = format!("at {at} a run failed: {reason}");
        console.note(&in_zone(&told, &replay.target.zone));
    }
    let more = replay.failures.len().saturating_sub(FAILURES_TOLD);
    if more > 0 {
        console.note(&format!(
            "{more} more runs failed: see failures in summary.json"
        ));
    }
    Ok(replay)
}
