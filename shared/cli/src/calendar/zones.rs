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
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn of(body: &str) -> Zones {
        let text = format!("BEGIN:VCALENDAR\n{body}\nEND:VCALENDAR\n");
        Zones::of(&text.replace('\n', "\r\n").parse().unwrap())
    }

    fn custom(standard: &str, daylight: &str) -> Result<TimeZone, String> {
        let zones = of(&format!(
            "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\n{standard}\nEND:STANDARD\nBEGIN:DAYLIGHT\n\
             {daylight}\nEND:DAYLIGHT\nEND:VTIMEZONE"
        ));
        zones.named("Ours")
    }

    /// Both have the same offset, each day of some years.
    fn alike(a: &TimeZone, b: &TimeZone) {
        let start: Timestamp = "2024-01-01T00:30:00Z".parse().unwrap();
        for hours in 0..24 * 365 * 4 {
            let at = start + jiff::SignedDuration::from_hours(hours);
            assert_eq!(a.to_offset(at), b.to_offset(at), "{at}");
        }
    }

    #[test]
    fn names_of_windows_and_vendors_are_known() {
        for (name, zone) in [
            ("Europe/Berlin", "Europe/Berlin"),
            ("Tokyo Standard Time", "Asia/Tokyo"),
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("Eastern Standard Time", "America/New_York"),
            (
                "/freeassociation.sourceforge.net/America/Argentina/Ushuaia",
                "America/Argentina/Ushuaia",
            ),
        ] {
            let found = Zones::default().named(name).unwrap();
            assert_eq!(found.iana_name(), Some(zone), "{name}");
        }
        let unknown = Zones::default().named("Foo/Bar").unwrap_err();
        assert!(
            unknown.contains("time zone Foo/Bar is unknown"),
            "{unknown}"
        );
    }

    #[test]
    fn what_a_calendar_defines_is_a_zone() {
        let berlin = custom(
            "DTSTART:16010101T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n\
             TZOFFSETFROM:+0200\nTZOFFSETTO:+0100",
            "DTSTART:16010101T020000\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\n\
             TZOFFSETFROM:+0100\nTZOFFSETTO:+0200",
        );
        alike(&berlin.unwrap(), &iana("Europe/Berlin").unwrap());
        // West of Greenwich, and half an hour off.
        let st_johns = custom(
            "DTSTART:20071104T020000\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\n\
             TZOFFSETFROM:-0230\nTZOFFSETTO:-0330",
            "DTSTART:20070311T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=SU;\
             BYMONTHDAY=8,9,10,11,12,13,14\nTZOFFSETFROM:-0330\nTZOFFSETTO:-0230",
        );
        alike(&st_johns.unwrap(), &iana("America/St_Johns").unwrap());
        // Summer at the turn of the year.
        let sydney = custom(
            "DTSTART:20080406T030000\nRRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU\n\
             TZOFFSETFROM:+1100\nTZOFFSETTO:+1000",
            "DTSTART:20081005T020000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU\n\
             TZOFFSETFROM:+1000\nTZOFFSETTO:+1100",
        );
        alike(&sydney.unwrap(), &iana("Australia/Sydney").unwrap());
    }

    #[test]
    fn clocks_that_no_longer_change_have_their_last_offset() {
        let fixed = custom(
            "DTSTART:20160327T020000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0300",
            "DTSTART:20100328T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20150329T000000Z\n\
             TZOFFSETFROM:+0200\nTZOFFSETTO:+0300",
        );
        let ended = custom(
            "DTSTART:20101031T040000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20151025T010000Z\n\
             TZOFFSETFROM:+0300\nTZOFFSETTO:+0200",
            "DTSTART:20110327T030000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20150329T010000Z\n\
             TZOFFSETFROM:+0200\nTZOFFSETTO:+0300",
        );
        alike(&ended.unwrap(), &iana("Africa/Johannesburg").unwrap());
        alike(&fixed.unwrap(), &iana("Europe/Istanbul").unwrap());
        let named = of("BEGIN:VTIMEZONE\nTZID:Ours\nX-LIC-LOCATION:Asia/Tokyo\nEND:VTIMEZONE");
        assert_eq!(named.named("Ours").unwrap().iana_name(), Some("Asia/Tokyo"));
    }

    #[test]
    fn what_defines_no_zone_is_told() {
        let winter = "DTSTART:16010101T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n\
                      TZOFFSETFROM:+0200\nTZOFFSETTO:+0100";
        for (summer, why) in [
            (
                "DTSTART:20260329T020000\nTZOFFSETTO:+0200",
                "only one of its two",
            ),
            (
                "DTSTART:20260329T020000\nRDATE:20270328T020000\nTZOFFSETTO:+0200",
                "on single dates",
            ),
            (
                "DTSTART:20260329T020000\nTZOFFSETTO:2",
                "2 is not an offset",
            ),
            ("DTSTART:20260329T020000", "has no TZOFFSETTO"),
            (
                "DTSTART:20260329T020000\nRRULE:FREQ=YEARLY;BYDAY=5SU\nTZOFFSETTO:+0200",
                "its clocks change by FREQ=YEARLY;BYDAY=5SU",
            ),
        ] {
            let told = custom(winter, summer).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
        assert!(
            of("BEGIN:VTIMEZONE\nTZID:Ours\nEND:VTIMEZONE")
                .named("Ours")
                .is_err()
        );
    }
}
