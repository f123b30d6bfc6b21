//! One target at a time, so that whatever it does the next has its turn.

use std::panic::AssertUnwindSafe;
use std::pin::pin;

use control::{ControlError, TargetReport};
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use jiff::{SignedDuration, Timestamp};
use ports::Clock;

use crate::TaskError;

/// Time that is left for records and messages after the last target.
pub(crate) const RESERVE: SignedDuration = SignedDuration::from_secs(5);
/// With less time than that no target of the queue is begun, and in a run of several none is cut
/// short while there is as much: one that is cut short leaves its lease behind.
pub(crate) const LEAST: SignedDuration = SignedDuration::from_secs(10);

/// `work` for `target` within `limit`, where there is one; a panic as an error.
///
/// # Errors
/// What `work` says; [`TaskError::Late`] after `limit`, at once where that is nothing;
/// [`TaskError::Panicked`].
pub async fn guarded<C: Clock>(
    clock: &C,
    target: &str,
    limit: Option<SignedDuration>,
    work: impl Future<Output = Result<TargetReport, ControlError>>,
) -> Result<TargetReport, TaskError> {
    let late = |limit| TaskError::Late {
        target: target.to_owned(),
        limit,
    };
    let work = AssertUnwindSafe(work).catch_unwind();
    let done = match limit {
        None => work.await,
        Some(limit) if limit <= SignedDuration::ZERO => return Err(late(limit)),
        Some(limit) => match select(Box::pin(work), pin!(clock.sleep(limit))).await {
            Either::Left((done, _)) => done,
            Either::Right(_) => return Err(late(limit)),
        },
    };
    match done {
        Ok(done) => Ok(done?),
        Err(panic) => Err(TaskError::Panicked {
            target: target.to_owned(),
            detail: words(&*panic),
        }),
    }
}

/// What one of `remaining` targets of a run may take at `now`, where the function is stopped at
/// `deadline`: its share of the time that is left, or ten seconds where that is more and they are
/// there. One that does not answer costs the others no more than that. Nothing where nobody stops it:
/// a `deadline` of [`Timestamp::MAX`].
#[must_use]
pub fn share(deadline: Timestamp, now: Timestamp, remaining: usize) -> Option<SignedDuration> {
    if deadline == Timestamp::MAX {
        return None;
    }
    let left = deadline.duration_since(now).saturating_sub(RESERVE);
    let remaining = i32::try_from(remaining.max(1)).unwrap_or(i32::MAX);
    let share = (left / remaining).max(LEAST).min(left);
    Some(share.max(SignedDuration::ZERO))
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_share_and_no_more_than_there_is() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (left, remaining, due) in [
            (60, 1, 55),
            (60, 5, 11),
            (60, 20, 10),
            (12, 20, 7),
            (5, 3, 0),
            (-3, 1, 0),
            (900, 20, 44),
        ] {
            let found = share(at(1_000 + left), at(1_000), remaining).unwrap();
            assert_eq!(found.as_secs(), due, "{left} s for {remaining}");
        }
        assert_eq!(share(Timestamp::MAX, at(0), 3), None);
    }
}
