//! A MaxSize that follows the forecast, so that a fault cannot buy more servers than demand could
//! ever need.
//!
//! A MaxSize below the desired capacity terminates instances at once, and one that is too low keeps
//! servers from arriving. So it is lowered by a run alone, which sees what is there, and never by a
//! scheduled action: those only give the group its own MaxSize back, some hours on, unless the next
//! run puts that off. Whatever is late, lost or stopped leaves the group its own MaxSize.

use documents::{Ceiling, Plan, PlannedAction};
use fleet::{Group, SCHEDULE_TARDINESS, ScheduledAction};
use jiff::{SignedDuration, Timestamp};
use timeseries::Step;

use crate::actions::Taken;
use crate::floors::value_at;
use crate::names::{is_own, own_name};
use crate::{PUT_MARGIN, Rules};

/// A ceiling ends this long after the hour it was set in, unless it is set again: two runs may be
/// missed.
const LASTS: SignedDuration = SignedDuration::from_hours(4);
/// How far our idea of the time may be off from AWS's, on top of its tardiness.
const SLACK: SignedDuration = SignedDuration::from_mins(1);

/// What is known of a group's own MaxSize.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnMax {
    /// The MaxSize that people gave it.
    pub servers: u32,
    /// Whether somebody set another one while a ceiling was in force: theirs stays.
    pub by_hand: bool,
}

/// The group's own MaxSize, where `max_size` is the present one: not the one that the plan in force
/// set.
#[must_use]
pub fn own_max(previous: Option<&Plan>, max_size: u32, now: Timestamp) -> OwnMax {
    let present = OwnMax {
        servers: max_size,
        by_hand: false,
    };
    let Some((plan, ceiling)) = previous.and_then(|plan| Some((plan, plan.ceiling.as_ref()?)))
    else {
        return present;
    };
    if ceiling.by_hand {
        return OwnMax {
            by_hand: true,
            ..present
        };
    }
    let ours = OwnMax {
        servers: ceiling.own,
        by_hand: false,
    };
    let late = SCHEDULE_TARDINESS.saturating_add(SLACK);
    let before = |span| now.saturating_sub(span).unwrap_or(Timestamp::MIN);
    let lifted = |ceiling: &Ceiling| ceiling.lifted_at.is_some_and(|at| at <= before(-SLACK));
    let still_set = |ceiling: &Ceiling| ceiling.lifted_at.is_none_or(|at| at > before(late));
    // An interrupted apply may have left either value, and a scheduled action comes late.
    let either = !plan.applied;
    if max_size == ceiling.own && (either || ceiling.set == ceiling.own || lifted(ceiling)) {
        return ours;
    }
    if max_size == ceiling.set && (either || still_set(ceiling)) {
        return ours;
    }
    if either && max_size == ceiling.found {
        return ours;
    }
    OwnMax {
        servers: max_size,
        by_hand: true,
    }
}

/// The MaxSize that one of our actions is to give the group back: its own, known even where the plan
/// is lost.
#[must_use]
pub fn pending_max(group: &str, actions: &[ScheduledAction]) -> Option<u32> {
    let ours = actions.iter().filter(|action| is_own(group, &action.name));
    ours.filter_map(|action| action.max_size).max()
}

/// What a ceiling is made of.
#[derive(Debug, Clone, Copy)]
pub struct CeilingAsk<'a> {
    /// Servers that the forecast's upper quantile takes, from each start on, ascending.
    pub upper: &'a [(Timestamp, u32)],
    /// What is known of the group's own MaxSize.
    pub own: u32,
    /// The group's present MaxSize.
    pub found: u32,
    /// The group as it is, with its own MaxSize.
    pub group: &'a Group,
    /// Others' scheduled actions.
    pub foreign: &'a [ScheduledAction],
}

/// Gives `plan` a ceiling: MaxSize now, and the action that gives the group its own back. Never
/// under a floor, a desired capacity or the upper quantile of the time it is for; the group's own
/// MaxSize where the upper quantile is not known for all of it, or no action can end it.
pub fn ceil(plan: &mut Plan, ask: &CeilingAsk<'_>, rules: &Rules, now: Timestamp) {
    let CeilingAsk {
        upper,
        own,
        found,
        group,
        ..
    } = *ask;
    let lifted_at = lift(plan, ask, now);
    let set = lifted_at.and_then(|at| {
        // A server asked for in the last minute serves a lead time later.
        let until = at
            .saturating_add(rules.lead_time)
            .and_then(|at| at.checked_add(SCHEDULE_TARDINESS.saturating_add(SLACK)))
            .unwrap_or(Timestamp::MAX);
        let highest = highest(upper, now, until)?;
        let floors = plan.floors.iter().filter(|floor| floor.start <= until);
        let floor = floors.map(|floor| floor.servers).max().unwrap_or(0);
        // Room for what policies ask for between our looking and our writing.
        let there = group.desired_capacity.max(group.min_size);
        let room = (there / 10).max(1);
        Some(highest.max(floor).max(there.saturating_add(room)).min(own))
    });
    let set = set.unwrap_or(own);
    let lifted_at = lifted_at.filter(|_| set < own);
    if let Some(at) = lifted_at {
        end_at(plan, &group.name, at, set, own);
    }
    plan.ceiling = Some(Ceiling {
        own,
        set,
        lifted_at,
        found,
        by_hand: false,
    });
}

/// When the ceiling ends: at the first of our actions late enough, so that it takes none of its
/// own, or at a free minute. `None` where there is none.
fn lift(plan: &Plan, ask: &CeilingAsk<'_>, now: Timestamp) -> Option<Timestamp> {
    let from = Step::HOUR.floor(now).saturating_add(LASTS).ok()?;
    let from = from.min(plan.expires_at);
    let latest = from.saturating_add(SignedDuration::from_hours(1)).ok()?;
    let own = plan.actions.iter().map(|action| action.start);
    // One that raises: those are put before anything is taken away.
    let first = plan.floors.first().map_or(0, |floor| floor.servers);
    let raises = plan.actions.iter().scan(first, |before, action| {
        let before = std::mem::replace(before, action.min_size);
        Some((action.start, action.min_size >= before))
    });
    let mut raises = raises.filter(|(_, raises)| *raises).map(|(start, _)| start);
    let carried = raises.find(|start| *start >= from && *start <= latest);
    carried.or_else(|| {
        let taken = Taken::by(ask.foreign);
        let soonest = now.saturating_add(PUT_MARGIN).ok()?;
        let minutes = (0..60)
            .filter_map(|minute| from.saturating_add(SignedDuration::from_mins(minute)).ok());
        let mut free = minutes.filter(|at| *at > soonest && !taken.has(*at));
        free.find(|at| own.clone().all(|start| start != *at))
    })
}

/// The action at `at` sets MaxSize to `own`; one that keeps the floor is made where there is none.
/// Those after it whose floor is above the ceiling of `set` name it too: AWS compares the floor of an
/// action that names no MaxSize with the group's of the moment in which it is put, and refuses it.
fn end_at(plan: &mut Plan, group: &str, at: Timestamp, set: u32, own: u32) {
    let index = plan.actions.partition_point(|action| action.start < at);
    for action in plan.actions.iter_mut().skip(index) {
        if action.start == at || action.min_size > set {
            action.max_size = Some(own);
        }
    }
    if plan.actions.get(index).is_some_and(|a| a.start == at) {
        return;
    }
    let Some(floor) = value_at(&plan.floors, at) else {
        return;
    };
    let action = PlannedAction {
        name: own_name(group, at),
        start: at,
        min_size: floor,
        max_size: Some(own),
        desired_capacity: None,
    };
    plan.actions.insert(index, action);
}

/// The most of `upper` in `[from, until)`; `None` where it does not cover all of that.
fn highest(upper: &[(Timestamp, u32)], from: Timestamp, until: Timestamp) -> Option<u32> {
    let first = upper
        .partition_point(|(start, _)| *start <= from)
        .checked_sub(1)?;
    let last = upper.last()?.0;
    (last >= until).then_some(())?;
    let within = upper[first..]
        .iter()
        .take_while(|(start, _)| *start < until);
    within.map(|(_, servers)| *servers).max()
}

#[cfg(test)]
mod tests;
