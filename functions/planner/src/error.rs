use control::{ControlError, TargetReport};
use ports::PortError;
use tasks::TaskError;
use thiserror::Error;

/// Why the function failed. Where targets were tried, all were; those that worked are done.
#[derive(Debug, Error)]
pub enum PlannerError {
    /// Nothing could be tried.
    #[error("nothing was planned")]
    Settings(#[source] ControlError),
    /// It was called with something else.
    #[error("the event is no request of the planner and no task")]
    Request(#[source] serde_json::Error),
    /// The targets could not be handed to the queue.
    #[error("not all targets are in the queue")]
    Tasks(#[source] TaskError),
    /// CloudFormation has no answer yet, and what was to be done may be done in part.
    #[error("CloudFormation is not answered")]
    Unanswered(#[source] PortError),
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

impl PlannerError {
    /// What there is to tell of each target nevertheless.
    #[must_use]
    pub fn reports(&self) -> &[TargetReport] {
        match self {
            Self::Settings(_) | Self::Request(_) | Self::Tasks(_) | Self::Unanswered(_) => &[],
            Self::Targets { reports, .. } => reports,
        }
    }

    /// A stable word for logs and alarms.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Settings(error) => error.code(),
            Self::Request(_) => "Request",
            Self::Tasks(error) => error.code(),
            Self::Unanswered(_) => "Unanswered",
            Self::Targets { .. } => "TargetsFailed",
        }
    }
}
