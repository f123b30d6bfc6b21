//! The members of the combination: each forecasts the day after an origin from what lies before.

mod naive;
mod profile;
mod ridge;

pub(crate) use naive::Naive;
pub(crate) use profile::Profile;
pub(crate) use ridge::Ridge;

use crate::terrain::Terrain;

/// A cheap forecaster of one day.
pub(crate) trait Member {
    /// Its name, for people.
    fn name(&self) -> &'static str;

    /// Demand of each step of the day that starts at step `origin`, from the steps before it:
    /// `per_day` values in the unit of the history.
    fn day_ahead(&self, terrain: &Terrain<'_>, origin: usize) -> Vec<f64>;
}
