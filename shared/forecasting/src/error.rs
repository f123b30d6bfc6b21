use jiff::Timestamp;
use thiserror::Error;
use timeseries::TimeSeriesError;

/// Why there is no forecast.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ForecastError {
    /// Nothing was observed before the cutoff.
    #[error("no demand was observed before {cutoff}: a forecast needs at least one step")]
    NoHistory {
        /// The cutoff.
        cutoff: Timestamp,
    },
    /// Nothing was asked for, or too much.
    #[error("horizon of {steps} steps is outside 1 to {limit}")]
    Horizon {
        /// The refused horizon in steps.
        steps: usize,
        /// The most allowed.
        limit: usize,
    },
    /// The history cannot be brought to the asked step.
    #[error("history cannot be brought to steps of {step} s")]
    Step {
        /// The asked step in seconds.
        step: u32,
        /// What resampling said.
        #[source]
        source: TimeSeriesError,
    },
    /// A backtest without a midnight that has both past and actuals.
    #[error(
        "no midnight has {needed_days} days of history before and {horizon_steps} steps of actuals \
         after it between {first} and {last}"
    )]
    NoOrigin {
        /// Days of history an origin needs.
        needed_days: u32,
        /// Steps of actuals an origin needs.
        horizon_steps: usize,
        /// Start of the history.
        first: Timestamp,
        /// End of the history.
        last: Timestamp,
    },
}
