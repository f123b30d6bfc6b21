//! What a target's configuration and measurements come down to.

use config::{DemandMetric, LeadTime, Mode, Target, Throughput};
use documents::{History, Measurements};
use fleet::Group;
use jiff::{SignedDuration, Timestamp};
use planning::{Launches, LoadPoint, Rules, measure_lead_time, measure_throughput, versions_seen};
use ports::{GroupReader, MetricName, MetricSource, PortError, Reading, Statistic};
use timeseries::Step;

use crate::metrics::{metric_name, series_of};

/// How throughput and lead time were come by.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Plain sentences for plan and report.
    pub notes: Vec<String>,
    /// What is to be remembered for measuring again.
    pub measurements: Measurements,
}

/// What is known before anything is measured.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// Observed demand.
    pub history: Option<&'a History>,
    /// What was measured before.
    pub measurements: Option<&'a Measurements>,
    /// Whether values that people typed in are compared with what is seen. It costs calls.
    pub check: bool,
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
    known: Known<'_>,
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
            match loads(target, resource, known.history, metrics, now)
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
    let (lead_time, measurements) = lead_time(target, group, known, groups, now, &mut notes).await;
    let rules = Rules {
        min_servers: target.min_servers,
        max_servers: target.max_servers,
        throughput,
        lead_time,
        risk: target.risk,
        // As configured: what a canary has grown to is known once its plan is read.
        share: match target.mode {
            Mode::Canary(percent) => f64::from(percent) / 100.0,
            Mode::Off | Mode::Shadow | Mode::Active => 1.0,
        },
        pace: planning::Pace {
            most_up: target.control.most_step_up,
            most_down: target.control.most_step_down,
            dwell: target.control.least_dwell,
        },
    };
    let measured = Measured {
        notes,
        measurements,
    };
    (rules, measured)
}

/// The lead time to go by, and what is to be remembered of launches.
async fn lead_time<G: GroupReader>(
    target: &Target,
    group: &Group,
    known: Known<'_>,
    groups: &G,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> (SignedDuration, Measurements) {
    let assumed = target.lead_time.assumed();
    let mut remembered = known.measurements.cloned().unwrap_or_default();
    let given = matches!(target.lead_time, LeadTime::Given(_));
    if given && !known.check {
        return (assumed, remembered);
    }
    let since = now
        .saturating_sub(ACTIVITIES_KEPT)
        .unwrap_or(Timestamp::MIN);
    let activities = groups.activities(&target.group, since).await;
    if given && let Err(error) = &activities {
        notes.push(format!(
            "lead time of {assumed:#} as configured, not compared: {error}"
        ));
    }
    let measured = activities.map_err(|error| error.to_string());
    let measured = measured.and_then(|activities| {
        remembered.versions = versions_seen(&remembered.versions, group, &activities);
        measure_lead_time(&Launches {
            activities: &activities,
            group,
            versions: &remembered.versions,
            now,
        })
    });
    let lead_time = match measured {
        Ok(measured) if given => {
            if measured.lead_time > assumed {
                notes.push(format!(
                    "lead time of {assumed:#} as configured is shorter than what is seen, so servers come late: {}",
                    measured.sentences().join("; ")
                ));
            }
            assumed
        }
        Ok(measured) => {
            notes.extend(measured.sentences());
            measured.lead_time
        }
        // Nothing to compare a typed-in value with.
        Err(_) if given => assumed,
        Err(why) => {
            notes.push(format!("lead time of {assumed:#} as configured: {why}"));
            assumed
        }
    };
    (lead_time, remembered)
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
