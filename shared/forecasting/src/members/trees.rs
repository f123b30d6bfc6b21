use super::Member;
use super::features::{Features, Row};
use crate::numbers::median;
use crate::terrain::Terrain;

/// Boosted regression trees on the features of the ridge, for what is not linear.
///
/// Small on purpose: a dozen steps a day, sixteen bins, thirty trees of eight leaves. They are
/// fitted on the window and on what of it lay two and four weeks back; a trial is forecast by the
/// latest fit that had not seen it.
///
/// Source: Friedman 2001, "Greedy function approximation" (Huber loss); histograms as in Ke et al.
/// 2017, "LightGBM".
pub(crate) struct Trees {
    features: Features,
    bins: Bins,
    /// One forest a fit, the latest first.
    forests: Vec<Forest>,
    /// Length of the window.
    end: usize,
    /// Range of log demand that forecasts are kept in.
    range: (f64, f64),
}

/// The features that trees may split: lags, levels and waves, Saturday and Sunday.
const USED: [usize; 24] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 29,
];
const BINS: usize = 16;
const DEPTH: usize = 3;
const TREES: usize = 30;
/// Part of a leaf's value that is added.
const RATE: f64 = 0.2;
/// Rows that a leaf is shrunk by, and the fewest it may hold.
const SHRINK: f64 = 10.0;
const LEAF: f64 = 8.0;
const ROWS_A_DAY: usize = 12;
const REFIT_DAYS: usize = 14;
/// How far a forecast may exceed the highest demand seen.
const HEADROOM: f64 = 1.5;

type Binned = [u8; USED.len()];

impl Trees {
    /// Fits on the window and on what of it lay before each second week of the last `origins` days.
    pub(crate) fn fit(terrain: &Terrain<'_>, observed: &[bool], origins: usize) -> Self {
        let end = observed.len();
        let per_day = terrain.calendar.per_day;
        let features = Features::new(terrain.calendar);
        let days = (end / per_day).saturating_sub(2);
        let first = end - days * per_day;
        let stride = (per_day / ROWS_A_DAY).max(1);
        let (mut rows, mut targets, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for day in 0..days {
            let origin = first + day * per_day;
            for ahead in ((day * 5) % stride..per_day).step_by(stride) {
                if observed[origin + ahead] {
                    rows.push(features.row(terrain, origin, ahead));
                    targets.push(terrain.logs[origin + ahead] - terrain.usual[origin + ahead]);
                    places.push(origin + ahead);
                }
            }
        }
        let bins = Bins::new(&rows);
        let binned: Vec<Binned> = rows.iter().map(|row| bins.of(row)).collect();
        let forests = (0..=origins.div_ceil(REFIT_DAYS))
            .map(|fit| {
                let until = end.saturating_sub(fit * REFIT_DAYS * per_day);
                let known = places.partition_point(|place| *place < until);
                Forest::grow(&binned[..known], &targets[..known])
            })
            .collect();
        let logs = &terrain.logs[..end];
        let low = logs.iter().copied().fold(f64::MAX, f64::min);
        let high = logs.iter().copied().fold(f64::MIN, f64::max);
        Self {
            features,
            bins,
            forests,
            end,
            range: (low, high + HEADROOM.ln()),
        }
    }
}

impl Member for Trees {
    fn name(&self) -> &'static str {
        "boosted trees"
    }

    fn day_ahead(&self, terrain: &Terrain<'_>, origin: usize) -> Vec<f64> {
        let per_day = terrain.calendar.per_day;
        let age = self.end.saturating_sub(origin) / per_day;
        let forest = self.forests.get(age.div_ceil(REFIT_DAYS));
        (0..per_day)
            .map(|ahead| {
                let gap = forest.map_or(0.0, |forest| {
                    let row = self.features.row(terrain, origin, ahead);
                    forest.value(&self.bins.of(&row))
                });
                let log = terrain.usual[origin + ahead] + gap;
                terrain.scale.from(log.clamp(self.range.0, self.range.1))
            })
            .collect()
    }
}

/// Upper edges of the bins of each used feature.
struct Bins(Vec<Vec<f64>>);

impl Bins {
    fn new(rows: &[Row]) -> Self {
        let edges = |feature: &usize| {
            let mut column: Vec<f64> = rows.iter().map(|row| row[*feature]).collect();
            column.sort_by(f64::total_cmp);
            let mut edges: Vec<f64> = (1..BINS)
                .filter_map(|bin| column.get(bin * column.len() / BINS).copied())
                .collect();
            edges.dedup();
            edges
        };
        Self(USED.iter().map(edges).collect())
    }

    fn of(&self, row: &Row) -> Binned {
        let mut binned = [0; USED.len()];
        for ((cell, feature), edges) in binned.iter_mut().zip(USED).zip(&self.0) {
            let bin = edges.partition_point(|edge| *edge < row[feature]);
            *cell = u8::try_from(bin).unwrap_or(u8::MAX);
        }
        binned
    }
}

struct Forest {
    start: f64,
    trees: Vec<Tree>,
}

impl Forest {
    fn grow(rows: &[Binned], targets: &[f64]) -> Self {
        let start = median(&mut targets.to_vec());
        let mut sizes = targets
            .iter()
            .map(|target| (target - start).abs())
            .collect();
        // Residuals beyond the usual count as the usual: half the way to an absolute loss.
        let limit = median(&mut sizes);
        let mut trees = Vec::new();
        if limit <= 0.0 || rows.len() < 4 * ROWS_A_DAY {
            return Self { start, trees };
        }
        let mut left: Vec<f64> = targets.iter().map(|target| target - start).collect();
        let mut nodes = vec![0; rows.len()];
        for _ in 0..TREES {
            let pulls: Vec<f64> = left.iter().map(|rest| rest.clamp(-limit, limit)).collect();
            let tree = Tree::grow(rows, &pulls, &mut nodes);
            for (rest, node) in left.iter_mut().zip(&nodes) {
                *rest -= tree.leaves[*node];
            }
            trees.push(tree);
        }
        Self { start, trees }
    }

    fn value(&self, row: &Binned) -> f64 {
        self.start + self.trees.iter().map(|tree| tree.value(row)).sum::<f64>()
    }
}

/// A full tree: every node of one depth before those of the next.
struct Tree {
    splits: Vec<Split>,
    leaves: [f64; 1 << DEPTH],
}

/// Rows whose bin of `feature` is above `bin` go right; all go left while `bin` is the highest.
#[derive(Clone, Copy)]
struct Split {
    feature: usize,
    bin: u8,
    gain: f64,
}

const NO_SPLIT: Split = Split {
    feature: 0,
    bin: u8::MAX,
    gain: 0.0,
};

impl Tree {
    fn grow(rows: &[Binned], pulls: &[f64], nodes: &mut [usize]) -> Self {
        nodes.fill(0);
        let mut splits = Vec::with_capacity((1 << DEPTH) - 1);
        for depth in 0..DEPTH {
            let mut best = vec![NO_SPLIT; 1 << depth];
            for feature in 0..USED.len() {
                let mut sums = [(0.0, 0.0); BINS << (DEPTH - 1)];
                for ((row, pull), node) in rows.iter().zip(pulls).zip(nodes.iter()) {
                    let cell = &mut sums[node * BINS + usize::from(row[feature])];
                    cell.0 += pull;
                    cell.1 += 1.0;
                }
                for (node, best) in best.iter_mut().enumerate() {
                    let split = split(feature, &sums[node * BINS..(node + 1) * BINS]);
                    if split.gain > best.gain {
                        *best = split;
                    }
                }
            }
            for (row, node) in rows.iter().zip(nodes.iter_mut()) {
                let split = best[*node];
                *node = *node * 2 + usize::from(row[split.feature] > split.bin);
            }
            splits.extend(best);
        }
        let mut sums = [(0.0, 0.0); 1 << DEPTH];
        for (pull, node) in pulls.iter().zip(nodes.iter()) {
            sums[*node].0 += pull;
            sums[*node].1 += 1.0;
        }
        Self {
            splits,
            leaves: sums.map(|(sum, count)| RATE * sum / (count + SHRINK)),
        }
    }

    fn value(&self, row: &Binned) -> f64 {
        let (mut first, mut node) = (0, 0);
        for depth in 0..DEPTH {
            let split = self.splits[first + node];
            node = node * 2 + usize::from(row[split.feature] > split.bin);
            first += 1 << depth;
        }
        self.leaves[node]
    }
}

/// The best split of one node by one feature, from the sums and counts of its bins.
fn split(feature: usize, cells: &[(f64, f64)]) -> Split {
    let worth = |sum: f64, count: f64| sum * sum / (count + SHRINK);
    let sum: f64 = cells.iter().map(|cell| cell.0).sum();
    let count: f64 = cells.iter().map(|cell| cell.1).sum();
    let whole = worth(sum, count);
    let mut best = NO_SPLIT;
    let (mut left, mut taken) = (0.0, 0.0);
    for (bin, cell) in cells.iter().enumerate().take(BINS - 1) {
        left += cell.0;
        taken += cell.1;
        if taken < LEAF || count - taken < LEAF {
            continue;
        }
        let gain = worth(left, taken) + worth(sum - left, count - taken) - whole;
        if gain > best.gain {
            best = Split {
                feature,
                bin: u8::try_from(bin).unwrap_or(u8::MAX),
                gain,
            };
        }
    }
    best
}
