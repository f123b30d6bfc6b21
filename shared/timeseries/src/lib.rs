//! Regular series of demand: one value per step, gaps kept as gaps.
//!
//! A [`Series`] holds *rates*: the mean of a metric over each step, for demand in requests per
//! minute. Counts are turned into rates where they are read (see [`csv`]), so that combining steps
//! is a mean everywhere and a step's length never changes what a value means.
//!
//! Nothing here reads a clock, a file or the environment.

pub mod csv;
mod error;
mod local;
mod series;
mod step;

pub use error::TimeSeriesError;
pub use local::LocalTimes;
pub use series::Series;
pub use step::Step;

/// How the values of a source combine into longer steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aggregate {
    /// Values are counts within their step (requests): longer steps add them up.
    #[default]
    Sum,
    /// Values are levels (CPU, queue length): longer steps average them.
    Mean,
}

impl Aggregate {
    /// What one unit of the source per `step` is per minute: the factor from a value to a rate.
    ///
    /// A count of 300 in a 5-minute step is a rate of 60 per minute; a level is its own rate.
    #[must_use]
    pub fn rate_factor(self, step: Step) -> f64 {
        match self {
            Self::Sum => 60.0 / f64::from(step.seconds()),
            Self::Mean => 1.0,
        }
    }
}
