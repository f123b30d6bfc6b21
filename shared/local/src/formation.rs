use std::cell::{Cell, RefCell};
use std::rc::Rc;

use ports::{Formation, PortError};

/// A stack that is told what it is doing, and keeps the answers that it got. Clones share both.
#[derive(Debug, Clone, Default)]
pub struct RecordingFormation {
    deleting: Rc<Cell<bool>>,
    answers: Rc<RefCell<Vec<(String, String)>>>,
}

impl RecordingFormation {
    /// A stack that is being deleted, or not.
    #[must_use]
    pub fn new(deleting: bool) -> Self {
        Self {
            deleting: Rc::new(Cell::new(deleting)),
            answers: Rc::default(),
        }
    }

    /// Every answer with the URL it was put at, oldest first.
    #[must_use]
    pub fn answers(&self) -> Vec<(String, String)> {
        self.answers.borrow().clone()
    }
}

impl Formation for RecordingFormation {
    async fn is_being_deleted(&self, _: &str) -> Result<bool, PortError> {
        Ok(self.deleting.get())
    }

    async fn answer(&self, url: &str, answer: &str) -> Result<(), PortError> {
        let answer = (url.to_owned(), answer.to_owned());
        self.answers.borrow_mut().push(answer);
        Ok(())
    }
}
