//! Times and values of a file's rows, in its own order.

use std::io::Read;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::{CsvOptions, ReadReport};
use crate::{LocalTimes, TimeSeriesError};

/// Characters of a file that an error quotes at most.
const QUOTED: usize = 120;

pub(super) fn rows(
    source: impl Read,
    options: &CsvOptions,
    report: &mut ReadReport,
) -> Result<Vec<(Timestamp, f64)>, TimeSeriesError> {
    let mut reader = ::csv::ReaderBuilder::new()
        .trim(::csv::Trim::All)
        .comment(Some(b'#'))
        .flexible(true)
        .from_reader(source);
    let header = reader.byte_headers().map_err(csv_error)?.clone();
    let column = |name: &'static str| {
        header
            .iter()
            .position(|field| {
                field
                    .trim_ascii_start()
                    .eq_ignore_ascii_case(name.as_bytes())
                    || strip_bom(field).eq_ignore_ascii_case(name.as_bytes())
            })
            .ok_or_else(|| TimeSeriesError::CsvColumn {
                column: name,
                found: quoted(
                    &header
                        .iter()
                        .map(String::from_utf8_lossy)
                        .collect::<Vec<_>>()
                        .join(", "),
                ),
            })
    };
    let (time_column, value_column) = (column("timestamp")?, column("value")?);
    let mut rows = Vec::new();
    let mut local = LocalTimes::new(options.zone.clone(), true);
    let mut record = ::csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(csv_error)? {
        report.rows += 1;
        let line = record.position().map_or(0, ::csv::Position::line);
        let field = |index: usize| String::from_utf8_lossy(record.get(index).unwrap_or_default());
        let at = parse_time(&field(time_column), &mut local).ok_or_else(|| {
            TimeSeriesError::CsvField {
                line,
                column: "timestamp",
                value: quoted(&field(time_column)),
                problem: "is not an RFC 3339 time such as 2026-11-22T09:00:00Z".to_owned(),
            }
        })?;
        rows.push((at, parse_value(&field(value_column), line, report)?));
    }
    Ok(rows)
}

/// The beginning of `text`: an error quotes what helps to find it, not a whole file.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

fn strip_bom(field: &[u8]) -> &[u8] {
    field.strip_prefix(b"\xef\xbb\xbf").unwrap_or(field)
}

fn csv_error(source: ::csv::Error) -> TimeSeriesError {
    let line = source.position().map_or(0, ::csv::Position::line);
    TimeSeriesError::Csv { line, source }
}

/// A time with an offset as it is; one without by `local`.
fn parse_time(text: &str, local: &mut LocalTimes) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    local.instant(text.parse::<DateTime>().ok()?)
}

fn parse_value(text: &str, line: u64, report: &mut ReadReport) -> Result<f64, TimeSeriesError> {
    let empty = ["", "nan", "na", "null", "none"];
    if empty.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        report.empty += 1;
        return Ok(f64::NAN);
    }
    let value: f64 = text.parse().map_err(|_| TimeSeriesError::CsvField {
        line,
        column: "value",
        value: quoted(text),
        problem: "is not a number; leave a gap empty".to_owned(),
    })?;
    if value < 0.0 || value.is_infinite() {
        report.impossible += 1;
        return Ok(f64::NAN);
    }
    Ok(value)
}
