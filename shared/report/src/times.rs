//! Instants within sentences: shown in the target's zone, and in UTC on demand.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html as markup};

/// Longest instant that is looked for, such as `2026-05-30T18:00:00.123456789Z`.
const LONGEST: usize = 30;

/// `text` with each instant as a `time` element in `zone`, which the page's script can rewrite.
pub(crate) fn told(text: &str, zone: &TimeZone) -> Markup {
    markup! {
        @for (words, at) in parts(text) {
            (words)
            @if let Some(at) = at { (time(at, zone)) }
        }
    }
}

/// An instant as an element.
pub(crate) fn time(at: Timestamp, zone: &TimeZone) -> Markup {
    markup! { time datetime=(at.to_string()) { (clock(at, zone)) } }
}

/// As clocks in `zone` show it.
pub(crate) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(at);
    local.strftime("%a %Y-%m-%d %H:%M").to_string()
}

/// Words, and the instant behind them where one is.
fn parts(text: &str) -> Vec<(&str, Option<Timestamp>)> {
    let mut parts = Vec::new();
    // `from` is where the words begin, `at` where the next instant may.
    let (mut from, mut at) = (0, 0);
    while let Some(dash) = text[at..].find("-").map(|found| at + found) {
        let begin = dash.saturating_sub(4).max(from);
        at = dash + 1;
        let apart = |before: &str| !before.ends_with(char::is_alphanumeric);
        let split = text[from..].split_at_checked(begin - from);
        let split = split.filter(|(before, _)| apart(before));
        let Some((found, length)) = split.and_then(|(_, behind)| instant(behind)) else {
            continue;
        };
        parts.push((&text[from..begin], Some(found)));
        from = begin + length;
        at = from;
    }
    parts.push((&text[from..], None));
    parts
}

/// The instant that `text` begins with, and its length.
fn instant(text: &str) -> Option<(Timestamp, usize)> {
    let end = text.bytes().take(LONGEST).position(|byte| byte == b'Z')? + 1;
    let (date, time) = text.get(..end)?.split_once('T')?;
    let plain = |part: &str| {
        let mut bytes = part.bytes();
        bytes.all(|byte| byte.is_ascii_digit() || b"-:.Z".contains(&byte))
    };
    (date.len() == 10 && plain(date) && plain(time))
        .then(|| text[..end].parse().ok())
        .flatten()
        .map(|at| (at, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_told_in_the_zone_and_all_else_stays() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        for (text, wanted) in [
            (
                "for 2026-05-30T18:00:00Z: demand of 5",
                "for Sat 2026-05-30 20:00: demand of 5",
            ),
            (
                "2026-12-31T23:30:00Z to 2027-01-01T00:00:00.5Z",
                "Fri 2027-01-01 00:30 to Fri 2027-01-01 01:00",
            ),
            ("a - b, -1, \u{2212}2-3 %", "a - b, -1, \u{2212}2-3 %"),
            (
                "\u{fc}ber-2026-13-40T00:00:00Z",
                "\u{fc}ber-2026-13-40T00:00:00Z",
            ),
            ("12026-05-30T18:00:00Z", "12026-05-30T18:00:00Z"),
            ("2026-05-30", "2026-05-30"),
            ("", ""),
        ] {
            let shown = parts(text).into_iter().map(|(words, at)| {
                words.to_owned() + &at.map_or_else(String::new, |at| clock(at, &zone))
            });
            assert_eq!(shown.collect::<String>(), wanted);
        }
        let element = told("<b> 2026-05-30T18:00:00Z", &zone).into_string();
        assert_eq!(
            element,
            "&lt;b&gt; <time datetime=\"2026-05-30T18:00:00Z\">Sat 2026-05-30 20:00</time>"
        );
    }
}
