//! What goes wrong, one drawing a kind.

use diagnosis::{Caps, Evidence, Kind, Release, Step};
use jiff::SignedDuration;
use simulation::service::{Fault, Service};
use simulation::{LaunchFailures, Origin, SimulatedGroup, Source};

use super::{Drawn, MINUTES, Scenario, Setting, healthy, minute, missing, policy};

/// The scenario of `kind` that `seed` draws of a service in some `setting`.
pub fn draw(setting: Setting, kind: Kind, seed: u64) -> Scenario {
    let mut drawn = healthy(seed ^ ((kind as u64 + 1) << 40), setting);
    let (about, evidence, caps) = match kind {
        Kind::UnforecastDemand => spike(&mut drawn),
        Kind::PlannedRamp => ramp(&mut drawn),
        Kind::CapacityLost => lost(&mut drawn),
        Kind::LaunchesFailing => failing(&mut drawn),
        Kind::ResourceLeak => leak(&mut drawn),
        Kind::BadRelease => release(&mut drawn),
        Kind::BottleneckElsewhere => bottleneck(&mut drawn),
        Kind::OneServer => one(&mut drawn),
        Kind::Recovery => recovery(&mut drawn),
        Kind::CapReached => cap(&mut drawn),
        Kind::Covered => nothing(&mut drawn),
        Kind::Unknown => unknown(&mut drawn),
    };
    Scenario {
        kind,
        about,
        evidence,
        policy: policy(caps),
    }
}

type Made = (String, Evidence, Caps);

fn sizes(min: u32) -> fleet::Sizes {
    fleet::Sizes {
        min_size: Some(min),
        ..fleet::Sizes::default()
    }
}

fn raise(group: &mut SimulatedGroup, index: usize, servers: u32) {
    let origin = Origin::new(minute(index), Source::Planner, "the plan");
    group
        .resize(minute(index), sizes(servers), &origin)
        .unwrap();
}

fn service(drawn: &Drawn) -> Service {
    Service::new(drawn.service.clone(), drawn.seed)
}

/// Demand of up to ten times the forecast, begun minutes ago, at once or on a ramp. Some of them
/// come with what could be taken for something else.
fn spike(drawn: &mut Drawn) -> Made {
    let visible = (1.0 + drawn.width) * (1.0 + 2.0 * drawn.noise) * drawn.bias;
    // From what just stands out to tenfold.
    let least = 1.15 * visible;
    let times = least * (10.0 / least).powf(drawn.random.uniform());
    let ramp = [0.0, 2.0, 5.0, 15.0][drawn.random.below(4) as usize];
    // A slow ramp shows after a while only: alarms go off when demand has left the band.
    let shows = (ramp * (1.1 * visible - 1.0) / (times - 1.0)).min(ramp);
    let ago = (shows + drawn.random.between(4.0, 18.0)).ceil() as usize;
    let from = MINUTES - 1 - ago;
    let factor = |m: usize| match m.checked_sub(from) {
        None => 1.0,
        Some(_) if ramp == 0.0 => times,
        Some(since) => 1.0 + (times - 1.0) * (since as f64 / ramp).min(1.0),
    };
    let demand = drawn.demand(factor);
    let mut group = drawn.group(drawn.servers);
    let disguise = drawn.random.below(6);
    let mut service = service(drawn);
    let highest = demand.iter().copied().fold(0.0, f64::max);
    let hour = MINUTES - 60;
    match disguise {
        // What stands behind gets hot too.
        1 => {
            let limit = 1.02 * (f64::from(drawn.servers) * drawn.service.throughput).min(highest);
            service = service.with(minute(0), Fault::Behind { limit });
        }
        // Memory has been climbing for a while.
        2 => {
            let leak = Fault::Leak {
                each_hour: 4.0,
                share: 1.0,
            };
            service = service.with(minute(hour), leak);
        }
        // One server is odd.
        3 => {
            let odd = Fault::OneServer {
                cpu: 97.0,
                errors: 0.3,
            };
            service = service.with(minute(hour), odd);
        }
        _ => {}
    }
    let booting = drawn.random.chance(0.3);
    let more = drawn.servers + 1 + drawn.servers / 5;
    let mut evidence = drawn.watched(&mut group, &service, &demand, |m, group| {
        // The group's own policy may have begun.
        if booting && m + 2 == MINUTES {
            raise(group, m, more);
        }
    });
    evidence.fleet.planned = drawn.servers;
    // A release of the same hour is a coincidence.
    if disguise == 4 {
        evidence.release = Some(Release {
            version: "8".to_owned(),
            at: minute(from.saturating_sub(3)),
        });
    }
    let known = !drawn.random.chance(0.15);
    evidence.band = known.then(|| drawn.band(|_| 1.0));
    if !known {
        evidence.missing.push(missing("forecast"));
    }
    let about = format!("{times:.1}x over {ramp} min, {ago} min ago, disguise {disguise}");
    (about, evidence, Caps::default())
}

/// The forecast rises and the plan with it; servers are booting, and an alarm finds load high.
fn ramp(drawn: &mut Drawn) -> Made {
    let times = drawn.random.between(1.2, 2.2);
    let over = drawn.random.between(20.0, 90.0);
    let from = MINUTES as f64 - over * drawn.random.between(0.3, 0.9);
    let factor = move |m: usize| 1.0 + (times - 1.0) * ((m as f64 - from) / over).clamp(0.0, 1.0);
    let demand = drawn.demand(factor);
    let ahead = MINUTES + drawn.boot as usize;
    let carried = drawn.service.throughput;
    let base = drawn.base.clone();
    let needs = move |m: usize| {
        let wanted = base[m.min(base.len() - 1)] * factor(m) * 1.15;
        (wanted / carried).ceil() as u32
    };
    let mut group = drawn.group(needs(0));
    let service = service(drawn);
    let boot = drawn.boot as usize;
    let last = needs(ahead);
    let begin = MINUTES - 1 - drawn.random.below(boot as u64) as usize;
    let mut evidence = drawn.watched(&mut group, &service, &demand, |m, group| {
        let highest = (0..=m + boot + 2).step_by(3).map(&needs).max().unwrap_or(1);
        let wanted = if m >= begin {
            highest.max(last) + 1
        } else {
            highest
        };
        if m % 15 == 0 || m == begin {
            raise(group, m, wanted);
        }
    });
    evidence.band = Some(drawn.band(factor));
    let about = format!("{times:.1}x over {over:.0} min, boots of {boot} min");
    (about, evidence, Caps::default())
}

/// Servers go, or stay and serve nothing.
fn lost(drawn: &mut Drawn) -> Made {
    let gone = (f64::from(drawn.servers) * drawn.random.between(0.1, 0.6)).ceil() as u32;
    let gone = gone.clamp(1, drawn.servers - 1);
    let demand = drawn.demand(|_| 1.0);
    let mut group = drawn.group(drawn.servers);
    let mut service = service(drawn);
    let sick = drawn.random.chance(0.5);
    let ago = if sick {
        3 + drawn.random.below(25) as usize
    } else {
        1 + drawn.random.below(drawn.boot as u64) as usize
    };
    let at = MINUTES - 1 - ago.min(MINUTES - 60);
    if sick {
        service = service.with(minute(at), Fault::Unhealthy { servers: gone });
    }
    let mut evidence = drawn.watched(&mut group, &service, &demand, |m, group| {
        if !sick && m + 1 >= at + 2 && m == at + 1 {
            group.lose(minute(m), gone);
        }
    });
    let band = drawn.band(|_| 1.0);
    drawn.perhaps(band, &mut evidence);
    evidence.fleet.planned = drawn.servers;
    let what = if sick { "unhealthy" } else { "lost" };
    (
        format!("{gone} of {} {what} {ago} min ago", drawn.servers),
        evidence,
        Caps::default(),
    )
}

/// More servers are asked for and do not come.
fn failing(drawn: &mut Drawn) -> Made {
    let ago = 4 + drawn.random.below(20) as usize;
    let at = MINUTES - 1 - ago;
    let spikes = drawn.random.chance(0.4);
    let times = if spikes {
        drawn.random.between(1.3, 3.0)
    } else {
        1.0
    };
    let demand = drawn.demand(|m| if m >= at { times } else { 1.0 });
    let mut group = drawn.group(drawn.servers);
    let share = if drawn.random.chance(0.5) { 1.0 } else { 0.9 };
    let more = (f64::from(drawn.servers) * drawn.random.between(1.2, 2.0)).ceil() as u32 + 1;
    let service = service(drawn);
    let mut evidence = drawn.watched(&mut group, &service, &demand, |m, group| {
        if m == at + 1 {
            group.set_launch_failures(LaunchFailures {
                share,
                ..LaunchFailures::default()
            });
            raise(group, m, more);
        }
        // The fleet's own share of luck is over well before.
        if m > at + 1 && share < 1.0 && m == at + 2 {
            group.set_launch_failures(LaunchFailures {
                share: 1.0,
                ..LaunchFailures::default()
            });
        }
    });
    let band = drawn.band(|_| 1.0);
    drawn.perhaps(band, &mut evidence);
    (
        format!("{ago} min ago, from {} to {more}", drawn.servers),
        evidence,
        Caps::default(),
    )
}

/// Memory climbs for hours.
fn leak(drawn: &mut Drawn) -> Made {
    // Demand does not climb meanwhile: it stays or falls.
    if drawn.base[MINUTES - 1] > drawn.base[0] {
        let level = drawn.base[0];
        drawn.base.iter_mut().for_each(|value| *value = level);
    }
    let hours = drawn.random.between(1.5, 3.9);
    let room = 95.0 - drawn.service.memory.0 - drawn.service.memory.1 * 0.8;
    // Between nearly full now and full within half a day.
    let left = drawn.random.between(0.3, 8.0);
    let each_hour = room / (hours + left);
    let share = if drawn.servers >= 6 && drawn.random.chance(0.4) {
        drawn.random.between(0.5, 0.9)
    } else {
        1.0
    };
    let from = MINUTES - (60.0 * hours) as usize;
    let leak = Fault::Leak { each_hour, share };
    let service = service(drawn).with(minute(from), leak);
    let demand = drawn.demand(|_| 1.0);
    let mut group = drawn.group(drawn.servers);
    let mut evidence = drawn.watched(&mut group, &service, &demand, |_, _| {});
    let band = drawn.band(|_| 1.0);
    drawn.perhaps(band, &mut evidence);
    evidence.fleet.planned = drawn.servers;
    let about = format!(
        "{each_hour:.1} %/h on {:.0} % of servers for {hours:.1} h",
        100.0 * share
    );
    (about, evidence, Caps::default())
}

/// Errors or response time jump; the release may be known or not.
fn release(drawn: &mut Drawn) -> Made {
    let ago = 4 + drawn.random.below(25) as usize;
    let at = MINUTES - 1 - ago;
    let slow = drawn.random.chance(0.4);
    let fault = Fault::Release {
        errors: if slow {
            0.0
        } else {
            drawn.random.between(0.03, 0.5)
        },
        slower: if slow {
            drawn.random.between(1.8, 6.0)
        } else {
            1.0
        },
    };
    let about = format!("{fault:?} {ago} min ago");
    let service = service(drawn).with(minute(at), fault);
    let demand = drawn.demand(|_| 1.0);
    let mut group = drawn.group(drawn.servers);
    let mut evidence = drawn.watched(&mut group, &service, &demand, |_, _| {});
    let band = drawn.band(|_| 1.0);
    drawn.perhaps(band, &mut evidence);
    evidence.fleet.planned = drawn.servers;
    if drawn.random.chance(0.6) {
        evidence.release = Some(Release {
            version: "8".to_owned(),
            at: minute(at - drawn.random.below(4) as usize),
        });
    }
    if slow && drawn.random.chance(0.3) {
        evidence.errors = None;
    }
    if !slow && drawn.random.chance(0.3) {
        evidence.response_time = None;
    }
    (about, evidence, Caps::default())
}

/// What stands behind is full: inside the forecast, or after a step that brought nothing.
fn bottleneck(drawn: &mut Drawn) -> Made {
    let stepped = drawn.random.chance(0.5);
    if !stepped {
        let now = drawn.base[MINUTES - 1];
        let limit = now * drawn.random.between(0.5, 0.85);
        let ago = 5 + drawn.random.below(25) as usize;
        let service = service(drawn).with(minute(MINUTES - 1 - ago), Fault::Behind { limit });
        let demand = drawn.demand(|_| 1.0);
        let mut group = drawn.group(drawn.servers);
        let mut evidence = drawn.watched(&mut group, &service, &demand, |_, _| {});
        evidence.band = Some(drawn.band(|_| 1.0));
        evidence.fleet.planned = drawn.servers;
        return (format!("full {ago} min ago"), evidence, Caps::default());
    }
    // Demand left the forecast, servers were added, and they serve nothing more.
    let times = drawn.random.between(1.6, 3.5);
    let since = 6 + drawn.random.below(8) as usize;
    let asked = MINUTES - 1 - since - drawn.boot as usize;
    let from = asked - 4;
    let capacity = f64::from(drawn.servers) * drawn.service.throughput;
    let limit =
        capacity.min(drawn.base[MINUTES - 1] * times * 0.8) * drawn.random.between(0.7, 0.95);
    let service = service(drawn).with(minute(0), Fault::Behind { limit });
    let demand = drawn.demand(|m| if m >= from { times } else { 1.0 });
    let most = demand.iter().copied().fold(0.0, f64::max);
    let to = ((most / drawn.service.throughput).ceil() as u32)
        .max(drawn.servers + drawn.servers.div_ceil(3));
    let mut group = drawn.group(drawn.servers);
    let mut evidence = drawn.watched(&mut group, &service, &demand, |m, group| {
        if m == asked {
            raise(group, m, to);
        }
    });
    evidence.band = Some(drawn.band(|_| 1.0));
    evidence.fleet.planned = drawn.servers;
    evidence.step = Some(Step {
        at: minute(asked),
        from: drawn.servers,
        to,
    });
    if drawn.random.chance(0.4) {
        evidence.behind.clear();
    }
    let about = format!(
        "{times:.1}x, {} to {to} servers {since} min ago, limit {limit:.0}",
        drawn.servers
    );
    (about, evidence, Caps::default())
}

/// The oldest server is hot or fails.
fn one(drawn: &mut Drawn) -> Made {
    drawn.servers = drawn.servers.max(4);
    let full = f64::from(drawn.servers) * drawn.service.throughput * 0.6;
    drawn
        .base
        .iter_mut()
        .for_each(|value| *value = value.min(full));
    let ago = 6 + drawn.random.below(40) as usize;
    let hot = drawn.random.chance(0.5);
    let usual = drawn.service.cpu.0 + drawn.service.cpu.1 * 0.6;
    let fault = Fault::OneServer {
        cpu: if hot {
            (usual + 45.0).min(100.0)
        } else {
            usual
        },
        errors: if hot {
            0.0
        } else {
            drawn.random.between(0.2, 1.0)
        },
    };
    let service = service(drawn).with(minute(MINUTES - 1 - ago), fault);
    let demand = drawn.demand(|_| 1.0);
    let mut group = drawn.group(drawn.servers);
    // Single servers are what this is about.
    let mut evidence = loop {
        let found = drawn.watched(&mut group.clone(), &service, &demand, |_, _| {});
        if !found.servers.is_empty() {
            group.advance(minute(MINUTES), 0.0, 1.0);
            break found;
        }
    };
    let band = drawn.band(|_| 1.0);
    drawn.perhaps(band, &mut evidence);
    evidence.fleet.planned = drawn.servers;
    (
        format!("hot {hot}, {ago} min ago, 1 of {}", drawn.servers),
        evidence,
        Caps::default(),
    )
}

/// Demand fell with errors, and is away or comes back above normal.
fn recovery(drawn: &mut Drawn) -> Made {
    let back = drawn.random.chance(0.6);
    let lasted = 5 + drawn.random.below(30) as usize;
    let since = if back {
        3 + drawn.random.below(10) as usize
    } else {
        0
    };
    let end = MINUTES - 1 - since;
    let from = end - lasted;
    let left = drawn.random.between(0.05, 0.5);
    let storm = drawn.random.between(1.0, 2.2);
    let errors = drawn.random.between(0.2, 0.95);
    let outage = Fault::Outage {
        errors,
        until: minute(if back { end } else { MINUTES + 60 }),
    };
    let service = service(drawn).with(minute(from), outage);
    let demand = drawn.demand(|m| match m {
        _ if m < from => 1.0,
        _ if m < end || !back => left,
        _ => storm,
    });
    let mut group = drawn.group(drawn.servers);
    let mut evidence = drawn.watched(&mut group, &service, &demand, |_, _| {});
    evidence.band = Some(drawn.band(|_| 1.0));
    evidence.fleet.planned = drawn.servers;
    let about =
        format!("{lasted} min at {left:.2} with {errors:.2} failing, back {back} {storm:.1}x");
    (about, evidence, Caps::default())
}

/// A spike, and nothing left that may be added.
fn cap(drawn: &mut Drawn) -> Made {
    let (about, mut evidence, _) = spike(drawn);
    // What stands in the way is another matter.
    evidence.fleet.booting = 0;
    let needed = evidence
        .demand
        .as_ref()
        .and_then(|track| track.values.iter().rev().find(|value| value.is_finite()))
        .copied()
        .unwrap_or(0.0);
    let short = (needed / evidence.throughput).ceil() as u32 > evidence.fleet.desired;
    let mut caps = Caps::default();
    match drawn.random.below(3) {
        0 => caps.day_left = Some(0),
        1 => caps.budget_left = Some(0),
        _ => {
            caps.event = Some(0);
            evidence.fleet.planned = evidence.fleet.desired;
        }
    }
    if !short {
        // The fleet would carry it: make it one that does not.
        evidence.throughput = needed / f64::from(evidence.fleet.desired) / 2.0;
    }
    (format!("{about}; {caps:?}"), evidence, caps)
}

/// Somebody tests an alarm.
fn nothing(drawn: &mut Drawn) -> Made {
    let service = service(drawn);
    let demand = drawn.demand(|_| 1.0);
    let mut group = drawn.group(drawn.servers);
    let mut evidence = drawn.watched(&mut group, &service, &demand, |_, _| {});
    evidence.band = Some(drawn.band(|_| 1.0));
    evidence.fleet.planned = drawn.servers;
    ("nothing at all".to_owned(), evidence, Caps::default())
}

/// Demand cannot be read, or contradicts the rest.
fn unknown(drawn: &mut Drawn) -> Made {
    let mut service = service(drawn);
    let contradicts = drawn.random.chance(0.4);
    let trouble = drawn.random.below(3);
    let ago = 6 + drawn.random.below(20) as usize;
    let at = MINUTES - 1 - ago;
    if trouble == 1 && !contradicts {
        let fault = Fault::Release {
            errors: 0.2,
            slower: 1.5,
        };
        service = service.with(minute(at), fault);
    }
    let times = if trouble == 2 && !contradicts {
        2.5
    } else {
        1.0
    };
    let demand = drawn.demand(|m| if m >= at { times } else { 1.0 });
    let mut group = drawn.group(drawn.servers);
    let mut evidence = loop {
        let found = drawn.watched(&mut group.clone(), &service, &demand, |_, _| {});
        if found.cpu.is_some() || !contradicts {
            group.advance(minute(MINUTES), 0.0, 1.0);
            break found;
        }
    };
    evidence.band = Some(drawn.band(|_| 1.0));
    evidence.fleet.planned = drawn.servers;
    if contradicts {
        // The metric of demand breaks; the servers work on.
        if let Some(track) = &mut evidence.demand {
            track.values[at..]
                .iter_mut()
                .for_each(|value| *value *= 0.05);
        }
    } else {
        evidence.demand = None;
        evidence.missing.push(missing("demand"));
    }
    let about = format!("contradicts {contradicts}, trouble {trouble} {ago} min ago");
    (about, evidence, Caps::default())
}

#[allow(dead_code, reason = "for those who draw by hand")]
pub const HOUR: SignedDuration = SignedDuration::from_hours(1);
