//! A line that may bend, by least absolute deviations through the medians of bins.
//!
//! Sources: Koenker and Bassett, "Regression quantiles", Econometrica 46, 1978 (the median is the
//! regression that wild points do not move); Schlossmacher, "An iterative technique for absolute
//! deviations curve fitting", JASA 68, 1973 (by reweighted least squares, here linfa's); Muggeo,
//! "Estimating regression models with unknown break-points", Statistics in Medicine 22, 2003.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2};

/// Bins over the range of loads: fine enough for a bend, coarse enough for a median in each.
const BINS: usize = 40;
/// Fewest points of a bin: so few that one wild one in each does not matter.
const FEWEST_IN_BIN: usize = 5;
/// Most bends: two for the curve into saturation, one onto the plateau of what cannot grow.
const MOST_BENDS: usize = 3;
/// Rounds of reweighting; the fit has settled long before.
const ROUNDS: usize = 25;

/// Values of one stretch of load.
#[derive(Debug, Clone)]
pub(super) struct Bin {
    /// Its median load.
    pub(super) load: f64,
    /// Values, ascending, each with the block of time it is from.
    values: Vec<(f64, usize)>,
}

impl Bin {
    /// How many values there are, and how many of them are under `limit`.
    pub(super) fn under(&self, limit: f64) -> (usize, usize) {
        let under = self.values.iter().filter(|value| value.0 < limit);
        (self.values.len(), under.count())
    }

    /// The median, with each value counted as often as its block; and the count.
    fn median(&self, times: Option<&[u32]>) -> Option<(f64, f64)> {
        let weight = |block: usize| times.map_or(1, |times| times.get(block).copied().unwrap_or(0));
        let total: u64 = self.values.iter().map(|v| u64::from(weight(v.1))).sum();
        let mut below = 0;
        let middle = self.values.iter().find(|value| {
            below += u64::from(weight(value.1));
            2 * below >= total && total > 0
        });
        middle.map(|(value, _)| (*value, total as f64))
    }
}

/// `points` of load, value and block in bins of equal width, each of at least a few points.
pub(super) fn bins(points: &[(f64, f64, usize)]) -> Vec<Bin> {
    let mut points = points.to_vec();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    let width = (last.0 - first.0) / BINS as f64;
    let from = first.0;
    let mut bins: Vec<Vec<(f64, f64, usize)>> = Vec::new();
    let mut edge = from + width;
    let mut bin: Vec<(f64, f64, usize)> = Vec::new();
    for point in points {
        if point.0 > edge && bin.len() >= FEWEST_IN_BIN {
            bins.push(std::mem::take(&mut bin));
            while point.0 > edge && width > 0.0 && edge + width > edge {
                edge += width;
            }
        }
        bin.push(point);
    }
    match bins.last_mut() {
        Some(before) if bin.len() < FEWEST_IN_BIN => before.extend(bin),
        _ => bins.push(bin),
    }
    let of = |bin: Vec<(f64, f64, usize)>| {
        let load = bin[(bin.len() - 1) / 2].0;
        let mut values: Vec<(f64, usize)> = bin.iter().map(|p| (p.1, p.2)).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        Bin { load, values }
    };
    bins.into_iter().map(of).collect()
}

/// A continuous line of straight pieces.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    level: f64,
    slope: f64,
    /// Loads at which it bends, ascending, and by how much its slope changes there.
    bends: Vec<(f64, f64)>,
}

impl Line {
    pub(super) fn at(&self, load: f64) -> f64 {
        let bent = self
            .bends
            .iter()
            .map(|(bend, by)| by * (load - bend).max(0.0));
        self.level + self.slope * load + bent.sum::<f64>()
    }

    /// The loads at which it rises to `limit`, from `lowest` on, ascending; the first may lie before
    /// `lowest` where it is higher there already, the last beyond what was seen.
    pub(super) fn rises_to(&self, limit: f64, lowest: f64) -> Vec<f64> {
        let on = |from: f64, slope: f64| {
            let load = from + (limit - self.at(from)) / slope;
            (slope > 0.0 && load > 0.0 && load.is_finite()).then_some(load)
        };
        let mut found = Vec::new();
        let (mut from, mut slope) = (lowest, self.slope);
        if self.at(lowest) >= limit {
            found.extend(on(lowest, slope));
        }
        let ends = self.bends.iter().map(|(bend, by)| (*bend, *by));
        for (end, by) in ends.chain([(f64::INFINITY, 0.0)]) {
            if self.at(from) < limit {
                found.extend(on(from, slope).filter(|load| *load <= end));
            }
            (from, slope) = (end, slope + by);
        }
        found
    }
}

/// The line through `bins`, with as many bends as the data speak for by Schwarz's criterion.
/// Source: Schwarz, "Estimating the dimension of a model", Annals of Statistics 6, 1978.
pub(super) fn line(bins: &[Bin]) -> Option<Line> {
    let medians = medians(bins, None);
    let mut best = straight(&medians)?;
    let mut score = criterion(&best, &medians);
    for _ in 0..MOST_BENDS {
        // A piece needs more than two points to be told from a wild one.
        let inner = bins.len().saturating_sub(2);
        let candidates = bins.iter().take(inner).skip(2).map(|bin| bin.load);
        let tried = candidates
            .filter(|at| best.bends.iter().all(|(bend, _)| bend != at))
            .filter_map(|at| {
                let mut bends: Vec<f64> = best.bends.iter().map(|(bend, _)| *bend).collect();
                bends.push(at);
                bends.sort_by(f64::total_cmp);
                let line = bent(&medians, &bends)?;
                Some((criterion(&line, &medians), line))
            });
        match tried.min_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((better, line)) if better < score => (best, score) = (line, better),
            _ => break,
        }
    }
    Some(best)
}

/// The same line with the same bends, as resampled blocks of time have it.
pub(super) fn again(line: &Line, bins: &[Bin], times: &[u32]) -> Option<Line> {
    let bends: Vec<f64> = line.bends.iter().map(|(bend, _)| *bend).collect();
    bent(&medians(bins, Some(times)), &bends)
}

/// Load, value and weight: a median of n values is known to the n-th part's root.
type Median = (f64, f64, f64);

fn medians(bins: &[Bin], times: Option<&[u32]>) -> Vec<Median> {
    bins.iter()
        .filter_map(|bin| {
            let (value, count) = bin.median(times)?;
            Some((bin.load, value, count.sqrt()))
        })
        .collect()
}

fn straight(medians: &[Median]) -> Option<Line> {
    bent(medians, &[])
}

/// The line with these bends of the least absolute deviations.
fn bent(medians: &[Median], bends: &[f64]) -> Option<Line> {
    let columns = 2 + bends.len();
    let (low, high) = (medians.first()?.0, medians.last()?.0);
    let span = high - low;
    let size = medians.iter().map(|m| m.1.abs()).fold(0.0, f64::max);
    if medians.len() < columns + 1 || !(span > 0.0 && span.is_finite() && size.is_finite()) {
        return None;
    }
    let size = if size > 0.0 { size } else { 1.0 };
    // In units of its own range, so that no figure is lost to the others' size.
    let row = |load: f64| {
        let bent = bends.iter().map(move |bend| (load - bend).max(0.0) / span);
        [1.0, (load - low) / span].into_iter().chain(bent)
    };
    let mut found = vec![0.0; columns];
    let mut weights: Vec<f64> = medians.iter().map(|m| m.2).collect();
    for _ in 0..ROUNDS {
        let mut rows = Vec::with_capacity(medians.len() * columns);
        let mut values = Vec::with_capacity(medians.len());
        for ((load, value, _), weight) in medians.iter().zip(&weights) {
            let root = weight.sqrt();
            rows.extend(row(*load).map(|cell| cell * root));
            values.push(value / size * root);
        }
        let rows = Array2::from_shape_vec((medians.len(), columns), rows).ok()?;
        let data = Dataset::new(rows, Array1::from(values));
        let fitted = LinearRegression::new()
            .with_intercept(false)
            .fit(&data)
            .ok()?;
        let new: Vec<f64> = fitted.params().to_vec();
        if new.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let moved: f64 = new.iter().zip(&found).map(|(a, b)| (a - b).abs()).sum();
        found = new;
        for ((load, value, weight), next) in medians.iter().zip(&mut weights) {
            let fit: f64 = row(*load).zip(&found).map(|(a, b)| a * b).sum();
            *next = weight / (value / size - fit).abs().max(1e-7);
        }
        if moved < 1e-9 {
            break;
        }
    }
    let slope = found[1] / span * size;
    let bends = bends
        .iter()
        .zip(&found[2..])
        .map(|(bend, by)| (*bend, by / span * size));
    Some(Line {
        level: found[0] * size - slope * low,
        slope,
        bends: bends.collect(),
    })
}

fn criterion(line: &Line, medians: &[Median]) -> f64 {
    let weight: f64 = medians.iter().map(|m| m.2).sum();
    let size = medians.iter().map(|m| m.1.abs()).fold(1e-300, f64::max);
    let loss: f64 = medians
        .iter()
        .map(|(load, value, weight)| weight * (value - line.at(*load)).abs() / size)
        .sum();
    // Nothing is gained by a fit that is closer than a ten-thousandth.
    let loss = (loss / weight.max(1e-300)).max(1e-4);
    let count = medians.len() as f64;
    // A bend has a place and a change of slope.
    let parameters = 2.0 + 2.0 * line.bends.len() as f64;
    2.0 * count * loss.ln() + parameters * count.ln()
}
