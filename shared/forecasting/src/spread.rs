use crate::LEVELS;
use crate::frame::Frame;
use crate::numbers::weighted_quantile;
use crate::quantiles::MEDIAN;
use crate::terrain::Terrain;
use crate::trials::Trial;

/// Weight of a trial against that of the day after it.
const MEMORY: f64 = 0.98;
/// The part of the asked tail that is looked up: what was learnt on past days looks better there
/// than it will be, so 0.9 is read at 0.918.
const TAIL: f64 = 0.82;
/// Shares of the log scale that are tried for each level.
const SHARES: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// Growth of the squared errors with each further day ahead.
const WIDENING: f64 = 0.25;
/// Misses below which day-to-day changes must help out.
const FEW: usize = 12;

/// How far demand lay from the combination on the trials, as quantiles around any centre.
///
/// The errors are divided by their usual size at that time of day, pooled, and their quantiles
/// multiplied back. That is done in log scale, right where errors grow with demand, and in plain
/// scale, right where they do not; which share of each serves a level best is learnt.
pub(crate) struct Spread {
    log: Family,
    plain: Family,
    /// By level: share of the log scale.
    shares: [f64; LEVELS.len()],
}

/// What was missed at one step.
struct Miss {
    index: usize,
    centre: f64,
    log: f64,
    plain: f64,
    weight: f64,
}

impl Spread {
    /// Learns from the trials and their combinations `centres`; from the changes between
    /// neighbouring steps where there are none.
    pub(crate) fn learn(
        frame: &Frame,
        terrain: &Terrain<'_>,
        trials: &[Trial],
        centres: &[Vec<f64>],
    ) -> Self {
        let mut misses = Vec::new();
        for (age, (trial, centre)) in trials.iter().zip(centres).enumerate() {
            let weight = MEMORY.powi(i32::try_from(age).unwrap_or(i32::MAX));
            for (step, centre) in centre.iter().enumerate() {
                let index = trial.origin + step;
                if frame.observed[index] {
                    misses.push(Miss {
                        index,
                        centre: *centre,
                        log: terrain.logs[index] - terrain.scale.to(*centre),
                        plain: terrain.values[index] - centre,
                        weight,
                    });
                }
            }
        }
        let few = misses.len() < FEW;
        if few {
            misses.extend(changes(frame, terrain));
        }
        let log = Family::learn(terrain, &misses, |miss| miss.log);
        let plain = Family::learn(terrain, &misses, |miss| miss.plain);
        let mut spread = Self {
            log,
            plain,
            shares: [0.5; LEVELS.len()],
        };
        if !few {
            for place in (0..LEVELS.len()).filter(|place| *place != MEDIAN) {
                spread.shares[place] = spread.best_share(terrain, &misses, place);
            }
        }
        spread
    }

    /// Quantiles of step `index` around `centre`, `days` whole days ahead of the first.
    pub(crate) fn around(
        &self,
        terrain: &Terrain<'_>,
        index: usize,
        centre: f64,
        days: usize,
        least: f64,
    ) -> [f64; LEVELS.len()] {
        let widening = (1.0 + WIDENING * days as f64).sqrt();
        let log = terrain.scale.to(centre);
        let mut row = [0.0; LEVELS.len()];
        for (place, cell) in row.iter_mut().enumerate() {
            let share = self.shares[place];
            let by_log = terrain
                .scale
                .from(log + widening * self.log.offset(terrain, index, place));
            let by_plain = centre + widening * self.plain.offset(terrain, index, place);
            *cell = (share * by_log + (1.0 - share) * by_plain).max(least);
        }
        row[MEDIAN] = centre.max(least);
        row.sort_by(f64::total_cmp);
        row
    }

    /// The share of the log scale with the least quantile loss, averaged with the even one.
    fn best_share(&self, terrain: &Terrain<'_>, misses: &[Miss], place: usize) -> f64 {
        let mut losses = [0.0; SHARES.len()];
        let stride = (terrain.calendar.per_day / 24).max(1);
        for miss in misses.iter().step_by(stride) {
            let log = terrain.scale.to(miss.centre) + self.log.offset(terrain, miss.index, place);
            let by_log = terrain.scale.from(log) - miss.centre;
            let by_plain = self.plain.offset(terrain, miss.index, place);
            for (loss, share) in losses.iter_mut().zip(SHARES) {
                let over = miss.plain - share * by_log - (1.0 - share) * by_plain;
                let level = LEVELS[place];
                *loss += miss.weight * (level * over).max((level - 1.0) * over);
            }
        }
        let best = (0..SHARES.len())
            .min_by(|a, b| losses[*a].total_cmp(&losses[*b]))
            .map_or(0.5, |which| SHARES[which]);
        f64::midpoint(best, 0.5)
    }
}

/// Changes between neighbouring steps, both ways, as a stand-in for errors; and something, for
/// something is unknown even where nothing ever moved.
fn changes(frame: &Frame, terrain: &Terrain<'_>) -> Vec<Miss> {
    let last = frame.values.len() - 1;
    let mean = frame.values.iter().sum::<f64>().abs() / frame.values.len() as f64;
    let known = (1..frame.values.len()).filter(|index| frame.observed[*index]);
    let changes = known.map(|index| {
        let log = terrain.logs[index] - terrain.logs[index - 1];
        (log, frame.values[index] - frame.values[index - 1])
    });
    let something = [0.2, 0.5].map(|part| (part, part * mean));
    changes
        .chain(something)
        .flat_map(|(log, plain)| [(log, plain), (-log, -plain)])
        .map(|(log, plain)| Miss {
            index: last,
            centre: mean,
            log,
            plain,
            weight: 1.0,
        })
        .collect()
}

/// Errors in one scale, divided by their usual size at that time of day.
struct Family {
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
    fn learn(terrain: &Terrain<'_>, misses: &[Miss], of: fn(&Miss) -> f64) -> Self {
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
        let offsets = LEVELS.map(|level| {
            if level < 0.5 {
                weighted_quantile(&divided, TAIL * level).min(0.0)
            } else if level > 0.5 {
                weighted_quantile(&divided, 1.0 - TAIL * (1.0 - level)).max(0.0)
            } else {
                0.0
            }
        });
        Self { offsets, sizes }
    }

    /// Distance of the level at `place` from the centre at step `index`.
    fn offset(&self, terrain: &Terrain<'_>, index: usize, place: usize) -> f64 {
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
