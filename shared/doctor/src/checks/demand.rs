//! What is known of demand.

use jiff::Timestamp;

use crate::report::Found;
use crate::{Datapoints, Report, Seen, Severity, TargetFacts};

/// Days for two of each weekday: fewer cannot tell a week's pattern from one week's accidents.
const ENOUGH_DAYS: f64 = 14.0;
/// Days under which there is no daily pattern to speak of.
const TOO_FEW_DAYS: f64 = 2.0;
/// Share of holes from which on patterns suffer.
const MANY_HOLES: f64 = 0.2;

pub(super) fn history(now: Timestamp, facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    let Some(history) = report.known("history-short", Some(name), &facts.history) else {
        report.unchecked(
            "history-gaps",
            Some(name),
            "the history was not seen".to_owned(),
        );
        return;
    };
    let Some(history) = history else {
        return report.add(Found {
            id: "history-short",
            severity: Severity::Error,
            target: Some(name),
            seen: "nothing of its demand was ever stored".to_owned(),
            numbers: vec![("days", 0.0)],
            why: "without history there is no forecast, and the group is left as it is",
            fix:
                "let the forecaster run once: it reads what CloudWatch has kept (one-minute values \
                  for 15 days, five-minute values for 63); look at `demand` if it finds nothing"
                    .to_owned(),
        });
    };
    let days = history.to.duration_since(history.from).as_secs_f64() / 86_400.0;
    if days < ENOUGH_DAYS {
        let enough = history
            .from
            .saturating_add(jiff::SignedDuration::from_hours(24 * 14))
            .unwrap_or(now);
        report.add(Found {
            id: "history-short",
            severity: if days < TOO_FEW_DAYS { Severity::Error } else { Severity::Warning },
            target: Some(name),
            seen: format!("{days:.1} days of history, from {} on", history.from),
            numbers: vec![("days", days), ("enough_days", ENOUGH_DAYS)],
            why: "a week's pattern needs two of each weekday: until then the band is wide, and servers cost more",
            fix: format!("wait until {enough}, or hand in older demand, as long as mode stays \"shadow\""),
        });
    }
    if history.missing > MANY_HOLES {
        report.add(Found {
            id: "history-gaps",
            severity: Severity::Warning,
            target: Some(name),
            seen: format!("{:.0} % of the history is missing", 100.0 * history.missing),
            numbers: vec![("missing_share", history.missing)],
            why: "holes are filled with guesses, and the band widens",
            fix: "look at whether the metric is published when there is no demand: publish zeros"
                .to_owned(),
        });
    }
}

pub(super) fn metrics(facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    let demand = &facts.target.demand;
    let metric = format!("{} {}", demand.namespace, demand.name);
    if let Seen::Unknown(why) = &facts.demand {
        report.unchecked("metric-coarse", Some(name), why.clone());
    }
    if let Some(seen) = report.known("metric-silent", Some(name), &facts.demand) {
        if seen.fives == 0 {
            report.add(Found {
                id: "metric-silent",
                severity: Severity::Error,
                target: Some(name),
                seen: format!("{metric} had no value in the last {} hours", seen.hours),
                numbers: vec![("hours", f64::from(seen.hours)), ("datapoints", 0.0)],
                why: "neither forecast nor responder sees demand",
                fix: "compare namespace, name and dimensions with `aws cloudwatch list-metrics`; for a \
                      load balancer, whether requests arrive at all"
                    .to_owned(),
            });
        } else if coarse(*seen) {
            report.add(granularity(
                name,
                &metric,
                *seen,
                "publish it each minute (storage resolution 60)",
            ));
        }
    }
    if let Some(resource) = &facts.resource
        && let Some(seen) = report.known("metric-coarse", Some(name), resource)
        && coarse(*seen)
    {
        report.add(granularity(
            name,
            "the CPU that throughput is measured by",
            *seen,
            "switch on detailed monitoring in the launch template (Monitoring.Enabled = true) and \
             refresh the instances",
        ));
    }
}

/// Whether there is one value for five minutes: what basic monitoring and five-minute publishers
/// leave. A metric that is only published when something happens has gaps of any length, but also
/// neighbours.
fn coarse(seen: Datapoints) -> bool {
    seen.fives >= 12 && seen.minutes * 5 <= seen.fives * 6
}

fn granularity<'a>(name: &'a str, metric: &str, seen: Datapoints, fix: &str) -> Found<'a> {
    Found {
        id: "metric-coarse",
        severity: Severity::Warning,
        target: Some(name),
        seen: format!(
            "{metric} had {} values by the minute and {} by five minutes in {} hours: one for five minutes",
            seen.minutes, seen.fives, seen.hours
        ),
        numbers: vec![
            ("by_minute", seen.minutes as f64),
            ("by_five_minutes", seen.fives as f64),
            ("hours", f64::from(seen.hours)),
        ],
        why: "a spike shows up to five minutes later, about as long as a server takes to boot",
        fix: fix.to_owned(),
    }
}
