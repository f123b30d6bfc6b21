use super::{MOST_SHIFT, Member};
use crate::numbers::median;
use crate::terrain::Terrain;

/// The same day last week, moved by how the last day compares with the day a week before it.
pub(crate) struct WeekLevel;

/// How much of that comparison carries over to the next day.
const CARRY: f64 = 0.8;

impl Member for WeekLevel {
    fn name(&self) -> &'static str {
        "last week at the recent level"
    }

    fn day_ahead(&self, terrain: &Terrain<'_>, origin: usize) -> Vec<f64> {
        let per_day = terrain.calendar.per_day;
        let mut changes: Vec<f64> = (origin.saturating_sub(per_day)..origin)
            .filter_map(|index| {
                let before = terrain.log_back(index, 7, origin)?;
                Some(terrain.logs[index] - before)
            })
            .collect();
        let shift = CARRY * median(&mut changes).clamp(-MOST_SHIFT, MOST_SHIFT);
        (origin..origin + per_day)
            .map(|index| {
                let log = match terrain.log_back(index, 7, origin) {
                    Some(log) => log + shift,
                    None => terrain
                        .last_alike(index, origin)
                        .map_or(terrain.usual[index], |past| terrain.logs[past]),
                };
                terrain.scale.from(log)
            })
            .collect()
    }
}
