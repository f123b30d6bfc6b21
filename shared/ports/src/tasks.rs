use jiff::SignedDuration;

use crate::PortError;

/// A message of a batch that was not taken, although the call succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// Its place in the batch, counted from 0.
    pub place: usize,
    /// What the service said.
    pub reason: String,
}

/// A message that is given up, with what a person needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message as it came, to be sent again once the cause is mended.
    pub body: String,
    /// The target it is about; empty where it cannot be told.
    pub target: String,
    /// A stable word for why.
    pub code: String,
    /// Why, in plain words.
    pub reason: String,
}

/// A queue of tasks, the work on which is called by whoever drives the queue, and the place for what
/// is given up. Delivers at least once, in no order.
pub trait TaskQueue {
    /// Whether there is one. Where there is none nothing is sent.
    fn is_open(&self) -> bool;

    /// Puts at most ten messages into the queue; those that were not taken.
    ///
    /// # Errors
    /// [`PortError`]; after [`PortError::Unanswered`] they may be there all the same.
    async fn send(&self, bodies: &[String]) -> Result<Vec<Unsent>, PortError>;

    /// Puts a message where people find what was given up.
    ///
    /// # Errors
    /// [`PortError`]; it may be there all the same.
    async fn give_up(&self, letter: &DeadLetter) -> Result<(), PortError>;

    /// Lets the message of `receipt` come again after `span`, at most 12 hours.
    ///
    /// # Errors
    /// [`PortError`]; it then comes again when the queue's own time is over.
    async fn hide(&self, receipt: &str, span: SignedDuration) -> Result<(), PortError>;
}

/// Most messages of one [`TaskQueue::send`]. Source: SQS API reference, `SendMessageBatch`.
pub const MOST_MESSAGES: usize = 10;
