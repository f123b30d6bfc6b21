//! The one way in which a group is ever changed.

use config::Target;
use documents::{Baseline, Envelope, Hold, Incident, Plan, keys};
use fleet::{Group, Policy, PolicyKind, ScheduledAction};
use futures_util::try_join;
use jiff::{SignedDuration, Timestamp};
use planning::{
    Changes, Current, Needs, PlanReport, Present, Rules, Severity, check, compose, diff,
    human_floor, is_own,
};
use ports::{Clock, Condition, DocumentStore, GroupReader, GroupWriter, PortError};

use crate::apply::apply;
use crate::error::chain;
use crate::outcome::shortfall_text;
use crate::store::{Loaded, load, save};
use crate::{ControlError, HeldLease, Outcome, World};

/// What a function asks for.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The target.
    pub target: &'a Target,
    /// Which function asks: `planner` or `responder`.
    pub by: &'static str,
    /// What the target's measurements come down to.
    pub rules: Rules,
    /// New needs; `None` keeps those of the plan in force.
    pub needs: Option<Needs>,
    /// Demand at the moment, where known.
    pub present: Option<Present>,
}

/// Makes the target's group match plan, incident hold, human floor and baseline, under `lease`.
///
/// Gathers the group as it is now, composes the plan, checks it, stores it, applies the difference
/// and marks it applied. Stopping anywhere is safe: the next run finds the stored plan not applied
/// and finishes. Doing it twice changes nothing the second time.
///
/// # Errors
/// [`ControlError`]; the group is then as it was or part of the way to a higher floor.
pub async fn reconcile<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    lease: &HeldLease,
    ask: Ask<'_>,
) -> Result<Outcome, ControlError>
where
    S: DocumentStore,
    G: GroupWriter,
    C: Clock,
{
    let target = ask.target;
    let now = world.clock.now();
    let seen = gather(world.store, world.groups, target).await?;
    if seen.plan.is_newer() {
        return Err(unusable(&seen.plan, target));
    }
    if let Some(plan) = seen.plan.body().filter(|plan| plan.fence > lease.fence()) {
        let stored = plan.fence;
        return Err(ControlError::Fenced {
            target: target.name.clone(),
            own: lease.fence(),
            stored,
        });
    }
    let (baseline, unread) = adopt(world.store, target, &seen, ask.by, now).await?;
    let decided = decide(&ask, &seen, &baseline, lease.fence(), now)?;
    let Decided {
        mut plan,
        report,
        changes,
        mut notes,
    } = decided;
    notes.extend(unread);
    notes.extend(lease.note().map(str::to_owned));
    let unchanged = changes.is_empty()
        && seen
            .plan
            .body()
            .is_some_and(|stored| stored.applied && same(stored, &plan));
    let count = changes.count();
    if unchanged {
        plan.applied = true;
        return Ok(Outcome {
            plan,
            report,
            changes: 0,
            wrote: false,
            notes,
        });
    }
    let key = keys::plan(&target.name);
    let mut version = None;
    if !changes.is_empty() {
        let intent = Envelope::new(Some(&target.name), now, ask.by, plan.clone());
        version = Some(save(world.store, &key, &intent, seen.plan.unchanged()).await?);
        apply(
            world.groups,
            &target.name,
            &seen.group,
            &seen.actions,
            &changes,
        )
        .await?;
    }
    plan.applied = true;
    let condition = version.map_or_else(|| seen.plan.unchanged(), Condition::Matches);
    let done = Envelope::new(Some(&target.name), now, ask.by, plan.clone());
    save(world.store, &key, &done, condition).await?;
    tracing::info!(
        target_name = %target.name,
        group = %target.group,
        by = ask.by,
        min_size_before = seen.group.min_size,
        floor = plan.floors.first().map(|floor| floor.servers),
        changes = count,
        reason = plan.floors.first().map(|floor| floor.reason.as_str()),
        "group reconciled"
    );
    Ok(Outcome {
        plan,
        report,
        changes: count,
        wrote: count > 0,
        notes,
    })
}

/// What [`reconcile`] would do, for a target in shadow mode: a group can only be looked at here.
/// The plan is stored as not applied.
///
/// # Errors
/// As [`reconcile`].
pub async fn rehearse<S: DocumentStore, G: GroupReader>(
    store: &S,
    groups: &G,
    ask: Ask<'_>,
    now: Timestamp,
) -> Result<Outcome, ControlError> {
    let target = ask.target;
    let seen = gather(store, groups, target).await?;
    if seen.plan.is_newer() {
        return Err(unusable(&seen.plan, target));
    }
    let stored = load::<Baseline>(store, &keys::baseline(&target.name)).await;
    let stored = stored.map_err(|source| port(target, source))?;
    let baseline = stored
        .body()
        .cloned()
        .unwrap_or_else(|| limits(&seen.group));
    let unread = match &stored {
        Loaded::Unusable(error, _) => Some(unread_baseline(error)),
        Loaded::Absent | Loaded::Found(..) => None,
    };
    let fence = seen.plan.body().map_or(0, |plan| plan.fence);
    let Decided {
        plan,
        report,
        changes,
        mut notes,
    } = decide(&ask, &seen, &baseline, fence, now)?;
    notes.extend(unread);
    let known = seen
        .plan
        .body()
        .is_some_and(|stored| !stored.applied && same(stored, &plan));
    if !known {
        let document = Envelope::new(Some(&target.name), now, ask.by, plan.clone());
        save(
            store,
            &keys::plan(&target.name),
            &document,
            seen.plan.unchanged(),
        )
        .await?;
    }
    Ok(Outcome {
        plan,
        report,
        changes: changes.count(),
        wrote: false,
        notes,
    })
}

/// The group and the documents about it.
struct Seen {
    group: Group,
    actions: Vec<ScheduledAction>,
    policies: Vec<Policy>,
    plan: Loaded<Plan>,
    incident: Loaded<Incident>,
}

async fn gather<S: DocumentStore, G: GroupReader>(
    store: &S,
    groups: &G,
    target: &Target,
) -> Result<Seen, ControlError> {
    let (plan_key, incident_key) = (keys::plan(&target.name), keys::incident(&target.name));
    let (group, actions, policies, plan, incident) = try_join!(
        groups.group(&target.group),
        groups.scheduled_actions(&target.group),
        groups.policies(&target.group),
        load::<Plan>(store, &plan_key),
        load::<Incident>(store, &incident_key),
    )
    .map_err(|source| port(target, source))?;
    Ok(Seen {
        group,
        actions,
        policies,
        plan,
        incident,
    })
}

/// The group's own limits: as stored when it was adopted, or stored now. One that is damaged is not
/// replaced, since the group's limits are no longer its own; the lower of what is known is unsafe,
/// so the present ones stand in and people are told.
async fn adopt<S: DocumentStore>(
    store: &S,
    target: &Target,
    seen: &Seen,
    by: &str,
    now: Timestamp,
) -> Result<(Baseline, Option<String>), ControlError> {
    let key = keys::baseline(&target.name);
    match load::<Baseline>(store, &key)
        .await
        .map_err(|source| port(target, source))?
    {
        Loaded::Found(baseline, _) => Ok((baseline.body, None)),
        Loaded::Unusable(error, _) => {
            tracing::error!(target_name = %target.name, error = %chain(&error), "baseline cannot be read; the present limits stand in");
            Ok((limits(&seen.group), Some(unread_baseline(&error))))
        }
        Loaded::Absent => {
            let baseline = limits(&seen.group);
            let document = Envelope::new(Some(&target.name), now, by, baseline.clone());
            save(store, &key, &document, Condition::Absent).await?;
            Ok((baseline, None))
        }
    }
}

fn unread_baseline(error: &documents::DocumentError) -> String {
    format!(
        "the group's present limits stand in for its own: {}",
        chain(error)
    )
}

fn limits(group: &Group) -> Baseline {
    Baseline {
        group: group.name.clone(),
        min_size: group.min_size,
        max_size: group.max_size,
        desired_capacity: group.desired_capacity,
    }
}

struct Decided {
    plan: Plan,
    report: PlanReport,
    changes: Changes,
    notes: Vec<String>,
}

/// Everything between gathering and writing; pure.
fn decide(
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
    let hold = held(&seen.incident, &seen.group, now, &mut notes);
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
    let scales_in = scales_in(&seen.policies);
    // What has ended gives nothing to keep to who only asks for the plan in force.
    let in_force = previous.filter(|plan| ask.needs.is_some() || plan.expires_at > now);
    let current = Current {
        group: &seen.group,
        foreign: &foreign,
        previous: in_force,
        baseline,
        hold: hold.as_ref(),
        human_floor: human_floor(previous, seen.group.min_size, now),
        present: ask.present,
        scales_in,
    };
    let (plan, report) =
        compose(&needs, &ask.rules, &current, now).map_err(|source| ControlError::Plan {
            target: target.name.clone(),
            source,
        })?;
    let findings = check(&plan, &ask.rules, &current, now);
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
        &ask.rules,
    );
    Ok(Decided {
        plan,
        report,
        changes,
        notes,
    })
}

/// The hold in force. An incident that cannot be read may have one: what is there is then held.
fn held(
    incident: &Loaded<Incident>,
    group: &Group,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Option<Hold> {
    match incident {
        Loaded::Absent => None,
        Loaded::Found(incident, _) => incident.body.hold.clone().filter(|hold| hold.until > now),
        Loaded::Unusable(error, _) => {
            notes.push(format!("present capacity is held: {}", chain(error)));
            let until = now
                .saturating_add(jiff::SignedDuration::from_hours(2))
                .ok()?;
            Some(Hold {
                since: now,
                until,
                servers: group.desired_capacity,
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
fn same(stored: &Plan, new: &Plan) -> bool {
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
        human_floor,
        applied: _,
        shortfall,
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
    stored.steps == *steps
        && held_back(&stored.shortfall) == held_back(shortfall)
        && stored.expires_at == *expires_at
        && rest(&stored.floors) == rest(floors)
        && first(&stored.floors) == first(floors)
        && stored.actions == *actions
        && stored.human_floor == *human_floor
        && stored.forecast == *forecast
        && stored.notes == *notes
}

fn port(target: &Target, source: PortError) -> ControlError {
    ControlError::Port {
        target: target.name.clone(),
        source,
    }
}

fn unusable(plan: &Loaded<Plan>, target: &Target) -> ControlError {
    let found = match plan {
        Loaded::Unusable(documents::DocumentError::Newer { found, .. }, _) => *found,
        _ => 0,
    };
    let source = documents::DocumentError::Newer {
        key: keys::plan(&target.name),
        kind: "plan",
        found,
        supported: <Plan as documents::Document>::SCHEMA,
    };
    ControlError::Document {
        target: target.name.clone(),
        source,
    }
}
