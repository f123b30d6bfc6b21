//! The next minutes and hours, given the last ones.
//!
//! A forecast made at midnight knows the shape of the day; the minutes just seen know where the day
//! stands. [`NearModel`] joins them: in log scale, demand `m` minutes after the newest minute seen
//! is the forecast's median, moved by a share of how far the last minutes lay from theirs, give or
//! take an error whose quantiles were seen on past days at that distance. Share and errors are
//! learnt by distance, so one model serves a planner that runs each five minutes and one that runs
//! each hour, and metrics that come late.
//!
//! The level is an exponentially weighted mean (simple exponential smoothing); errors are scaled by
//! how far off such forecasts lately were, as in ARCH models (Engle, Econometrica 50(4), 1982), so
//! that the band widens while a day goes its own way, though never beyond the largest error seen,
//! and by the hour of the day, since mornings are less certain than nights. Their quantiles are
//! empirical, hence hold for minutes as they come: noise of single minutes is in them.

use jiff::Timestamp;
use timeseries::{Series, Step};

use crate::Interval;
use crate::hours;
use crate::numbers::median;

/// Levels of [`NearHorizon::errors`].
pub const NEAR_LEVELS: [f64; 21] = [
    0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99,
    0.995, 0.998, 0.999, 0.9995,
];

/// [`NEAR_LEVELS`] as standard normal scores.
const NEAR_SCORES: [f64; NEAR_LEVELS.len()] = [
    -2.3263, -1.6449, -1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533, 0.5244, 0.8416, 1.0364,
    1.2816, 1.4395, 1.6449, 1.8808, 2.0537, 2.3263, 2.5758, 2.8782, 3.0902, 3.2905,
];
/// Index of the median in [`NEAR_LEVELS`].
const NEAR_MEDIAN: usize = 6;

/// Minutes ahead of the newest one seen for which errors are learnt; between them they are
/// interpolated.
const AHEAD: [usize; 11] = [3, 6, 10, 15, 21, 30, 43, 60, 90, 130, 190];
/// Memory of the level, in minutes: long enough to average the noise of single minutes, short
/// enough to follow a morning that starts early.
const LEVEL_MINUTES: f64 = 12.0;
/// Memory of the size of recent errors, in minutes.
const SIZE_MINUTES: f64 = 60.0;
/// Distance at which recent errors are looked at, in minutes.
const SIZE_AHEAD: usize = 12;
/// Minutes that such an error is averaged over: a drift counts, noise does not.
const SIZE_OVER: usize = 5;
/// The part of the band that follows recent errors; the rest stays as it always is.
const FOLLOWING: f64 = 0.5;
/// A single error counts for no more, in log scale.
const MOST_ERROR: f64 = 1.0;
/// Widest band against the usual one.
const MOST_SPREAD: f64 = 8.0;
/// Every so many minutes is learnt from; without a common factor with the hour.
const STRIDE: usize = 7;
/// Minutes to each side that are pooled with one distance.
const POOLED: usize = 2;
/// Minutes that must be known to learn from: three days.
const LEAST_MINUTES: usize = 3 * 1440;
/// Demand below this share of the usual counts as this much: logarithms of nothing say nothing.
const LEAST_SHARE: f64 = 0.02;

/// What the last minutes say about the next ones.
#[derive(Debug, Clone, PartialEq)]
pub struct NearModel {
    /// Demand below which everything is alike, requests per minute.
    pub least: f64,
    /// Mean square of recent errors on the days learnt from, in log scale.
    pub usual: f64,
    /// The lowest level that is not out of the ordinary, in log scale: below lies an outage.
    pub lowest: f64,
    /// Mean square of errors at each hour of the UTC day as a multiple of that of all, above 0.
    pub hours: [f64; 24],
    /// What is known by distance, ascending.
    pub horizons: Vec<NearHorizon>,
}

/// What is known at one distance.
#[derive(Debug, Clone, PartialEq)]
pub struct NearHorizon {
    /// Minutes after the newest minute seen.
    pub minutes: u32,
    /// Share of the present level that is still there, 0 to 1.
    pub gain: f64,
    /// Errors in log scale at [`NEAR_LEVELS`], ascending, for a spread of 1.
    pub errors: [f64; NEAR_LEVELS.len()],
    /// The largest error seen, in log scale and as it was: no band is wider, however wild the day.
    pub most: f64,
}

/// Where the day stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearState {
    /// How far the last minutes lie from their medians, in log scale.
    pub level: f64,
    /// Width of the band against the usual one, above 0.
    pub spread: f64,
    /// Whether demand is further below its forecast than on any ordinary day: the level is not to
    /// be believed for taking servers away.
    pub dip: bool,
}

impl NearModel {
    /// Learns from minutes that were seen and what had been forecast for them, `medians` on a step
    /// of their own. Minutes in `left_out` teach nothing. `None` where three days of minutes are
    /// not known.
    #[must_use]
    pub fn learn(minutes: &Series, medians: &Series, left_out: &[Interval]) -> Option<Self> {
        let medians = by_minute(medians);
        let from = minutes.start().max(medians.start());
        let to = minutes.end().min(medians.end());
        let demand = minutes.between(from, to);
        let medians = medians.between(from, to);
        let mut known: Vec<f64> = demand.values().to_vec();
        for interval in left_out {
            blank(&mut known, from, interval);
        }
        let mut seen = known.clone();
        seen.retain(|value| value.is_finite());
        if seen.len() < LEAST_MINUTES {
            return None;
        }
        let least = (LEAST_SHARE * median(&mut seen)).max(f64::MIN_POSITIVE);
        let errors: Vec<f64> = known
            .iter()
            .zip(medians.values())
            .map(|(demand, median)| error(*demand, *median, least))
            .collect();
        let mut follower = Follower::new();
        let squares = errors.iter().map(|error| {
            follower.next(*error, 1.0);
            follower.square.filter(|_| !error.is_nan())
        });
        let hours = hours::learn(from, squares);
        let scales = hours::by_minute(&hours, from, errors.len());
        let mut follower = Follower::new();
        let followed: Vec<(f64, f64)> = errors
            .iter()
            .zip(&scales)
            .map(|(error, scale)| follower.next(*error, *scale))
            .collect();
        let usable = |index: &usize| !errors[*index].is_nan();
        let sizes: f64 = followed.iter().map(|(_, size)| size).sum();
        let usual = (sizes / followed.len() as f64).max(1e-12);
        let mut levels: Vec<f64> = (0..errors.len())
            .filter(usable)
            .map(|index| followed[index].0)
            .collect();
        levels.sort_by(f64::total_cmp);
        let lowest = quantile(&levels, 0.001).min(0.0);
        let horizons = AHEAD
            .iter()
            .filter_map(|&ahead| horizon(ahead, &errors, &followed, &scales, usual))
            .collect::<Vec<_>>();
        (horizons.len() == AHEAD.len()).then_some(Self {
            least,
            usual,
            lowest,
            hours,
            horizons,
        })
    }

    /// Where the day stands after the minutes of `recent` from `start` on, NaN where unknown, beside
    /// what was forecast for them. The spread needs an hour of them to settle.
    /// `None` without any that is known.
    #[must_use]
    pub fn state(&self, start: Timestamp, recent: &[f64], medians: &[f64]) -> Option<NearState> {
        let mut follower = Follower::new();
        let mut last = None;
        let scales = hours::by_minute(&self.hours, start, recent.len());
        for ((demand, median), scale) in recent.iter().zip(medians).zip(scales) {
            let error = error(*demand, *median, self.least);
            let now = follower.next(error, scale);
            if !error.is_nan() {
                last = Some(now);
            }
        }
        let (level, size) = last?;
        Some(NearState {
            level,
            spread: spread(size, self.usual),
            dip: level < self.lowest - 0.5,
        })
    }

    /// Quantiles of demand at [`NEAR_LEVELS`] in the minute `at`, `ahead` minutes after the newest minute seen, where
    /// `median` is what the forecast says. `None` beyond the farthest distance learnt.
    #[must_use]
    pub fn quantiles(
        &self,
        state: &NearState,
        at: Timestamp,
        ahead: u32,
        median: f64,
    ) -> Option<[f64; NEAR_LEVELS.len()]> {
        let (left, right, share) = self.around(ahead)?;
        let between = |a: f64, b: f64| a + share * (b - a);
        // A dip is no reason to expect less.
        let level = if state.dip { 0.0 } else { state.level };
        let centre = median.max(self.least).ln() + between(left.gain, right.gain) * level;
        let most = between(left.most, right.most);
        let spread = state.spread * hours::at(&self.hours, at).sqrt();
        let mut values = [0.0; NEAR_LEVELS.len()];
        for (index, value) in values.iter_mut().enumerate() {
            let error = between(left.errors[index], right.errors[index]);
            *value = (centre + (error * spread).min(most)).min(700.0).exp();
        }
        Some(values)
    }

    /// Share of how far the last minutes lie from their medians, in log scale, that is still there
    /// `ahead` minutes after the newest minute seen, 0 to 1; farther than learnt, that of the farthest.
    #[must_use]
    pub fn stays(&self, ahead: u32) -> Option<f64> {
        let (left, right, share) = self.around(ahead.min(self.reach()))?;
        Some(left.gain + share * (right.gain - left.gain))
    }

    /// The distances learnt on either side of `ahead`, and the share of the way between them.
    fn around(&self, ahead: u32) -> Option<(&NearHorizon, &NearHorizon, f64)> {
        let above = self.horizons.partition_point(|known| known.minutes < ahead);
        let right = self.horizons.get(above)?;
        let left = &self.horizons[above.saturating_sub(1)];
        let width = f64::from(right.minutes) - f64::from(left.minutes);
        let share = if width > 0.0 {
            (f64::from(ahead) - f64::from(left.minutes)) / width
        } else {
            1.0
        };
        Some((left, right, share))
    }

    /// Minutes of the farthest distance learnt.
    #[must_use]
    pub fn reach(&self) -> u32 {
        self.horizons.last().map_or(0, |known| known.minutes)
    }
}

/// Widens `values`, quantiles at [`NEAR_LEVELS`], around their median by what else varies, with that
/// `deviation` in log scale.
pub fn widen_near(values: &mut [f64; NEAR_LEVELS.len()], deviation: f64) {
    let centre = values[NEAR_MEDIAN];
    if !(centre > 0.0 && deviation > 0.0) {
        return;
    }
    for (value, score) in values.iter_mut().zip(NEAR_SCORES) {
        let own = (*value / centre).ln();
        let away = own.hypot(score * deviation).copysign(score) * f64::from(score != 0.0);
        let wide = centre * away.min(700.0).exp();
        if wide.is_finite() {
            *value = wide;
        }
    }
}

/// The level after each minute of `recent`, and the spread: what [`NearModel::state`] says at the
/// end, for every minute. Minutes that are not known repeat what was.
#[must_use]
pub fn near_states(
    model: &NearModel,
    start: Timestamp,
    recent: &[f64],
    medians: &[f64],
) -> Vec<NearState> {
    let mut follower = Follower::new();
    recent
        .iter()
        .zip(medians)
        .zip(hours::by_minute(&model.hours, start, recent.len()))
        .map(|((demand, median), scale)| {
            let (level, size) = follower.next(error(*demand, *median, model.least), scale);
            NearState {
                level,
                spread: spread(size, model.usual),
                dip: level < model.lowest - 0.5,
            }
        })
        .collect()
}

/// `medians` by the minute: straight lines between the middles of their steps, level before the
/// first and after the last.
#[must_use]
pub fn by_minute(medians: &Series) -> Series {
    let per_step = (medians.step().seconds() / Step::MINUTE.seconds()) as usize;
    let values = medians.values();
    let middle = (per_step as f64 - 1.0) / 2.0;
    let minutes = (0..values.len() * per_step)
        .map(|minute| {
            let at = (minute as f64 - middle) / per_step as f64;
            let left = (at.floor().max(0.0) as usize).min(values.len() - 1);
            let right = (left + 1).min(values.len() - 1);
            let share = (at - left as f64).clamp(0.0, 1.0);
            values[left] + share * (values[right] - values[left])
        })
        .collect();
    // A start on a coarser grid lies on the minutes' too.
    Series::new(medians.start(), Step::MINUTE, minutes).unwrap_or_else(|_| medians.clone())
}

fn blank(values: &mut [f64], start: Timestamp, interval: &Interval) {
    let minutes = |to: Timestamp| to.duration_since(start).as_secs().div_euclid(60);
    let from = minutes(interval.start).max(0);
    let to = minutes(interval.end).saturating_add(1).max(0);
    let length = values.len();
    let index = |at: i64| usize::try_from(at).unwrap_or(length).min(length);
    values[index(from)..index(to).max(index(from))].fill(f64::NAN);
}

fn error(demand: f64, median: f64, least: f64) -> f64 {
    // `max` would turn what is not known into the least.
    if demand.is_nan() || median.is_nan() {
        return f64::NAN;
    }
    demand.max(least).ln() - median.max(least).ln()
}

fn spread(size: f64, usual: f64) -> f64 {
    (FOLLOWING * size / usual + 1.0 - FOLLOWING)
        .sqrt()
        .min(MOST_SPREAD)
}

fn horizon(
    ahead: usize,
    errors: &[f64],
    followed: &[(f64, f64)],
    scales: &[f64],
    usual: f64,
) -> Option<NearHorizon> {
    let origins = || {
        (0..errors.len().saturating_sub(ahead + POOLED + 1))
            .step_by(STRIDE)
            .filter(|origin| !errors[*origin].is_nan())
    };
    let (mut product, mut square) = (0.0, 0.0);
    for origin in origins() {
        let (level, later) = (followed[origin].0, errors[origin + ahead]);
        if !later.is_nan() {
            let spread = spread(followed[origin].1, usual);
            let weight = 1.0 / (spread.powi(2) * scales[origin + ahead]);
            product += weight * level * later.clamp(-MOST_ERROR, MOST_ERROR);
            square += weight * level * level;
        }
    }
    let gain = if square > 0.0 {
        (product / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let mut misses: Vec<f64> = Vec::with_capacity(errors.len());
    let mut most = 0.0_f64;
    for origin in origins() {
        let (level, size) = followed[origin];
        let spread = spread(size, usual);
        for at in origin + ahead - POOLED..=origin + ahead + POOLED {
            let later = errors[at];
            if !later.is_nan() {
                let miss = later - gain * level;
                most = most.max(miss);
                misses.push(miss / (spread * scales[at].sqrt()));
            }
        }
    }
    if misses.is_empty() {
        return None;
    }
    misses.sort_by(f64::total_cmp);
    Some(NearHorizon {
        minutes: u32::try_from(ahead).unwrap_or(u32::MAX),
        gain,
        errors: NEAR_LEVELS.map(|level| quantile(&misses, level)),
        most,
    })
}

/// The smallest of `sorted` with a share of at least `level` at or below it; it is not empty.
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let rank = (level * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted[rank.min(sorted.len()) - 1]
}

/// Level and size of recent errors, minute by minute.
struct Follower {
    level: f64,
    level_weight: f64,
    size: f64,
    size_weight: f64,
    /// Levels of the last minutes, the oldest first.
    levels: std::collections::VecDeque<f64>,
    /// Square of the newest error averaged, as a share of what is usual at its hour.
    square: Option<f64>,
    misses: std::collections::VecDeque<f64>,
}

impl Follower {
    fn new() -> Self {
        Self {
            level: 0.0,
            level_weight: 0.0,
            size: 0.0,
            size_weight: 0.0,
            square: None,
            levels: std::collections::VecDeque::with_capacity(SIZE_AHEAD + 1),
            misses: std::collections::VecDeque::with_capacity(SIZE_OVER + 1),
        }
    }

    /// Level and mean square of recent errors after one more minute's `error`, where squares are
    /// usually `scale`.
    fn next(&mut self, error: f64, scale: f64) -> (f64, f64) {
        if !error.is_nan() {
            // Weighted means whose weights start at nothing: the first minutes count in full.
            let share = 1.0 - (-1.0 / LEVEL_MINUTES).exp();
            self.level_weight += share * (1.0 - self.level_weight);
            self.level += share / self.level_weight * (error - self.level);
            if self.levels.len() == SIZE_AHEAD {
                let before = self.levels[0];
                if self.misses.len() == SIZE_OVER {
                    self.misses.pop_front();
                }
                self.misses.push_back(error - before);
                let miss = self.misses.iter().sum::<f64>() / self.misses.len() as f64;
                let square = miss.clamp(-MOST_ERROR, MOST_ERROR).powi(2) / scale;
                self.square = Some(square);
                let share = 1.0 - (-1.0 / SIZE_MINUTES).exp();
                self.size_weight += share * (1.0 - self.size_weight);
                self.size += share / self.size_weight * (square - self.size);
            }
        }
        if self.levels.len() == SIZE_AHEAD {
            self.levels.pop_front();
        }
        self.levels.push_back(self.level);
        (self.level, self.size)
    }
}

#[cfg(test)]
mod tests;
