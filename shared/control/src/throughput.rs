//! Demand one server sustains, from the target's metrics.

use std::collections::BTreeMap;

use config::{BoundKind, DemandMetric, Target, Throughput};
use documents::ThroughputRecord;
use fleet::{Group, Instance, Lifecycle};
use jiff::{SignedDuration, Timestamp};
use planning::{
    Compared, Kind, Learnt, LoadPoint, Signal, SignalKind, fleet_throughput, learn_throughput, rate,
};
use ports::{Datapoint, MetricName, MetricSource, PortError, Reading, Statistic};
use timeseries::Step;

use crate::metrics::{metric_name, metric_statistic};
use crate::rules::Known;

/// How far back is measured: a week has every shape of day.
const SEEN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Measured again after so long: a day adds a seventh to what is known.
const HOLDS: SignedDuration = SignedDuration::from_hours(24);
/// Step of what is read: a server's load settles within it.
const STEP: Step = Step::FIVE_MINUTES;
/// Servers of each instance type that are looked at one by one: a few tell a type from another.
const SERVERS_OF_A_KIND: usize = 3;
/// Most instance types looked at one by one.
const MOST_KINDS: usize = 6;

/// Percent of CPU against which a plain typed-in value is compared. A group's mean over five minutes
/// reaches 100 only where no server has had a moment to spare.
const FULL: f64 = 95.0;

/// A signal and where it is measured.
type Measured<'a> = (Signal, &'a DemandMetric);

/// The throughput to go by, and what was measured anew, if anything was.
pub(crate) async fn throughput<M: MetricSource>(
    target: &Target,
    group: &Group,
    known: Known<'_>,
    metrics: &M,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> (f64, Option<ThroughputRecord>) {
    let assumed = target.throughput.assumed();
    let signals = signals(target);
    let typed = match target.throughput {
        Throughput::Given(_) => true,
        Throughput::Measured { typed, .. } => typed,
    };
    if signals.is_empty() || (typed && !known.check) {
        return (assumed, None);
    }
    let made_for = made_for(target, &signals);
    let stored = known.measurements.and_then(|m| m.throughput.as_ref());
    let stored = stored.filter(|record| record.made_for == made_for);
    // An alarm does not wait for a week of metrics where they were read before.
    let fresh = |record: &&ThroughputRecord| {
        !known.check || (record.at <= now && now.duration_since(record.at) < HOLDS)
    };
    if let Some(record) = stored.filter(fresh) {
        notes.extend(record.notes.iter().cloned());
        let measured = record.per_server.filter(|_| !typed);
        return (measured.unwrap_or(assumed), None);
    }
    let seen = match seen(target, group, &signals, metrics, now).await {
        Ok(points) => points,
        Err(error) if typed => {
            notes.push(format!(
                "throughput of {assumed}/min as configured, not compared: {error}"
            ));
            return (assumed, None);
        }
        Err(error) => {
            let (value, why) = last(stored, assumed);
            notes.push(format!("{why}: {error}"));
            return (value, None);
        }
    };
    let only: Vec<Signal> = signals.iter().map(|(signal, _)| signal.clone()).collect();
    let learnt = learn_throughput(&seen, &only);
    let mut told = Vec::new();
    let mut kept = None;
    let measured = if typed {
        told.extend(compared(target, &learnt, assumed));
        None
    } else {
        let whole = learnt.per_server();
        if whole.is_none() {
            kept = stored.filter(|record| record.per_server.is_some());
            told.push(last(kept, assumed).1);
        }
        told.extend(learnt.sentences());
        let mixed = by_kind(target, group, &signals, metrics, now, &mut told).await;
        let measured = match (whole, mixed) {
            (Some(whole), Kinds::Apart(mixed)) => Some(whole.min(mixed)),
            (whole, _) => whole,
        };
        // What might bind and is not seen may bind as it did.
        let unseen = unseen(&seen, &only, matches!(mixed, Kinds::Untold));
        match (measured, stored.and_then(|record| record.per_server)) {
            (Some(more), Some(before)) if !unseen.is_empty() && more > before => {
                kept = stored;
                let (_, why) = last(stored, assumed);
                told.push(format!(
                    "{why}, not {}/min: {unseen} cannot be seen now",
                    rate(more)
                ));
                None
            }
            _ => measured,
        }
    };
    notes.extend(told.iter().cloned());
    let kept = kept.filter(|_| measured.is_none());
    let measured = measured.or_else(|| kept?.per_server);
    let record = ThroughputRecord {
        at: now,
        made_for,
        per_server: measured,
        measured_at: kept.map(measured_at),
        notes: told,
    };
    (measured.unwrap_or(assumed), Some(record))
}

/// What is configured to be measured and has no datapoint in all of `seen`, as words; `kinds` says whether
/// instance types could not be told apart. Errors are counted only where there are some.
fn unseen(seen: &[LoadPoint], signals: &[Signal], kinds: bool) -> String {
    let missing = |index: usize| {
        let mut values = seen.iter().filter_map(|point| point.values.get(index));
        values.all(|value| value.is_nan())
    };
    let signals = signals.iter().enumerate();
    let signals = signals.filter(|(index, it)| it.kind != SignalKind::Errors && missing(*index));
    let mut words: Vec<&str> = signals.map(|(_, it)| it.label.as_str()).collect();
    if kinds {
        words.push("what each instance type carries");
    }
    words.join(", ")
}

/// What is gone by where nothing can be measured now, in a sentence: the last measured value, however
/// old it is, and the configured one only before the first. A change of value for want of data could
/// take servers away.
fn last(stored: Option<&ThroughputRecord>, assumed: f64) -> (f64, String) {
    let known = stored.and_then(|record| Some((record.per_server?, measured_at(record))));
    match known {
        Some((value, at)) => {
            let at = timeseries::Step::MINUTE.floor(at);
            let text = format!(
                "throughput of {}/min a server as measured at {at}",
                rate(value)
            );
            (value, text)
        }
        None => (
            assumed,
            format!("throughput of {assumed}/min as configured"),
        ),
    }
}

fn measured_at(record: &ThroughputRecord) -> Timestamp {
    record.measured_at.unwrap_or(record.at)
}

/// What there is to say of a typed-in value.
fn compared(target: &Target, learnt: &Learnt, typed: f64) -> Vec<String> {
    let (verdict, text) = learnt.compared(typed);
    match (&target.throughput, verdict) {
        // Measured against a CPU that is full, which nobody plans for: only too much is news.
        (Throughput::Given(_), Compared::Fits | Compared::TooLittle) => Vec::new(),
        (Throughput::Given(_), Compared::TooMuch) => text.into_iter().collect(),
        (Throughput::Measured { .. }, _) => match text {
            Some(text) => std::iter::once(text).chain(learnt.advice()).collect(),
            None => learnt.sentences(),
        },
    }
}

fn signals(target: &Target) -> Vec<Measured<'_>> {
    let signal = |label: &str, kind, limit| Signal {
        label: label.to_owned(),
        kind,
        limit,
    };
    match &target.throughput {
        Throughput::Given(_) => {
            let cpu = target.response.signals.cpu.iter();
            cpu.map(|metric| (signal("CPU", SignalKind::Cpu, FULL), metric))
                .collect()
        }
        Throughput::Measured {
            resource,
            utilization,
            bounds,
            ..
        } => {
            let (label, kind) = match resource.name.as_str() {
                "CPUUtilization" => ("CPU", SignalKind::Cpu),
                name if name.starts_with("mem") || name.starts_with("Memory") => {
                    ("memory", SignalKind::Memory)
                }
                name => (name, SignalKind::Level),
            };
            let first = (signal(label, kind, *utilization), resource);
            let others = bounds.iter().map(|bound| {
                let (label, kind) = match bound.kind {
                    BoundKind::Memory => ("memory", SignalKind::Memory),
                    BoundKind::ResponseTime => ("response time", SignalKind::ResponseTime),
                    BoundKind::Errors => ("errors", SignalKind::Errors),
                    BoundKind::Queue => ("queue", SignalKind::Queue),
                };
                (signal(label, kind, bound.limit), &bound.metric)
            });
            std::iter::once(first).chain(others).collect()
        }
    }
}

/// What a measured throughput depends on, as text.
fn made_for(target: &Target, signals: &[Measured<'_>]) -> String {
    let value = match target.throughput {
        Throughput::Given(value) => value.to_string(),
        Throughput::Measured {
            typed: true,
            initial,
            ..
        } => initial.to_string(),
        Throughput::Measured { .. } => "measured".to_owned(),
    };
    let name = |metric: &DemandMetric| {
        let dimensions = metric.dimensions.iter();
        let dimensions: Vec<String> = dimensions.map(|(key, of)| format!("{key}={of}")).collect();
        format!(
            "{} {} {} {}",
            metric.namespace,
            metric.name,
            dimensions.join(" "),
            metric.statistic
        )
    };
    let each = signals
        .iter()
        .map(|(signal, metric)| format!("{} {} {}", signal.label, signal.limit, name(metric)));
    let parts: Vec<String> = [value, name(&target.demand)]
        .into_iter()
        .chain(each)
        .collect();
    parts.join("; ")
}

fn reading(metric: MetricName, statistic: Statistic, now: Timestamp) -> Reading {
    Reading {
        metric,
        statistic,
        period: STEP,
        from: STEP.floor(now.saturating_sub(SEEN).unwrap_or(Timestamp::MIN)),
        to: STEP.floor(now),
    }
}

fn of(metric: &DemandMetric, now: Timestamp) -> Reading {
    reading(metric_name(metric), metric_statistic(metric), now)
}

/// The count of servers in service, or of capacity units where the group has weights.
fn in_service(target: &Target, group: &Group, now: Timestamp) -> Reading {
    let weighted = group.instances.iter().any(|instance| instance.weight != 1);
    let own = target.response.signals.in_service.as_ref();
    if let Some(metric) = own.filter(|_| !weighted) {
        return of(metric, now);
    }
    let name = if weighted {
        "GroupInServiceCapacity"
    } else {
        "GroupInServiceInstances"
    };
    let metric = MetricName {
        namespace: "AWS/AutoScaling".to_owned(),
        name: name.to_owned(),
        dimensions: [("AutoScalingGroupName".to_owned(), target.group.clone())].into(),
    };
    reading(metric, Statistic::Average, now)
}

/// Values per minute by time; a count is spread over its minutes.
fn by_time(points: Vec<Datapoint>, metric: &DemandMetric) -> BTreeMap<Timestamp, f64> {
    let factor = if metric.counts() {
        1.0 / STEP.minutes()
    } else {
        1.0
    };
    let values = points
        .into_iter()
        .map(|point| (point.at, point.value * factor));
    values.collect()
}

/// The last week: demand, servers and every signal, where demand and servers are known.
async fn seen<M: MetricSource>(
    target: &Target,
    group: &Group,
    signals: &[Measured<'_>],
    metrics: &M,
    now: Timestamp,
) -> Result<Vec<LoadPoint>, PortError> {
    let mut readings = vec![of(&target.demand, now), in_service(target, group, now)];
    readings.extend(signals.iter().map(|(_, metric)| of(metric, now)));
    let mut answers = metrics.read_many(&readings).await.into_iter();
    let mut next = || answers.next().unwrap_or(Ok(Vec::new()));
    let demand = by_time(next()?, &target.demand);
    let servers = next()?;
    let values: Vec<BTreeMap<Timestamp, f64>> = signals
        .iter()
        .map(|(_, metric)| Ok(by_time(next()?, metric)))
        .collect::<Result<_, PortError>>()?;
    let points = servers.iter().filter_map(|servers| {
        Some(LoadPoint {
            at: servers.at,
            demand: *demand.get(&servers.at)?,
            servers: servers.value,
            values: values
                .iter()
                .map(|values| values.get(&servers.at).copied().unwrap_or(f64::NAN))
                .collect(),
        })
    });
    Ok(points.collect())
}

/// What instance types say of a fleet.
#[derive(Debug, Clone, Copy)]
enum Kinds {
    /// There is one, or the configuration does not have them looked at.
    Alike,
    /// What the fleet sustains a unit.
    Apart(f64),
    /// They are to be told apart and cannot be now.
    Untold,
}

/// What a fleet of several instance types sustains a unit, by the CPU (or whatever binds first in
/// the configuration) of a few servers of each.
async fn by_kind<M: MetricSource>(
    target: &Target,
    group: &Group,
    signals: &[Measured<'_>],
    metrics: &M,
    now: Timestamp,
    told: &mut Vec<String>,
) -> Kinds {
    let mut kinds: BTreeMap<(&str, u32), Vec<&Instance>> = BTreeMap::new();
    let mut untyped = 0;
    for instance in &group.instances {
        if instance.lifecycle == Lifecycle::InService {
            match instance.instance_type.as_deref() {
                Some(name) => kinds
                    .entry((name, instance.weight))
                    .or_default()
                    .push(instance),
                None => untyped += 1,
            }
        }
    }
    if kinds.is_empty() || (kinds.len() == 1 && untyped == 0) {
        return Kinds::Alike;
    }
    if target.response.signals.per_server.is_none() {
        told.push(format!(
            "{} instance types are not told apart: no metric of single servers is configured \
             (signals.per_server)",
            kinds.len()
        ));
        return Kinds::Alike;
    }
    if untyped > 0 {
        told.push(format!(
            "instance types are not told apart: that of {untyped} instances is unknown"
        ));
        return Kinds::Untold;
    }
    let all = kinds.len();
    let mut kinds: Vec<((&str, u32), Vec<&Instance>)> = kinds.into_iter().collect();
    if all > MOST_KINDS {
        kinds.sort_by_key(|(_, instances)| std::cmp::Reverse(instances.len()));
        kinds.truncate(MOST_KINDS);
        told.push(format!(
            "of {all} instance types only the {MOST_KINDS} with the most servers are told apart"
        ));
    }
    apart(target, &kinds, signals, metrics, now, told)
        .await
        .map_or(Kinds::Untold, Kinds::Apart)
}

/// The same of these types; `None` where one of them cannot be told.
async fn apart<M: MetricSource>(
    target: &Target,
    kinds: &[((&str, u32), Vec<&Instance>)],
    signals: &[Measured<'_>],
    metrics: &M,
    now: Timestamp,
    told: &mut Vec<String>,
) -> Option<f64> {
    let dimension = target.response.signals.per_server.as_ref()?;
    let (signal, metric) = signals.first()?;
    let single = |instance: &Instance| MetricName {
        dimensions: [(dimension.clone(), instance.id.clone())].into(),
        ..metric_name(metric)
    };
    let counted = MetricName {
        namespace: "AWS/AutoScaling".to_owned(),
        name: "GroupInServiceInstances".to_owned(),
        dimensions: [("AutoScalingGroupName".to_owned(), target.group.clone())].into(),
    };
    let mut readings = vec![
        of(&target.demand, now),
        reading(counted, Statistic::Average, now),
    ];
    let looked_at = |of: &[&Instance]| of.len().min(SERVERS_OF_A_KIND);
    for (_, instances) in kinds {
        let few = instances.iter().take(looked_at(instances));
        readings.extend(few.map(|i| reading(single(i), metric_statistic(metric), now)));
    }
    let answers = metrics.read_many(&readings).await;
    let answers: Result<Vec<_>, PortError> = answers.into_iter().collect();
    let mut answers = match answers {
        Ok(answers) => answers.into_iter(),
        Err(error) => {
            told.push(format!("instance types are not told apart: {error}"));
            return None;
        }
    };
    let demand = by_time(answers.next()?, &target.demand);
    let servers: BTreeMap<Timestamp, f64> =
        answers.next()?.iter().map(|p| (p.at, p.value)).collect();
    let mut measured = Vec::with_capacity(kinds.len());
    for ((name, weight), instances) in kinds {
        let mut points = Vec::new();
        for _ in 0..looked_at(instances) {
            points.extend(answers.next()?.iter().filter_map(|used| {
                Some(LoadPoint {
                    at: used.at,
                    demand: *demand.get(&used.at)?,
                    servers: *servers.get(&used.at)?,
                    values: vec![used.value],
                })
            }));
        }
        let learnt = learn_throughput(&points, std::slice::from_ref(signal));
        let Some(per_server) = learnt.per_server() else {
            told.push(format!(
                "{name} by itself: {}",
                learnt.sentences().join("; ")
            ));
            return None;
        };
        measured.push(Kind {
            name: (*name).to_owned(),
            weight: *weight,
            servers: u32::try_from(instances.len()).unwrap_or(u32::MAX),
            per_server,
        });
    }
    let share = fleet_throughput(&measured)?;
    let each: Vec<String> = measured
        .iter()
        .zip(&share.fair_weights)
        .map(|(kind, fair)| {
            format!(
                "{} of weight {} sustains {:.0}/min (fair weight {fair:.1})",
                kind.name, kind.weight, kind.per_server
            )
        })
        .collect();
    told.push(format!(
        "{}; with equal shares of demand {} is full first: {:.0}/min a unit",
        each.join(", "),
        share.first_full,
        share.per_unit
    ));
    Some(share.per_unit)
}
