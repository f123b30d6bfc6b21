//! What an import found, for people and for programs.

use import::{Demand, Tally};
use serde::Serialize;

use crate::Console;
use crate::arguments::{ImportArguments, WordsFormat};
use crate::failure::Done;
use crate::output::{Side, counted, grouped, json, rounded, table};

use super::Found;

/// Characters of a line that are shown at most.
const QUOTED: usize = 100;
/// The most gaps that are named.
const NAMED: usize = 3;

#[derive(Serialize)]
struct Told<'a> {
    out: String,
    written: bool,
    sources: usize,
    known_already: usize,
    damaged: Vec<Damaged<'a>>,
    lines: u64,
    left_out: u64,
    unreadable: u64,
    examples: &'a [import::Example],
    requests: f64,
    first: Option<String>,
    last: Option<String>,
    rows: usize,
    gaps: Vec<Stretch>,
}

#[derive(Serialize)]
struct Damaged<'a> {
    source: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct Stretch {
    from: String,
    to: String,
}

/// Prints what was found, and notes what should be looked at.
pub(super) fn result(
    arguments: &ImportArguments,
    tally: &Tally,
    made: &Demand,
    found: &Found,
    console: &mut Console<'_>,
) -> Done {
    if arguments.format == WordsFormat::Table {
        notes(tally, found, console);
    }
    let requests: f64 = made.rows.iter().map(|row| row.1).sum();
    let moment = |row: Option<&(jiff::Timestamp, f64)>| row.map(|row| row.0.to_string());
    let (first, last) = (moment(made.rows.first()), moment(made.rows.last()));
    if arguments.format == WordsFormat::Json {
        let gaps = made.gaps.iter().map(|gap| Stretch {
            from: gap.from.to_string(),
            to: gap.to.to_string(),
        });
        let damaged = found.damaged.iter();
        return json(
            console,
            &Told {
                out: arguments.out.display().to_string(),
                written: !arguments.dry_run,
                sources: found.sources,
                known_already: found.known,
                damaged: damaged
                    .map(|(source, why)| Damaged { source, why })
                    .collect(),
                lines: tally.lines,
                left_out: tally.left_out,
                unreadable: tally.unreadable,
                examples: &tally.examples,
                requests: rounded(requests),
                first,
                last,
                rows: made.rows.len(),
                gaps: gaps.collect(),
            },
        );
    }
    let out = arguments.out.display();
    let mut rows = vec![
        (
            "demand file",
            format!("{out}, {}", counted(made.rows.len() as u64, "row")),
        ),
        ("requests", grouped(requests)),
        ("from", first.unwrap_or_default()),
        ("to", last.unwrap_or_default()),
        ("logs", sources(found)),
        ("lines", lines(tally)),
    ];
    if arguments.dry_run {
        rows[0].1 = format!("{out} was not written: --dry-run");
    }
    if !made.gaps.is_empty() {
        let named = made.gaps.iter().take(NAMED);
        let named = named.map(|gap| format!("{} to {}", gap.from, gap.to));
        let more = made.gaps.len().saturating_sub(NAMED);
        let more = if more > 0 {
            format!(", and {more} more")
        } else {
            String::new()
        };
        rows.push((
            "no logs",
            format!(
                "{}{more}: left empty, not zero",
                named.collect::<Vec<_>>().join(", ")
            ),
        ));
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(what, how)| vec![what.to_owned(), how])
        .collect();
    table(console, &[("", Side::Left), ("", Side::Left)], &rows)
}

/// Notes what could not be read.
pub(super) fn notes(tally: &Tally, found: &Found, console: &mut Console<'_>) {
    for (source, why) in &found.damaged {
        console.note(&format!("{source}: {why}; what came before was counted"));
    }
    if tally.unreadable > 0 {
        console.note(&format!(
            "{} of {} could not be read, such as:",
            grouped(tally.unreadable as f64),
            counted(tally.lines, "line")
        ));
    }
    for example in &tally.examples {
        let text = quoted(&example.text);
        console.note(&format!("  {}: {text} ({})", example.source, example.why));
    }
}

/// The beginning of a line that could not be read. What is no text has a dot for each byte that is none.
pub(super) fn quoted(text: &str) -> String {
    let dotted = |c: char| {
        if c.is_control() || c == char::REPLACEMENT_CHARACTER {
            '.'
        } else {
            c
        }
    };
    let mut shown: String = text.chars().take(QUOTED).map(dotted).collect();
    if text.chars().nth(QUOTED).is_some() {
        shown.push_str("...");
    }
    shown
}

fn sources(found: &Found) -> String {
    let mut text = grouped(found.sources as f64);
    if found.known > 0 {
        text += &format!(", {} of them counted before", grouped(found.known as f64));
    }
    text
}

fn lines(tally: &Tally) -> String {
    let mut text = grouped(tally.lines as f64);
    if tally.left_out > 0 {
        text += &format!(", {} without the text", grouped(tally.left_out as f64));
    }
    if tally.unreadable > 0 {
        text += &format!(
            ", {} that could not be read",
            grouped(tally.unreadable as f64)
        );
    }
    text
}
