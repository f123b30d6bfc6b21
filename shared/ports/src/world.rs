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

/// Time, for the shells; the core takes it as an argument.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Waits, where waiting makes sense; a virtual clock returns at once.
    async fn sleep(&self, span: SignedDuration);
}
