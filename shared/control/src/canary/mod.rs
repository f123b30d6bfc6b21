//! How much of its plans a target applies: more on good evidence, less on bad, by itself.

use std::cmp::Ordering;

use config::{Mode, Target};
use documents::{Canary, Hold, Shortness};
use jiff::{SignedDuration, Timestamp};

/// What a run saw of how the group does.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Evidence {
    /// Share of demand above what the servers in service carry; `None` where that is unknown.
    pub short: Option<f64>,
    /// The guard metric over the value at which it is full; `None` without one.
    pub guard: Option<f64>,
    /// Whether a guard is configured and could not be read.
    pub blind: bool,
    /// Whether a budget has cut floors as far as people have accepted.
    pub cut: bool,
}

/// What bears on the share in one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) evidence: Evidence,
    /// The share of demand that may be lost.
    pub(crate) risk: f64,
    /// What an incident holds.
    pub(crate) hold: Option<&'a Hold>,
    /// Where MinSize lies beside the group's own.
    pub(crate) floor: Ordering,
    /// Whether the servers in service carry demand also where their throughput is as far below the
    /// measured one as the guard is too high.
    pub(crate) spare: bool,
    /// Whether policies of the group add and remove servers: without them MinSize alone adds any.
    pub(crate) reacts: bool,
    /// Whether the value of a policy is set.
    pub(crate) policy: bool,
}

/// What follows for the share.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Share {
    /// The state after this run; `None` where all of a plan is applied.
    pub(crate) state: Option<Canary>,
    /// What people are told, where it changed.
    pub(crate) told: Option<String>,
    /// What is worth a line of the report.
    pub(crate) note: Option<String>,
}

/// Good time before the share grows: a whole day, so that every hour of it was seen.
const PROBATION: SignedDuration = SignedDuration::from_hours(24);
/// Hours of it that must have been seen: some runs may be missed.
const LEAST_HOURS: u32 = 20;
/// At most one step back in this time: one incident is one piece of evidence.
const ONE_STEP: SignedDuration = SignedDuration::from_hours(1);
/// Least share of an active target that stepped back, in percent: as a canary begins by default.
const LEAST_ACTIVE: u8 = 10;
/// Bad signs at the least share, each in an hour of its own, until nothing is applied: the first
/// may be chance.
const SIGNS: u32 = 2;
/// Hours of a day in which an active target must be seen short: the risk asked for lets one happen
/// now and then, and two by chance every few weeks.
const SHORT_HOURS: u32 = 3;

/// The share in the configuration; `None` in modes that apply nothing.
fn configured(target: &Target) -> Option<u8> {
    match target.mode {
        Mode::Canary(percent) => Some(percent),
        Mode::Active => Some(100),
        Mode::Off | Mode::Shadow => None,
    }
}

fn fresh(configured: u8, now: Timestamp) -> Canary {
    Canary {
        percent: configured,
        configured,
        above: None,
        signs: 0,
        short: None,
        since: now,
        hours: 0,
        seen_at: now,
    }
}

/// The state as it is, for whoever does not judge it.
pub(crate) fn kept(target: &Target, before: Option<&Canary>, now: Timestamp) -> Share {
    let state = configured(target).and_then(|configured| {
        let before = before.filter(|state| state.configured == configured);
        let whole = target.mode == Mode::Active;
        before
            .cloned()
            .or_else(|| (!whole).then(|| fresh(configured, now)))
    });
    Share {
        state,
        ..Share::default()
    }
}

/// The state after this run, and what there is to say where it changed.
///
/// A canary steps back at the first bad sign. So does an active target where the guard is bad and
/// something of a plan is in force; wants of servers count there, and in a canary whose floors a budget
/// cuts, once they were seen in several hours of a day and come to more than the risk agreed to.
pub(crate) fn next(
    target: &Target,
    before: Option<&Canary>,
    sight: &Sight<'_>,
    now: Timestamp,
) -> Share {
    let Some(configured) = configured(target) else {
        return Share::default();
    };
    let active = target.mode == Mode::Active;
    // Another value in the configuration is a new beginning.
    let known = before
        .filter(|state| state.configured == configured)
        // No canary is between nothing and its own share: that is an active target's.
        .filter(|state| active || state.percent == 0 || state.percent >= configured)
        .map(|state| not_later(state, now));
    let known = known.as_ref();
    if !target.control.canary_grows {
        let told = known
            .filter(|before| before.percent != configured)
            .map(|_| format!("{} at {configured} % again, as configured", word(target)));
        return Share {
            state: (!active).then(|| fresh(configured, now)),
            told,
            note: None,
        };
    }
    let note = sight.evidence.blind.then(|| {
        let guard = target.control.canary_guard.as_ref();
        let label = guard.map_or("", |guard| guard.label.as_str());
        format!("the guard {label} cannot be read: the share that is applied does not grow, and falls for other reasons only")
    });
    let before = match known {
        Some(before) => before.clone(),
        // A canary's first run is its beginning; nothing is judged by it.
        None if !active => {
            return Share {
                state: Some(fresh(configured, now)),
                told: None,
                note,
            };
        }
        None => fresh(configured, now),
    };
    // Floors that were lowered for a bad guard come back at once where servers are wanted: that want may
    // be their own doing, and speaks against no plan.
    let wanting = active && before.above() < 100 && sight.evidence.short > Some(0.0);
    let before = if wanting {
        Canary {
            above: (before.percent < 100).then_some(100),
            ..before
        }
    } else {
        before
    };
    let short = if by_day(target, sight) && before.percent > 0 && !wanting {
        watched(before.short.as_ref(), sight.evidence.short, now)
    } else {
        None
    };
    let none = before.percent == 0;
    let (state, told) = match bad(target, sight, short.as_ref(), none) {
        Some(why) => back(target, &before, sight, &why, now),
        None => onward(target, &Canary { short, ..before }, sight, now),
    };
    // An active target that applies all and was not seen short has nothing to remember.
    let plain = active && state.percent >= 100 && state.above() >= 100 && state.short.is_none();
    Share {
        state: (!plain).then_some(state),
        told,
        note,
    }
}

/// `state` of a clock that may have been ahead: nothing of it is later than `now`, or it would hold
/// until then.
fn not_later(state: &Canary, now: Timestamp) -> Canary {
    let short = state.short.as_ref().map(|short| Shortness {
        since: short.since.min(now),
        seen_at: short.seen_at.min(now),
        ..short.clone()
    });
    Canary {
        since: state.since.min(now),
        seen_at: state.seen_at.min(now),
        short,
        ..state.clone()
    }
}

fn word(target: &Target) -> &'static str {
    if target.mode == Mode::Active {
        "active"
    } else {
        "canary"
    }
}

/// The share halves, and from the least one falls to nothing on repeated bad signs.
fn back(
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
fn onward(
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

/// Whether wants of servers are judged by the day: a canary's first one speaks against its plan, unless
/// floors were cut for a budget, of which people have agreed to some.
fn by_day(target: &Target, sight: &Sight<'_>) -> bool {
    target.mode == Mode::Active || sight.evidence.cut
}

/// Wants of servers within a day of the first.
fn watched(before: Option<&Shortness>, short: Option<f64>, now: Timestamp) -> Option<Shortness> {
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
fn bad(
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

#[cfg(test)]
mod tests;
