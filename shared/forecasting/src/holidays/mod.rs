//! Holidays and the days beside them: kinds of day of their own.
//!
//! What a coming holiday does is taken from past ones of its name, from the target's other
//! holidays, and from how days of rest differ, each as far as the history speaks for it. A target
//! that never heeded a holiday keeps its ordinary forecast.

mod belief;
mod days;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use ::holidays::Place;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use self::belief::{Belief, Seen, same_name};
use self::days::{Day, Days, HOURS, distance, logs};
use crate::frame::Frame;
use crate::mixture::{mixed, moved};
use crate::quantiles::MEDIAN;
use crate::{ForecastRequest, Interval, LEVELS};

/// A public holiday in the target's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// The local day.
    pub date: Date,
    /// Its name, shared by its occurrences.
    pub name: String,
    /// The weekday that it resembles until more is known: the country's day of rest.
    pub like: Weekday,
}

impl Holiday {
    /// The holidays that `place` keeps in `zone` from two days before `from` to two days after
    /// `to`, in order of time: what a request with that history and horizon should know.
    #[must_use]
    pub fn kept(place: Place, zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Self> {
        let local = |at: Timestamp| zone.to_datetime(at).date();
        let from = local(from).checked_sub(2.days()).unwrap_or(Date::MIN);
        let to = local(to).checked_add(2.days()).unwrap_or(Date::MAX);
        let like = place.day_of_rest();
        let kept = place.holidays(from, to).into_iter();
        kept.map(|one| Self {
            date: one.date,
            name: one.name.to_owned(),
            like,
        })
        .collect()
    }
}

/// Past days of the same name that it takes to believe half of what they did.
const HALF: f64 = 0.25;
/// Past special days of which more than this part is beyond the usual do not teach usual days.
const APART: f64 = 0.5;
/// Holidays at most so many days apart make the days between them special too.
const BETWEEN: i64 = 8;
/// A change within this, as a logarithm, is not worth telling.
const WORTH_TELLING: f64 = 0.03;

/// Where a day stands to a holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// The holiday itself.
    Holiday,
    /// A working day with days off on both sides.
    Bridge,
    /// A day between two holidays that are at most eight days apart.
    Between,
    /// The day before.
    Eve,
    /// The day after.
    After,
}

/// A special day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind<'a> {
    beside: Beside,
    /// The holiday's name.
    name: &'a str,
    /// Days from that holiday.
    offset: i64,
    like: Weekday,
}

impl Kind<'_> {
    /// Whether it lies among days off.
    fn among(&self) -> bool {
        matches!(self.beside, Beside::Bridge | Beside::Between)
    }

    /// Whether both are the same day of the same holiday.
    fn same(&self, other: &Kind<'_>) -> bool {
        (self.name, self.offset) == (other.name, other.offset)
    }
}

impl fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.beside {
            Beside::Holiday => "",
            Beside::Bridge => "bridge day by ",
            Beside::Between => "between the holidays, after ",
            Beside::Eve => "day before ",
            Beside::After => "day after ",
        };
        write!(f, "{place}{}", self.name)
    }
}

/// What the history says about the special days of a request.
#[derive(Default)]
pub(crate) struct Special {
    /// Past special days that must not teach usual ones.
    pub(crate) apart: Vec<(Interval, String)>,
    /// Past special days that were unlike usual ones, or are not over: none tells of a shift of the
    /// level or of another unit.
    pub(crate) hidden: Vec<Interval>,
    /// What coming special days do.
    coming: BTreeMap<Date, Coming>,
    /// What is added to demand before taking logarithms.
    guard: f64,
}

/// What a coming day may be: one of the same name, one of its sort, an ordinary one.
struct Coming {
    name: String,
    /// Chance of each but the last, which has what is left.
    own: f64,
    sort: f64,
    /// By hour: what it then does, as a logarithm, and the variance of that.
    changes: [[(f64, f64); HOURS]; 2],
    /// Days of the same name that were seen.
    past: usize,
}

impl Special {
    /// Learns from the request's history before its cutoff.
    pub(crate) fn learn(request: &ForecastRequest<'_>) -> Self {
        if request.holidays.is_empty() {
            return Self::default();
        }
        let kinds = kinds(request.holidays);
        let days = Days::of(request, &kinds);
        let (Some(last), Some(noise)) = (days.last(), days.noise()) else {
            return Self::default();
        };
        let guard = days.guard();
        let seen: Vec<Past<'_>> = kinds
            .iter()
            .filter_map(|(date, kind)| {
                let seen = seen(&days, *date, kind, (noise, guard))?;
                Some(Past {
                    date: *date,
                    kind: *kind,
                    seen,
                })
            })
            .collect();
        let still = still_off(request, &kinds, &seen);
        let hidden = kinds
            .keys()
            .filter(|date| {
                let past = seen.iter().find(|past| past.date == **date);
                past.map_or(**date >= last, |past| past.seen.beyond > APART)
            })
            .filter_map(|date| local_day(request, *date))
            .collect();
        let apart = seen
            .iter()
            .filter(|past| past.seen.beyond > APART && still.is_none_or(|from| past.date < from))
            .filter_map(|past| {
                let reason = format!("{}: a kind of day of its own", past.kind);
                Some((local_day(request, past.date)?, reason))
            })
            .collect();
        let coming = kinds
            .range(last..)
            .filter(|(date, _)| ahead(request, **date))
            .map(|(date, kind)| {
                (
                    *date,
                    Coming::learn(&days, (*date, kind), &seen, (noise, guard)),
                )
            })
            .collect();
        Self {
            apart,
            hidden,
            coming,
            guard,
        }
    }

    /// Changes the rows of special days. Returns sentences about what was done.
    pub(crate) fn apply(
        &self,
        request: &ForecastRequest<'_>,
        frame: &Frame,
        rows: &mut [[f64; LEVELS.len()]],
    ) -> Vec<String> {
        let mut notes = Vec::new();
        // Logarithms are for demand, which is never negative.
        if frame.least < 0.0 {
            return notes;
        }
        let end = frame.values.len();
        for (date, coming) in &self.coming {
            let (mut before, mut after, mut any) = (0.0, 0.0, false);
            for (step, row) in rows.iter_mut().enumerate() {
                let local = request.zone.to_datetime(frame.time_at(end + step));
                if local.date() != *date {
                    continue;
                }
                any = true;
                before += row[MEDIAN];
                // In the middle of the step, by the middles of the hours: no stairs at finer steps.
                let half = f64::from(request.step.seconds()) / 7200.0;
                let hour = f64::from(local.hour()) + f64::from(local.minute()) / 60.0;
                *row = coming.row(row, hour + half - 0.5, self.guard);
                after += row[MEDIAN];
            }
            if any {
                notes.push(coming.tell(*date, after / before));
            }
        }
        notes
    }
}

/// A special day that was observed.
struct Past<'a> {
    date: Date,
    kind: Kind<'a>,
    seen: Seen,
}

impl Coming {
    fn learn(
        days: &Days<'_>,
        (date, kind): (Date, &Kind<'_>),
        seen: &[Past<'_>],
        (noise, guard): (f64, f64),
    ) -> Self {
        let usual = days.usual(date, date.weekday());
        let sort = seen.iter().filter(|past| past.kind.beside == kind.beside);
        let alike = sort.filter(|past| weekend(past.date, kind.like) == weekend(date, kind.like));
        let alike: Vec<&Seen> = alike.map(|past| &past.seen).collect();
        let belief = Belief::learn(kind.beside, &alike, noise);
        let rest = days.usual(date, kind.like).zip(usual);
        let rest = rest.map_or([0.0; HOURS], |(rest, usual)| logs(&rest, &usual, guard));
        let own: Vec<Day> = seen
            .iter()
            .filter(|past| past.kind.same(kind))
            .filter_map(|past| {
                let beyond = past.seen.beyond;
                if weekend(past.date, kind.like) == weekend(date, kind.like) {
                    return Some(past.seen.change.map(|log| beyond * log));
                }
                // A holiday on a weekend says little as a part of that weekend's day, but is what a
                // holiday on a working day will be like.
                let (then, now) = (days.level(past.date)?, days.level(date)?);
                let day = days.at(past.date)?.map(|value| value * now / then);
                Some(logs(&day, &usual?, guard).map(|log| beyond * log))
            })
            .collect();
        let past = own.len();
        let share = past as f64 / (past as f64 + HALF);
        Self {
            name: kind.to_string(),
            own: share,
            sort: (1.0 - share) * belief.heeded,
            changes: [
                same_name(&own).unwrap_or([(0.0, 0.0); HOURS]),
                belief.expect(&rest),
            ],
            past,
        }
    }

    /// An ordinary row as it is at `hour` of this day.
    fn row(&self, row: &[f64; LEVELS.len()], hour: f64, guard: f64) -> [f64; LEVELS.len()] {
        let [own, sort] = self
            .changes
            .map(|day| moved(row, between(&day, hour), guard));
        let rest = 1.0 - self.own - self.sort;
        mixed(&[(self.own, own), (self.sort, sort), (rest, *row)])
    }

    fn tell(&self, date: Date, factor: f64) -> String {
        let name = &self.name;
        if !factor.is_finite() || factor.max(1e-9).ln().abs() < WORTH_TELLING {
            return format!(
                "{date}, {name}: much like an ordinary day, as far as the history tells"
            );
        }
        let by = match self.past {
            0 => "by other holidays and days of rest".to_owned(),
            1 => "by its last occurrence".to_owned(),
            count => format!("by {count} past occurrences"),
        };
        format!("{date}, {name}: {factor:.2} times a usual day {by}; its band is wider")
    }
}

/// The first day of the days off that the cutoff lies in, if it does: what a holiday began goes on
/// until people are back, so those days still tell how the next one will be.
///
/// A working day beside a holiday is off where the last working day of the same stretch was. A day
/// of which past ones of its name are known is told by those, from the usual.
fn still_off(
    request: &ForecastRequest<'_>,
    kinds: &BTreeMap<Date, Kind<'_>>,
    seen: &[Past<'_>],
) -> Option<Date> {
    let rest = request.holidays.first()?.like;
    let coming = request
        .zone
        .to_datetime(request.step.floor(request.cutoff))
        .date();
    let free = |date: Date| {
        let kind = kinds.get(&date).map(|kind| kind.beside);
        weekend(date, rest) || kind == Some(Beside::Holiday)
    };
    let heeded = |date: Date| {
        let past = seen.iter().find(|past| past.date == date);
        past.is_some_and(|past| past.kind.among() && past.seen.beyond > APART)
    };
    let kind = kinds.get(&coming);
    let known = kind.is_some_and(|kind| seen.iter().any(|past| past.kind.same(kind)));
    let goes_on = kind.is_some_and(Kind::among) && {
        let days = std::iter::successors(coming.yesterday().ok(), |date| date.yesterday().ok());
        let stretch = days.take_while(|date| free(*date) || kinds.contains_key(date));
        let mut working = stretch.filter(|date| !free(*date));
        working.next().is_some_and(heeded)
    };
    if known || !(free(coming) || goes_on) {
        return None;
    }
    let mut first = coming;
    while let Ok(before) = first.yesterday() {
        if !(free(before) || heeded(before)) {
            break;
        }
        first = before;
    }
    Some(first)
}

/// The special days of `holidays`, by date. A day between two holidays belongs to the one it
/// precedes by a day, else to the one it follows.
fn kinds(holidays: &[Holiday]) -> BTreeMap<Date, Kind<'_>> {
    let own: BTreeMap<Date, &Holiday> = holidays.iter().rev().map(|one| (one.date, one)).collect();
    let mut kinds: BTreeMap<Date, Kind<'_>> = BTreeMap::new();
    let mut before: Option<(Date, &Holiday)> = None;
    for (date, holiday) in &own {
        if let Some((from, of)) = before {
            let gap = days_between(from, *date);
            let reach = if gap <= BETWEEN { gap } else { 2 };
            let beside = if gap <= BETWEEN {
                Beside::Between
            } else {
                Beside::After
            };
            add(&mut kinds, of, beside, 1..reach);
        }
        add(&mut kinds, holiday, Beside::Eve, -1..0);
        add(&mut kinds, holiday, Beside::Holiday, 0..1);
        before = Some((*date, *holiday));
    }
    if let Some((_, last)) = before {
        add(&mut kinds, last, Beside::After, 1..2);
    }
    for (date, kind) in &mut kinds {
        let last = kind.like;
        let off =
            |day: Option<Date>| day.is_some_and(|day| own.contains_key(&day) || weekend(day, last));
        let bridge =
            off(date.yesterday().ok()) && off(date.tomorrow().ok()) && !weekend(*date, last);
        if bridge && kind.beside != Beside::Holiday {
            kind.beside = Beside::Bridge;
        }
    }
    kinds
}

/// Adds the days at `offsets` from a holiday; what a holiday is already stays.
fn add<'a>(
    kinds: &mut BTreeMap<Date, Kind<'a>>,
    holiday: &'a Holiday,
    beside: Beside,
    offsets: Range<i64>,
) {
    for offset in offsets {
        let Ok(date) = holiday.date.checked_add(offset.days()) else {
            continue;
        };
        let kind = Kind {
            beside,
            name: &holiday.name,
            offset,
            like: holiday.like,
        };
        let present = kinds.get(&date).map(|kind| kind.beside);
        if present != Some(Beside::Holiday) {
            kinds.insert(date, kind);
        }
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until(to)
        .map_or(i64::MAX, |span| i64::from(span.get_days()))
}

/// Whether `date` is on a weekend that ends with the day of rest `last`.
fn weekend(date: Date, last: Weekday) -> bool {
    date.weekday() == last || date.weekday().next() == last
}

/// A past special day against its usual one; `None` where either was not observed.
fn seen(days: &Days<'_>, date: Date, kind: &Kind<'_>, (noise, guard): (f64, f64)) -> Option<Seen> {
    let day = days.at(date)?;
    let usual = days.usual(date, date.weekday())?;
    let far = distance(day, &usual)?;
    let rest = days.usual(date, kind.like)?;
    Some(Seen {
        change: logs(day, &usual, guard),
        rest: logs(&rest, &usual, guard),
        // Shrunk as James and Stein (1961) do: of the squared distance, the noise's part is none.
        beyond: (1.0 - (noise / far.max(1e-12)).powi(2)).max(0.0),
    })
}

fn ahead(request: &ForecastRequest<'_>, date: Date) -> bool {
    local_day(request, date).is_some_and(|day| day.end > request.step.floor(request.cutoff))
}

fn local_day(request: &ForecastRequest<'_>, date: Date) -> Option<Interval> {
    let midnight = |date: Date| -> Option<Timestamp> {
        let day = date.to_zoned(request.zone.clone()).ok()?;
        Some(day.start_of_day().ok()?.timestamp())
    };
    Some(Interval {
        start: midnight(date)?,
        end: midnight(date.tomorrow().ok()?)?,
    })
}

/// The value at `hour` of a day, straight between the hours.
fn between(day: &[(f64, f64); HOURS], hour: f64) -> (f64, f64) {
    let hour = hour.clamp(0.0, (HOURS - 1) as f64);
    let (from, share) = (hour as usize, hour.fract());
    let (low, high) = (day[from], day[(from + 1).min(HOURS - 1)]);
    let mix = |low: f64, high: f64| low + share * (high - low);
    (mix(low.0, high.0), mix(low.1, high.1))
}
