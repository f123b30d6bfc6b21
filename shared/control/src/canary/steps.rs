//! One step back or onward.

use std::cmp::Ordering;

use config::{Mode, Target};
use documents::Canary;
use jiff::{SignedDuration, Timestamp};

use super::{PROBATION, Sight, word};

/// Hours of it that must have been seen: some runs may be missed.
const LEAST_HOURS: u32 = 20;
/// At most one step back in this time: one incident is one piece of evidence.
const ONE_STEP: SignedDuration = SignedDuration::from_hours(1);
/// Least share of an active target that stepped back, in percent: as a canary begins by default.
const LEAST_ACTIVE: u8 = 10;
/// Bad signs at the least share, each in an hour of its own, until nothing is applied: the first
/// may be chance.
const SIGNS: u32 = 2;

/// The share halves, and from the least one falls to nothing on repeated bad signs.
pub(super) fn back(
    target: &Target,
    before: &Canary,
    sight: &Sight<'_>,
    why: &str,
    now: Timestamp,
) -> (Canary, Option<String>) {
    let passed = now.duration_since(before.since);
    // An active target that applies all has not just been changed.
    let first = before.percent >= 100 && target.mode == Mode::Active;
    if passed < ONE_STEP && !first {
        // The day of good evidence begins anew in any case.
        let state = Canary {
            hours: 0,
            ..before.clone()
        };
        return (state, None);
    }
    let least = least(target).min(before.percent);
    let halved = (before.percent / 2).max(least);
    let signs = if halved < before.percent || before.percent == 0 {
        0
    } else {
        before.signs.saturating_add(1)
    };
    let percent = if signs >= SIGNS { 0 } else { halved };
    // What lies above the group's own MinSize is taken back only where it is what the guard can mean:
    // servers that are wanted are not taken away.
    let excess = sight.evidence.guard.is_some_and(|over| over > 1.0)
        && sight.evidence.short == Some(0.0)
        && sight.spare
        && sight.hold.is_none()
        && sight.floor == Ordering::Greater
        && sight.reacts;
    let above = if excess {
        before.above().min(percent)
    } else {
        before.above()
    };
    let state = Canary {
        percent,
        above: (above != percent).then_some(above),
        signs: if percent == 0 { 0 } else { signs },
        short: None,
        since: now,
        hours: 0,
        ..before.clone()
    };
    let kept = if above > percent {
        format!("; floors above the group's own MinSize stay at {above} %")
    } else {
        String::new()
    };
    let told = match percent {
        _ if percent == before.percent => None,
        0 => Some(format!(
            "{} fell back to applying nothing: {why}, again at {} %{kept}",
            word(target),
            before.percent
        )),
        _ => Some(format!(
            "{} back from {} % to {percent} %: {why}{kept}",
            word(target),
            before.percent
        )),
    };
    (state, told)
}

/// The share grows after a good day.
pub(super) fn onward(
    target: &Target,
    before: &Canary,
    sight: &Sight<'_>,
    now: Timestamp,
) -> (Canary, Option<String>) {
    let evidence = sight.evidence;
    let active = target.mode == Mode::Active;
    if active && before.percent >= 100 {
        return (before.clone(), None);
    }
    // Where nothing is applied a want of servers is none of a plan's doing.
    let seen_short = evidence.short.is_none_or(|short| short > 0.0) && before.percent > 0;
    let unknown = seen_short || evidence.blind || sight.hold.is_some();
    let guard_bad = evidence.guard.is_some_and(|over| over > 1.0);
    let known = !unknown && !guard_bad && evidence.short.is_some();
    let hour = |at: Timestamp| at.as_second().div_euclid(3600);
    let counts = known && hour(before.seen_at) != hour(now);
    let state = Canary {
        hours: before.hours.saturating_add(u32::from(counts)),
        seen_at: if known { now } else { before.seen_at },
        ..before.clone()
    };
    let passed = now.duration_since(before.since);
    if passed < PROBATION || state.hours < LEAST_HOURS {
        return (state, None);
    }
    if before.percent >= 100 {
        let text = format!(
            "canary at 100 % for {} hours that were seen without a want of servers: mode = \"active\" is proposed",
            state.hours
        );
        // Once a day is often enough.
        let told = Canary {
            since: now,
            ..state
        };
        return (told, Some(text));
    }
    let percent = match before.percent {
        0 => least(target),
        percent => percent.saturating_mul(2).min(100),
    };
    let above = before.above().max(percent);
    let grown = Canary {
        percent,
        above: (above != percent).then_some(above),
        signs: 0,
        since: now,
        hours: 0,
        ..state.clone()
    };
    let text = format!(
        "{} from {} % to {percent} %: {} hours were seen without a want of servers",
        word(target),
        before.percent,
        state.hours
    );
    (grown, Some(text))
}

/// The least share that is applied before nothing is.
fn least(target: &Target) -> u8 {
    match target.mode {
        Mode::Canary(configured) => configured.max(1),
        Mode::Off | Mode::Shadow | Mode::Active => LEAST_ACTIVE,
    }
}
