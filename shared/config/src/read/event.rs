use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::field::Field;
use super::section::Section;
use super::time::{self, DateMeans};
use crate::{Event, EventEffect, EventTime, Every};

/// Longest event, and longest time between two occurrences.
const MOST_DAYS: u32 = 366;

/// Longest lead and tail of an event.
const MOST_BESIDE: SignedDuration = SignedDuration::from_hours(31 * 24);

const EFFECTS: &str = "exactly one of multiplier, demand, like, learnt";

/// One event; `None` where something was found wrong.
pub(crate) fn read(section: Section<'_>) -> Option<Event> {
    let name = name(&section);
    let targets = match section.get("targets") {
        Some(field) => field.list("a list of target names", |item| {
            item.text("a target's name")
        }),
        None => Some(Vec::new()),
    };
    let every = every(&section);
    let during = during(&section, every.flatten());
    let until = optional_time(&section, "until", DateMeans::End);
    let announced_at = optional_time(&section, "announced_at", DateMeans::Start);
    if let (Some(None), Some(field)) = (every, section.own("until")) {
        field.refuse(
            "goes with every or every_days only",
            "nothing for a single event",
        );
    }
    let lead = beside(&section, "lead");
    let tail = beside(&section, "tail");
    let effect = effect(&section);
    section.finish();
    let (start, end) = during?;
    Some(Event {
        name: name?,
        targets: targets?,
        start,
        end,
        every: every?,
        until: until?,
        lead: lead?,
        tail: tail?,
        effect: effect?,
        announced_at: announced_at?,
    })
}

fn name(section: &Section<'_>) -> Option<String> {
    let allowed = "1 to 100 characters without control characters";
    let field = section.required("name", allowed)?;
    field.word(100, |c| !c.is_control(), allowed)
}

fn optional_time(
    section: &Section<'_>,
    key: &'static str,
    date: DateMeans,
) -> Option<Option<EventTime>> {
    match section.get(key) {
        Some(field) => time::moment(&field, date).map(Some),
        None => Some(None),
    }
}

fn beside(section: &Section<'_>, key: &'static str) -> Option<SignedDuration> {
    match section.get(key) {
        Some(field) => field.duration(SignedDuration::ZERO..=MOST_BESIDE, "0s to 744h (31 days)"),
        None => Some(SignedDuration::ZERO),
    }
}

fn every(section: &Section<'_>) -> Option<Option<Every>> {
    let words = [
        ("day", Every::Days(1)),
        ("week", Every::Days(7)),
        ("month", Every::Month),
        ("month-weekday", Every::MonthWeekday),
        ("year", Every::Year),
    ];
    match (section.get("every"), section.get("every_days")) {
        (None, None) => Some(None),
        (Some(field), None) => field.choice(&words).map(Some),
        (None, Some(field)) => Some(Some(Every::Days(field.whole(1..=MOST_DAYS)?))),
        (Some(_), Some(field)) => {
            field.refuse("stands beside every", "one of every and every_days");
            None
        }
    }
}

/// Start and end, in order, of one kind, and short enough to be over before they come again.
fn during(section: &Section<'_>, every: Option<Every>) -> Option<(EventTime, EventTime)> {
    let start_field = section.required("start", "the time it starts");
    let end_field = section.required("end", "the time it ends");
    let start = start_field.and_then(|field| time::moment(&field, DateMeans::Start));
    let end = end_field
        .as_ref()
        .and_then(|field| time::moment(field, DateMeans::End));
    let (start, end, end_field) = (start?, end?, end_field?);
    let mixed = matches!(
        (start, end),
        (EventTime::Instant(_), EventTime::Local(_)) | (EventTime::Local(_), EventTime::Instant(_))
    );
    if mixed {
        let allowed = "both start and end with an offset, or both without";
        end_field.refuse("mixes with the other kind of start", allowed);
        return None;
    }
    // Of one kind, their difference does not depend on the zone.
    let length = end
        .civil(&TimeZone::UTC)
        .duration_since(start.civil(&TimeZone::UTC));
    let days = every.map_or(MOST_DAYS, Every::shortest_days);
    let longest = SignedDuration::from_hours(24 * i64::from(days));
    if length <= SignedDuration::ZERO {
        end_field.refuse("is not after start", format!("after {start}"));
    } else if length > longest {
        let problem = match every {
            Some(_) => "is after the next start",
            None => "is too long after start",
        };
        end_field.refuse(problem, days_after_start(days));
    } else {
        return Some((start, end));
    }
    None
}

fn days_after_start(days: u32) -> String {
    match days {
        1 => "at most 1 day after start".to_owned(),
        days => format!("at most {days} days after start"),
    }
}

fn effect(section: &Section<'_>) -> Option<EventEffect> {
    let keys = ["multiplier", "demand", "like", "learnt"];
    let given: Vec<Field<'_>> = keys.iter().filter_map(|key| section.get(key)).collect();
    if let [_, second, ..] = &given[..] {
        second.refuse("stands beside another effect", EFFECTS);
        return None;
    }
    if let Some(field) = section.get("multiplier") {
        let good = |value| value > 0.0 && value <= 1000.0;
        return field
            .number(good, "above 0, at most 1000")
            .map(EventEffect::Multiplier);
    }
    if let Some(field) = section.get("demand") {
        let allowed = "0 to 1000000000000 (requests per minute)";
        let good = |value: f64| (0.0..=1e12).contains(&value);
        return field.number(good, allowed).map(EventEffect::Demand);
    }
    if let Some(field) = section.get("like") {
        return time::day(&field).map(EventEffect::Like);
    }
    if let Some(field) = section.get("learnt") {
        if field.flag()? {
            return Some(EventEffect::Learnt);
        }
        field.refuse("says nothing", "true, or another effect instead");
        return None;
    }
    section.refuse("multiplier", "is missing", EFFECTS);
    None
}
