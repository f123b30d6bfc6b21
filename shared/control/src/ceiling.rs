//! A MaxSize that follows the forecast, where the configuration asks for it.

use config::{Mode, Occurrence, Target};
use documents::{Ceiling, Forecast, Plan, PlanStep};
use jiff::{SignedDuration, Timestamp};
use planning::{CeilingAsk, Current, OwnMax, Rules, ceil, servers_for};

use crate::ladder::Known;
use crate::near::Near;

/// What policies may aim at where that is not known: they then ask for half as many servers again
/// as demand needs.
const UNKNOWN_UTILIZATION: f64 = 2.0 / 3.0;
/// The budget is a day's.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Servers that the forecast's upper quantile takes from each start on, with what the group's
/// policies ask for above that. `None` where no ceiling is asked for, or demand has fallen as it
/// only does in an outage: what comes back after one is in no forecast.
///
/// An accepted budget takes a lower quantile, at which the servers of a day stay within it; `steps`
/// stay in any case.
pub(crate) fn upper(
    known: &Known<'_>,
    forecast: &Forecast,
    added: &[(Occurrence, String)],
    near: Option<&Near>,
    steps: &[PlanStep],
    notes: &mut Vec<String>,
) -> Option<Vec<(Timestamp, u32)>> {
    let target = known.target;
    let wanted = target.control.ceiling?;
    if near.is_some_and(|near| near.dip) {
        return None;
    }
    // Who adds an event by hand expects what no quantile holds.
    let uncertain = |at: Timestamp| {
        let mut all = added.iter().map(|(occurrence, _)| occurrence);
        all.any(|event| event.from() <= at && at < event.to())
    };
    let tuning = known.sight.tuning.as_ref();
    let aim = tuning.and_then(|tuning| tuning.made_for.utilization);
    let aim = aim.unwrap_or(UNKNOWN_UTILIZATION).clamp(0.1, 1.0);
    let throughput = known.rules.throughput * aim;
    let at_level = |level: usize| {
        let rows = forecast.quantiles.iter().enumerate();
        let far = rows.map(|(index, row)| {
            let at = forecast.time_at(index);
            let demand = row[level] * (1.0 + 2.0 * forecast.minute_spread);
            let servers = if uncertain(at) {
                known.rules.max_servers
            } else {
                servers_for(demand, throughput)
            };
            (at, servers.min(known.rules.max_servers))
        });
        let mut all: Vec<(Timestamp, u32)> = far.collect();
        raise(&mut all, near, throughput);
        all
    };
    let first = forecast.levels.iter().position(|level| *level >= wanted);
    let first = first.unwrap_or(forecast.levels.len().saturating_sub(1));
    let Some(hours) = budget(known, forecast) else {
        return Some(at_level(first));
    };
    let median = forecast.levels.iter().position(|level| *level >= 0.5)?;
    let fits = |all: &[(Timestamp, u32)]| server_hours(all, steps, known.now) <= hours;
    let level = (median..=first).rev().find(|level| fits(&at_level(*level)));
    let taken = level.unwrap_or(median);
    if taken < first {
        notes.push(format!(
            "ceiling at p{} instead of p{}: the budget leaves {hours:.0} server-hours for a day",
            forecast.levels[taken] * 100.0,
            forecast.levels[first] * 100.0
        ));
    }
    Some(at_level(taken))
}

/// Server-hours that the budget leaves for the next day, where people accept the risk of it.
fn budget(known: &Known<'_>, forecast: &Forecast) -> Option<f64> {
    known.target.control.budget?.accept_risk?;
    let end = known.now.saturating_add(DAY).unwrap_or(Timestamp::MAX);
    let parts = crate::budget::parts(known, forecast, (known.now, end));
    Some(parts.iter().map(|part| part.left).sum())
}

/// What the last minutes say may be more than the forecast knew.
fn raise(all: &mut [(Timestamp, u32)], near: Option<&Near>, throughput: f64) {
    for (start, demand) in near.iter().flat_map(|near| &near.upper) {
        let index = all.partition_point(|(at, _)| at <= start);
        if let Some((_, servers)) = index.checked_sub(1).and_then(|index| all.get_mut(index)) {
            *servers = servers_for(*demand, throughput).max(*servers);
        }
    }
}

/// Server-hours of the day from `now` on if every server were used that is allowed.
fn server_hours(all: &[(Timestamp, u32)], steps: &[PlanStep], now: Timestamp) -> f64 {
    let end = now.saturating_add(DAY).unwrap_or(Timestamp::MAX);
    let within = all
        .windows(2)
        .filter(|pair| pair[1].0 > now && pair[0].0 < end);
    let hours = within.map(|pair| {
        let (start, servers) = pair[0];
        let planned = steps.partition_point(|step| step.start <= start);
        let planned = planned
            .checked_sub(1)
            .map_or(0, |index| steps[index].servers);
        let (from, to) = (start.max(now), pair[1].0.min(end));
        f64::from(servers.max(planned)) * to.duration_since(from).as_secs_f64() / 3600.0
    });
    hours.sum()
}

/// Puts the ceiling into `plan`, or gives the group its own MaxSize back where none is wanted:
/// without `upper`, while an incident holds servers, in any mode but `active`. What somebody set by
/// hand is left alone until the configuration lets go of the ceiling once.
pub(crate) fn next(
    target: &Target,
    plan: &mut Plan,
    upper: Option<&Vec<(Timestamp, u32)>>,
    own: OwnMax,
    current: &Current<'_>,
    rules: &Rules,
    (found, now): (u32, Timestamp),
) -> Option<String> {
    let asked = target.control.ceiling.is_some() && target.mode == Mode::Active;
    let record = |set, by_hand| Ceiling {
        own: own.servers,
        set,
        lifted_at: None,
        found,
        by_hand,
    };
    if own.by_hand {
        plan.ceiling = asked.then(|| record(found, true));
        return asked.then(|| {
            format!("MaxSize was set to {found} by hand: it is left alone until ceiling is taken out of the configuration and put back")
        });
    }
    let Some(upper) = upper.filter(|_| asked) else {
        plan.ceiling = (found != own.servers).then(|| record(own.servers, false));
        return None;
    };
    let ask = CeilingAsk {
        upper,
        own: own.servers,
        found,
        group: current.group,
        foreign: current.foreign,
    };
    ceil(plan, &ask, rules, now);
    None
}
