use crate::LEVELS;
use crate::family::{Climate, Family, Miss};
use crate::frame::Frame;
use crate::quantiles::{MEDIAN, SCORES};
use crate::terrain::Terrain;
use crate::trials::Trial;
use crate::weights::{Example, descend};

/// Weight of a trial against that of the day after it.
const MEMORY: f64 = 0.98;
/// Shares of log scale, plain scale and climate that learning starts from.
const PRIOR: [f64; 3] = [0.45, 0.45, 0.1];
/// Growth of the squared errors with each further day ahead.
const WIDENING: f64 = 0.35;
/// No quantile up to 0.95 exceeds the highest demand of the trials, which was exceeded on none of
/// hundreds of steps; rarer ones do by a tenth for each factor of e that they are rarer ...
const RARE: f64 = 0.05;
const BEYOND: f64 = 0.1;
/// ... unless the centre itself is up there.
const ABOVE_CENTRE: f64 = 1.1;
/// Weight of a day against the day after it in how wild the last days were, the days of usual size
/// that are added to them, and the most that one day may say.
const WILD_MEMORY: f64 = 0.8;
const CALM_DAYS: f64 = 4.0;
const MOST_WILD: f64 = 5.0;
/// Trial days from which on the quantiles of what was missed on them hold as they are.
const ENOUGH_DAYS: f64 = 7.0;
/// Misses below which day-to-day changes must help out.
const FEW: usize = 12;
/// Steps a day that shares are learnt from.
const EXAMPLES_A_DAY: usize = 96;

/// How far demand lay from the combination on the trials, as quantiles around any centre.
///
/// Errors are first divided by how wild the days before them were, for wild days come together.
/// Three ways to tell are then mixed by shares learnt for each level. Errors are divided by their usual
/// size at that time of day, pooled, and their quantiles multiplied back: in log scale, right where
/// errors grow with demand, and in plain scale, right where they do not. And the quantiles of
/// demand itself in that hour, right where it comes in bursts.
pub(crate) struct Spread {
    ways: Ways,
    /// How much the last days missed, against the usual: tomorrow is as wild as they were.
    /// The trials' own come after tomorrow's.
    wild: Vec<f64>,
    /// By level: shares of the ways.
    shares: [[f64; 3]; LEVELS.len()],
    /// By level: what is added where few days were tried, 1 where enough were.
    few: [f64; LEVELS.len()],
}

struct Ways {
    /// The highest demand seen, and a little more where few days were.
    highest: f64,
    log: Family,
    plain: Family,
    climate: Climate,
}

impl Ways {
    fn learn(terrain: &Terrain<'_>, misses: &[&Miss]) -> Self {
        let demand = misses.iter().map(|miss| miss.actual);
        let days = misses.len() as f64 / terrain.calendar.per_day as f64;
        Self {
            highest: demand.fold(0.0, f64::max) * (1.0 + 1.0 / days.max(1e-3)),
            log: Family::learn(terrain, misses, |miss| miss.log),
            plain: Family::learn(terrain, misses, |miss| miss.plain),
            climate: Climate::learn(terrain, misses),
        }
    }

    /// The level at `place` of step `index`, each way.
    fn values(
        &self,
        terrain: &Terrain<'_>,
        index: usize,
        centre: f64,
        widening: f64,
        place: usize,
    ) -> [f64; 3] {
        let log = terrain.scale.to(centre) + widening * self.log.offset(terrain, index, place);
        // In log scale a rare miss near zero is a factor of thousands at a busy time.
        let rare = (RARE / (1.0 - LEVELS[place])).max(1.0).ln();
        let most = ((1.0 + BEYOND * rare) * self.highest).max(ABOVE_CENTRE * centre);
        [
            terrain.scale.from(log).min(most),
            (centre + widening * self.plain.offset(terrain, index, place)).min(most),
            self.climate.value(terrain, index, place, centre),
        ]
    }
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
        let mut misses = misses(frame, terrain, trials, centres);
        let wild = calm(&mut misses, trials.len());
        let few = misses.len() < FEW;
        if few {
            misses.extend(changes(frame, terrain));
        }
        let all: Vec<&Miss> = misses.iter().collect();
        let shares = if few {
            [[0.5, 0.5, 0.0]; LEVELS.len()]
        } else {
            shares(terrain, &misses)
        };
        Self {
            ways: Ways::learn(terrain, &all),
            wild,
            shares,
            few: SCORES.map(|score| few_days(score, trials.len())),
        }
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
        let wild = self.wild.first().copied().unwrap_or(1.0);
        let widening = (1.0 + WIDENING * days as f64).sqrt() * wild;
        let mut row = self.row(terrain, index, centre, widening, least);
        for (cell, few) in row.iter_mut().zip(self.few) {
            *cell = (centre + few * (*cell - centre)).max(least);
        }
        row.sort_by(f64::total_cmp);
        row
    }

    /// Quantiles of step `index` of the trial `age` days back, as they would have been around
    /// `centre`.
    pub(crate) fn on_trial(
        &self,
        terrain: &Terrain<'_>,
        index: usize,
        centre: f64,
        age: usize,
        least: f64,
    ) -> [f64; LEVELS.len()] {
        let wild = self.wild.get(age + 1).copied().unwrap_or(1.0);
        self.row(terrain, index, centre, wild, least)
    }

    fn row(
        &self,
        terrain: &Terrain<'_>,
        index: usize,
        centre: f64,
        widening: f64,
        least: f64,
    ) -> [f64; LEVELS.len()] {
        let mut row = [0.0; LEVELS.len()];
        for (place, cell) in row.iter_mut().enumerate() {
            let values = self.ways.values(terrain, index, centre, widening, place);
            let mixed: f64 = values
                .iter()
                .zip(self.shares[place])
                .map(|(v, s)| v * s)
                .sum();
            *cell = mixed.max(least);
        }
        row[MEDIAN] = centre.max(least);
        row.sort_by(f64::total_cmp);
        row
    }
}

/// Factor of the distance at a normal score where `days` were tried, against [`ENOUGH_DAYS`]: what one
/// day misses hangs together, so the days count, not their steps. Without any day other errors stand in.
///
/// Source: quantiles of Student's t by those of the normal distribution, to the second order; Abramowitz
/// & Stegun 1964, 26.7.5.
fn few_days(score: f64, days: usize) -> f64 {
    let square = score * score;
    let student = |days: f64| {
        let second = (5.0 * square * square + 16.0 * square + 3.0) / 96.0;
        1.0 + (square + 1.0) / 4.0 / days + second / (days * days)
    };
    if days == 0 {
        1.0
    } else {
        (student(days.max(2) as f64) / student(ENOUGH_DAYS)).max(1.0)
    }
}

fn misses(
    frame: &Frame,
    terrain: &Terrain<'_>,
    trials: &[Trial],
    centres: &[Vec<f64>],
) -> Vec<Miss> {
    let mut misses = Vec::new();
    for (age, (trial, centre)) in trials.iter().zip(centres).enumerate() {
        let weight = MEMORY.powi(i32::try_from(age).unwrap_or(i32::MAX));
        for (step, centre) in centre.iter().enumerate() {
            let index = trial.origin + step;
            if frame.observed[index] {
                misses.push(Miss {
                    index,
                    age,
                    centre: *centre,
                    log: terrain.logs[index] - terrain.scale.to(*centre),
                    plain: terrain.values[index] - centre,
                    weight,
                    wild: 1.0,
                    actual: terrain.values[index],
                });
            }
        }
    }
    misses
}

/// Divides what was missed on each day by how wild the days before it were, and tells how wild
/// the last ones were (first), and those before each trial: 1 is usual.
fn calm(misses: &mut [Miss], days: usize) -> Vec<f64> {
    let mut sizes = vec![(0.0, 0.0); days];
    for miss in misses.iter() {
        sizes[miss.age].0 += miss.log.abs();
        sizes[miss.age].1 += 1.0;
    }
    let (sum, count) = sizes.iter().fold((0.0, 0.0), |both: (f64, f64), day| {
        (both.0 + day.0, both.1 + day.1)
    });
    let usual = sum / count.max(1.0);
    if usual <= 0.0 {
        return vec![1.0; days + 1];
    }
    let (mut sum, mut weight) = (0.0, 0.0);
    // By age: what the days before it say; the day ahead comes last.
    let mut wild = vec![1.0; days + 1];
    for (age, (size, count)) in sizes.iter().enumerate().rev() {
        wild[age + 1] = (sum + CALM_DAYS) / (weight + CALM_DAYS);
        if *count > 0.0 {
            sum = WILD_MEMORY * sum + (size / count / usual).min(MOST_WILD);
            weight = WILD_MEMORY * weight + 1.0;
        }
    }
    wild[0] = (sum + CALM_DAYS) / (weight + CALM_DAYS);
    for miss in misses.iter_mut() {
        miss.wild = wild[miss.age + 1];
        miss.log /= miss.wild;
        miss.plain /= miss.wild;
    }
    wild
}

/// Shares of the ways by level, from how each way learnt on the even days tells the odd ones and
/// the other way round: a way that only remembers its days gains nothing.
fn shares(terrain: &Terrain<'_>, misses: &[Miss]) -> [[f64; 3]; LEVELS.len()] {
    let halves = [0, 1].map(|left_out| {
        let half: Vec<&Miss> = misses
            .iter()
            .filter(|miss| miss.age % 2 != left_out)
            .collect();
        Ways::learn(terrain, &half)
    });
    let stride = (terrain.calendar.per_day / EXAMPLES_A_DAY).max(1);
    let mut shares = [PRIOR; LEVELS.len()];
    for (place, level) in LEVELS
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != MEDIAN)
    {
        let examples: Vec<Example> = misses
            .iter()
            .filter(|miss| miss.index % stride == (miss.age * 5) % stride)
            .map(|miss| Example {
                forecasts: halves[miss.age % 2]
                    .values(terrain, miss.index, miss.centre, miss.wild, place)
                    .to_vec(),
                actual: miss.actual,
                weight: miss.weight,
            })
            .collect();
        for (cell, share) in
            shares[place]
                .iter_mut()
                .zip(descend(&examples, *level, PRIOR.to_vec()))
        {
            *cell = share;
        }
    }
    shares
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
            age: 0,
            centre: mean,
            log,
            plain,
            wild: 1.0,
            actual: mean + plain,
            weight: 1.0,
        })
        .collect()
}
