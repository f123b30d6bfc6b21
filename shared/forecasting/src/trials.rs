use crate::frame::Frame;
use crate::members::{
    DayShape, MedianWeeks, Member, Naive, Profile, RecentDays, Ridge, Smooth, Trees, WeekLevel,
};
use crate::terrain::Terrain;

/// The most past days on which the members are tried: four weeks, so that every weekday and kind
/// of day is among them a few times.
const MOST_TRIALS: usize = 28;
/// Days that must lie before a trial for its forecasts to say anything.
const LEAD_DAYS: usize = 3;

/// The members, fitted, with the terrain they read.
pub(crate) struct Panel<'a> {
    members: Vec<Box<dyn Member>>,
    pub(crate) terrain: Terrain<'a>,
    /// Past days the members were fitted for.
    pub(crate) trials: usize,
}

/// One past day, forecast from what lay before it.
pub(crate) struct Trial {
    /// Index of its first step.
    pub(crate) origin: usize,
    /// One forecast a member, one value a step.
    pub(crate) members: Vec<Vec<f64>>,
}

/// Days that are tried in a window of `length` steps.
pub(crate) fn trials(length: usize, per_day: usize) -> usize {
    (length / per_day)
        .saturating_sub(LEAD_DAYS)
        .min(MOST_TRIALS)
}

impl<'a> Panel<'a> {
    /// Fits every member.
    pub(crate) fn fit(frame: &'a Frame) -> Self {
        let end = frame.values.len();
        let per_day = frame.per_day();
        let terrain = Terrain::new(&frame.values, &frame.calendar);
        let trials = trials(end, per_day);
        let members: Vec<Box<dyn Member>> = vec![
            Box::new(Ridge::fit(&terrain, &frame.observed, trials)),
            Box::new(Trees::fit(&terrain, &frame.observed, trials)),
            Box::new(Smooth::fit(&terrain, end, trials, false)),
            Box::new(Smooth::fit(&terrain, end, trials, true)),
            Box::new(Profile),
            Box::new(Naive::WEEK),
            Box::new(Naive::DAY),
            Box::new(WeekLevel),
            Box::new(DayShape),
            Box::new(MedianWeeks),
            Box::new(RecentDays),
        ];
        Self {
            members,
            terrain,
            trials,
        }
    }

    /// Names of the members.
    pub(crate) fn names(&self) -> Vec<String> {
        self.members
            .iter()
            .map(|member| member.name().to_owned())
            .collect()
    }

    /// Every member's forecast of the day that starts at `origin`.
    pub(crate) fn day_ahead(&self, origin: usize) -> Vec<Vec<f64>> {
        self.members
            .iter()
            .map(|member| member.day_ahead(&self.terrain, origin))
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
    }
}
