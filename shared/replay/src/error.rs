use config::ConfigErrors;
use jiff::Timestamp;
use ports::PortError;
use simulation::SimulationError;
use thiserror::Error;
use timeseries::TimeSeriesError;

/// Why nothing could be replayed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The configuration is wrong.
    #[error("the configuration is wrong")]
    Config(#[source] ConfigErrors),
    /// A target that the configuration does not have, or none named where it has several.
    #[error("target {name:?} is not one of the configuration's: {known}")]
    Target {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A window that the demand does not cover.
    #[error("{from} to {to} does not lie within the demand, which covers {first} to {last}")]
    Window {
        /// Start asked for.
        from: Timestamp,
        /// End asked for.
        to: Timestamp,
        /// Start of the demand.
        first: Timestamp,
        /// End of the demand.
        last: Timestamp,
    },
    /// The simulated group cannot be made or run.
    #[error("the simulated group cannot be run")]
    Simulation(#[source] SimulationError),
    /// The demand cannot be used.
    #[error("the demand cannot be used")]
    Demand(#[source] TimeSeriesError),
    /// The store in memory failed.
    #[error("the store failed")]
    Store(#[source] PortError),
}
