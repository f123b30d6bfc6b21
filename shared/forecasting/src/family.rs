use crate::LEVELS;
use crate::numbers::weighted_quantile;
use crate::tail::Tail;
use crate::terrain::Terrain;

/// The part of the asked tail that is looked up: what was learnt on past days looks better there
/// than it will be, so 0.9 is read at 0.918.
const TAIL: f64 = 0.82;

/// Levels beyond this one are read from a fitted tail: few errors lie out there.
const FAR: f64 = 0.96;

/// What was missed at one step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Miss {
    pub(crate) index: usize,
    /// Days since.
    pub(crate) age: usize,
    pub(crate) centre: f64,
    pub(crate) log: f64,
    pub(crate) plain: f64,
    pub(crate) actual: f64,
    pub(crate) weight: f64,
    /// What the misses were divided by, as the days before were wilder or calmer than usual.
    pub(crate) wild: f64,
}

/// Quantile `level` of sorted, weighted values, further out than asked.
fn outer(sorted: &[(f64, f64)], level: f64) -> f64 {
    if level < 0.5 {
        weighted_quantile(sorted, TAIL * level)
    } else {
        weighted_quantile(sorted, 1.0 - TAIL * (1.0 - level))
    }
}

/// Errors in one scale, divided by their usual size at that time of day.
pub(crate) struct Family {
    /// Quantiles of the divided errors, one a level of [`LEVELS`].
    offsets: [f64; LEVELS.len()],
    /// Usual size of the error by kind of day (0 working day, 1 weekend) and step of the day.
    sizes: [Vec<f64>; 2],
}

/// Observations of the usual size overall that a step of the day starts from.
const PRIOR_SLOT: f64 = 10.0;
/// Observations of the step's usual size that a kind of day starts from.
const PRIOR_KIND: f64 = 6.0;
/// A single error speaks for no more than so many usual ones.
const MOST_USUAL: f64 = 6.0;

impl Family {
    pub(crate) fn learn(terrain: &Terrain<'_>, misses: &[&Miss], of: fn(&Miss) -> f64) -> Self {
        let calendar = terrain.calendar;
        let per_day = calendar.per_day;
        let kind = |index: usize| usize::from(calendar.weekend(index));
        let total: f64 = misses.iter().map(|miss| miss.weight).sum();
        let sum: f64 = misses.iter().map(|miss| miss.weight * of(miss).abs()).sum();
        let usual = sum / total.max(1e-9);
        let mut cells = [vec![(0.0, 0.0); per_day], vec![(0.0, 0.0); per_day]];
        for miss in misses {
            let cell = &mut cells[kind(miss.index)][calendar.slot[miss.index]];
            cell.0 += miss.weight * of(miss).abs().min(MOST_USUAL * usual);
            cell.1 += miss.weight;
        }
        let near = cells.map(|cells| neighbourhood(&cells, per_day / 24));
        let size = |kind: usize, slot: usize| {
            let (own, other) = (near[kind][slot], near[1 - kind][slot]);
            let both = (own.0 + other.0 + PRIOR_SLOT * usual) / (own.1 + other.1 + PRIOR_SLOT);
            ((own.0 + PRIOR_KIND * both) / (own.1 + PRIOR_KIND)).max(1e-12)
        };
        let sizes = [0, 1].map(|kind| {
            (0..per_day)
                .map(|slot| size(kind, slot))
                .collect::<Vec<_>>()
        });
        let mut divided: Vec<(f64, f64)> = misses
            .iter()
            .map(|miss| {
                let size = sizes[kind(miss.index)][calendar.slot[miss.index]];
                (of(miss) / size, miss.weight)
            })
            .collect();
        divided.sort_by(|a, b| a.0.total_cmp(&b.0));
        let tail = Tail::fit(&divided);
        let offsets = LEVELS.map(|level| {
            let offset = match tail {
                Some(tail) if level > FAR => tail.quantile(1.0 - TAIL * (1.0 - level)),
                _ => outer(&divided, level),
            };
            if level < 0.5 {
                offset.min(0.0)
            } else if level > 0.5 {
                offset.max(0.0)
            } else {
                0.0
            }
        });
        Self { offsets, sizes }
    }

    /// Distance of the level at `place` from the centre at step `index`.
    pub(crate) fn offset(&self, terrain: &Terrain<'_>, index: usize, place: usize) -> f64 {
        let kind = usize::from(terrain.calendar.weekend(index));
        self.offsets[place] * self.sizes[kind][terrain.calendar.slot[index]]
    }
}

/// Sums over each step of the day and `reach` steps to either side, around the clock. Neighbours
/// say much the same, so the sums are scaled as if half of them were new.
fn neighbourhood(cells: &[(f64, f64)], reach: usize) -> Vec<(f64, f64)> {
    let length = cells.len();
    let width = (2 * reach + 1) as f64 / 2.0;
    (0..length)
        .map(|slot| {
            let (mut sum, mut count) = (0.0, 0.0);
            for step in 0..=2 * reach {
                let cell = cells[(slot + length + step - reach) % length];
                sum += cell.0;
                count += cell.1;
            }
            (sum / width, count / width)
        })
        .collect()
}

/// What demand was in that hour on the last days, whatever was forecast.
pub(crate) struct Climate {
    /// By kind of day (0 working day, 1 weekend) and hour: one value a level of [`LEVELS`].
    hours: [Vec<[f64; LEVELS.len()]>; 2],
}

/// What an hour of the other kind of day, or a neighbouring hour, counts.
const OTHER_KIND: f64 = 0.15;
const NEIGHBOUR: f64 = 0.5;

impl Climate {
    pub(crate) fn learn(terrain: &Terrain<'_>, misses: &[&Miss]) -> Self {
        let calendar = terrain.calendar;
        let mut seen = [0, 1].map(|_| vec![Vec::<(f64, f64)>::new(); 24]);
        for miss in misses {
            let hour = hour(terrain, miss.index);
            let kind = usize::from(calendar.weekend(miss.index));
            let value = miss.actual;
            for (hour, near) in [(hour, 1.0), (hour + 1, NEIGHBOUR), (hour + 23, NEIGHBOUR)] {
                let weight = near * miss.weight;
                seen[kind][hour % 24].push((value, weight));
                seen[1 - kind][hour % 24].push((value, OTHER_KIND * weight));
            }
        }
        let hours = seen.map(|hours| {
            hours
                .into_iter()
                .map(|mut values| {
                    values.sort_by(|a, b| a.0.total_cmp(&b.0));
                    LEVELS.map(|level| outer(&values, level))
                })
                .collect()
        });
        Self { hours }
    }

    /// Demand at the level at `place` in step `index`, on the right side of `centre`.
    pub(crate) fn value(
        &self,
        terrain: &Terrain<'_>,
        index: usize,
        place: usize,
        centre: f64,
    ) -> f64 {
        let kind = usize::from(terrain.calendar.weekend(index));
        let value = self.hours[kind][hour(terrain, index)][place];
        if LEVELS[place] > 0.5 {
            value.max(centre)
        } else {
            value.min(centre)
        }
    }
}

/// Hour of the local day of step `index`.
fn hour(terrain: &Terrain<'_>, index: usize) -> usize {
    (terrain.calendar.slot[index] * 24 / terrain.calendar.per_day).min(23)
}
