//! `forescale demo`.

mod made;
mod own;
mod story;

use std::io::Write;

use jiff::Timestamp;
use replay::Setup;
use timeseries::Series;

use crate::Console;
use crate::arguments::{DemoArguments, Format};
use crate::failure::Done;
use crate::files::Folder;
use crate::output::number;
use crate::simulate::{Summary, compare, replayed, write};

/// Name of the configuration that a demo writes.
const CONFIG: &str = "forescale.toml";
/// Name of the demand that a demo makes up.
const DEMAND: &str = "demand.csv.gz";

/// What a demo replays.
struct Scene {
    demand: Series,
    config: String,
    from: Timestamp,
    to: Timestamp,
    /// What was set up, in plain words.
    intro: Vec<String>,
    /// Stretches worth telling about: what they are, and when.
    moments: Vec<Moment>,
    /// How to name the demand in a command, where it is not made up.
    history: Option<String>,
    /// Options that tell how to read it.
    options: String,
}

/// A stretch of the replay worth telling about.
struct Moment {
    what: String,
    from: Timestamp,
    to: Timestamp,
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &DemoArguments, console: &mut Console<'_>) -> Done {
    let scene = match &arguments.history {
        None => made::scene(arguments.seed)?,
        Some(_) => own::scene(arguments, console)?,
    };
    let folder = Folder::make(&arguments.out, arguments.dry_run)?;
    let mut files = Vec::new();
    if scene.history.is_none() {
        files.push(folder.write(DEMAND, |file| packed(file, &scene.demand))?);
    }
    let config = &scene.config;
    files.push(folder.write(CONFIG, |file| Ok(file.write_all(config.as_bytes())?))?);
    let config_file = folder.path(CONFIG).display().to_string();
    let setup = Setup {
        config_file: &config_file,
        config,
        target: None,
        demand: &scene.demand,
        from: scene.from,
        to: scene.to,
    };
    let replay = replayed(&setup, console)?;
    let summary = Summary::of(&replay, scene.from, scene.to);
    files.extend(write(&folder, &replay, &summary, &scene.demand)?);
    if arguments.format != Format::Table {
        return compare(console, &summary, arguments.format);
    }
    for line in story::before(&scene, &replay) {
        console.prose("", &line)?;
    }
    console.line("")?;
    compare(console, &summary, Format::Table)?;
    console.line("")?;
    console.prose("", &story::conclusion(&summary))?;
    for advice in &summary.advice {
        console.line("")?;
        console.prose("", advice)?;
    }
    console.line("")?;
    if arguments.dry_run {
        console.note(&folder.told(&files));
        return Ok(());
    }
    console.line("Written:")?;
    for file in &files {
        let name = file.display().to_string();
        console.line(&format!("  {name}  {}", meaning(&name)))?;
    }
    console.line("")?;
    console.line("Change the configuration and replay it:")?;
    let history = scene.history.clone();
    let history = history.unwrap_or_else(|| folder.path(DEMAND).display().to_string());
    console.line(&format!(
        "  forescale simulate --history {history}{} --config {config_file} --from {} --to {} --out {}",
        scene.options,
        scene.from,
        scene.to,
        arguments.out.display()
    ))
}

/// What a written file holds.
fn meaning(name: &str) -> &'static str {
    let names = [
        (DEMAND, "the demand, requests by the minute"),
        (CONFIG, "the configuration"),
        (
            "timeline.csv",
            "every minute: demand, servers required and in service",
        ),
        (
            "actions.csv",
            "every change of the group, who decided it, when and why",
        ),
        ("summary.json", "the comparison, for programs"),
        ("day.svg", "a picture of the busiest day"),
        ("report.html", "all of it as a page to look at"),
    ];
    let found = names.iter().find(|(end, _)| name.ends_with(end));
    found.map_or("", |(_, meaning)| meaning)
}

fn packed(file: &mut dyn Write, demand: &Series) -> Done {
    let mut packer = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    writeln!(packer, "timestamp,value")?;
    for (index, value) in demand.values().iter().enumerate() {
        writeln!(packer, "{},{}", demand.time_at(index), number(*value))?;
    }
    packer.finish()?;
    Ok(())
}
