use jiff::Timestamp;
use thiserror::Error;

/// Why there is no plan.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A throughput that nothing can be divided by.
    #[error("throughput of {value} requests per minute is not above 0")]
    Throughput {
        /// The refused value.
        value: f64,
    },
    /// A forecast that does not reach the present.
    #[error("the forecast covers {from} to {to}, not {now}")]
    NotCovered {
        /// Its start.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
        /// The moment that was asked for.
        now: Timestamp,
    },
    /// A group that is on its way out.
    #[error("group {group} is being deleted")]
    Deleting {
        /// The group.
        group: String,
    },
    /// Others' scheduled actions leave no room.
    #[error(
        "group {group} has {foreign} scheduled actions of others, which leaves {room} of the {limit} that AWS allows; a plan needs at least {needed}"
    )]
    NoRoom {
        /// The group.
        group: String,
        /// Others' actions.
        foreign: usize,
        /// What is left.
        room: usize,
        /// AWS's limit.
        limit: usize,
        /// The least a plan needs.
        needed: usize,
    },
}
