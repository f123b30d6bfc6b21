//! What an explanation says of servers: how many are needed, what rounding does, what bound, and what
//! would have changed the answer.

use documents::{Forecast, Plan, PlanStep};
use jiff::Timestamp;
use simulation::required_servers;

use super::local;
use crate::kept::Kept;
use crate::output::grouped;

/// Requests a minute that the plan took one server to sustain.
pub(super) fn assumed(kept: &Kept) -> f64 {
    let tuned = kept.tuning.as_ref();
    let used = tuned.map(|tuning| tuning.made_for.throughput);
    used.unwrap_or_else(|| kept.target.throughput.assumed())
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
            "; {} more stand ready for what comes within the lead time, or for a hold, a person's \
             floor or a limit, as the floor's reason says",
            floor.servers - step.servers
        ),
        std::cmp::Ordering::Less => format!(
            "; a limit holds {} back, as the floor's reason says",
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
    if servers > needed && plan.human_floor == Some(servers) {
        return format!("a person's MinSize of {servers}");
    }
    if servers > needed && servers == target.min_servers {
        return format!("min_servers, {servers}: {needed} would do");
    }
    if servers > needed {
        let later = plan.steps.iter().filter(|step| step.start > at);
        let coming = later.clone().find(|step| step.servers >= servers);
        return match coming {
            Some(step) => format!(
                "lead time: {servers} are needed at {}, and have to be asked for before",
                local(kept, step.start)
            ),
            None => format!("more than the {needed} of that time: {}", floor.reason),
        };
    }
    if servers == target.min_servers {
        return format!("min_servers, {servers}, which is as much as is needed");
    }
    format!(
        "demand: the fewest servers that keep to {} of demand above capacity",
        crate::quiet::percent(target.risk)
    )
}
