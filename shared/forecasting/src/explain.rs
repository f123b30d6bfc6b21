use crate::LEVELS;
use crate::frame::Frame;
use crate::quantiles::MEDIAN;
use crate::terrain::Terrain;

/// Days whose mean is the level.
const LEVEL_DAYS: usize = 7;

/// What the median of one step is made of, in the unit of the history: the parts add up to it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Parts {
    /// Mean demand of the last week.
    pub level: f64,
    /// What the usual profile of that time of the week lies above the level.
    pub season: f64,
    /// What the combination of the candidates lies above the usual profile: recent change.
    pub recent: f64,
    /// What was added for yesterday's miss.
    pub correction: f64,
    /// What a holiday or a day beside one changes.
    pub calendar: f64,
    /// What events change.
    pub event: f64,
}

impl Parts {
    /// The same in a unit of which `unit` is one of the present.
    pub(crate) fn times(self, unit: f64) -> Self {
        Self {
            level: self.level * unit,
            season: self.season * unit,
            recent: self.recent * unit,
            correction: self.correction * unit,
            calendar: self.calendar * unit,
            event: self.event * unit,
        }
    }
}

/// Collects the parts while a forecast is made.
pub(crate) struct Explained {
    level: f64,
    parts: Vec<Parts>,
    /// Medians after the last stage that was noted.
    medians: Vec<f64>,
}

impl Explained {
    pub(crate) fn new(frame: &Frame) -> Self {
        let from = frame
            .values
            .len()
            .saturating_sub(LEVEL_DAYS * frame.per_day());
        let recent = &frame.values[from..];
        Self {
            level: recent.iter().sum::<f64>() / recent.len().max(1) as f64,
            parts: Vec::new(),
            medians: Vec::new(),
        }
    }

    /// Notes a day's combination, before it is corrected.
    pub(crate) fn day(&mut self, terrain: &Terrain<'_>, origin: usize, combined: &[f64]) {
        for (step, value) in combined.iter().enumerate() {
            let usual = terrain.scale.from(terrain.usual[origin + step]);
            self.parts.push(Parts {
                level: self.level,
                season: usual - self.level,
                recent: value - usual,
                ..Parts::default()
            });
            self.medians.push(*value);
        }
    }

    /// Notes what a stage changed in the medians of `rows`.
    pub(crate) fn stage(&mut self, rows: &[[f64; LEVELS.len()]], part: fn(&mut Parts) -> &mut f64) {
        self.parts.truncate(rows.len());
        for ((parts, median), row) in self.parts.iter_mut().zip(&mut self.medians).zip(rows) {
            *part(parts) += row[MEDIAN] - *median;
            *median = row[MEDIAN];
        }
    }

    pub(crate) fn parts(self) -> Vec<Parts> {
        self.parts
    }
}
