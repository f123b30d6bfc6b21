//! What speaks against a plan.

use std::cmp::Ordering;

use config::{Mode, Target};
use documents::Shortness;
use jiff::Timestamp;

use super::{PROBATION, Sight};

/// Hours of a day in which an active target must be seen short: the risk asked for lets one happen
/// now and then, and two by chance every few weeks.
const SHORT_HOURS: u32 = 3;

/// Whether wants of servers are judged by the day: a canary's first one speaks against its plan, unless
/// floors were cut for a budget, of which people have agreed to some.
pub(super) fn by_day(target: &Target, sight: &Sight<'_>) -> bool {
    target.mode == Mode::Active || sight.evidence.cut
}

/// Wants of servers within a day of the first.
pub(super) fn watched(
    before: Option<&Shortness>,
    short: Option<f64>,
    now: Timestamp,
) -> Option<Shortness> {
    let before = before.filter(|before| now.duration_since(before.since) < PROBATION);
    let Some(short) = short.filter(|short| *short > 0.0) else {
        return before.cloned();
    };
    let hour = |at: Timestamp| at.as_second().div_euclid(3600);
    Some(match before {
        None => Shortness {
            since: now,
            seen_at: now,
            hours: 1,
            lost: short,
        },
        Some(before) if hour(before.seen_at) == hour(now) => before.clone(),
        Some(before) => Shortness {
            since: before.since,
            seen_at: now,
            hours: before.hours.saturating_add(1),
            lost: before.lost + short,
        },
    })
}

/// What speaks against a plan, where something does. While `none` of it is applied only the guard can.
pub(super) fn bad(
    target: &Target,
    sight: &Sight<'_>,
    watched: Option<&Shortness>,
    none: bool,
) -> Option<String> {
    let evidence = sight.evidence;
    let active = target.mode == Mode::Active;
    if let Some(hold) = sight.hold.filter(|_| !active && !none) {
        return Some(format!("an incident holds servers: {}", hold.reason));
    }
    // What is not in force can have done nothing.
    let in_force = !active || sight.floor != Ordering::Equal || sight.policy;
    if let (Some(over), Some(guard)) = (
        evidence.guard.filter(|over| *over > 1.0 && in_force),
        &target.control.canary_guard,
    ) {
        return Some(format!(
            "{} at {:.4}, above {}",
            guard.label,
            over * guard.full,
            guard.full
        ));
    }
    if none {
        return None;
    }
    if by_day(target, sight) {
        let a_day = PROBATION.as_secs_f64() / 3600.0;
        let watched = watched
            .filter(|short| short.hours >= SHORT_HOURS && short.lost / a_day > sight.risk)?;
        return Some(format!(
            "demand was above what the servers in service carry in {} hours of a day, {:.3} % of it, asked for at most {:.3} %",
            watched.hours,
            watched.lost / a_day * 100.0,
            sight.risk * 100.0
        ));
    }
    evidence
        .short
        .is_some_and(|short| short > 0.0)
        .then(|| "demand is above what the servers in service carry".to_owned())
}
