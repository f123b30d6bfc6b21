//! `forescale event`: known coming occasions beside those of the configuration.

use std::fs;

use config::{Config, Event, parse_event};
use control::load_settings;
use documents::{AddedEvent, Events, keys};
use jiff::Timestamp;
use serde_json::json;

use crate::Console;
use crate::arguments::{
    EventAddArguments, EventCommand, EventEffectArguments, EventImportArguments,
    EventListArguments, EventRemoveArguments, Format,
};
use crate::failure::{Blame, Done, input};
use crate::opened::Opened;
use crate::output::{self, Side};
use crate::{calendar, moments, near};

/// What an error about options names as its file.
const OPTIONS: &str = "the event";

/// Runs the subcommand.
pub(crate) fn run(command: &EventCommand, console: &mut Console<'_>) -> Done {
    match command {
        EventCommand::Add(arguments) => add(arguments, console),
        EventCommand::List(arguments) => list(arguments, console),
        EventCommand::Remove(arguments) => remove(arguments, console),
        EventCommand::Import(arguments) => import(arguments, console),
    }
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
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
        (Some(factor), ..) => line("multiplier", format!("{factor:?}")),
        (_, Some(demand), _) => line("demand", format!("{demand:?}")),
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
    let event = parse_event(OPTIONS, &text).input(|| "nothing was added")?;
    let opened = Opened::open(&arguments.store)?;
    write(&opened, vec![event], arguments.dry_run, console)
}

fn import(arguments: &EventImportArguments, console: &mut Console<'_>) -> Done {
    let file = arguments.file.display().to_string();
    let text = fs::read_to_string(&arguments.file).input(|| {
        let near = near::file_hint(&arguments.file);
        format!("{file} cannot be read: give a calendar, .ics{near}")
    })?;
    let common = common(&arguments.effect);
    let read =
        calendar::events(&text, &common).map_err(|error| input(format!("{file}: {error}")))?;
    for refused in &read.refused {
        console.note(&format!("note: left out: {refused}"));
    }
    if read.events.is_empty() {
        return Err(input(format!("{file} holds no event that can be taken")));
    }
    let opened = Opened::open(&arguments.store)?;
    write(&opened, read.events, arguments.dry_run, console)
}

/// Adds `events` that are not there yet.
fn write(opened: &Opened, events: Vec<Event>, dry_run: bool, console: &mut Console<'_>) -> Done {
    let now = moments::now();
    known_targets(opened, &events, now)?;
    let mut told = Vec::new();
    let add = |kept: &mut Events| {
        told.clear();
        for event in &events {
            let toml = event.to_toml();
            if kept.events.iter().any(|other| other.toml == toml) {
                told.push(format!("already there: {}", line(event)));
                continue;
            }
            told.push(format!("added: {}", line(event)));
            let added_at = now;
            kept.events.push(AddedEvent { added_at, toml });
        }
        Ok((!dry_run && told.iter().any(|text| text.starts_with("added"))).then_some(()))
    };
    opened.change(keys::EVENTS, None, now, add)?;
    for text in &told {
        console.line(text)?;
    }
    if dry_run {
        console.note("dry run: nothing was written");
    } else {
        console.note("the next forecast knows of it; a planner's run before that heeds it too");
    }
    Ok(())
}

fn line(event: &Event) -> String {
    format!("{}, {} to {}", event.name, event.start, event.end)
}

fn settings(opened: &Opened, now: Timestamp) -> Done<Config> {
    let settings = opened.wait(load_settings(&opened.store, now));
    let settings = settings.input(|| format!("{} holds no usable configuration", opened.name))?;
    Ok(settings.config)
}

/// Refuses names of targets that the configuration does not have.
fn known_targets(opened: &Opened, events: &[Event], now: Timestamp) -> Done {
    let config = settings(opened, now)?;
    for name in events.iter().flat_map(|event| &event.targets) {
        if config.target(name).is_none() {
            let said = format!("--target {name}");
            return Err(near::no_target(&said, name, &opened.name, &config));
        }
    }
    Ok(())
}

fn list(arguments: &EventListArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let settings = opened.wait(load_settings(&opened.store, moments::now()));
    let settings = settings.input(|| format!("{} holds no usable configuration", opened.name))?;
    for note in &settings.notes {
        console.note(&format!("note: {note}"));
    }
    let events = &settings.config.events;
    if arguments.format == Format::Json {
        let events: Vec<_> = events
            .iter()
            .map(|event| {
                json!({
                    "name": event.name,
                    "targets": event.targets,
                    "start": event.start.to_string(),
                    "end": event.end.to_string(),
                    "toml": event.to_toml(),
                })
            })
            .collect();
        return output::json(console, &json!({ "events": events }));
    }
    let effect = |event: &Event| {
        let toml = event.to_toml();
        let keys = [
            "multiplier",
            "demand",
            "like",
            "learnt",
            "every",
            "every_days",
            "lead",
            "tail",
        ];
        let wanted = |text: &&str| keys.iter().any(|key| text.starts_with(&format!("{key} =")));
        toml.lines().filter(wanted).collect::<Vec<_>>().join(", ")
    };
    let cells = events.iter().map(|event| {
        let targets = if event.targets.is_empty() {
            "all".to_owned()
        } else {
            event.targets.join(", ")
        };
        vec![
            event.name.clone(),
            event.start.to_string(),
            event.end.to_string(),
            targets,
            effect(event),
        ]
    });
    if arguments.format == Format::Csv {
        return output::csv(
            console,
            &["name", "start", "end", "targets", "effect"],
            cells,
        );
    }
    let columns = [
        ("name", Side::Left),
        ("start", Side::Left),
        ("end", Side::Left),
        ("targets", Side::Left),
        ("effect", Side::Left),
    ];
    output::table(console, &columns, &cells.collect::<Vec<_>>())
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
        let config = settings(&opened, now)?;
        let names = || config.events.iter().map(|event| event.name.as_str());
        let advice = if names().any(|name| name == arguments.name) {
            "; it stands in the configuration: remove its [[event]] there".to_owned()
        } else {
            near::hint(&arguments.name, names())
        };
        return Err(input(format!(
            "no added event {} is there{advice}",
            arguments.name
        )));
    }
    for added in &removed {
        if let Ok(event) = parse_event(keys::EVENTS, &added.toml) {
            console.line(&format!("removed: {}", line(&event)))?;
        }
    }
    if arguments.dry_run {
        console.note("dry run: nothing was written");
    }
    Ok(())
}
