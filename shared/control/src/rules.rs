//! What a target's configuration and measurements come down to.

use config::{DemandMetric, LeadTime, Mode, Target, Throughput};
use documents::History;
use fleet::Group;
use jiff::{SignedDuration, Timestamp};
use planning::{LoadPoint, Rules, measure_lead_time, measure_throughput};
use ports::{GroupReader, MetricName, MetricSource, PortError, Reading, Statistic};
use timeseries::Step;

use crate::metrics::{metric_name, series_of};

/// How throughput and lead time were come by.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Plain sentences for plan and report.
    pub notes: Vec<String>,
}

/// How far back activities are read. Source: DescribeScalingActivities keeps six weeks.
const ACTIVITIES_KEPT: SignedDuration = SignedDuration::from_hours(6 * 7 * 24);
/// How far back throughput is measured: a week has every shape of day.
const LOADS_SEEN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The rules a plan for `target` follows, measured where the configuration says so. What cannot be
/// measured, also because a call failed, falls back to the configuration's initial value and is
/// noted.
pub async fn resolve_rules<M: MetricSource, G: GroupReader>(
    target: &Target,
    group: &Group,
    history: Option<&History>,
    metrics: &M,
    groups: &G,
    now: Timestamp,
) -> (Rules, Measured) {
    let mut notes = Vec::new();
    let throughput = match &target.throughput {
        Throughput::Given(value) => *value,
        Throughput::Measured {
            resource,
            utilization,
            initial,
        } => {
            match loads(target, resource, history, metrics, now)
                .await
                .map(|points| measure_throughput(&points, *utilization))
            {
                Ok(Ok(measured)) => {
                    notes.push(format!(
                        "throughput of {:.0}/min measured at {utilization} % of {} on {} points{}",
                        measured.per_server,
                        resource.name,
                        measured.points,
                        if measured.per_server > measured.highest_seen {
                            format!(", beyond the {:.0}/min ever seen", measured.highest_seen)
                        } else {
                            String::new()
                        },
                    ));
                    measured.per_server
                }
                Ok(Err(why)) => {
                    notes.push(format!("throughput of {initial}/min as configured: {why}"));
                    *initial
                }
                Err(error) => {
                    notes.push(format!(
                        "throughput of {initial}/min as configured: {error}"
                    ));
                    *initial
                }
            }
        }
    };
    let lead_time = match &target.lead_time {
        LeadTime::Given(span) => *span,
        LeadTime::Measured { initial } => {
            let since = now
                .saturating_sub(ACTIVITIES_KEPT)
                .unwrap_or(Timestamp::MIN);
            let activities = groups.activities(&target.group, since).await;
            match activities.map(|found| measure_lead_time(&found, group.default_warmup)) {
                Ok(Ok(measured)) => {
                    notes.push(format!(
                        "lead time of {:#} measured on {} launches",
                        measured.lead_time, measured.launches
                    ));
                    measured.lead_time
                }
                Ok(Err(why)) => {
                    notes.push(format!("lead time of {initial:#} as configured: {why}"));
                    *initial
                }
                Err(error) => {
                    notes.push(format!("lead time of {initial:#} as configured: {error}"));
                    *initial
                }
            }
        }
    };
    let share = match target.mode {
        Mode::Canary(percent) => f64::from(percent) / 100.0,
        Mode::Off | Mode::Shadow | Mode::Active => 1.0,
    };
    let rules = Rules {
        min_servers: target.min_servers,
        max_servers: target.max_servers,
        throughput,
        lead_time,
        risk: target.risk,
        share,
    };
    (rules, Measured { notes })
}

/// Demand, servers and resource of the last week in five-minute steps.
async fn loads<M: MetricSource>(
    target: &Target,
    resource: &DemandMetric,
    history: Option<&History>,
    metrics: &M,
    now: Timestamp,
) -> Result<Vec<LoadPoint>, PortError> {
    let Some(history) = history else {
        return Ok(Vec::new());
    };
    let Ok(demand) = series_of(history, &history.demand) else {
        return Ok(Vec::new());
    };
    let from = Step::FIVE_MINUTES.floor(now.saturating_sub(LOADS_SEEN).unwrap_or(Timestamp::MIN));
    let to = Step::FIVE_MINUTES.floor(now);
    let in_service = MetricName {
        namespace: "AWS/AutoScaling".to_owned(),
        name: "GroupInServiceInstances".to_owned(),
        dimensions: [("AutoScalingGroupName".to_owned(), target.group.clone())].into(),
    };
    let reading = |metric: MetricName| Reading {
        metric,
        statistic: Statistic::Average,
        period: Step::FIVE_MINUTES,
        from,
        to,
    };
    let (used_reading, servers_reading) = (reading(metric_name(resource)), reading(in_service));
    let (used, servers) =
        futures_util::try_join!(metrics.read(&used_reading), metrics.read(&servers_reading))?;
    let servers: std::collections::BTreeMap<Timestamp, f64> = servers
        .iter()
        .map(|point| (point.at, point.value))
        .collect();
    Ok(used
        .iter()
        .filter_map(|point| {
            let servers = *servers.get(&point.at)?;
            Some(LoadPoint {
                demand: demand.at(point.at)?,
                servers,
                resource: point.value,
            })
        })
        .collect())
}
