//! Everything a decision is made from, read at once.

use config::{Level, Target, Throughput};
use control::{
    ControlError, Edges, Loaded, Settings, World, band, chain, demand_minutes, load, metric_name,
    metric_statistic, resolve_rules,
};
use diagnosis::{
    Activities, Band, Behind, Evidence, FailedLaunch, Fleet, Missing, Release, Resource, Server,
    Track,
};
use documents::{History, Plan, keys};
use fleet::{Activity, ActivityStatus, Group, Lifecycle, SCHEDULE_TARDINESS};
use jiff::{SignedDuration, Timestamp};
use planning::Rules;
use ports::{Datapoint, DocumentStore, GroupReader, MetricName, MetricSource, PortError, Reading};
use timeseries::Step;

/// Minutes of metrics that are looked at: a leak shows over hours.
const MINUTES: usize = 240;
/// Minutes of the forecast ahead of now: the longest lead time that is told apart.
const AHEAD: usize = 120;
/// Most servers that are measured one by one.
const MOST_SERVERS: usize = 50;
/// How far back activities are asked for.
const ACTIVITIES: SignedDuration = SignedDuration::from_hours(1);

/// Everything a decision is made from, but for what the incident's record adds.
pub(crate) struct Gathered {
    pub(crate) group: Group,
    pub(crate) rules: Rules,
    pub(crate) evidence: Evidence,
    pub(crate) notes: Vec<String>,
}

/// Reads group, plan, forecast, metrics and activities, as much as possible at the same time. Only
/// the group is needed; what else cannot be read is missing evidence.
pub(crate) async fn gather<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    now: Timestamp,
) -> Result<Gathered, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupReader,
{
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let until = Step::MINUTE.floor(now);
    let from = until
        .saturating_sub(SignedDuration::from_mins(MINUTES as i64))
        .unwrap_or(Timestamp::MIN);
    let plan_key = keys::plan(&target.name);
    let history_key = keys::history(&target.name);
    let measured = matches!(target.throughput, Throughput::Measured { .. });
    let history = async {
        match measured {
            false => Ok(None),
            true => load::<History>(world.store, &history_key)
                .await
                .map(|loaded| loaded.body().cloned()),
        }
    };
    let mut notes = Vec::new();
    let span = (from, MINUTES + AHEAD);
    let (group, plan, history, edges) = futures_util::join!(
        world.groups.group(&target.group),
        load::<Plan>(world.store, &plan_key),
        history,
        band(world.store, settings, target, span, now, &mut notes),
    );
    let (group, plan) = (group.map_err(port)?, plan.map_err(port)?);
    let history = history.map_err(port)?;
    let since = now.saturating_sub(ACTIVITIES).unwrap_or(Timestamp::MIN);
    let asked = asked(target, &group, (from, until));
    let readings: Vec<Reading> = asked.iter().map(|(_, reading)| reading.clone()).collect();
    let ((rules, resolved), activities, demand, answers) = futures_util::join!(
        resolve_rules(
            target,
            &group,
            history.as_ref(),
            world.metrics,
            world.groups,
            now
        ),
        world.groups.activities(&target.group, since),
        demand_minutes(world.metrics, target, now, MINUTES),
        world.metrics.read_many(&readings),
    );
    notes.extend(resolved.notes);
    if let Loaded::Unusable(error, _) = &plan {
        notes.push(format!("skipped: {}", chain(error)));
    }
    let fleet = Fleet {
        in_service: group.in_service(),
        unhealthy: unhealthy(&group),
        booting: group.booting(),
        desired: group.desired_capacity,
        most: group.max_size.min(rules.max_servers),
        planned: planned(plan.body(), &group, &rules, now),
    };
    let mut evidence = Evidence::bare(until, fleet, rules.throughput, rules.lead_time);
    let missing = &mut evidence.missing;
    let mut known = |what: &str, error: &PortError| {
        missing.push(Missing {
            what: what.to_owned(),
            why: error.to_string(),
        });
    };
    evidence.demand = match demand {
        Ok(values) => Some(values)
            .filter(|values| values.iter().any(|value| value.is_finite()))
            .map(|values| Track::new(values, named(&metric_name(&target.demand)))),
        Err(error) => {
            known("demand", &error);
            None
        }
    };
    let edges = edges.unwrap_or_else(|error| {
        known("forecast", &error);
        None
    });
    evidence.band = edges.map(within);
    let launched = match activities {
        Ok(found) => {
            evidence.activities = Some(read_activities(&found));
            found
        }
        Err(error) => {
            known("scaling activities", &error);
            Vec::new()
        }
    };
    evidence.release = release(&group, &launched);
    for ((what, reading), answer) in asked.iter().zip(answers) {
        match answer {
            Ok(points) => place(&mut evidence, target, what, track(&points, reading)),
            Err(error) if !matches!(what, Asked::Server(..)) => {
                evidence.missing.push(Missing {
                    what: what.words(target),
                    why: error.to_string(),
                });
            }
            Err(_) => {}
        }
    }
    evidence.servers.retain(|server| {
        let measured = |track: &Track| track.values.iter().any(|value| value.is_finite());
        measured(&server.cpu) || measured(&server.resource) || measured(&server.errors)
    });
    Ok(Gathered {
        group,
        rules,
        evidence,
        notes,
    })
}

/// What a reading is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
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
    fn words(&self, target: &Target) -> String {
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

fn asked(
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

fn place(evidence: &mut Evidence, target: &Target, what: &Asked, track: Option<Track>) {
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
fn track(points: &[Datapoint], reading: &Reading) -> Option<Track> {
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

fn named(metric: &MetricName) -> String {
    format!("{} {}", metric.namespace, metric.name)
}

fn within(edges: Edges) -> Band {
    Band {
        lower: edges.lower,
        median: edges.median,
        upper: edges.upper,
        present: MINUTES - 1,
    }
}

/// In service for the group's count, and called unhealthy by it.
fn unhealthy(group: &Group) -> u32 {
    let sick = group
        .instances
        .iter()
        .filter(|instance| instance.lifecycle == Lifecycle::InService && !instance.healthy);
    sick.map(|instance| instance.weight).sum()
}

/// What the plan asks for now by itself, early enough, without holds; MinSize without a plan.
fn planned(plan: Option<&Plan>, group: &Group, rules: &Rules, now: Timestamp) -> u32 {
    let Some(plan) = plan.filter(|plan| plan.expires_at > now && !plan.steps.is_empty()) else {
        return group.min_size;
    };
    let ahead = rules.lead_time.saturating_add(SCHEDULE_TARDINESS);
    let until = now.saturating_add(ahead).unwrap_or(Timestamp::MAX);
    let first = plan
        .steps
        .partition_point(|step| step.start <= now)
        .saturating_sub(1);
    let soon = plan.steps[first..]
        .iter()
        .take_while(|step| step.start <= until);
    let most = group.max_size.min(rules.max_servers);
    soon.map(|step| step.servers)
        .max()
        .unwrap_or(0)
        .max(rules.min_servers)
        .max(plan.human_floor.unwrap_or(0))
        .min(most)
}

fn read_activities(found: &[Activity]) -> Activities {
    let mut told = Activities::default();
    for activity in found {
        let launch = activity.description.starts_with("Launching");
        match (launch, activity.status) {
            (true, ActivityStatus::Failed | ActivityStatus::Cancelled) => {
                told.failed.push(FailedLaunch {
                    at: activity.started,
                    message: activity.message.clone().unwrap_or_default(),
                });
            }
            (true, ActivityStatus::Successful) => told.succeeded.push(activity.started),
            (false, _) if unwanted(&activity.cause) => told.lost.push(activity.started),
            _ => {}
        }
    }
    told
}

/// Whether a termination's cause is none that somebody asked for. Auto Scaling's causes read "At
/// 2026-03-04T10:00:00Z an instance was taken out of service in response to an EC2 health check
/// indicating it has been terminated or stopped" against "... in response to a difference between
/// desired and actual capacity, shrinking the capacity". Source: Auto Scaling user guide, scaling
/// activities.
fn unwanted(cause: &str) -> bool {
    let cause = cause.to_lowercase();
    let shrinking = cause.contains("shrinking") || cause.contains("desired capacity from");
    let refreshing = cause.contains("instance refresh");
    !shrinking
        && !refreshing
        && (cause.contains("health check")
            || cause.contains("out of service")
            || cause.contains("rebalance")
            || cause.contains("interruption"))
}

/// The newest launch template version, where servers of another one are there too or were launched
/// within the hour.
fn release(group: &Group, launched: &[Activity]) -> Option<Release> {
    let number = |version: &str| version.parse::<u64>().ok();
    let versions = group
        .instances
        .iter()
        .filter_map(|instance| Some((instance, instance.template_version.as_deref()?)));
    let newest = versions
        .clone()
        .max_by_key(|(_, version)| number(version))?
        .1
        .to_owned();
    let mixed = versions.clone().any(|(_, version)| version != newest);
    let of_it = |activity: &&Activity| {
        versions
            .clone()
            .filter(|(_, version)| *version == newest)
            .any(|(instance, _)| activity.description.contains(&instance.id))
    };
    let first = launched
        .iter()
        .filter(|activity| activity.status == ActivityStatus::Successful)
        .filter(of_it)
        .filter_map(|activity| activity.ended)
        .min()?;
    // A group of one version that merely grew has no new release, unless all of it is new.
    let all_new = group.instances.iter().all(|instance| {
        launched
            .iter()
            .any(|activity| activity.description.contains(&instance.id))
    });
    (mixed || all_new).then_some(Release {
        version: newest,
        at: first,
    })
}
