use super::Member;
use crate::terrain::Terrain;

/// The mean of the same time on recent days, those of the same kind counting most. In plain scale
/// and without any level, it is what infrastructure that repeats its days wants.
pub(crate) struct RecentDays;

/// Days that the mean is of.
const DAYS: usize = 10;
/// Weight of a day against the day after it.
const MEMORY: f64 = 0.7;
/// Weights of a day of the same weekday, of the same kind (working day, weekend), and of another.
const KINDS: [f64; 3] = [1.5, 1.0, 0.05];

impl Member for RecentDays {
    fn name(&self) -> &'static str {
        "recent days of the same kind"
    }

    fn day_ahead(&self, terrain: &Terrain<'_>, origin: usize) -> Vec<f64> {
        let calendar = terrain.calendar;
        (origin..origin + calendar.per_day)
            .map(|index| {
                let (mut sum, mut total, mut memory) = (0.0, 0.0, 1.0);
                for days in 1..=DAYS {
                    let Some(past) = calendar.back(index, days, origin) else {
                        break;
                    };
                    let kind = if calendar.weekday[past] == calendar.weekday[index] {
                        KINDS[0]
                    } else if calendar.weekend(past) == calendar.weekend(index) {
                        KINDS[1]
                    } else {
                        KINDS[2]
                    };
                    sum += kind * memory * terrain.values[past];
                    total += kind * memory;
                    memory *= MEMORY;
                }
                if total > 0.0 {
                    sum / total
                } else {
                    terrain.scale.from(terrain.usual[index])
                }
            })
            .collect()
    }
}
