//! Figures as people read them, on pages and in the terminal.

/// Money, in groups of three digits and with two places: `12,345.60`.
#[must_use]
pub fn money(value: f64) -> String {
    let cents = (value.abs() * 100.0).round();
    let sign = if value < 0.0 && cents > 0.0 { "-" } else { "" };
    format!(
        "{sign}{}.{:02}",
        grouped((cents / 100.0).floor()),
        cents % 100.0
    )
}

/// A whole number with its thousands apart, for people.
#[must_use]
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 {
        text.insert(0, '-');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart_and_money_has_two_places() {
        assert_eq!(grouped(1_234_567.4), "1,234,567");
        assert_eq!(grouped(-999.6), "-1,000");
        assert_eq!(grouped(12.0), "12");
        for (value, text) in [
            (409_523.0, "409,523.00"),
            (1_999.995, "2,000.00"),
            (0.05, "0.05"),
            (-1_250.5, "-1,250.50"),
            (-0.001, "0.00"),
        ] {
            assert_eq!(money(value), text);
        }
    }
}
