//! Scenarios drawn from a seed: a service, a fault of a known kind, and the evidence that its
//! metrics give, through the simulator.
//!
//! Everything is drawn: size and shape of the service, noise, how bad the fault is and how long ago
//! it began, how well the forecast fits, and which metrics are missing. What is never missing is
//! what a diagnosis cannot be made without.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "tests and an example"
)]

mod faults;
pub mod real;

use std::collections::BTreeMap;

use diagnosis::{
    Activities, Band, Behind, Caps, Evidence, FailedLaunch, Fleet, Kind, Missing, Policy, Resource,
    Server, Track,
};
use fleet::{ActivityStatus, Lifecycle};
use jiff::{SignedDuration, Timestamp};
use simulation::service::{Metrics, Service, ServiceSpec, observe};
use simulation::{GroupSpec, Random, SimulatedGroup};

pub use faults::draw;

/// Minutes before the moment of decision.
pub const MINUTES: usize = 240;

/// What makes a service harder to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// As most are.
    Usual,
    /// Two to four servers, some tens to hundreds of requests a minute.
    Small,
    /// Single minutes deviate by 8 to 20 %.
    Noisy,
    /// Every metric but demand has one value each five minutes.
    Sparse,
    /// So has demand.
    Sparsest,
}

impl Setting {
    pub const ALL: [Self; 5] = [
        Self::Usual,
        Self::Small,
        Self::Noisy,
        Self::Sparse,
        Self::Sparsest,
    ];

    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Small => "small",
            Self::Noisy => "noisy",
            Self::Sparse => "sparse",
            Self::Sparsest => "sparsest",
        }
    }
}

/// What a scenario starts from.
#[derive(Debug, Clone)]
pub struct Drawn {
    pub setting: Setting,
    pub random: Random,
    pub service: ServiceSpec,
    /// Demand without fault, by the minute, and what the forecast says of it.
    pub base: Vec<f64>,
    pub noise: f64,
    pub width: f64,
    pub bias: f64,
    pub servers: u32,
    pub boot: i64,
    pub seed: u64,
}

/// One scenario: its evidence and what it is.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub kind: Kind,
    pub about: String,
    pub evidence: Evidence,
    pub policy: Policy,
}

pub fn start() -> Timestamp {
    "2026-03-04T06:00:00Z".parse().unwrap()
}

pub fn minute(index: usize) -> Timestamp {
    start() + SignedDuration::from_mins(index as i64)
}

/// A service of some size and shape, healthy, at some hour of its day.
pub fn healthy(seed: u64, setting: Setting) -> Drawn {
    let mut random = Random::keyed(seed, &[1]);
    let servers = (3.0 * (20.0_f64).powf(random.uniform())).round();
    let throughput = 200.0 * (25.0_f64).powf(random.uniform());
    let (servers, throughput) = match setting {
        Setting::Small => (2.0 + (servers % 3.0), throughput / 10.0),
        _ => (servers, throughput),
    };
    // The day's fullest minute takes most of what the servers carry.
    let fullest = servers * throughput * random.between(0.55, 0.85);
    let swing = random.between(0.0, 0.6);
    let phase = random.between(0.0, core::f64::consts::TAU);
    let base: Vec<f64> = (0..MINUTES + 60)
        .map(|m| {
            let angle = phase + core::f64::consts::TAU * m as f64 / 1440.0;
            fullest * (1.0 - swing * 0.5 * (1.0 - angle.cos()))
        })
        .collect();
    let full_cpu = random.between(40.0, 75.0);
    let service = ServiceSpec {
        throughput,
        cpu: (random.between(2.0, 12.0), full_cpu),
        memory: (random.between(20.0, 50.0), random.between(0.0, 25.0)),
        response: random.lognormal(0.08, 0.8),
        workers: (32.0_f64).powf(random.uniform()).round(),
        errors: random.between(0.0, 0.004),
        behind: fullest * random.between(3.0, 6.0),
        noise: random.between(0.01, 0.06),
    };
    Drawn {
        noise: match setting {
            Setting::Noisy => random.between(0.08, 0.2),
            _ => random.between(0.01, 0.07),
        },
        setting,
        width: random.between(0.08, 0.25),
        bias: random.between(0.94, 1.06),
        boot: 1 + random.below(8) as i64,
        servers: servers as u32,
        random,
        service,
        base,
        seed,
    }
}

impl Drawn {
    pub fn group(&self, desired: u32) -> SimulatedGroup {
        let mut spec = GroupSpec::new("web", 1, desired, 1000);
        spec.boot = SignedDuration::from_mins(self.boot);
        spec.seed = self.seed;
        spec.template_version = Some("7".to_owned());
        SimulatedGroup::new(spec, start()).unwrap()
    }

    /// Demand with noise, each minute times `factor`.
    pub fn demand(&mut self, factor: impl Fn(usize) -> f64) -> Vec<f64> {
        // Neighbouring minutes resemble each other in half of the services.
        let memory = if self.random.chance(0.5) { 0.0 } else { 0.6 };
        let fresh = self.noise * (1.0_f64 - memory * memory).sqrt();
        let mut away = 0.0;
        (0..MINUTES)
            .map(|m| {
                away = memory * away + fresh * self.random.normal();
                let wanted = self.base[m] * factor(m) * (1.0 + away);
                self.random.poisson(wanted)
            })
            .collect()
    }

    /// The forecast of demand `factor` times the base.
    pub fn band(&self, factor: impl Fn(usize) -> f64) -> Band {
        let room = 2.0 * self.noise;
        let row = |share: f64| -> Vec<f64> {
            let value = |m: usize| self.base[m] * factor(m) * self.bias * share;
            (0..self.base.len()).map(value).collect()
        };
        Band {
            lower: row((1.0 - self.width) * (1.0 - room)),
            median: row(1.0),
            upper: row((1.0 + self.width) * (1.0 + room)),
            present: MINUTES - 1,
        }
    }

    /// The forecast, or none, as it may be.
    pub fn perhaps(&mut self, band: Band, evidence: &mut Evidence) {
        if self.random.chance(0.12) {
            evidence.missing.push(missing("forecast"));
        } else {
            evidence.band = Some(band);
        }
    }

    /// Runs it and reads its metrics as they are seen a minute later.
    pub fn watched(
        &mut self,
        group: &mut SimulatedGroup,
        service: &Service,
        demand: &[f64],
        hand: impl FnMut(usize, &mut SimulatedGroup),
    ) -> Evidence {
        let metrics = observe(group, service, start(), demand, hand).unwrap();
        self.evidence(group, &metrics)
    }

    fn evidence(&mut self, group: &SimulatedGroup, metrics: &[Metrics]) -> Evidence {
        let now = minute(MINUTES);
        let seen = group.group().unwrap();
        let planned = seen.min_size.max(1);
        let fleet = Fleet {
            in_service: seen.in_service(),
            unhealthy: 0,
            booting: seen.booting(),
            desired: seen.desired_capacity,
            most: 1000,
            planned,
        };
        let lead = SignedDuration::from_mins(self.boot);
        let mut evidence = Evidence::bare(now, fleet, self.service.throughput, lead);
        // The newest minute is not shown yet.
        let track = |name: &str, of: &dyn Fn(&Metrics) -> f64| {
            let mut values: Vec<f64> = metrics.iter().map(of).collect();
            values[MINUTES - 1] = f64::NAN;
            Some(Track::new(values, name))
        };
        evidence.demand = track("demand", &|m| m.demand);
        evidence.cpu = track("cpu", &|m| m.cpu);
        evidence.response_time = track("response time", &|m| m.response);
        evidence.errors = track("errors", &|m| m.errors);
        evidence.unhealthy = track("unhealthy", &|m| m.unhealthy);
        evidence.in_service = track("in service", &|m| m.in_service - m.unhealthy);
        evidence.fleet.in_service -= metrics[MINUTES - 1].unhealthy as u32;
        evidence.resources = vec![Resource {
            name: "memory".to_owned(),
            full: 100.0,
            track: track("memory", &|m| m.memory).unwrap(),
        }];
        evidence.behind = vec![Behind {
            name: "database".to_owned(),
            full: 90.0,
            track: track("database", &|m| m.behind).unwrap(),
        }];
        evidence.activities = Some(activities(group, now));
        evidence.servers = servers(&seen, metrics);
        self.lose_metrics(&mut evidence);
        self.thin_out(&mut evidence);
        evidence
    }

    /// One value each five minutes, of them all, in the last of them.
    fn thin_out(&self, evidence: &mut Evidence) {
        let thin = |track: &mut Track| {
            for five in track.values.chunks_mut(5) {
                let known: Vec<f64> = five.iter().copied().filter(|v| v.is_finite()).collect();
                let mean = known.iter().sum::<f64>() / known.len() as f64;
                let whole = five.len() == 5 && five[4].is_finite();
                five.fill(f64::NAN);
                if whole {
                    five[4] = mean;
                }
            }
        };
        if !matches!(self.setting, Setting::Sparse | Setting::Sparsest) {
            return;
        }
        let single = [
            &mut evidence.cpu,
            &mut evidence.response_time,
            &mut evidence.errors,
            &mut evidence.unhealthy,
            &mut evidence.in_service,
        ];
        single.into_iter().flatten().for_each(thin);
        evidence
            .resources
            .iter_mut()
            .for_each(|it| thin(&mut it.track));
        evidence
            .behind
            .iter_mut()
            .for_each(|it| thin(&mut it.track));
        for server in &mut evidence.servers {
            thin(&mut server.cpu);
            thin(&mut server.resource);
            thin(&mut server.errors);
        }
        if self.setting == Setting::Sparsest {
            evidence.demand.iter_mut().for_each(thin);
        }
    }

    /// Optional metrics are not there now and then, and minutes of others are lost.
    fn lose_metrics(&mut self, evidence: &mut Evidence) {
        let random = &mut self.random;
        let gaps = random.between(0.0, 0.04);
        for track in [
            &mut evidence.demand,
            &mut evidence.cpu,
            &mut evidence.errors,
        ]
        .into_iter()
        .flatten()
        {
            let length = track.values.len();
            for value in &mut track.values[..length - 4] {
                if random.chance(gaps) {
                    *value = f64::NAN;
                }
            }
        }
        let lost = 0.2;
        if random.chance(lost) {
            evidence.cpu = None;
        }
        if random.chance(lost) {
            evidence.in_service = None;
        }
        if random.chance(lost) {
            evidence.servers.clear();
        }
    }
}

fn activities(group: &SimulatedGroup, now: Timestamp) -> Activities {
    let since = now - SignedDuration::from_hours(1);
    let mut found = Activities::default();
    for activity in group.activities(since).unwrap() {
        let launch = activity.description.starts_with("Launching");
        match (launch, activity.status) {
            (true, ActivityStatus::Failed) => found.failed.push(FailedLaunch {
                at: activity.started,
                message: activity.message.unwrap_or_default(),
            }),
            (true, ActivityStatus::Successful) => found.succeeded.push(activity.started),
            (false, _) if activity.cause.contains("out of service") => {
                found.lost.push(activity.started);
            }
            _ => {}
        }
    }
    found
}

fn servers(group: &fleet::Group, metrics: &[Metrics]) -> Vec<Server> {
    let instances: BTreeMap<&str, Option<String>> = group
        .instances
        .iter()
        .filter(|it| it.lifecycle == Lifecycle::InService)
        .map(|it| (it.id.as_str(), it.template_version.clone()))
        .collect();
    let track = |id: &str, index: usize| {
        let values = metrics
            .iter()
            .map(|m| m.servers.get(id).map_or(f64::NAN, |server| server[index]))
            .collect();
        Track::new(values, id)
    };
    instances
        .into_iter()
        .map(|(id, version)| Server {
            id: id.to_owned(),
            version,
            cpu: track(id, 0),
            resource: track(id, 1),
            errors: track(id, 2),
        })
        .collect()
}

pub fn policy(caps: Caps) -> Policy {
    Policy {
        caps,
        people_within: SignedDuration::from_hours(1),
        refresh: false,
        share: 1.0,
    }
}

pub fn missing(what: &str) -> Missing {
    Missing {
        what: what.to_owned(),
        why: "throttled".to_owned(),
    }
}
