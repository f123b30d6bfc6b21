//! How good forecasts were: scaled errors, quantile losses and coverage.

use std::collections::BTreeMap;

use forecasting::BacktestRow;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use timeseries::Series;

use crate::forecast::printed;

/// Days of training from which on errors are scaled by last week's rather than yesterday's.
const WEEKLY_FROM_DAYS: i64 = 21;
/// Where p50, p90, p95 and p99 stand among the printed levels, and the levels.
const SCORED: [(usize, f64); 4] = [(0, 0.5), (2, 0.9), (3, 0.95), (4, 0.99)];

/// The scores of some forecasts. What cannot be told is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Accuracy {
    /// Midnight of the forecast; absent over all.
    pub(crate) origin: Option<Timestamp>,
    /// The model; absent over all.
    pub(crate) model: Option<String>,
    /// Steps with an actual value.
    pub(crate) steps: usize,
    /// Mean absolute error over that of the same time last week (yesterday, on short histories)
    /// within the training window.
    pub(crate) mase: Option<f64>,
    /// Weighted quantile losses at 0.5, 0.9, 0.95 and 0.99.
    pub(crate) wql: [Option<f64>; SCORED.len()],
    /// Share of steps with demand at or below p90.
    pub(crate) coverage_p90: Option<f64>,
    /// Share of steps with demand at or below p95.
    pub(crate) coverage_p95: Option<f64>,
}

/// Sums over some forecasts.
#[derive(Debug, Clone, Default)]
struct Sums {
    steps: usize,
    error: f64,
    actual: f64,
    pinball: [f64; SCORED.len()],
    below_p90: usize,
    below_p95: usize,
    scales: Vec<f64>,
}

/// The scores of each origin, and over all. `history` is in the forecasts' step and unit.
pub(crate) fn score(
    rows: &[BacktestRow],
    history: &Series,
    training_days: u32,
) -> (Vec<Accuracy>, Accuracy) {
    let mut by_origin = BTreeMap::<Timestamp, (Sums, String)>::new();
    for row in rows {
        let (sums, _) = by_origin.entry(row.origin).or_insert_with(|| {
            let sums = Sums {
                scales: Vec::from_iter(scale(history, row.origin, training_days)),
                ..Sums::default()
            };
            (sums, row.model.clone())
        });
        sums.add(row);
    }
    let mut all = Sums::default();
    let mut each = Vec::with_capacity(by_origin.len());
    for (origin, (sums, model)) in by_origin {
        all.merge(&sums);
        each.push(sums.accuracy(Some(origin), Some(model)));
    }
    (each, all.accuracy(None, None))
}

impl Sums {
    fn add(&mut self, row: &BacktestRow) {
        let Some(actual) = row.actual else { return };
        let quantiles = printed(&row.quantiles, 1.0);
        self.steps += 1;
        self.error += (actual - quantiles[0]).abs();
        self.actual += actual.abs();
        for (sum, (index, level)) in self.pinball.iter_mut().zip(SCORED) {
            let over = actual - quantiles[index];
            *sum += (level * over).max((level - 1.0) * over);
        }
        self.below_p90 += usize::from(actual <= quantiles[2]);
        self.below_p95 += usize::from(actual <= quantiles[3]);
    }

    fn merge(&mut self, other: &Self) {
        self.steps += other.steps;
        self.error += other.error;
        self.actual += other.actual;
        for (sum, more) in self.pinball.iter_mut().zip(other.pinball) {
            *sum += more;
        }
        self.below_p90 += other.below_p90;
        self.below_p95 += other.below_p95;
        self.scales.extend(&other.scales);
    }

    fn accuracy(&self, origin: Option<Timestamp>, model: Option<String>) -> Accuracy {
        let share = |part: f64, of: f64| (of > 0.0).then(|| part / of);
        let steps = self.steps as f64;
        let scale = share(self.scales.iter().sum(), self.scales.len() as f64);
        let error = share(self.error, steps);
        Accuracy {
            origin,
            model,
            steps: self.steps,
            mase: error
                .zip(scale)
                .and_then(|(error, scale)| share(error, scale)),
            wql: self.pinball.map(|sum| share(2.0 * sum, self.actual)),
            coverage_p90: share(self.below_p90 as f64, steps),
            coverage_p95: share(self.below_p95 as f64, steps),
        }
    }
}

/// Mean absolute difference to the same time last week, or yesterday where less than three weeks
/// lie before `origin`; observed pairs only.
/// Source: Hyndman and Koehler, "Another look at measures of forecast accuracy", 2006.
fn scale(history: &Series, origin: Timestamp, training_days: u32) -> Option<f64> {
    let span = SignedDuration::from_hours(24 * i64::from(training_days));
    let from = origin.saturating_sub(span).unwrap_or(Timestamp::MIN);
    let window = history.between(from, origin);
    let per_day = window.step().per_day();
    let days = i64::try_from(window.len() / per_day.max(1)).unwrap_or(i64::MAX);
    let lag = if days >= WEEKLY_FROM_DAYS {
        7 * per_day
    } else {
        per_day
    };
    let values = window.values();
    let pairs = values.iter().skip(lag).zip(values);
    let (sum, count) = pairs
        .map(|(value, before)| (value - before).abs())
        .filter(|difference| !difference.is_nan())
        .fold((0.0, 0_usize), |(sum, count), difference| {
            (sum + difference, count + 1)
        });
    (count > 0).then(|| sum / count as f64)
}
