use super::Member;
use crate::terrain::Terrain;

/// The usual profile of the recent weeks, moved by most of what the last day lay off it.
pub(crate) struct Profile;

/// How much of the last day's distance from the usual carries over to the next day.
const CARRY: f64 = 0.7;
/// The most the profile is moved, as a logarithm: factors of 0.3 to 3.
const MOST: f64 = 1.1;

impl Member for Profile {
    fn name(&self) -> &'static str {
        "weekly profile at the recent level"
    }

    fn day_ahead(&self, terrain: &Terrain<'_>, origin: usize) -> Vec<f64> {
        let per_day = terrain.calendar.per_day;
        let moved = (CARRY * terrain.gap(origin, per_day)).clamp(-MOST, MOST);
        (origin..origin + per_day)
            .map(|index| terrain.scale.from(terrain.usual[index] + moved))
            .collect()
    }
}
