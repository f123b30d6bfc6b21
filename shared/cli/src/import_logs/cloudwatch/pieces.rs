//! What is read at a time, and how it goes on.

use std::collections::BTreeMap;

use config::Target;
use control::{demand_between, metric_name, metric_statistic};
use import::Demand;
use jiff::{SignedDuration, Timestamp};
use ports::{MetricSource, Statistic};
use serde::{Deserialize, Serialize};
use serde_json::json;
use timeseries::Step;

use super::super::keep::{self, Kept};
use crate::Console;
use crate::arguments::{ImportArguments, WordsFormat};
use crate::failure::{Blame, Done, input};
use crate::output::{Side, counted, grouped, json as print_json, rounded, table};

/// Hours that are read at a time.
const PIECE: i64 = 7 * 24;
/// The step of the demand file.
const STEP: Step = Step::FIVE_MINUTES;
/// What is read again when an import goes on: CloudWatch may show datapoints two days late. Source:
/// PutMetricData, "time stamps".
const READ_AGAIN: SignedDuration = SignedDuration::from_hours(48);

/// What was read, and from when to when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Read {
    /// The metric and its statistic: another one cannot be gone on with.
    metric: String,
    from: Timestamp,
    to: Timestamp,
    /// Demand per minute, or its level, of each step that CloudWatch knows.
    rates: BTreeMap<Timestamp, f64>,
}

impl Read {
    /// Takes what was read from `from` to `to`, over what was known of that time.
    fn take(&mut self, from: Timestamp, to: Timestamp, rates: Vec<(Timestamp, f64)>) {
        self.rates.extend(rates);
        self.from = self.from.min(from);
        self.to = self.to.max(to);
    }

    /// The rows of the demand file: what came within each step, or its level.
    fn rows(&self, counts: bool) -> Demand {
        let factor = if counts { STEP.minutes() } else { 1.0 };
        let rows = self.rates.iter().map(|(at, rate)| (*at, rate * factor));
        Demand {
            rows: rows.collect(),
            gaps: Vec::new(),
        }
    }
}

/// Reads the demand of `target` from `metrics`, goes on where an import into the same file was
/// interrupted, and writes the file.
pub(super) async fn import(
    metrics: &impl MetricSource,
    arguments: &ImportArguments,
    target: &Target,
    now: Timestamp,
    console: &mut Console<'_>,
) -> Done {
    let kept = Kept::beside(&arguments.out);
    let metric = named(target);
    let begun = match &kept {
        Some(kept) if !arguments.restart => kept.read::<Read>()?,
        _ => None,
    };
    if let Some(begun) = begun.as_ref().filter(|begun| begun.metric != metric) {
        return Err(input(format!(
            "{} was begun with {}, and demand of {} is {metric}: give another --out, or --restart",
            arguments.out.display(),
            begun.metric,
            target.name
        )));
    }
    let wanted = now.saturating_sub(SignedDuration::from_hours(24 * i64::from(arguments.days)));
    let wanted = Step::HOUR.floor(wanted.unwrap_or(Timestamp::MIN));
    let known = begun.as_ref().map_or(0, |begun| begun.rates.len());
    if let Some(begun) = &begun {
        console.note(&format!(
            "going on with {}: {} to {} was read before",
            arguments.out.display(),
            begun.from,
            begun.to
        ));
    }
    let mut read = begun.unwrap_or_else(|| Read {
        metric,
        from: wanted,
        to: wanted,
        rates: BTreeMap::new(),
    });
    let keep = kept.as_ref().filter(|_| !arguments.dry_run);
    let missing = missing(&read, wanted, now);
    for (index, (from, to)) in missing.iter().enumerate() {
        console.progress(&format!(
            "reading CloudWatch: {} ({} %)",
            from.strftime("%Y-%m-%d"),
            100 * index / missing.len()
        ));
        let rates = demand_between(metrics, target, *from, *to, now).await;
        let rates = rates.failed(|| {
            let next = match keep {
                Some(_) if index > 0 || known > 0 => {
                    "; what was read before is kept, and the same command goes on there"
                }
                _ => "",
            };
            format!("the demand of {} cannot be read{next}", target.name)
        })?;
        read.take(*from, *to, rates);
        if let Some(keep) = keep {
            keep.save(&read)?;
        }
    }
    console.clear();
    let statistic = metric_statistic(&target.demand);
    let counts = matches!(statistic, Statistic::Sum | Statistic::SampleCount);
    let made = read.rows(counts);
    if made.rows.is_empty() {
        return Err(input(format!(
            "CloudWatch has no demand of {} in the last {} days: are account, region and metric right?",
            target.name, arguments.days
        )));
    }
    if let Some(keep) = keep {
        keep.write(&made, &read)?;
    }
    if !counts {
        console.note("note: demand is a level, not a count: read the file with --aggregate mean");
    }
    if kept.is_none() && !arguments.dry_run {
        return keep::rows(console.out(), &made);
    }
    tell(arguments, &read, &made, known, console)
}

/// The metric and its statistic, in a line.
fn named(target: &Target) -> String {
    let name = metric_name(&target.demand);
    let dimensions = name.dimensions.iter();
    let dimensions: Vec<String> = dimensions
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    format!(
        "{} of {}/{} {{{}}}",
        metric_statistic(&target.demand).as_str(),
        name.namespace,
        name.name,
        dimensions.join(", ")
    )
}

/// What is still to be read, in pieces that each touch what was read before them: first what lies
/// before it, the newest first, then what lies after it.
fn missing(read: &Read, wanted: Timestamp, now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let piece = SignedDuration::from_hours(PIECE);
    let now = STEP.floor(now);
    let mut pieces = Vec::new();
    let mut end = read.from;
    while wanted < end {
        let begin = end.saturating_sub(piece).unwrap_or(wanted).max(wanted);
        pieces.push((begin, end));
        end = begin;
    }
    let again = if read.rates.is_empty() {
        read.to
    } else {
        let back = read.to.saturating_sub(READ_AGAIN).unwrap_or(read.from);
        Step::HOUR.floor(back).max(read.from)
    };
    let mut begin = again;
    while begin < now {
        let end = begin.saturating_add(piece).unwrap_or(now).min(now);
        pieces.push((begin, end));
        begin = end;
    }
    pieces
}

/// What came of it.
fn tell(
    arguments: &ImportArguments,
    read: &Read,
    made: &Demand,
    known: usize,
    console: &mut Console<'_>,
) -> Done {
    let out = arguments.out.display().to_string();
    let total: f64 = made.rows.iter().map(|row| row.1).sum();
    let moment = |row: Option<&(Timestamp, f64)>| row.map(|row| row.0.to_string());
    let (first, last) = (moment(made.rows.first()), moment(made.rows.last()));
    if arguments.format == WordsFormat::Json {
        let told = json!({
            "out": out,
            "written": !arguments.dry_run,
            "metric": read.metric,
            "known_already": known,
            "requests": rounded(total),
            "first": first,
            "last": last,
            "rows": made.rows.len(),
        });
        return print_json(console, &told);
    }
    let rows = |count: usize| counted(count as u64, "row");
    let written = if arguments.dry_run {
        format!("{out} was not written: --dry-run")
    } else {
        format!("{out}, {}", rows(made.rows.len()))
    };
    let rows = [
        ("demand file", written),
        ("metric", read.metric.clone()),
        ("requests", grouped(total)),
        ("from", first.unwrap_or_default()),
        ("to", last.unwrap_or_default()),
        ("known before", rows(known)),
    ];
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(what, how)| vec![what.to_owned(), how])
        .collect();
    table(console, &[("", Side::Left), ("", Side::Left)], &rows)
}

#[cfg(test)]
mod tests;
