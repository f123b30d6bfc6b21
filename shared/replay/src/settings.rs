//! The target of a replay, and what its configuration comes down to.

use config::{Config, LeadTime, Mode, Target, Throughput};
use jiff::SignedDuration;

use crate::{ReplayError, Setup};

/// The chosen target, and the configuration's text with it active.
pub(crate) fn chosen(setup: &Setup<'_>) -> Result<(Target, String), ReplayError> {
    let config = Config::parse(setup.config_file, setup.config).map_err(ReplayError::Config)?;
    let known: Vec<&str> = config
        .targets
        .iter()
        .map(|target| target.name.as_str())
        .collect();
    let found = match (setup.target, config.targets.as_slice()) {
        (Some(name), _) => config.target(name),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let target = found.ok_or_else(|| ReplayError::Target {
        name: setup.target.unwrap_or("(none named)").to_owned(),
        known: known.join(", "),
    })?;
    if target.mode != Mode::Shadow {
        return Ok((target.clone(), setup.config.to_owned()));
    }
    let text = activated(setup.config, &target.name).unwrap_or_else(|| setup.config.to_owned());
    Ok((
        Target {
            mode: Mode::Active,
            ..target.clone()
        },
        text,
    ))
}

/// `text` with `mode = "active"` in the table of the target called `name`.
fn activated(text: &str, name: &str) -> Option<String> {
    let mut document: toml_edit::DocumentMut = text.parse().ok()?;
    let targets = document.get_mut("target")?.as_array_of_tables_mut()?;
    let table = targets
        .iter_mut()
        .find(|table| table.get("name").and_then(toml_edit::Item::as_str) == Some(name))?;
    table.insert("mode", toml_edit::value("active"));
    Some(document.to_string())
}

/// Demand one simulated server sustains: as given, or what is assumed until it is measured.
pub(crate) fn throughput(target: &Target) -> f64 {
    match target.throughput {
        Throughput::Given(value) => value,
        Throughput::Measured { initial, .. } => initial,
    }
}

/// As configured, or what is assumed until it is measured.
pub(crate) fn lead_time(target: &Target) -> SignedDuration {
    match target.lead_time {
        LeadTime::Given(span) => span,
        LeadTime::Measured { initial } => initial,
    }
}

/// A name that calls the responder for `target`: its first pattern, `kind` in place of the stars.
pub(crate) fn alarm_name(target: &Target, kind: &str) -> String {
    match target.alarms.first() {
        Some(pattern) => pattern.replace('*', kind),
        None => format!("{}-{kind}", target.name),
    }
}
