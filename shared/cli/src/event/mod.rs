//! `forescale event`: known coming occasions beside those of the configuration.

mod keep;
mod list;
mod told;

use std::fs;

use config::{Config, ConfigErrors, Event, EventEffect, Target, parse_event};
use control::{Loaded, Settings, load, load_settings};
use documents::{AddedEvent, Events, keys};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Console;
use crate::arguments::{
    EventAddArguments, EventCommand, EventEffectArguments, EventImportArguments,
    EventRemoveArguments,
};
use crate::calendar::Entry;
use crate::failure::{Blame, Done, Failure, input};
use crate::opened::Opened;
use crate::{calendar, moments, near};
use keep::{How, Wanted, keep};
use told::line;

/// What an error about options names as its file.
const OPTIONS: &str = "the event";

/// Runs the subcommand.
pub(crate) fn run(command: &EventCommand, console: &mut Console<'_>) -> Done {
    match command {
        EventCommand::Add(arguments) => add(arguments, console),
        EventCommand::List(arguments) => list::run(arguments, console),
        EventCommand::Remove(arguments) => remove(arguments, console),
        EventCommand::Import(arguments) => import(arguments, console),
    }
}

/// What is wrong, in terms of the options that were given.
fn as_options(errors: &ConfigErrors) -> String {
    let told = errors.findings.iter().map(|finding| {
        let field = finding.field.trim_start_matches("event.");
        let option = match field {
            "" | "name" => "the name".to_owned(),
            "targets" => "--target".to_owned(),
            field => format!("--{}", field.replace('_', "-")),
        };
        let value = finding.value.as_deref().unwrap_or_default();
        let allowed = match finding.allowed.as_str() {
            "" => String::new(),
            allowed => format!("; allowed: {allowed}"),
        };
        format!("{option} {value}: {}{allowed}", finding.problem)
    });
    told.collect::<Vec<_>>().join("\n")
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

fn float(number: f64) -> String {
    toml_edit::Value::from(number).to_string()
}

/// The lines of an `[[event]]` table that tell whom it concerns and what it does.
fn common(effect: &EventEffectArguments) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: String| text.push_str(&format!("{key} = {value}\n"));
    if !effect.target.is_empty() {
        let names: Vec<String> = effect.target.iter().map(|name| quoted(name)).collect();
        line("targets", format!("[{}]", names.join(", ")));
    }
    for (key, span) in [("lead", &effect.lead), ("tail", &effect.tail)] {
        if let Some(span) = span {
            line(key, quoted(span));
        }
    }
    match (effect.multiplier, effect.demand, &effect.like) {
        (Some(factor), ..) => line("multiplier", float(factor)),
        (_, Some(demand), _) => line("demand", float(demand)),
        (.., Some(day)) => line("like", quoted(day)),
        _ => line("learnt", "true".to_owned()),
    }
    text
}

fn add(arguments: &EventAddArguments, console: &mut Console<'_>) -> Done {
    let mut text = format!(
        "name = {}\nstart = {}\nend = {}\n",
        quoted(&arguments.name),
        quoted(&arguments.start),
        quoted(&arguments.end)
    );
    for (key, value) in [("every", &arguments.every), ("until", &arguments.until)] {
        if let Some(value) = value {
            text.push_str(&format!("{key} = {}\n", quoted(value)));
        }
    }
    text.push_str(&common(&arguments.effect));
    let event = parse_event(OPTIONS, &text)
        .map_err(|errors| input(format!("nothing was added\n{}", as_options(&errors))))?;
    let opened = Opened::open(&arguments.store)?;
    let entry = Entry {
        event,
        uid: None,
        cancelled: false,
    };
    let how = How {
        replace: arguments.replace,
        dry_run: arguments.dry_run,
        each: false,
    };
    let wanted = Wanted {
        entries: vec![entry],
        series: Vec::new(),
        targets: arguments.effect.target.clone(),
    };
    keep(&opened, &wanted, how, console)
}

fn import(arguments: &EventImportArguments, console: &mut Console<'_>) -> Done {
    let file = arguments.file.display().to_string();
    let text = fs::read_to_string(&arguments.file).input(|| {
        let near = near::file_hint(&arguments.file);
        format!("{file} cannot be read: give a calendar, .ics{near}")
    })?;
    let opened = Opened::open(&arguments.store)?;
    let now = moments::now();
    let config = settings_of(&opened, now)?.config;
    let wanted = &arguments.effect.target;
    for name in wanted {
        known_target(&opened.name, name, &config)?;
    }
    let concerned = concerned(wanted, &config);
    let zones: Vec<TimeZone> = concerned.map(|target| target.zone.clone()).collect();
    let common = common(&arguments.effect);
    let read = calendar::events(&text, &common, &zones, now)
        .map_err(|error| input(format!("{file} {error}")))?;
    for refused in &read.refused {
        console.note(&format!("note: left out: {refused}"));
    }
    for note in &read.notes {
        console.note(&format!("note: {note}"));
    }
    if read.entries.is_empty() {
        return Err(input(format!("{file} holds no event that can be taken")));
    }
    let how = How {
        replace: arguments.replace,
        dry_run: arguments.dry_run,
        each: true,
    };
    let wanted = Wanted {
        entries: read.entries,
        series: read.series,
        targets: wanted.clone(),
    };
    keep(&opened, &wanted, how, console)
}

fn settings_of(opened: &Opened, now: Timestamp) -> Done<Settings> {
    let settings = opened.wait(load_settings(&opened.store, now));
    settings.input(|| format!("{} holds no usable configuration", opened.name))
}

/// The events beside those of the configuration; none where they cannot be read, which is noted elsewhere.
fn added(opened: &Opened) -> Done<Vec<AddedEvent>> {
    let loaded = opened.wait(load::<Events>(&opened.store, keys::EVENTS));
    let loaded = loaded.failed(|| format!("{}: {} cannot be read", opened.name, keys::EVENTS))?;
    Ok(match loaded {
        Loaded::Found(envelope, _) => envelope.body.events,
        Loaded::Absent | Loaded::Unusable(..) => Vec::new(),
    })
}

/// Refuses names of targets that the configuration does not have.
fn known_targets(place: &str, events: &[&Event], config: &Config) -> Done {
    let names = events.iter().flat_map(|event| &event.targets);
    names
        .into_iter()
        .try_for_each(|name| known_target(place, name, config))
}

fn known_target(place: &str, name: &str, config: &Config) -> Done {
    match config.target(name) {
        Some(_) => Ok(()),
        None => Err(near::no_target(
            &format!("--target {name}"),
            name,
            place,
            config,
        )),
    }
}

/// The targets that `names` stands for: all where it is empty.
fn concerned<'c>(names: &'c [String], config: &'c Config) -> impl Iterator<Item = &'c Target> {
    (config.targets.iter()).filter(|target| names.is_empty() || names.contains(&target.name))
}

/// Refuses events like a day that has not begun yet for one of their targets: nobody has seen its demand.
fn seen_days(events: &[&Event], config: &Config, now: Timestamp) -> Done {
    for event in events {
        let EventEffect::Like(day) = event.effect else {
            continue;
        };
        let today = |target: &&Target| target.zone.to_datetime(now).date();
        let Some(last) = concerned(&event.targets, config).min_by_key(today) else {
            continue;
        };
        let today = today(&last);
        if day > today {
            return Err(input(format!(
                "nothing was added\n--like {day}: is in the future, so that no demand of it is known; allowed: a \
                 day until {today}, today for {}, or --multiplier or --demand instead",
                last.name
            )));
        }
    }
    Ok(())
}

fn remove(arguments: &EventRemoveArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let now = moments::now();
    let meant = |added: &AddedEvent| {
        let Ok(event) = parse_event(keys::EVENTS, &added.toml) else {
            return false;
        };
        let start = arguments.start.as_deref();
        event.name == arguments.name
            && start.is_none_or(|start| event.start.to_string().starts_with(start))
    };
    let mut removed = Vec::new();
    let change = |kept: &mut Events| {
        removed = kept
            .events
            .iter()
            .filter(|added| meant(added))
            .cloned()
            .collect();
        kept.events.retain(|added| !meant(added));
        Ok((!removed.is_empty() && !arguments.dry_run).then_some(()))
    };
    opened.change(keys::EVENTS, None, now, change)?;
    if removed.is_empty() {
        return Err(nothing_removed(arguments, &opened, now)?);
    }
    let would = if arguments.dry_run { "would be " } else { "" };
    for added in &removed {
        if let Ok(event) = parse_event(keys::EVENTS, &added.toml) {
            console.line(&format!("{would}removed: {}", line(&event)))?;
        }
    }
    if arguments.dry_run {
        console.note("dry run: nothing was written");
    }
    Ok(())
}

/// Why nothing was removed, and what would be.
fn nothing_removed(
    arguments: &EventRemoveArguments,
    opened: &Opened,
    now: Timestamp,
) -> Done<Failure> {
    let config = settings_of(opened, now)?.config;
    let name = arguments.name.as_str();
    let added: Vec<Event> = (added(opened)?.iter())
        .filter_map(|added| parse_event(keys::EVENTS, &added.toml).ok())
        .collect();
    let starts: Vec<String> = (added.iter())
        .filter(|event| event.name == name)
        .map(|event| event.start.to_string())
        .collect();
    if let (Some(start), false) = (&arguments.start, starts.is_empty()) {
        return Ok(input(format!(
            "no added event {name} starts at {start}, but at {}",
            near::listed(starts.iter().map(String::as_str))
        )));
    }
    let names = || config.events.iter().map(|event| event.name.as_str());
    let advice = if names().any(|other| other == name) {
        "; it stands in the configuration: remove its [[event]] there".to_owned()
    } else {
        let near = near::hint(
            name,
            names().chain(added.iter().map(|one| one.name.as_str())),
        );
        match near.is_empty() {
            true => "; `forescale event list` tells those that are".to_owned(),
            false => near,
        }
    };
    Ok(input(format!("no added event {name} is there{advice}")))
}
