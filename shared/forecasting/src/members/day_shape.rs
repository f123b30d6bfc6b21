use super::Member;
use crate::terrain::Terrain;

/// Yesterday, changed as the usual profile changes from that weekday to the next.
pub(crate) struct DayShape;

impl Member for DayShape {
    fn name(&self) -> &'static str {
        "yesterday by the usual week"
    }

    fn day_ahead(&self, terrain: &Terrain<'_>, origin: usize) -> Vec<f64> {
        (origin..origin + terrain.calendar.per_day)
            .map(|index| {
                let usual = terrain.usual[index];
                let log = match terrain.calendar.back(index, 1, origin) {
                    Some(past) => terrain.logs[past] + usual - terrain.usual[past],
                    None => usual,
                };
                terrain.scale.from(log)
            })
            .collect()
    }
}
