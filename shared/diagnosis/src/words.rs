//! Numbers as people read them.

use jiff::SignedDuration;

/// `18400.4` as `18,400`; below 10 with one digit after the point, below 1 with two.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    if value.abs() < 1.0 && value != 0.0 {
        return format!("{value:.2}");
    }
    if value.abs() < 10.0 && value.fract().abs() > 0.05 {
        return format!("{value:.1}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 && text != "0" {
        text.insert(0, '-');
    }
    text
}

/// As [`number`], always with its sign.
pub(crate) fn signed(value: f64) -> String {
    let text = number(value);
    if value > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

/// A share as whole percent.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", number(100.0 * share))
}

/// A span of time in the unit that suits it.
pub(crate) fn span(span: SignedDuration) -> String {
    let minutes = span.as_mins();
    match minutes {
        ..=89 => format!("{minutes} min"),
        90..=2879 => format!("{} h", number((minutes as f64 / 60.0).round())),
        _ => format!("{} days", number((minutes as f64 / 1440.0).round())),
    }
}

/// `count` and the word, in the right number.
pub(crate) fn count(count: u32, one: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {one}s")
    }
}

/// At most the first few of `items`, and how many more there are.
pub(crate) fn few(items: &[String]) -> String {
    const MOST: usize = 5;
    let mut text = items
        .iter()
        .take(MOST)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if items.len() > MOST {
        text.push_str(&format!(" and {} more", items.len() - MOST));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (value, text) in [
            (18_400.4, "18,400"),
            (999.6, "1,000"),
            (-1_234_567.0, "-1,234,567"),
            (0.0, "0"),
            (0.123, "0.12"),
            (3.25, "3.2"),
            (f64::NAN, "unknown"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(
            (signed(310.0), signed(-0.0)),
            ("+310".to_owned(), "0".to_owned())
        );
        assert_eq!(count(1, "server"), "1 server");
    }
}
