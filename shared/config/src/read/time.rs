use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use timeseries::Step;
use toml::de::DeValue;

use super::field::{Field, unknown};
use super::section::Section;
use super::target::optional;
use crate::{EventTime, LeadTime};

const MOMENT: &str = "a time such as 2026-12-31T23:00:00 (local in each target's zone), \
     2026-12-31T23:00:00+09:00 or 2026-12-31, years 1970 to 2999";
const DAY: &str = "a day such as 2026-12-31, years 1970 to 2999";

/// Which end of a day a date without a time means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateMeans {
    Start,
    End,
}

/// A moment, with an offset or local.
pub(crate) fn moment(field: &Field<'_>, date: DateMeans) -> Option<EventTime> {
    let text = text(field, MOMENT)?;
    let time = parse(&text, date).filter(|time| {
        let year = time.civil(&TimeZone::UTC).year();
        (1970..=2999).contains(&year)
    });
    if time.is_none() {
        field.refuse("is not such a time", MOMENT);
    }
    time
}

/// A day without a time.
pub(crate) fn day(field: &Field<'_>) -> Option<Date> {
    let text = text(field, DAY)?;
    let day = date(&text).filter(|day| (1970..=2999).contains(&day.year()));
    if day.is_none() {
        field.refuse("is not such a day", DAY);
    }
    day
}

/// An IANA time zone.
pub(crate) fn zone(field: &Field<'_>) -> Option<TimeZone> {
    let allowed = "an IANA time zone such as Europe/Berlin";
    let text = field.text(allowed)?;
    if let Ok(zone) = TimeZone::get(&text) {
        return Some(zone);
    }
    let names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.to_string())
        .collect();
    let known = names.iter().map(String::as_str);
    field.refuse(unknown("is unknown", &text, known), allowed);
    None
}

fn text(field: &Field<'_>, allowed: &str) -> Option<String> {
    match field.value.get_ref() {
        DeValue::Datetime(time) => Some(time.to_string()),
        _ => field.text(allowed),
    }
}

fn date(text: &str) -> Option<Date> {
    let short = text.len() == "2026-12-31".len();
    text.parse().ok().filter(|_| short)
}

fn parse(text: &str, means: DateMeans) -> Option<EventTime> {
    if let Some(date) = date(text) {
        let date = match means {
            DateMeans::Start => date,
            DateMeans::End => date.tomorrow().ok()?,
        };
        return Some(EventTime::Local(date.to_datetime(Time::midnight())));
    }
    if text.contains('[') {
        let zoned: Zoned = text.parse().ok()?;
        return Some(EventTime::Instant(zoned.timestamp()));
    }
    let instant = text.parse::<Timestamp>().map(EventTime::Instant);
    let local = || text.parse::<DateTime>().map(EventTime::Local);
    instant.or_else(|_| local()).ok()
}

pub(crate) fn lead_time(section: &Section<'_>) -> Option<LeadTime> {
    let range = SignedDuration::ZERO..=SignedDuration::from_hours(6);
    let span = |field: &Field<'_>| field.duration(range.clone(), "0s to 6h");
    let assumed = SignedDuration::from_mins(5);
    let Some(field) = section.get("lead_time") else {
        return Some(LeadTime::Measured { initial: assumed });
    };
    let Some(section) = field.as_section() else {
        return span(&field).map(LeadTime::Given);
    };
    let measure = optional(section.get("measure"), true, Field::flag);
    let initial = optional(section.get("initial"), assumed, span);
    section.finish();
    let initial = initial?;
    Some(if measure? {
        LeadTime::Measured { initial }
    } else {
        LeadTime::Given(initial)
    })
}

pub(crate) fn step(field: &Field<'_>) -> Option<Step> {
    let steps = [5, 15, 30, 60].map(|minutes| Step::from_minutes(minutes).ok());
    let allowed = "\"5m\", \"15m\", \"30m\", \"1h\"";
    let text = field.text(allowed)?;
    let step = text.parse::<Step>().ok();
    let step = step.filter(|step| steps.contains(&Some(*step)));
    if step.is_none() {
        field.refuse("is not one of the steps", allowed);
    }
    step
}

pub(crate) fn plan_every(field: &Field<'_>) -> Option<SignedDuration> {
    let allowed = "\"5m\", \"10m\", \"15m\", \"30m\", \"1h\"";
    let text = field.text(allowed)?;
    let span = text.parse::<SignedDuration>().ok();
    let span = span
        .filter(|span| [5, 10, 15, 30, 60].contains(&span.as_mins()) && span.as_secs() % 60 == 0);
    if span.is_none() {
        field.refuse("is not one of the intervals", allowed);
    }
    span
}
