//! How much of its plans a target applies: more on good evidence, less on bad, by itself.

mod signs;
mod steps;

use std::cmp::Ordering;

use config::{Mode, Target};
use documents::{Canary, Hold, Shortness};
use jiff::{SignedDuration, Timestamp};

use signs::{bad, by_day, watched};
use steps::{back, onward};

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

#[cfg(test)]
mod tests;
