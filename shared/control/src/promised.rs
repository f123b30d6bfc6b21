//! Floors that a target in shadow mode decided on before their time came, and what would have come
//! of them.

use documents::{LedgerEntry, Plan, PromisedFloor};
use jiff::{SignedDuration, Timestamp};
use simulation::{Counts, lost_demand};
use timeseries::{Series, Step};

/// How long what a run promised is judged by when no later one came: a plan reaches further, but one
/// so old is another thing than what is proposed.
const REACH: SignedDuration = SignedDuration::from_hours(6);

/// The floors of `plan` that are worth keeping at `now`, for judging them once demand is known.
#[must_use]
pub fn promised(plan: &Plan, now: Timestamp) -> Vec<PromisedFloor> {
    let until = now.saturating_add(REACH).unwrap_or(Timestamp::MAX);
    let floors = plan.floors.iter().enumerate();
    let floors = floors.map(|(index, floor)| PromisedFloor {
        // The first holds from the decision on: what it says of the time before came too late.
        start: if index == 0 {
            Step::MINUTE.floor(now)
        } else {
            floor.start
        },
        servers: floor.servers,
    });
    merged(floors.filter(|floor| floor.start < until).collect())
}

/// `stood` until `newer` begins, then that.
pub(crate) fn replaced(stood: &[PromisedFloor], newer: &[PromisedFloor]) -> Vec<PromisedFloor> {
    let Some(first) = newer.first() else {
        return stood.to_vec();
    };
    let before = stood.iter().filter(|floor| floor.start < first.start);
    merged(before.chain(newer).cloned().collect())
}

fn merged(mut floors: Vec<PromisedFloor>) -> Vec<PromisedFloor> {
    floors.dedup_by_key(|floor| floor.servers);
    floors
}

/// What promised floors came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Delivered {
    /// Hours in which floors and demand are known.
    pub(crate) hours: f64,
    /// Server-hours with the floors, booting ones included.
    pub(crate) planned: f64,
    /// Server-hours that were in service.
    pub(crate) ran: f64,
    /// Share of demand above what would have been in service.
    pub(crate) lost: f64,
    /// Standard error of that, by how whole days differ; `None` with fewer than two.
    pub(crate) apart: Option<f64>,
    /// Share of demand above what was in service.
    pub(crate) ran_lost: f64,
}

/// What the floors that `entries` promised would have come to under `demand`, by the minute and NaN
/// where unknown, with boots and reactive policy as in `counts`, beside the servers `in_service` by
/// the minute, NaN where unknown.
///
/// In each minute the newest decision before it holds; servers that it asks for serve a boot later,
/// so that a floor which only follows demand comes late here as well. Where runs were missed for
/// longer than their floors are judged by, servers stand and demand is not looked at.
pub(crate) fn delivered(
    entries: &[LedgerEntry],
    demand: &Series,
    in_service: &[f64],
    counts: &Counts,
) -> Option<Delivered> {
    let floors = by_minute(entries, demand);
    let start = floors.iter().position(Option::is_some)?;
    let known = floors[start..].iter().zip(&demand.values()[start..]);
    let known: Vec<f64> = known
        .map(|(floor, demand)| floor.map_or(f64::NAN, |_| *demand))
        .collect();
    let mut last = 0;
    let standing: Vec<u32> = floors[start..]
        .iter()
        .map(|floor| {
            last = floor.unwrap_or(last);
            last
        })
        .collect();
    let tally = counts.run(&known, &standing).ok()?;
    let mut servers = f64::NAN;
    let (mut ran, mut ran_lost) = (0.0, 0.0);
    for (demand, seen) in known.iter().zip(in_service.iter().skip(start)) {
        if seen.is_finite() {
            servers = *seen;
        }
        if servers.is_finite() {
            ran += servers;
            let whole = servers.round().clamp(0.0, f64::from(u32::MAX)) as u32;
            ran_lost += lost_demand(*demand, whole, counts.throughput);
        }
    }
    let total = tally.outcome.total_demand;
    let days = tally.lost_by_day.len() as f64;
    let mean = tally.lost_by_day.iter().sum::<f64>() / days.max(1.0);
    let square = |lost: &f64| (lost - mean).powi(2);
    let square: f64 = tally.lost_by_day.iter().map(square).sum();
    Some(Delivered {
        hours: known.iter().filter(|demand| demand.is_finite()).count() as f64 / 60.0,
        planned: tally.outcome.server_minutes / 60.0,
        ran: ran / 60.0,
        lost: tally.outcome.lost_share(),
        apart: (days >= 2.0).then(|| (square / (days - 1.0) / days).sqrt()),
        ran_lost: if total > 0.0 { ran_lost / total } else { 0.0 },
    })
}

/// The floor in force in every minute of `demand`; `None` where none was decided before it.
fn by_minute(entries: &[LedgerEntry], demand: &Series) -> Vec<Option<u32>> {
    let mut runs: Vec<&LedgerEntry> = entries.iter().filter(|e| !e.promised.is_empty()).collect();
    runs.sort_by_key(|entry| entry.at);
    let minute = |at: Timestamp| {
        let minutes = at.duration_since(demand.start()).as_secs().div_euclid(60);
        usize::try_from(minutes.max(0)).unwrap_or(usize::MAX)
    };
    let mut floors = vec![None; demand.values().len()];
    for (index, run) in runs.iter().enumerate() {
        let next = runs.get(index + 1).map_or(Timestamp::MAX, |next| next.at);
        let until = minute(later(run.at, REACH).min(next)).min(floors.len());
        for (index, floor) in run.promised.iter().enumerate() {
            let end = run.promised.get(index + 1);
            let end = end.map_or(until, |next| minute(next.start).min(until));
            let from = minute(floor.start.max(Step::MINUTE.floor(run.at)));
            if from < end {
                floors[from..end].fill(Some(floor.servers));
            }
        }
    }
    floors
}

fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}
