use linfa::Dataset;
use linfa::traits::Fit;
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2};

use super::Member;
use super::features::{Features, Row, WIDTH};
use crate::numbers::median;
use crate::terrain::Terrain;

/// Penalty of the coefficients, in rows of a standardised feature: a day and a bit.
const PENALTY: f64 = 30.0;
/// Errors beyond so many standard deviations count less.
const HUBER: f64 = 2.0;
/// How far a forecast may exceed the highest demand seen: by half of it.
const HEADROOM: f64 = 1.5;

/// Robust ridge regression in log scale on lags, recent level and calendar.
///
/// It predicts the distance of demand from its usual profile, so that shrinking the coefficients
/// leads back to that profile. The normal equations are summed day by day; a fit at any earlier
/// origin is then a partial sum and one small solve, which makes rolling-origin tests honest and
/// cheap.
///
/// Source: Hoerl & Kennard 1970 (ridge); Huber 1964 (weights of outliers).
pub(crate) struct Ridge {
    features: Features,
    /// One fit an origin, the latest first: entry `j` is for the origin `j` days before the end.
    fits: Vec<Option<Row>>,
    /// Length of the window it was fitted on.
    end: usize,
    /// Range of log demand that forecasts are kept in.
    range: (f64, f64),
}

impl Ridge {
    /// Fits on the window and on what of it lay before each of the last `origins` days.
    pub(crate) fn fit(terrain: &Terrain<'_>, observed: &[bool], origins: usize) -> Self {
        let end = observed.len();
        let features = Features::new(terrain.calendar);
        let rows = Rows::new(terrain, &features, end);
        let mut weights: Vec<f64> = observed.iter().map(|seen| f64::from(*seen)).collect();
        let first = rows.sums(&weights, 0);
        if let Some(first) = first.first().and_then(Sums::solve) {
            rows.down_weight(&first, &mut weights);
        }
        let fits = rows
            .sums(&weights, origins)
            .iter()
            .map(Sums::solve)
            .collect();
        let logs = &terrain.logs[..end];
        let low = logs.iter().copied().fold(f64::MAX, f64::min);
        let high = logs.iter().copied().fold(f64::MIN, f64::max);
        Self {
            features,
            fits,
            end,
            range: (low, high + HEADROOM.ln()),
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
                let gap = fit.map_or(0.0, |fit| {
                    dot(&fit, &self.features.row(terrain, origin, ahead))
                });
                let log = terrain.usual[origin + ahead] + gap;
                terrain.scale.from(log.clamp(self.range.0, self.range.1))
            })
            .collect()
    }
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
    fn new(terrain: &Terrain<'_>, features: &Features, end: usize) -> Self {
        let per_day = terrain.calendar.per_day;
        // A row needs yesterday and a level before it.
        let days = (end / per_day).saturating_sub(2);
        let first = end - days * per_day;
        let mut rows = Self {
            features: Vec::with_capacity(end - first),
            targets: Vec::with_capacity(end - first),
            first,
            per_day,
        };
        for origin in (first..end).step_by(per_day) {
            for ahead in 0..per_day {
                rows.features.push(features.row(terrain, origin, ahead));
                let index = origin + ahead;
                rows.targets
                    .push(terrain.logs[index] - terrain.usual[index]);
            }
        }
        rows
    }

    /// Sums of the whole window, then of the window less its last day, and so on for `origins`.
    fn sums(&self, weights: &[f64], origins: usize) -> Vec<Sums> {
        let days = self.targets.len() / self.per_day;
        let mut running = Sums::default();
        let mut all = Vec::with_capacity(origins + 1);
        for day in 0..days {
            if day + origins >= days {
                all.push(running.clone());
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

    /// Lowers the weight of rows that a fit misses by far.
    fn down_weight(&self, fit: &Row, weights: &mut [f64]) {
        let errors: Vec<f64> = self
            .features
            .iter()
            .zip(&self.targets)
            .map(|(row, target)| (target - dot(fit, row)).abs())
            .collect();
        let mut sizes: Vec<f64> = errors
            .iter()
            .zip(&weights[self.first..])
            .filter(|(_, weight)| **weight > 0.0)
            .map(|(error, _)| *error)
            .collect();
        // 1.4826 turns a median of absolute errors into a standard deviation of normal ones.
        let limit = HUBER * 1.4826 * median(&mut sizes);
        for (error, weight) in errors.iter().zip(&mut weights[self.first..]) {
            if *error > limit && limit > 0.0 {
                *weight *= limit / error;
            }
        }
    }
}

/// Normal equations of some rows: the lower triangle of `X'WX`, and `X'Wy`.
#[derive(Clone)]
struct Sums {
    gram: Vec<f64>,
    target: Row,
    rows: f64,
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            gram: vec![0.0; WIDTH * WIDTH],
            target: [0.0; WIDTH],
            rows: 0.0,
        }
    }
}

impl Sums {
    fn add(&mut self, row: &Row, target: f64, weight: f64) {
        for (left, value) in row.iter().enumerate() {
            let scaled = weight * value;
            self.target[left] += scaled * target;
            let line = &mut self.gram[left * WIDTH..=left * WIDTH + left];
            for (cell, right) in line.iter_mut().zip(row) {
                *cell += scaled * right;
            }
        }
        self.rows += weight;
    }

    /// Solves `(X'WX + penalty) b = X'Wy`; the penalty is in rows of a standardised feature, so
    /// that features of any size are shrunk alike.
    fn solve(&self) -> Option<Row> {
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
            // The constant keeps a feature that never moved from making the system singular.
            system[[left, left]] = own + PENALTY * own / self.rows + 1e-6;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_those_of_scikit_learn() {
        // sklearn.linear_model.Ridge(alpha=30) on features divided by their root mean square: see
        // peers/known_answers.py.
        let mut sums = Sums::default();
        for place in 0..200 {
            let turn = f64::from(place);
            let mut row = [0.0; WIDTH];
            row[0] = 1.0;
            row[1] = turn.sin();
            row[2] = f64::from(place % 7) / 7.0;
            row[3] = 5.0 * (0.3 * turn).cos();
            let target = 2.0 + 0.5 * row[1] - row[2] + 0.3 * row[3] + 0.1 * (9.0 * turn).sin();
            sums.add(&row, target, 1.0);
        }
        let fit = sums.solve().unwrap();
        let expected = [1.360_030_441, 0.456_322_899, 0.028_095_227, 0.261_452_117];
        for (found, expected) in fit.iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-5, "{found} {expected}");
        }
        assert!(fit[4..].iter().all(|other| *other == 0.0));
    }
}
