//! The members of the combination: each forecasts the day after an origin from what lies before.

mod day_shape;
mod features;
mod median_weeks;
mod naive;
mod profile;
mod recent_days;
mod ridge;
mod smooth;
mod trees;
mod week_level;

pub(crate) use day_shape::DayShape;
pub(crate) use median_weeks::MedianWeeks;
pub(crate) use naive::Naive;
pub(crate) use profile::Profile;
pub(crate) use recent_days::RecentDays;
pub(crate) use ridge::Ridge;
pub(crate) use smooth::Smooth;
pub(crate) use trees::Trees;
pub(crate) use week_level::WeekLevel;

use crate::terrain::Terrain;

/// A cheap forecaster of one day.
pub(crate) trait Member {
    /// Its name, for people.
    fn name(&self) -> &'static str;

    /// Demand of each step of the day that starts at step `origin`, from the steps before it:
    /// `per_day` values in the unit of the history.
    fn day_ahead(&self, terrain: &Terrain<'_>, origin: usize) -> Vec<f64>;
}

/// The most a member may move its profile to the recent level, as a logarithm: factors of 1/7 to 7.
/// Demand that moves further has become something else, which the profile knows nothing about.
const MOST_SHIFT: f64 = 2.0;
