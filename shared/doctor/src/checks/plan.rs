//! Forecast, plan, limits.

use config::{Mode, Throughput};
use fleet::{PolicyKind, Tracked};
use jiff::{SignedDuration, Timestamp};
use planning::{REACH, rate, servers_for};

use super::when_acting;
use crate::report::Found;
use crate::{Report, Severity, TargetFacts};

/// A night without a forecast, and an hour: from then on one was left out.
const FORECAST_OLD: SignedDuration = SignedDuration::from_hours(26);
/// So many hours may be left out of planning before it is told: one failed run is made up for.
const PLAN_OLD: SignedDuration = SignedDuration::from_hours(3);
/// A run of the planner that was cut short is finished by the next one.
const FINISHED_BY: SignedDuration = SignedDuration::from_mins(90);
/// Below this share of the throughput, target tracking holds a third more servers than the plan.
const FIGHTS: f64 = 0.75;

pub(super) fn documents(now: Timestamp, facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    for unusable in &facts.unusable {
        report.add(Found {
            id: "document-unusable",
            severity: Severity::Error,
            target: Some(name),
            seen: unusable.clone(),
            numbers: vec![],
            why: "what it held is not known any more; the functions fall back, and say so each time",
            fix: "restore its last good version: the bucket keeps versions".to_owned(),
        });
    }
    if let Some(Some(released)) = report.known("released", Some(name), &facts.released) {
        let done = released.done;
        report.add(Found {
            id: "released",
            severity: if done {
                Severity::Note
            } else {
                Severity::Error
            },
            target: Some(name),
            seen: format!(
                "released by {} at {}: {}{}",
                released.by,
                released.since,
                released.reason,
                if done { "" } else { "; cut short" }
            ),
            numbers: vec![],
            why: "no function changes its group",
            fix: if released.by_pause {
                "`forescale resume` ends the pause that made it, and has it planned again"
                    .to_owned()
            } else if done {
                format!("`forescale adopt {name}` gives it back to the planner")
            } else {
                format!("`forescale release {name}` again finishes it")
            },
        });
        // Of no more use to it.
        return;
    }
    if facts.target.mode == Mode::Off {
        return;
    }
    forecast(now, facts, report);
    plan(now, facts, report);
}

fn forecast(now: Timestamp, facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    let Some(forecast) = report.known("forecast-stale", Some(name), &facts.forecast) else {
        return;
    };
    let fix = "look at the forecaster's log group and at the nightly schedule; \
               `aws lambda invoke` of the stack's output Forecaster makes one now";
    let Some(forecast) = forecast else {
        return report.add(Found {
            id: "forecast-stale",
            severity: when_acting(facts),
            target: Some(name),
            seen: "there is no forecast".to_owned(),
            numbers: vec![],
            why: "plans stand on last week's demand, or keep what is",
            fix: fix.to_owned(),
        });
    };
    let age = now.duration_since(forecast.written_at);
    if age > FORECAST_OLD {
        let over = forecast.end <= now;
        report.add(Found {
            id: "forecast-stale",
            severity: if over {
                Severity::Error
            } else {
                Severity::Warning
            },
            target: Some(name),
            seen: format!(
                "the newest forecast is {:.0} hours old and reaches to {}",
                age.as_secs_f64() / 3600.0,
                forecast.end
            ),
            numbers: vec![("age_hours", age.as_secs_f64() / 3600.0)],
            why: if over {
                "it covers nothing any more: plans stand on last week's demand"
            } else {
                "a night was left out: it knows nothing of what happened since"
            },
            fix: fix.to_owned(),
        });
    }
}

fn plan(now: Timestamp, facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    let Some(plan) = report.known("plan-stale", Some(name), &facts.plan) else {
        return;
    };
    let fix = "look at the planner's log group and at the hourly schedule; \
               `aws lambda invoke` of the stack's output Planner plans now";
    let Some(plan) = plan else {
        return report.add(Found {
            id: "plan-stale",
            severity: when_acting(facts),
            target: Some(name),
            seen: "there is no plan".to_owned(),
            numbers: vec![],
            why: "the planner has not come through for this target",
            fix: fix.to_owned(),
        });
    };
    // Each run plans to the same distance, and one that changes nothing writes nothing.
    let left = plan.expires_at.duration_since(now);
    let age = REACH.saturating_sub(left);
    if age > PLAN_OLD {
        let over = left <= SignedDuration::ZERO;
        report.add(Found {
            id: "plan-stale",
            severity: if over {
                when_acting(facts)
            } else {
                Severity::Warning
            },
            target: Some(name),
            seen: format!(
                "the plan is {:.0} hours old and reaches to {}",
                age.as_secs_f64() / 3600.0,
                plan.expires_at
            ),
            numbers: vec![
                ("age_hours", age.as_secs_f64() / 3600.0),
                ("left_hours", left.as_secs_f64() / 3600.0),
            ],
            why: if over {
                "it has ended: the group has its own MinSize back, and nobody plans ahead"
            } else {
                "hours were left out: the group follows an older plan, until it ends"
            },
            fix: fix.to_owned(),
        });
    } else if when_acting(facts) == Severity::Error
        && !plan.applied
        && now.duration_since(plan.decided_at) > FINISHED_BY
    {
        report.add(Found {
            id: "plan-stale",
            severity: Severity::Error,
            target: Some(name),
            seen: format!("the plan of {} was not applied in full", plan.decided_at),
            numbers: vec![(
                "age_hours",
                now.duration_since(plan.decided_at).as_secs_f64() / 3600.0,
            )],
            why: "part of its floors may be missing, and later runs did not finish it",
            fix:
                "look for the error in the planner's log group: mostly a missing tag or permission"
                    .to_owned(),
        });
    }
}

/// Whether limits let the forecast be served.
pub(super) fn limits(now: Timestamp, facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    let target = &facts.target;
    let group = facts.group.known().and_then(Option::as_ref);
    let Some(Some(forecast)) = facts.forecast.known() else {
        if target.mode != Mode::Off {
            report.unchecked(
                "max-size-low",
                Some(name),
                "there is no forecast to compare limits with".to_owned(),
            );
        }
        return;
    };
    let Some(group) = group else {
        report.unchecked(
            "max-size-low",
            Some(name),
            "the group's MaxSize was not seen".to_owned(),
        );
        return;
    };
    let allowed = group.max_size.min(target.max_servers);
    if forecast.end <= now {
        report.unchecked(
            "max-size-low",
            Some(name),
            format!(
                "the newest forecast ended at {}: nothing is known of what comes",
                forecast.end
            ),
        );
        return;
    }
    let plan = facts.plan.known().and_then(Option::as_ref);
    let in_force = plan.filter(|plan| now < plan.expires_at);
    let shortfall = in_force.and_then(|plan| plan.shortfall.as_ref());
    let median = servers_for(forecast.peak_p50, facts.throughput);
    let high = servers_for(forecast.peak_p99, facts.throughput);
    let needed = high.max(shortfall.map_or(0, |shortfall| shortfall.needed));
    if needed <= allowed {
        return;
    }
    let limit = if group.max_size <= target.max_servers {
        format!("MaxSize of group {}", target.group)
    } else {
        "max_servers".to_owned()
    };
    report.add(Found {
        id: "max-size-low",
        severity: if median > allowed { Severity::Error } else { Severity::Warning },
        target: Some(name),
        seen: format!(
            "{} expects {} requests a minute, and {} once in a hundred times: {median} and {high} servers at {}/min; {limit} allows {allowed}",
            forecast.peak_at, rate(forecast.peak_p50), rate(forecast.peak_p99), rate(facts.throughput)
        ),
        numbers: vec![
            ("needed", f64::from(needed)),
            ("needed_by_median", f64::from(median)),
            ("allowed", f64::from(allowed)),
            ("max_size", f64::from(group.max_size)),
            ("max_servers", f64::from(target.max_servers)),
        ],
        why: "demand above what the limit carries is not served, whatever is planned",
        fix: format!("raise {limit} to {needed} or more; databases and quotas behind it have to follow"),
    });
}

/// Whether target tracking holds more than the plan.
pub(super) fn tracking(facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    let Some(policies) = report.known("tracking-fights", Some(name), &facts.policies) else {
        return;
    };
    let tracking = policies
        .iter()
        .filter(|policy| policy.enabled && policy.kind == PolicyKind::TargetTracking);
    for policy in tracking {
        let (share, holds, plans) = match (policy.tracks, &facts.target.throughput) {
            (Some(Tracked::RequestsPerServer(value)), _) => (
                value / facts.throughput,
                format!("{value:.0} requests a minute and server"),
                format!("{:.0}", facts.throughput),
            ),
            (
                Some(Tracked::Cpu(value)),
                Throughput::Measured {
                    utilization,
                    typed: false,
                    ..
                },
            ) => (
                value / utilization,
                format!("{value:.0} % of CPU"),
                format!("{utilization:.0} %"),
            ),
            (Some(Tracked::Cpu(value)), _) => {
                report.unchecked(
                    "tracking-fights",
                    Some(name),
                    format!("policy {} holds {value:.0} % of CPU, and throughput is typed in: the two cannot be compared", policy.name),
                );
                continue;
            }
            (None, _) => {
                report.unchecked(
                    "tracking-fights",
                    Some(name),
                    format!(
                        "policy {} holds a metric that throughput says nothing of",
                        policy.name
                    ),
                );
                continue;
            }
        };
        if share < FIGHTS {
            report.add(Found {
                id: "tracking-fights",
                severity: Severity::Warning,
                target: Some(name),
                seen: format!("policy {} holds {holds}, the plan counts on {plans}", policy.name),
                numbers: vec![("share", share), ("servers_over_plan", 1.0 / share)],
                why: "target tracking keeps more servers than the plan at any demand: the floor never binds, and nothing is saved",
                fix: "raise its value towards the plan's, or set control.manage_policy = true; or lower throughput if the policy is right".to_owned(),
            });
        }
    }
}
