use documents::{Baseline, Hold, Plan, PlanStep, Shortfall};
use fleet::{Group, MOST_SCHEDULED_ACTIONS, SCHEDULE_TARDINESS, ScheduledAction};
use jiff::{SignedDuration, Timestamp};

use crate::actions::{Taken, actions};
use crate::fewest::{fewest_levels, runs};
use crate::floors::{by_minute, looking_ahead, minute_of, minutes_between, plus_minutes};
use crate::pace::{Before, paced};
use crate::throughput::{rate, servers_for};
use crate::{ACTIONS_LEFT_TO_OTHERS, PUT_MARGIN, PlanError, Rules};

/// The group as it is, and what else bears on its floors.
#[derive(Debug, Clone, Copy)]
pub struct Current<'a> {
    /// The group; may be seconds old.
    pub group: &'a Group,
    /// Others' scheduled actions.
    pub foreign: &'a [ScheduledAction],
    /// The plan in force.
    pub previous: Option<&'a Plan>,
    /// The group's own limits when it was adopted.
    pub baseline: &'a Baseline,
    /// What an incident holds.
    pub hold: Option<&'a Hold>,
    /// The MinSize that a person set.
    pub human_floor: Option<u32>,
    /// Demand at the moment, where it could be measured.
    pub present: Option<Present>,
    /// Whether a policy of the group removes servers that are not needed. Where none does, the
    /// plan sets the desired capacity as well.
    pub scales_in: bool,
    /// Share of the difference that is applied to floors above the group's own MinSize; that of
    /// [`Rules`] is for those below.
    pub above: f64,
    /// Servers that present demand keeps whatever share is applied, as long as one would take to come
    /// back; `None` where the share is of that too, as in a canary.
    pub wanted: Option<u32>,
}

/// Demand at the moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Present {
    /// Requests per minute.
    pub demand: f64,
    /// Start of the minute it was measured in.
    pub at: Timestamp,
}

/// What [`compose`] is to make a plan of.
#[derive(Debug, Clone, PartialEq)]
pub struct Needs {
    /// Which function decides.
    pub by: String,
    /// Fencing token of its lease.
    pub fence: u64,
    /// Servers needed from each start on, not yet early.
    pub steps: Vec<PlanStep>,
    /// End of the plan: the floor then returns to the baseline.
    pub end: Timestamp,
    /// Key of the forecast behind the steps.
    pub forecast: Option<String>,
    /// Whether the steps stand on a low rung of the fallback ladder: nothing falls because of them.
    pub keep: bool,
    /// Sentences for the plan.
    pub notes: Vec<String>,
}

/// Why a plan is as it is, where that is not in its steps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct PlanReport {
    /// The first minute and the most servers that the limits hold back, if they do.
    pub shortfall: Option<Shortfall>,
    /// Changes of floor before they were merged into few enough actions.
    pub changes: usize,
    /// Actions that the quota leaves.
    pub room: usize,
    /// Plain sentences.
    pub notes: Vec<String>,
}

/// The plan for one group: floors early enough, under no hold and no human floor, within limits,
/// in as few actions as the quota asks.
///
/// # Errors
/// [`PlanError`] when the group is on its way out or others' actions leave no room.
pub fn compose(
    needs: &Needs,
    rules: &Rules,
    current: &Current<'_>,
    now: Timestamp,
) -> Result<(Plan, PlanReport), PlanError> {
    let group = current.group;
    if group.deleting {
        return Err(PlanError::Deleting {
            group: group.name.clone(),
        });
    }
    let room = room(group, current.foreign)?;
    let from = minute_of(now);
    let minutes = minutes_between(from, needs.end).max(1);
    let mut report = PlanReport {
        room,
        ..PlanReport::default()
    };
    let planned = planned(needs, rules, current, from, minutes, &mut report);
    let mut floors = raised(planned, needs, current, from);
    hold_through_margin(&mut floors);
    report.changes = runs(&floors).len();
    let changed_at = changed_at(current.previous, now);
    let levels = staircase(&floors, rules, group, changed_at, from, &mut report);
    if report.changes > room && levels.len() < report.changes {
        report.notes.push(format!(
            "{} changes of floor were merged into {}, the actions that the quota leaves",
            report.changes,
            levels.len()
        ));
    }
    let mut stairs: Vec<PlanStep> = levels
        .iter()
        .map(|&(minute, servers)| {
            let start = plus_minutes(from, minute);
            PlanStep {
                start,
                servers,
                reason: floor_reason(servers, start, needs, rules, current),
            }
        })
        .collect();
    let resting = resting(current);
    if stairs.last().is_some_and(|last| last.servers != resting) {
        let reason = "the plan ends: the group's own floor again".to_owned();
        stairs.push(PlanStep {
            start: needs.end,
            servers: resting,
            reason,
        });
    }
    let earliest = plus_minutes(minute_of(now.saturating_add(PUT_MARGIN).unwrap_or(now)), 1);
    let taken = Taken::by(current.foreign);
    // A canary that set the desired capacity would take all of what it may move a share of.
    let desired_until = (!current.scales_in && rules.share >= 1.0).then_some(needs.end);
    let actions = actions(&group.name, &stairs, &taken, earliest, desired_until);
    let plan = Plan {
        decided_at: now,
        decided_by: needs.by.clone(),
        fence: needs.fence,
        steps: needs.steps.clone(),
        expires_at: needs.end,
        floors: carried(&stairs, &actions),
        actions,
        found_min_size: group.min_size,
        changed_at: if stairs
            .first()
            .is_some_and(|first| first.servers != group.min_size)
        {
            Some(from)
        } else {
            changed_at
        },
        human_floor: current.human_floor,
        applied: false,
        rehearsed: false,
        unsettled: Vec::new(),
        shortfall: report.shortfall.clone(),
        canary: current.previous.and_then(|plan| plan.canary.clone()),
        policy: current.previous.and_then(|plan| plan.policy.clone()),
        ceiling: current.previous.and_then(|plan| plan.ceiling.clone()),
        forecast: needs.forecast.clone(),
        notes: needs.notes.clone(),
    };
    Ok((plan, report))
}

/// The cheapest levels over `floors`. The quota's room is theirs: the first one is no action, and the
/// return to the baseline at the end is one.
fn staircase(
    floors: &[u32],
    rules: &Rules,
    group: &Group,
    changed_at: Option<Timestamp>,
    from: Timestamp,
    report: &mut PlanReport,
) -> Vec<(usize, u32)> {
    let limits = rules.pace.limits();
    if !limits && rules.pace.launch <= SignedDuration::ZERO {
        return fewest_levels(floors, report.room);
    }
    let mut pace = rules.pace;
    if limits {
        // A level lasts until an action can follow it, so that a second run at once takes no
        // second step.
        let least = SignedDuration::from_mins(i64::try_from(margin()).unwrap_or(0));
        pace.dwell = pace.dwell.max(least);
    }
    let kept = changed_at.filter(|_| limits).map_or(0, |at| {
        let until = at.saturating_add(pace.dwell).unwrap_or(at);
        minutes_between(from, until)
    });
    let before = Before {
        floor: group.min_size,
        kept,
        margin: margin(),
    };
    let found = paced(floors, &pace, before, report.room);
    let first = found.levels.first().map_or(0, |(_, floor)| *floor);
    let step = first.saturating_sub(before.floor);
    // Within the margin no action can be put, so that a raise due then comes a little early.
    let early = kept < margin() && pace.most_up.is_none_or(|most| step <= most);
    if found.at_once && !early {
        report.notes.push(format!(
            "the floor goes from {} to {first} at once: within the limits of a change it would be late",
            before.floor
        ));
    }
    if found.open > 0 {
        report.notes.push(format!(
            "the search for the cheapest floors was given up: others could save {:.1} server-hours at most",
            found.open as f64 / 60.0
        ));
    }
    found.levels
}

/// Actions that the quota leaves us.
fn room(group: &Group, foreign: &[ScheduledAction]) -> Result<usize, PlanError> {
    /// One raise and the return to the baseline.
    const LEAST: usize = 2;
    let room = MOST_SCHEDULED_ACTIONS.saturating_sub(foreign.len().max(ACTIONS_LEFT_TO_OTHERS));
    if room < LEAST {
        return Err(PlanError::NoRoom {
            group: group.name.clone(),
            foreign: foreign.len(),
            room,
            limit: MOST_SCHEDULED_ACTIONS,
            needed: LEAST,
        });
    }
    Ok(room)
}

/// Floors from the forecast's needs alone: early by the lead time, within the limits, as far as
/// the target's mode applies them.
fn planned(
    needs: &Needs,
    rules: &Rules,
    current: &Current<'_>,
    from: Timestamp,
    minutes: usize,
    report: &mut PlanReport,
) -> Vec<u32> {
    let ahead = rules.lead_time.saturating_add(SCHEDULE_TARDINESS);
    let ahead = usize::try_from(ahead.as_secs().max(0))
        .unwrap_or(0)
        .div_ceil(60);
    let mut needed = looking_ahead(&by_minute(&needs.steps, from, minutes), ahead);
    // What demand needs now stays as long as a server would take to come back.
    if let Some(present) = current.present {
        let lead = usize::try_from(rules.lead_time.as_secs().max(0)).unwrap_or(0) / 60;
        let servers = servers_for(present.demand, rules.throughput);
        for needed in needed.iter_mut().take(lead + 1) {
            *needed = servers.max(*needed);
        }
    }
    let (most, limit) = if current.group.max_size < rules.max_servers {
        (current.group.max_size, "the group's MaxSize")
    } else {
        (rules.max_servers, "max_servers")
    };
    if let Some(first) = needed.iter().position(|&servers| servers > most) {
        report.shortfall = Some(Shortfall {
            from: plus_minutes(from, first),
            needed: needed.iter().copied().max().unwrap_or(0),
            allowed: most,
            limit: limit.to_owned(),
        });
    }
    let least = rules.min_servers.min(most);
    let lead = usize::try_from(rules.lead_time.as_secs().max(0)).unwrap_or(0) / 60;
    needed
        .iter()
        .enumerate()
        .map(|(minute, &servers)| {
            let part = applied(rules, current, servers.clamp(least, most));
            let wanted = current.wanted.filter(|_| minute <= lead);
            part.max(wanted.unwrap_or(0).min(most))
        })
        .collect()
}

/// What the share that is applied makes of `asked`.
pub(crate) fn applied(rules: &Rules, current: &Current<'_>, asked: u32) -> u32 {
    let base = current.baseline.min_size;
    let share = if asked > base {
        current.above
    } else {
        rules.share
    };
    part_of(share, base, asked)
}

/// `share` of the way from `base` to `floor`, rounded up: in doubt more servers.
fn part_of(share: f64, base: u32, floor: u32) -> u32 {
    if share >= 1.0 {
        return floor;
    }
    let part = f64::from(base) + (f64::from(floor) - f64::from(base)) * share.max(0.0);
    // Between two u32 values, so it is one after rounding up.
    (part - 1e-9).ceil().max(0.0) as u32
}

/// `planned` raised to whatever else holds in each minute.
fn raised(planned: Vec<u32>, needs: &Needs, current: &Current<'_>, from: Timestamp) -> Vec<u32> {
    let most = current.group.max_size;
    let human = current.human_floor.unwrap_or(0);
    let kept = needs.keep.then(|| kept(current, from, planned.len()));
    planned
        .into_iter()
        .enumerate()
        .map(|(minute, servers)| {
            let at = plus_minutes(from, minute);
            let held = current
                .hold
                .filter(|hold| at < hold.until)
                .map_or(0, |hold| hold.servers);
            let kept = kept.as_ref().map_or(0, |kept| kept[minute]);
            servers.max(held).max(kept).max(human).min(most)
        })
        .collect()
}

/// What nothing may fall below on a low rung of the ladder: the plan in force, and after its end
/// its highest floor; without one the present MinSize.
fn kept(current: &Current<'_>, from: Timestamp, minutes: usize) -> Vec<u32> {
    let Some(plan) = current.previous.filter(|plan| !plan.floors.is_empty()) else {
        return vec![current.group.min_size; minutes];
    };
    let highest = plan
        .floors
        .iter()
        .map(|floor| floor.servers)
        .max()
        .unwrap_or(0);
    let mut kept = by_minute(&plan.floors, from, minutes);
    for (minute, servers) in kept.iter_mut().enumerate() {
        if plus_minutes(from, minute) >= plan.expires_at {
            *servers = highest;
        }
    }
    kept
}

/// When the floor changed last before `now`.
fn changed_at(previous: Option<&Plan>, now: Timestamp) -> Option<Timestamp> {
    let plan = previous?;
    let later = plan.floors.iter().skip(1).map(|floor| floor.start);
    later
        .take_while(|start| *start <= now)
        .last()
        .or(plan.changed_at)
}

/// Minutes in which no action can be put.
fn margin() -> usize {
    usize::try_from(PUT_MARGIN.as_mins()).unwrap_or(0) + 1
}

/// Nothing is put closer than the margin: raises within it come at once, lowers wait.
fn hold_through_margin(floors: &mut [u32]) {
    let margin = margin();
    let within = margin.min(floors.len().saturating_sub(1));
    let most = floors.iter().take(within + 1).copied().max().unwrap_or(0);
    for floor in floors.iter_mut().take(within) {
        *floor = most;
    }
}

/// What the group gets back when the plan ends: what a person set last, else what it had when it
/// was adopted.
fn resting(current: &Current<'_>) -> u32 {
    current
        .human_floor
        .unwrap_or(current.baseline.min_size)
        .min(current.group.max_size)
}

fn floor_reason(
    servers: u32,
    start: Timestamp,
    needs: &Needs,
    rules: &Rules,
    current: &Current<'_>,
) -> String {
    let held = current
        .hold
        .filter(|hold| start < hold.until && hold.servers >= servers);
    if let Some(hold) = held {
        return format!("held: {}", hold.reason);
    }
    if current.human_floor.is_some_and(|human| human >= servers) {
        return "MinSize that was set by hand".to_owned();
    }
    // The need that this floor comes early for: the first of that size from its start on.
    let from = needs
        .steps
        .partition_point(|step| step.start <= start)
        .saturating_sub(1);
    let step = needs.steps[from.min(needs.steps.len())..]
        .iter()
        .find(|step| step.servers >= servers);
    let early = rules.lead_time.saturating_add(SCHEDULE_TARDINESS);
    let soon = start.saturating_add(early).unwrap_or(Timestamp::MAX);
    if let Some(present) = current.present
        && step.is_none_or(|step| step.start > soon)
        && servers_for(present.demand, rules.throughput) >= servers
    {
        return format!(
            "present demand of {:.0}/min at {}/min a server = {servers}",
            present.demand,
            rate(rules.throughput)
        );
    }
    match step {
        Some(step) => format!("for {}: {}", step.start, step.reason),
        None if needs.keep => "kept, since there is no fresh forecast".to_owned(),
        None => "within the limits of the target".to_owned(),
    }
}

/// The floors as the actions carry them, which may start a little beside the wanted minute.
fn carried(stairs: &[PlanStep], actions: &[documents::PlannedAction]) -> Vec<PlanStep> {
    let first = stairs.first().cloned();
    let rest = actions.iter().map(|action| {
        let reason = stairs
            .iter()
            .filter(|stair| stair.servers == action.min_size)
            .min_by_key(|stair| stair.start.duration_since(action.start).unsigned_abs())
            .map_or_else(String::new, |stair| stair.reason.clone());
        PlanStep {
            start: action.start,
            servers: action.min_size,
            reason,
        }
    });
    first.into_iter().chain(rest).collect()
}
