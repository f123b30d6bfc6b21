//! Rules by which events of a calendar repeat. Source: RFC 5545, sections 3.3.10 and 3.8.5.

use std::collections::BTreeSet;

use config::Every;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rrule::RRuleSet;

use super::times::Moment;

/// Most occurrences that are looked at: every day of half a century.
const MOST: usize = 20_000;

/// Most that are passed on the way to them: every hour of a century.
const MOST_PASSED: usize = 900_000;

/// A rule, by the clocks of the event that it repeats.
#[derive(Debug)]
pub(super) struct Rule {
    /// As the calendar has it.
    pub(super) text: String,
    parts: Vec<(String, String)>,
    set: RRuleSet,
    /// The last moment at which an occurrence may start, where the rule names one.
    pub(super) until: Option<DateTime>,
}

/// Occurrences of a rule in a stretch of time.
#[derive(Debug)]
pub(super) struct Occurrences {
    pub(super) starts: BTreeSet<DateTime>,
    /// Whether there is none after them.
    pub(super) all: bool,
}

impl Rule {
    /// The rule `text` of an event that starts at `start`.
    pub(super) fn read(text: &str, start: &Moment) -> Result<Self, String> {
        let refuse = |why: &str| format!("it repeats by {text}, which cannot be read: {why}");
        let mut parts = Vec::new();
        let mut until = None;
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| refuse("a part of it is not NAME=VALUE"))?;
            let (key, mut value) = (key.to_ascii_uppercase(), value.to_ascii_uppercase());
            if key == "UNTIL" {
                let last = last(&value, start)?;
                value = utc(last);
                until = Some(last);
            }
            parts.push((key, value));
        }
        let first = start.civil();
        if until.is_some_and(|until| until < first) {
            return Err(refuse("it ends before it starts"));
        }
        let written: Vec<String> = (parts.iter())
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        // Its clocks are read as those of UTC, which never change: the zone comes in afterwards.
        let set = format!("DTSTART:{}\nRRULE:{}", utc(first), written.join(";"));
        let set: RRuleSet = set.parse().map_err(|error| match error {
            rrule::RRuleError::ParserError(error) => refuse(&error.to_string()),
            rrule::RRuleError::ValidationError(error) => refuse(&error.to_string()),
            other => refuse(&other.to_string()),
        })?;
        let rule = Self {
            text: text.to_owned(),
            parts,
            set: set.limit(),
            until,
        };
        match rule.value("FREQ") {
            Some("MINUTELY" | "SECONDLY") => Err(format!(
                "it repeats by {text}, more often than each hour: write it as one event"
            )),
            _ => Ok(rule),
        }
    }

    fn value(&self, key: &str) -> Option<&str> {
        let found = self.parts.iter().find(|(other, _)| other == key);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether it says when, or after how many, it ends.
    pub(super) fn ends(&self) -> bool {
        self.until.is_some() || self.value("COUNT").is_some()
    }

    /// How an event of the configuration comes nearest to repeating as this rule does.
    pub(super) fn every(&self) -> Option<Every> {
        let interval: u32 = match self.value("INTERVAL") {
            Some(text) => text.parse().ok()?,
            None => 1,
        };
        let days = |days: u32| (1..=366).contains(&days).then_some(Every::Days(days));
        match (self.value("FREQ")?, self.value("BYDAY")) {
            ("DAILY", None) => days(interval),
            ("DAILY", Some(_)) if interval == 1 => days(7),
            ("WEEKLY", _) => days(interval.checked_mul(7)?),
            ("MONTHLY", None) if interval == 1 => Some(Every::Month),
            ("MONTHLY", Some(_)) if interval == 1 => Some(Every::MonthWeekday),
            ("YEARLY", None) if interval == 1 => Some(Every::Year),
            _ => None,
        }
    }

    /// Its occurrences from `from` to `to`, both in.
    pub(super) fn occurrences(&self, from: DateTime, to: DateTime) -> Occurrences {
        let mut starts = BTreeSet::new();
        for at in (&self.set).into_iter().take(MOST_PASSED) {
            let Ok(at) = Timestamp::from_second(at.timestamp()) else {
                break;
            };
            let at = TimeZone::UTC.to_datetime(at);
            if at > to || starts.len() >= MOST {
                return Occurrences { starts, all: false };
            }
            if at >= from {
                starts.insert(at);
            }
        }
        Occurrences { starts, all: true }
    }
}

fn utc(at: DateTime) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The last moment that UNTIL allows, by the clocks of `start`: a day is in as a whole.
fn last(value: &str, start: &Moment) -> Result<DateTime, String> {
    let until = Moment::parse(value)?;
    match until {
        Moment::Day(day) => Ok(day.to_datetime(Time::constant(23, 59, 59, 0))),
        _ => start.clocks_at(&until),
    }
}

/// The first moment after an occurrence at `at`.
pub(super) fn behind(at: DateTime) -> DateTime {
    at.saturating_add(SignedDuration::from_secs(1))
}
