use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::PortError;

/// What people and other tools are told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// One line, at most 100 characters (the limit of an SNS subject).
    pub subject: String,
    /// Plain words: what, why, what was done, what a person should do.
    pub text: String,
    /// The full record.
    pub record: serde_json::Value,
}

/// Where messages go.
pub trait Notifier {
    /// Sends one message.
    ///
    /// # Errors
    /// [`PortError`]; the caller reports it and goes on, since a message that cannot be sent must
    /// not keep servers from arriving.
    async fn notify(&self, message: &Message) -> Result<(), PortError>;
}

/// A message of the responder to itself: look at a target again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// The target.
    pub target: String,
    /// Which look of the incident this is; an older one than the incident waits for is a repetition.
    pub number: u64,
    /// When the incident began, so that a look of an earlier one is told apart.
    pub incident: jiff::Timestamp,
}

/// Messages that come back later.
pub trait Reminder {
    /// Delivers `look` to the responder after `span`, at least once, a few seconds late perhaps.
    ///
    /// # Errors
    /// [`PortError`]; it may have been taken all the same.
    async fn remind(&self, look: &Look, span: SignedDuration) -> Result<(), PortError>;

    /// Whether a look that is asked for comes at all: what waits for the next look may only do so
    /// where there is one.
    fn reminds(&self) -> bool {
        true
    }
}

/// Time, for the shells; the core takes it as an argument.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Waits, where waiting makes sense; a virtual clock returns at once.
    async fn sleep(&self, span: SignedDuration);
}
