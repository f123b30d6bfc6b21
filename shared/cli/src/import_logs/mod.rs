//! `forescale import`.

mod cloudwatch;
mod keep;
mod sources;
mod tell;

use std::ops::ControlFlow;

use import::{Ended, ImportError, Kind, Settings, State, Tally, demand};
use jiff::SignedDuration;
use timeseries::Step;

use crate::Console;
use crate::arguments::{ImportArguments, LogKind};
use crate::failure::{Blame, Done, Failure, input};
use crate::moments;
use crate::output::{counted, grouped};

use keep::Kept;
use sources::expand;

/// After so many bytes, or so long, what was counted is kept: an interruption costs seconds of work,
/// also of many small logs and of slow sources.
const KEEP_EACH: usize = 256 * 1024 * 1024;
const KEEP_AFTER: SignedDuration = SignedDuration::from_secs(5);
/// After so many the progress is drawn anew.
const DRAW_EACH: usize = 8 * 1024 * 1024;
/// The longest silence that may be asked for.
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_hours(31 * 24);

/// What became of the sources.
#[derive(Debug, Default)]
struct Found {
    sources: usize,
    known: usize,
    damaged: Vec<(String, String)>,
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &ImportArguments, console: &mut Console<'_>) -> Done {
    if arguments.cloudwatch {
        return cloudwatch::run(arguments, console);
    }
    let step = arguments.step.as_deref().map(str::parse::<Step>);
    let step = step.transpose().input(|| "--step cannot be used")?;
    let silence = silence(&arguments.silence)?;
    moments::zone(&arguments.timezone)?;
    let kept = Kept::beside(&arguments.out);
    let settings = settings(arguments);
    let mut state = match &kept {
        Some(kept) if !arguments.restart => kept.load(settings)?,
        _ => State::new(settings),
    };
    if state.tally.lines > 0 {
        let lines = counted(state.tally.lines, "line");
        let out = arguments.out.display();
        console.note(&format!("going on with {out}, of {lines} counted before"));
    }
    let keep = kept.as_ref().filter(|_| !arguments.dry_run);
    let mut loose = Tally::default();
    let found = count(arguments, &mut state, &mut loose, keep, console)?;
    let all = together(&state.tally, &loose)?;
    let made = demand(&all, step.or(whole_minutes(&all)), silence);
    if made.rows.is_empty() {
        return Err(nothing(&all, arguments, &found));
    }
    let apart = made
        .rows
        .windows(2)
        .map(|pair| pair[1].0.duration_since(pair[0].0));
    if let Some(apart) = apart
        .min()
        .filter(|apart| all.values && *apart > SignedDuration::from_hours(1))
    {
        return Err(input(format!(
            "the rows are {apart:#} apart at least: allowed are steps of 1m to 1h, since servers follow demand by \
             the hour and not by the day"
        )));
    }
    if let Some(keep) = keep {
        keep.write(&made, &state)?;
    }
    console.clear();
    if kept.is_none() && !arguments.dry_run {
        tell::notes(&all, &found, console);
        return keep::rows(console.out(), &made);
    }
    tell::result(arguments, &all, &made, &found, console)
}

fn settings(arguments: &ImportArguments) -> Settings {
    Settings {
        kind: match arguments.kind {
            // Only a table has columns.
            LogKind::Auto if names_a_column(arguments) => Kind::Table,
            LogKind::Auto => Kind::Auto,
            LogKind::LoadBalancer => Kind::LoadBalancer,
            LogKind::Web => Kind::Web,
            LogKind::Csv => Kind::Table,
        },
        containing: arguments.containing.clone(),
        zone: arguments.timezone.clone(),
        time_column: arguments.time_column.clone(),
        value_column: arguments.value_column.clone(),
    }
}

fn names_a_column(arguments: &ImportArguments) -> bool {
    arguments.time_column != "timestamp" || arguments.value_column.is_some()
}

fn silence(text: &str) -> Done<SignedDuration> {
    let span: SignedDuration = text
        .parse()
        .input(|| format!("--silence {text}: write it like 30m or 2h"))?;
    if span.is_positive() && span <= LONGEST_SILENCE {
        return Ok(span);
    }
    Err(input(format!(
        "--silence {text}: allowed are 1s to 744h (31 days)"
    )))
}

/// Counted lines stand for their minute; values for whatever step the table has.
fn whole_minutes(tally: &Tally) -> Option<Step> {
    (!tally.values).then_some(Step::MINUTE)
}

/// Counts every source into `state`, which is kept now and then.
fn count(
    arguments: &ImportArguments,
    state: &mut State,
    loose: &mut Tally,
    keep: Option<&Kept>,
    console: &mut Console<'_>,
) -> Done<Found> {
    console.progress("looking for logs");
    let sources = expand(&arguments.logs, &Kept::files(&arguments.out))?;
    if sources.is_empty() {
        return Err(input("no log is there: the folder or the prefix is empty"));
    }
    let mut found = Found {
        sources: sources.len(),
        ..Found::default()
    };
    let (mut unkept, mut undrawn, mut read) = (0, 0, 0_u64);
    let mut kept_at = moments::now();
    for (index, source) in sources.iter().enumerate() {
        let name = source.name();
        let reading = source.open(console)?;
        let mut spoilt: Option<Failure> = None;
        let mut after = |state: &State, bytes: usize| {
            (unkept, undrawn, read) = (unkept + bytes, undrawn + bytes, read + bytes as u64);
            if undrawn >= DRAW_EACH {
                undrawn = 0;
                let (lines, megabytes) = (grouped(state.tally.lines as f64), read / 1_000_000);
                console.progress(&format!(
                    "{} of {}: {name}; {megabytes} MB, {lines} lines",
                    index + 1,
                    sources.len()
                ));
            }
            let now = moments::now();
            if unkept >= KEEP_EACH || now.duration_since(kept_at) >= KEEP_AFTER {
                (unkept, kept_at) = (0, now);
                if let Some(Err(failure)) = keep.map(|keep| keep.save(state)) {
                    spoilt = Some(failure);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        };
        let ended = import::read(reading, state, loose, &mut after).map_err(|error| {
            let near = match &error {
                ImportError::Column { column, found, .. } => column_hint(arguments, column, found),
                _ => String::new(),
            };
            let so_far = if keep.is_some() {
                "; what was kept before stays"
            } else {
                ""
            };
            let said = format!("{name} cannot be imported{so_far}{near}");
            Failure::Input(anyhow::Error::new(error).context(said))
        })?;
        if let Some(failure) = spoilt {
            return Err(failure);
        }
        match ended {
            Ended::Known => found.known += 1,
            Ended::Damaged(why) => found.damaged.push((name, why)),
            Ended::Whole | Ended::Stopped => {}
        }
    }
    Ok(found)
}

/// The column of `found` that is meant, or how to name it.
fn column_hint(arguments: &ImportArguments, column: &str, found: &str) -> String {
    let near = crate::near::hint(column, found.split([',', ';', '\t']).map(str::trim));
    if !near.is_empty() {
        return near;
    }
    let (option, what) = match arguments.value_column.as_deref() {
        Some(values) if values == column => ("--value-column", "values"),
        _ => ("--time-column", "times"),
    };
    format!("; say by {option} which column has the {what}")
}

/// What was counted for good, with the last lines that had no end.
fn together(tally: &Tally, loose: &Tally) -> Done<Tally> {
    let mut all = tally.clone();
    if !all.counts.merge(&loose.counts) {
        return Err(input(
            "the logs lie in too many different minutes: import fewer years at once",
        ));
    }
    all.lines += loose.lines;
    all.left_out += loose.left_out;
    all.unreadable += loose.unreadable;
    all.values |= loose.values;
    let room = import::EXAMPLES.saturating_sub(all.examples.len());
    all.examples
        .extend(loose.examples.iter().take(room).cloned());
    Ok(all)
}

fn nothing(tally: &Tally, arguments: &ImportArguments, found: &Found) -> Failure {
    if tally.lines == 0 {
        let named: Vec<String> = (arguments.logs.iter())
            .map(|path| path.display().to_string())
            .collect();
        let named = crate::near::listed(named.iter().map(String::as_str));
        let read = match found.sources {
            1 => "the log is empty".to_owned(),
            many => format!("all {many} logs are empty"),
        };
        return input(format!("nothing was written: {read} ({named})"));
    }
    let lines = counted(tally.lines, "line");
    if tally.left_out > 0 && tally.unreadable == 0 {
        return input(format!(
            "nothing was written: none of {lines} has the text of --containing"
        ));
    }
    let example = tally.examples.first().map_or(String::new(), |example| {
        format!(
            ", such as this one of {}: {} ({})",
            example.source,
            tell::quoted(&example.text),
            example.why
        )
    });
    let next = if settings(arguments).kind == Kind::Table {
        "times are RFC 3339, 2026-01-31 18:00 or seconds since 1970: write the column of times so"
    } else {
        "if they are CSV, name the column of times by --time-column"
    };
    input(format!(
        "nothing was written: none of {lines} is a request{example}; {next}"
    ))
}
