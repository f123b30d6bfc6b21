//! Time zones by the names that calendars give them. Source: RFC 5545, sections 3.2.19 and 3.6.5.

use std::collections::BTreeMap;

use icalendar::{Calendar, CalendarComponent, Component};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use windows_timezones::WindowsTimezone;

/// As POSIX counts them, from 0 on.
const WEEKDAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/// The zones that a calendar defines itself.
#[derive(Debug, Default)]
pub(super) struct Zones {
    defined: BTreeMap<String, Result<TimeZone, String>>,
}

impl Zones {
    /// Those of `calendar`.
    pub(super) fn of(calendar: &Calendar) -> Self {
        let zones = calendar.components.iter().filter_map(|component| {
            let CalendarComponent::Other(zone) = component else {
                return None;
            };
            let name = zone.property_value("TZID")?;
            (zone.component_kind() == "VTIMEZONE").then(|| (name.to_owned(), defined(zone)))
        });
        Self {
            defined: zones.collect(),
        }
    }

    /// The zone that the calendar calls `name`: one of IANA's, also behind a vendor's prefix; one of
    /// Windows; or what the calendar itself says of it.
    pub(super) fn named(&self, name: &str) -> Result<TimeZone, String> {
        if let Some(zone) = known(name) {
            return Ok(zone);
        }
        match self.defined.get(name) {
            Some(Ok(zone)) => Ok(zone.clone()),
            Some(Err(why)) => Err(format!("its time zone {name} is unknown: {why}")),
            None => Err(format!(
                "its time zone {name} is unknown; allowed: IANA names such as Asia/Tokyo, those of Windows, \
                 and what the calendar defines as VTIMEZONE"
            )),
        }
    }
}

fn known(name: &str) -> Option<TimeZone> {
    // As in /freeassociation.sourceforge.net/Europe/Berlin.
    let behind_prefix = || {
        let slashes = name.match_indices('/').map(|(at, _)| &name[at + 1..]);
        slashes.filter(|tail| tail.contains('/')).find_map(iana)
    };
    let windows = || {
        let zone: WindowsTimezone = name.parse().ok()?;
        iana(zone.tzdb_id())
    };
    iana(name).or_else(windows).or_else(behind_prefix)
}

fn iana(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// A part of a VTIMEZONE: the offset from a moment on.
#[derive(Debug)]
struct Observance<'a> {
    summer: bool,
    first: DateTime,
    /// When its rule, where it ends, sets the clocks for the last time at the latest; else the first time.
    last: DateTime,
    /// Seconds east of Greenwich.
    offset: i32,
    rule: Option<&'a str>,
}

/// What `zone` says of itself: by the name it gives, or by its rules.
///
/// Of the rules, those that hold on are taken. POSIX says them the same way: the nth weekday of a month,
/// at a time of the clocks before the change.
fn defined(zone: &impl Component) -> Result<TimeZone, String> {
    if let Some(zone) = zone.property_value("X-LIC-LOCATION").and_then(known) {
        return Ok(zone);
    }
    let mut parts = Vec::new();
    for part in zone.components() {
        parts.push(observance(part)?);
    }
    parts.sort_by_key(|part| part.last);
    let lasting = |summer: bool| {
        let mut of_kind = parts.iter().filter(|part| part.summer == summer);
        of_kind.rfind(|part| part.rule.is_some_and(|rule| until(rule).is_none()))
    };
    let text = match (lasting(false), lasting(true)) {
        (Some(winter), Some(summer)) => format!(
            "{}{},{},{}",
            posix_offset("STD", winter.offset),
            posix_offset("DST", summer.offset),
            onset(summer)?,
            onset(winter)?
        ),
        // Clocks that no longer change, or never did.
        (None, None) => {
            let last = parts.last().ok_or("its definition is empty")?;
            posix_offset("STD", last.offset)
        }
        _ => return Err("only one of its two changes of clocks has a rule".to_owned()),
    };
    TimeZone::posix(&text).map_err(|error| error.to_string())
}

fn observance(part: &impl Component) -> Result<Observance<'_>, String> {
    let value = |key: &str| {
        let value = part.property_value(key);
        value.ok_or_else(|| format!("its definition has no {key}"))
    };
    if part.multi_properties().contains_key("RDATE") || part.properties().contains_key("RDATE") {
        return Err("its clocks change on single dates".to_owned());
    }
    let time = |text: &str| -> Result<DateTime, String> {
        let wrong = |_| format!("{text} is not a time");
        text.trim_end_matches('Z').parse().map_err(wrong)
    };
    let rule = part.property_value("RRULE");
    let first = time(value("DTSTART")?)?;
    Ok(Observance {
        summer: part.component_kind() == "DAYLIGHT",
        first,
        last: rule.and_then(until).map_or(Ok(first), time)?,
        offset: offset(value("TZOFFSETTO")?)?,
        rule,
    })
}

/// When `rule` ends, where it does.
fn until(rule: &str) -> Option<&str> {
    rule.split(';').find_map(|part| part.strip_prefix("UNTIL="))
}

/// `+0530` or `-013000` in seconds.
fn offset(text: &str) -> Result<i32, String> {
    let wrong = || format!("{text} is not an offset");
    let (sign, digits) = match text.split_at_checked(1) {
        Some(("+", digits)) => (1, digits),
        Some(("-", digits)) => (-1, digits),
        _ => return Err(wrong()),
    };
    if ![4, 6].contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: i32 = format!("{digits:0<6}").parse().map_err(|_| wrong())?;
    Ok(sign * (number / 10_000 * 3600 + number / 100 % 100 * 60 + number % 100))
}

/// POSIX counts to the west.
fn posix_offset(name: &str, east: i32) -> String {
    let sign = if east > 0 { '-' } else { '+' };
    let seconds = east.unsigned_abs();
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    format!("<{name}>{sign}{:02}:{minutes:02}:{rest:02}", seconds / 3600)
}

/// When the clocks change to `part`: month, week, weekday and time, as POSIX writes them.
fn onset(part: &Observance<'_>) -> Result<String, String> {
    let rule = part.rule.unwrap_or_default();
    let refuse = || format!("its clocks change by {rule}");
    let mut month = i32::from(part.first.month());
    let mut day = None;
    let mut dates = None;
    for (key, value) in rule.split(';').filter_map(|part| part.split_once('=')) {
        match (key, value) {
            ("FREQ", "YEARLY") | ("INTERVAL", "1") | ("WKST", _) => {}
            ("BYMONTH", value) => month = value.parse().map_err(|_| refuse())?,
            ("BYDAY", value) => day = Some(value),
            ("BYMONTHDAY", value) => dates = Some(value),
            _ => return Err(refuse()),
        }
    }
    let (nth, weekday) = day
        .and_then(|day| day.split_at_checked(day.len().checked_sub(2)?))
        .ok_or_else(refuse)?;
    // The week that the seven dates are, as some write it.
    let week = match (nth, dates) {
        ("1" | "2" | "3" | "4", None) => nth,
        ("-1", None) => "5",
        ("", Some("1,2,3,4,5,6,7")) => "1",
        ("", Some("8,9,10,11,12,13,14")) => "2",
        ("", Some("15,16,17,18,19,20,21")) => "3",
        ("", Some("22,23,24,25,26,27,28")) => "4",
        _ => return Err(refuse()),
    };
    let weekday = (WEEKDAYS.iter())
        .position(|day| *day == weekday)
        .ok_or_else(refuse)?;
    let time = part.first.time();
    Ok(format!("M{month}.{week}.{weekday}/{time:.0}"))
}

#[cfg(test)]
mod tests;
