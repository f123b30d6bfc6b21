//! `forescale what-if`: cost and risk of other settings on the same past days.

mod advice;
mod told;
mod tried;

use jiff::Timestamp;
use replay::Setup;
use serde::Serialize;

use crate::Console;
use crate::arguments::{Format, WhatIfArguments};
use crate::chosen::Chosen;
use crate::demand;
use crate::failure::Done;
use crate::files::Folder;
use crate::moments;
use crate::output;
use crate::simulate::{Summary, replayed};
use advice::{advice, cheaper_still};
use tried::{Tried, mark_frontier, recommended};

/// Risks that are tried where nothing is given.
const RISKS: [&str; 5] = ["0.0001", "0.0003", "0.001", "0.003", "0.01"];

/// What is written as `what-if.json`.
#[derive(Debug, Serialize)]
struct Document<'a> {
    target: &'a str,
    from: Timestamp,
    to: Timestamp,
    tried: &'a [Tried],
    /// The cheapest that kept the risk that the configuration asks for; absent where none did.
    recommended: Option<String>,
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &WhatIfArguments, console: &mut Console<'_>) -> Done {
    let chosen = Chosen::read(&arguments.config)?;
    let zone = &chosen.target.zone;
    let (from, to) = moments::window(&arguments.from, &arguments.to, zone)?;
    let settings = settings(arguments);
    // Everything is checked before the first of them takes its time.
    let texts = settings.iter().map(|(key, value)| {
        let text = chosen.with(key, value)?;
        Chosen::check(&chosen.file, &text, key, value)?;
        Ok(text)
    });
    let texts = texts.collect::<Done<Vec<String>>>()?;
    let demand = demand::read(&arguments.history, zone.clone(), console)?;
    let folder = Folder::make(&arguments.out, arguments.dry_run)?;
    let once = |text: &str, console: &mut Console<'_>| -> Done<(replay::Replay, Summary)> {
        let setup = Setup {
            config_file: &chosen.file,
            config: text,
            target: Some(&chosen.target.name),
            demand: &demand.series,
            from,
            to,
        };
        let replay = replayed(&setup, console)?;
        let summary = Summary::of(&replay, from, to);
        Ok((replay, summary))
    };
    let (replay, base) = once(&chosen.text, console)?;
    let mut tried = vec![Tried::of("", "", chosen.target.risk, &base)];
    for ((key, value), text) in settings.iter().zip(&texts) {
        console.progress(&format!("{key} = {value}"));
        let (replay, summary) = once(text, console)?;
        tried.push(Tried::of(key, value, replay.target.risk, &summary));
    }
    mark_frontier(&mut tried);
    let best = recommended(&tried, chosen.target.risk);
    let document = Document {
        target: &chosen.target.name,
        from,
        to,
        tried: &tried,
        recommended: best.map(Tried::name),
    };
    let mut said = advice(&tried, best, chosen.target.risk);
    said.extend(cheaper_still(&base, best));
    let mut page = told::page(&replay, &base, &demand.series, &tried, best);
    if let Some(comparison) = page.target.comparison.as_mut() {
        let before = base.advice.iter();
        let all: Vec<&str> = before.chain([&said]).map(String::as_str).collect();
        comparison.advice = Some(all.join(" "));
    }
    let html = report::html(&page);
    let files = [
        folder.write("report.html", |file| Ok(file.write_all(html.as_bytes())?))?,
        folder.write("what-if.json", |file| {
            serde_json::to_writer_pretty(&mut *file, &document)?;
            Ok(writeln!(file)?)
        })?,
    ];
    match arguments.format {
        Format::Json => output::json(console, &document)?,
        Format::Csv => told::csv(console, &tried)?,
        Format::Table => told::table(console, &tried, &base)?,
    }
    for advice in &base.advice {
        console.note(advice);
    }
    if arguments.format == Format::Table {
        console.line("")?;
        console.prose("", &said)?;
    }
    console.note(&folder.told(&files));
    Ok(())
}

/// Each setting that is tried by itself, the others as configured.
fn settings(arguments: &WhatIfArguments) -> Vec<(&'static str, String)> {
    let given = arguments.sweep.given();
    if given.is_empty() {
        return RISKS.map(|risk| ("risk", risk.to_owned())).to_vec();
    }
    given
}
