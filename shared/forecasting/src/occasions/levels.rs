//! The level of demand around any day of the history, however far back: an occasion of then is read at
//! the level of now.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::frame::Frame;
use crate::numbers::median;
use crate::{ForecastRequest, Occasion};

/// Days that tell a level: the nearest, no further than this, and the fewest.
const DAYS: usize = 7;
const REACH: i64 = 21;
const LEAST: usize = 4;
/// A weekday with less than this part of a week's mean does not speak.
const SMALL: f64 = 0.1;

/// Means of ordinary local days, each over what its weekday usually has of its week.
pub(super) struct Levels {
    days: BTreeMap<Date, f64>,
    now: Option<f64>,
}

impl Levels {
    /// The levels of a request's history, in the unit and after the shift that `frame` found.
    pub(super) fn of(request: &ForecastRequest<'_>, frame: &Frame) -> Self {
        let occasions = request.occasions.iter().map(Occasion::span);
        let out_of_use: Vec<_> = request.left_out.iter().copied().chain(occasions).collect();
        let past = request
            .history
            .between(request.history.start(), frame.cutoff);
        let mut cells: BTreeMap<Date, (f64, usize, usize)> = BTreeMap::new();
        for (index, value) in past.values().iter().enumerate() {
            let at = past.time_at(index);
            let cell = cells
                .entry(request.zone.to_datetime(at).date())
                .or_default();
            cell.2 += 1;
            let out = |one: &crate::Interval| one.start <= at && at < one.end;
            if !value.is_nan() && !out_of_use.iter().any(out) {
                cell.0 += value * frame.counts(at);
                cell.1 += 1;
            }
        }
        // Half of a day tells nothing of it: whole days only.
        let whole = past.step().per_day() - past.step().per_day() / 12;
        let means: BTreeMap<Date, f64> = cells
            .into_iter()
            .filter(|(_, (sum, known, _))| *known >= whole && *sum > 0.0)
            .filter(|(date, _)| !request.holidays.iter().any(|one| one.date == *date))
            .map(|(date, (sum, known, _))| (date, sum / known as f64))
            .collect();
        let shares = shares(&means);
        let days = means
            .into_iter()
            .filter_map(|(date, mean)| Some((date, mean / shares[weekday(date)]?)))
            .collect();
        let mut levels = Self { days, now: None };
        levels.now = levels.at(request.zone.to_datetime(frame.cutoff).date());
        levels
    }

    /// The level around `date`: the median of the nearest ordinary days.
    pub(super) fn at(&self, date: Date) -> Option<f64> {
        let from = date.checked_sub(REACH.days()).ok()?;
        let to = date.checked_add(REACH.days()).ok()?;
        let far = |other: Date| {
            let days = date.until(other).map_or(i32::MAX, |span| span.get_days());
            days.abs()
        };
        let mut near: Vec<(i32, f64)> = self
            .days
            .range(from..=to)
            .map(|(other, level)| (far(*other), *level))
            .collect();
        near.sort_by_key(|(far, _)| *far);
        let mut near: Vec<f64> = near.iter().take(DAYS).map(|(_, level)| *level).collect();
        (near.len() >= LEAST).then(|| median(&mut near))
    }

    /// How many times the level around `date` the level of now is; 1 where either is not known.
    pub(super) fn since(&self, date: Date) -> f64 {
        let levels = self.now.zip(self.at(date));
        levels.map_or(1.0, |(now, then)| now / then)
    }
}

/// What each weekday usually has of the mean of the week around it; `None` where that is next to
/// nothing or not known.
fn shares(means: &BTreeMap<Date, f64>) -> [Option<f64>; 7] {
    let mut shares: [Vec<f64>; 7] = Default::default();
    for (date, mean) in means {
        let around = (-3..=3).filter_map(|day: i64| means.get(&date.checked_add(day.days()).ok()?));
        let (sum, count) = around.fold((0.0, 0), |(sum, count), mean| (sum + mean, count + 1));
        if count == 7 {
            shares[weekday(*date)].push(7.0 * mean / sum);
        }
    }
    shares.map(|mut shares| {
        let share = (!shares.is_empty()).then(|| median(&mut shares));
        share.filter(|share| *share >= SMALL)
    })
}

fn weekday(date: Date) -> usize {
    usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0)
}
