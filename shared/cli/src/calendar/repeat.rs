//! Rules by which events of a calendar repeat. Source: RFC 5545, section 3.3.10.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::times::Moment;

/// Days in which the clocks of two zones have to keep their distance.
const LOOKED_AT: i64 = 3 * 366;

/// The lines that repeat as `rule` does from `start` on, for targets in `zones`.
pub(super) fn lines(rule: &str, start: &Moment, zones: &[TimeZone]) -> Result<String, String> {
    let refuse = || format!("it repeats by {rule}, which no event can say");
    let mut frequency = "";
    let mut interval = 1_u32;
    let mut until = None;
    let mut weekday = "";
    let first = start.civil();
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').ok_or_else(refuse)?;
        match key {
            "FREQ" => frequency = value,
            "INTERVAL" => interval = value.parse().map_err(|_| refuse())?,
            "UNTIL" => until = Some(last(value)?),
            "BYDAY" => weekday = value,
            "WKST" => {}
            // These may say no more than the start does.
            "BYMONTH" if value == first.month().to_string() && rule.contains("FREQ=YEARLY") => {}
            "BYMONTHDAY"
                if value == first.day().to_string()
                    && ["FREQ=YEARLY", "FREQ=MONTHLY"]
                        .iter()
                        .any(|by| rule.contains(by)) => {}
            _ => return Err(refuse()),
        }
    }
    let by_date = matches!(frequency, "MONTHLY" | "YEARLY");
    same_clocks(start, zones, by_date)?;
    // A day that some months or years have not is left out there by RFC 5545; ours takes their last.
    let always = first.day() <= 28;
    let nth = (first.day() - 1) / 7 + 1;
    let day = code(first.weekday());
    let mut lines = match (frequency, weekday) {
        ("DAILY", "") => format!("every_days = {interval}\n"),
        ("WEEKLY", weekday) if weekday.is_empty() || weekday == day => {
            let days = interval.checked_mul(7).ok_or_else(refuse)?;
            format!("every_days = {days}\n")
        }
        ("MONTHLY", "") if interval == 1 && always => "every = \"month\"\n".to_owned(),
        ("MONTHLY", weekday)
            if interval == 1
                && (nth < 5 && weekday == format!("{nth}{day}")
                    || nth == 5 && weekday == format!("-1{day}")) =>
        {
            "every = \"month-weekday\"\n".to_owned()
        }
        ("YEARLY", "") if interval == 1 && (always || first.month() != 2) => {
            "every = \"year\"\n".to_owned()
        }
        _ => return Err(refuse()),
    };
    if let Some(until) = until {
        lines.push_str(&format!("until = \"{until}\"\n"));
    }
    Ok(lines)
}

/// Until when, as the configuration has it: there the moment itself is out, in a calendar it is in.
fn last(value: &str) -> Result<String, String> {
    let moment = Moment::parse(value)?;
    let second = SignedDuration::from_secs(1);
    let moment = match moment {
        Moment::Day(day) => Moment::Day(day),
        Moment::Floating(at) => Moment::Floating(at.saturating_add(second)),
        Moment::Zoned(at, zone) => Moment::Zoned(at.saturating_add(second), zone),
    };
    moment.written(None)
}

/// Refuses what repeats by the clocks of another zone than a target's, where those change at other times
/// or, counting by months, show another date.
fn same_clocks(start: &Moment, zones: &[TimeZone], by_date: bool) -> Result<(), String> {
    let (Moment::Zoned(_, own), Some(first)) = (start, start.instant()?) else {
        return Ok(());
    };
    let day = |index: i64| first.saturating_add(SignedDuration::from_hours(24 * index));
    let apart =
        |at: Timestamp, zone: &TimeZone| own.to_offset(at).seconds() - zone.to_offset(at).seconds();
    for zone in zones.iter().filter(|zone| *zone != own) {
        let constant = (0..LOOKED_AT)
            .filter_map(|index| day(index).ok())
            .all(|at| apart(at, zone) == apart(first, zone));
        let date = own.to_datetime(first).date() == zone.to_datetime(first).date();
        if !constant || by_date && !date {
            let name = |zone: &TimeZone| zone.iana_name().unwrap_or("its zone").to_owned();
            return Err(format!(
                "it repeats by the clocks of {}, and events by those of {}: write it as events of its own",
                name(own),
                name(zone)
            ));
        }
    }
    Ok(())
}

fn code(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "MO",
        Weekday::Tuesday => "TU",
        Weekday::Wednesday => "WE",
        Weekday::Thursday => "TH",
        Weekday::Friday => "FR",
        Weekday::Saturday => "SA",
        Weekday::Sunday => "SU",
    }
}
