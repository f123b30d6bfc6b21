//! Everything between gathering and writing; pure.

use std::cmp::Ordering;

use config::{Desired, Mode, Target};
use documents::{Baseline, Hold, Plan};
use fleet::{Group, Policy, PolicyKind, ScheduledAction};
use jiff::{SignedDuration, Timestamp};
use planning::{
    Changes, Current, Needs, PlanReport, Rules, Severity, check, compose, diff, human_floor,
    is_own, own_max, pending_max, servers_for, unsettled,
};

use crate::error::chain;
use crate::outcome::shortfall_text;
use crate::reconcile::Ask;
use crate::seen::Seen;
use crate::store::Loaded;
use crate::{ControlError, WantedPolicy, canary, ceiling, coexist, policy};

pub(crate) struct Decided {
    pub(crate) plan: Plan,
    pub(crate) report: PlanReport,
    pub(crate) changes: Changes,
    /// What the group's target tracking is to hold from now on, where that is another value.
    pub(crate) policy: Option<WantedPolicy>,
    /// What the share that is applied did, where it changed.
    pub(crate) canary: Option<String>,
    pub(crate) notes: Vec<String>,
}

/// Everything between gathering and writing; pure.
pub(crate) fn decide(
    ask: &Ask<'_>,
    seen: &Seen,
    baseline: &Baseline,
    fence: u64,
    now: Timestamp,
) -> Result<Decided, ControlError> {
    let target = ask.target;
    let mut notes = Vec::new();
    let previous = seen.plan.body();
    if let Loaded::Unusable(error, _) = &seen.plan {
        notes.push(format!("the stored plan is replaced: {}", chain(error)));
    }
    let hold = held(target, seen, now, &mut notes);
    let needs = match (&ask.needs, previous) {
        (Some(needs), _) => needs.clone(),
        (None, Some(plan)) if plan.expires_at > now => kept_needs(plan),
        // A responder may be called before the first plan or after the last one has ended: the
        // present floor is all there is.
        (None, _) => bare_needs(&seen.group, now),
    };
    let past_hold = hold
        .as_ref()
        .map_or(needs.end, |hold| later(hold.until, AFTER_HOLD));
    let needs = Needs {
        end: needs.end.max(past_hold),
        ..needs
    };
    let damaged = matches!(seen.plan, Loaded::Unusable(..));
    let needs = Needs {
        by: ask.by.to_owned(),
        fence,
        keep: needs.keep || damaged,
        ..needs
    };
    let foreign: Vec<ScheduledAction> = seen
        .actions
        .iter()
        .filter(|action| !is_own(&target.group, &action.name))
        .cloned()
        .collect();
    let scales_in = match target.control.desired {
        // Where desired capacity cannot be scheduled, policies do what is above MinSize.
        _ if seen.group.floors_only => true,
        Desired::Auto => scales_in(&seen.policies),
        Desired::Never => true,
        Desired::Always => false,
    };
    // What has ended gives nothing to keep to who only asks for the plan in force.
    let in_force = previous.filter(|plan| ask.needs.is_some() || plan.expires_at > now);
    let mut own = own_max(previous, seen.group.max_size, now);
    if previous.is_none_or(|plan| plan.ceiling.is_none())
        && let Some(pending) = pending_max(&target.group, &seen.actions)
    {
        own.servers = own.servers.max(pending);
    }
    let group = Group {
        max_size: own.servers,
        ..seen.group.clone()
    };
    let current = Current {
        group: &group,
        foreign: &foreign,
        previous: in_force,
        baseline,
        hold: hold.as_ref(),
        human_floor: human_floor(previous, seen.group.min_size, now),
        present: ask.present,
        scales_in,
        above: 1.0,
        wanted: None,
    };
    // The responder keeps the share that is applied, and a policy, as the last plan has them.
    let plans = ask.needs.is_some();
    let known = previous.and_then(|plan| plan.canary.as_ref());
    let record = previous.and_then(|plan| plan.policy.as_ref());
    let share = if plans {
        // MinSize as a person left it is no plan in force.
        let by_hand = current.human_floor == Some(seen.group.min_size);
        let floor = if by_hand {
            Ordering::Equal
        } else {
            seen.group.min_size.cmp(&baseline.min_size)
        };
        let in_service = seen.group.in_service();
        let sight = canary::Sight {
            evidence: ask.evidence,
            risk: agreed(target, ask.rules.risk),
            hold: hold.as_ref(),
            floor,
            spare: doubted(ask).is_some_and(|needed| needed <= in_service),
            reacts: self::scales_in(&seen.policies),
            policy: record.is_some(),
        };
        canary::next(target, known, &sight, now)
    } else {
        canary::kept(target, known, now)
    };
    notes.extend(share.note);
    let (canary, told) = (share.state, share.told);
    let percent = canary.as_ref().map_or(100, |state| state.percent);
    let above = canary.as_ref().map_or(100, documents::Canary::above);
    let rules = &Rules {
        share: f64::from(percent) / 100.0,
        ..ask.rules.clone()
    };
    let current = Current {
        above: f64::from(above) / 100.0,
        wanted: wanted(ask, seen)
            .filter(|_| target.mode == Mode::Active && percent.min(above) < 100),
        ..current
    };
    let whole = percent >= 100;
    let step = if plans {
        policy::next(target, record, ask.policy.as_ref(), &seen.policies, whole)
    } else {
        policy::PolicyStep {
            record: previous.and_then(|plan| plan.policy.clone()),
            ..policy::PolicyStep::default()
        }
    };
    if plans {
        notes.extend(coexist::others(
            seen,
            target,
            (baseline.max_size, own.servers),
            now,
            needs.end,
        ));
    }
    notes.extend(step.note);
    let (mut plan, report) =
        compose(&needs, rules, &current, now).map_err(|source| ControlError::Plan {
            target: target.name.clone(),
            source,
        })?;
    plan.unsettled = unsettled(previous, now);
    plan.canary = canary;
    plan.policy = step.record;
    let upper = ask
        .ceiling
        .as_ref()
        .filter(|_| hold.is_none() && !needs.keep && whole);
    let found = (seen.group.max_size, now);
    notes.extend(ceiling::next(
        target, &mut plan, upper, own, &current, rules, found,
    ));
    let findings = check(&plan, rules, &current, now);
    let text = |severity| {
        let found = findings
            .iter()
            .filter(move |finding| finding.severity == severity);
        found
            .map(|finding| finding.text.clone())
            .collect::<Vec<_>>()
    };
    let errors = text(Severity::Error);
    if !errors.is_empty() {
        let findings = errors.join("; ");
        return Err(ControlError::Unsafe {
            target: target.name.clone(),
            findings,
        });
    }
    notes.extend(text(Severity::Warning));
    notes.extend(report.shortfall.as_ref().map(shortfall_text));
    let changes = diff(
        &plan,
        &seen.group,
        &seen.actions,
        scales_in,
        ask.present,
        rules,
    );
    Ok(Decided {
        plan,
        report,
        changes,
        policy: step.set,
        canary: told,
        notes,
    })
}

/// The share of demand that may be lost: `risk`, or what was accepted for a budget. What people agreed to
/// speaks against no plan.
fn agreed(target: &Target, risk: f64) -> f64 {
    let accepted = target.control.budget.and_then(|budget| budget.accept_risk);
    accepted.map_or(risk, |accepted| accepted.max(risk))
}

/// Servers that present demand needs at a throughput that is as far below the measured one as the
/// guard is above the value at which it is full: while it is bad servers may carry less than they once
/// did.
fn doubted(ask: &Ask<'_>) -> Option<u32> {
    let over = ask.evidence.guard.filter(|over| over.is_finite());
    let throughput = ask.rules.throughput / over.unwrap_or(1.0).max(1.0);
    ask.present
        .map(|present| servers_for(present.demand, throughput))
}

/// Servers that present demand keeps whatever share is applied: what it needs as measured, and of what
/// it would need at the doubted throughput as many as are there.
fn wanted(ask: &Ask<'_>, seen: &Seen) -> Option<u32> {
    let measured = servers_for(ask.present?.demand, ask.rules.throughput);
    Some(doubted(ask)?.min(seen.group.in_service()).max(measured))
}

/// The hold in force: in shadow mode what would be held, in any other what is. An incident that
/// cannot be read may have one: what is there is then held.
fn held(target: &Target, seen: &Seen, now: Timestamp, notes: &mut Vec<String>) -> Option<Hold> {
    match &seen.incident {
        Loaded::Absent => None,
        Loaded::Found(incident, _) => {
            let incident = &incident.body;
            let own = incident.shadow == (target.mode == Mode::Shadow);
            incident.hold.clone().filter(|hold| own && hold.until > now)
        }
        Loaded::Unusable(error, _) => {
            notes.push(format!("present capacity is held: {}", chain(error)));
            let until = now
                .saturating_add(jiff::SignedDuration::from_hours(2))
                .ok()?;
            Some(Hold {
                since: now,
                until,
                servers: seen.group.desired_capacity,
                demand: 0.0,
                reason: "the incident document cannot be read".to_owned(),
            })
        }
    }
}

/// A plan lasts this long past a hold, so that its end does not fall into it.
const AFTER_HOLD: SignedDuration = SignedDuration::from_hours(1);

fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}

fn kept_needs(plan: &Plan) -> Needs {
    Needs {
        by: String::new(),
        fence: 0,
        steps: plan.steps.clone(),
        end: plan.expires_at,
        forecast: plan.forecast.clone(),
        // A plan without a forecast stands on a low rung: what it keeps is kept on.
        keep: plan.forecast.is_none(),
        notes: plan.notes.clone(),
    }
}

/// Some hours of the present floor.
fn bare_needs(group: &Group, now: Timestamp) -> Needs {
    let reason = "MinSize before the first plan".to_owned();
    let start = timeseries::Step::MINUTE.floor(now);
    let step = documents::PlanStep {
        start,
        servers: group.min_size,
        reason,
    };
    let end = start
        .saturating_add(jiff::SignedDuration::from_hours(4))
        .unwrap_or(now);
    let notes = vec!["there is no plan yet".to_owned()];
    Needs {
        by: String::new(),
        fence: 0,
        steps: vec![step],
        end,
        forecast: None,
        keep: true,
        notes,
    }
}

/// Whether any policy removes servers that are not needed.
fn scales_in(policies: &[Policy]) -> bool {
    policies
        .iter()
        .any(|policy| policy.enabled && policy.scales_in && policy.kind != PolicyKind::Predictive)
}

/// Whether two plans promise the same, whenever and by whomever they were decided.
pub(crate) fn same(stored: &Plan, new: &Plan) -> bool {
    // Every field by name, so that a new one cannot be forgotten.
    let Plan {
        decided_at: _,
        decided_by: _,
        fence: _,
        steps,
        expires_at,
        floors,
        actions,
        found_min_size: _,
        changed_at: _,
        human_floor,
        applied: _,
        rehearsed: _,
        unsettled: _,
        shortfall,
        canary,
        policy,
        ceiling,
        forecast,
        notes,
    } = new;
    // The first floor starts whenever the plan was made; from then on both hold.
    let rest = |floors: &[documents::PlanStep]| {
        floors
            .iter()
            .skip(1)
            .map(|floor| (floor.start, floor.servers))
            .collect::<Vec<_>>()
    };
    let first = |floors: &[documents::PlanStep]| floors.first().map(|floor| floor.servers);
    // When a shortfall begins moves with the clock.
    let held_back = |shortfall: &Option<documents::Shortfall>| {
        let shortfall = shortfall.as_ref();
        shortfall.map(|s| (s.needed, s.allowed, s.limit.clone()))
    };
    // What was found changes once it is set.
    let max = |ceiling: &Option<documents::Ceiling>| {
        let ceiling = ceiling.as_ref();
        ceiling.map(|c| (c.own, c.set, c.lifted_at, c.by_hand))
    };
    stored.steps == *steps
        && held_back(&stored.shortfall) == held_back(shortfall)
        && stored.expires_at == *expires_at
        && rest(&stored.floors) == rest(floors)
        && first(&stored.floors) == first(floors)
        && stored.actions == *actions
        && stored.canary == *canary
        && stored.policy == *policy
        && max(&stored.ceiling) == max(ceiling)
        && stored.human_floor == *human_floor
        && stored.forecast == *forecast
        && stored.notes == *notes
}
