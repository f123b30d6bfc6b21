use std::cell::Cell;
use std::rc::Rc;
use std::task::Poll;

use jiff::{SignedDuration, Timestamp};
use ports::Clock;

/// How often a wait lets others go on: simulated calls take one turn, and some wait for another.
const TURNS: usize = 8;

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

    /// Leaves the time as it is: within one decision no time passes. Whatever else is under way goes
    /// on first, so that only what never ends takes longer than a wait.
    async fn sleep(&self, _span: SignedDuration) {
        let mut turns = 0;
        std::future::poll_fn(|context| {
            turns += 1;
            if turns > TURNS {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
