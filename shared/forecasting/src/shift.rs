//! Shifts of the level: from one moment on, all hours have so many times what they had (a migration
//! halves the traffic). What lies before is brought to the level after it, so that its shape still
//! teaches; while the shift is young, the forecast keeps a chance that it passes.

use crate::calendar::Calendar;
use crate::numbers::median;

/// The least shift, as a logarithm, and the most: beyond lies an outage or another unit.
const LEAST: f64 = 0.26;
const MOST: f64 = 2.3;
/// It goes beyond every day before by this factor.
const UNHEARD: f64 = 1.5;
/// All hours move alike: their distances from the shift, in the median, as a part of it, and the
/// share of them within half of it.
const APART: f64 = 0.25;
const AGREEING: f64 = 0.9;
/// The day before it lay within this part of it from the usual, for a trend is no shift.
const BEFORE: f64 = 0.3;
/// Each day after it lies within these parts of it.
const LASTING: (f64, f64) = (0.6, 1.5);
/// Hours after it that it takes, days before it, and the days back in which one is looked for: by
/// then the members have followed.
const LEAST_HOURS: usize = 12;
const DAYS_BEFORE: usize = 14;
const LOOK_DAYS: usize = 15;
/// Weeks that tell what is usual.
const WEEKS: usize = 4;
/// Days that tell how large it is.
const TELLING_DAYS: usize = 7;
/// Hours with less than this part of the mean do not speak.
const SMALL: f64 = 0.2;
/// Chance that a shift stays by the whole days it has lasted; later it is sure.
const STAYS: [f64; 7] = [0.6, 0.7, 0.85, 0.93, 0.96, 0.98, 0.99];

/// A shift: demand before step `at` counts times `factor`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shift {
    pub(crate) at: usize,
    pub(crate) factor: f64,
    /// Chance that it stays, up to 1.
    pub(crate) chance: f64,
}

/// The last clean shift of the level. `values` hold NaN where nothing was observed.
pub(crate) fn find(values: &[f64], calendar: &Calendar) -> Option<Shift> {
    if values.iter().any(|value| *value < 0.0) {
        return None;
    }
    let hours = Hours::of(values, calendar);
    let days = hours.logs.len() / hours.per_day;
    let usual: Vec<f64> = (0..hours.logs.len())
        .map(|hour| hours.logs[hour] - hours.usual(hour, hour))
        .collect();
    let offset = hours.logs.len() % hours.per_day;
    let gaps: Vec<f64> = usual[offset..]
        .chunks_exact(hours.per_day)
        .map(|day| median(&mut day.to_vec()))
        .collect();
    (1..=LOOK_DAYS.min(days.saturating_sub(DAYS_BEFORE)))
        .filter(|back| gaps[days - back].abs() >= LEAST)
        .find_map(|back| hours.shift(&usual, &gaps[..days - back], offset))
}

/// Demand by the hour, counted back from the end, as logarithms; NaN where it does not speak.
struct Hours<'a> {
    calendar: &'a Calendar,
    logs: Vec<f64>,
    /// Steps of an hour, steps before the first one, hours of a day.
    width: usize,
    skipped: usize,
    per_day: usize,
    /// The least that speaks of what is usual.
    least: f64,
}

impl<'a> Hours<'a> {
    fn of(values: &[f64], calendar: &'a Calendar) -> Self {
        let width = (calendar.per_day / 24).max(1);
        let skipped = values.len() % width;
        let logs: Vec<f64> = values[skipped..]
            .chunks_exact(width)
            .map(|hour| {
                let known = hour.iter().copied().filter(|value| !value.is_nan());
                let (sum, count) = known.fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
                if 2 * count < width || sum <= 0.0 {
                    return f64::NAN;
                }
                (sum / f64::from(u32::try_from(count).unwrap_or(1))).ln()
            })
            .collect();
        let known = || logs.iter().filter(|log| !log.is_nan());
        let mean = known().map(|log| log.exp()).sum::<f64>() / known().count().max(1) as f64;
        Self {
            calendar,
            logs,
            width,
            skipped,
            per_day: calendar.per_day / width,
            least: (SMALL * mean).ln(),
        }
    }

    /// Median of the same time of the week in the last weeks before `before`; NaN where it is not
    /// known or too small to speak.
    fn usual(&self, hour: usize, before: usize) -> f64 {
        let step = self.skipped + hour * self.width;
        let end = self.skipped + before * self.width;
        let mut past: Vec<f64> = (1..=2 * WEEKS)
            .map_while(|week| self.calendar.back(step, 7 * week, step))
            .filter(|past| *past < end && *past >= self.skipped)
            .map(|past| self.logs[(past - self.skipped) / self.width])
            .filter(|log| !log.is_nan())
            .take(WEEKS)
            .collect();
        if past.is_empty() {
            return f64::NAN;
        }
        let usual = median(&mut past);
        if usual < self.least { f64::NAN } else { usual }
    }

    /// A clean shift on the day after those with the distances `gaps` from their usual, or within
    /// the last of them; `usual` holds the distance of each hour.
    fn shift(&self, usual: &[f64], gaps: &[f64], offset: usize) -> Option<Shift> {
        let day = offset + gaps.len() * self.per_day;
        let rough = median(&mut usual[day..day + self.per_day].to_vec());
        // To the hour: the split of the two days at which the hours fit best.
        let (mut sum, mut best, mut at) = (0.0, 0.0, day - self.per_day);
        for (hour, gap) in usual.iter().enumerate().take(day + self.per_day).skip(at) {
            if !gap.is_nan() {
                sum += gap.abs() - (gap - rough).abs();
            }
            if sum < best {
                (best, at) = (sum, hour + 1);
            }
        }
        let end = self.logs.len().min(at + TELLING_DAYS * self.per_day);
        if at + LEAST_HOURS > self.logs.len() {
            return None;
        }
        let moved: Vec<f64> = (at..end)
            .map(|hour| self.logs[hour] - self.usual(hour, at))
            .collect();
        let shift = median(&mut moved.clone());
        let known = || moved.iter().filter(|gap| !gap.is_nan());
        let apart = median(&mut known().map(|gap| (gap - shift).abs()).collect());
        let alike = |gap: &&f64| (**gap / shift - 1.0).abs() <= 0.5;
        let before = median(&mut usual[at - self.per_day..at].to_vec());
        let last = self.logs.len().saturating_sub(self.per_day).max(at);
        let now = (last..self.logs.len()).map(|hour| self.logs[hour] - self.usual(hour, at));
        let lasting = moved
            .chunks(self.per_day)
            .filter(|day| 2 * day.len() > self.per_day)
            .map(|day| median(&mut day.to_vec()))
            .chain([median(&mut now.collect())])
            .all(|day| (LASTING.0..=LASTING.1).contains(&(day / shift)));
        let most = gaps[..gaps.len() - 1]
            .iter()
            .fold(0.0_f64, |most, gap| most.max(gap.abs()));
        let clean = (LEAST..=MOST).contains(&shift.abs())
            && shift.abs() >= UNHEARD * most
            && apart <= APART * shift.abs()
            && known().count() >= LEAST_HOURS / 2
            && known().filter(alike).count() as f64 >= AGREEING * known().count() as f64
            && before.abs() <= BEFORE * shift.abs()
            && lasting;
        let days = (self.logs.len() - at) / self.per_day;
        clean.then(|| Shift {
            at: self.skipped + at * self.width,
            factor: shift.exp(),
            chance: STAYS.get(days).copied().unwrap_or(1.0),
        })
    }
}
