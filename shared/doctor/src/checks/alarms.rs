//! Whether anybody calls the responder.

use ports::AlarmListing;

use super::when_acting;
use crate::report::Found;
use crate::{AlarmsSeen, Report, Seen, Severity, TargetFacts};

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
        wired(facts, alarm, seen, report);
    }
}

/// Whether `alarm` reaches the responder: by a rule on its name, by calling the stack's responder, or by
/// a topic, of which it is not known who listens.
fn wired(facts: &TargetFacts, alarm: &AlarmListing, seen: &AlarmsSeen, report: &mut Report) {
    let name = facts.target.name.as_str();
    let by_rule = |prefixes: &Vec<String>| {
        let mut prefixes = prefixes.iter();
        prefixes.any(|prefix| alarm.name.starts_with(prefix.as_str()))
    };
    if seen.answered.known().is_some_and(by_rule) {
        return;
    }
    let called = if alarm.actions_enabled {
        alarm.actions.as_slice()
    } else {
        &[]
    };
    let functions: Vec<&str> = of_service(called, "lambda").collect();
    let responder = seen.responder.known().map(String::as_str);
    if responder.is_some_and(|responder| functions.contains(&responder)) {
        return;
    }
    let not_known = if let (Seen::Unknown(why), false) = (&seen.responder, functions.is_empty()) {
        format!(
            "calls {}: whether that is the stack's responder is not known: {why}",
            functions.join(", ")
        )
    } else if of_service(called, "sns").next().is_some() {
        "calls a topic: whether the responder listens to it is not known".to_owned()
    } else if let Seen::Unknown(why) = &seen.answered {
        format!("may call the responder by its name: the stack's rule was not seen: {why}")
    } else {
        return report.add(Found {
            id: "alarm-not-wired",
            severity: when_acting(facts),
            target: Some(name),
            seen: format!("alarm {} {}", alarm.name, why_not(alarm, &functions, responder)),
            numbers: vec![("actions", alarm.actions.len() as f64)],
            why: "it goes off and nobody answers",
            fix: match responder {
                Some(responder) => format!("let its name begin with the stack's AlarmPrefix, or give it the action {responder} (the stack's output ResponderAlarmAction)"),
                None => "let its name begin with the stack's AlarmPrefix, or give it the stack's output ResponderAlarmAction as an action".to_owned(),
            },
        });
    };
    report.unchecked(
        "alarm-not-wired",
        Some(name),
        format!("alarm {} {not_known}", alarm.name),
    );
}

fn of_service<'a>(actions: &'a [String], service: &str) -> impl Iterator<Item = &'a str> {
    let mark = format!(":{service}:");
    let actions = actions.iter().map(String::as_str);
    actions.filter(move |action| action.contains(&mark))
}

/// Why an alarm that no rule answers does not reach `responder`.
fn why_not(alarm: &AlarmListing, functions: &[&str], responder: Option<&str>) -> String {
    const RULE: &str = "begins with nothing that the stack's rule answers";
    if !alarm.actions_enabled {
        return format!("has its actions switched off and {RULE}");
    }
    // Up to its name: `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, with or without a qualifier.
    let function = |arn: &str| arn.splitn(8, ':').take(7).collect::<Vec<_>>().join(":");
    let same = |called: &&&str| responder.is_some_and(|it| function(it) == function(called));
    if let Some(called) = functions.iter().find(same) {
        return format!(
            "calls {called}, which alarms may not: only the alias `live` allows them, and it {RULE}"
        );
    }
    match functions {
        [] => format!("calls {} of its own and {RULE}", alarm.actions.len()),
        others => format!(
            "calls {}, which is not the stack's responder, and {RULE}",
            others.join(", ")
        ),
    }
}
