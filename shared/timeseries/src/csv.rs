//! Demand from CSV: header `timestamp,value`.
//!
//! Timestamps are RFC 3339; without an offset they are read in the zone given. Rows may be in any
//! order. A value is a count within its step or a level (see [`Aggregate`]); an empty one, NaN or
//! a negative one is a gap. What was passed over is counted in the [`ReadReport`], never silently.

use std::io::Read;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::{Aggregate, Series, Step, TimeSeriesError};

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
/// read as hourly. Where the source changed its step for good, for a day or more of a longer one or
/// [`LEAST_FINER`] rows of a shorter one, the grid is that of the shortest. A step that does not divide an hour, such as 7 or 45 minutes, is read as minutes
/// of the same rate.
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
    let step = match Step::from_seconds(seconds) {
        // Not a part of an hour: the grid is then that of the minutes.
        Err(_) if WHOLE.contains(&seconds) => {
            rows = by_minute(&rows, seconds, options.aggregate);
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

/// Steps from `first` to the one that holds `last`.
fn length(first: Timestamp, last: Timestamp, step: Step) -> Result<u64, TimeSeriesError> {
    let steps = last.duration_since(first).as_secs().unsigned_abs() / u64::from(step.seconds()) + 1;
    if steps > MOST_STEPS {
        let step = step.seconds();
        return Err(TimeSeriesError::TooLong {
            first,
            last,
            steps,
            step,
            limit: MOST_STEPS,
        });
    }
    Ok(steps)
}

fn rows(
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
                found: header
                    .iter()
                    .map(String::from_utf8_lossy)
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    };
    let (time_column, value_column) = (column("timestamp")?, column("value")?);
    let mut rows = Vec::new();
    let mut record = ::csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(csv_error)? {
        report.rows += 1;
        let line = record.position().map_or(0, ::csv::Position::line);
        let field = |index: usize| String::from_utf8_lossy(record.get(index).unwrap_or_default());
        let at = parse_time(&field(time_column), &options.zone).ok_or_else(|| {
            TimeSeriesError::CsvField {
                line,
                column: "timestamp",
                value: field(time_column).into_owned(),
                problem: "is not an RFC 3339 time such as 2026-11-22T09:00:00Z".to_owned(),
            }
        })?;
        rows.push((at, parse_value(&field(value_column), line, report)?));
    }
    Ok(rows)
}

fn strip_bom(field: &[u8]) -> &[u8] {
    field.strip_prefix(b"\xef\xbb\xbf").unwrap_or(field)
}

fn csv_error(source: ::csv::Error) -> TimeSeriesError {
    let line = source.position().map_or(0, ::csv::Position::line);
    TimeSeriesError::Csv { line, source }
}

/// A time with an offset as it is; one without in `zone`, where a local time that occurs twice is
/// the first and one that is skipped moves forward, as clocks do.
fn parse_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let local: DateTime = text.parse().ok()?;
    zone.to_ambiguous_timestamp(local).compatible().ok()
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
        value: text.to_owned(),
        problem: "is not a number; leave a gap empty".to_owned(),
    })?;
    if value < 0.0 || value.is_infinite() {
        report.impossible += 1;
        return Ok(f64::NAN);
    }
    Ok(value)
}

/// Steps that are read, in seconds.
const WHOLE: std::ops::RangeInclusive<i64> = 60..=3600;

/// Every row as rows of the minutes that its `seconds` begin: a count is spread evenly over them, a
/// level holds in each.
fn by_minute(
    rows: &[(Timestamp, f64)],
    seconds: i64,
    aggregate: Aggregate,
) -> Vec<(Timestamp, f64)> {
    let share = match aggregate {
        Aggregate::Sum => 60.0 / seconds as f64,
        Aggregate::Mean => 1.0,
    };
    rows.iter()
        .flat_map(|&(at, value)| {
            let minutes = (0..seconds).step_by(60).map(SignedDuration::from_secs);
            minutes.filter_map(move |offset| Some((at.checked_add(offset).ok()?, value * share)))
        })
        .collect()
}

/// Rows in a row of a shorter step that it takes to believe in it.
pub const LEAST_FINER: usize = 24;

/// Seconds that each row stands for: the usual ones, but where a run of rows keeps another distance.
/// Single missing or doubled rows make no run, nor does a distance that does not divide an hour.
fn spans(rows: &[(Timestamp, f64)], usual: i64) -> Vec<i64> {
    let mut spans = vec![usual; rows.len()];
    if !WHOLE.contains(&usual) || 3600 % usual != 0 {
        return spans;
    }
    let distance = |index: usize| -> Option<i64> {
        let next = rows.get(index + 1)?;
        Some(next.0.duration_since(rows[index].0).as_secs())
    };
    let mut from = 0;
    while let Some(own) = distance(from) {
        let (mut to, mut count) = (from + 1, 1);
        // A repeated row does not end a run.
        while let Some(next) = distance(to).filter(|next| *next == own || *next == 0) {
            to += 1;
            count += usize::from(next == own);
        }
        let divides = WHOLE.contains(&own) && own % 60 == 0 && 3600 % own == 0;
        let whole = divides && own > usual && own % usual == 0 && count as i64 * own >= 86_400;
        let finer = divides && own < usual && usual % own == 0 && count >= LEAST_FINER;
        if whole || finer {
            spans[from..to].fill(own);
            // The last row of a run stands for as much as those before it, unless another begins.
            let next = distance(to);
            if next.is_none_or(|next| next > own && next != usual) {
                spans[to] = own;
            }
        }
        from = to;
    }
    spans
}

/// The rows on the grid of `step`, each over the seconds it stands for.
fn by_span(
    rows: Vec<(Timestamp, f64)>,
    spans: &[i64],
    step: Step,
    aggregate: Aggregate,
    mut report: ReadReport,
) -> Result<(Series, ReadReport), TimeSeriesError> {
    let seconds = i64::from(step.seconds());
    let first = step.floor(rows[0].0);
    let (end, span) = (rows[rows.len() - 1].0, spans[spans.len() - 1]);
    let end = end.saturating_add(SignedDuration::from_secs((span - seconds).max(0)));
    let steps = length(first, end.unwrap_or(Timestamp::MAX), step)?;
    let mut values = vec![f64::NAN; usize::try_from(steps).unwrap_or(usize::MAX)];
    // How much each cell's row stands for: what is finer goes before what is coarser.
    let mut fineness = vec![i64::MAX; values.len()];
    for ((at, value), span) in rows.into_iter().zip(spans) {
        let rate = match aggregate {
            Aggregate::Sum => value * 60.0 / *span as f64,
            Aggregate::Mean => value,
        };
        let from = at.duration_since(first).as_secs().unsigned_abs() / seconds.unsigned_abs();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let cells = usize::try_from((span / seconds).max(1)).unwrap_or(1);
        report.duplicates += u64::from(fineness.get(from) == Some(span));
        for index in from..(from + cells).min(values.len()) {
            let better = *span <= fineness[index] && rate.is_finite();
            if better || values[index].is_nan() {
                values[index] = rate;
                fineness[index] = *span;
            }
        }
    }
    report.missing = values.iter().filter(|value| value.is_nan()).count() as u64;
    Ok((Series::new(first, step, values)?, report))
}

/// The most frequent positive distance between neighbours in seconds; the shorter of equally
/// frequent ones, an hour without any.
fn usual_step(rows: &[(Timestamp, f64)]) -> i64 {
    let mut counts = std::collections::BTreeMap::<i64, u64>::new();
    for pair in rows.windows(2) {
        let distance: SignedDuration = pair[1].0.duration_since(pair[0].0);
        if distance.is_positive() {
            *counts.entry(distance.as_secs()).or_default() += 1;
        }
    }
    let most = counts.values().max().copied();
    let usual = counts.iter().find(|(_, count)| Some(**count) == most);
    usual.map_or(i64::from(Step::HOUR.seconds()), |(seconds, _)| *seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(
        text: &str,
        aggregate: Aggregate,
    ) -> Result<(Series, ReadReport), TimeSeriesError> {
        let options = CsvOptions {
            zone: TimeZone::get("Asia/Tokyo").unwrap(),
            aggregate,
        };
        read(text.as_bytes(), &options)
    }

    #[test]
    fn counts_become_rates_and_gaps_stay() {
        let (series, report) = read_text(
            "timestamp,value\n2026-01-01T00:00:00Z,300\n2026-01-01T00:05:00Z,\n2026-01-01T00:10:00Z,600\n",
            Aggregate::Sum,
        )
        .unwrap();
        assert_eq!(series.values()[0], 60.0);
        assert!(series.values()[1].is_nan());
        assert_eq!(series.values()[2], 120.0);
        assert_eq!((report.rows, report.empty, report.missing), (3, 1, 1));
    }

    #[test]
    fn a_step_that_does_not_divide_an_hour_is_read_by_the_minute() {
        let text = "timestamp,value\n2026-01-01T00:00:00Z,450\n2026-01-01T00:45:00Z,\n2026-01-01T01:30:00Z,900\n";
        let (series, report) = read_text(text, Aggregate::Sum).unwrap();
        assert_eq!((series.step(), series.len()), (Step::MINUTE, 135));
        assert_eq!((series.values()[0], series.values()[44]), (10.0, 10.0));
        assert!(series.values()[45].is_nan() && series.values()[89].is_nan());
        assert_eq!((series.values()[90], series.values()[134]), (20.0, 20.0));
        assert_eq!((report.rows, report.missing, report.duplicates), (3, 45, 0));
        let (levels, _) = read_text(text, Aggregate::Mean).unwrap();
        assert_eq!(levels.values()[0], 450.0);
        assert!(
            read_text(
                "timestamp,value\n2026-01-01T00:00:00Z,1\n2026-01-01T02:00:00Z,1\n",
                Aggregate::Sum
            )
            .is_err()
        );
    }

    /// Rows from `from` on, `minutes` apart, each with `value`.
    fn lines(from: &str, minutes: i64, count: i64, value: f64) -> String {
        let from: Timestamp = from.parse().unwrap();
        (0..count)
            .map(|index| {
                format!(
                    "{},{value}\n",
                    from + SignedDuration::from_mins(minutes * index)
                )
            })
            .collect()
    }

    #[test]
    fn a_source_that_changed_its_step_keeps_its_rate() {
        // 600 an hour, then 50 in five minutes: 10 a minute all along, whichever is in the majority.
        for (hours, fives) in [(24 * 40, 288), (48, 288 * 20)] {
            let switch: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            let switch = switch + SignedDuration::from_hours(hours);
            let text = format!(
                "timestamp,value\n{}{}",
                lines("2026-01-01T00:00:00Z", 60, hours, 600.0),
                lines(&switch.to_string(), 5, fives, 50.0)
            );
            let (series, report) = read_text(&text, Aggregate::Sum).unwrap();
            assert_eq!(series.step(), Step::FIVE_MINUTES);
            assert_eq!(i64::try_from(series.len()).unwrap(), 12 * hours + fives);
            assert!(
                series
                    .values()
                    .iter()
                    .all(|rate| (rate - 10.0).abs() < 1e-9)
            );
            assert_eq!(
                (report.coarser, report.missing, report.duplicates),
                (hours.unsigned_abs(), 0, 0)
            );
        }
        // And back to hours at the end, whose last row stands for an hour too.
        let text = format!(
            "timestamp,value\n{}{}",
            lines("2026-01-01T00:00:00Z", 5, 288 * 3, 50.0),
            lines("2026-01-04T00:00:00Z", 60, 48, 600.0)
        );
        let (series, _) = read_text(&text, Aggregate::Sum).unwrap();
        assert_eq!(series.len(), 288 * 5);
        assert!(
            series
                .values()
                .iter()
                .all(|rate| (rate - 10.0).abs() < 1e-9)
        );
    }

    #[test]
    fn gaps_and_repeated_rows_are_no_change_of_step() {
        let all = lines("2026-01-01T00:00:00Z", 5, 288 * 4, 50.0);
        // A missing stretch of every second row for half a day, and every row twice.
        let kept = all
            .lines()
            .enumerate()
            .filter(|(row, _)| !(288..432).contains(row) || row % 2 == 0);
        let text: String = kept.map(|(_, line)| format!("{line}\n{line}\n")).collect();
        let (series, report) =
            read_text(&format!("timestamp,value\n{text}"), Aggregate::Sum).unwrap();
        assert_eq!((series.step(), series.len()), (Step::FIVE_MINUTES, 288 * 4));
        assert_eq!((report.coarser, report.missing), (0, 72));
        assert_eq!(report.duplicates, report.rows / 2);
    }

    #[test]
    fn late_rows_belong_to_the_step_they_begin_in() {
        let text = "timestamp,value\n2026-01-01T00:00:07Z,300\n2026-01-01T00:05:01Z,600\n\
                    2026-01-01T00:10:31Z,900\n2026-01-01T00:15:31Z,300\n2026-01-01T00:20:31Z,300\n";
        let (series, _) = read_text(text, Aggregate::Sum).unwrap();
        assert_eq!(series.start().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(series.values(), [60.0, 120.0, 180.0, 60.0, 60.0]);
    }

    #[test]
    fn a_local_time_is_read_in_the_zone() {
        let (series, _) = read_text(
            "timestamp,value\n2026-01-01T09:00:00,1\n2026-01-01T10:00:00,1\n",
            Aggregate::Mean,
        )
        .unwrap();
        assert_eq!(series.start().to_string(), "2026-01-01T00:00:00Z");
    }

    #[test]
    fn disorder_is_mended_and_counted() {
        let (series, report) = read_text(
            "timestamp,value\n2026-01-01T02:00:00Z,3\n2026-01-01T00:00:00Z,1\n2026-01-01T01:00:00Z,-5\n\
             2026-01-01T02:00:00Z,4\n2026-01-01T03:00:00Z,inf\n",
            Aggregate::Mean,
        )
        .unwrap();
        assert_eq!(series.values()[0], 1.0);
        assert!(series.values()[1].is_nan());
        assert_eq!(series.values()[2], 4.0, "the later row of a step wins");
        assert_eq!(
            (report.unsorted, report.duplicates, report.impossible),
            (1, 1, 2)
        );
    }

    #[test]
    fn errors_name_line_column_and_value() {
        let text = read_text(
            "timestamp,value\n2026-01-01T00:00:00Z,12x\n",
            Aggregate::Sum,
        )
        .unwrap_err()
        .to_string();
        assert_eq!(
            text,
            "line 2: value \"12x\": is not a number; leave a gap empty"
        );
        let text = read_text("time,value\n1,2\n", Aggregate::Sum)
            .unwrap_err()
            .to_string();
        assert!(text.starts_with("column timestamp is missing"), "{text}");
        let text = read_text("timestamp,value\nyesterday,2\n", Aggregate::Sum)
            .unwrap_err()
            .to_string();
        assert!(
            text.starts_with("line 2: timestamp \"yesterday\""),
            "{text}"
        );
        assert!(read_text("timestamp,value\n", Aggregate::Sum).is_err());
        let text = read_text(
            "timestamp,value\n1026-01-01T00:00:00Z,1\n2026-01-01T00:00:00Z,1\n2026-01-01T00:01:00Z,1\n2026-01-01T00:02:00Z,1\n",
            Aggregate::Sum,
        )
        .unwrap_err()
        .to_string();
        assert!(text.contains("is a timestamp wrong?"), "{text}");
    }

    #[test]
    fn one_row_is_an_hourly_series() {
        let (series, _) =
            read_text("timestamp,value\n2026-01-01T00:00:00Z,60\n", Aggregate::Sum).unwrap();
        assert_eq!((series.len(), series.step()), (1, Step::HOUR));
        assert_eq!(series.values()[0], 1.0);
    }
}
