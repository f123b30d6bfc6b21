//! Instants within sentences, for people.
//!
//! Reasons and notes keep instants in UTC, as everything stored does. People think in the target's zone:
//! whoever shows a sentence shows its instants there.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Characters of a date, `2026-05-30`, behind which an instant has a `T`.
const DATE: usize = 10;
/// Characters of an instant at most: those of `2026-05-30T18:00:00.123456789Z`.
const LONGEST: usize = 30;

/// `text` with each instant in it, such as `2026-05-30T18:00:00Z`, as clocks in `zone` show it:
/// `Sat 2026-05-30 20:00`.
///
/// Seconds are shown where there are any. An hour that comes twice, when clocks are set back, has the
/// zone's abbreviation behind it. Everything else stays as it is, also what only resembles an instant.
#[must_use]
pub fn in_zone(text: &str, zone: &TimeZone) -> String {
    let mut shown = String::with_capacity(text.len());
    let (mut rest, mut before) = (text, None);
    while let Some(c) = rest.chars().next() {
        let begins = c.is_ascii_digit() && before.is_none_or(|c: char| !c.is_alphanumeric());
        let found = if begins { instant(rest) } else { None };
        let length = match found {
            Some((at, length)) => {
                shown.push_str(&clock(at, zone));
                length
            }
            None => {
                shown.push(c);
                c.len_utf8()
            }
        };
        before = rest[..length].chars().next_back();
        rest = &rest[length..];
    }
    shown
}

/// The instant that `text` begins with, and its length.
fn instant(text: &str) -> Option<(Timestamp, usize)> {
    let end = text.bytes().take(LONGEST).position(|byte| byte == b'Z')?;
    let (date, time) = text.get(..end)?.split_at_checked(DATE)?;
    let time = time.strip_prefix('T')?;
    let plain = |text: &str, between: &[u8]| {
        let fits = |byte: u8| byte.is_ascii_digit() || between.contains(&byte);
        text.bytes().all(fits)
    };
    if !plain(date, b"-") || !plain(time, b":.") {
        return None;
    }
    Some((text[..=end].parse().ok()?, end + 1))
}

fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let zoned = at.to_zoned(zone.clone());
    let local: DateTime = zoned.datetime();
    let mut shown = local.strftime("%a %Y-%m-%d %H:%M").to_string();
    if local.second() != 0 {
        shown.push_str(&local.strftime(":%S").to_string());
    }
    if zone.to_ambiguous_timestamp(local).is_ambiguous() {
        shown.push_str(&zoned.strftime(" %Z").to_string());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(text: &str) -> String {
        in_zone(text, &TimeZone::get("Europe/Berlin").unwrap())
    }

    #[test]
    fn instants_are_shown_as_the_zones_clocks_show_them() {
        for (text, shown) in [
            (
                "for 2026-05-30T18:00:00Z: demand of 3956/min",
                "for Sat 2026-05-30 20:00: demand of 3956/min",
            ),
            (
                "sale at 2026-12-31T23:30:00Z, and 2026-01-05T00:00:30.5Z.",
                "sale at Fri 2027-01-01 00:30, and Mon 2026-01-05 01:00:30.",
            ),
            ("(2026-05-30T18:00:00Z)", "(Sat 2026-05-30 20:00)"),
            ("(p97.5) at 1,000/min", "(p97.5) at 1,000/min"),
            (
                "\u{6771}\u{4eac} 2026-05-30T18:00:00Z",
                "\u{6771}\u{4eac} Sat 2026-05-30 20:00",
            ),
            ("", ""),
        ] {
            assert_eq!(berlin(text), shown);
        }
        let utc = in_zone("until 2026-05-30T18:00:00Z", &TimeZone::UTC);
        assert_eq!(utc, "until Sat 2026-05-30 18:00");
    }

    #[test]
    fn what_only_resembles_an_instant_stays() {
        for text in [
            "2026-05-30",
            "2026-05-30T20:00:00",
            "2026-13-30T20:00:00Z",
            "x2026-05-30T20:00:00Z",
            "12026-05-30T20:00:00Z",
            "2026-05-30T20:00:00+02:00",
            "arn:aws:sns:eu-west-1:123456789012:Z",
            "2026-05-30TZ",
            "2026-05-30T20:00:00",
        ] {
            assert_eq!(berlin(text), text);
        }
    }

    /// Clocks are set back at 03:00 summer time: 02:30 comes twice.
    #[test]
    fn an_hour_that_comes_twice_is_told_apart() {
        assert_eq!(
            berlin("2026-10-25T00:30:00Z to 2026-10-25T01:30:00Z"),
            "Sun 2026-10-25 02:30 CEST to Sun 2026-10-25 02:30 CET"
        );
    }
}
