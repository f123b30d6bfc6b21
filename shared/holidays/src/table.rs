//! Reads `table.txt`; `generate.py` says what its lines mean.

use std::ops::RangeInclusive;

use jiff::civil::{Date, Weekday};

static TABLE: &str = include_str!("table.txt");

/// The line that begins a place.
pub(crate) struct Line {
    pub(crate) code: &'static str,
    pub(crate) rest: Weekday,
    /// ISO 3166-1 alpha-3 code; empty for a subdivision.
    pub(crate) alpha3: &'static str,
    /// English name; empty for a subdivision.
    pub(crate) name: &'static str,
}

/// How the dates of a name are written.
const MARKS: [char; 3] = [':', '=', ';'];

fn head(key: &str) -> &'static str {
    let mut lines = TABLE.lines().take(3);
    lines
        .find_map(|line| line.strip_prefix(key))
        .map_or("", str::trim)
}

pub(crate) fn years() -> RangeInclusive<i16> {
    span(head("years"), ' ').unwrap_or(0..=0)
}

pub(crate) fn source() -> &'static str {
    head("source")
}

/// The year in which the table was made.
pub(crate) fn made() -> i16 {
    head("made").parse().unwrap_or(0)
}

/// `first` and `last` year with `between` them.
fn span(text: &str, between: char) -> Option<RangeInclusive<i16>> {
    let (first, last) = text.split_once(between)?;
    Some(first.parse().ok()?..=last.parse().ok()?)
}

/// Every place, in the order of the table.
pub(crate) fn places() -> impl Iterator<Item = Line> {
    TABLE
        .lines()
        .filter_map(|line| line.strip_prefix('@'))
        .filter_map(|line| {
            let mut parts = line.splitn(4, ' ');
            let code = parts.next()?;
            let rest = parts.next()?.parse::<i8>().ok()?;
            Some(Line {
                code,
                rest: Weekday::from_monday_zero_offset(rest).ok()?,
                alpha3: parts.next().unwrap_or_default(),
                name: parts.next().unwrap_or_default(),
            })
        })
}

/// Each holiday of the place `code` with its dates as they are written: those of a country, with
/// the lines of the subdivision over them.
pub(crate) fn lines(code: &str) -> Vec<(&'static str, &'static str)> {
    let country = code.split_once('-').map_or(code, |(country, _)| country);
    let mut found = own(country);
    if country != code {
        for (name, dates) in own(code) {
            match found.iter_mut().find(|(other, _)| *other == name) {
                Some(line) => line.1 = dates,
                None => found.push((name, dates)),
            }
        }
    }
    found
}

fn own(code: &str) -> Vec<(&'static str, &'static str)> {
    let Some(begin) = TABLE.find(&format!("\n@{code} ")) else {
        return Vec::new();
    };
    let block = &TABLE[begin + 1..];
    let block = block.find("\n@").map_or(block, |end| &block[..end]);
    block
        .lines()
        .skip(1)
        .filter_map(|line| Some(line.split_at(line.find(MARKS)?)))
        .collect()
}

/// The dates that `text` stands for, of the years `wanted`.
pub(crate) fn dates(text: &str, wanted: RangeInclusive<i16>) -> Vec<Date> {
    let all = years();
    let first = *all.start();
    let Some(mark) = text.chars().next() else {
        return Vec::new();
    };
    let text = &text[mark.len_utf8()..];
    let found: Vec<Option<Date>> = match mark {
        ':' => pairs(text)
            .zip(first..)
            .map(|(day, year)| of_year(year, day?))
            .collect(),
        ';' => {
            let numbers: Vec<Option<i16>> = pairs(text).collect();
            let entries = numbers.chunks_exact(2);
            entries
                .map(|pair| of_year(first + pair[0]?, pair[1]?))
                .collect()
        }
        _ => {
            let (day, kept) = text.split_once(' ').unwrap_or((text, ""));
            let month_day = day
                .get(..2)
                .zip(day.get(2..))
                .and_then(|(month, day)| Some((month.parse().ok()?, day.parse().ok()?)));
            let kept = span(kept, '-').unwrap_or(all);
            kept.map(|year| {
                let (month, day) = month_day?;
                Date::new(year, month, day).ok()
            })
            .collect()
        }
    };
    let of_those = |date: &Date| wanted.contains(&date.year());
    found.into_iter().flatten().filter(of_those).collect()
}

fn of_year(year: i16, day: i16) -> Option<Date> {
    let first = Date::new(year, 1, 1).ok()?;
    first.with().day_of_year(day).build().ok()
}

/// Numbers of two digits of base 36; `None` for what is none.
fn pairs(text: &str) -> impl Iterator<Item = Option<i16>> + '_ {
    let bytes = text.as_bytes().chunks_exact(2);
    bytes.map(|pair| {
        let digit = |byte: u8| char::from(byte).to_digit(36);
        i16::try_from(digit(pair[0])? * 36 + digit(pair[1])?).ok()
    })
}
