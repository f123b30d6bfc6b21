use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use ports::{Clock, DeadLetter, PortError, TaskQueue, Unsent};
use serde_json::{Value, json};

use crate::VirtualClock;

/// A queue in memory that delivers as SQS and its event source mapping do: a message that was
/// received is hidden for a while, comes again unless it is settled, and is moved to the dead
/// letters once it was received too often. Clones share their messages.
#[derive(Debug, Clone)]
pub struct MemoryQueue {
    inner: Rc<RefCell<Messages>>,
    clock: VirtualClock,
    visibility: SignedDuration,
    most_receives: u32,
}

#[derive(Debug, Default)]
struct Messages {
    sent: u64,
    waiting: BTreeMap<u64, Waiting>,
    letters: Vec<Letter>,
}

#[derive(Debug)]
struct Waiting {
    body: String,
    receives: u32,
    visible_at: Timestamp,
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Letter {
    /// By the function, with its reason.
    GivenUp(DeadLetter),
    /// By the queue, after too many receives: its body.
    Redriven(String),
}

impl MemoryQueue {
    /// An empty queue, by `clock`.
    #[must_use]
    pub fn new(clock: &VirtualClock, visibility: SignedDuration, most_receives: u32) -> Self {
        Self {
            inner: Rc::default(),
            clock: clock.clone(),
            visibility,
            most_receives,
        }
    }

    /// The next event of at most `most` messages, as Lambda hands it to a function; nothing where no
    /// message is visible.
    #[must_use]
    pub fn receive(&self, most: usize) -> Option<Value> {
        let now = self.clock.now();
        let mut inner = self.inner.borrow_mut();
        let spent: Vec<u64> = inner
            .waiting
            .iter()
            .filter(|(_, it)| it.visible_at <= now && it.receives >= self.most_receives)
            .map(|(id, _)| *id)
            .collect();
        for id in spent {
            if let Some(message) = inner.waiting.remove(&id) {
                inner.letters.push(Letter::Redriven(message.body));
            }
        }
        let hidden = now.saturating_add(self.visibility);
        let hidden = hidden.unwrap_or(Timestamp::MAX);
        let visible = inner.waiting.iter_mut();
        let visible = visible.filter(|(_, it)| it.visible_at <= now).take(most);
        let records: Vec<Value> = visible
            .map(|(id, message)| {
                message.receives += 1;
                message.visible_at = hidden;
                json!({
                    "messageId": id.to_string(), "receiptHandle": id.to_string(),
                    "body": message.body, "messageAttributes": {}, "eventSource": "aws:sqs",
                    "attributes": { "ApproximateReceiveCount": message.receives.to_string() },
                })
            })
            .collect();
        (!records.is_empty()).then(|| json!({ "Records": records }))
    }

    /// Removes what `answer` does not name of the messages of `event`. No answer at all is a function
    /// that failed: all of them come again.
    pub fn settle(&self, event: &Value, answer: Option<&Value>) {
        let Some(answer) = answer else { return };
        let failed: Vec<&str> = answer["batchItemFailures"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item["itemIdentifier"].as_str())
            .collect();
        let records = event["Records"].as_array().into_iter().flatten();
        for id in records.filter_map(|record| record["messageId"].as_str()) {
            if let (false, Ok(id)) = (failed.contains(&id), id.parse()) {
                self.inner.borrow_mut().waiting.remove(&id);
            }
        }
    }

    /// Messages that are neither settled nor given up.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.inner.borrow().waiting.len()
    }

    /// How many were ever sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.inner.borrow().sent
    }

    /// What was given up, oldest first.
    #[must_use]
    pub fn letters(&self) -> Vec<Letter> {
        self.inner.borrow().letters.clone()
    }
}

impl TaskQueue for MemoryQueue {
    fn is_open(&self) -> bool {
        true
    }

    async fn send(&self, bodies: &[String]) -> Result<Vec<Unsent>, PortError> {
        let visible_at = self.clock.now();
        let mut inner = self.inner.borrow_mut();
        for body in bodies {
            inner.sent += 1;
            let id = inner.sent;
            let message = Waiting {
                body: body.clone(),
                receives: 0,
                visible_at,
            };
            inner.waiting.insert(id, message);
        }
        Ok(Vec::new())
    }

    async fn give_up(&self, letter: &DeadLetter) -> Result<(), PortError> {
        let letter = Letter::GivenUp(letter.clone());
        self.inner.borrow_mut().letters.push(letter);
        Ok(())
    }

    async fn hide(&self, receipt: &str, span: SignedDuration) -> Result<(), PortError> {
        let visible_at = self.clock.now().saturating_add(span);
        let id: Option<u64> = receipt.parse().ok();
        let mut inner = self.inner.borrow_mut();
        if let Some(message) = id.and_then(|id| inner.waiting.get_mut(&id)) {
            message.visible_at = visible_at.unwrap_or(Timestamp::MAX);
        }
        Ok(())
    }
}
