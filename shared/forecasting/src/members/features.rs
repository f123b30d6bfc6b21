use std::f64::consts::TAU;

use crate::calendar::Calendar;
use crate::terrain::Terrain;

/// Features of one step.
pub(super) const WIDTH: usize = 36;
/// The features of one step.
pub(super) type Row = [f64; WIDTH];

/// Harmonics of the day on all days.
const DAILY: usize = 4;
/// Harmonics by which weekends differ.
const WEEKEND: usize = 3;

/// Makes the features of any step; the waves of the day are computed once.
pub(super) struct Features {
    /// By step of the day: sine and cosine of each harmonic.
    waves: Vec<[f64; 2 * DAILY]>,
}

impl Features {
    pub(super) fn new(calendar: &Calendar) -> Self {
        let waves = (0..calendar.per_day)
            .map(|slot| {
                let mut row = [0.0; 2 * DAILY];
                for (harmonic, pair) in row.chunks_mut(2).enumerate() {
                    let turns = (harmonic + 1) as f64 * slot as f64 / calendar.per_day as f64;
                    pair[0] = (TAU * turns).sin();
                    pair[1] = (TAU * turns).cos();
                }
                row
            })
            .collect();
        Self { waves }
    }

    /// Features of the step `ahead` steps after `origin`; all are in log scale or without a unit.
    pub(super) fn row(&self, terrain: &Terrain<'_>, origin: usize, ahead: usize) -> Row {
        let calendar = terrain.calendar;
        let per_day = calendar.per_day;
        let index = origin + ahead;
        let usual = terrain.usual[index];
        let mut row = [0.0; WIDTH];
        let mut cells = row.iter_mut();
        let mut push = |value: f64| {
            if let Some(cell) = cells.next() {
                *cell = value;
            }
        };
        push(1.0);
        for days in [1, 2, 3, 7, 14, 21] {
            let log = terrain.log_back(index, days, origin);
            push(log.map_or(0.0, |log| log - usual));
        }
        for days in [1, 7] {
            let past = calendar.back(index, days, origin);
            push(past.map_or(0.0, |past| terrain.logs[past] - terrain.usual[past]));
        }
        // What the last hours lay off the usual fades within the day ahead.
        let share = ahead as f64 / per_day as f64;
        let hour = terrain.gap(origin, (per_day / 24).max(1));
        let hours = terrain.gap(origin, (per_day / 8).max(1));
        push(hour * (-12.0 * share).exp());
        push(hours * (-4.0 * share).exp());
        push(hours);
        push(terrain.gap(origin, per_day));
        push(terrain.gap(origin, 7 * per_day));
        push(usual - terrain.level(origin));
        let waves = &self.waves[calendar.slot[index].min(per_day - 1)];
        waves.iter().for_each(|wave| push(*wave));
        for weekday in 0..7 {
            push(f64::from(calendar.weekday[index] == weekday));
        }
        let weekend = f64::from(calendar.weekend(index));
        waves[..2 * WEEKEND]
            .iter()
            .for_each(|wave| push(weekend * wave));
        row
    }
}
