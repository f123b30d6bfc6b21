use control::ControlError;
use thiserror::Error;

/// Why the function failed. Each target was tried; those that worked are done.
#[derive(Debug, Error)]
pub enum PlannerError {
    /// Nothing could be tried.
    #[error("nothing was planned")]
    Settings(#[source] ControlError),
    /// Some targets failed.
    #[error("{failed} of {total} targets failed: {detail}")]
    Targets {
        /// How many failed.
        failed: usize,
        /// Of how many.
        total: usize,
        /// Each with its reason.
        detail: String,
    },
}

impl PlannerError {
    /// A stable word for logs and alarms.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Settings(error) => error.code(),
            Self::Targets { .. } => "TargetsFailed",
        }
    }
}
