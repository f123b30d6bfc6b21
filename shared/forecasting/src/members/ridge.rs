use std::f64::consts::TAU;

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2};

use super::Member;
use crate::terrain::Terrain;

/// Features of one step.
const WIDTH: usize = 36;
type Row = [f64; WIDTH];

/// Robust ridge regression in log scale on lags, recent level and calendar.
///
/// It predicts the distance of demand from its usual profile, so that shrinking the coefficients
/// leads back to that profile. The normal equations are summed day by day; a fit at any earlier
/// origin is then a partial sum and one small solve, which makes rolling-origin tests honest and
/// cheap.
///
/// Source: Hoerl & Kennard 1970 (ridge); Huber 1964 (weights of outliers).
pub(crate) struct Ridge {
    /// One fit an origin, the latest first: entry `j` is for the origin `j` days before the end.
    fits: Vec<Option<Row>>,
    /// Length of the window it was fitted on.
    end: usize,
    /// Range of log demand, which forecasts may leave by little.
    range: (f64, f64),
}

impl Ridge {
    /// Fits on the window and on what of it lay before each of the last `origins` days.
    pub(crate) fn fit(
        terrain: &Terrain<'_>,
        observed: &[bool],
        origins: usize,
        penalty: f64,
    ) -> Self {
        let end = observed.len();
        let rows = Rows::new(terrain, end);
        let mut weights: Vec<f64> = observed.iter().map(|seen| f64::from(*seen)).collect();
        let first = rows.solve(&rows.sums(&weights, 0), penalty);
        if let Some(first) = first.first().copied().flatten() {
            rows.down_weight(&first, &mut weights);
        }
        let fits = rows.solve(&rows.sums(&weights, origins), penalty);
        let logs = &terrain.logs[..end];
        let low = logs.iter().copied().fold(f64::MAX, f64::min);
        let high = logs.iter().copied().fold(f64::MIN, f64::max);
        Self {
            fits,
            end,
            range: (low, high + 1.5_f64.ln()),
        }
    }
}

impl Member for Ridge {
    fn name(&self) -> &'static str {
        "ridge regression"
    }

    fn day_ahead(&self, terrain: &Terrain<'_>, origin: usize) -> Vec<f64> {
        let per_day = terrain.calendar.per_day;
        let age = self.end.saturating_sub(origin) / per_day;
        let fit = self.fits.get(age).copied().flatten();
        (0..per_day)
            .map(|ahead| {
                let index = origin + ahead;
                let gap = fit.map_or(0.0, |fit| dot(&fit, &features(terrain, origin, ahead)));
                let log = (terrain.usual[index] + gap).clamp(self.range.0, self.range.1);
                terrain.scale.from(log)
            })
            .collect()
    }
}

/// Normal equations of some rows: the lower triangle of `X'WX`, and `X'Wy`.
struct Sums {
    gram: Vec<f64>,
    target: Row,
    rows: f64,
}

/// The rows of the regression, grouped in days counted back from the end.
struct Rows {
    features: Vec<Row>,
    targets: Vec<f64>,
    /// Index in the window of the first row.
    first: usize,
    per_day: usize,
}

impl Rows {
    fn new(terrain: &Terrain<'_>, end: usize) -> Self {
        let per_day = terrain.calendar.per_day;
        // A row needs yesterday and a level before it.
        let days = (end / per_day).saturating_sub(2);
        let first = end - days * per_day;
        let mut features_ = Vec::with_capacity(end - first);
        let mut targets = Vec::with_capacity(end - first);
        for day in 0..days {
            let origin = first + day * per_day;
            for ahead in 0..per_day {
                features_.push(features(terrain, origin, ahead));
                let index = origin + ahead;
                targets.push(terrain.logs[index] - terrain.usual[index]);
            }
        }
        Self {
            features: features_,
            targets,
            first,
            per_day,
        }
    }

    /// Sums of the whole window, then of the window less its last day, and so on for `origins`.
    fn sums(&self, weights: &[f64], origins: usize) -> Vec<Sums> {
        let days = self.targets.len() / self.per_day;
        let mut running = Sums {
            gram: vec![0.0; WIDTH * WIDTH],
            target: [0.0; WIDTH],
            rows: 0.0,
        };
        let mut all = Vec::new();
        for day in 0..days {
            if day + origins >= days {
                all.push(running.copy());
            }
            for row in day * self.per_day..(day + 1) * self.per_day {
                let weight = weights[self.first + row];
                if weight > 0.0 {
                    running.add(&self.features[row], self.targets[row], weight);
                }
            }
        }
        all.push(running);
        all.reverse();
        all
    }

    fn solve(&self, sums: &[Sums], penalty: f64) -> Vec<Option<Row>> {
        sums.iter().map(|sums| sums.solve(penalty)).collect()
    }

    /// Lowers the weight of rows that a fit misses by far, after Huber.
    fn down_weight(&self, fit: &Row, weights: &mut [f64]) {
        let errors: Vec<f64> = self
            .features
            .iter()
            .zip(&self.targets)
            .map(|(row, target)| (target - dot(fit, row)).abs())
            .collect();
        let mut sorted: Vec<f64> = errors
            .iter()
            .zip(&weights[self.first..])
            .filter(|(_, weight)| **weight > 0.0)
            .map(|(error, _)| *error)
            .collect();
        sorted.sort_by(f64::total_cmp);
        let Some(middle) = sorted.get(sorted.len() / 2) else {
            return;
        };
        // 1.4826 turns a median of absolute errors into a standard deviation of normal ones.
        let limit = 2.0 * 1.4826 * middle;
        for (error, weight) in errors.iter().zip(&mut weights[self.first..]) {
            if *error > limit && limit > 0.0 {
                *weight *= limit / error;
            }
        }
    }
}

impl Sums {
    fn copy(&self) -> Self {
        Self {
            gram: self.gram.clone(),
            target: self.target,
            rows: self.rows,
        }
    }

    fn add(&mut self, row: &Row, target: f64, weight: f64) {
        for (left, value) in row.iter().enumerate() {
            let scaled = weight * value;
            self.target[left] += scaled * target;
            let line = &mut self.gram[left * WIDTH..left * WIDTH + left + 1];
            for (cell, right) in line.iter_mut().zip(row) {
                *cell += scaled * right;
            }
        }
        self.rows += weight;
    }

    /// Solves `(X'WX + penalty * diagonal) b = X'Wy`; the penalty is in rows of a standardised
    /// feature, so that features of any size are shrunk alike.
    fn solve(&self, penalty: f64) -> Option<Row> {
        if self.rows < 1.0 {
            return None;
        }
        let mut system = Array2::<f64>::zeros((WIDTH, WIDTH));
        for left in 0..WIDTH {
            for right in 0..=left {
                let value = self.gram[left * WIDTH + right];
                system[[left, right]] = value;
                system[[right, left]] = value;
            }
            let own = self.gram[left * WIDTH + left];
            system[[left, left]] = own + penalty * own / self.rows + 1e-6;
        }
        let target = Array1::from_iter(self.target);
        let fit = LinearRegression::new()
            .with_intercept(false)
            .fit(&Dataset::new(system, target))
            .ok()?;
        let mut row = [0.0; WIDTH];
        for (cell, value) in row.iter_mut().zip(fit.params()) {
            if !value.is_finite() {
                return None;
            }
            *cell = *value;
        }
        Some(row)
    }
}

fn dot(left: &Row, right: &Row) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

/// Features of the step `ahead` steps after `origin`; all are in log scale or without a unit.
fn features(terrain: &Terrain<'_>, origin: usize, ahead: usize) -> Row {
    let calendar = terrain.calendar;
    let per_day = calendar.per_day;
    let index = origin + ahead;
    let usual = terrain.usual[index];
    let mut row = [0.0; WIDTH];
    let mut next = 0;
    let mut push = |value: f64| {
        row[next] = value;
        next += 1;
    };
    push(1.0);
    for days in [1, 2, 3, 7, 14, 21] {
        push(
            terrain
                .log_back(index, days, origin)
                .map_or(0.0, |log| log - usual),
        );
    }
    for days in [1, 7] {
        push(
            calendar
                .back(index, days, origin)
                .map_or(0.0, |past| terrain.logs[past] - terrain.usual[past]),
        );
    }
    let share = ahead as f64 / per_day as f64;
    let last = terrain.gap(origin, (per_day / 24).max(1));
    let recent = terrain.gap(origin, (per_day / 8).max(1));
    push(last * (-share * 12.0).exp());
    push(recent * (-share * 4.0).exp());
    push(recent);
    push(terrain.gap(origin, per_day));
    push(terrain.gap(origin, 7 * per_day));
    push(usual - terrain.level(origin));
    let angle = TAU * calendar.slot[index] as f64 / per_day as f64;
    for harmonic in 1..=4 {
        let (sin, cos) = (f64::from(harmonic) * angle).sin_cos();
        push(sin);
        push(cos);
    }
    for weekday in 0..7 {
        push(f64::from(calendar.weekday[index] == weekday));
    }
    let weekend = f64::from(calendar.weekend(index));
    for harmonic in 1..=3 {
        let (sin, cos) = (f64::from(harmonic) * angle).sin_cos();
        push(weekend * sin);
        push(weekend * cos);
    }
    row
}
