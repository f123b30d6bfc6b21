//! Which constraint a floor comes from.

use documents::{Plan, PlanStep};
use fleet::SCHEDULE_TARDINESS;
use jiff::{SignedDuration, Timestamp};
use planning::PUT_MARGIN;

use super::servers::{held, lead};
use crate::kept::Kept;
use crate::output::counted;

/// What a floor comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bound {
    /// Demand at that time.
    Demand,
    /// Demand from this moment on, which servers asked for then would miss.
    LeadTime(Timestamp),
    /// Demand cannot be forecast: what min_servers does not carry is the group's own policies' work.
    Policies,
    /// The plan never asks for fewer.
    MinServers,
    /// It never asks for more.
    MaxServers,
    /// Another limit, as the floor's reason says.
    Limit,
    /// What the responder keeps, until then.
    Hold(Timestamp),
    /// A MinSize that a person set.
    Person,
    /// A canary's part of the way, in percent, from the group's own MinSize to what is asked for.
    Canary { percent: u8, base: u32, asked: u32 },
    /// What the floor's reason says.
    Other,
}

impl Bound {
    /// When the demand is that it comes from.
    pub(super) fn moment(&self, at: Timestamp) -> Timestamp {
        match self {
            Self::LeadTime(start) => *start,
            _ => at,
        }
    }
}

/// A floor at a time, and what the forecast asks for then.
#[derive(Debug)]
pub(super) struct Floor<'a> {
    pub(super) at: Timestamp,
    pub(super) servers: u32,
    pub(super) reason: &'a str,
    /// Servers that the plan's step of that time asks for.
    pub(super) needed: u32,
    /// The most of them until a server asked for then is there.
    pub(super) soon: u32,
    pub(super) bound: Bound,
}

impl<'a> Floor<'a> {
    /// Reads `floor` of `plan`, which holds at `at`.
    pub(super) fn new(kept: &Kept, plan: &Plan, floor: &'a PlanStep, at: Timestamp) -> Self {
        let needed = held(&plan.steps, at).map_or(0, |step| step.servers);
        let (soon, start) = coming(kept, plan, at);
        let servers = floor.servers;
        Self {
            at,
            servers,
            reason: &floor.reason,
            needed,
            soon,
            bound: bound(kept, plan, servers, at, needed, (soon, start)),
        }
    }

    /// What bound, in words.
    pub(super) fn told(&self, kept: &Kept) -> String {
        let (servers, needed) = (self.servers, self.needed);
        match &self.bound {
            Bound::Canary {
                percent,
                base,
                asked,
            } => format!(
                "canary share: {percent} % of the way from the group's own MinSize of {base} to the {asked} \
                 that are asked for"
            ),
            Bound::MaxServers if self.soon > needed => format!(
                "max_servers, {servers}: {needed} are needed then, and {} before a server asked for then \
                 is there",
                self.soon
            ),
            Bound::MaxServers => format!("max_servers, {servers}: {needed} are needed"),
            Bound::Limit => format!(
                "a limit below the {needed} that are needed: {}",
                self.reason
            ),
            Bound::Hold(_) => "a hold of the responder, which keeps what a spike needed".to_owned(),
            Bound::Person => format!("a person's MinSize of {servers}"),
            Bound::Policies => format!(
                "demand cannot be forecast: min_servers, {servers}, is kept, and the group's own policies \
                 add what it takes"
            ),
            Bound::MinServers if servers > needed => {
                format!("min_servers, {servers}: {needed} would do")
            }
            // Steps never ask for fewer, so that they do not tell what demand alone would need.
            Bound::MinServers => {
                format!("min_servers, {servers}: the plan never asks for fewer")
            }
            Bound::LeadTime(start) => format!(
                "lead time: {servers} are needed at {}, and have to be asked for before",
                start
            ),
            Bound::Other => format!(
                "more than the {needed} of that time, as the floor's reason says: {}",
                self.reason
            ),
            Bound::Demand => format!(
                "demand: the fewest servers that keep to {} of demand above capacity",
                crate::quiet::percent(kept.target.risk)
            ),
        }
    }

    /// What the forecast asks for at that time, and why the floor is another.
    pub(super) fn needs(&self, plan: &Plan) -> String {
        let Some(step) = held(&plan.steps, self.at) else {
            return "the forecast asks for nothing".to_owned();
        };
        let apart = self.servers.abs_diff(step.servers);
        let more = self.servers > step.servers;
        let why = match &self.bound {
            _ if apart == 0 => String::new(),
            Bound::LeadTime(start) => format!(
                "; {apart} more stand ready for {}, since servers take their lead time",
                start
            ),
            Bound::Hold(_) => format!("; {apart} more are held after a spike"),
            Bound::Person => format!("; {apart} more, as a person set MinSize"),
            Bound::MinServers | Bound::Policies => format!("; {apart} more by min_servers"),
            Bound::MaxServers if more => {
                format!("; {apart} more stand ready for what comes within the lead time")
            }
            // The step's reason has the limit.
            Bound::MaxServers if step.reason.contains("max_servers is") => {
                format!(", {apart} too few")
            }
            Bound::MaxServers => format!("; max_servers holds {apart} back"),
            Bound::Canary { .. } if more => format!("; {apart} more by the canary's share"),
            Bound::Canary { .. } => format!("; the canary's share holds {apart} back"),
            Bound::Limit => format!("; a limit holds {apart} back, as the floor's reason says"),
            Bound::Demand | Bound::Other => {
                format!("; {apart} more stand ready, as the floor's reason says")
            }
        };
        format!(
            "{}: {}{why}",
            counted(step.servers.into(), "server"),
            step.reason
        )
    }
}

fn bound(
    kept: &Kept,
    plan: &Plan,
    servers: u32,
    at: Timestamp,
    needed: u32,
    (soon, start): (u32, Option<Timestamp>),
) -> Bound {
    let target = &kept.target;
    let hold = kept.incident.as_ref().and_then(|it| it.hold.as_ref());
    let hold = hold.filter(|hold| hold.servers == servers && at >= hold.since && at < hold.until);
    let person = plan.human_floor == Some(servers);
    if hold.is_none()
        && !person
        && servers != soon
        && let Some(share) = shared(kept, plan, soon, servers)
    {
        return share;
    }
    if servers < needed {
        return if servers >= target.max_servers {
            Bound::MaxServers
        } else {
            Bound::Limit
        };
    }
    if let Some(hold) = hold {
        return Bound::Hold(hold.until);
    }
    if servers > needed && person {
        return Bound::Person;
    }
    if servers == target.min_servers {
        let step = held(&plan.steps, at);
        let left = step.is_some_and(|step| step.reason.contains(control::LEFT_TO_POLICIES));
        return if left {
            Bound::Policies
        } else {
            Bound::MinServers
        };
    }
    if servers > needed {
        return match start.filter(|_| soon >= servers) {
            // Of what comes, max_servers leaves that much.
            Some(_) if soon > servers && servers >= target.max_servers => Bound::MaxServers,
            Some(start) => Bound::LeadTime(start),
            None => Bound::Other,
        };
    }
    Bound::Demand
}

/// The most servers that the forecast asks for from `at` until a server asked for then is there for
/// certain, and when it does.
fn coming(kept: &Kept, plan: &Plan, at: Timestamp) -> (u32, Option<Timestamp>) {
    let ahead = [lead(kept), SCHEDULE_TARDINESS, PUT_MARGIN];
    let ahead = (ahead.into_iter()).fold(SignedDuration::ZERO, SignedDuration::saturating_add);
    let until = at.saturating_add(ahead).unwrap_or(Timestamp::MAX);
    let first = held(&plan.steps, at);
    let later = (plan.steps.iter()).filter(|step| step.start > at && step.start <= until);
    // Of equals the first.
    let most = (first.into_iter().chain(later)).reduce(|most, step| {
        if step.servers > most.servers {
            step
        } else {
            most
        }
    });
    most.map_or((0, None), |step| (step.servers, Some(step.start)))
}

/// What a canary makes of `asked` servers, where it applies a part and that is `servers`.
fn shared(kept: &Kept, plan: &Plan, asked: u32, servers: u32) -> Option<Bound> {
    let canary = plan.canary.as_ref()?;
    let base = kept.baseline.as_ref()?.min_size;
    let asked = asked
        .min(kept.target.max_servers)
        .max(kept.target.min_servers);
    let percent = if asked > base {
        canary.above()
    } else {
        canary.percent
    };
    if percent >= 100 {
        return None;
    }
    let way = f64::from(base) + (f64::from(asked) - f64::from(base)) * f64::from(percent) / 100.0;
    ((way - 1e-9).ceil() == f64::from(servers)).then_some(Bound::Canary {
        percent,
        base,
        asked,
    })
}
