//! The incident's record: what is remembered between looks. Pure.

use config::Target;
use diagnosis::{Decision, Evidence, Kind, Phase, Standing, Step};
use documents::{Closed, Following, HeldBack, Hold, Incident, Raise, SeenAlarm, Spent};
use jiff::{SignedDuration, Timestamp};

use crate::event::Cause;
use crate::news::news;
use crate::{limits, looks};

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
    /// What caps held back in the incident so far.
    pub(crate) held_back: HeldBack,
    /// Which incident it is, also when that is over.
    pub(crate) origin: Option<Origin>,
}

/// Where an incident comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Origin {
    /// When it began.
    pub(crate) since: Timestamp,
    /// Name of the alarm that began it.
    pub(crate) alarm: String,
    /// Region of that alarm, where known.
    pub(crate) region: Option<String>,
}

impl Origin {
    fn of(following: &Following) -> Self {
        let id = &following.alarm;
        let named = id.rsplit_once('@').map_or(id.as_str(), |it| it.0);
        Self {
            since: following.since,
            alarm: following.alarm_name.as_deref().unwrap_or(named).to_owned(),
            region: following.region.clone(),
        }
    }
}

impl Remembered {
    /// What people and the report are told beside the decision.
    pub(crate) fn said(&self) -> Vec<String> {
        let given_up = self.given_up.then(|| {
            "nothing was known of demand for a day: what is held runs out, and the plan has the \
             group again"
                .to_owned()
        });
        given_up.into_iter().collect()
    }
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
    limits::spend(incident, before.as_ref(), decision, evidence, target, now);
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
    let over = decision.phase == Phase::Over;
    let mut following = incident
        .following
        .take()
        .unwrap_or_else(|| begun(cause, now));
    limits::hold_back(&mut following, decision, now);
    let tell = news(
        &mut following,
        decision,
        given_up,
        incident.closed.last(),
        now,
    );
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
    let found = decision.diagnosis.kind;
    if gravity(found.word()) < gravity(&following.diagnosis) {
        found.word().clone_into(&mut following.diagnosis);
    }
    let idle = decision.hold.is_none() && now.duration_since(following.since) > LONGEST;
    let ends = over || given_up || idle || following.calm >= CALM_LOOKS;
    let next = (!ends).then(|| looks::interval(&following, decision, now));
    let held_back = following.held_back;
    let origin = Some(Origin::of(&following));
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
        held_back,
        origin,
    }
}

/// Place of a diagnosis among those an incident is remembered by: what it was, not what it calms
/// down to. Demand goes first, since what recurs of it is an event.
fn gravity(word: &str) -> usize {
    const GRAVEST_FIRST: [Kind; 11] = [
        Kind::UnforecastDemand,
        Kind::Recovery,
        Kind::CapacityLost,
        Kind::LaunchesFailing,
        Kind::BottleneckElsewhere,
        Kind::BadRelease,
        Kind::ResourceLeak,
        Kind::OneServer,
        Kind::Unknown,
        Kind::PlannedRamp,
        Kind::Covered,
    ];
    let place = GRAVEST_FIRST.iter().position(|kind| kind.word() == word);
    place.unwrap_or(GRAVEST_FIRST.len())
}

/// Begins anew what shadow mode and the other modes do not share: in one nobody asks for what is
/// held, and nobody pays for it. What was seen, and what must not teach, is of both.
pub(crate) fn enter(incident: &mut Incident, shadow: bool, now: Timestamp) {
    if incident.shadow == shadow {
        return;
    }
    incident.shadow = shadow;
    incident.spent = Spent::default();
    if let Some(mut hold) = incident.hold.take() {
        hold.until = now.max(hold.since);
        incident.past.push(hold);
    }
    if let Some(following) = incident.following.take() {
        close(incident, following, now);
    }
}

/// A new incident.
fn begun(cause: &Cause, now: Timestamp) -> Following {
    Following {
        since: now,
        alarm: cause.id(),
        alarm_name: cause.alarm_name(),
        region: cause.region(),
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
        news: Vec::new(),
        state: None,
        held_back: HeldBack::default(),
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
        held_back: following.held_back,
    });
    let surplus = incident.closed.len().saturating_sub(REMEMBERED);
    incident.closed.drain(..surplus);
    incident.following = None;
}
