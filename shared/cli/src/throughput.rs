//! `forescale throughput`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use planning::{
    Kind, Learnt, LoadPoint, Met, Signal, SignalKind, fleet_throughput, learn_throughput,
};
use serde_json::json;

use crate::Console;
use crate::arguments::{Format, ThroughputArguments};
use crate::demand;
use crate::failure::{Blame, Done, input};
use crate::near;
use crate::output::{self, Side};

/// Columns that are needed.
const NEEDED: [&str; 3] = ["timestamp", "demand", "servers"];
/// Columns that may be there beside those of signals.
const OTHERS: [&str; 2] = ["instance_type", "weight"];

/// What a file says.
struct Table {
    /// Signals of which there is a column.
    signals: Vec<Signal>,
    /// Rows by instance type and weight; the name is empty where the file has none.
    kinds: BTreeMap<(String, u32), Vec<LoadPoint>>,
    /// Values that are no number.
    unread: usize,
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &ThroughputArguments, console: &mut Console<'_>) -> Done {
    let (name, bytes) = demand::read_bytes(&arguments.metrics, "--metrics", console)?;
    let table = table(arguments, &name, &bytes)?;
    console.progress("measuring");
    let learnt: Vec<(&(String, u32), &Vec<LoadPoint>, Learnt)> = table
        .kinds
        .iter()
        .map(|(kind, points)| (kind, points, learn_throughput(points, &table.signals)))
        .collect();
    console.clear();
    if table.unread > 0 {
        console.note(&format!(
            "note: {} values of {name} are no number and left out",
            table.unread
        ));
    }
    let mut sentences: Vec<String> = Vec::new();
    for ((kind, _), _, learnt) in &learnt {
        let compared = arguments.value.and_then(|value| learnt.compared(value).1);
        let own = learnt.sentences();
        let told = own.iter().chain(compared.iter()).cloned();
        sentences.extend(told.map(|text| match kind.as_str() {
            "" => text,
            kind => format!("{kind}: {text}"),
        }));
    }
    sentences.extend(mixed(&learnt));
    let rows: Vec<Vec<String>> = learnt
        .iter()
        .flat_map(|((kind, _), _, learnt)| {
            let limits = learnt.limits.iter().enumerate();
            limits.map(move |(index, limit)| {
                let number = output::number;
                let (at, low, high) = match &limit.met {
                    Met::At {
                        per_server,
                        low,
                        high,
                        ..
                    } => (number(*per_server), number(*low), number(*high)),
                    Met::Above(seen) => (
                        format!("over {}", number(*seen)),
                        String::new(),
                        String::new(),
                    ),
                    Met::Unknown(_) => Default::default(),
                };
                let binds = if learnt.tightest == Some(index) {
                    "yes"
                } else {
                    ""
                };
                vec![
                    kind.clone(),
                    limit.label.clone(),
                    number(limit.limit),
                    at,
                    low,
                    high,
                    binds.to_owned(),
                ]
            })
        })
        .collect();
    match arguments.format {
        Format::Json => {
            let kinds: Vec<_> = learnt
                .iter()
                .map(|((kind, weight), _, learnt)| {
                    json!({
                        "instance_type": kind,
                        "weight": weight,
                        "per_server": learnt.per_server().map(output::rounded),
                        "binds": learnt.binding().map(|limit| &limit.label),
                        "points": learnt.points,
                        "highest_seen": output::rounded(learnt.highest_seen),
                    })
                })
                .collect();
            output::json(console, &json!({ "kinds": kinds, "notes": sentences }))
        }
        Format::Csv => {
            let header = [
                "instance_type",
                "signal",
                "limit",
                "per_server",
                "low",
                "high",
                "binds",
            ];
            output::csv(console, &header, rows)
        }
        Format::Table => {
            let columns = [
                ("type", Side::Left),
                ("signal", Side::Left),
                ("limit", Side::Right),
                ("requests/min a server", Side::Right),
                ("5 %", Side::Right),
                ("95 %", Side::Right),
                ("binds", Side::Left),
            ];
            output::narrowing(console, &columns, &rows, &["95 %", "5 %"])?;
            for sentence in sentences {
                console.note(&sentence);
            }
            Ok(())
        }
    }
}

/// What several kinds come to together, by the servers of the newest rows.
fn mixed(learnt: &[(&(String, u32), &Vec<LoadPoint>, Learnt)]) -> Option<String> {
    if learnt.len() < 2 {
        return None;
    }
    let kinds: Option<Vec<Kind>> = learnt
        .iter()
        .map(|((name, weight), points, learnt)| {
            let newest = points.iter().max_by_key(|point| point.at)?;
            Some(Kind {
                name: name.clone(),
                weight: *weight,
                servers: newest.servers.max(0.0) as u32,
                per_server: learnt.per_server()?,
            })
        })
        .collect();
    let kinds = kinds?;
    let share = fleet_throughput(&kinds)?;
    let fair: Vec<String> = kinds
        .iter()
        .zip(&share.fair_weights)
        .map(|(kind, weight)| format!("{} {weight:.1}", kind.name))
        .collect();
    Some(format!(
        "together {:.0}/min a unit with equal shares of demand: {} is full first; weights that fit: {}",
        share.per_unit,
        share.first_full,
        fair.join(", ")
    ))
}

fn table(arguments: &ThroughputArguments, name: &str, bytes: &[u8]) -> Done<Table> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(bytes);
    let header = reader
        .headers()
        .input(|| format!("{name}: no header"))?
        .clone();
    let column = |wanted: &str| header.iter().position(|name| name == wanted);
    let known = [
        ("cpu", "CPU", SignalKind::Cpu, arguments.utilization),
        ("memory", "memory", SignalKind::Memory, arguments.memory),
        (
            "response_time",
            "response time",
            SignalKind::ResponseTime,
            arguments.response_time,
        ),
        ("errors", "errors", SignalKind::Errors, arguments.errors),
        ("queue", "queue", SignalKind::Queue, arguments.queue),
    ];
    let wrong = |problem: String| {
        let signals = known.map(|(key, ..)| key).join(", ");
        input(format!(
            "{name}: {problem}; the header needs {}, any of {signals}, and may have {}",
            NEEDED.join(", "),
            OTHERS.join(" and ")
        ))
    };
    let needed = |key: &str| {
        let near = || near::nearest(key, header.iter());
        let hint = || near().map_or_else(String::new, |near| format!(" (is {near} meant?)"));
        column(key).ok_or_else(|| wrong(format!("column {key} is missing{}", hint())))
    };
    let [at, demand, servers] = [needed(NEEDED[0])?, needed(NEEDED[1])?, needed(NEEDED[2])?];
    let present: Vec<_> = known
        .iter()
        .filter_map(|(key, label, kind, limit)| Some((column(key)?, *key, *label, *kind, *limit)))
        .collect();
    if present.is_empty() {
        return Err(wrong("no column of a signal".to_owned()));
    }
    let mut signals = Vec::new();
    for (_, key, label, kind, limit) in &present {
        let limit = limit.ok_or_else(|| {
            let flag = key.replace('_', "-");
            input(format!(
                "column {key} of {name} has no limit: give --{flag}"
            ))
        })?;
        signals.push(Signal {
            label: (*label).to_owned(),
            kind: *kind,
            limit,
        });
    }
    let (kind, weight) = (column(OTHERS[0]), column(OTHERS[1]));
    let mut table = Table {
        signals,
        kinds: BTreeMap::new(),
        unread: 0,
    };
    for (index, row) in reader.records().enumerate() {
        let line = index + 2;
        let row = row.input(|| format!("{name}, line {line}: no CSV"))?;
        let cell = |column: usize| row.get(column).unwrap_or_default();
        let mut number = |column: usize| match cell(column) {
            "" => f64::NAN,
            text => text.parse().unwrap_or_else(|_| {
                table.unread += 1;
                f64::NAN
            }),
        };
        let point = LoadPoint {
            at: moment(cell(at)).ok_or_else(|| {
                input(format!(
                    "{name}, line {line}: timestamp {:?} is none; allowed: RFC 3339, or without an \
                     offset in UTC",
                    cell(at)
                ))
            })?,
            demand: number(demand),
            servers: number(servers),
            values: present.iter().map(|(column, ..)| number(*column)).collect(),
        };
        let weight = weight.map_or(1, |column| cell(column).parse().unwrap_or(1));
        let kind = (kind.map_or("", cell).to_owned(), weight);
        table.kinds.entry(kind).or_default().push(point);
    }
    if table.kinds.is_empty() {
        return Err(wrong("there is no row".to_owned()));
    }
    Ok(table)
}

fn moment(text: &str) -> Option<Timestamp> {
    let local = || {
        let local: jiff::civil::DateTime = text.parse().ok()?;
        local
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    };
    text.parse().ok().or_else(local)
}
