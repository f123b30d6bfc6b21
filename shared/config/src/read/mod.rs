//! From text to checked values. Every key is read in one place; see [`section::Section`].

mod control;
mod event;
mod field;
mod log;
mod metric;
mod response;
mod section;
mod simulation;
mod target;
mod throughput;
mod time;

use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeTable, DeValue};

use self::field::Field;
use self::log::Log;
use self::section::{Layer, Section};
use crate::{Config, ConfigErrors, Event, Refused, Target};

/// Most targets of one file: more than the ten thousand that Forescale is built for.
const MOST_TARGETS: usize = 20_000;

/// The configuration in `text`.
pub(crate) fn config(file: &str, text: &str) -> Result<Config, ConfigErrors> {
    let log = Log::new(file, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if refuse_syntax(&log, errors) {
        return log.finish(Config {
            targets: Vec::new(),
            events: Vec::new(),
        });
    }
    let Read { slots, events } = read_config(&log, table.get_ref());
    let targets = slots.into_iter().filter_map(|slot| slot.target).collect();
    log.finish(Config { targets, events })
}

/// The configuration in `text` without the targets that are wrong, and those.
pub(crate) fn each(file: &str, text: &str) -> Result<(Config, Vec<Refused>), ConfigErrors> {
    let log = Log::new(file, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if refuse_syntax(&log, errors) {
        let findings = log.sorted().whole;
        return Err(ConfigErrors { findings });
    }
    let Read { slots, events } = read_config(&log, table.get_ref());
    let mut found = log.sorted();
    if !found.whole.is_empty() {
        // What is wrong with all of it comes first; the rest is told as well.
        found.whole.extend(found.targets.into_values().flatten());
        let findings = found.whole;
        return Err(ConfigErrors { findings });
    }
    let (mut targets, mut refused) = (Vec::new(), Vec::new());
    let mut taken = BTreeSet::new();
    for (place, slot) in slots.into_iter().enumerate() {
        let findings = found.targets.remove(&place).unwrap_or_default();
        match slot.target.filter(|_| findings.is_empty()) {
            Some(target) => {
                taken.insert(target.name.clone());
                targets.push(target);
            }
            None => refused.push((place, slot.name, findings)),
        }
    }
    let refused: Vec<Refused> = refused
        .into_iter()
        .map(|(place, name, findings)| Refused {
            // Where the name tells no target apart, its place does; no name has a dot.
            label: name
                .filter(|name| target::is_name(name) && taken.insert(name.clone()))
                .unwrap_or_else(|| format!("target.{}", place + 1)),
            errors: ConfigErrors { findings },
        })
        .collect();
    if targets.is_empty() {
        let findings = refused.into_iter().flat_map(|it| it.errors.findings);
        let findings = findings.collect();
        return Err(ConfigErrors { findings });
    }
    Ok((Config { targets, events }, refused))
}

/// What stands in a file: targets at their places, and events.
struct Read {
    slots: Vec<Slot>,
    events: Vec<Event>,
}

/// A `[[target]]` table.
struct Slot {
    name: Option<String>,
    target: Option<Target>,
}

/// The single event in `text`.
pub(crate) fn single_event(file: &str, text: &str) -> Result<Event, ConfigErrors> {
    let log = Log::new(file, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let event = if refuse_syntax(&log, errors) {
        None
    } else {
        read_single_event(&log, table.get_ref())
    };
    match (event, log.finish(())) {
        (Some(event), Ok(())) => Ok(event),
        (_, Err(errors)) => Err(errors),
        // An event that cannot be read leaves a finding; should one not, it is still an error.
        (None, Ok(())) => Err(ConfigErrors {
            findings: Vec::new(),
        }),
    }
}

/// Whether there is any error of syntax. What else such a text seems to say is not worth reading.
fn refuse_syntax(log: &Log<'_>, errors: Vec<toml::de::Error>) -> bool {
    let any = !errors.is_empty();
    for error in errors {
        let offset = error.span().map_or(0, |span| span.start);
        let message = error.message().trim().replace('\n', ", ");
        let line = log.line(offset);
        log.refuse(line, "", None, format!("is not TOML: {message}"), "");
    }
    any
}

fn read_config<'a>(log: &'a Log<'a>, table: &'a DeTable<'a>) -> Read {
    let root = Section::new(log, 1, Layer::new(String::new(), table));
    let defaults = read_defaults(&root);
    let mut slots = Vec::new();
    let mut lines = Unique::default();
    let tables = tables(&root, "target");
    if root.own("target").is_none() {
        root.refuse("target", "is missing", "at least one [[target]]");
    }
    if tables.len() > MOST_TARGETS {
        let problem = format!("there are {} of them", tables.len());
        root.refuse("target", problem, format!("at most {MOST_TARGETS}"));
    }
    let mut names = Vec::new();
    for (place, section) in tables.into_iter().take(MOST_TARGETS).enumerate() {
        log.concerning(Some(place));
        let name = section.own("name");
        let text = name.as_ref().and_then(Field::as_text);
        names.extend(text.clone());
        let group = section.own("group").or_else(|| name.clone());
        lines.check(name, "a name that no other target has");
        lines.check(group, "a group that no other target manages");
        slots.push(Slot {
            name: text,
            target: target::read(section.over(defaults.clone())),
        });
    }
    log.concerning(None);
    let mut events = Vec::new();
    for section in tables_of_events(&root) {
        let concerned = section.own("targets");
        if let Some(event) = event::read(section) {
            refuse_unknown_targets(&event, concerned, &names);
            events.push(event);
        }
    }
    root.finish();
    Read { slots, events }
}

fn read_defaults<'a>(root: &Section<'a>) -> Option<Layer<'a>> {
    let field = root.own("defaults")?;
    let section = field.section("a [defaults] table")?;
    target::check_defaults(section);
    let DeValue::Table(table) = field.value.get_ref() else {
        return None;
    };
    Some(Layer::new("defaults".to_owned(), table))
}

fn read_single_event<'a>(log: &'a Log<'a>, table: &'a DeTable<'a>) -> Option<Event> {
    if !table.contains_key("event") {
        let bare = Layer::new("event".to_owned(), table);
        return event::read(Section::new(log, 1, bare));
    }
    let root = Section::new(log, 1, Layer::new(String::new(), table));
    let mut tables = tables_of_events(&root);
    if tables.len() != 1 {
        root.refuse("event", format!("there are {} of them", tables.len()), "1");
        return None;
    }
    root.finish();
    event::read(tables.remove(0))
}

fn tables_of_events<'a>(root: &Section<'a>) -> Vec<Section<'a>> {
    tables(root, "event")
}

/// The tables of the array at `key`, each called by its name, else by its number from 1.
fn tables<'a>(root: &Section<'a>, key: &'static str) -> Vec<Section<'a>> {
    let allowed = format!("[[{key}]] tables");
    let Some(field) = root.own(key) else {
        return Vec::new();
    };
    let DeValue::Array(items) = field.value.get_ref() else {
        field.wrong_type::<()>(&allowed);
        return Vec::new();
    };
    let sections = items.iter().enumerate().filter_map(|(index, value)| {
        let numbered = Field {
            log: root.log,
            path: format!("{key}.{}", index + 1),
            value,
        };
        let section = numbered.section(&allowed)?;
        match section.own("name").and_then(|name| name.as_text()) {
            Some(name) if !name.is_empty() => Some(section.called(format!("{key}.{name}"))),
            _ => Some(section),
        }
    });
    sections.collect()
}

fn refuse_unknown_targets(event: &Event, concerned: Option<Field<'_>>, names: &[String]) {
    let Some(field) = concerned else { return };
    for name in event.targets.iter().filter(|name| !names.contains(name)) {
        let problem = format!("there is no target {name}");
        let problem = field::unknown(&problem, name, names.iter().map(String::as_str));
        field.refuse(problem, "names of targets in this file");
    }
}

/// Where each value that must not come twice stands.
#[derive(Default)]
struct Unique(BTreeMap<(String, String), usize>);

impl Unique {
    fn check(&mut self, field: Option<Field<'_>>, allowed: &str) {
        let Some(field) = field else { return };
        let Some(text) = field.as_text() else { return };
        let line = field.log.line(field.value.span().start);
        let key = (allowed.to_owned(), text);
        match self.0.get(&key) {
            Some(first) => field.refuse(format!("stands on line {first} already"), allowed),
            None => {
                self.0.insert(key, line);
            }
        }
    }
}
