use crate::frame::Frame;
use crate::numbers::median;
use crate::terrain::Terrain;
use crate::trials::Trial;

/// Weight of a trial against that of the day after it.
const MEMORY: f64 = 0.97;
/// Pull of the shares towards nothing, in days with a usual miss.
const PULL: f64 = 5.0;
/// The most of a miss that is carried over.
const MOST: f64 = 0.8;
/// The last hours of a day that say how the next one starts, and how fast that fades.
const LATE_HOURS: f64 = 3.0;
const FADE_HOURS: f64 = 5.0;
/// A miss beyond so many usual ones (plus a tenth) is a shift of the level ...
const SHIFT_MISSES: f64 = 4.0;
const SHIFT_LEAST: f64 = 0.1;
/// ... of which so much is followed at once.
const SHIFT_SHARE: f64 = 0.4;
/// The most that one step may teach, in log scale: a factor of two.
const MOST_TAUGHT: f64 = 0.7;

/// How much of what the combination missed yesterday it will miss today: learnt shares of the
/// day's median miss and of its last hours', and a fixed share of what goes far beyond the usual
/// with the last hours agreeing, which is a shift of the level rather than an odd day.
#[derive(Debug, Clone)]
pub(crate) struct Carry {
    shares: [f64; 2],
    /// Median size of a day's miss, in log scale.
    usual: f64,
}

/// What was missed on one day, in log scale.
struct Missed {
    day: f64,
    late: f64,
}

impl Missed {
    /// A step that was not observed, and filled, missed nothing.
    fn on(terrain: &Terrain<'_>, observed: &[bool], origin: usize, centre: &[f64]) -> Self {
        let steps = terrain.logs[origin..].iter().zip(&observed[origin..]);
        let mut misses: Vec<f64> = steps
            .zip(centre)
            .map(|((log, observed), centre)| {
                f64::from(u8::from(*observed)) * (log - terrain.scale.to(*centre))
            })
            .collect();
        let late = (terrain.calendar.per_day as f64 * LATE_HOURS / 24.0).max(1.0) as usize;
        let last = &misses[misses.len().saturating_sub(late)..];
        let late = last.iter().sum::<f64>() / last.len().max(1) as f64;
        Self {
            day: median(&mut misses),
            late,
        }
    }

    /// The regressors of the step `ahead` of the next day.
    fn at(&self, ahead: usize, per_day: usize) -> [f64; 2] {
        let hours = 24.0 * ahead as f64 / per_day as f64;
        [self.day, self.late * (-hours / FADE_HOURS).exp()]
    }
}

impl Carry {
    /// Learns from pairs of neighbouring trials; `centres` are their combinations.
    pub(crate) fn learn(
        frame: &Frame,
        terrain: &Terrain<'_>,
        trials: &[Trial],
        centres: &[Vec<f64>],
    ) -> Self {
        let per_day = frame.per_day();
        let mut sizes = Vec::new();
        let (mut square, mut target, mut weight) = ([0.0; 3], [0.0; 2], 1.0 / per_day as f64);
        for (trials, centres) in trials.windows(2).zip(centres.windows(2)) {
            let missed = Missed::on(terrain, &frame.observed, trials[1].origin, &centres[1]);
            sizes.push(missed.day.abs());
            for (step, centre) in centres[0].iter().enumerate() {
                let index = trials[0].origin + step;
                if frame.observed[index] {
                    let [day, late] = missed.at(step, per_day);
                    let miss = terrain.logs[index] - terrain.scale.to(*centre);
                    let miss = weight * miss.clamp(-MOST_TAUGHT, MOST_TAUGHT);
                    target[0] += day * miss;
                    target[1] += late * miss;
                    square[0] += weight * day * day;
                    square[1] += weight * day * late;
                    square[2] += weight * late * late;
                }
            }
            weight *= MEMORY;
        }
        let usual = median(&mut sizes);
        let pull = PULL * (usual * usual + 1e-9);
        let [a, b, c] = [square[0] + pull, square[1], square[2] + pull];
        let determinant = a * c - b * b;
        let shares = if determinant > 0.0 {
            [
                (target[0] * c - target[1] * b) / determinant,
                (target[1] * a - target[0] * b) / determinant,
            ]
        } else {
            [0.0; 2]
        };
        Self {
            shares: shares.map(|share| share.clamp(0.0, MOST)),
            usual,
        }
    }

    /// Moves `centre`, the combination for the day after the one at `origin`, by what `before`,
    /// the combination for that day, missed.
    pub(crate) fn apply(
        &self,
        frame: &Frame,
        terrain: &Terrain<'_>,
        origin: usize,
        before: &[f64],
        centre: &mut [f64],
    ) {
        let per_day = terrain.calendar.per_day;
        let missed = Missed::on(terrain, &frame.observed, origin, before);
        let limit = SHIFT_MISSES * self.usual + SHIFT_LEAST;
        let agreed = if missed.day * missed.late > 0.0 {
            missed.day.abs().min(missed.late.abs())
        } else {
            0.0
        };
        let shift = missed.day.signum() * SHIFT_SHARE * (agreed - limit).max(0.0);
        let usual = Missed {
            day: missed.day.clamp(-limit, limit),
            late: missed.late.clamp(-limit, limit),
        };
        for (step, value) in centre.iter_mut().enumerate() {
            let [day, late] = usual.at(step, per_day);
            let moved = self.shares[0] * day + self.shares[1] * late + shift;
            *value = terrain
                .scale
                .from(terrain.scale.to(*value) + moved)
                .max(frame.least);
        }
    }
}
