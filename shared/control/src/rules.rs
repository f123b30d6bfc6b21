//! What a target's configuration and measurements come down to.

use config::{LeadTime, Mode, Target};
use documents::{LeadTimeRecord, Measurements};
use fleet::Group;
use jiff::{SignedDuration, Timestamp};
use planning::{Launches, Rules, measure_lead_time, rate, versions_seen};
use ports::{GroupReader, MetricSource};

use crate::Evidence;
use crate::throughput::throughput;

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
    /// What was measured before.
    pub measurements: Option<&'a Measurements>,
    /// Whether values that people typed in are compared with what is seen. It costs calls.
    pub check: bool,
}

/// How far back activities are read. Source: DescribeScalingActivities keeps six weeks.
const ACTIVITIES_KEPT: SignedDuration = SignedDuration::from_hours(6 * 7 * 24);

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
    let mut measurements = known.measurements.cloned().unwrap_or_default();
    let (throughput, record) = throughput(target, group, known, metrics, now, &mut notes).await;
    measurements.throughput = record.or(measurements.throughput);
    let lead_time = lead_time(
        target,
        group,
        known,
        groups,
        now,
        &mut measurements,
        &mut notes,
    )
    .await;
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
            launch: target.control.launch_cost,
        },
    };
    let measured = Measured {
        notes,
        measurements,
    };
    (rules, measured)
}

/// The lead time to go by. What is to be remembered of launches goes into `remembered`.
async fn lead_time<G: GroupReader>(
    target: &Target,
    group: &Group,
    known: Known<'_>,
    groups: &G,
    now: Timestamp,
    remembered: &mut Measurements,
    notes: &mut Vec<String>,
) -> SignedDuration {
    let assumed = target.lead_time.assumed();
    let given = matches!(target.lead_time, LeadTime::Given(_));
    if given && !known.check {
        return assumed;
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
    match measured {
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
            let seconds = u32::try_from(measured.lead_time.as_secs()).unwrap_or(u32::MAX);
            let same = |known: &&LeadTimeRecord| known.seconds == seconds;
            // Only what is new is written.
            if remembered.lead_time.as_ref().filter(same).is_none() {
                remembered.lead_time = Some(LeadTimeRecord { at: now, seconds });
            }
            measured.lead_time
        }
        // Nothing to compare a typed-in value with.
        Err(_) if given => assumed,
        Err(why) => match &remembered.lead_time {
            // However old: with another one servers could come late for want of data.
            Some(known) => {
                let (minutes, at) = (f64::from(known.seconds) / 60.0, known.at);
                let at = timeseries::Step::MINUTE.floor(at);
                notes.push(format!(
                    "lead time of {minutes:.1} min as measured at {at}: {why}"
                ));
                SignedDuration::from_secs(i64::from(known.seconds))
            }
            None => {
                notes.push(format!("lead time of {assumed:#} as configured: {why}"));
                assumed
            }
        },
    }
}

/// Takes back a throughput that was measured just now and is above the one before: while the guard is bad
/// or blind nobody knows that servers carry more than they did. Returns whether it did.
#[must_use]
pub fn held_back(
    rules: &mut Rules,
    measured: &mut Measured,
    before: Option<&Measurements>,
    evidence: &Evidence,
) -> bool {
    let bad = evidence.guard.is_some_and(|over| over > 1.0);
    let before = before.and_then(|known| known.throughput.as_ref());
    let now = measured.measurements.throughput.as_ref();
    let (Some(before), Some(now)) = (before, now) else {
        return false;
    };
    let (Some(value), Some(more)) = (before.per_server, now.per_server) else {
        return false;
    };
    if !(bad || evidence.blind) || more <= value || before.made_for != now.made_for {
        return false;
    }
    let guard = if bad { "bad" } else { "unknown" };
    measured.notes.push(format!(
        "throughput stays at {}/min a server, although {}/min is measured now: canary_guard is {guard}",
        rate(value),
        rate(more),
    ));
    rules.throughput = value;
    measured.measurements.throughput = Some(before.clone());
    true
}
