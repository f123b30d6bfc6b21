//! Rows of a table: a time, and how many requests, or one for each row.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use timeseries::LocalTimes;

use crate::state::Settings;
use crate::{Line, moment, number};

/// The most columns of a table.
const COLUMNS: usize = 256;
/// The most bytes of a row.
const ROW: usize = 16 * 1024;

/// What the column of counts is called unless somebody says otherwise.
const VALUE: &str = "value";

/// How one table is read.
#[derive(Debug)]
pub(crate) struct Table {
    local: LocalTimes,
    time_column: String,
    value_column: Option<String>,
    heading: String,
    delimiter: u8,
    columns: usize,
    time: usize,
    value: Option<usize>,
    row: Vec<u8>,
    ends: Vec<usize>,
}

impl Table {
    pub(crate) fn new(settings: &Settings, zone: TimeZone) -> Self {
        Self {
            local: LocalTimes::new(zone, false),
            time_column: settings.time_column.clone(),
            value_column: settings.value_column.clone(),
            heading: String::new(),
            delimiter: b',',
            columns: 0,
            time: 0,
            value: None,
            row: vec![0; ROW],
            ends: vec![0; COLUMNS],
        }
    }

    pub(crate) fn line(&self) -> &str {
        &self.heading
    }

    /// The column that the heading has not: that of counts where only it is missing.
    pub(crate) fn lacks(&self) -> &str {
        let has = |name: &str| {
            let mut fields = self.heading.split([',', ';', '\t']);
            fields.any(|field| field.trim().eq_ignore_ascii_case(name))
        };
        match &self.value_column {
            Some(value) if has(&self.time_column) => value,
            _ => &self.time_column,
        }
    }

    pub(crate) fn has_values(&self) -> bool {
        self.value.is_some()
    }

    /// Takes `line` as the heading, where it names the column of times, and that of counts where one
    /// was asked for.
    pub(crate) fn heading(&mut self, line: &[u8]) -> bool {
        self.heading = String::from_utf8_lossy(&line[..line.len().min(1024)]).into_owned();
        // Spreadsheets of half of Europe write semicolons, others tabs.
        for delimiter in [b',', b';', b'\t'] {
            self.delimiter = delimiter;
            let Some(count) = self.split(line) else {
                continue;
            };
            let place = |name: &str| {
                (0..count).find(|column| {
                    let field = self.field(*column).trim_ascii();
                    field.eq_ignore_ascii_case(name.as_bytes())
                })
            };
            let Some(time) = place(&self.time_column) else {
                continue;
            };
            let value = place(self.value_column.as_deref().unwrap_or(VALUE));
            if self.value_column.is_some() && value.is_none() {
                continue;
            }
            (self.time, self.value, self.columns) = (time, value, count);
            // Many rows may be of one minute; a row that has a count may stand for a step of its own.
            self.local = self.local.anew(value.is_some());
            return true;
        }
        false
    }

    /// Reads one row.
    pub(crate) fn row(&mut self, line: &[u8]) -> Line {
        let Some(count) = self.split(line) else {
            return Line::Unreadable("no row of a table: too long, or a quotation mark too many");
        };
        if count <= self.time.max(self.value.unwrap_or(0)) {
            return Line::Unreadable("fewer columns than the heading");
        }
        // Thousands without quotation marks: `1,234` would be read as 1.
        let more = |column| !self.field(column).trim_ascii().is_empty();
        if self.value.is_some() && (self.columns..count).any(more) {
            return Line::Unreadable(
                "more columns than the heading: write numbers without commas, and texts in quotation marks",
            );
        }
        let minute = match text(self.field(self.time)).and_then(moment_of) {
            Some(Moment::Local(at)) => {
                let at = self.local.instant(at);
                at.and_then(|at| moment::of_seconds(at.as_second()))
            }
            Some(Moment::Seconds(seconds)) => moment::of_seconds(seconds),
            None => None,
        };
        let Some(minute) = minute else {
            return Line::Unreadable("no time in the column of times");
        };
        let Some(value) = self.value else {
            return Line::At { minute, count: 1.0 };
        };
        match text(self.field(value)) {
            Some("") => Line::Nothing,
            Some(text) => match number::count(text, self.delimiter) {
                Ok(count) => Line::At { minute, count },
                Err(why) => Line::Unreadable(why),
            },
            None => Line::Unreadable("a value that is no text"),
        }
    }

    /// Splits a row into its fields; `None` where it is none.
    fn split(&mut self, line: &[u8]) -> Option<usize> {
        let mut reader: Reader = ReaderBuilder::new().delimiter(self.delimiter).build();
        let (result, read, written, ends) = reader.read_record(line, &mut self.row, &mut self.ends);
        if result != ReadRecordResult::InputEmpty || read != line.len() {
            return None;
        }
        // The end of input is the end of the row.
        let (result, _, _, more) =
            reader.read_record(&[], &mut self.row[written..], &mut self.ends[ends..]);
        (result == ReadRecordResult::Record).then_some(ends + more)
    }

    fn field(&self, index: usize) -> &[u8] {
        let from = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.row.get(from..self.ends[index]).unwrap_or_default()
    }
}

/// A time as a row has it.
enum Moment {
    /// Seconds since 1970.
    Seconds(i64),
    /// What the clocks show.
    Local(DateTime),
}

/// Seconds, or thousandths or millionths of them, since 1970; RFC 3339; or a local time.
fn moment_of(text: &str) -> Option<Moment> {
    let digits = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if text.len() >= 9 && text.bytes().all(digits) {
        let whole = text.split('.').next()?;
        let number: i64 = whole.parse().ok()?;
        let scale = match whole.len() {
            9 | 10 => 1,
            12 | 13 => 1_000,
            15 | 16 => 1_000_000,
            _ => return None,
        };
        return Some(Moment::Seconds(number / scale));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Moment::Seconds(at.as_second()));
    }
    text.parse().ok().map(Moment::Local)
}

fn text(field: &[u8]) -> Option<&str> {
    std::str::from_utf8(field).ok().map(str::trim)
}
