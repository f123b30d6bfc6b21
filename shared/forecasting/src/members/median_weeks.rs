use super::{MOST_SHIFT, Member};
use crate::numbers::median;
use crate::terrain::Terrain;

/// The median of the same time in the last weeks, moved to the recent level by a median too: one
/// holiday, outage or campaign among them changes nothing.
pub(crate) struct MedianWeeks;

/// Weeks that the median is of.
const WEEKS: usize = 5;
/// How much of the last day's distance carries over to the next day.
const CARRY: f64 = 0.7;

impl Member for MedianWeeks {
    fn name(&self) -> &'static str {
        "median of recent weeks at the recent level"
    }

    fn day_ahead(&self, terrain: &Terrain<'_>, origin: usize) -> Vec<f64> {
        let per_day = terrain.calendar.per_day;
        let mut past = Vec::with_capacity(7);
        let mut distances: Vec<f64> = (origin.saturating_sub(per_day)..origin)
            .map(|index| terrain.logs[index] - middle(terrain, index, origin, &mut past))
            .collect();
        let shift = CARRY * median(&mut distances).clamp(-MOST_SHIFT, MOST_SHIFT);
        (origin..origin + per_day)
            .map(|index| {
                let log = middle(terrain, index, origin, &mut past) + shift;
                terrain.scale.from(log)
            })
            .collect()
    }
}

/// Median log demand at the same time of the last weeks; where there is but one week, of the last days
/// of the same kind (working day, weekend), if there was any.
fn middle(terrain: &Terrain<'_>, index: usize, origin: usize, past: &mut Vec<f64>) -> f64 {
    past.clear();
    past.extend((1..=WEEKS).map_while(|week| terrain.log_back(index, 7 * week, origin)));
    if past.len() < 2 {
        past.clear();
        past.extend(terrain.alike(index, origin).map(|day| terrain.logs[day]));
        if past.is_empty() {
            past.extend((1..=7).map_while(|day| terrain.log_back(index, day, origin)));
        }
    }
    if past.is_empty() {
        return terrain.usual[index];
    }
    median(past)
}
