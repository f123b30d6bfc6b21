//! `forescale config`: a configuration that is checked before it counts.

use config::Config;
use documents::keys;
use ports::{Condition, DocumentStore, PortError};
use similar::TextDiff;

use crate::Console;
use crate::arguments::{ConfigCheckArguments, ConfigCommand, ConfigPushArguments};
use crate::failure::{Blame, Done, input};
use crate::opened::Opened;

/// Runs the subcommand.
pub(crate) fn run(command: &ConfigCommand, console: &mut Console<'_>) -> Done {
    match command {
        ConfigCommand::Check(arguments) => check(arguments, console),
        ConfigCommand::Push(arguments) => push(arguments, console),
    }
}

fn check(arguments: &ConfigCheckArguments, console: &mut Console<'_>) -> Done {
    let (_, config) = read(&arguments.file)?;
    console.line(&told(&config))
}

fn read(file: &std::path::Path) -> Done<(String, Config)> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).input(|| {
        let near = crate::near::file_hint(file);
        format!("{name} cannot be read: give a forescale.toml{near}")
    })?;
    let config = Config::parse(&name, &text)
        .input(|| format!("{name} cannot be used: mend what is named below"))?;
    Ok((text, config))
}

fn told(config: &Config) -> String {
    let names: Vec<&str> = config.targets.iter().map(|t| t.name.as_str()).collect();
    let events = config.events.len();
    format!(
        "{} {} ({}), {events} {}: nothing is wrong",
        names.len(),
        if names.len() == 1 {
            "target"
        } else {
            "targets"
        },
        names.join(", "),
        if events == 1 { "event" } else { "events" },
    )
}

fn push(arguments: &ConfigPushArguments, console: &mut Console<'_>) -> Done {
    let (text, config) = read(&arguments.file)?;
    let opened = Opened::open(&arguments.store)?;
    let stored = opened
        .wait(opened.store.get(keys::CONFIG))
        .failed(|| format!("{}: {} cannot be read", opened.name, keys::CONFIG))?;
    let (before, condition) = match &stored {
        None => (String::new(), Condition::Absent),
        Some(stored) => (
            String::from_utf8_lossy(&stored.bytes).into_owned(),
            Condition::Matches(stored.version.clone()),
        ),
    };
    if stored.is_some() && before == text {
        return console.line(&format!("{} has it already: nothing changes", opened.name));
    }
    let diff = TextDiff::from_lines(&before, &text);
    let mut diff = diff.unified_diff();
    let stored_name = format!("{}/{}", opened.name.trim_end_matches('/'), keys::CONFIG);
    let given = arguments.file.display().to_string();
    let diff = diff
        .context_radius(3)
        .header(&stored_name, &given)
        .to_string();
    console.out().write_all(diff.as_bytes())?;
    for line in consequences(&before, &config) {
        console.note(&line);
    }
    if arguments.dry_run {
        return console.line(&format!("{}; nothing was uploaded", told(&config)));
    }
    let put = opened.wait(opened.store.put(keys::CONFIG, text.as_bytes(), condition));
    match put {
        Ok(_) => console.line(&format!("{}; uploaded to {stored_name}", told(&config))),
        Err(PortError::Conflict { .. }) => Err(input(format!(
            "{stored_name} was changed by somebody else meanwhile: nothing was uploaded; look at \
             the difference again"
        ))),
        Err(error) => Err(error).failed(|| format!("{stored_name} was not uploaded")),
    }
}

/// What a reader of the difference might overlook: targets that go, and modes that change.
fn consequences(before: &str, now: &Config) -> Vec<String> {
    let Ok(before) = Config::parse(keys::CONFIG, before) else {
        return Vec::new();
    };
    let mut said = Vec::new();
    for old in &before.targets {
        match now.target(&old.name) {
            None => said.push(format!(
                "note: target {} is no longer planned: its scheduled actions run out, and MinSize \
                 then returns; `forescale release {}` before this returns it now",
                old.name, old.name
            )),
            Some(new) if new.mode != old.mode => said.push(format!(
                "note: target {} goes from mode {} to {}",
                old.name,
                mode(old.mode),
                mode(new.mode)
            )),
            Some(new) if new.group != old.group => said.push(format!(
                "note: target {} goes from group {} to {}: the first keeps the scheduled actions it \
                 has until they run out",
                old.name, old.group, new.group
            )),
            Some(_) => {}
        }
    }
    said
}

fn mode(mode: config::Mode) -> String {
    match mode {
        config::Mode::Off => "off".to_owned(),
        config::Mode::Shadow => "shadow".to_owned(),
        config::Mode::Canary(percent) => format!("canary at {percent} %"),
        config::Mode::Active => "active".to_owned(),
    }
}
