//! What the service and what stands behind it do.

use jiff::SignedDuration;

use super::Hypothesis;
use super::demand::inside;
use super::fleet::{lost, one_server};
use crate::Kind;
use crate::claim::{Claim, beyond, fact, matters};
use crate::evidence::{Resource, Track};
use crate::facts::{Facts, course, per_server, present};
use crate::robust::{Shift, Slope, median};
use crate::words::{few, number, percent, signed, span};

/// Minutes over which a leak is looked for.
const LEAK_WINDOW: usize = 180;

/// That errors or response time jumped more than load explains.
pub(super) fn jump(facts: &Facts<'_>) -> Claim {
    let errors = facts.errors.map(|shift| {
        let added = shift.after - shift.before - facts.overflow;
        let weight = beyond(shift.z, 4.0).min(matters(added, 0.01));
        let text = format!(
            "errors from {} to {}",
            percent(shift.before),
            percent(shift.after)
        );
        (weight, text, shift)
    });
    let response = facts.response.map(|shift| {
        let times = shift.ratio() / facts.slowed;
        let weight = beyond(shift.z, 4.0).min(matters(times - 1.0, 0.4));
        let mut text = format!(
            "response time from {} to {}",
            number(shift.before),
            number(shift.after)
        );
        if facts.slowed > 1.1 {
            text.push_str(&format!(" (load explains {} times)", number(facts.slowed)));
        }
        (weight, text, shift)
    });
    let known: Vec<(f64, String, Shift)> = errors.into_iter().chain(response).collect();
    if known.is_empty() {
        return Claim::needs("neither errors nor response time are measured", None);
    }
    let heaviest = known
        .iter()
        .map(|(weight, ..)| *weight)
        .fold(f64::MIN, f64::max);
    let texts: Vec<String> = known.iter().map(|(_, text, _)| text.clone()).collect();
    Claim::needs(texts.join(", "), heaviest)
}

/// Minutes since the jump that weighs most.
fn jumped(facts: &Facts<'_>) -> Option<usize> {
    let shifts = facts.errors.into_iter().chain(facts.response);
    shifts
        .filter(|shift| shift.z > 4.0)
        .max_by(|a, b| a.z.total_cmp(&b.z))
        .map(|shift| shift.minutes)
}

/// Errors or response time jumped at flat demand, or right after a release.
pub(super) fn bad_release(facts: &Facts<'_>) -> Hypothesis {
    let evidence = facts.evidence;
    let released = evidence
        .release
        .as_ref()
        .zip(jumped(facts))
        .filter(|(release, jumped)| {
            // Servers of a version serve before their errors show, and clocks differ by a minute or two.
            let since = evidence.minutes_since(release.at);
            (jumped.saturating_sub(3)..=jumped + 30).contains(&since)
        });
    let mut jump = jump(facts);
    if let Some((release, _)) = &released {
        jump.text.push_str(&format!(
            " after version {} came into service at {}",
            release.version, release.at
        ));
        jump.weight = jump
            .weight
            .map(|weight| if weight > -2.0 { weight + 2.0 } else { weight });
    }
    let flat = facts.demand.and_then(|demand| demand.rise).map(|rise| {
        let text = format!("demand {} of what it was", percent(rise.ratio()));
        // Flat within a quarter; a release just before speaks for itself.
        let room = if released.is_some() { 0.5 } else { 0.25 };
        (text, (1.0 + room - rise.ratio()) / 0.05)
    });
    let flat = match flat {
        Some((text, weight)) => Claim::unless(text, weight),
        None => Claim::unless("demand's course is unknown", None),
    };
    let carried = Claim::unless(
        format!(
            "servers carry {} of what they can",
            percent(facts.load.unwrap_or(0.0))
        ),
        facts.load.map(|load| (1.05 - load) / 0.05),
    );
    let gone = lost(facts);
    let whole = match released {
        // Its servers may well be unhealthy because of it.
        Some(_) => Claim::unless(gone.text, None),
        None => Claim::unless(gone.text.clone(), gone.weight.map(|weight| -weight)),
    };
    let behind = saturated(facts);
    let behind = Claim::unless(behind.text.clone(), behind.weight.map(|weight| -weight));
    let alone = one_server(facts);
    let many = Claim::unless(
        "all servers alike",
        alone
            .claims
            .first()
            .and_then(|claim| claim.weight)
            .map(|weight| -weight),
    );
    let there = Claim::unless(
        "demand stayed",
        fact(facts.dip.is_none_or(|dip| !dip.borne_out || dip.since > 30)),
    );
    let claims = vec![
        jump,
        inside(facts),
        flat,
        carried,
        whole,
        behind,
        many,
        there,
    ];
    Hypothesis::new(Kind::BadRelease, claims)
}

/// That something behind the service is saturated.
fn saturated(facts: &Facts<'_>) -> Claim {
    let levels = facts.evidence.behind.iter().filter_map(|behind| {
        let level = median(behind.track.last(5).iter().copied())?;
        Some((behind, level, (level / behind.full - 0.97) / 0.02))
    });
    match levels.max_by(|a, b| a.2.total_cmp(&b.2)) {
        Some((behind, level, weight)) => Claim::needs(
            format!(
                "{} at {} of {}",
                behind.name,
                number(level),
                number(behind.full)
            ),
            weight,
        ),
        None => Claim::needs("nothing behind the service is measured", None),
    }
}

/// Something behind is saturated while demand is inside the forecast.
pub(super) fn saturated_behind(facts: &Facts<'_>) -> Hypothesis {
    let jump = jump(facts);
    let claims = vec![
        saturated(facts),
        inside(facts),
        Claim {
            required: false,
            ..jump
        },
        Claim::unless(
            format!(
                "servers carry {} of what they can",
                percent(facts.load.unwrap_or(0.0))
            ),
            facts.load.map(|load| (1.1 - load) / 0.05),
        ),
    ];
    Hypothesis::new(Kind::BottleneckElsewhere, claims)
}

/// The last step's servers came and serve no more than before, and what was wrong goes on.
pub(super) fn useless_step(facts: &Facts<'_>) -> Hypothesis {
    let kind = Kind::BottleneckElsewhere;
    let Some((text, weight)) = step_shown(facts) else {
        let claim = Claim::needs(
            "no step of servers has arrived yet that could show anything",
            None,
        );
        return Hypothesis::new(kind, vec![claim]);
    };
    // Something behind that is measured and idle makes it no more than likely.
    let behind = saturated(facts);
    let behind = Claim::unless(
        behind.text.clone(),
        behind.weight.map(|weight| weight.max(1.0)),
    );
    let share = facts
        .error_share
        .as_ref()
        .and_then(|share| median(share[share.len().saturating_sub(3)..].iter().copied()));
    let slow = facts.response.map(|shift| shift.ratio());
    let errors = share.map(|share| matters(share, 0.02));
    let response = slow.map(|ratio| matters(ratio - 1.0, 0.4));
    let goes_on = errors.into_iter().chain(response).reduce(f64::max);
    let wrong = Claim::needs(
        format!(
            "errors at {} and response time at {} of what it was",
            share.map_or_else(|| "unknown".to_owned(), percent),
            slow.map_or_else(|| "unknown".to_owned(), percent)
        ),
        goes_on,
    );
    Hypothesis::new(kind, vec![Claim::needs(text, weight), wrong, behind])
}

/// How clearly the last step brought less than a quarter of what its servers could serve.
fn step_shown(facts: &Facts<'_>) -> Option<(String, f64)> {
    /// Minutes that it takes to see.
    const ENOUGH: usize = 4;
    let evidence = facts.evidence;
    let step = evidence
        .step
        .filter(|step| step.to > step.from && step.from > 0)?;
    let (demand, share) = (evidence.demand.as_ref()?, facts.error_share.as_ref()?);
    let served: Vec<f64> = demand
        .last(share.len())
        .iter()
        .zip(share)
        .map(|(demand, share)| demand * (1.0 - share))
        .collect();
    let arrived = arrival(evidence.in_service.as_ref(), step, evidence)?;
    let before = served.len().checked_sub(arrived)?;
    if arrived < ENOUGH || before < 5 {
        return None;
    }
    let earlier = median(served[before.saturating_sub(5)..before].iter().copied())?;
    let later = median(served[served.len() - arrived.min(5)..].iter().copied())?;
    let could = f64::from(step.to) / f64::from(step.from) - 1.0;
    let gained = later / earlier.max(1e-9) - 1.0;
    let noise = facts.demand.map_or(0.03, |demand| demand.noise).max(0.01);
    let text = format!(
        "{} to {} servers {arrived} min ago: {}/min served before, {}/min since",
        step.from,
        step.to,
        number(earlier),
        number(later)
    );
    Some((text, beyond((0.25 * could - gained) / noise, 0.0)))
}

/// Minutes since most of a step's servers came into service.
fn arrival(track: Option<&Track>, step: crate::Step, evidence: &crate::Evidence) -> Option<usize> {
    let most = f64::from(step.from) + 0.8 * f64::from(step.to - step.from);
    if f64::from(evidence.fleet.in_service) < most {
        return None;
    }
    if let Some(track) = track {
        let run = track
            .values
            .iter()
            .rev()
            // A gap is no loss.
            .take_while(|value| value.is_nan() || **value >= most)
            .count();
        return Some(run.min(evidence.minutes_since(step.at)));
    }
    let due = step.at.saturating_add(evidence.lead_time).ok()?;
    Some(evidence.minutes_since(due))
}

/// What climbs.
pub(crate) struct Leak<'e> {
    pub(crate) resource: &'e Resource,
    pub(crate) slope: Slope,
    /// Until it is exhausted.
    pub(crate) left: SignedDuration,
    /// Servers on which it climbs; empty where single servers are not measured.
    pub(crate) servers: Vec<String>,
    /// The launch template version that all of them are of, and no other is.
    version: Option<String>,
    weight: f64,
}

/// The resource that climbs most clearly.
pub(crate) fn climbing<'e>(facts: &Facts<'e>) -> Option<Leak<'e>> {
    let resources = &facts.evidence.resources;
    let leaks = resources
        .iter()
        .enumerate()
        .filter_map(|(index, resource)| {
            // Single servers report the first one only.
            leaking(facts, resource, index == 0)
        });
    leaks.max_by(|a, b| a.weight.total_cmp(&b.weight))
}

fn leaking<'e>(facts: &Facts<'e>, resource: &'e Resource, measured: bool) -> Option<Leak<'e>> {
    let each: Vec<(&crate::Server, Slope)> = facts
        .evidence
        .servers
        .iter()
        .filter(|server| measured && !server.resource.values.is_empty())
        .filter_map(|server| Some((server, course(&server.resource, LEAK_WINDOW)?)))
        .collect();
    let climbs: Vec<&(&crate::Server, Slope)> = each
        .iter()
        .filter(|(_, slope)| slope.low > 0.0 && slope.z > 3.0)
        .collect();
    // On those since a release the mean of all tells less than they do themselves.
    let version = of_one_version(&each, &climbs);
    let usual = || {
        let mut climbs = climbs.clone();
        climbs.sort_by(|a, b| a.1.each_minute.total_cmp(&b.1.each_minute));
        climbs
            .get(climbs.len() / 2)
            .map(|(server, _)| &server.resource)
    };
    let track = version
        .as_ref()
        .and_then(|_| usual())
        .unwrap_or(&resource.track);
    let slope = course(track, LEAK_WINDOW)?;
    // It goes on now: what filled a cache and stopped is no leak.
    let third = course(track, LEAK_WINDOW / 3)?;
    let minutes_left = |track: &Track, slope: &Slope| {
        let room = (resource.full - present(track)?).max(0.0);
        Some(room / slope.each_minute.max(1e-12))
    };
    // Where servers are told apart, the usual one of those that climb says when.
    let of_servers = climbs
        .iter()
        .filter_map(|(server, slope)| minutes_left(&server.resource, slope));
    let minutes = median(of_servers).or_else(|| minutes_left(track, &slope))?;
    let known = track.last(LEAK_WINDOW);
    let first = known.iter().position(|value| value.is_finite());
    let window = (known.len() - first.unwrap_or(0)) as f64;
    let weight = beyond(slope.z, 3.0)
        .min(matters(slope.low * window / resource.full, 0.01))
        .min(matters(
            3.0 * third.each_minute / slope.each_minute.max(1e-12),
            1.0,
        ))
        .min(matters(1440.0 / minutes.max(1.0), 1.0))
        // On one of several servers it is that server's matter.
        .min(if each.len() >= 3 && climbs.len() < 2 {
            -2.0
        } else {
            6.0
        });
    Some(Leak {
        resource,
        slope,
        left: SignedDuration::from_secs((minutes * 60.0).min(1e9) as i64),
        servers: climbs.iter().map(|(server, _)| server.id.clone()).collect(),
        version,
        weight,
    })
}

/// The version of those that climb, several of them, where all are of it and others are not.
fn of_one_version(
    each: &[(&crate::Server, Slope)],
    climbs: &[&(&crate::Server, Slope)],
) -> Option<String> {
    let version = climbs.first()?.0.version.as_ref()?;
    let same = |server: &crate::Server| server.version.as_ref() == Some(version);
    let others = each.iter().filter(|(server, _)| !same(server)).count();
    let all = climbs.len() > 1 && climbs.iter().all(|(server, _)| same(server));
    (all && others > 0).then(|| version.clone())
}

/// Memory or the like climbs while demand per server does not.
pub(super) fn leak(facts: &Facts<'_>) -> Hypothesis {
    let evidence = facts.evidence;
    let found = match climbing(facts) {
        None => Claim::needs("no exhaustible resource is measured", None),
        Some(leak) => {
            let servers = match leak.servers.len() {
                0 => String::new(),
                n => format!(" on {n} servers ({})", few(&leak.servers)),
            };
            let servers = match &leak.version {
                Some(version) => format!("{servers}, all of version {version}"),
                None => servers,
            };
            let text = format!(
                "{} {} of {}, {} each hour{servers}, full in {}",
                leak.resource.name,
                number(present(&leak.resource.track).unwrap_or(f64::NAN)),
                number(leak.resource.full),
                signed(60.0 * leak.slope.each_minute),
                span(leak.left)
            );
            Claim::needs(text, leak.weight)
        }
    };
    let steady = match per_server(evidence) {
        None => Claim::needs("demand per server is unknown", None),
        Some(track) => {
            let growth = course(&track, LEAK_WINDOW).and_then(|slope| {
                let level = median(track.last(LEAK_WINDOW).iter().copied())?;
                let window = track.values.len().min(LEAK_WINDOW) as f64;
                Some(slope.each_minute * window / level.abs().max(1e-9))
            });
            let text = format!(
                "demand per server {} % over it",
                growth.map_or_else(|| "unknown".to_owned(), |growth| signed(100.0 * growth))
            );
            Claim::needs(text, growth.map(|growth| (0.2 - growth) / 0.04))
        }
    };
    Hypothesis::new(Kind::ResourceLeak, vec![found, steady, inside(facts)])
}
