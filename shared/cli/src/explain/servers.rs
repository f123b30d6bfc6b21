//! What an explanation says of servers: how many are needed, what rounding does, what bound, and what
//! would have changed the answer.

use config::{LeadTime, Throughput};
use documents::{Forecast, Plan, PlanStep};
use fleet::SCHEDULE_TARDINESS;
use jiff::{SignedDuration, Timestamp};
use planning::PUT_MARGIN;
use simulation::required_servers;

use super::local;
use crate::kept::Kept;
use crate::output::grouped;

/// Requests a minute that the plan took one server to sustain.
pub(super) fn assumed(kept: &Kept) -> f64 {
    let tuned = kept.tuning.as_ref();
    let used = tuned.map(|tuning| tuning.made_for.throughput);
    used.or_else(|| measured(kept))
        .unwrap_or_else(|| kept.target.throughput.assumed())
}

/// What was measured of one server, where plans go by it and not by a value that was typed in.
pub(super) fn measured(kept: &Kept) -> Option<f64> {
    match kept.target.throughput {
        Throughput::Given(_) | Throughput::Measured { typed: true, .. } => None,
        Throughput::Measured { .. } => kept.measurements.as_ref()?.throughput.as_ref()?.per_server,
    }
}

/// From the decision to a server in service, as the plan took it.
pub(super) fn lead(kept: &Kept) -> SignedDuration {
    let tuned = kept.tuning.as_ref();
    match (tuned, &kept.target.lead_time) {
        (Some(tuning), _) => SignedDuration::from_secs(tuning.made_for.lead_seconds),
        (None, LeadTime::Given(lead) | LeadTime::Measured { initial: lead }) => *lead,
    }
}

/// The step that holds at `at`.
pub(super) fn held(steps: &[PlanStep], at: Timestamp) -> Option<&PlanStep> {
    let until = steps.partition_point(|step| step.start <= at);
    steps.get(until.checked_sub(1)?)
}

pub(super) fn needed(plan: &Plan, floor: &PlanStep, at: Timestamp) -> String {
    let Some(step) = held(&plan.steps, at) else {
        return "the forecast asks for nothing".to_owned();
    };
    let why = match floor.servers.cmp(&step.servers) {
        std::cmp::Ordering::Equal => String::new(),
        std::cmp::Ordering::Greater => format!(
            "; {} more stand ready for what comes within the lead time or what is there already, or for a \
             hold, a person's floor, a canary's share or a limit, as the floor's reason says",
            floor.servers - step.servers
        ),
        std::cmp::Ordering::Less => format!(
            "; a limit or a canary's share holds {} back, as the floor's reason says",
            step.servers - floor.servers
        ),
    };
    format!("{} servers: {}{why}", step.servers, step.reason)
}

/// The nearest demand and throughput that would give another number.
pub(super) fn change(kept: &Kept, forecast: &Forecast, floor: &PlanStep, at: Timestamp) -> String {
    let throughput = assumed(kept);
    let servers = f64::from(floor.servers);
    let mut told = vec![format!(
        "one server more carries {} a minute, one less {}",
        carried((servers + 1.0) * throughput),
        carried((servers - 1.0).max(0.0) * throughput)
    )];
    for (name, level) in [("the median", 0.5), ("p99", 0.99)] {
        if let Some(demand) = forecast.demand_at(at, level) {
            let needs = required_servers(demand, throughput);
            told.push(format!("{name} alone would need {needs}"));
        }
    }
    if servers > 1.0 {
        let share = 100.0 * (servers / (servers - 1.0) - 1.0);
        told.push(format!("a throughput {share:.0} % higher would save one"));
    }
    told.join("; ")
}

/// What comes of servers being whole.
pub(super) fn rounding(kept: &Kept, forecast: &Forecast, servers: u32, at: Timestamp) -> String {
    let throughput = assumed(kept);
    let carry = |servers: u32| carried(f64::from(servers) * throughput);
    let mut told = format!(
        "servers are whole: {servers} carry {} a minute, {} carry {}",
        carry(servers),
        servers.saturating_sub(1),
        carry(servers.saturating_sub(1))
    );
    for (name, level) in [("the median", 0.5), ("p99", 0.99)] {
        if let Some(demand) = forecast.demand_at(at, level) {
            told.push_str(&format!("; {name} is {:.1} of them", demand / throughput));
        }
    }
    told
}

/// Demand with three digits at least.
pub(super) fn carried(demand: f64) -> String {
    if demand >= 100.0 {
        grouped(demand)
    } else {
        planning::rate(demand)
    }
}

/// Which constraint the number comes from.
pub(super) fn bound(kept: &Kept, plan: &Plan, floor: &PlanStep, at: Timestamp) -> String {
    let (target, servers) = (&kept.target, floor.servers);
    let needed = held(&plan.steps, at).map_or(0, |step| step.servers);
    let hold = kept.incident.as_ref().and_then(|it| it.hold.as_ref());
    let hold = hold.filter(|hold| hold.servers == servers && at >= hold.since && at < hold.until);
    let (soon, coming) = coming(kept, plan, at);
    let person = plan.human_floor == Some(servers);
    if hold.is_none()
        && !person
        && servers != soon
        && let Some(share) = shared(kept, plan, soon, servers)
    {
        return share;
    }
    if servers < needed && servers >= target.max_servers {
        return format!("max_servers, {servers}: {needed} are needed");
    }
    if servers < needed {
        return format!(
            "a limit below the {needed} that are needed: {}",
            floor.reason
        );
    }
    if hold.is_some() {
        return "a hold of the responder, which keeps what a spike needed".to_owned();
    }
    if servers > needed && person {
        return format!("a person's MinSize of {servers}");
    }
    if servers > needed && servers == target.min_servers {
        return format!("min_servers, {servers}: {needed} would do");
    }
    if servers > needed {
        return match coming.filter(|_| soon >= servers) {
            Some(start) => format!(
                "lead time: {servers} are needed at {}, and have to be asked for before",
                local(kept, start)
            ),
            None => format!(
                "more than the {needed} of that time, as the floor's reason says: {}",
                floor.reason
            ),
        };
    }
    // Steps never ask for fewer, so that they do not tell what demand alone would need.
    if servers == target.min_servers {
        return format!("min_servers, {servers}: the plan never asks for fewer");
    }
    format!(
        "demand: the fewest servers that keep to {} of demand above capacity",
        crate::quiet::percent(target.risk)
    )
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
fn shared(kept: &Kept, plan: &Plan, asked: u32, servers: u32) -> Option<String> {
    let percent = plan.canary.as_ref()?.percent;
    let base = kept.baseline.as_ref()?.min_size;
    if percent >= 100 {
        return None;
    }
    let asked = asked
        .min(kept.target.max_servers)
        .max(kept.target.min_servers);
    let way = f64::from(base) + (f64::from(asked) - f64::from(base)) * f64::from(percent) / 100.0;
    ((way - 1e-9).ceil() == f64::from(servers)).then(|| {
        format!(
            "canary share: {percent} % of the way from the group's own MinSize of {base} to the {asked} that \
             are asked for"
        )
    })
}
