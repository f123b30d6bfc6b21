//! The deployment as a whole.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use ports::DeadLetters;

use super::plural;
use crate::permissions::TAG;
use crate::report::Found;
use crate::vcpus::vcpus;
use crate::{Facts, Permissions, Report, Severity, TargetFacts};

pub(crate) fn stack(facts: &Facts, report: &mut Report) {
    config(facts, report);
    let stack = &facts.stack;
    permissions(&stack.permissions, report);
    if let Some(&waiting) = report.known("dead-letters", None, &stack.dead_letters) {
        dead_letters(waiting, report);
    }
    nightly(facts, report);
    quota(facts, report);
    if let Some(tagged) = report.known("tagged-unmanaged", None, &stack.tagged_unmanaged)
        && !tagged.is_empty()
    {
        let (key, value) = TAG;
        report.add(Found {
            id: "tagged-unmanaged",
            severity: Severity::Note,
            target: None,
            seen: format!("tagged {key} = {value} and not in the configuration: {}", tagged.join(", ")),
            numbers: vec![("groups", tagged.len() as f64)],
            why: "a tag alone plans nothing",
            fix: "`forescale init --tagged` writes a target for each, `forescale config push` uploads them; or take the tag away".to_owned(),
        });
    }
}

/// What is denied and what could not be asked, both: one does not make up for the other.
fn permissions(permissions: &Permissions, report: &mut Report) {
    const ID: &str = "permission-denied";
    for why in &permissions.unasked {
        report.unchecked(ID, None, why.clone());
    }
    for call in &permissions.denied {
        let command = call.who == COMMAND;
        report.add(Found {
            id: ID,
            severity: Severity::Error,
            target: None,
            seen: format!(
                "{} may not call {} on {}: {}",
                call.who, call.call, call.resource, call.detail
            ),
            numbers: vec![],
            why: if command {
                "what it would have shown is not known"
            } else {
                "every run that needs it fails"
            },
            fix: if command {
                "run the command with a role that may read what it names".to_owned()
            } else {
                "compare the role with the stack's template, and look at permission boundaries, \
                 service control policies and the group's tag"
                    .to_owned()
            },
        });
    }
}

fn dead_letters(waiting: DeadLetters, report: &mut Report) {
    let DeadLetters { events, tasks } = waiting;
    let mut found = |count: u64, name, seen: &str, why, fix: &str| {
        if count > 0 {
            report.add(Found {
                id: "dead-letters",
                severity: Severity::Error,
                target: None,
                seen: format!("{} {seen}", plural_of(count)),
                numbers: vec![(name, count as f64)],
                why,
                fix: fix.to_owned(),
            });
        }
    };
    found(
        events,
        "events",
        "in the queue FailedEvents: events that were given up",
        "a night, an hour or an alarm was not answered after all retries",
        "read the messages: each has the event and the error; mend the cause and send the event again",
    );
    found(
        tasks,
        "tasks",
        "in the queue FailedTasks: targets that were given up in a run",
        "these targets were not planned, or not forecast, in that run; the others were",
        "read the attributes `target`, `code` and `reason` of the messages, mend the cause and delete \
         them: the next run tries the targets again",
    );
}

fn plural_of(count: u64) -> String {
    plural(
        usize::try_from(count).unwrap_or(usize::MAX),
        "message",
        "messages",
    )
}

/// Who asks, for what this command itself may not read.
pub(crate) const COMMAND: &str = "this command";

fn config(facts: &Facts, report: &mut Report) {
    for problem in &facts.config_problems {
        report.add(Found {
            id: "config-invalid",
            severity: Severity::Error,
            target: None,
            seen: problem.clone(),
            numbers: vec![],
            why: "a configuration that is wrong stops every function",
            fix: "mend it, then `forescale config push`, which uploads nothing that is wrong"
                .to_owned(),
        });
    }
    for note in &facts.config_notes {
        report.add(Found {
            id: "config-note",
            severity: Severity::Warning,
            target: None,
            seen: note.clone(),
            numbers: vec![],
            why: "the functions go on without it",
            fix: "mend or remove what it names".to_owned(),
        });
    }
    if let Some(pause) = &facts.pause {
        let until = pause.until.map_or_else(
            || "until it is lifted".to_owned(),
            |until| format!("until {until}"),
        );
        report.add(Found {
            id: "paused",
            severity: Severity::Warning,
            target: None,
            seen: format!(
                "everything is paused {until}, since {} by {}: {}",
                pause.since, pause.by, pause.reason
            ),
            numbers: vec![],
            why: "no function changes a group; what is planned already runs out",
            fix: "`forescale resume` lifts it".to_owned(),
        });
    }
}

/// Hour and minute of a schedule that runs once a day.
fn daily(expression: &str) -> Option<Time> {
    let fields = expression.strip_prefix("cron(")?.strip_suffix(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let [minute, hour, day, month, weekday, ..] = fields.as_slice() else {
        return None;
    };
    let any = |field: &str| field == "*" || field == "?";
    if !(any(day) && any(month) && any(weekday)) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn nightly(facts: &Facts, report: &mut Report) {
    let Some(nightly) = report.known("nightly-skipped", None, &facts.stack.nightly) else {
        return;
    };
    let off = |seen: String| Found {
        id: "nightly-skipped",
        severity: Severity::Error,
        target: None,
        seen,
        numbers: vec![],
        why: "no forecast is made",
        fix: "deploy the stack again, or switch the schedule `nightly` on".to_owned(),
    };
    let Some(nightly) = nightly else {
        return report.add(off("there is no schedule `nightly`".to_owned()));
    };
    if !nightly.enabled {
        return report.add(off("the schedule `nightly` is switched off".to_owned()));
    }
    let (Some(time), Ok(zone)) = (daily(&nightly.expression), TimeZone::get(&nightly.zone)) else {
        return report.unchecked(
            "nightly-skipped",
            None,
            format!(
                "{} in {} is no time of day that is understood here",
                nightly.expression, nightly.zone
            ),
        );
    };
    if let Some(day) = skipped(facts.now, time, &zone) {
        report.add(Found {
            id: "nightly-skipped",
            severity: Severity::Error,
            target: None,
            seen: format!(
                "clocks in {} skip {time} on {day}, when the forecaster is due",
                nightly.zone
            ),
            numbers: vec![],
            why: "AWS does not run a schedule in a skipped hour: that night has no forecast",
            fix: "deploy with TimeZone=UTC, or with another NightlyHour".to_owned(),
        });
    }
}

/// The next day within a year on which `time` does not exist in `zone`.
fn skipped(now: Timestamp, time: Time, zone: &TimeZone) -> Option<jiff::civil::Date> {
    let mut day = zone.to_datetime(now).date();
    for _ in 0..366 {
        let there = zone.to_ambiguous_timestamp(day.to_datetime(time));
        if matches!(there.offset(), jiff::tz::AmbiguousOffset::Gap { .. }) {
            return Some(day);
        }
        day = day.tomorrow().ok()?;
    }
    None
}

/// Whether the forecaster's night is one for `target` too.
pub(crate) fn night(facts: &Facts, target: &TargetFacts, report: &mut Report) {
    let name = target.target.name.as_str();
    let Some(Some(nightly)) = report.known("nightly-zone", Some(name), &facts.stack.nightly) else {
        return;
    };
    let (Some(time), Ok(zone)) = (daily(&nightly.expression), TimeZone::get(&nightly.zone)) else {
        return;
    };
    let today = zone.to_datetime(facts.now).date().to_datetime(time);
    let Ok(run) = zone.to_ambiguous_timestamp(today).compatible() else {
        return;
    };
    let local = target.target.zone.to_datetime(run);
    if (7..22).contains(&local.hour()) {
        let own = target.target.zone.iana_name().unwrap_or("UTC");
        report.add(Found {
            id: "nightly-zone",
            severity: Severity::Warning,
            target: Some(name),
            seen: format!("forecasts are made at {time} in {}, which is {} in {own}, the target's zone", nightly.zone, local.time()),
            numbers: vec![("local_hour", f64::from(local.hour()))],
            why: "the day that it forecasts from is then half over, and training falls into busy hours",
            fix: format!("if {own} is right, deploy with TimeZone={own}; if not, set time_zone"),
        });
    }
}

/// Whether everything that is planned may run at once.
fn quota(facts: &Facts, report: &mut Report) {
    const ID: &str = "instance-quota";
    let Some(&quota) = report.known(ID, None, &facts.stack.vcpu_quota) else {
        return;
    };
    let Some(&used) = report.known(ID, None, &facts.stack.vcpu_used) else {
        return;
    };
    let (mut planned, mut most) = (0.0, 0.0);
    let mut counted = BTreeSet::new();
    for target in &facts.targets {
        let name = target.target.name.as_str();
        let (Some(Some(group)), Some(Some(listing))) =
            (target.group.known(), target.listing.known())
        else {
            continue;
        };
        let sizes: Option<Vec<u32>> = listing
            .instance_types
            .iter()
            .map(|kind| vcpus(kind))
            .collect();
        let Some(each) = sizes.and_then(|sizes| sizes.into_iter().max()) else {
            let types = listing.instance_types.join(", ");
            report.unchecked(
                ID,
                Some(name),
                format!(
                    "vCPUs of its servers ({types}) are not known, or count against another quota"
                ),
            );
            continue;
        };
        if !counted.insert(target.target.group.as_str()) {
            continue;
        }
        let present = f64::from(group.desired_capacity);
        let floors = target
            .plan
            .known()
            .and_then(Option::as_ref)
            .map(|plan| &plan.floors);
        let highest = floors
            .into_iter()
            .flatten()
            .map(|floor| floor.servers)
            .max()
            .unwrap_or(0);
        let allowed = group.max_size.min(target.target.max_servers);
        planned += (f64::from(highest) - present).max(0.0) * f64::from(each);
        most += (f64::from(allowed) - present).max(0.0) * f64::from(each);
    }
    let (severity, more, words) = if used + planned > quota {
        (Severity::Error, planned, "what is planned")
    } else if used + most > quota {
        (Severity::Warning, most, "every target at its most")
    } else {
        return;
    };
    report.add(Found {
        id: ID,
        severity,
        target: None,
        seen: format!(
            "{used:.0} vCPUs run, {words} needs {more:.0} more, and the quota of On-Demand standard instances is {quota:.0}; {} counted",
            plural(counted.len(), "group", "groups")
        ),
        numbers: vec![("used", used), ("more", more), ("quota", quota)],
        why: "launches beyond the quota fail, and no plan helps",
        fix: "request an increase of quota L-1216C47A of EC2 in Service Quotas; it can take days".to_owned(),
    });
}
