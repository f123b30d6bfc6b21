use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use timeseries::Series;

use super::past::{Past, hour_of, hours_ahead};
use super::scheduled::tracking;
use super::{Moves, Run, Setting, run};
use crate::{SimulationError, required_servers};

const DAY: i64 = 24;
const WEEK: i64 = 7 * DAY;

/// Hours of data it looks at, at most.
const LOOKS_BACK: i64 = 14 * DAY;

/// Hours of data it needs to begin.
const NEEDS: i64 = DAY;

/// Hours it forecasts.
const FORECASTS: i64 = 2 * DAY;

/// Hours between forecasts.
const REFRESH: i64 = 6;

/// SchedulingBufferTime's default: how long before its hour capacity is launched.
const BUFFER: SignedDuration = SignedDuration::from_mins(5);

/// Weight of each older day against the next younger one, in the daily pattern.
const DAY_DECAY: f64 = 0.75;

/// AWS predictive scaling as documented, over target tracking at the same target: every 6 hours a
/// forecast of the next 48 by the hour from up to 14 days of data (at least 24 hours), applied 5
/// minutes before each hour as a minimum; it never removes servers itself, and the higher of both
/// policies counts.
///
/// AWS does not publish its model. Here an hour is forecast from the same hour of the last two
/// weeks and of the last seven days, each weighted by how well it did over the last week, and
/// shifted half way to the level of the last 24 hours. It forecasts each hour's highest minute,
/// which loses less than the hour's mean would.
///
/// Source: EC2 Auto Scaling user guide, predictive scaling, how it works;
/// PredictiveScalingConfiguration in the API reference.
///
/// # Errors
/// As [`static_peak`](super::static_peak).
pub fn predictive_scaling(
    history: &Series,
    demand: &Series,
    setting: &Setting,
) -> Result<Run, SimulationError> {
    let past = Past::new(history, demand, setting)?;
    let target = setting.utilization * setting.throughput;
    let mut issued = None;
    let mut plan: BTreeMap<i64, u32> = BTreeMap::new();
    run(
        demand,
        setting,
        Some(tracking(setting)),
        Moves::Floor,
        move |now| {
            let ahead = now.saturating_add(BUFFER).unwrap_or(Timestamp::MAX);
            let issue = hour_of(ahead).div_euclid(REFRESH);
            if issued != Some(issue) {
                issued = Some(issue);
                if let Some(forecast) = Forecast::new(&past, now) {
                    let first = hour_of(now);
                    plan = (first..first + FORECASTS)
                        .map(|hour| (hour, required_servers(forecast.at(hour), target)))
                        .collect();
                }
            }
            hours_ahead(now, BUFFER)
                .filter_map(|hour| plan.get(&hour).copied())
                .max()
                .unwrap_or(0)
        },
    )
}

/// What is known of the last 14 days, and how well each pattern did.
struct Forecast<'a> {
    past: &'a Past,
    now: Timestamp,
    first: i64,
    /// First hour that is not over.
    end: i64,
    /// Weight of the weekly pattern, 0 to 1.
    weekly: f64,
    level: f64,
}

impl<'a> Forecast<'a> {
    /// `None` with less than 24 hours of data.
    fn new(past: &'a Past, now: Timestamp) -> Option<Self> {
        let end = hour_of(now);
        let mut forecast = Self {
            past,
            now,
            first: end - LOOKS_BACK,
            end,
            weekly: 0.5,
            level: 1.0,
        };
        let known = (forecast.first..end).filter(|hour| forecast.known(*hour).is_some());
        if i64::try_from(known.count()).unwrap_or(i64::MAX) < NEEDS {
            return None;
        }
        forecast.weekly = forecast.weigh();
        forecast.level = forecast.level();
        Some(forecast)
    }

    fn at(&self, hour: i64) -> f64 {
        let pattern = self.pattern(hour, self.end);
        let latest = || self.past.highest_of_last(DAY, self.now);
        pattern.map_or_else(|| latest().unwrap_or(0.0), |value| value * self.level)
    }

    fn known(&self, hour: i64) -> Option<f64> {
        (hour >= self.first)
            .then(|| self.past.highest(hour, self.now))
            .flatten()
    }

    /// The blend of both patterns for `hour`, from hours before `end`.
    fn pattern(&self, hour: i64, end: i64) -> Option<f64> {
        match (self.week(hour, end), self.day(hour, end)) {
            (Some(week), Some(day)) => Some(self.weekly * week + (1.0 - self.weekly) * day),
            (week, day) => week.or(day),
        }
    }

    /// The same hour one and two weeks back, the younger one counting for three fifths.
    fn week(&self, hour: i64, end: i64) -> Option<f64> {
        weighted(
            (1..=4)
                .map(|weeks| hour - weeks * WEEK)
                .filter(|h| *h < end)
                .take(2)
                .zip([0.6, 0.4]),
            |h| self.known(h),
        )
    }

    /// The same hour of the last seven days.
    fn day(&self, hour: i64, end: i64) -> Option<f64> {
        let weights = std::iter::successors(Some(1.0), |weight| Some(weight * DAY_DECAY));
        let hours = (1..=9)
            .map(|days| hour - days * DAY)
            .filter(|h| *h < end)
            .take(7);
        weighted(hours.zip(weights), |h| self.known(h))
    }

    /// The weekly pattern's weight by the squared errors of both over the last week.
    fn weigh(&self) -> f64 {
        let mut count = 0;
        let (mut week_error, mut day_error) = (1e-9, 1e-9);
        for hour in self.end - WEEK..self.end {
            let patterns = self.week(hour, hour).zip(self.day(hour, hour));
            if let (Some(actual), Some((week, day))) = (self.known(hour), patterns) {
                week_error += (week - actual).abs();
                day_error += (day - actual).abs();
                count += 1;
            }
        }
        if count < DAY {
            return 0.5;
        }
        let (week, day) = (
            1.0 / (week_error * week_error),
            1.0 / (day_error * day_error),
        );
        week / (week + day)
    }

    /// Half of how the last 24 hours stood to their pattern, at most doubled or halved.
    fn level(&self) -> f64 {
        let (mut actual, mut expected, mut count) = (0.0, 0.0, 0);
        for hour in self.end - DAY..self.end {
            if let Some((value, pattern)) = self.known(hour).zip(self.pattern(hour, hour)) {
                actual += value;
                expected += pattern;
                count += 1;
            }
        }
        if count < DAY / 2 || expected <= 0.0 {
            return 1.0;
        }
        1.0 + 0.5 * ((actual / expected).clamp(0.5, 2.0) - 1.0)
    }
}

fn weighted(
    hours: impl Iterator<Item = (i64, f64)>,
    value: impl Fn(i64) -> Option<f64>,
) -> Option<f64> {
    let (sum, weight) = hours.fold((0.0, 0.0), |(sum, total), (hour, weight)| {
        value(hour).map_or((sum, total), |v| (sum + weight * v, total + weight))
    });
    (weight > 0.0).then(|| sum / weight)
}
