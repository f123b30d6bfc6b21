use super::Member;
use crate::terrain::Terrain;

/// The same local time some days ago, as it was.
///
/// Source: seasonal naive, Hyndman & Athanasopoulos, "Forecasting: Principles and Practice", 5.2.
pub(crate) struct Naive {
    name: &'static str,
    days: usize,
}

impl Naive {
    /// What was a week ago.
    pub(crate) const WEEK: Self = Self {
        name: "same time last week",
        days: 7,
    };
    /// What was yesterday.
    pub(crate) const DAY: Self = Self {
        name: "same time yesterday",
        days: 1,
    };
}

impl Member for Naive {
    fn name(&self) -> &'static str {
        self.name
    }

    fn day_ahead(&self, terrain: &Terrain<'_>, origin: usize) -> Vec<f64> {
        let calendar = terrain.calendar;
        (origin..origin + calendar.per_day)
            .map(|index| {
                let back = calendar
                    .back(index, self.days, origin)
                    .or_else(|| terrain.last_alike(index, origin));
                match back {
                    Some(back) => terrain.values[back],
                    // Less than a day of history: the mean of what there is.
                    None => mean(&terrain.values[..origin]),
                }
            })
            .collect()
    }
}

/// Mean, 0 for nothing.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
