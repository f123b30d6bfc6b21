//! Times, spans, steps and zones as people type them.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use timeseries::Step;

use crate::failure::{Blame, Done, input};
use crate::near::distance;

/// The time, for what is written down as done now.
#[expect(
    clippy::disallowed_methods,
    reason = "the command is where time comes from"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The zone called `name`; an unknown one with the nearest valid spelling.
pub(crate) fn zone(name: &str) -> Done<TimeZone> {
    if let Ok(zone) = TimeZone::get(name) {
        return Ok(zone);
    }
    let names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.to_string())
        .collect();
    let near = nearest_zone(name, names.iter().map(String::as_str));
    let near = near.map_or_else(
        || "use an IANA name such as Europe/Berlin".to_owned(),
        |near| format!("did you mean {near}?"),
    );
    Err(input(format!(
        "--timezone {name}: unknown time zone; {near}"
    )))
}

/// The zone whose city is spelt most alike, also where no area was given.
fn nearest_zone<'k>(text: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let (area, city) = text.rsplit_once('/').unwrap_or(("", text));
    known
        .filter_map(|name| {
            let (other, town) = name.rsplit_once('/').unwrap_or(("", name));
            let far = if area.is_empty() {
                0
            } else {
                distance(area, other).unwrap_or(usize::MAX)
            };
            Some((distance(city, town)?, far, name))
        })
        .min()
        .map(|(_, _, name)| name)
}

/// A moment: RFC 3339, or a local time or date in `zone`.
pub(crate) fn moment(option: &str, text: &str, zone: &TimeZone) -> Done<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    // A time alone would be read as one of today's; a date alone is its first moment.
    let date_only = text.len() == "2026-01-01".len();
    let local = if date_only {
        text.parse::<Date>()
            .map(|date| date.to_datetime(Time::midnight()))
    } else {
        text.parse::<DateTime>()
    };
    let at = local.and_then(|local| zone.to_ambiguous_timestamp(local).compatible());
    at.map_err(|_| {
        input(format!(
            "{option} {text}: is not a time; write 2026-01-31T18:00:00Z, 2026-01-31T18:00 (in the \
             time zone given) or 2026-01-31"
        ))
    })
}

/// As [`moment`]; a time of day alone, such as `20:00`, is its first one in `zone` at `from` or later.
pub(crate) fn moment_after(
    option: &str,
    text: &str,
    zone: &TimeZone,
    from: Timestamp,
) -> Done<Timestamp> {
    // A time and nothing else: a date without hours is none.
    let clock = Some(text).filter(|text| text.len() <= "20:00:00".len() && text.contains(':'));
    let Some(time) = clock.and_then(|text| text.parse::<Time>().ok()) else {
        return moment(option, text, zone);
    };
    let today = zone.to_datetime(from).date();
    let days = std::iter::successors(Some(today), |day| day.tomorrow().ok());
    let mut moments = days.take(3).filter_map(|day| {
        let local = zone.to_ambiguous_timestamp(day.to_datetime(time));
        local.compatible().ok()
    });
    match moments.find(|at| *at >= from) {
        Some(at) => Ok(at),
        None => moment(option, text, zone),
    }
}

/// What `--from` and `--to` mean.
pub(crate) fn window(from: &str, to: &str, zone: &TimeZone) -> Done<(Timestamp, Timestamp)> {
    let begin = moment("--from", from, zone)?;
    let end = moment("--to", to, zone)?;
    if begin >= end {
        return Err(input(format!("--from {from} is not before --to {to}")));
    }
    Ok((begin, end))
}

/// A span of time such as `24h`, `90m` or `2d`, above zero.
pub(crate) fn span(option: &str, text: &str) -> Done<SignedDuration> {
    let duration = text
        .parse::<Span>()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    match duration {
        Ok(duration) if duration.is_positive() => Ok(duration),
        Ok(_) => Err(input(format!(
            "{option} {text}: has to be longer than nothing; write 24h, 90m or 2d"
        ))),
        _ => Err(input(format!(
            "{option} {text}: is not a span of time; write 24h, 90m or 2d"
        ))),
    }
}

/// The step asked for, which `own` has to divide; unless one is, `own` or the next multiple that
/// is at least five minutes.
pub(crate) fn step(text: Option<&str>, own: Step) -> Done<Step> {
    let Some(text) = text else {
        return Ok(multiples(own)
            .find(|step| *step >= Step::FIVE_MINUTES)
            .unwrap_or(own));
    };
    let step: Step = text
        .parse()
        .input(|| format!("--step {text}: write 5m, 15m, 30m or 1h"))?;
    if step.seconds().is_multiple_of(own.seconds()) {
        return Ok(step);
    }
    let possible: Vec<String> = multiples(own).map(|step| step.to_string()).collect();
    let possible = possible.join(", ");
    Err(input(format!(
        "--step {text}: the history has steps of {own}, which do not combine to that; use one of \
         {possible}"
    )))
}

/// The steps that values of `own` combine to, the shortest first.
fn multiples(own: Step) -> impl Iterator<Item = Step> {
    (1..=60).filter_map(move |times| Step::from_seconds(i64::from(own.seconds()) * times).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_zone_is_answered_with_the_nearest() {
        for (text, near) in [
            ("Europe/Berln", "Europe/Berlin"),
            ("Tokio", "Asia/Tokyo"),
            ("berlin", "Europe/Berlin"),
            ("Europe/Nowhereville", "such as Europe/Berlin"),
        ] {
            let crate::failure::Failure::Input(error) = zone(text).unwrap_err() else {
                panic!("{text}");
            };
            assert!(error.to_string().contains(near), "{text}: {error}");
        }
    }

    #[test]
    fn times_are_read_with_and_without_offset() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        for text in [
            "2026-01-01T00:00:00Z",
            "2026-01-01T09:00:00+09:00",
            "2026-01-01T09:00",
            "2026-01-01 09:00:00",
        ] {
            let at = moment("--at", text, &tokyo).unwrap();
            assert_eq!(at.to_string(), "2026-01-01T00:00:00Z", "{text}");
        }
        let day = moment("--at", "2026-01-01", &tokyo).unwrap();
        assert_eq!(day.to_string(), "2025-12-31T15:00:00Z");
        for text in ["yesterday", "2026-13-01", "2026-01-01T25:00", "", "12:00"] {
            assert!(moment("--at", text, &tokyo).is_err(), "{text}");
        }
    }

    #[test]
    fn the_usual_step_is_the_histories_own_but_five_minutes_at_least() {
        for (own, usual) in [(60, 300), (120, 360), (300, 300), (600, 600), (3600, 3600)] {
            let own = Step::from_seconds(own).unwrap();
            assert_eq!(step(None, own).unwrap().seconds(), usual);
        }
        let half = Step::from_minutes(30).unwrap();
        assert!(step(Some("15m"), half).is_err());
        assert!(step(Some("7m"), Step::MINUTE).is_err());
        assert_eq!(step(Some("1h"), half).unwrap(), Step::HOUR);
    }

    #[test]
    fn spans_may_count_days() {
        assert_eq!(span("--horizon", "2d").unwrap().as_hours(), 48);
        assert_eq!(span("--horizon", "1h 30m").unwrap().as_mins(), 90);
        for text in ["0h", "-1h", "day", "24"] {
            assert!(span("--horizon", text).is_err(), "{text}");
        }
    }
}
