use crate::LEVELS;
use crate::frame::Frame;
use crate::members::Member;
use crate::terrain::Terrain;

/// How the members would have done on the last days of the window.
pub(crate) struct Trials {
    /// One a past day, the latest first.
    pub(crate) days: Vec<Trial>,
}

/// One past day, forecast from what lay before it.
pub(crate) struct Trial {
    /// Index of its first step.
    pub(crate) origin: usize,
    /// One forecast a member, one value a step.
    pub(crate) members: Vec<Vec<f64>>,
}

impl Trials {
    /// Runs every member at each of the last `count` origins.
    pub(crate) fn run(
        terrain: &Terrain<'_>,
        members: &[&dyn Member],
        end: usize,
        count: usize,
    ) -> Self {
        let per_day = terrain.calendar.per_day;
        let days = (1..=count)
            .map(|back| {
                let origin = end - back * per_day;
                Trial {
                    origin,
                    members: members
                        .iter()
                        .map(|member| member.day_ahead(terrain, origin))
                        .collect(),
                }
            })
            .collect();
        Self { days }
    }
}

/// Combines the members' forecasts of one step: their median.
pub(crate) fn combine(forecasts: &[Vec<f64>], step: usize) -> f64 {
    let mut values: Vec<f64> = forecasts.iter().map(|one| one[step]).collect();
    median(&mut values)
}

/// Median of what is finite; 0 for nothing.
pub(crate) fn median(values: &mut Vec<f64>) -> f64 {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// Errors of the combination on the trials, in log scale, as quantiles.
pub(crate) struct Spread {
    /// Offset of each level of [`LEVELS`] from the median, in log scale.
    offsets: [f64; LEVELS.len()],
}

impl Spread {
    /// Learns from the trials; from day-to-day changes where there are none.
    pub(crate) fn learn(frame: &Frame, terrain: &Terrain<'_>, trials: &Trials) -> Self {
        let mut errors = Vec::new();
        for trial in &trials.days {
            for step in 0..frame.per_day() {
                let index = trial.origin + step;
                if frame.observed[index] {
                    let centre = combine(&trial.members, step);
                    errors.push(terrain.logs[index] - terrain.scale.to(centre));
                }
            }
        }
        if errors.len() < 12 {
            let logs = &terrain.logs[..frame.values.len()];
            errors.extend(logs.windows(2).flat_map(|pair| {
                let change = pair[1] - pair[0];
                [change, -change]
            }));
            // Something is always unknown, even where nothing ever moved.
            errors.extend([-0.5, -0.2, 0.2, 0.5]);
        }
        errors.sort_by(f64::total_cmp);
        let mut offsets = [0.0; LEVELS.len()];
        for (offset, level) in offsets.iter_mut().zip(LEVELS) {
            *offset = quantile(&errors, level);
        }
        let middle = offsets[crate::quantiles::MEDIAN];
        for (offset, level) in offsets.iter_mut().zip(LEVELS) {
            *offset = if level < 0.5 {
                offset.min(0.0).min(*offset - middle)
            } else {
                offset.max(0.0)
            };
        }
        offsets[crate::quantiles::MEDIAN] = 0.0;
        Self { offsets }
    }

    /// Quantiles of one step around `centre`, `days` whole days ahead of the first.
    pub(crate) fn around(
        &self,
        terrain: &Terrain<'_>,
        centre: f64,
        days: usize,
        least: f64,
    ) -> [f64; LEVELS.len()] {
        let widening = (1.0 + 0.25 * days as f64).sqrt();
        let log = terrain.scale.to(centre);
        let mut row = self
            .offsets
            .map(|offset| terrain.scale.from(log + offset * widening).max(least));
        row[crate::quantiles::MEDIAN] = centre.max(least);
        row.sort_by(f64::total_cmp);
        row
    }
}

/// Quantile of sorted values, linear between neighbours (type 7 of Hyndman & Fan 1996).
pub(crate) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = level.clamp(0.0, 1.0) * last as f64;
    let low = place.floor();
    let below = sorted[low as usize];
    let above = sorted[(low as usize + 1).min(last)];
    below + (place - low) * (above - below)
}
