use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use crate::Target;

/// Most occurrences of one event that are listed at once: 27 years of every day.
const MOST_OCCURRENCES: i64 = 10_000;

/// A coming occasion that people know of.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name, shared by its occurrences.
    pub name: String,
    /// Targets it concerns; empty means all.
    pub targets: Vec<String>,
    /// Start of the first or only occurrence.
    pub start: EventTime,
    /// Its end.
    pub end: EventTime,
    /// How it repeats, where it does.
    pub every: Option<Every>,
    /// No occurrence starts at or after this moment, where given.
    pub until: Option<EventTime>,
    /// Demand already rises this long before.
    pub lead: SignedDuration,
    /// Demand falls off for this long after.
    pub tail: SignedDuration,
    /// What it does.
    pub effect: EventEffect,
    /// Before this moment nobody knew; `None` means always known. Used by `simulate`.
    pub announced_at: Option<EventTime>,
}

/// A moment as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventTime {
    /// Written with an offset: the same instant for every target.
    Instant(Timestamp),
    /// Written without: what the clocks of each target's own zone show.
    Local(DateTime),
}

impl EventTime {
    /// The instant it is in `zone`. A local time that a clock change skips is read as if the clocks
    /// had not changed yet; of one that comes twice, the first is meant.
    #[must_use]
    pub fn in_zone(self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Instant(at) => at,
            Self::Local(at) => instant(at, zone),
        }
    }

    /// What the clocks of `zone` show at that moment.
    #[must_use]
    pub fn civil(self, zone: &TimeZone) -> DateTime {
        match self {
            Self::Instant(at) => zone.to_datetime(at),
            Self::Local(at) => at,
        }
    }
}

impl fmt::Display for EventTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant(at) => at.fmt(f),
            Self::Local(at) => at.fmt(f),
        }
    }
}

/// How an event repeats, counted in the days of each target's own zone: an occurrence keeps its
/// time of day through clock changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Every so many days, 1 to 366.
    Days(u32),
    /// The same day of every month; the month's last where it is shorter.
    Month,
    /// The same weekday of every month, such as its third Tuesday; its last for a fifth one.
    MonthWeekday,
    /// The same day of every year; 28 February for 29 February where there is none.
    Year,
}

impl Every {
    /// Start of occurrence number `index`, counted from 0, of an event that starts at `first`;
    /// `None` past the last time there is.
    #[must_use]
    pub fn start(self, first: DateTime, index: i64) -> Option<DateTime> {
        let span = Span::new();
        match self {
            Self::Days(days) => {
                let span = span.try_days(index.checked_mul(i64::from(days))?).ok()?;
                first.checked_add(span).ok()
            }
            Self::Month => first.checked_add(span.try_months(index).ok()?).ok(),
            Self::Year => first.checked_add(span.try_years(index).ok()?).ok(),
            Self::MonthWeekday => {
                let month = first.first_of_month();
                let month = month.checked_add(span.try_months(index).ok()?).ok()?;
                let nth = match (first.day() - 1) / 7 + 1 {
                    5 => -1,
                    nth => nth,
                };
                month.nth_weekday_of_month(nth, first.weekday()).ok()
            }
        }
    }

    /// At least this many days lie between two occurrences.
    pub(crate) fn shortest_days(self) -> u32 {
        match self {
            Self::Days(count) => count,
            Self::Month | Self::MonthWeekday => 28,
            Self::Year => 365,
        }
    }

    /// At most this many days lie between two occurrences.
    fn longest_days(self) -> u32 {
        match self {
            Self::Days(count) => count.max(1),
            Self::Month => 31,
            Self::MonthWeekday => 35,
            Self::Year => 366,
        }
    }
}

/// What an event does to demand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum EventEffect {
    /// Times what it would have been, above 0, at most 1000.
    Multiplier(f64),
    /// Requests per minute.
    Demand(f64),
    /// As on this day of the target's zone.
    Like(Date),
    /// As past occurrences of the same name showed.
    Learnt,
}

/// One occurrence of an event for one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// The event's name.
    pub name: String,
    /// When it begins to apply in full.
    pub start: Timestamp,
    /// When it no longer applies in full; after `start`.
    pub end: Timestamp,
    /// Demand already rises this long before `start`.
    pub lead: SignedDuration,
    /// Demand falls off for this long after `end`.
    pub tail: SignedDuration,
    /// What it does.
    pub effect: OccurrenceEffect,
    /// Before this moment nobody knew; `None` means always known.
    pub announced_at: Option<Timestamp>,
}

/// What one occurrence of an event does to demand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OccurrenceEffect {
    /// Times what it would have been.
    Multiplier(f64),
    /// Requests per minute.
    Demand(f64),
    /// As on the local day that begins at this moment.
    Like(Timestamp),
    /// As past occurrences of the same name showed.
    Learnt,
}

impl Occurrence {
    /// First moment of it, its lead included.
    #[must_use]
    pub fn from(&self) -> Timestamp {
        earlier(self.start, self.lead)
    }

    /// First moment after it, its tail included.
    #[must_use]
    pub fn to(&self) -> Timestamp {
        later(self.end, self.tail)
    }
}

impl Event {
    /// Whether it concerns the target called `name`.
    #[must_use]
    pub fn concerns(&self, name: &str) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|target| target == name)
    }

    /// Whether people knew of it at `now`, as far as `target` is concerned.
    #[must_use]
    pub fn known(&self, target: &Target, now: Timestamp) -> bool {
        self.announced_at
            .is_none_or(|at| at.in_zone(&target.zone) <= now)
    }

    /// Its occurrences for `target` that touch `[from, to)`, lead and tail included, in order of
    /// time; none where it does not concern the target.
    #[must_use]
    pub fn occurrences(&self, target: &Target, from: Timestamp, to: Timestamp) -> Vec<Occurrence> {
        if !self.concerns(&target.name) || from >= to {
            return Vec::new();
        }
        let zone = &target.zone;
        let Some(every) = self.every else {
            let only = self.occurrence(zone, self.start.in_zone(zone), self.end.in_zone(zone));
            return Vec::from_iter(Some(only).filter(|o| o.from() < to && o.to() > from));
        };
        let first = self.start.civil(zone);
        let length = self.civil_length(zone);
        let until = self.until.map(|until| until.in_zone(zone));
        let mut found = Vec::new();
        for index in self.first_index(every, zone, from).. {
            let Some(start) = every.start(first, index) else {
                break;
            };
            let Ok(end) = start.checked_add(length) else {
                break;
            };
            let next = self.occurrence(zone, instant(start, zone), instant(end, zone));
            let over = until.is_some_and(|until| next.start >= until);
            if over || next.from() >= to || found.len() as i64 >= MOST_OCCURRENCES {
                break;
            }
            if next.to() > from {
                found.push(next);
            }
        }
        found
    }

    /// Number of an occurrence that surely ends before `from`, or of the first one.
    fn first_index(&self, every: Every, zone: &TimeZone, from: Timestamp) -> i64 {
        let last_moment = later(self.end.in_zone(zone), self.tail);
        let days = from.duration_since(last_moment).as_hours() / 24;
        // Two fewer: a day may be an hour short, and the division rounds.
        (days / i64::from(every.longest_days()) - 2).max(0)
    }

    /// From start to end by the clocks of `zone`.
    fn civil_length(&self, zone: &TimeZone) -> SignedDuration {
        self.end.civil(zone).duration_since(self.start.civil(zone))
    }

    fn occurrence(&self, zone: &TimeZone, start: Timestamp, end: Timestamp) -> Occurrence {
        // A clock change may skip the whole of a short local stretch: it then keeps its length.
        let length = self.end.civil(zone).duration_since(self.start.civil(zone));
        let end = if end > start {
            end
        } else {
            later(start, length)
        };
        let effect = match self.effect {
            EventEffect::Multiplier(factor) => OccurrenceEffect::Multiplier(factor),
            EventEffect::Demand(demand) => OccurrenceEffect::Demand(demand),
            EventEffect::Like(day) => OccurrenceEffect::Like(instant(day.at(0, 0, 0, 0), zone)),
            EventEffect::Learnt => OccurrenceEffect::Learnt,
        };
        Occurrence {
            name: self.name.clone(),
            start,
            end,
            lead: self.lead,
            tail: self.tail,
            effect,
            announced_at: self.announced_at.map(|at| at.in_zone(zone)),
        }
    }
}

/// The instant at which the clocks of `zone` show `at`; the last one there is beyond year 9999.
fn instant(at: DateTime, zone: &TimeZone) -> Timestamp {
    zone.to_timestamp(at).unwrap_or(Timestamp::MAX)
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
