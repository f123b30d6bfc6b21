use super::Member;
use crate::terrain::Terrain;

/// Exponential smoothing by days: a level, a daily shape and a weekly shape, each moved by what
/// the day-ahead forecast missed.
///
/// The usual Holt-Winters updates after every step and is tuned to be right one step ahead. Here
/// a whole day is forecast and then learnt from at once, and the rates are those with the least
/// day-ahead error on the window itself, which is what is asked of it.
///
/// Source: double seasonal smoothing, Taylor 2003, "Short-term electricity demand forecasting
/// using double seasonal exponential smoothing"; learning by days is our deviation.
pub(crate) struct Smooth {
    logarithmic: bool,
    /// One forecast an origin, the latest (the day after the window) first.
    days: Vec<Vec<f64>>,
    /// Length of the window.
    end: usize,
    /// What was learnt by the end of the window.
    state: State,
}

/// How fast each part follows: 0 never moves it, 1 makes it repeat the last day.
#[derive(Debug, Clone, Copy)]
struct Rates {
    level: f64,
    daily: f64,
    weekly: f64,
}

const LEVEL_RATES: [f64; 3] = [0.15, 0.4, 0.75];
const DAILY_RATES: [f64; 3] = [0.03, 0.12, 0.35];
const WEEKLY_RATES: [f64; 3] = [0.06, 0.2, 0.4];
/// Weight of a day's error against that of the day after it in the choice of the rates.
const MEMORY: f64 = 0.97;
/// A step's miss teaches the shapes no more than so many usual misses.
const MOST_MISSES: f64 = 4.0;

impl Smooth {
    /// Runs over the window with every combination of rates and keeps the best.
    pub(crate) fn fit(
        terrain: &Terrain<'_>,
        end: usize,
        origins: usize,
        logarithmic: bool,
    ) -> Self {
        let source = if logarithmic {
            &terrain.logs[..end]
        } else {
            &terrain.values[..end]
        };
        let mut best = Rates {
            level: LEVEL_RATES[1],
            daily: DAILY_RATES[1],
            weekly: WEEKLY_RATES[1],
        };
        let mut least = f64::INFINITY;
        for level in LEVEL_RATES {
            for daily in DAILY_RATES {
                for weekly in WEEKLY_RATES {
                    let rates = Rates {
                        level,
                        daily,
                        weekly,
                    };
                    let (cost, _) = run(terrain, source, rates, 0, &mut Vec::new());
                    if cost < least {
                        (least, best) = (cost, rates);
                    }
                }
            }
        }
        let mut days = Vec::with_capacity(origins + 1);
        let (_, state) = run(terrain, source, best, origins, &mut days);
        days.push(state.ahead(terrain, end));
        days.reverse();
        Self {
            logarithmic,
            days,
            end,
            state,
        }
    }
}

impl Member for Smooth {
    fn name(&self) -> &'static str {
        if self.logarithmic {
            "daily smoothing in log scale"
        } else {
            "daily smoothing"
        }
    }

    fn day_ahead(&self, terrain: &Terrain<'_>, origin: usize) -> Vec<f64> {
        let known = self
            .end
            .checked_sub(origin)
            .and_then(|back| self.days.get(back / terrain.calendar.per_day))
            .cloned();
        let mut day = known.unwrap_or_else(|| self.state.ahead(terrain, origin));
        if self.logarithmic {
            for value in &mut day {
                *value = terrain.scale.from(*value);
            }
        }
        day
    }
}

/// Forecasts and learns from every day of `source`; keeps the forecasts of the last `keep` days in
/// `kept`. Returns the mean absolute error and what was learnt.
fn run(
    terrain: &Terrain<'_>,
    source: &[f64],
    rates: Rates,
    keep: usize,
    kept: &mut Vec<Vec<f64>>,
) -> (f64, State) {
    let per_day = terrain.calendar.per_day;
    let total = source.len() / per_day;
    let first = source.len() - total * per_day;
    let mut state = State::new(terrain, source, first);
    let (mut cost, mut weight) = (0.0, 1e-9);
    for (day, values) in source[first..].chunks_exact(per_day).enumerate() {
        let origin = first + day * per_day;
        let ahead = state.ahead(terrain, origin);
        let misses: Vec<f64> = ahead.iter().zip(values).map(|(f, v)| v - f).collect();
        cost *= MEMORY;
        weight *= MEMORY;
        // The first week still finds its shape, and says little about the rates.
        if day >= 7.min(total / 2) {
            cost += misses.iter().map(|miss| miss.abs()).sum::<f64>();
            weight += per_day as f64;
        }
        if day + keep >= total {
            kept.push(ahead);
        }
        state.learn(terrain, origin, &misses, rates);
    }
    (cost / weight, state)
}

#[derive(Debug, Clone)]
struct State {
    level: f64,
    /// By step of the day.
    daily: Vec<f64>,
    /// By weekday and step of the day.
    weekly: Vec<Vec<f64>>,
    /// Usual size of a miss.
    usual_miss: f64,
}

impl State {
    /// Mean and daily shape of the first week.
    fn new(terrain: &Terrain<'_>, source: &[f64], first: usize) -> Self {
        let per_day = terrain.calendar.per_day;
        let week = &source[first..source.len().min(first + 7 * per_day)];
        let count = week.len().max(1) as f64;
        let level = week.iter().sum::<f64>() / count;
        let mut sums = vec![(0.0, 0.0); per_day];
        for (place, value) in week.iter().enumerate() {
            let cell = &mut sums[terrain.calendar.slot[first + place]];
            cell.0 += value - level;
            cell.1 += 1.0;
        }
        Self {
            level,
            daily: sums
                .iter()
                .map(|(sum, n)| sum / f64::max(*n, 1.0))
                .collect(),
            weekly: vec![vec![0.0; per_day]; 7],
            usual_miss: week.iter().map(|value| (value - level).abs()).sum::<f64>() / count,
        }
    }

    fn ahead(&self, terrain: &Terrain<'_>, origin: usize) -> Vec<f64> {
        let calendar = terrain.calendar;
        (origin..origin + calendar.per_day)
            .map(|index| {
                let slot = calendar.slot[index];
                self.level + self.daily[slot] + self.weekly[calendar.weekday[index]][slot]
            })
            .collect()
    }

    fn learn(&mut self, terrain: &Terrain<'_>, origin: usize, misses: &[f64], rates: Rates) {
        let calendar = terrain.calendar;
        let count = misses.len().max(1) as f64;
        let limit = MOST_MISSES * self.usual_miss;
        let mean = misses.iter().sum::<f64>() / count;
        self.level += rates.level * mean;
        for (ahead, miss) in misses.iter().enumerate() {
            let index = origin + ahead;
            let slot = calendar.slot[index];
            // Each part learns from what the parts before it leave.
            let daily = rates.daily * (miss - mean).clamp(-limit, limit);
            let rest = (miss - rates.level * mean).clamp(-limit, limit) - daily;
            self.daily[slot] += daily;
            self.weekly[calendar.weekday[index]][slot] += rates.weekly * (1.0 - rates.daily) * rest;
        }
        let size = misses.iter().map(|miss| miss.abs()).sum::<f64>() / count;
        // A wild day must not open the gate for the next one.
        let heard = size.min(5.0 * self.usual_miss + 1e-12);
        self.usual_miss += 0.2 * (heard - self.usual_miss);
    }
}
