//! What rounding did, and what would have changed the answer: each by the constraint that bound.

use documents::Forecast;
use fleet::SCHEDULE_TARDINESS;
use jiff::SignedDuration;
use planning::PUT_MARGIN;
use simulation::required_servers;

use super::bound::{Bound, Floor};
use super::servers::{assumed, carried, lead};
use crate::kept::Kept;

/// The quantiles that are told.
const LEVELS: [(&str, f64); 2] = [("the median", 0.5), ("p99", 0.99)];

/// The nearest change that would give another number.
pub(super) fn change(kept: &Kept, forecast: &Forecast, floor: &Floor<'_>) -> String {
    let mut told = match &floor.bound {
        Bound::Demand => demand(kept, floor),
        Bound::LeadTime(start) => {
            let ahead = start.duration_since(floor.at);
            let aws = SCHEDULE_TARDINESS.saturating_add(PUT_MARGIN);
            let enough = ahead.saturating_sub(aws);
            let now = lead(kept).as_secs() as f64 / 60.0;
            vec![if enough.is_positive() {
                format!(
                    "a lead time under {:.0} minutes, not {now:.0}, would let {} do for now",
                    enough.as_secs_f64() / 60.0,
                    floor.needed
                )
            } else {
                format!(
                    "no lead time would: {:.0} minutes before, AWS's own tardiness asks for it",
                    ahead.max(SignedDuration::ZERO).as_secs_f64() / 60.0
                )
            }]
        }
        Bound::Policies => vec![
            "a min_servers of another number, or demand that follows some rhythm: see \"model\""
                .to_owned(),
        ],
        Bound::MinServers => vec![format!("a lower min_servers than {}", floor.servers)],
        Bound::MaxServers => {
            let wanted = floor.needed.max(floor.soon);
            let share = 100.0 * (f64::from(wanted) / f64::from(floor.servers.max(1)) - 1.0);
            vec![format!(
                "a max_servers above {}, up to {wanted}; a throughput {:.0} % higher would make {} enough",
                floor.servers,
                share.ceil(),
                floor.servers
            )]
        }
        Bound::Hold(until) => vec![format!(
            "the end of the hold at {}: the plan asks for {}",
            until, floor.soon
        )],
        Bound::Person => vec![format!(
            "a lower MinSize of that person: the plan asks for {}",
            floor.soon
        )],
        Bound::Canary { asked, .. } => vec![format!(
            "a greater share; all of it, in mode active, would be {asked}"
        )],
        Bound::Limit | Bound::Other => vec!["what the floor's reason names".to_owned()],
    };
    let at = floor.bound.moment(floor.at);
    let then = if at == floor.at {
        String::new()
    } else {
        format!(" at {at}")
    };
    for (name, level) in LEVELS {
        if let Some(demand) = forecast.demand_at(at, level) {
            let needs = required_servers(demand, assumed(kept));
            told.push(format!("{name}{then} alone would need {needs}"));
        }
    }
    told.join("; ")
}

fn demand(kept: &Kept, floor: &Floor<'_>) -> Vec<String> {
    let throughput = assumed(kept);
    let servers = f64::from(floor.servers);
    let mut told = vec![format!(
        "one server more carries {} a minute, one less {}",
        carried((servers + 1.0) * throughput),
        carried((servers - 1.0).max(0.0) * throughput)
    )];
    if floor.servers > kept.target.min_servers.max(1) {
        let share = 100.0 * (servers / (servers - 1.0) - 1.0);
        told.push(format!("a throughput {share:.0} % higher would save one"));
    }
    told
}

/// What comes of servers being whole, at the moment that the floor comes from.
pub(super) fn rounding(kept: &Kept, forecast: &Forecast, floor: &Floor<'_>) -> String {
    let throughput = assumed(kept);
    let servers = floor.servers;
    let carry = |servers: u32| carried(f64::from(servers) * throughput);
    let mut told = match &floor.bound {
        Bound::Demand | Bound::LeadTime(_) => format!(
            "servers are whole: {servers} carry {} a minute, {} carry {}",
            carry(servers),
            servers.saturating_sub(1),
            carry(servers.saturating_sub(1))
        ),
        _ => format!(
            "decided nothing: {servers} carry {} a minute",
            carry(servers)
        ),
    };
    let at = floor.bound.moment(floor.at);
    for (name, level) in LEVELS {
        if let Some(demand) = forecast.demand_at(at, level) {
            told.push_str(&format!(
                "; {name} fills {:.1} of them",
                demand / throughput
            ));
        }
    }
    told
}
