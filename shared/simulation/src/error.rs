use thiserror::Error;

/// What a simulated group or a generator refuses.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// The group does not exist, or no longer.
    #[error("{operation}: group {group:?} does not exist")]
    NotFound {
        /// The call.
        operation: &'static str,
        /// The group's name.
        group: String,
    },
    /// AWS would answer with a `ValidationError`. Nothing changed.
    #[error("{operation}: ValidationError for group {group:?}: {detail}")]
    Validation {
        /// The call.
        operation: &'static str,
        /// The group's name.
        group: String,
        /// What is wrong, with the values.
        detail: String,
    },
    /// A value that no simulation can start from.
    #[error("{field} {value} is not allowed: {allowed}")]
    Value {
        /// Which value.
        field: &'static str,
        /// What it was.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A cron expression that cannot be read.
    #[error("recurrence {text:?} cannot be read: {problem}")]
    Recurrence {
        /// The expression.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
}
