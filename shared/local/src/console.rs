use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

use jiff::SignedDuration;
use ports::{Look, Message, Notifier, PortError, Reminder};

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

/// Nothing comes back later to who runs a command once.
impl<W: Write> Reminder for ConsoleNotifier<W> {
    fn reminds(&self) -> bool {
        false
    }

    async fn remind(&self, _: &Look, _: SignedDuration) -> Result<(), PortError> {
        Ok(())
    }
}

/// Keeps every message and every reminder. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct RecordingNotifier {
    messages: Rc<RefCell<Vec<Message>>>,
    looks: Rc<RefCell<Vec<(Look, SignedDuration)>>>,
    forgets: bool,
}

impl RecordingNotifier {
    /// Without messages yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, without a place where looks wait for their time.
    #[must_use]
    pub fn without_looks(self) -> Self {
        Self {
            forgets: true,
            ..self
        }
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

    /// Looks asked for since this was last called, each with the time until it.
    #[must_use]
    pub fn take_looks(&self) -> Vec<(Look, SignedDuration)> {
        self.looks.take()
    }
}

impl Notifier for RecordingNotifier {
    async fn notify(&self, message: &Message) -> Result<(), PortError> {
        self.messages.borrow_mut().push(message.clone());
        Ok(())
    }
}

impl Reminder for RecordingNotifier {
    fn reminds(&self) -> bool {
        !self.forgets
    }

    async fn remind(&self, look: &Look, span: SignedDuration) -> Result<(), PortError> {
        if self.forgets {
            return Ok(());
        }
        self.looks.borrow_mut().push((look.clone(), span));
        Ok(())
    }
}
