//! Decisions in plain words.

use crate::decide::{Decision, Policy, shortage};
use crate::evidence::Evidence;
use crate::follow::Phase;
use crate::{Kind, words};

/// What was found and what was done about it, in one line.
pub(crate) fn reason(decision: &Decision, evidence: &Evidence) -> String {
    let diagnosis = &decision.diagnosis;
    let mut text = format!(
        "{} ({:.0} % sure): {}",
        diagnosis.kind.words(),
        100.0 * diagnosis.confidence,
        diagnosis.evidence.join("; ")
    );
    let there = evidence.fleet.desired;
    match (decision.hold, decision.phase) {
        (Some(hold), Phase::Growing) => {
            text.push_str(&format!(
                "; raised from {there} to {}",
                words::count(hold, "server")
            ));
        }
        (Some(hold), Phase::HandingBack) => {
            text.push_str(&format!(
                "; handed back down to {}",
                words::count(hold, "server")
            ));
        }
        (Some(hold), _) => text.push_str(&format!("; {} servers kept", hold)),
        (None, Phase::Over) => text.push_str("; handed back to the plan"),
        (None, _) => text.push_str("; nothing changed"),
    }
    if let Some(shortage) = shortage(decision) {
        text.push_str(&format!("; {shortage}"));
    }
    if diagnosis.kind == Kind::PlannedRamp {
        text.push_str(&format!(
            "; {} in service within {}",
            words::count(evidence.fleet.booting, "more server"),
            words::span(evidence.lead_time)
        ));
    }
    let missing: Vec<String> = diagnosis
        .missing
        .iter()
        .map(|it| {
            if it.why.is_empty() {
                it.what.clone()
            } else {
                format!("{} ({})", it.what, it.why)
            }
        })
        .collect();
    if !missing.is_empty() {
        text.push_str(&format!("; missing: {}", missing.join(", ")));
    }
    text
}

/// What a person should do.
pub(crate) fn advice(decision: &Decision, evidence: &Evidence, policy: &Policy) -> String {
    let diagnosis = &decision.diagnosis;
    match decision.kind {
        Kind::UnforecastDemand => match decision.held_back {
            0 => "Nothing, unless the demand is unwanted: capacity follows it and is handed back \
                  afterwards. If it will come again, add it as an event."
                .to_owned(),
            _ => "Raise the cap that binds if this demand is worth it.".to_owned(),
        },
        Kind::PlannedRamp => "Nothing: this was planned.".to_owned(),
        Kind::CapacityLost => {
            "Find out why servers were lost or are unhealthy; the group replaces them.".to_owned()
        }
        Kind::LaunchesFailing => {
            let message = evidence
                .activities
                .as_ref()
                .and_then(|activities| activities.failed.first())
                .map_or("", |failure| failure.message.as_str());
            format!("{} AWS says: {message}", launch_advice(message))
        }
        Kind::ResourceLeak => leak_advice(decision, policy),
        Kind::BadRelease => match &evidence.release {
            Some(release) => format!(
                "Look at the release: version {} came into service at {}. Roll it back if it is \
                 the cause; more servers of it do not help.",
                release.version, release.at
            ),
            None => {
                "Look for what changed: a release, a configuration, a dependency. More servers \
                     do not help."
                    .to_owned()
            }
        },
        Kind::BottleneckElsewhere => {
            "See to what is saturated; more servers would only press on it harder.".to_owned()
        }
        Kind::OneServer => match &diagnosis.server {
            Some(server) => {
                format!("Look at {server}, or set it unhealthy so that the group replaces it.")
            }
            None => "Look at the server named above.".to_owned(),
        },
        Kind::Recovery => {
            "Find out what the outage was. Capacity is held for those who come back.".to_owned()
        }
        Kind::CapReached => format!(
            "Raise {} if this demand is worth it, or shed load.",
            decision.bound.as_deref().unwrap_or("the cap")
        ),
        Kind::Covered => {
            "Nothing; look at the alarm's threshold if it goes off like this often.".to_owned()
        }
        Kind::Unknown => {
            "Look at the service: what was measured does not tell. Nothing is lowered meanwhile."
                .to_owned()
        }
    }
}

fn launch_advice(message: &str) -> &'static str {
    let lower = message.to_lowercase();
    if lower.contains("quota") || lower.contains("limit") {
        "Ask for a higher quota, or free what others use."
    } else if lower.contains("capacity") {
        "Add zones or instance types to the group: AWS has no more of these."
    } else {
        "Mend the launch template or its permissions."
    }
}

fn leak_advice(decision: &Decision, policy: &Policy) -> String {
    let Some(leak) = &decision.diagnosis.leak else {
        return "Find what does not give its resource back.".to_owned();
    };
    let on = match leak.servers.len() {
        0 => "all servers".to_owned(),
        _ => words::few(&leak.servers),
    };
    let refresh = if policy.refresh {
        "An instance refresh buys time; the configuration allows it."
    } else {
        "An instance refresh would buy time; it is not allowed by the configuration \
         (`instance_refresh`)."
    };
    format!(
        "{} runs out in {} on {on}. Mend the leak. {refresh}",
        leak.resource,
        words::span(leak.left)
    )
}
