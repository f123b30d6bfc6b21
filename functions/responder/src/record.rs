//! The incident's record: what is remembered between looks, and what caps count. Pure.

use config::Target;
use diagnosis::{Caps, Decision, Evidence, Kind, Phase, Policy, Standing, Step};
use documents::{Closed, Following, Hold, Incident, Raise, SeenAlarm, Spent};
use jiff::{SignedDuration, Timestamp};

use crate::event::Cause;
use crate::looks;

/// Alarm events and incidents remembered for each target: CloudWatch repeats deliveries within
/// hours, and what recurs does so within weeks.
const REMEMBERED: usize = 200;
/// Looks in a row without a finding after which nothing is followed any more.
const CALM_LOOKS: u32 = 5;
/// Nothing is followed for longer; its alarm goes off again.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// A hold is renewed when so much of it is left, so that not every look rewrites the plan.
const RENEWED: SignedDuration = SignedDuration::from_mins(35);

/// The hold in force.
pub(crate) fn active(incident: &Incident, now: Timestamp) -> Option<&Hold> {
    incident.hold.as_ref().filter(|hold| hold.until > now)
}

/// What is held, as the decision wants to know it.
pub(crate) fn standing(incident: &Incident, now: Timestamp) -> Option<Standing> {
    let hold = active(incident, now)?;
    let changed = incident
        .following
        .as_ref()
        .map_or(hold.since, |it| it.changed);
    Some(Standing {
        servers: hold.servers,
        changed,
    })
}

/// The last raise, for the evidence; one of an incident that was lost from sight shows nothing.
pub(crate) fn step(incident: &Incident, now: Timestamp) -> Option<Step> {
    let following = incident.following.as_ref();
    let raise = following.filter(|it| !looks::lost(it, now))?.step?;
    Some(Step {
        at: raise.at,
        from: raise.from,
        to: raise.to,
    })
}

/// What people have laid down, less what was used up.
/// A canary holds `share` of what is added.
pub(crate) fn policy(target: &Target, spent: &Spent, share: f64, now: Timestamp) -> Policy {
    let response = &target.response;
    let spent = rolled(spent.clone(), target, now);
    let budget_left = response.monthly_budget.map(|budget| {
        let price = target.price_per_server_hour;
        let hours = if price > 0.0 {
            budget / price
        } else {
            f64::MAX
        };
        // Saturates. An event lasts an hour at least before its cost is known.
        (hours - spent.server_minutes / 60.0).max(0.0) as u32
    });
    Policy {
        caps: Caps {
            step: response.most_per_step,
            event: Some(target.most_extra_servers),
            day_left: response
                .most_per_day
                .map(|most| most.saturating_sub(spent.servers)),
            budget_left,
        },
        people_within: response.people_within,
        refresh: response.instance_refresh,
        share,
    }
}

/// `spent` of today and this month.
fn rolled(mut spent: Spent, target: &Target, now: Timestamp) -> Spent {
    let local = target.zone.to_datetime(now);
    let day = local.date().to_string();
    let month = local.strftime("%Y-%m").to_string();
    if spent.day != day {
        (spent.day, spent.servers) = (day, 0);
    }
    if spent.month != month {
        (spent.month, spent.server_minutes) = (month, 0.0);
    }
    spent
}

/// What people are to be told, once each: a change of what it is, of where it stands, of whether a
/// cap binds, of giving up.
fn state(decision: &Decision, given_up: bool) -> String {
    let phase = match decision.phase {
        // Growing and holding take turns while a spike lasts, and what was too much of it is given
        // back before it ends.
        Phase::Growing | Phase::Holding if decision.hold.is_some() => "held",
        Phase::HandingBack if decision.kind == Kind::UnforecastDemand => "held",
        phase => phase.word(),
    };
    let capped = if decision.bound.is_some() {
        " capped"
    } else {
        ""
    };
    let given_up = if given_up { " given up" } else { "" };
    format!("{} {phase}{capped}{given_up}", decision.kind.word())
}

/// What became of the record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Remembered {
    /// Whether people are to be told.
    pub(crate) tell: bool,
    /// Whether an instance refresh is to be started.
    pub(crate) refresh: bool,
    /// Whether a hold is in force now or was before: the group has to match either way.
    pub(crate) holds: bool,
    /// Whether what is held is not renewed, because nothing was known for too long.
    pub(crate) given_up: bool,
    /// Until the next look, where there is to be one.
    pub(crate) next: Option<SignedDuration>,
}

/// Writes `decision` into `incident`.
pub(crate) fn remember(
    incident: &mut Incident,
    decision: &Decision,
    evidence: &Evidence,
    target: &Target,
    cause: &Cause,
    now: Timestamp,
) -> Remembered {
    let before = active(incident, now).cloned();
    let held_before = incident.hold.is_some();
    spend(incident, before.as_ref(), decision, evidence, target, now);
    if before.is_none() {
        incident.past.extend(incident.hold.take());
    }
    if let Cause::Alarm(alarm) = cause {
        note(incident, alarm, decision.reason.clone(), now);
        // Its looks stopped coming: what goes off now is another incident, and people hear of it.
        if let Some(old) = incident.following.take_if(|it| looks::lost(it, now)) {
            let end = old.looked_at;
            close(incident, old, end);
        }
    }
    // A day of not knowing: what is held runs out, and the plan has the group again.
    let blind = |it: &Following| now.duration_since(it.measured.unwrap_or(it.since)) > LONGEST;
    let given_up = decision.hold.is_some()
        && decision.diagnosis.demand.is_none()
        && incident.following.as_ref().is_some_and(blind);
    keep(incident, before.as_ref(), decision, !given_up, now);
    let told = state(decision, given_up);
    let over = decision.phase == Phase::Over;
    let fresh = incident.following.is_none();
    let mut following = incident
        .following
        .take()
        .unwrap_or_else(|| begun(cause, now));
    // Ups and downs of what nobody has to see to are not told.
    let quiet = decision.hold.is_none()
        && matches!(decision.kind, Kind::Covered | Kind::PlannedRamp)
        && !fresh
        && !over;
    // Steps down have pauses between them; a fault that comes meanwhile is told.
    let pausing = decision.phase == Phase::Holding
        && decision.bound.is_none()
        && matches!(
            decision.kind,
            Kind::UnforecastDemand | Kind::Covered | Kind::PlannedRamp
        )
        && following.told.contains(Phase::HandingBack.word());
    // One look that cannot tell does not take back what the looks before it found.
    let unsure = decision.kind == Kind::Unknown
        && decision.bound.is_none()
        && !given_up
        && !over
        && !following.told.is_empty();
    let tell = following.told != told && !quiet && !pausing && !unsure;
    if tell {
        following.told.clone_from(&told);
    }
    let servers = decision.hold.unwrap_or(0);
    if before.as_ref().map_or(0, |hold| hold.servers) != servers {
        following.changed = now;
    }
    judge(&mut following, decision, evidence, now);
    let refresh = decision.refresh && !following.refreshed;
    following.refreshed |= refresh;
    let calm = decision.hold.is_none()
        && matches!(decision.diagnosis.kind, Kind::Covered | Kind::PlannedRamp);
    following.calm = if calm { following.calm + 1 } else { 0 };
    following.look += 1;
    following.looked_at = now;
    following.phase = decision.phase.word().to_owned();
    // What it was, not what it calms down to.
    let telling = !matches!(
        decision.diagnosis.kind,
        Kind::Covered | Kind::PlannedRamp | Kind::Unknown
    );
    if telling || following.diagnosis.is_empty() {
        decision
            .diagnosis
            .kind
            .word()
            .clone_into(&mut following.diagnosis);
    }
    let idle = decision.hold.is_none() && now.duration_since(following.since) > LONGEST;
    let ends = over || given_up || idle || following.calm >= CALM_LOOKS;
    let next = (!ends).then(|| looks::interval(&following, decision, now));
    if ends {
        close(incident, following, now);
    } else {
        following.due = next.and_then(|span| now.checked_add(span).ok());
        incident.following = Some(following);
    }
    Remembered {
        tell,
        refresh,
        holds: incident.hold.is_some() || held_before,
        given_up,
        next,
    }
}

/// A new incident.
fn begun(cause: &Cause, now: Timestamp) -> Following {
    Following {
        since: now,
        alarm: cause.id(),
        look: 0,
        looked_at: now,
        diagnosis: String::new(),
        phase: String::new(),
        told: String::new(),
        calm: 0,
        changed: now,
        step: None,
        highest: 0.0,
        expected: None,
        refreshed: false,
        measured: None,
        due: None,
    }
}

/// Keeps in mind an alarm that went off while the target was paused: its looks see to it once the
/// pause is over. `None` where it is followed already.
pub(crate) fn wait(
    incident: &mut Incident,
    cause: &Cause,
    now: Timestamp,
) -> Option<SignedDuration> {
    if incident
        .following
        .as_ref()
        .is_some_and(|it| !looks::lost(it, now))
    {
        return None;
    }
    if let Some(old) = incident.following.take() {
        let end = old.looked_at;
        close(incident, old, end);
    }
    incident.following = Some(Following {
        look: 1,
        due: now.checked_add(looks::PAUSED).ok(),
        ..begun(cause, now)
    });
    Some(looks::PAUSED)
}

/// Keeps what an event said that is not decided on.
pub(crate) fn note(
    incident: &mut Incident,
    alarm: &diagnosis::Alarm,
    decision: String,
    now: Timestamp,
) {
    incident.seen.push(SeenAlarm {
        id: alarm.id(),
        at: now,
        decision,
        changed_at: Some(alarm.changed_at),
    });
    let surplus = incident.seen.len().saturating_sub(REMEMBERED);
    incident.seen.drain(..surplus);
}

/// The hold after the decision; one that is not `renewed` ends when it would have.
fn keep(
    incident: &mut Incident,
    before: Option<&Hold>,
    decision: &Decision,
    renewed: bool,
    now: Timestamp,
) {
    match (decision.hold, before) {
        (Some(servers), _) => {
            let left = before.map_or(SignedDuration::ZERO, |hold| hold.until.duration_since(now));
            let until = match before {
                Some(hold) if left > RENEWED || !renewed => hold.until,
                Some(hold) => hold.until.max(decision.until),
                None => decision.until,
            };
            incident.hold = Some(Hold {
                since: before.map_or(now, |hold| hold.since),
                until,
                servers,
                demand: decision.demand().unwrap_or(0.0).max(0.0),
                reason: decision.reason.clone(),
            });
        }
        // Over: what was held is a stretch that must not teach.
        (None, Some(_)) => {
            if let Some(mut hold) = incident.hold.take() {
                hold.until = now.max(hold.since);
                incident.past.push(hold);
            }
        }
        (None, None) => {}
    }
    let surplus = incident.past.len().saturating_sub(REMEMBERED);
    incident.past.drain(..surplus);
}

/// Counts what was added, and what was held since the last look.
fn spend(
    incident: &mut Incident,
    before: Option<&Hold>,
    decision: &Decision,
    evidence: &Evidence,
    target: &Target,
    now: Timestamp,
) {
    let mut spent = rolled(std::mem::take(&mut incident.spent), target, now);
    let fleet = evidence.fleet;
    let there = fleet.desired.max(before.map_or(0, |hold| hold.servers));
    spent.servers += decision.hold.map_or(0, |hold| hold.saturating_sub(there));
    if let (Some(hold), Some(following)) = (before, &incident.following) {
        let minutes = now.duration_since(following.looked_at).as_secs_f64() / 60.0;
        let extra = f64::from(hold.servers.saturating_sub(fleet.planned));
        spent.server_minutes += extra * minutes.clamp(0.0, 120.0);
    }
    incident.spent = spent;
}

/// Keeps the raise whose effect is to be judged until that can be, and the highest demand.
fn judge(following: &mut Following, decision: &Decision, evidence: &Evidence, now: Timestamp) {
    let judged = SignedDuration::from_mins(10).saturating_add(evidence.lead_time);
    let open = following
        .step
        .is_some_and(|step| now.duration_since(step.at) < judged);
    if let (Phase::Growing, Some(to), false) = (decision.phase, decision.hold, open) {
        following.step = Some(Raise {
            at: now,
            from: evidence.fleet.in_service,
            to,
        });
    }
    if decision.diagnosis.demand.is_some() {
        following.measured = Some(now);
    }
    if let Some(demand) = decision
        .diagnosis
        .demand
        .filter(|it| it.now > following.highest)
    {
        following.highest = demand.now;
        following.expected = demand.expected.map(|(_, median, _)| median.max(0.0));
    }
}

fn close(incident: &mut Incident, following: Following, now: Timestamp) {
    incident.closed.push(Closed {
        since: following.since,
        until: now.max(following.since),
        diagnosis: following.diagnosis,
        highest: following.highest,
        expected: following.expected,
    });
    let surplus = incident.closed.len().saturating_sub(REMEMBERED);
    incident.closed.drain(..surplus);
    incident.following = None;
}
