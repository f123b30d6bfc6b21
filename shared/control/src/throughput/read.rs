//! What a measured throughput is read from.

use std::collections::BTreeMap;

use config::{BoundKind, DemandMetric, Target, Throughput};
use fleet::Group;
use jiff::{SignedDuration, Timestamp};
use planning::{LoadPoint, Signal, SignalKind};
use ports::{Datapoint, MetricName, MetricSource, PortError, Reading, Statistic};
use timeseries::Step;

use super::Measured;
use crate::metrics::{metric_name, metric_statistic};

/// How far back is measured: a week has every shape of day.
const SEEN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Step of what is read: a server's load settles within it.
const STEP: Step = Step::FIVE_MINUTES;
/// Percent of CPU against which a plain typed-in value is compared. A group's mean over five minutes
/// reaches 100 only where no server has had a moment to spare.
const FULL: f64 = 95.0;

/// What is measured, in the order of the configuration: the resource first.
pub(super) fn signals(target: &Target) -> Vec<Measured<'_>> {
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
pub(super) fn made_for(target: &Target, signals: &[Measured<'_>]) -> String {
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

pub(super) fn reading(metric: MetricName, statistic: Statistic, now: Timestamp) -> Reading {
    Reading {
        metric,
        statistic,
        period: STEP,
        from: STEP.floor(now.saturating_sub(SEEN).unwrap_or(Timestamp::MIN)),
        to: STEP.floor(now),
    }
}

pub(super) fn of(metric: &DemandMetric, now: Timestamp) -> Reading {
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
pub(super) fn by_time(points: Vec<Datapoint>, metric: &DemandMetric) -> BTreeMap<Timestamp, f64> {
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
pub(super) async fn seen<M: MetricSource>(
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
