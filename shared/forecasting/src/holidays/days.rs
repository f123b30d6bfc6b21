use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use timeseries::Step;

use super::Kind;
use crate::calendar::Calendar;
use crate::numbers::median;
use crate::{ForecastRequest, Interval, Occasion, shift, units};

/// Hours of a day.
pub(super) const HOURS: usize = 24;
/// Demand by hour of one local day; NaN where nothing was observed.
pub(super) type Day = [f64; HOURS];

/// Days of history that are looked at: three past occurrences of each holiday.
const MOST_DAYS: i64 = 1200;
/// Weeks to either side that tell what a day would have been.
const WEEKS: i64 = 4;
/// Hours that must have been observed for a day to count.
const LEAST_HOURS: usize = 18;
/// Days that a shift of the level is looked for in, and of which its last fortnight is searched; a stride of
/// less, so that each shift has days after it in one of them.
const SHIFT_DAYS: usize = 42;
const LEAST_SHIFT_DAYS: usize = 21;
const SHIFT_STRIDE_DAYS: usize = 7;
/// A day of less than this from the week before, as a logarithm, is no shift: those go from 0.26 on.
const MOVED: f64 = 0.2;
/// Share of the recent mean demand that is added before taking logarithms.
const GUARD: f64 = 0.05;

/// The history by local days, and which of them are special.
pub(super) struct Days<'a> {
    days: BTreeMap<Date, Day>,
    kinds: &'a BTreeMap<Date, Kind<'a>>,
}

impl<'a> Days<'a> {
    /// The days of the request's history that end before its cutoff.
    pub(super) fn of(request: &ForecastRequest<'_>, kinds: &'a BTreeMap<Date, Kind<'a>>) -> Self {
        let reach = SignedDuration::from_hours(24 * MOST_DAYS);
        let cutoff = request.step.floor(request.cutoff);
        let from = Step::HOUR.floor(cutoff.saturating_sub(reach).unwrap_or(cutoff));
        let past = request.history.between(from, cutoff);
        let mut cells: BTreeMap<Date, [(f64, f64); HOURS]> = BTreeMap::new();
        // By the hour first: asking the zone for every minute of three years takes long.
        let hours = past.resample(Step::HOUR).unwrap_or(past);
        let occasions = request.occasions.iter().map(Occasion::span);
        let out_of_use: Vec<Interval> = request.left_out.iter().copied().chain(occasions).collect();
        let out_of_use = |index: &usize| {
            let (at, after) = (hours.time_at(*index), hours.time_at(index + 1));
            let out = |one: &Interval| one.start < after && one.end > at;
            out_of_use.iter().any(out)
        };
        let local = (0..hours.len()).map(|index| request.zone.to_datetime(hours.time_at(index)));
        let local: Vec<DateTime> = local.collect();
        let mut values = hours.values().to_vec();
        for index in (0..values.len()).filter(out_of_use) {
            values[index] = f64::NAN;
        }
        let special = |index: usize| kinds.contains_key(&local[index].date());
        at_todays_level(&mut values, hours.start(), request, special);
        for (value, local) in values
            .iter()
            .zip(&local)
            .filter(|(value, _)| !value.is_nan())
        {
            let hour = usize::try_from(local.hour()).unwrap_or(0).min(HOURS - 1);
            let cell = &mut cells.entry(local.date()).or_insert([(0.0, 0.0); HOURS])[hour];
            cell.0 += value;
            cell.1 += 1.0;
        }
        let mean = |(sum, count): (f64, f64)| if count > 0.0 { sum / count } else { f64::NAN };
        let days = cells
            .into_iter()
            .map(|(date, cells)| (date, cells.map(mean)))
            .collect();
        Self { days, kinds }
    }

    /// The day `date`, when most of it was observed.
    pub(super) fn at(&self, date: Date) -> Option<&Day> {
        self.days
            .get(&date)
            .filter(|day| day.iter().filter(|value| !value.is_nan()).count() >= LEAST_HOURS)
    }

    /// The last whole day.
    pub(super) fn last(&self) -> Option<Date> {
        self.days.keys().next_back().copied()
    }

    /// What a day with the weekday `like` usually is around `date`: the median of those in the
    /// weeks before and after that are not special; `None` with less than two.
    pub(super) fn usual(&self, date: Date, like: Weekday) -> Option<Day> {
        let ahead = i64::from(date.weekday().until(like));
        let first = date.checked_add((ahead - 7 * WEEKS - 7).days()).ok()?;
        let mut around: Vec<&Day> = Vec::with_capacity(2 * WEEKS as usize + 2);
        for week in 0..=2 * WEEKS + 1 {
            let Ok(other) = first.checked_add((7 * week).days()) else {
                continue;
            };
            if other != date && !self.kinds.contains_key(&other) {
                around.extend(self.at(other));
            }
        }
        if around.len() < 2 {
            return None;
        }
        let mut values = Vec::with_capacity(around.len());
        Some(std::array::from_fn(|hour| {
            values.clear();
            values.extend(around.iter().map(|day| day[hour]).filter(|v| !v.is_nan()));
            if values.is_empty() {
                f64::NAN
            } else {
                median(&mut values)
            }
        }))
    }

    /// Mean demand of a usual week around `date`.
    pub(super) fn level(&self, date: Date) -> Option<f64> {
        let week: Vec<f64> = (0..7)
            .filter_map(|day| {
                let like = date.weekday().wrapping_add(day);
                mean(&self.usual(date, like)?)
            })
            .collect();
        (week.len() >= 5).then(|| week.iter().sum::<f64>() / week.len() as f64)
    }

    /// How far usual days lie from what they usually are, as a share of it: the upper quartile over
    /// the last weeks. Less than two weeks tell nothing.
    pub(super) fn noise(&self) -> Option<f64> {
        let mut sizes: Vec<f64> = self
            .ordinary()
            .filter_map(|date| {
                let usual = self.usual(date, date.weekday())?;
                distance(self.at(date)?, &usual)
            })
            .collect();
        if sizes.len() < 7 {
            return None;
        }
        sizes.sort_by(f64::total_cmp);
        Some(sizes[3 * (sizes.len() - 1) / 4])
    }

    /// What is added to demand before taking logarithms.
    pub(super) fn guard(&self) -> f64 {
        let recent: Vec<f64> = self
            .ordinary()
            .filter_map(|date| mean(self.days.get(&date)?))
            .collect();
        GUARD * recent.iter().sum::<f64>().abs() / recent.len().max(1) as f64
    }

    /// The days of the last eight weeks that are not special.
    pub(super) fn ordinary(&self) -> impl Iterator<Item = Date> + '_ {
        self.days
            .keys()
            .rev()
            .take(8 * 7)
            .copied()
            .filter(|date| !self.kinds.contains_key(date))
    }
}

/// Brings hours from `start` on to the unit and the level of the last ones: what a holiday before a migration
/// did is compared with days after it. What is `special` tells of neither.
fn at_todays_level(
    values: &mut [f64],
    start: Timestamp,
    request: &ForecastRequest<'_>,
    special: impl Fn(usize) -> bool,
) {
    let mut shown = values.to_vec();
    let hidden = (0..shown.len()).filter(|index| special(*index));
    hidden.for_each(|index| shown[index] = f64::NAN);
    for jump in units::mend(&mut shown, HOURS) {
        let before = values[..jump.at].iter_mut();
        before.for_each(|value| *value *= jump.factor);
    }
    let days: Vec<f64> = shown
        .chunks_exact(HOURS)
        .map(|day| day.try_into().ok().and_then(mean).unwrap_or(f64::NAN))
        .collect();
    // Most weeks are like the one before: spare them the search.
    let moved = |day: &usize| {
        let before = day.checked_sub(7).and_then(|before| days.get(before));
        let times = before.zip(days.get(*day)).map(|(before, day)| day / before);
        times.is_some_and(|times| times.ln().abs() >= MOVED)
    };
    // From the latest shift back: each is looked for in the weeks that end some days after it.
    let mut end = shown.len();
    while end > LEAST_SHIFT_DAYS * HOURS {
        let from = end.saturating_sub(SHIFT_DAYS * HOURS);
        if !(end / HOURS - LEAST_SHIFT_DAYS..=end / HOURS).any(|day| moved(&day)) {
            end = end.saturating_sub(SHIFT_STRIDE_DAYS * HOURS);
            continue;
        }
        let begin = Step::HOUR
            .duration()
            .checked_mul(i32::try_from(from).unwrap_or(i32::MAX));
        let begin = begin.and_then(|ahead| start.checked_add(ahead).ok());
        let Some(begin) = begin else { break };
        let calendar = Calendar::new(begin, Step::HOUR, end - from, request.zone);
        if let Some(shift) = shift::find(&shown[from..end], &calendar) {
            for values in [
                &mut shown[..from + shift.at],
                &mut values[..from + shift.at],
            ] {
                values.iter_mut().for_each(|value| *value *= shift.factor);
            }
        }
        end = end.saturating_sub(SHIFT_STRIDE_DAYS * HOURS);
    }
}

/// Mean over the hours that have a value.
pub(super) fn mean(day: &Day) -> Option<f64> {
    let known = || day.iter().filter(|value| !value.is_nan());
    let count = known().count();
    (count > 0).then(|| known().sum::<f64>() / count as f64)
}

/// Absolute distance of a day from `usual` as a share of it.
pub(super) fn distance(day: &Day, usual: &Day) -> Option<f64> {
    let (mut far, mut size) = (0.0, 0.0);
    for (value, usual) in day.iter().zip(usual) {
        if !value.is_nan() && !usual.is_nan() {
            far += (value - usual).abs();
            size += usual.abs();
        }
    }
    (size > 0.0).then(|| far / size)
}

/// By hour, the logarithm of `day` over `usual`, `guard` added to both; 0 where either is unknown.
pub(super) fn logs(day: &Day, usual: &Day, guard: f64) -> Day {
    std::array::from_fn(|hour| {
        let log = ((day[hour].max(0.0) + guard) / (usual[hour].max(0.0) + guard)).ln();
        if log.is_finite() { log } else { 0.0 }
    })
}
