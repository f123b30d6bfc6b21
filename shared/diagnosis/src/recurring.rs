//! Incidents that come again and again are events.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

/// A stretch of unforecast demand that is over.
pub type Stretch = (Timestamp, Timestamp, f64);

/// An event that people may want to add.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// In words: "3 Tuesdays in a row around 20:00".
    pub words: String,
    /// Start of the next occurrence, local.
    pub start: Zoned,
    /// Its end.
    pub end: Zoned,
    /// `week` or `day`, as `every` takes it.
    pub every: &'static str,
    /// The `[[event]]` table to add.
    pub toml: String,
}

/// Times that count as the same time of day.
const SAME_TIME: i64 = 45;
/// How often something has to come in a row: twice is chance.
const IN_A_ROW: usize = 3;
/// From the beginning of a spike to the first look at it: two minutes above the band, each shown a
/// minute after its end.
const NOTICED: SignedDuration = SignedDuration::from_mins(3);
/// Events begin at a multiple of so many minutes.
const ROUNDED: i64 = 5;

/// What `stretches` (start, end, demand over the forecast's median at its highest) have in common:
/// the same time of day in the last three weeks, or on the last three days, up to the newest one. The
/// event is that of `target` alone, in whose `zone` it keeps its time.
#[must_use]
pub fn recurring(target: &str, stretches: &[Stretch], zone: &TimeZone) -> Option<Proposal> {
    let newest = stretches.iter().max_by_key(|stretch| stretch.0)?;
    let last = newest.0.to_zoned(zone.clone());
    for (days, every) in [(7, "week"), (1, "day")] {
        let run = in_a_row(stretches, &last, days);
        if run.len() < IN_A_ROW {
            continue;
        }
        // From the earliest of them to the latest end: servers that come after it help nobody.
        let begins = run.iter().map(|(late, _)| *late).min()?;
        let ends = run
            .iter()
            .map(|(late, stretch)| late.saturating_add(stretch.1.duration_since(stretch.0)))
            .max()?;
        let factor = run.iter().map(|(_, stretch)| stretch.2).fold(1.0, f64::max);
        let due = last.checked_add(jiff::Span::new().days(days)).ok()?;
        let start = due.checked_add(begins.checked_sub(NOTICED)?).ok()?;
        let rounding = jiff::ZonedRound::new()
            .smallest(jiff::Unit::Minute)
            .increment(ROUNDED)
            .mode(jiff::RoundMode::Trunc);
        let start = start.round(rounding).ok()?;
        let end = due.checked_add(ends).ok()?;
        let time = start.time();
        let which = if days == 7 {
            weekday(start.weekday())
        } else {
            "days"
        };
        let words = format!("{} {which} in a row around {}", run.len(), clock(time));
        let local = |moment: &Zoned| moment.datetime().strftime("%Y-%m-%dT%H:%M:00").to_string();
        let toml = format!(
            "[[event]]\nname = \"{target}: {which} {}\"\ntargets = [\"{target}\"]\nstart = {}\nend = {}\nevery = \"{every}\"\nmultiplier = {factor:.1}\n",
            clock(time),
            local(&start),
            local(&end)
        );
        return Some(Proposal {
            words,
            start,
            end,
            every,
            toml,
        });
    }
    None
}

/// The stretches that lie `days` apart at the same local time, counted back from `last`, and by how
/// much each is later than `last` at its time of day.
fn in_a_row<'s>(
    stretches: &'s [Stretch],
    last: &Zoned,
    days: i64,
) -> Vec<(SignedDuration, &'s Stretch)> {
    let mut run = Vec::new();
    for back in 0_i64.. {
        let span = jiff::Span::new().try_days(days * back);
        let Some(due) = span.ok().and_then(|span| last.checked_sub(span).ok()) else {
            break;
        };
        let late = |stretch: &'s Stretch| (stretch.0.duration_since(due.timestamp()), stretch);
        let near = |(late, _): &(SignedDuration, _)| late.as_mins().abs() <= SAME_TIME;
        match stretches.iter().map(late).find(near) {
            Some(found) => run.push(found),
            None => break,
        }
    }
    run
}

fn clock(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Mondays",
        Weekday::Tuesday => "Tuesdays",
        Weekday::Wednesday => "Wednesdays",
        Weekday::Thursday => "Thursdays",
        Weekday::Friday => "Fridays",
        Weekday::Saturday => "Saturdays",
        Weekday::Sunday => "Sundays",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(start: &str) -> Stretch {
        let start: Timestamp = start.parse().unwrap();
        (start, start + SignedDuration::from_mins(90), 2.4)
    }

    #[test]
    fn the_third_tuesday_in_a_row_is_an_event_at_the_same_local_time() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        // Clocks change on 25 October 2026: 20:00 local is 18:00 and then 19:00 UTC.
        let stretches = [
            stretch("2026-10-20T18:05:00Z"),
            stretch("2026-10-22T09:00:00Z"),
            stretch("2026-10-27T19:03:00Z"),
            stretch("2026-11-03T19:10:00Z"),
        ];
        let found = recurring("web", &stretches, &berlin).unwrap();
        // The earliest was noticed at 20:03, the last one ended at 21:40.
        assert_eq!(found.words, "3 Tuesdays in a row around 20:00");
        let toml = &found.toml;
        assert!(toml.contains("start = 2026-11-10T20:00:00"), "{toml}");
        assert!(toml.contains("end = 2026-11-10T21:40:00"), "{toml}");
        assert!(found.toml.contains("targets = [\"web\"]"));
        assert!(found.toml.contains("every = \"week\""));
        assert!(recurring("web", &stretches[..3], &berlin).is_none());
        assert!(recurring("web", &[], &berlin).is_none());
    }

    #[test]
    fn three_days_in_a_row_are_too() {
        let stretches = ["2026-10-20", "2026-10-21", "2026-10-22"]
            .map(|day| stretch(&format!("{day}T18:05:00Z")));
        let found = recurring("web", &stretches, &TimeZone::UTC).unwrap();
        assert_eq!(
            (found.every, found.words.as_str()),
            ("day", "3 days in a row around 18:00")
        );
    }
}
