//! One event of a calendar, with all its repetitions. Source: RFC 5545, sections 3.6.1 and 3.8.5.

use std::collections::BTreeSet;

use config::Every;
use icalendar::{Component, Property};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::pieces::{self, Piece};
use super::rule::Rule;
use super::times::Moment;
use super::zones::Zones;

/// Days in which the clocks of two zones have to keep their distance.
const LOOKED_AT: i64 = 3 * 366;

/// Most occurrences of one event that are written out: each day of the window, nearly.
const MOST_WRITTEN: usize = 1000;

/// Days back for which occurrences are taken: as far as a forecast learns from, a year and some weeks.
const DAYS_BACK: i64 = 400;

/// Years ahead for which occurrences of what never ends are written out.
const YEARS_AHEAD: i64 = 2;

/// For which time occurrences are taken, both ends in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) from: DateTime,
    to: DateTime,
}

impl Window {
    /// The 400 days before `now` and the two years after it.
    pub(super) fn around(now: Timestamp) -> Self {
        let now = TimeZone::UTC.to_datetime(now);
        Self {
            from: now.saturating_sub(DAYS_BACK.days()),
            to: now.saturating_add(YEARS_AHEAD.years()),
        }
    }
}

/// An event of a calendar.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) uid: Option<String>,
    pub(super) cancelled: bool,
    /// The date of its series that it stands for, as the calendar writes it and as a moment.
    pub(super) instead_of: Option<(String, Moment)>,
    start: Moment,
    end: Moment,
    rule: Option<Rule>,
    /// Starts besides.
    added: Vec<Moment>,
    /// Starts that are none.
    left_out: Vec<Moment>,
}

impl Series {
    /// Reads `event`, in a calendar that defines `zones`.
    pub(super) fn read(
        event: &icalendar::Event,
        name: &str,
        zones: &Zones,
    ) -> Result<Self, String> {
        let moment = |key: &str| {
            let property = event.properties().get(key);
            property.map(|found: &Property| Moment::read(found, zones))
        };
        let start = moment("DTSTART").ok_or("it has no start")??;
        let end = match (moment("DTEND"), event.property_value("DURATION")) {
            // The end of whole days is the first day after them; ours is the last one.
            (Some(end), _) => end?.last_of(&start)?,
            (None, Some(span)) => start.later(span)?.last_of(&start)?,
            (None, None) if start.is_day() => start.clone(),
            (None, None) => return Err("it has neither end nor duration".to_owned()),
        };
        if event.properties().contains_key("EXRULE") {
            return Err(
                "it leaves out dates by EXRULE, which is not read: write it as events of its own"
                    .to_owned(),
            );
        }
        let instead_of = match event.properties().get("RECURRENCE-ID") {
            Some(found) if found.params().contains_key("RANGE") => {
                return Err(
                    "it changes its series from a date on, which is not read: the series is taken as it \
                     was; end it there and add another"
                        .to_owned(),
                );
            }
            Some(found) => Some((found.value().to_owned(), Moment::read(found, zones)?)),
            None => None,
        };
        let list = |key: &str| -> Result<Vec<Moment>, String> {
            let found = event.multi_properties().get(key).into_iter().flatten();
            let lists = found.map(|property| Moment::list(property, zones));
            Ok(lists.collect::<Result<Vec<_>, _>>()?.concat())
        };
        let rule = event.property_value("RRULE");
        Ok(Self {
            name: name.to_owned(),
            uid: event
                .get_uid()
                .filter(|uid| !uid.is_empty())
                .map(str::to_owned),
            cancelled: (event.property_value("STATUS"))
                .is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")),
            instead_of,
            rule: rule.map(|rule| Rule::read(rule, &start)).transpose()?,
            added: list("RDATE")?,
            left_out: list("EXDATE")?,
            start,
            end,
        })
    }

    /// What it comes to, and what is to be said of it; without the dates `parted`, which have events of
    /// their own, for targets in `zones`.
    pub(super) fn pieces(
        &self,
        parted: &[Moment],
        zones: &[TimeZone],
        window: Window,
    ) -> Result<(Vec<Piece>, Option<String>), String> {
        let first = self.start.civil();
        // A single event, one that stands for a date of a series, or one that is only to be taken out.
        if self.cancelled
            || self.instead_of.is_some()
            || self.rule.is_none() && self.added.is_empty() && self.left_out.is_empty()
        {
            return Ok((vec![Piece::single(first)], None));
        }
        let left_out = self.starts(self.left_out.iter().chain(parted))?;
        // The start is an occurrence, also where the rule would not have it.
        let mut besides = self.starts(&self.added)?;
        besides.insert(first);
        let (mut pieces, note) = match &self.rule {
            None => (Vec::new(), None),
            Some(rule) => self.repeated(rule, &left_out, zones, window)?,
        };
        let in_rule = |at: &DateTime| match &self.rule {
            Some(rule) => rule.occurrences(*at, *at).starts.contains(at),
            None => false,
        };
        let singles = besides.difference(&left_out).filter(|at| !in_rule(at));
        pieces.extend(singles.copied().map(Piece::single));
        let (over, mut pieces): (Vec<Piece>, Vec<Piece>) =
            (pieces.into_iter()).partition(|piece| piece.over_before(window.from));
        if pieces.is_empty() && over.is_empty() {
            return Err("all of its dates are left out".to_owned());
        }
        if pieces.is_empty() {
            return Err(format!("it was over before {}", window.from.date()));
        }
        if pieces.len() > MOST_WRITTEN {
            return Err(format!(
                "it has more than {MOST_WRITTEN} single dates: write it as events that repeat"
            ));
        }
        pieces.sort_by_key(|piece| piece.first);
        Ok((pieces, note))
    }

    fn repeated(
        &self,
        rule: &Rule,
        left_out: &BTreeSet<DateTime>,
        zones: &[TimeZone],
        window: Window,
    ) -> Result<(Vec<Piece>, Option<String>), String> {
        let first = self.start.civil();
        let why = match pieces::exact(rule, first, left_out) {
            Some(pieces) => match other_clocks(&self.start, zones, by_date(&pieces))? {
                None => return Ok((pieces, None)),
                Some(why) => why,
            },
            None => format!("it repeats by {}, which no event can say", rule.text),
        };
        let to = match rule.ends() {
            true => DateTime::MAX,
            false => window.to,
        };
        let found = rule.occurrences(first.max(window.from), to);
        let starts = found.starts.difference(left_out).copied();
        let starts: Vec<DateTime> = starts.take(MOST_WRITTEN).collect();
        let (Some(from), Some(to)) = (starts.first(), starts.last()) else {
            return Err(match found.all {
                true => format!("it was over before {}", window.from.date()),
                false => format!(
                    "{why}, and it does not take place before {}",
                    window.to.date()
                ),
            });
        };
        let again = match found.all && starts.len() < MOST_WRITTEN {
            true => "",
            false => "; import the calendar again before then",
        };
        let dates = match starts.len() {
            1 => format!("its one date, {}, is", from.date()),
            many => format!("its {many} dates from {} to {} are", from.date(), to.date()),
        };
        let note = format!("{why}: {dates} written out{again}");
        Ok((starts.into_iter().map(Piece::single).collect(), Some(note)))
    }

    /// The starts that `moments` mean: of a day alone, the one of that day.
    fn starts<'m>(
        &self,
        moments: impl IntoIterator<Item = &'m Moment>,
    ) -> Result<BTreeSet<DateTime>, String> {
        let first = self.start.civil();
        let start = |moment: &Moment| {
            Ok(match moment {
                Moment::Day(day) => day.to_datetime(first.time()),
                moment => self.start.at(self.start.clocks_at(moment)?).civil(),
            })
        };
        moments.into_iter().map(start).collect()
    }

    /// The `[[event]]` table of `piece`.
    pub(super) fn table(
        &self,
        piece: &Piece,
        common: &str,
        zones: &[TimeZone],
    ) -> Result<String, String> {
        // What repeats by the clocks of the targets keeps its time of day there.
        let local = zones
            .first()
            .filter(|first| piece.repeats.is_some() && zones.iter().all(|zone| zone == *first));
        let length = self.end.civil().duration_since(self.start.civil());
        let end = piece.first.saturating_add(length);
        let quoted = |text: &str| toml_edit::Value::from(text).to_string();
        let mut table = format!(
            "name = {}\nstart = {}\nend = {}\n",
            quoted(&self.name.chars().take(100).collect::<String>()),
            quoted(&self.start.at(piece.first).written(local)?),
            quoted(&self.start.at(end).written(local)?),
        );
        if let Some((every, until)) = piece.repeats {
            table.push_str(&match every {
                Every::Days(days) => format!("every_days = {days}\n"),
                Every::Month => "every = \"month\"\n".to_owned(),
                Every::MonthWeekday => "every = \"month-weekday\"\n".to_owned(),
                Every::Year => "every = \"year\"\n".to_owned(),
            });
            if let Some(until) = until {
                // A day alone is in as a whole.
                let before = match self.start.is_day() {
                    true => until.saturating_sub(SignedDuration::from_secs(1)),
                    false => until,
                };
                let written = self.start.at(before).written(None)?;
                table.push_str(&format!("until = {}\n", quoted(&written)));
            }
        }
        table.push_str(common);
        Ok(table)
    }

    /// What names `piece`, one of `several` or the only one.
    pub(super) fn uid_of(&self, piece: &Piece, several: bool) -> Option<String> {
        let uid = self.uid.as_ref()?;
        Some(match &self.instead_of {
            Some((moment, _)) => format!("{uid} {moment}"),
            None if several => format!("{uid} {}", piece.first.strftime("%Y%m%dT%H%M%S")),
            None => uid.clone(),
        })
    }
}

fn by_date(pieces: &[Piece]) -> bool {
    let every = pieces.iter().filter_map(|piece| piece.repeats);
    every
        .map(|(every, _)| every)
        .any(|every| !matches!(every, Every::Days(_)))
}

/// Why what repeats by the clocks of another zone than a target's cannot repeat by the target's: those
/// change at other times or, counting by months, show another date.
fn other_clocks(
    start: &Moment,
    zones: &[TimeZone],
    by_date: bool,
) -> Result<Option<String>, String> {
    let (Moment::Zoned(_, own), Some(first)) = (start, start.instant()?) else {
        return Ok(None);
    };
    let day = |index: i64| first.saturating_add(SignedDuration::from_hours(24 * index));
    let apart =
        |at: Timestamp, zone: &TimeZone| own.to_offset(at).seconds() - zone.to_offset(at).seconds();
    let other = zones.iter().filter(|zone| *zone != own).find(|zone| {
        let constant = (0..LOOKED_AT)
            .filter_map(|index| day(index).ok())
            .all(|at| apart(at, zone) == apart(first, zone));
        let date = own.to_datetime(first).date() == zone.to_datetime(first).date();
        !constant || by_date && !date
    });
    let name = |zone: &TimeZone| zone.iana_name().unwrap_or("its own zone").to_owned();
    Ok(other.map(|zone| {
        format!(
            "it repeats by the clocks of {}, and events by those of {}",
            name(own),
            name(zone)
        )
    }))
}
