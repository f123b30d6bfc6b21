use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

use ports::{Message, Notifier, PortError};

/// Writes every message to an output, such as standard error.
#[derive(Debug)]
pub struct ConsoleNotifier<W> {
    output: RefCell<W>,
}

impl<W: Write> ConsoleNotifier<W> {
    /// Messages go to `output`.
    pub fn new(output: W) -> Self {
        Self {
            output: RefCell::new(output),
        }
    }

    /// The output with what was written.
    pub fn into_inner(self) -> W {
        self.output.into_inner()
    }
}

impl<W: Write> Notifier for ConsoleNotifier<W> {
    async fn notify(&self, message: &Message) -> Result<(), PortError> {
        let mut output = self.output.borrow_mut();
        let mut text = format!("{}\n", message.subject);
        for line in message.text.lines() {
            text.push_str("    ");
            text.push_str(line);
            text.push('\n');
        }
        output
            .write_all(text.as_bytes())
            .and_then(|()| output.flush())
            .map_err(|error| PortError::Unanswered {
                operation: "notify",
                resource: message.subject.clone(),
                detail: error.to_string(),
            })
    }
}

/// Keeps every message. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct RecordingNotifier {
    messages: Rc<RefCell<Vec<Message>>>,
}

impl RecordingNotifier {
    /// Without messages yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was sent so far, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.messages.borrow().clone()
    }

    /// What was sent since this was last called.
    #[must_use]
    pub fn take(&self) -> Vec<Message> {
        self.messages.take()
    }
}

impl Notifier for RecordingNotifier {
    async fn notify(&self, message: &Message) -> Result<(), PortError> {
        self.messages.borrow_mut().push(message.clone());
        Ok(())
    }
}
