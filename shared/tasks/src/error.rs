use jiff::{SignedDuration, Timestamp};
use ports::PortError;
use thiserror::Error;

use control::ControlError;

/// Why tasks were not sent, or one was not done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TaskError {
    /// The queue did not take all of them. The same run sent again completes it.
    #[error("{sent} of {total} tasks of the run of {run} were sent")]
    Unsent {
        /// The run.
        run: Timestamp,
        /// How many the queue has.
        sent: usize,
        /// Of how many.
        total: usize,
        /// What the queue said last.
        #[source]
        source: PortError,
    },
    /// A run that was due in the future.
    #[error("the run of {run} is not due yet: it is {now}")]
    NotDue {
        /// The run.
        run: Timestamp,
        /// The time.
        now: Timestamp,
    },
    /// What the function does with a target failed.
    #[error(transparent)]
    Target(#[from] ControlError),
    /// It took longer than one target may.
    #[error("target {target}: not done within {limit:#}")]
    Late {
        /// The target.
        target: String,
        /// How long it had.
        limit: SignedDuration,
    },
    /// The code panicked: an error in Forescale.
    #[error("target {target}: an error in the program: {detail}")]
    Panicked {
        /// The target.
        target: String,
        /// What it said.
        detail: String,
    },
    /// A message that is no task of this function.
    #[error("a message that is no task of the {function}: {detail}")]
    NoTask {
        /// The function.
        function: &'static str,
        /// What is wrong with it.
        detail: String,
    },
}

impl TaskError {
    /// A stable word for logs and dead letters.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsent { .. } => "TasksUnsent",
            Self::NotDue { .. } => "NotDue",
            Self::Target(error) => error.code(),
            Self::Late { .. } => "TookTooLong",
            Self::Panicked { .. } => "Panicked",
            Self::NoTask { .. } => "NoTask",
        }
    }

    /// Whether trying again later may end otherwise.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Target(error) => error.passes(),
            Self::Unsent { .. } | Self::Late { .. } => true,
            Self::NotDue { .. } | Self::Panicked { .. } | Self::NoTask { .. } => false,
        }
    }

    /// Until when another run keeps the target to itself, where that is why.
    pub(crate) fn held_until(&self) -> Option<Timestamp> {
        match self {
            Self::Target(ControlError::Leased { until, .. }) => Some(*until),
            _ => None,
        }
    }

    /// The error and everything that caused it, on one line.
    #[must_use]
    pub fn chain(&self) -> String {
        control::chain(self)
    }
}
