//! Reads a demand CSV: a file or standard input, plain or gzip.

use std::fs;
use std::io::Read;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use timeseries::csv::{CsvOptions, ReadReport};
use timeseries::{Aggregate, Series, Step, TimeSeriesError};

use crate::Console;
use crate::arguments::HistoryArguments;
use crate::failure::{Blame, Done, Failure, input};
use crate::near;
use crate::output::counted;

/// What a gzip file begins with. Source: RFC 1952, section 2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// So many bytes tell a text from what is none.
const HEAD: usize = 4096;

/// What a file says about demand.
#[derive(Debug)]
pub(crate) struct Demand {
    /// Its name, for messages.
    pub(crate) name: String,
    /// Rates per minute, or levels.
    pub(crate) series: Series,
    /// How the file's values combine.
    pub(crate) aggregate: Aggregate,
    /// The zone of its days.
    pub(crate) zone: TimeZone,
}

impl Demand {
    /// That something was observed in the `days` before `at`, which `option` gave as `text`.
    pub(crate) fn reaches(&self, text: &str, at: Timestamp, days: u32) -> Done {
        let back = SignedDuration::from_hours(24 * i64::from(days));
        let since = at.saturating_sub(back).unwrap_or(Timestamp::MIN);
        if self.series.between(since, at).observed() > 0 {
            return Ok(());
        }
        let (start, end) = (self.series.start(), self.series.end());
        let name = &self.name;
        Err(input(if at <= start {
            format!(
                "--at {text}: no demand lies before it; {name} covers {start} to {end}: give a later --at"
            )
        } else {
            format!(
                "--at {text}: no demand lies in the {days} days before it, and what is older teaches nothing; \
                 {name} covers {start} to {end}: give an --at of {end}"
            )
        }))
    }

    /// Factor from what is computed with to the file's own unit in steps of `step`.
    pub(crate) fn unit(&self, step: Step) -> f64 {
        1.0 / self.aggregate.rate_factor(step)
    }
}

/// Reads what `arguments` name, times without an offset in `zone`; what was odd about it becomes one
/// note.
pub(crate) fn read(
    arguments: &HistoryArguments,
    zone: TimeZone,
    console: &mut Console<'_>,
) -> Done<Demand> {
    let (name, bytes) = read_bytes(&arguments.history, "--history", console)?;
    let aggregate = Aggregate::from(arguments.aggregate);
    let options = CsvOptions {
        zone: zone.clone(),
        aggregate,
    };
    let read = timeseries::csv::read(bytes.as_slice(), &options);
    let (series, report) = read.map_err(|error| {
        if let TimeSeriesError::Empty { .. } = &error {
            return input(format!(
                "{name} has no row of demand below its header: give a file with rows, such as \
                 2026-03-02T00:00:00Z,2958"
            ));
        }
        let near = match &error {
            TimeSeriesError::CsvColumn { column, found } => {
                match near::nearest(column, found.split([',', ' '])) {
                    Some(near) => format!("; is {near} meant to be {column}?"),
                    None => "; `forescale import --kind csv` reads other tables".to_owned(),
                }
            }
            TimeSeriesError::CsvField {
                column: "timestamp",
                ..
            } => {
                "; `forescale import --kind csv` reads other times too, such as seconds since 1970"
                    .to_owned()
            }
            TimeSeriesError::CsvField {
                column: "value", ..
            } => "; `forescale import --kind csv` reads numbers such as 1,234 too".to_owned(),
            _ => String::new(),
        };
        Failure::Input(anyhow::Error::new(error).context(format!(
            "{name} cannot be used: it must be CSV with the header timestamp,value{near}"
        )))
    })?;
    console.clear();
    if series.observed() == 0 {
        return Err(input(format!(
            "{name} cannot be used: none of its {} has a value of zero or more",
            counted(report.rows, "row")
        )));
    }
    if let Some(line) = oddities(&report, &series) {
        console.note(&format!("{name}: {line}"));
    }
    Ok(Demand {
        name,
        series,
        aggregate,
        zone,
    })
}

/// The name, for messages, and the plain bytes of the file at `path`, or of standard input for `-`.
pub(crate) fn read_bytes(
    path: &Path,
    flag: &str,
    console: &mut Console<'_>,
) -> Done<(String, Vec<u8>)> {
    let standard = path.as_os_str() == "-";
    let name = if standard {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    console.progress(&format!("reading {name}"));
    let bytes = if standard {
        console.read_input()
    } else {
        fs::read(path)
    };
    let bytes = bytes.input(|| {
        format!(
            "{name} cannot be read: give {flag} a CSV file, plain or gzip, or - for standard input{}",
            near::file_hint(path)
        )
    })?;
    let bytes = unpacked(bytes, &name)?;
    if bytes.trim_ascii().is_empty() {
        return Err(input(format!(
            "{name} is empty: give {flag} a CSV file, plain or gzip, or - for standard input"
        )));
    }
    if bytes[..bytes.len().min(HEAD)].iter().any(is_no_text) {
        return Err(input(format!(
            "{name} is no text: give {flag} a CSV file, plain or gzip"
        )));
    }
    Ok((name, bytes))
}

/// What no text has: control characters other than white space.
fn is_no_text(byte: &u8) -> bool {
    byte.is_ascii_control() && !byte.is_ascii_whitespace()
}

fn unpacked(bytes: Vec<u8>, name: &str) -> Done<Vec<u8>> {
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice())
        .read_to_end(&mut plain)
        .input(|| format!("{name} cannot be unpacked: is the gzip file whole?"))?;
    Ok(plain)
}

/// What is worth saying about how a file was read, in one line.
fn oddities(report: &ReadReport, series: &Series) -> Option<String> {
    let mut parts = Vec::new();
    let mut say = |count: u64, one: &str, many: &str| {
        if count > 0 {
            parts.push(format!("{count} {}", if count == 1 { one } else { many }));
        }
    };
    let step = series.step();
    say(
        report.missing,
        &format!("of {} steps of {step} has no value", series.len()),
        &format!("of {} steps of {step} have no value", series.len()),
    );
    say(
        report.impossible,
        "negative or infinite value was read as a gap",
        "negative or infinite values were read as gaps",
    );
    say(
        report.coarser,
        "row stands for more than one step, over which it was spread",
        "rows stand for more than one step, over which they were spread",
    );
    say(
        report.duplicates,
        "row repeats a step (the later row counts)",
        "rows repeat a step (the later row counts)",
    );
    say(
        report.unsorted,
        "row was out of order",
        "rows were out of order",
    );
    (!parts.is_empty()).then(|| parts.join("; "))
}
