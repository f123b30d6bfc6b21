//! Numbers, CSV and JSON, as every subcommand prints them.

use std::io::Write;

use serde::Serialize;

use crate::Console;
use crate::failure::Done;
pub(crate) use crate::table::{Side, narrowing, table};
pub(crate) use report::{grouped, money};

/// Significant digits of what is printed for machines.
const DIGITS: i32 = 6;

/// A number with six significant digits, all of its whole ones, and no trailing zeros.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    let whole = if value == 0.0 {
        0
    } else {
        value.abs().log10().floor() as i32
    };
    let decimals = usize::try_from((DIGITS - 1 - whole).clamp(0, 15)).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        return "0".to_owned();
    }
    text.to_owned()
}

/// [`number`] as a number, for JSON.
pub(crate) fn rounded(value: f64) -> f64 {
    number(value).parse().unwrap_or(value)
}

/// Numbers for people, all with the same decimals: four digits of the largest.
pub(crate) fn aligned(values: &[f64]) -> impl Fn(f64) -> String + use<> {
    let largest = values.iter().copied().filter(|v| v.is_finite());
    let largest = largest.fold(0.0, |most: f64, value| most.max(value.abs()));
    let whole = if largest > 0.0 {
        largest.log10().floor() as i32
    } else {
        0
    };
    let decimals = usize::try_from((3 - whole).clamp(0, 12)).unwrap_or(0);
    move |value| {
        let text = if decimals == 0 {
            grouped(value)
        } else {
            format!("{value:.decimals$}")
        };
        // Nothing is nothing, however little of it.
        if text.contains(|c: char| ('1'..='9').contains(&c)) {
            text
        } else {
            "0".to_owned()
        }
    }
}

/// Demand, in groups of three digits; that of small services with three digits that count.
pub(crate) fn amount(value: f64) -> String {
    if (0.0..10.0).contains(&value) {
        planning::rate(value)
    } else {
        grouped(value)
    }
}

/// So many of a thing, for people: `1 row`, `1,200 rows`.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    let many = if count == 1 { "" } else { "s" };
    format!("{} {thing}{many}", grouped(count as f64))
}

/// Prints CSV.
pub(crate) fn csv(
    console: &mut Console<'_>,
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Done {
    write_csv(console.out(), header, rows)
}

/// Writes CSV.
pub(crate) fn write_csv(
    output: impl Write,
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Done {
    let mut writer = csv::Writer::from_writer(output);
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(&row)?;
    }
    writer.flush()?;
    Ok(())
}

/// Prints JSON.
pub(crate) fn json(console: &mut Console<'_>, value: &impl Serialize) -> Done {
    serde_json::to_writer_pretty(console.out(), value)?;
    console.line("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_six_digits_and_every_whole_one() {
        for (value, text) in [
            (0.0, "0"),
            (12.0, "12"),
            (1_234_567.8, "1234568"),
            (123.456_78, "123.457"),
            (0.000_123_456_789, "0.000123457"),
            (1e-20, "0"),
            (f64::NAN, ""),
        ] {
            assert_eq!(number(value), text);
        }
        let shown = aligned(&[0.0, 1e-14]);
        assert_eq!((shown(0.0), shown(1e-14)), ("0".to_owned(), "0".to_owned()));
        let shown = aligned(&[0.0, 0.25]);
        assert_eq!(
            (shown(0.0), shown(0.25)),
            ("0".to_owned(), "0.2500".to_owned())
        );
        for (value, text) in [
            (0.001_98, "0.00198"),
            (9.87, "9.87"),
            (12_345.6, "12,346"),
            (0.0, "0"),
        ] {
            assert_eq!(amount(value), text);
        }
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(0, "row"), "0 rows");
        assert_eq!(counted(1200, "row"), "1,200 rows");
    }
}
