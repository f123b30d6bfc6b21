//! Floors minute by minute.

use documents::PlanStep;
use jiff::{SignedDuration, Timestamp};

/// The minute that holds `at`.
pub(crate) fn minute_of(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(Timestamp::MIN)
}

/// `start` moved by whole minutes.
pub(crate) fn plus_minutes(start: Timestamp, minutes: usize) -> Timestamp {
    let minutes = i64::try_from(minutes).unwrap_or(i64::MAX / 60);
    start
        .saturating_add(SignedDuration::from_mins(minutes))
        .unwrap_or(Timestamp::MAX)
}

/// Whole minutes from `from` to `to`, rounded up; zero when `to` is earlier.
pub(crate) fn minutes_between(from: Timestamp, to: Timestamp) -> usize {
    let seconds = to.duration_since(from).as_secs().max(0).unsigned_abs();
    usize::try_from(seconds.div_ceil(60)).unwrap_or(usize::MAX)
}

/// The value of `steps` in every minute of `[from, from + minutes)`; before the first step its
/// value, without any step zero.
pub(crate) fn by_minute(steps: &[PlanStep], from: Timestamp, minutes: usize) -> Vec<u32> {
    let mut next = 0;
    let mut value = steps.first().map_or(0, |step| step.servers);
    (0..minutes)
        .map(|offset| {
            let at = plus_minutes(from, offset);
            while next < steps.len() && steps[next].start <= at {
                value = steps[next].servers;
                next += 1;
            }
            value
        })
        .collect()
}

/// The value of `steps` at `at`; `None` before the first.
pub(crate) fn value_at(steps: &[PlanStep], at: Timestamp) -> Option<u32> {
    let after = steps.partition_point(|step| step.start <= at);
    after.checked_sub(1).map(|index| steps[index].servers)
}

/// The most of `needed` from each minute until `ahead` minutes later: servers asked for then come
/// in time and leave late.
pub(crate) fn looking_ahead(needed: &[u32], ahead: usize) -> Vec<u32> {
    let mut floors = vec![0; needed.len()];
    // Minutes whose need no later minute of the window exceeds, their needs falling.
    let mut candidates = std::collections::VecDeque::<usize>::new();
    for minute in (0..needed.len()).rev() {
        while candidates
            .back()
            .is_some_and(|&last| needed[last] <= needed[minute])
        {
            candidates.pop_back();
        }
        candidates.push_back(minute);
        while candidates
            .front()
            .is_some_and(|&first| first - minute > ahead)
        {
            candidates.pop_front();
        }
        floors[minute] = candidates.front().map_or(0, |&first| needed[first]);
    }
    floors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_ahead_is_the_greatest_within_the_window() {
        let needed = [1, 1, 1, 5, 1, 1, 3, 1];
        assert_eq!(looking_ahead(&needed, 2), [1, 5, 5, 5, 3, 3, 3, 1]);
        assert_eq!(looking_ahead(&needed, 0), needed);
        assert_eq!(looking_ahead(&needed, 100), [5, 5, 5, 5, 3, 3, 3, 1]);
    }

    #[test]
    fn steps_hold_until_the_next() {
        let step = |minute: i64, servers| PlanStep {
            start: Timestamp::from_second(minute * 60).unwrap(),
            servers,
            reason: String::new(),
        };
        let steps = [step(2, 4), step(4, 7)];
        assert_eq!(
            by_minute(&steps, Timestamp::UNIX_EPOCH, 6),
            [4, 4, 4, 4, 7, 7]
        );
        assert_eq!(value_at(&steps, Timestamp::from_second(60).unwrap()), None);
        assert_eq!(
            value_at(&steps, Timestamp::from_second(239).unwrap()),
            Some(4)
        );
    }
}
