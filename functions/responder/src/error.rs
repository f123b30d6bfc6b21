use control::{ControlError, TargetReport};
use thiserror::Error;

/// Why the function failed. Failing makes Lambda deliver the alarm again, so what can never
/// succeed is not a failure but a note in the answer.
#[derive(Debug, Error)]
pub enum ResponderError {
    /// Nothing could be tried.
    #[error("the alarm could not be answered")]
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
        /// What was done, and what there is to measure of it.
        reports: Vec<TargetReport>,
    },
}

impl ResponderError {
    /// What there is to tell of each target nevertheless.
    #[must_use]
    pub fn reports(&self) -> &[TargetReport] {
        match self {
            Self::Settings(_) => &[],
            Self::Targets { reports, .. } => reports,
        }
    }

    /// A stable word for logs and alarms.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Settings(error) => error.code(),
            Self::Targets { .. } => "TargetsFailed",
        }
    }
}
