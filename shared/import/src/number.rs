//! Numbers as spreadsheets write them.

/// What may stand between thousands and nowhere else: blanks, those that do not break a line, and
/// apostrophes.
const BETWEEN: [char; 7] = [
    ' ', '\u{a0}', '\u{2007}', '\u{2009}', '\u{202f}', '\'', '\u{2019}',
];

const NO_NUMBER: &str = "a value that is no number of zero or more, written as 1006.5";
const COMMA: &str =
    "a value whose comma may stand between thousands or for a decimal point: write it as 1006.5";
const POINTS: &str =
    "a value with points between thousands, which 1.006 does not tell: write it as 1006.5";

/// The count that `text` says, or why it says none. `delimiter` separates the table's columns.
///
/// Thousands are told apart where only they can be meant: by blanks, apostrophes or several commas anywhere,
/// by a single comma in tables that are separated by commas. Where columns are separated by something else
/// it is often because commas are decimal points.
pub(crate) fn count(text: &str, delimiter: u8) -> Result<f64, &'static str> {
    let number = match text.parse::<f64>() {
        Ok(number) => Some(number),
        Err(_) => plain(text, delimiter).and_then(|text| text.parse().ok()),
    };
    if let Some(number) = number {
        return match (0.0..1e15).contains(&number) {
            true => Ok(number),
            false => Err(NO_NUMBER),
        };
    }
    let figures = |c: char| c.is_ascii_digit() || c == ',' || c == '.' || BETWEEN.contains(&c);
    let begins = text.starts_with(|c: char| c.is_ascii_digit());
    Err(match begins && text.chars().all(figures) {
        true if text.contains(',') => COMMA,
        true if text.matches('.').nth(1).is_some() => POINTS,
        _ => NO_NUMBER,
    })
}

/// `text` without what stands between its thousands; `None` where that is not certain.
fn plain(text: &str, delimiter: u8) -> Option<String> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let separator = whole.chars().find(|c| !c.is_ascii_digit())?;
    let points = separator == ',' && delimiter != b',' && whole.matches(',').count() == 1;
    if points || !(BETWEEN.contains(&separator) || separator == ',') {
        return None;
    }
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(separator);
    // 0,125 is no count of thousands.
    let first = groups.next()?;
    let begins = (1..=3).contains(&first.len()) && digits(first) && !first.starts_with('0');
    let go_on = groups.all(|group| group.len() == 3 && digits(group));
    if !(begins && go_on && digits(rest)) {
        return None;
    }
    Some(text.replace(separator, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart_where_only_they_can_be_meant() {
        for (text, delimiter, expected) in [
            ("1006.5", b',', 1006.5),
            ("1,234", b',', 1234.0),
            ("12,345,678.25", b',', 12_345_678.25),
            ("1,234,567", b';', 1_234_567.0),
            ("1 234", b';', 1234.0),
            ("1\u{202f}234\u{202f}567", b';', 1_234_567.0),
            ("12\u{a0}345", b',', 12_345.0),
            ("1'234.5", b'\t', 1234.5),
            ("1\u{2019}234", b';', 1234.0),
        ] {
            assert_eq!(count(text, delimiter), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_may_be_meant_otherwise_is_told_by_its_cause() {
        for (text, delimiter, expected) in [
            // In a table of semicolons, commas are often decimal points.
            ("1,234", b';', COMMA),
            ("12,5", b',', COMMA),
            ("0,125", b',', COMMA),
            ("1234,567", b',', COMMA),
            ("1.234,5", b';', COMMA),
            ("1 234,5", b';', COMMA),
            ("1.234.567", b',', POINTS),
            ("1 23", b',', NO_NUMBER),
            ("1'234 567", b',', NO_NUMBER),
            ("-1,234", b',', NO_NUMBER),
            ("many", b',', NO_NUMBER),
            ("nan", b',', NO_NUMBER),
            ("inf", b',', NO_NUMBER),
            ("9,999,999,999,999,999", b',', NO_NUMBER),
            (",", b',', NO_NUMBER),
            ("1,234.5.6", b',', COMMA),
        ] {
            assert_eq!(count(text, delimiter), Err(expected), "{text}");
        }
    }
}
