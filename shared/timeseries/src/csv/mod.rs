//! Demand from CSV: header `timestamp,value`.
//!
//! Timestamps are RFC 3339; without an offset they are read in the zone given. Rows may be in any
//! order. A value is a count within its step or a level (see [`Aggregate`]); an empty one, NaN or
//! a negative one is a gap. What was passed over is counted in the [`ReadReport`], never silently.

mod parse;
mod steps;
#[cfg(test)]
mod tests;

use std::io::Read;

use jiff::tz::TimeZone;

use crate::{Aggregate, Series, Step, TimeSeriesError};

use parse::rows;
pub use steps::LEAST_FINER;
use steps::{WHOLE, by_minute, by_span, length, shifted, spans, usual_step};

/// The most steps a file may span: 20 years of minutes. A stray year in one timestamp would
/// otherwise allocate gigabytes of gaps.
pub const MOST_STEPS: u64 = 20 * 366 * 1440;

/// How to read a file.
#[derive(Debug, Clone)]
pub struct CsvOptions {
    /// Zone of timestamps without an offset.
    pub zone: TimeZone,
    /// What the values are.
    pub aggregate: Aggregate,
}

/// What was found while reading, beside the values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadReport {
    /// Data rows in the file.
    pub rows: u64,
    /// Rows with an empty or NaN value.
    pub empty: u64,
    /// Rows with a negative or infinite value, read as gaps.
    pub impossible: u64,
    /// Rows whose step had a value already; the later row wins.
    pub duplicates: u64,
    /// Rows earlier than the row before.
    pub unsorted: u64,
    /// Rows that stand for more than one step, where the source changed its step: a count is spread
    /// evenly over them, a level holds in each.
    pub coarser: u64,
    /// Steps without a value between the first and the last row.
    pub missing: u64,
}

/// Reads a whole file. Returns rates per minute for [`Aggregate::Sum`], levels for
/// [`Aggregate::Mean`].
///
/// The step is the most frequent distance between neighbouring timestamps; a file of one row is
/// read as hourly. Rows that are late by a little each belong to the step that they begin in. Where the source changed its step for good, for a day or more of a longer one or
/// [`LEAST_FINER`] rows of a shorter one, the grid is that of the shortest. A step that does not
/// divide an hour, such as 7 or 45 minutes, is read as minutes of the same rate. Hours that begin at
/// half past or a quarter of UTC's, as the local hours of Asia/Kolkata do, are read as halves or quarters.
///
/// # Errors
/// [`TimeSeriesError`] naming line, column and value for what cannot be read at all, or a step
/// outside one minute to one hour.
pub fn read(
    source: impl Read,
    options: &CsvOptions,
) -> Result<(Series, ReadReport), TimeSeriesError> {
    let mut report = ReadReport::default();
    let mut rows = rows(source, options, &mut report)?;
    if rows.is_empty() {
        return Err(TimeSeriesError::Empty {
            detail: format!("{} rows", report.rows),
        });
    }
    report.unsorted = rows.windows(2).filter(|pair| pair[1].0 < pair[0].0).count() as u64;
    // Stable: among equal times the later row of the file stays later and wins below.
    rows.sort_by_key(|(at, _)| *at);
    let seconds = usual_step(&rows);
    let own = spans(&rows, seconds);
    if let Some(finest) = own
        .iter()
        .copied()
        .min()
        .filter(|_| own.iter().any(|one| *one != seconds))
    {
        report.coarser = own.iter().filter(|one| **one != finest).count() as u64;
        return by_span(
            rows,
            &own,
            Step::from_seconds(finest)?,
            options.aggregate,
            report,
        );
    }
    if let Some(finer) = shifted(&rows, seconds) {
        report.coarser = rows.len() as u64;
        let step = Step::from_seconds(finer)?;
        return by_span(rows, &own, step, options.aggregate, report);
    }
    let step = match Step::from_seconds(seconds) {
        // Not a part of an hour: the grid is then that of the minutes.
        Err(_) if WHOLE.contains(&seconds) => {
            rows = by_minute(&rows, seconds, options.aggregate, &mut report.duplicates);
            Step::MINUTE
        }
        step => step?,
    };
    let first = step.floor(rows[0].0);
    let steps = length(first, rows[rows.len() - 1].0, step)?;
    let factor = options.aggregate.rate_factor(step);
    let mut values = vec![f64::NAN; usize::try_from(steps).unwrap_or(usize::MAX)];
    let mut seen: Option<usize> = None;
    for (at, value) in rows {
        let seconds = at.duration_since(first).as_secs().unsigned_abs();
        let index = usize::try_from(seconds / u64::from(step.seconds())).unwrap_or(usize::MAX);
        report.duplicates += u64::from(seen == Some(index));
        seen = Some(index);
        if value.is_finite() || values[index].is_nan() {
            values[index] = value * factor;
        }
    }
    report.missing = values.iter().filter(|value| value.is_nan()).count() as u64;
    Ok((Series::new(first, step, values)?, report))
}
