//! Times of an iCalendar file. Source: RFC 5545, sections 3.3.4 to 3.3.6 and 3.2.19.

use icalendar::Property;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::zones::Zones;

/// A moment as a calendar writes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Moment {
    /// A whole day, wherever one is.
    Day(Date),
    /// What the clocks show, wherever one is.
    Floating(DateTime),
    /// What the clocks of a zone show.
    Zoned(DateTime, TimeZone),
}

impl Moment {
    /// The value of `property`, in the zone that it names.
    pub(super) fn read(property: &Property, zones: &Zones) -> Result<Self, String> {
        Self::of_value(property.value(), property, zones)
    }

    /// The values of `property`, a list.
    pub(super) fn list(property: &Property, zones: &Zones) -> Result<Vec<Self>, String> {
        let values = property.value().split(',');
        values
            .map(|value| Self::of_value(value.trim(), property, zones))
            .collect()
    }

    fn of_value(value: &str, property: &Property, zones: &Zones) -> Result<Self, String> {
        let zone = (property.params().get("TZID")).map(|zone| zone.value().trim_matches('"'));
        let moment = Self::parse(value)?;
        match (moment, zone) {
            (Self::Floating(at), Some(name)) => Ok(Self::Zoned(at, zones.named(name)?)),
            (moment, _) => Ok(moment),
        }
    }

    /// `20261205T200000`, `20261205T200000Z` or `20261205`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is not a time");
        if text.len() == 8 {
            return Ok(Self::Day(text.parse().map_err(|_| wrong())?));
        }
        let (local, utc) = match text.strip_suffix('Z') {
            Some(local) => (local, true),
            None => (text, false),
        };
        let at: DateTime = local.parse().map_err(|_| wrong())?;
        Ok(if utc {
            Self::Zoned(at, TimeZone::UTC)
        } else {
            Self::Floating(at)
        })
    }

    pub(super) fn is_day(&self) -> bool {
        matches!(self, Self::Day(_))
    }

    /// What the clocks show.
    pub(super) fn civil(&self) -> DateTime {
        match self {
            Self::Day(day) => day.at(0, 0, 0, 0),
            Self::Floating(at) | Self::Zoned(at, _) => *at,
        }
    }

    /// What the clocks of this moment show at `at`, as a moment of the same kind.
    pub(super) fn at(&self, at: DateTime) -> Self {
        match self {
            Self::Day(_) => Self::Day(at.date()),
            Self::Floating(_) => Self::Floating(at),
            Self::Zoned(_, zone) => Self::Zoned(at, zone.clone()),
        }
    }

    /// What the clocks of this moment show at `other`; those of `other` where one of both has no zone.
    pub(super) fn clocks_at(&self, other: &Self) -> Result<DateTime, String> {
        Ok(match (self, other.instant()?) {
            (Self::Zoned(_, zone), Some(instant)) => zone.to_datetime(instant),
            _ => other.civil(),
        })
    }

    /// The last day, where this is the first one after whole days from `start`.
    pub(super) fn last_of(self, start: &Self) -> Result<Self, String> {
        match (self, start) {
            (Self::Day(day), Self::Day(start)) if day > *start => {
                let before = day.yesterday().map_err(|error| error.to_string())?;
                Ok(Self::Day(before))
            }
            (end, _) => Ok(end),
        }
    }

    /// `span`, such as `PT90M`, after this: days by the clocks, hours as they pass.
    pub(super) fn later(&self, span: &str) -> Result<Self, String> {
        let wrong = |error: jiff::Error| format!("duration of {span}: {error}");
        let length: Span = span.parse().map_err(wrong)?;
        Ok(match self {
            Self::Day(day) => Self::Day(day.checked_add(length).map_err(wrong)?),
            Self::Floating(at) => Self::Floating(at.checked_add(length).map_err(wrong)?),
            Self::Zoned(at, zone) => {
                let start = zone.to_zoned(*at).map_err(wrong)?;
                let end = start.checked_add(length).map_err(wrong)?;
                Self::Zoned(end.datetime(), zone.clone())
            }
        })
    }

    /// The instant, where the calendar names one.
    pub(super) fn instant(&self) -> Result<Option<Timestamp>, String> {
        match self {
            Self::Zoned(at, zone) => {
                let instant = zone.to_timestamp(*at);
                instant.map(Some).map_err(|error| error.to_string())
            }
            Self::Day(_) | Self::Floating(_) => Ok(None),
        }
    }

    /// As the configuration has it; by the clocks of `local` where one is given.
    pub(super) fn written(&self, local: Option<&TimeZone>) -> Result<String, String> {
        Ok(match (self, local, self.instant()?) {
            (Self::Day(day), ..) => day.to_string(),
            (_, Some(zone), Some(instant)) => zone.to_datetime(instant).to_string(),
            (_, None, Some(instant)) => instant.to_string(),
            _ => self.civil().to_string(),
        })
    }
}
