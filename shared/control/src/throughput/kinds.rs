//! What each instance type of a fleet sustains.

use std::collections::BTreeMap;

use config::Target;
use fleet::{Group, Instance, Lifecycle};
use jiff::Timestamp;
use planning::{Kind, LoadPoint, fleet_throughput, learn_throughput};
use ports::{MetricName, MetricSource, PortError, Statistic};

use super::Measured;
use super::read::{by_time, of, reading};
use crate::metrics::{metric_name, metric_statistic};

/// Servers of each instance type that are looked at one by one: a few tell a type from another.
const SERVERS_OF_A_KIND: usize = 3;
/// Most instance types looked at one by one.
const MOST_KINDS: usize = 6;

/// What instance types say of a fleet.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kinds {
    /// There is one, or the configuration does not have them looked at.
    Alike,
    /// What the fleet sustains a unit.
    Apart(f64),
    /// They are to be told apart and cannot be now.
    Untold,
}

/// What a fleet of several instance types sustains a unit, by the CPU (or whatever binds first in
/// the configuration) of a few servers of each.
pub(super) async fn by_kind<M: MetricSource>(
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
