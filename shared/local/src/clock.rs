use std::cell::Cell;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use ports::Clock;

/// A clock that stands still until it is told to go on. Clones show the same time.
#[derive(Debug, Clone)]
pub struct VirtualClock {
    now: Rc<Cell<Timestamp>>,
}

impl VirtualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now: Rc::new(Cell::new(now)),
        }
    }

    /// Shows `now` from here on, also an earlier time than before.
    pub fn set(&self, now: Timestamp) {
        self.now.set(now);
    }

    /// Goes on by `span`; stops at the last time there is.
    pub fn advance(&self, span: SignedDuration) {
        let later = self.now.get().checked_add(span);
        self.now.set(later.unwrap_or(Timestamp::MAX));
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    /// Returns at once and leaves the time as it is: within one decision no time passes.
    async fn sleep(&self, _span: SignedDuration) {}
}
