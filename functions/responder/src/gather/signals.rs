//! The metrics that the configuration names: what is asked for, and where answers belong.

use config::{Level, Target};
use control::{metric_name, metric_statistic};
use diagnosis::{Behind, Evidence, Resource, Server, Track};
use fleet::{Group, Lifecycle};
use jiff::Timestamp;
use ports::{Datapoint, MetricName, Reading};
use timeseries::Step;

use super::MINUTES;

/// Most servers that are measured one by one.
const MOST_SERVERS: usize = 50;

/// What a reading is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Cpu,
    ResponseTime,
    Errors,
    Unhealthy,
    InService,
    Exhaustible(usize),
    Behind(usize),
    /// Of a single server: which, and of what: 0 CPU, 1 resource, 2 errors.
    Server(String, Option<String>, u8),
}

impl Asked {
    /// What people call it.
    pub(super) fn words(&self, target: &Target) -> String {
        let signals = &target.response.signals;
        let label = |levels: &[Level], index: usize| {
            levels
                .get(index)
                .map_or_else(String::new, |level| level.label.clone())
        };
        match self {
            Self::Cpu => "CPU".to_owned(),
            Self::ResponseTime => "response time".to_owned(),
            Self::Errors => "errors".to_owned(),
            Self::Unhealthy => "unhealthy servers".to_owned(),
            Self::InService => "servers in service".to_owned(),
            Self::Exhaustible(index) => label(&signals.exhaustible, *index),
            Self::Behind(index) => label(&signals.behind, *index),
            Self::Server(id, ..) => id.clone(),
        }
    }
}

pub(super) fn asked(
    target: &Target,
    group: &Group,
    (from, to): (Timestamp, Timestamp),
) -> Vec<(Asked, Reading)> {
    let signals = &target.response.signals;
    let reading = |metric: &config::DemandMetric, name: MetricName| Reading {
        metric: name,
        statistic: metric_statistic(metric),
        period: Step::MINUTE,
        from,
        to,
    };
    let mut asked = Vec::new();
    let single = [
        (Asked::Cpu, &signals.cpu),
        (Asked::ResponseTime, &signals.response_time),
        (Asked::Errors, &signals.errors),
        (Asked::Unhealthy, &signals.unhealthy),
        (Asked::InService, &signals.in_service),
    ];
    for (what, metric) in single {
        if let Some(metric) = metric {
            asked.push((what, reading(metric, metric_name(metric))));
        }
    }
    let levels = |levels: &[Level], what: fn(usize) -> Asked| -> Vec<(Asked, Reading)> {
        let each = levels.iter().enumerate();
        each.map(|(index, level)| {
            (
                what(index),
                reading(&level.metric, metric_name(&level.metric)),
            )
        })
        .collect()
    };
    asked.extend(levels(&signals.exhaustible, Asked::Exhaustible));
    asked.extend(levels(&signals.behind, Asked::Behind));
    let Some(dimension) = &signals.per_server else {
        return asked;
    };
    let serving: Vec<_> = group
        .instances
        .iter()
        .filter(|instance| instance.lifecycle == Lifecycle::InService)
        .collect();
    if serving.len() > MOST_SERVERS || serving.len() < 3 {
        return asked;
    }
    let resource = signals.exhaustible.first().map(|level| &level.metric);
    let of_servers = [
        (0, signals.cpu.as_ref()),
        (1, resource),
        (2, signals.errors.as_ref()),
    ];
    for instance in serving {
        for (index, metric) in of_servers {
            let Some(metric) = metric else { continue };
            let mut name = metric_name(metric);
            // What holds of the group does not hold of one server of it.
            name.dimensions.remove("AutoScalingGroupName");
            name.dimensions
                .insert(dimension.clone(), instance.id.clone());
            let version = instance.template_version.clone();
            asked.push((
                Asked::Server(instance.id.clone(), version, index),
                reading(metric, name),
            ));
        }
    }
    asked
}

pub(super) fn place(evidence: &mut Evidence, target: &Target, what: &Asked, track: Option<Track>) {
    let Some(track) = track else { return };
    let signals = &target.response.signals;
    match what {
        Asked::Cpu => evidence.cpu = Some(track),
        Asked::ResponseTime => evidence.response_time = Some(track),
        Asked::Errors => evidence.errors = Some(track),
        Asked::Unhealthy => evidence.unhealthy = Some(track),
        Asked::InService => evidence.in_service = Some(track),
        Asked::Exhaustible(index) => {
            let level = signals.exhaustible.get(*index);
            evidence.resources.extend(level.map(|level| Resource {
                name: level.label.clone(),
                full: level.full,
                track,
            }));
        }
        Asked::Behind(index) => {
            let level = signals.behind.get(*index);
            evidence.behind.extend(level.map(|level| Behind {
                name: level.label.clone(),
                full: level.full,
                track,
            }));
        }
        Asked::Server(id, version, index) => {
            if evidence
                .servers
                .last()
                .is_none_or(|server| server.id != *id)
            {
                evidence.servers.push(Server {
                    id: id.clone(),
                    version: version.clone(),
                    ..Server::default()
                });
            }
            if let Some(server) = evidence.servers.last_mut() {
                match index {
                    0 => server.cpu = track,
                    1 => server.resource = track,
                    _ => server.errors = track,
                }
            }
        }
    }
}

/// One value a minute, as rates where they are counts; `None` without any. A metric that comes
/// every five minutes stands for those five.
pub(super) fn track(points: &[Datapoint], reading: &Reading) -> Option<Track> {
    let slot = |at: Timestamp| {
        usize::try_from(at.duration_since(reading.from).as_secs().div_euclid(60)).ok()
    };
    let mut values = vec![f64::NAN; MINUTES];
    let mut known: Vec<usize> = Vec::new();
    for point in points.iter().filter(|point| point.value.is_finite()) {
        if let Some(index) = slot(point.at).filter(|index| *index < MINUTES) {
            values[index] = point.value;
            known.push(index);
        }
    }
    let (first, last) = (*known.first()?, *known.last()?);
    let every_fifth = known.len() > 1 && (last - first) / (known.len() - 1) >= 4;
    if every_fifth {
        for index in known {
            for later in index + 1..(index + 5).min(MINUTES) {
                if values[later].is_nan() {
                    values[later] = values[index];
                }
            }
        }
    }
    Some(Track::new(values, named(&reading.metric)))
}

pub(super) fn named(metric: &MetricName) -> String {
    format!("{} {}", metric.namespace, metric.name)
}
