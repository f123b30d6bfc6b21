use thiserror::Error;

/// What a call to the world can end in. Every variant names the operation and what it was about.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PortError {
    /// The thing does not exist.
    #[error("{operation}: {resource} does not exist")]
    NotFound {
        /// The call.
        operation: &'static str,
        /// What it was about.
        resource: String,
    },
    /// Somebody else changed it first (412, 409, a lock). Nothing was written.
    #[error("{operation}: {resource} was changed by somebody else: {detail}")]
    Conflict {
        /// The call.
        operation: &'static str,
        /// What it was about.
        resource: String,
        /// What the service said.
        detail: String,
    },
    /// Too many calls, also after the client's own retries. Nothing was written.
    #[error("{operation}: {resource} is throttled: {detail}")]
    Throttled {
        /// The call.
        operation: &'static str,
        /// What it was about.
        resource: String,
        /// What the service said.
        detail: String,
    },
    /// Not allowed. Nothing was written.
    #[error("{operation}: not allowed on {resource}: {detail}")]
    Denied {
        /// The call.
        operation: &'static str,
        /// What it was about.
        resource: String,
        /// What the service said.
        detail: String,
    },
    /// Refused as wrong. Nothing was written.
    #[error("{operation}: {resource} was refused: {detail}")]
    Refused {
        /// The call.
        operation: &'static str,
        /// What it was about.
        resource: String,
        /// What the service said.
        detail: String,
    },
    /// No answer, or one that cannot be read: a write may or may not have happened.
    #[error("{operation}: no usable answer about {resource}: {detail}")]
    Unanswered {
        /// The call.
        operation: &'static str,
        /// What it was about.
        resource: String,
        /// What is known.
        detail: String,
    },
}

impl PortError {
    /// Whether trying again later may end otherwise.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Conflict { .. } | Self::Throttled { .. } | Self::Unanswered { .. } => true,
            Self::NotFound { .. } | Self::Denied { .. } | Self::Refused { .. } => false,
        }
    }

    /// A stable word for logs and alarms.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "NotFound",
            Self::Conflict { .. } => "Conflict",
            Self::Throttled { .. } => "Throttled",
            Self::Denied { .. } => "Denied",
            Self::Refused { .. } => "Refused",
            Self::Unanswered { .. } => "Unanswered",
        }
    }
}
