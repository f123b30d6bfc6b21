//! The configuration and the target that a subcommand is about.

use std::fs;

use config::{Config, Event, Mode, Target};
use toml_edit::TableLike;

use crate::arguments::ConfigArguments;
use crate::failure::{Blame, Done, input};
use crate::near;

/// A configuration with one target chosen.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// Name of the file.
    pub(crate) file: String,
    /// Its text.
    pub(crate) text: String,
    /// The target.
    pub(crate) target: Target,
    /// Events of all targets.
    pub(crate) events: Vec<Event>,
    /// Names of the target and of all others that are not off.
    acting: Vec<String>,
}

impl Chosen {
    /// Reads the configuration and chooses the target.
    pub(crate) fn read(arguments: &ConfigArguments) -> Done<Self> {
        let file = arguments.config.display().to_string();
        let text = fs::read_to_string(&arguments.config).input(|| {
            let near = near::file_hint(&arguments.config);
            format!("{file} cannot be read: give --config a forescale.toml{near}")
        })?;
        let config = Config::parse(&file, &text)
            .input(|| format!("{file} cannot be used: mend what is named below"))?;
        let names = || config.targets.iter().map(|target| target.name.as_str());
        let target = match (&arguments.target, config.targets.as_slice()) {
            (Some(name), _) => config.target(name).ok_or_else(|| {
                near::no_target(&format!("--target {name}"), name, &file, &config)
            })?,
            (None, [only]) => only,
            (None, []) => return Err(input(format!("{file} has no target: add a [[target]]"))),
            (None, _) => {
                let known = near::listed(names());
                return Err(input(format!(
                    "{file} has several targets: choose one by --target ({known})"
                )));
            }
        };
        let target = target.clone();
        let others = config.targets.iter();
        let acting = others
            .filter(|one| one.mode != Mode::Off || one.name == target.name)
            .map(|one| one.name.clone())
            .collect();
        let events = config.events;
        Ok(Self {
            file,
            text,
            target,
            events,
            acting,
        })
    }

    /// The configuration's text with every target that is not off in shadow mode: what is kept beside
    /// a plan on files never acts on anything.
    pub(crate) fn shadowed(&self) -> Option<String> {
        let mut names = self.acting.iter();
        names.try_fold(self.text.clone(), |text, name| {
            changed(&text, name, "mode", "shadow".into())
        })
    }

    /// The configuration's text with `key` of the target as `value`: a number where it is one.
    pub(crate) fn with(&self, key: &str, value: &str) -> Done<String> {
        let written = match (value.parse::<f64>(), value.parse::<i64>()) {
            (_, Ok(number)) => number.into(),
            (Ok(number), _) => number.into(),
            _ => value.into(),
        };
        changed(&self.text, &self.target.name, key, written).ok_or_else(|| {
            input(format!(
                "{}: the table of target {} is not found; write it as [[target]]",
                self.file, self.target.name
            ))
        })
    }

    /// That `text`, in which `key` was set to `value`, can be used.
    pub(crate) fn check(file: &str, text: &str, key: &str, value: &str) -> Done {
        let option = key.rsplit('.').next().unwrap_or(key).replace('_', "-");
        Config::parse(file, text).input(|| format!("--{option} {value} cannot be used"))?;
        Ok(())
    }
}

/// The configuration `text` with `key` of the target `name` as `value`. The key may lie deeper, such as
/// `simulation.boot`; what is missing on the way is made.
fn changed(text: &str, name: &str, key: &str, value: toml_edit::Value) -> Option<String> {
    let mut document: toml_edit::DocumentMut = text.parse().ok()?;
    let targets = document.get_mut("target")?;
    let mut table: &mut dyn TableLike = if let Some(tables) = targets.as_array_of_tables_mut() {
        tables
            .iter_mut()
            .find(|table| table.get("name").and_then(|item| item.as_str()) == Some(name))?
    } else {
        targets
            .as_array_mut()?
            .iter_mut()
            .filter_map(toml_edit::Value::as_inline_table_mut)
            .find(|table| table.get("name").and_then(|item| item.as_str()) == Some(name))?
    };
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            table.insert(part, toml_edit::Item::Value(value));
            return Some(document.to_string());
        }
        let deeper = table
            .entry(part)
            .or_insert_with(|| toml_edit::Item::Value(toml_edit::InlineTable::new().into()));
        table = deeper.as_table_like_mut()?;
    }
    None
}
