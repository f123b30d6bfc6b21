use std::cell::RefCell;
use std::collections::BTreeSet;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use jiff::{SignedDuration, Timestamp};
use ports::Clock;

use crate::VirtualClock;

/// Whether something can go on.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A clock on which waiting takes its time: whoever waits goes on when it is due, and between two
/// such moments no time passes. Clones share it.
#[derive(Debug, Clone)]
pub struct Timeline {
    clock: VirtualClock,
    due: Rc<RefCell<BTreeSet<Timestamp>>>,
}

impl Timeline {
    /// The time that `clock` shows, and moves.
    #[must_use]
    pub fn new(clock: &VirtualClock) -> Self {
        Self {
            clock: clock.clone(),
            due: Rc::default(),
        }
    }

    /// Runs `work` to its end, or until `limit` is over: what is under way then is dropped, as a
    /// function that is killed, and there is no answer.
    pub fn run<T>(&self, work: impl Future<Output = T>, limit: SignedDuration) -> Option<T> {
        let end = self.later(limit);
        let mut work = pin!(work);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
                return Some(done);
            }
            // No time passes for what can go on.
            if woken.0.swap(false, Ordering::Relaxed) {
                continue;
            }
            let next = self.due.borrow_mut().pop_first().filter(|at| *at < end);
            let Some(next) = next else {
                self.clock.set(end);
                return None;
            };
            self.clock.set(next.max(self.now()));
        }
    }

    fn later(&self, span: SignedDuration) -> Timestamp {
        self.now().saturating_add(span).unwrap_or(Timestamp::MAX)
    }
}

impl Clock for Timeline {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn sleep(&self, span: SignedDuration) {
        let due = self.later(span);
        std::future::poll_fn(|_| {
            if self.now() >= due {
                return Poll::Ready(());
            }
            self.due.borrow_mut().insert(due);
            Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{join, select};

    use super::*;

    const SECOND: SignedDuration = SignedDuration::from_secs(1);

    #[test]
    fn waits_pass_side_by_side_and_nothing_outlasts_the_limit() {
        let clock = VirtualClock::new(Timestamp::UNIX_EPOCH);
        let line = Timeline::new(&clock);
        let passed = || line.now().duration_since(Timestamp::UNIX_EPOCH);
        let both = join(line.sleep(SECOND * 3), line.sleep(SECOND * 5));
        assert!(line.run(both, SECOND * 60).is_some());
        assert_eq!(passed(), SECOND * 5);
        let (long, short) = (
            Box::pin(line.sleep(SECOND * 9)),
            Box::pin(line.sleep(SECOND)),
        );
        let first = select(long, short);
        assert!(line.run(first, SECOND * 60).is_some());
        assert_eq!(passed(), SECOND * 6);
        let never = std::future::pending::<()>();
        assert_eq!(line.run(never, SECOND * 60), None);
        assert_eq!(passed(), SECOND * 66);
    }
}
