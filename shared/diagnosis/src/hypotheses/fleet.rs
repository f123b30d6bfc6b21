//! What the servers do.

use jiff::SignedDuration;

use super::Hypothesis;
use super::demand::{inside, inside_when_seen};
use crate::Kind;
use crate::claim::{Claim, beyond, fact, matters};
use crate::evidence::Track;
use crate::facts::{Facts, distance, present};
use crate::robust::median;
use crate::words::{count, number};

/// Activities older than this are about something else.
const RECENT: SignedDuration = SignedDuration::from_mins(30);

/// That servers are gone or unhealthy which should be there.
pub(super) fn lost(facts: &Facts<'_>) -> Claim {
    let evidence = facts.evidence;
    let fleet = evidence.fleet;
    let seen = evidence.unhealthy.as_ref().and_then(present).unwrap_or(0.0);
    // Saturates; a metric may say anything.
    let unhealthy = fleet.unhealthy.max(seen.round().max(0.0) as u32);
    let short = fleet.desired.saturating_sub(fleet.in_service);
    let gone = evidence.activities.as_ref().map_or(0, |activities| {
        let recent = |at: &&jiff::Timestamp| evidence.until.duration_since(**at) <= RECENT;
        activities.lost.iter().filter(recent).count()
    });
    let before = evidence.in_service.as_ref().and_then(|track| {
        let earlier = track.last(60);
        median(earlier[..earlier.len().saturating_sub(15)].iter().copied())
    });
    let fell = before
        .map_or(0.0, |before| {
            before.min(f64::from(fleet.desired)) - f64::from(fleet.in_service)
        })
        .max(0.0);
    let mut told = vec![format!(
        "{} of {} in service",
        fleet.in_service,
        count(fleet.desired, "server")
    )];
    if unhealthy > 0 {
        told.push(format!("{unhealthy} unhealthy"));
    }
    if gone > 0 {
        told.push(format!("{gone} lost in the last half hour"));
    }
    if fell >= 1.0 {
        told.push(format!(
            "{} were in service before",
            number(before.unwrap_or(0.0))
        ));
    }
    if fleet.booting > 0 {
        told.push(format!("{} booting", fleet.booting));
    }
    let holds = unhealthy > 0 || (short > 0 && (gone > 0 || fell >= 1.0));
    Claim::needs(told.join(", "), fact(holds))
}

/// Fewer servers than there should be, at normal demand.
pub(super) fn capacity_lost(facts: &Facts<'_>) -> Hypothesis {
    // Nothing is withheld for it, so that old demand will do.
    let demand = inside_when_seen(facts);
    let claims = vec![
        lost(facts),
        Claim {
            required: false,
            ..demand
        },
    ];
    Hypothesis::new(Kind::CapacityLost, claims)
}

/// Servers are asked for and do not come.
pub(super) fn launches_failing(facts: &Facts<'_>) -> Hypothesis {
    let evidence = facts.evidence;
    let Some(activities) = &evidence.activities else {
        let unknown = Claim::needs("scaling activities are unknown", None);
        return Hypothesis::new(Kind::LaunchesFailing, vec![unknown]);
    };
    let recent = |at: jiff::Timestamp| evidence.until.duration_since(at) <= RECENT;
    let failed: Vec<_> = activities
        .failed
        .iter()
        .filter(|it| recent(it.at))
        .collect();
    let newest = failed.first().map(|failure| failure.at);
    // A success after the last failure: whatever it was is over.
    let since = activities
        .succeeded
        .iter()
        .filter(|at| newest.is_none_or(|newest| **at > newest))
        .count();
    let among = activities
        .succeeded
        .iter()
        .filter(|at| recent(**at))
        .count();
    let message = failed
        .first()
        .map_or("", |failure| failure.message.as_str());
    let odds = ((failed.len() as f64 + 0.2) / (among as f64 + 0.5)).ln();
    let refused = Claim::needs(
        match failed.len() {
            0 => "no launch failed in the last half hour".to_owned(),
            n => format!("{n} launches failed, {among} succeeded in the last half hour: {message}"),
        },
        match (failed.len(), since) {
            (0, _) => -6.0,
            (_, 0) => odds.max(if failed.len() > 1 { 1.0 } else { 0.5 }) + 1.0,
            _ => odds.min(-1.0),
        },
    );
    let short = evidence
        .fleet
        .desired
        .saturating_sub(evidence.fleet.in_service + evidence.fleet.booting);
    let missing = Claim::needs(
        format!("{} asked for and not coming", count(short, "server")),
        fact(short > 0),
    );
    Hypothesis::new(Kind::LaunchesFailing, vec![refused, missing])
}

/// What single servers show.
struct Odd {
    id: String,
    what: String,
    weight: f64,
}

/// A single server carries the alarm.
pub(super) fn one_server(facts: &Facts<'_>) -> Hypothesis {
    let servers = &facts.evidence.servers;
    let full = facts
        .evidence
        .resources
        .first()
        .map_or(100.0, |resource| resource.full);
    let of = |track: fn(&crate::Server) -> &Track| -> Vec<(String, f64)> {
        let level = |server: &crate::Server| {
            median(track(server).last(5).iter().copied()).map(|value| (server.id.clone(), value))
        };
        servers.iter().filter_map(level).collect()
    };
    let odd = [
        stands_out("CPU of", " %", &of(|server| &server.cpu), 5.0, 20.0),
        stands_out(
            "errors of",
            "/min",
            &of(|server| &server.errors),
            2.0,
            error_bar(facts),
        ),
        stands_out(
            "use of",
            "",
            &of(|server| &server.resource),
            0.02 * full,
            0.15 * full,
        ),
    ];
    let known = odd.iter().any(Option::is_some);
    let best = odd
        .into_iter()
        .flatten()
        .max_by(|a, b| a.weight.total_cmp(&b.weight));
    let alone = match best {
        Some(odd) => Claim::needs(format!("{}: {}", odd.id, odd.what), odd.weight),
        None if known => Claim::needs("all servers are alike", -6.0),
        None => Claim::needs("single servers are not measured", None),
    };
    let gone = lost(facts);
    let whole = Claim::unless(gone.text.clone(), gone.weight.map(|weight| -weight));
    Hypothesis::new(Kind::OneServer, vec![alone, inside(facts), whole])
}

/// Errors per minute of one server that matter: a hundredth of what a server serves.
fn error_bar(facts: &Facts<'_>) -> f64 {
    0.01 * facts.evidence.throughput
}

/// How clearly exactly one of `values` lies above the others: against their deviations, at least
/// `floor`, and by at least `least`. `None` with fewer than three.
fn stands_out(
    what: &str,
    unit: &str,
    values: &[(String, f64)],
    floor: f64,
    least: f64,
) -> Option<Odd> {
    if values.len() < 3 {
        return None;
    }
    let mut ordered: Vec<&(String, f64)> = values.iter().collect();
    ordered.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (first, second) = (ordered[0], ordered[1]);
    let others: Vec<f64> = ordered[1..].iter().map(|(_, value)| *value).collect();
    let middle = median(others.iter().copied())?;
    let floor = floor.max(0.1 * middle.abs());
    let z = distance(first.1, &others, floor)?;
    let next = distance(second.1, &others, floor)?;
    let weight = beyond(z, 5.0)
        .min(matters(first.1 - middle, least))
        // Two that stand out are not one.
        .min(beyond(z - next, 3.0));
    Some(Odd {
        id: first.0.clone(),
        what: format!(
            "{what} it {}{unit}, of the other {} {}{unit}",
            number(first.1),
            others.len(),
            number(middle)
        ),
        weight,
    })
}

/// The server that stands out, for the message.
pub(crate) fn named(facts: &Facts<'_>) -> Option<String> {
    let hypothesis = one_server(facts);
    let first = hypothesis.claims.first()?;
    Some(first.text.split(':').next()?.to_owned())
}
