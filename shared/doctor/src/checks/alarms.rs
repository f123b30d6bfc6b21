//! Whether anybody calls the responder.

use ports::AlarmListing;

use super::when_acting;
use crate::report::Found;
use crate::{Report, Severity, TargetFacts};

pub(super) fn alarms(facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    let Some(seen) = report.known("alarm-missing", Some(name), &facts.alarms) else {
        report.unchecked(
            "alarm-not-wired",
            Some(name),
            "the alarms were not seen".to_owned(),
        );
        return;
    };
    let patterns = facts.target.alarms.join(", ");
    if seen.alarms.is_empty() {
        return report.add(Found {
            id: "alarm-missing",
            severity: Severity::Warning,
            target: Some(name),
            seen: format!("no alarm is named as {patterns}"),
            numbers: vec![("alarms", 0.0)],
            why: "nothing calls the responder: what no forecast saw is left to the group's own policies",
            fix: format!("`forescale alarms --config forescale.toml --target {name} --create`, or BandTargets of the stack"),
        });
    }
    for alarm in &seen.alarms {
        wired(facts, alarm, seen.answered.as_deref(), report);
    }
}

/// Whether `alarm` reaches the responder: by a rule on its name, by a Lambda function it calls, or by
/// a topic, of which it is not known who listens.
fn wired(
    facts: &TargetFacts,
    alarm: &AlarmListing,
    answered: Option<&[String]>,
    report: &mut Report,
) {
    let name = facts.target.name.as_str();
    let by_rule = answered.is_some_and(|prefixes| {
        prefixes
            .iter()
            .any(|prefix| alarm.name.starts_with(prefix.as_str()))
    });
    if by_rule {
        return;
    }
    let calls = |service: &str| {
        let marks = format!(":{service}:");
        alarm.actions_enabled && alarm.actions.iter().any(|action| action.contains(&marks))
    };
    if calls("lambda") {
        return;
    }
    if calls("sns") {
        return report.unchecked(
            "alarm-not-wired",
            Some(name),
            format!(
                "alarm {} calls a topic: whether the responder listens to it is not known",
                alarm.name
            ),
        );
    }
    if answered.is_none() {
        return report.unchecked(
            "alarm-not-wired",
            Some(name),
            format!(
                "alarm {} may call the responder by its name: the stack's rule was not seen",
                alarm.name
            ),
        );
    }
    let why_not = if alarm.actions_enabled {
        format!(
            "calls {} of its own and begins with nothing that the stack's rule answers",
            alarm.actions.len()
        )
    } else {
        "has its actions switched off and begins with nothing that the stack's rule answers"
            .to_owned()
    };
    report.add(Found {
        id: "alarm-not-wired",
        severity: when_acting(facts),
        target: Some(name),
        seen: format!("alarm {} {why_not}", alarm.name),
        numbers: vec![("actions", alarm.actions.len() as f64)],
        why: "it goes off and nobody answers",
        fix: "let its name begin with the stack's AlarmPrefix, or give it the stack's output ResponderAlarmAction as an action".to_owned(),
    });
}
