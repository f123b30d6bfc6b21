//! From a diagnosis to what is done.

use jiff::{SignedDuration, Timestamp};

use crate::caps::Caps;
use crate::diagnose::{Diagnosis, diagnose};
use crate::evidence::Evidence;
use crate::facts::Demand;
use crate::follow::{Phase, Standing, settled};
use crate::{Kind, words};

/// What people have laid down about acting.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// What may be added.
    pub caps: Caps,
    /// How soon people can see to a fault: a leak that runs out before is bridged by servers.
    pub people_within: SignedDuration,
    /// Whether an instance refresh may be started for a leak.
    pub refresh: bool,
    /// Share of what a diagnosis adds to the planned floor that is held, 0 to 1: less than 1 for a
    /// canary.
    pub share: f64,
}

/// What to do, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What it was taken for; the diagnosis unless a cap left nothing to add.
    pub kind: Kind,
    /// What was found.
    pub diagnosis: Diagnosis,
    /// Servers to hold, where something is to be held.
    pub hold: Option<u32>,
    /// Until when, unless renewed.
    pub until: Timestamp,
    /// Where it stands.
    pub phase: Phase,
    /// Servers that caps held back.
    pub held_back: u32,
    /// The cap that did.
    pub bound: Option<String>,
    /// Demand that finds no server because of them, in requests per minute.
    pub lost: f64,
    /// Whether an instance refresh is to be started.
    pub refresh: bool,
    /// What was found and done, in plain words with the numbers.
    pub reason: String,
    /// What a person should do.
    pub advice: String,
}

impl Decision {
    /// Demand it was decided on, requests per minute, where known.
    #[must_use]
    pub fn demand(&self) -> Option<f64> {
        self.diagnosis.demand.map(|demand| demand.now)
    }
}

/// How long a hold lasts unless renewed: until the next hourly run has seen it, and the lead time
/// of whatever that run orders.
fn hold_length(lead_time: SignedDuration) -> SignedDuration {
    SignedDuration::from_mins(70).saturating_add(lead_time)
}

/// From a decision until the next one has been carried out.
pub(crate) const UNTIL_NEXT: f64 = 1.5;

/// Decides what the group needs, given what is held already.
///
/// Nothing is ever lowered but a hold that demand no longer needs, in steps, and only where demand
/// was measured all along.
#[must_use]
pub fn decide(
    evidence: &Evidence,
    standing: Option<&Standing>,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let evidence = &*evidence.dense();
    let diagnosis = diagnose(evidence);
    let fleet = evidence.fleet;
    let held = standing.map_or(0, |standing| standing.servers);
    let there = fleet.desired.max(held);
    let held_for_leak = standing.map_or(there, |_| fleet.planned.min(there));
    let whole = wanted(&diagnosis, evidence, policy, there, held_for_leak);
    let wanted = whole.map(|whole| shared(whole, fleet.planned, policy.share));
    let until = now
        .saturating_add(hold_length(evidence.lead_time))
        .unwrap_or(Timestamp::MAX);
    let (hold, phase, held_back, bound) = match wanted {
        Some(wanted) if wanted > held || standing.is_none() => {
            let allowed = policy.caps.allow(wanted, there, fleet.planned, fleet.most);
            let phase = if allowed.servers > there {
                Phase::Growing
            } else {
                Phase::Holding
            };
            let back = wanted - allowed.servers;
            (Some(allowed.servers), phase, back, allowed.bound)
        }
        _ => match standing {
            None => (None, Phase::Watching, 0, None),
            Some(standing) => {
                let least = wanted.unwrap_or(0);
                let (servers, phase) = settled(&diagnosis, evidence, standing, least, now);
                (servers, phase, 0, None)
            }
        },
    };
    let needed = diagnosis.demand.map(|demand| coming(&demand, evidence));
    let lost = match (bound.is_some(), needed) {
        (true, Some(demand)) => {
            (demand - f64::from(hold.unwrap_or(there)) * evidence.throughput).max(0.0)
        }
        _ => 0.0,
    };
    let kind = if bound.is_some() && hold.is_some_and(|hold| hold <= there) {
        Kind::CapReached
    } else {
        diagnosis.kind
    };
    let refresh = policy.refresh && diagnosis.kind == Kind::ResourceLeak;
    let mut decision = Decision {
        kind,
        hold,
        until,
        phase,
        held_back,
        bound,
        lost,
        refresh,
        reason: String::new(),
        advice: String::new(),
        diagnosis,
    };
    decision.reason = crate::tell::reason(&decision, evidence);
    if let (Some(whole), Some(hold)) = (whole.filter(|whole| Some(*whole) != wanted), hold) {
        let percent = 100.0 * policy.share;
        let canary = format!("; canary of {percent:.0} %: {hold} of {whole} held");
        decision.reason.push_str(&canary);
    }
    decision.advice = crate::tell::advice(&decision, evidence, policy);
    decision
}

/// Demand when servers ordered now are ready, with room for what single minutes do.
fn coming(demand: &Demand, evidence: &Evidence) -> f64 {
    let minutes = evidence.lead_time.as_secs_f64().max(0.0) / 60.0 + UNTIL_NEXT;
    demand.coming(minutes) * margin(demand)
}

/// Two deviations of single minutes, a fifth at most.
pub(crate) fn margin(demand: &Demand) -> f64 {
    1.0 + (2.0 * demand.noise).min(0.2)
}

/// `share` of what `whole` adds to `planned`, rounded up: in doubt more servers.
fn shared(whole: u32, planned: u32, share: f64) -> u32 {
    if share >= 1.0 || whole <= planned {
        return whole;
    }
    // Between two u32 values, so it is one after rounding up.
    let added = f64::from(whole - planned) * share.max(0.0) - 1e-9;
    planned + added.ceil().max(0.0) as u32
}

/// The servers that the diagnosis asks for; `None` where it asks for nothing. A leak is bridged over
/// `leaking` servers: what was added for it does not count again.
fn wanted(
    diagnosis: &Diagnosis,
    evidence: &Evidence,
    policy: &Policy,
    there: u32,
    leaking: u32,
) -> Option<u32> {
    let fleet = evidence.fleet;
    let demand = diagnosis.demand.as_ref();
    let need = demand.map(|demand| servers_for(coming(demand, evidence), evidence.throughput));
    let present = demand.map(|demand| servers_for(demand.now, evidence.throughput));
    let seen = evidence.unhealthy.as_ref().and_then(crate::facts::present);
    // Saturates; a metric may say anything. At most what is there can be unhealthy.
    let unhealthy = fleet
        .unhealthy
        .max(seen.unwrap_or(0.0).round().max(0.0) as u32)
        .min(there);
    let healthy = need.unwrap_or(0).saturating_add(unhealthy);
    match diagnosis.kind {
        Kind::UnforecastDemand => Some(healthy.max(fleet.planned)),
        Kind::CapacityLost => Some(
            healthy
                .max(fleet.planned.saturating_add(unhealthy))
                .max(there),
        ),
        // Asked for once; what is refused is not asked for again and again.
        Kind::LaunchesFailing => Some(need.unwrap_or(0).max(there)),
        Kind::Recovery => Some(healthy.max(returning(diagnosis, evidence)).max(there)),
        Kind::ResourceLeak => bridge(diagnosis, policy, leaking),
        // No more, and no fewer either.
        Kind::BadRelease | Kind::BottleneckElsewhere => Some(there),
        Kind::PlannedRamp | Kind::Covered | Kind::OneServer => {
            let coming = fleet.in_service + fleet.booting;
            // What will have passed when they are ready takes no servers.
            let present = present.zip(need).map(|(present, need)| present.min(need));
            present.filter(|present| *present > coming.max(fleet.desired))
        }
        Kind::Unknown | Kind::CapReached => {
            let by_cpu = evidence.cpu.as_ref().and_then(crate::facts::present);
            // Proportional to what brings CPU back to 60 %, where demand cannot tell.
            let by_cpu = by_cpu
                .filter(|cpu| demand.is_none() && *cpu >= 80.0 && shown(evidence))
                .map_or(0, |cpu| {
                    (f64::from(fleet.in_service) * cpu.min(100.0) / 60.0).ceil() as u32
                });
            Some(need.unwrap_or(0).max(by_cpu).max(there))
        }
    }
}

/// Whether CPU can show by now what the last step of servers brought: they had the lead time to
/// come, and five minutes, the period of EC2's own metrics.
fn shown(evidence: &Evidence) -> bool {
    let minutes = evidence.lead_time.as_secs_f64().max(0.0) / 60.0 + 5.0;
    evidence
        .step
        .is_none_or(|step| evidence.minutes_since(step.at) as f64 > minutes)
}

/// What comes back after an outage: the normal demand, and on top of it what was turned away, over
/// about as long as it was away; twice the normal demand at most.
fn returning(diagnosis: &Diagnosis, evidence: &Evidence) -> u32 {
    diagnosis.dip.map_or(0, |dip| {
        let pent_up = dip.depth.clamp(0.0, 1.0) * (dip.minutes as f64 / 30.0).min(1.0);
        servers_for(dip.normal * (1.0 + pent_up), evidence.throughput)
    })
}

/// Servers that take over for those that run out before people can see to it: as many as climb, at
/// most half of what is there.
fn bridge(diagnosis: &Diagnosis, policy: &Policy, there: u32) -> Option<u32> {
    let leak = diagnosis.leak.as_ref()?;
    if leak.left > policy.people_within {
        return None;
    }
    let climbing = match u32::try_from(leak.servers.len()) {
        Ok(0) | Err(_) => there,
        Ok(servers) => servers,
    };
    Some(there + climbing.min(there.div_ceil(2)))
}

/// Fewest servers that carry `demand`.
pub(crate) fn servers_for(demand: f64, throughput: f64) -> u32 {
    if throughput.is_nan() || throughput <= 0.0 {
        return 0;
    }
    // Saturates for what no group holds; NaN becomes 0.
    (demand / throughput * (1.0 - 1e-12))
        .ceil()
        .clamp(0.0, f64::from(u32::MAX)) as u32
}

/// For messages: what the caps keep from demand.
pub(crate) fn shortage(decision: &Decision) -> Option<String> {
    let bound = decision.bound.as_ref()?;
    Some(format!(
        "{} held back by {bound}: about {}/min of demand finds no server",
        words::count(decision.held_back, "server"),
        words::number(decision.lost)
    ))
}
