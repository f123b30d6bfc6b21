use crate::frame::Frame;
use crate::members::{
    DayShape, MedianWeeks, Member, Naive, Profile, RecentDays, Ridge, Smooth, WeekLevel,
};
use crate::terrain::Terrain;

/// The most past days on which the members are tried: four weeks, so that every weekday and kind
/// of day is among them a few times.
const MOST_TRIALS: usize = 28;
/// Days that must lie before a trial for its forecasts to say anything.
const LEAD_DAYS: usize = 3;
/// Steps shorter than this many a day are noisy, and some members read half-hour means then.
const COARSE_PER_DAY: usize = 48;

/// The members, fitted, with the terrains they read.
pub(crate) struct Panel<'a> {
    members: Vec<(Box<dyn Member>, Reads)>,
    pub(crate) terrain: Terrain<'a>,
    /// The same in half-hour means, where the step is finer.
    calm: Option<Terrain<'a>>,
    /// Past days the members were fitted for.
    pub(crate) trials: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    Plain,
    Calm,
}

/// One past day, forecast from what lay before it.
pub(crate) struct Trial {
    /// Index of its first step.
    pub(crate) origin: usize,
    /// One forecast a member, one value a step.
    pub(crate) members: Vec<Vec<f64>>,
}

impl<'a> Panel<'a> {
    /// Fits every member.
    pub(crate) fn fit(frame: &'a Frame) -> Self {
        let end = frame.values.len();
        let per_day = frame.per_day();
        let terrain = Terrain::new(&frame.values, &frame.calendar);
        let trials = (end / per_day).saturating_sub(LEAD_DAYS).min(MOST_TRIALS);
        let mut members: Vec<(Box<dyn Member>, Reads)> = Vec::new();
        let mut add = |member: Box<dyn Member>, reads| members.push((member, reads));
        add(
            Box::new(Ridge::fit(&terrain, &frame.observed, trials)),
            Reads::Plain,
        );
        for logarithmic in [false, true] {
            let smooth = Smooth::fit(&terrain, end, trials, logarithmic);
            add(Box::new(smooth), Reads::Plain);
        }
        add(Box::new(Profile), Reads::Plain);
        add(Box::new(Naive::WEEK), Reads::Plain);
        add(Box::new(Naive::DAY), Reads::Plain);
        add(Box::new(WeekLevel), Reads::Plain);
        add(Box::new(DayShape), Reads::Plain);
        add(Box::new(MedianWeeks), Reads::Plain);
        add(Box::new(RecentDays), Reads::Plain);
        let calm = (per_day > COARSE_PER_DAY)
            .then(|| Terrain::new(&half_hours(&frame.values, &terrain), &frame.calendar));
        if let Some(calm) = &calm {
            let smooth = Smooth::fit(calm, end, trials, true);
            add(Box::new(smooth), Reads::Calm);
            add(Box::new(WeekLevel), Reads::Calm);
            add(Box::new(DayShape), Reads::Calm);
            add(Box::new(MedianWeeks), Reads::Calm);
            add(Box::new(RecentDays), Reads::Calm);
        }
        Self {
            members,
            terrain,
            calm,
            trials,
        }
    }

    /// Names of the members.
    pub(crate) fn names(&self) -> Vec<String> {
        let calm = |reads: &Reads| match reads {
            Reads::Plain => "",
            Reads::Calm => ", half-hourly",
        };
        self.members
            .iter()
            .map(|(member, reads)| format!("{}{}", member.name(), calm(reads)))
            .collect()
    }

    /// Every member's forecast of the day that starts at `origin`.
    pub(crate) fn day_ahead(&self, origin: usize) -> Vec<Vec<f64>> {
        self.members
            .iter()
            .map(|(member, reads)| {
                let terrain = match (reads, &self.calm) {
                    (Reads::Calm, Some(calm)) => calm,
                    _ => &self.terrain,
                };
                member.day_ahead(terrain, origin)
            })
            .collect()
    }

    /// The trials, the latest first.
    pub(crate) fn trials(&self) -> Vec<Trial> {
        let end = self.terrain.values.len();
        (1..=self.trials)
            .map(|back| {
                let origin = end - back * self.terrain.calendar.per_day;
                Trial {
                    origin,
                    members: self.day_ahead(origin),
                }
            })
            .collect()
    }

    /// Appends a forecast day, to forecast the day after it.
    pub(crate) fn extend(&mut self, medians: &[f64]) {
        self.terrain.extend(medians);
        if let Some(calm) = &mut self.calm {
            calm.extend(medians);
        }
    }
}

/// Half-hour means in log scale, counted back from the end: no half hour holds an origin inside,
/// so that a trial never sees its own day.
fn half_hours(values: &[f64], terrain: &Terrain<'_>) -> Vec<f64> {
    let width = (terrain.calendar.per_day / COARSE_PER_DAY).max(1);
    let mut calm = vec![0.0; values.len()];
    for (logs, cells) in terrain.logs.rchunks(width).zip(calm.rchunks_mut(width)) {
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        cells.fill(terrain.scale.from(mean));
    }
    calm
}
