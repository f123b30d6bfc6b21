//! `forescale left-out`: days that must not teach, proposed by the tool and confirmed by people.

mod odd;

use config::{Config, Target};
use control::{Loaded, load, load_settings};
use documents::{Forecast, History, LeftOutDays, LeftOutStretch, keys};
use forecasting::Holiday;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ports::DocumentStore;
use serde_json::json;
use timeseries::Series;

use crate::Console;
use crate::arguments::{
    Format, LeftOutAddArguments, LeftOutCommand, LeftOutListArguments, LeftOutProposeArguments,
    LeftOutRemoveArguments,
};
use crate::failure::{Blame, Done, input};
use crate::opened::Opened;
use crate::output::{self, Side};
use crate::{moments, near};

use odd::odd_days;

/// Runs the subcommand.
pub(crate) fn run(command: &LeftOutCommand, console: &mut Console<'_>) -> Done {
    match command {
        LeftOutCommand::Propose(arguments) => propose(arguments, console),
        LeftOutCommand::Add(arguments) => add(arguments, console),
        LeftOutCommand::List(arguments) => list(arguments, console),
        LeftOutCommand::Remove(arguments) => remove(arguments, console),
    }
}

fn propose(arguments: &LeftOutProposeArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let (config, target) = target(&opened, &arguments.target)?;
    let history: Option<History> = body(&opened, &keys::history(&target.name))?;
    let series = history.and_then(|history| history.demand_series().ok());
    let Some(series) = series else {
        return Err(input(format!(
            "{}: nothing is known yet of the demand of {}: run the forecaster first",
            opened.name, target.name
        )));
    };
    let there: LeftOutDays = body(&opened, &keys::left_out_days(&target.name))?.unwrap_or_default();
    let mut proposed = odd(&series, &target);
    proposed.extend(not_believed(&opened, &target, &proposed)?);
    let mut proposed = unknown(proposed, &series, &config, &target, &there);
    proposed.sort_by_key(|one| one.start);
    if proposed.is_empty() {
        console.note("no day of the history is unlike the others: nothing is proposed");
    } else if arguments.format == Format::Table {
        console.note(&format!(
            "what should not teach: forescale left-out add {} --start START --end END --reason WORDS, with the \
             same store",
            target.name
        ));
    }
    print(&proposed, &target.zone, arguments.format, console)
}

/// The days of `series` that are unlike the others, and are no event, no holiday and not left out already.
pub(crate) fn unlike(
    series: &Series,
    config: &Config,
    target: &Target,
    there: &LeftOutDays,
) -> Vec<LeftOutStretch> {
    unknown(odd(series, target), series, config, target, there)
}

fn odd(series: &Series, target: &Target) -> Vec<LeftOutStretch> {
    let days = odd_days(series, &target.zone).into_iter();
    let stretch = |day: odd::OddDay| LeftOutStretch {
        start: day.start,
        end: day.end,
        reason: format!("{:.1} times the usual demand of its weekday", day.times),
    };
    days.map(stretch).collect()
}

/// Those of `proposed` that nothing explains and nobody left out.
fn unknown(
    mut proposed: Vec<LeftOutStretch>,
    series: &Series,
    config: &Config,
    target: &Target,
    there: &LeftOutDays,
) -> Vec<LeftOutStretch> {
    let mut spans = known(config, target, (series.start(), series.end()));
    spans.extend(there.stretches.iter().map(|one| (one.start, one.end)));
    proposed.retain(|one| {
        !spans
            .iter()
            .any(|(from, to)| one.start < *to && *from < one.end)
    });
    proposed
}

/// Times that the forecast knows to be special: events, and holidays with the days beside them.
fn known(
    config: &Config,
    target: &Target,
    (from, to): (Timestamp, Timestamp),
) -> Vec<(Timestamp, Timestamp)> {
    let occurrences = config.occurrences(target, Timestamp::MAX, from, to);
    let mut known: Vec<_> = occurrences
        .iter()
        .map(|one| (one.from(), one.to()))
        .collect();
    let holidays = target.country.map_or_else(Vec::new, |place| {
        Holiday::kept(place, &target.zone, from, to)
    });
    let day = jiff::SignedDuration::from_hours(24);
    known.extend(holidays.iter().filter_map(|holiday| {
        let start = holiday.date.to_zoned(target.zone.clone()).ok()?.timestamp();
        Some((
            start.checked_sub(day).ok()?,
            start.checked_add(day + day).ok()?,
        ))
    }));
    known
}

/// Stretches that the newest forecast did not believe, outside of the `odd` days.
fn not_believed(
    opened: &Opened,
    target: &Target,
    odd: &[LeftOutStretch],
) -> Done<Vec<LeftOutStretch>> {
    let prefix = keys::forecasts(&target.name);
    let listed = opened.wait(opened.store.list(&prefix));
    let listed = listed.failed(|| format!("{prefix} cannot be listed"))?;
    let Some(newest) = listed.iter().max() else {
        return Ok(Vec::new());
    };
    let forecast: Option<Forecast> = body(opened, newest)?;
    let repaired = forecast.map_or_else(Vec::new, |forecast| forecast.data.repaired);
    let stretches = repaired.into_iter().map(|one| LeftOutStretch {
        start: one.start,
        end: one.end,
        reason: one.reason,
    });
    let apart = |one: &LeftOutStretch| {
        !odd.iter()
            .any(|day| one.start < day.end && day.start < one.end)
    };
    Ok(stretches.filter(apart).collect())
}

fn add(arguments: &LeftOutAddArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let (_, target) = target(&opened, &arguments.target)?;
    let start = moments::moment("--start", &arguments.start, &target.zone)?;
    let end = moments::moment("--end", &arguments.end, &target.zone)?;
    if start >= end {
        return Err(input(format!(
            "--end {}: must be after --start {}; a date is its first moment, so that one day ends on the next",
            arguments.end, arguments.start
        )));
    }
    let stretch = LeftOutStretch {
        start,
        end,
        reason: arguments.reason.clone(),
    };
    let told = line(&stretch, &target.zone);
    let mut there = false;
    let change = |kept: &mut LeftOutDays| {
        there = kept.stretches.contains(&stretch);
        if there || arguments.dry_run {
            return Ok(None);
        }
        kept.stretches.push(stretch.clone());
        kept.stretches.sort_by_key(|one| one.start);
        Ok(Some(()))
    };
    let key = keys::left_out_days(&target.name);
    opened.change(&key, Some(&target.name), moments::now(), change)?;
    if there {
        return console.line(&format!("already left out: {told}"));
    }
    console.line(&format!("left out: {told}"))?;
    console.note(if arguments.dry_run {
        "dry run: nothing was written"
    } else {
        "the next forecast does not learn from it"
    });
    Ok(())
}

fn list(arguments: &LeftOutListArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let (_, target) = target(&opened, &arguments.target)?;
    let kept: LeftOutDays = body(&opened, &keys::left_out_days(&target.name))?.unwrap_or_default();
    if kept.stretches.is_empty() {
        console.note(&format!(
            "nothing is left out of {}: `forescale left-out propose` names what might be",
            target.name
        ));
    }
    print(&kept.stretches, &target.zone, arguments.format, console)
}

fn remove(arguments: &LeftOutRemoveArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let (_, target) = target(&opened, &arguments.target)?;
    let start = moments::moment("--start", &arguments.start, &target.zone)?;
    let mut removed = Vec::new();
    let change = |kept: &mut LeftOutDays| {
        let meant = |one: &&LeftOutStretch| one.start == start;
        removed = kept.stretches.iter().filter(meant).cloned().collect();
        kept.stretches.retain(|one| one.start != start);
        Ok((!removed.is_empty() && !arguments.dry_run).then_some(()))
    };
    let key = keys::left_out_days(&target.name);
    opened.change(&key, Some(&target.name), moments::now(), change)?;
    if removed.is_empty() {
        return Err(input(format!(
            "nothing that is left out starts at {}: see `forescale left-out list {}`",
            arguments.start, target.name
        )));
    }
    for one in &removed {
        console.line(&format!("teaches again: {}", line(one, &target.zone)))?;
    }
    if arguments.dry_run {
        console.note("dry run: nothing was written");
    }
    Ok(())
}

/// The configuration in the store, and its target `name`.
fn target(opened: &Opened, name: &str) -> Done<(Config, Target)> {
    let settings = opened.wait(load_settings(&opened.store, moments::now()));
    let settings = settings.input(|| format!("{} holds no usable configuration", opened.name))?;
    let config = settings.config;
    if let Some(target) = config.target(name).cloned() {
        return Ok((config, target));
    }
    let said = format!("target {name}");
    Err(near::no_target(&said, name, &opened.name, &config))
}

/// The document at `key`, where there is one.
fn body<B: documents::Document>(opened: &Opened, key: &str) -> Done<Option<B>> {
    let loaded = opened.wait(load::<B>(&opened.store, key));
    match loaded.failed(|| format!("{key} cannot be read"))? {
        Loaded::Absent => Ok(None),
        Loaded::Found(envelope, _) => Ok(Some(envelope.body)),
        Loaded::Unusable(error, _) => Err(error).input(|| format!("{key} cannot be used")),
    }
}

fn line(stretch: &LeftOutStretch, zone: &TimeZone) -> String {
    let [start, end] = [stretch.start, stretch.end].map(|at| local(at, zone));
    format!("{start} to {end}: {}", stretch.reason)
}

fn local(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%Y-%m-%dT%H:%M").to_string()
}

fn print(
    stretches: &[LeftOutStretch],
    zone: &TimeZone,
    format: Format,
    console: &mut Console<'_>,
) -> Done {
    if format == Format::Json {
        return output::json(console, &json!({ "stretches": stretches }));
    }
    let cells = stretches.iter().map(|one| {
        let [start, end] = [one.start, one.end].map(|at| local(at, zone));
        vec![start, end, one.reason.clone()]
    });
    if format == Format::Csv {
        return output::csv(console, &["start", "end", "reason"], cells);
    }
    let columns = [
        ("start", Side::Left),
        ("end", Side::Left),
        ("reason", Side::Left),
    ];
    output::table(console, &columns, &cells.collect::<Vec<_>>())
}
