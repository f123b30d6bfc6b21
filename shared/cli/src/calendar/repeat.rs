//! Rules by which events of a calendar repeat. Source: RFC 5545, section 3.3.10.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

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
    let mut count = None;
    let first = start.civil();
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').ok_or_else(refuse)?;
        match key {
            "FREQ" => frequency = value,
            "INTERVAL" => interval = value.parse().map_err(|_| refuse())?,
            "UNTIL" => until = Some(last(value)?),
            "BYDAY" => weekday = value,
            "COUNT" => {
                let times = value.parse().map_err(|_| refuse())?;
                count = Some(std::num::NonZeroU16::new(times).ok_or_else(refuse)?);
            }
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
    // From the first to the last of so many.
    let steps = count.map(|count| i64::from(count.get()) - 1);
    let by_days = |days: u32| Span::new().try_days(i64::from(days) * steps.unwrap_or(0));
    let mut reach = Span::new().try_days(0);
    let mut lines = match (frequency, weekday) {
        ("DAILY", "") => {
            reach = by_days(interval);
            format!("every_days = {interval}\n")
        }
        ("WEEKLY", weekday) if weekday.is_empty() || weekday == day => {
            let days = interval.checked_mul(7).ok_or_else(refuse)?;
            reach = by_days(days);
            format!("every_days = {days}\n")
        }
        ("MONTHLY", "") if interval == 1 && always => {
            reach = Span::new().try_months(steps.unwrap_or(0));
            "every = \"month\"\n".to_owned()
        }
        ("MONTHLY", weekday)
            if interval == 1
                && count.is_none()
                && (nth < 5 && weekday == format!("{nth}{day}")
                    || nth == 5 && weekday == format!("-1{day}")) =>
        {
            "every = \"month-weekday\"\n".to_owned()
        }
        ("YEARLY", "") if interval == 1 && (always || first.month() != 2) => {
            reach = Span::new().try_years(steps.unwrap_or(0));
            "every = \"year\"\n".to_owned()
        }
        _ => return Err(refuse()),
    };
    if count.is_some() {
        let reach = reach.map_err(|_| refuse())?;
        until = Some(behind(start.by_clocks(reach).map_err(|_| refuse())?)?);
    }
    if let Some(until) = until {
        lines.push_str(&format!("until = \"{until}\"\n"));
    }
    Ok(lines)
}

/// Until when, as the configuration has it: there the moment itself is out, in a calendar it is in.
fn last(value: &str) -> Result<String, String> {
    behind(Moment::parse(value)?)
}

/// As the configuration has the end of what begins at `moment` for the last time.
fn behind(moment: Moment) -> Result<String, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_times_end_with_the_last_of_them() {
        let start = Moment::parse("20261205T200000").unwrap();
        for (rule, wanted) in [
            (
                "FREQ=DAILY;COUNT=3",
                "every_days = 1\nuntil = \"2026-12-07T20:00:01\"\n",
            ),
            (
                "FREQ=WEEKLY;INTERVAL=2;COUNT=3",
                "every_days = 14\nuntil = \"2027-01-02T20:00:01\"\n",
            ),
            (
                "FREQ=WEEKLY;BYDAY=SA;COUNT=1",
                "every_days = 7\nuntil = \"2026-12-05T20:00:01\"\n",
            ),
            (
                "FREQ=MONTHLY;COUNT=2",
                "every = \"month\"\nuntil = \"2027-01-05T20:00:01\"\n",
            ),
            (
                "FREQ=YEARLY;COUNT=4",
                "every = \"year\"\nuntil = \"2029-12-05T20:00:01\"\n",
            ),
        ] {
            assert_eq!(lines(rule, &start, &[]).as_deref(), Ok(wanted), "{rule}");
        }
        let day = Moment::parse("20261205").unwrap();
        let told = lines("FREQ=DAILY;COUNT=2", &day, &[]);
        assert_eq!(
            told.as_deref(),
            Ok("every_days = 1\nuntil = \"2026-12-06\"\n")
        );
        for rule in [
            "FREQ=DAILY;COUNT=0",
            "FREQ=DAILY;COUNT=x",
            "FREQ=YEARLY;COUNT=65535",
        ] {
            assert!(lines(rule, &start, &[]).is_err(), "{rule}");
        }
    }
}
