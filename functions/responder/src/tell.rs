//! Telling people and other tools.

use config::Target;
use control::ControlError;
use diagnosis::{Alarm, Decision, Kind, Phase, recurring};
use documents::{HeldBack, Incident};
use ports::{Message, Notifier};
use serde_json::{Value, json};

use crate::event::Cause;
use crate::record::Origin;

/// What a message says beside the decision.
pub(crate) struct Telling<'a> {
    /// Whether nothing was done because the target is in shadow mode.
    pub(crate) shadow: bool,
    /// Why the decision could not be carried out.
    pub(crate) failure: Option<&'a ControlError>,
    /// What else was done.
    pub(crate) extra: &'a [String],
    /// The record, where there is one.
    pub(crate) incident: Option<&'a Incident>,
    /// What caps held back in the incident so far.
    pub(crate) held_back: HeldBack,
    /// Which incident it is of.
    pub(crate) origin: Option<&'a Origin>,
}

/// Sends what was found, why, what was done and what a person should do. A message that cannot be
/// sent is logged and returned as a note: it must not keep servers from arriving.
pub(crate) async fn tell<N: Notifier>(
    notifier: &N,
    target: &Target,
    cause: &Cause,
    decision: &Decision,
    telling: &Telling<'_>,
) -> Option<String> {
    let message = message(target, cause, decision, telling);
    let error = notifier.notify(&message).await.err()?;
    tracing::error!(target_name = %target.name, error = %error, "message not sent");
    Some(format!("nobody could be told: {error}"))
}

/// Says that the alarm "demand above the band" cannot see; what could not be sent is returned as a note.
pub(crate) async fn tell_blind<N: Notifier>(
    notifier: &N,
    target: &Target,
    alarm: &Alarm,
) -> Option<String> {
    let subject = format!(
        "{}: {} cannot see, capacity unchanged",
        target.name, alarm.name
    );
    let mut text = format!(
        "Demand of {} or the forecast's band is missing, so the alarm cannot tell whether demand is \
         above it. Nothing was changed.\n\
         To do: see whether the metric of demand still comes, and whether the planner runs; it \
         publishes the band every hour.\n",
        target.name
    );
    let cause = Cause::Alarm(alarm.clone());
    text.push_str(&format!("{}.\n", sentence(&cause.words())));
    for link in links(target, &alarm.name, cause.region().as_deref()) {
        text.push_str(&format!("{link}\n"));
    }
    let message = Message {
        subject: subject.chars().take(100).collect(),
        text,
        record: json!({
            "target": target.name,
            "group": target.group,
            "event": cause.id(),
            "alarm": alarm.name,
            "kind": "band-missing",
            "hold": null,
            "reason": alarm.reason,
        }),
    };
    let error = notifier.notify(&message).await.err()?;
    tracing::error!(target_name = %target.name, error = %error, "message not sent");
    Some(format!("nobody could be told: {error}"))
}

fn message(target: &Target, cause: &Cause, decision: &Decision, telling: &Telling<'_>) -> Message {
    let mut text = format!("{}\n", sentence(&decision.reason));
    text.push_str(&format!("To do: {}\n", decision.advice));
    if decision.held_back > 0 {
        text.push_str(&format!(
            "{} more servers are needed than {} allows: raise the one that binds.\n",
            decision.held_back,
            decision.bound.as_deref().unwrap_or("a cap"),
        ));
    }
    text.extend(held_back(decision, telling));
    for line in telling.extra {
        text.push_str(&format!("{}.\n", sentence(line)));
    }
    if let Some(failure) = telling.failure {
        text.push_str(&format!(
            "The group could not be changed yet: {}. The event is delivered again; look at the group if this repeats.\n",
            failure.chain()
        ));
    }
    let ruled: Vec<String> = decision
        .diagnosis
        .ruled_out
        .iter()
        .take(3)
        .map(|it| {
            let how = if it.unmeasured { "not measured: " } else { "" };
            format!("{} ({how}{})", it.kind.words(), it.why)
        })
        .collect();
    if !ruled.is_empty() {
        text.push_str(&format!("Ruled out: {}.\n", ruled.join("; ")));
    }
    let proposal = proposal(target, decision, telling);
    if let Some((words, toml)) = &proposal {
        text.push_str(&format!(
            "It came {words}. Add it as an event, and servers will be there before it:\n{toml}"
        ));
    }
    text.push_str(&format!("{}.\n", sentence(&cause.words())));
    let region = telling.origin.and_then(|origin| origin.region.as_deref());
    let region = cause.region().or(region.map(str::to_owned));
    let alarm = match (cause, telling.origin) {
        (Cause::Alarm(alarm), _) => alarm.name.as_str(),
        (Cause::Look { .. }, origin) => origin.map_or("", |origin| origin.alarm.as_str()),
    };
    for link in links(target, alarm, region.as_deref()) {
        text.push_str(&format!("{link}\n"));
    }
    Message {
        subject: subject(target, decision, telling.shadow),
        text,
        record: record(
            target,
            cause,
            decision,
            telling,
            proposal.map(|(_, toml)| toml),
        ),
    }
}

/// What caps held back so far, told whenever something is, and in all when it is over.
fn held_back(decision: &Decision, telling: &Telling<'_>) -> Option<String> {
    let held_back = telling.held_back;
    let ends = matches!(decision.phase, Phase::Over | Phase::HandingBack);
    let so_far = if ends { "meanwhile" } else { "so far" };
    (held_back.servers > 0 && (ends || held_back.lost >= 1.0)).then(|| {
        format!(
            "Caps held back up to {} servers {so_far}: about {:.0} requests found none because of that.\n",
            held_back.servers, held_back.lost
        )
    })
}

/// One line of at most 100 characters, as SNS takes it.
fn subject(target: &Target, decision: &Decision, shadow: bool) -> String {
    let verb = |does: &str, would: &str| {
        if shadow {
            would.to_owned()
        } else {
            does.to_owned()
        }
    };
    let done = match (decision.hold, decision.phase) {
        (Some(n), Phase::HandingBack) => format!("{} {n} servers", verb("down to", "would go to")),
        (Some(n), _) => format!("{} {n} servers", verb("holds", "would hold")),
        (None, Phase::Over) => "back to the plan".to_owned(),
        (None, _) => "capacity unchanged".to_owned(),
    };
    let subject = format!("{}: {}, {done}", target.name, decision.kind.words());
    subject.chars().take(100).collect()
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// An incident that recurs, told when one is over.
fn proposal(
    target: &Target,
    decision: &Decision,
    telling: &Telling<'_>,
) -> Option<(String, String)> {
    if decision.phase != Phase::Over {
        return None;
    }
    let stretches: Vec<diagnosis::Stretch> = telling
        .incident?
        .closed
        .iter()
        .filter(|closed| closed.diagnosis == Kind::UnforecastDemand.word())
        .map(|closed| (closed.since, closed.until, closed.factor()))
        .collect();
    recurring(&target.name, &stretches, &target.zone).map(|found| (found.words, found.toml))
}

/// Pages of the console, where it is known which region it is.
fn links(target: &Target, alarm: &str, region: Option<&str>) -> Vec<String> {
    let Some(region) = region else {
        return Vec::new();
    };
    let console = format!("https://{region}.console.aws.amazon.com");
    let mut links = vec![format!(
        "Group: {console}/ec2/home?region={region}#AutoScalingGroupDetails:id={}",
        escaped(&target.group)
    )];
    if !alarm.is_empty() {
        links.push(format!(
            "Alarm: {console}/cloudwatch/home?region={region}#alarmsV2:alarm/{}",
            escaped(alarm)
        ));
    }
    links
}

/// As a part of an address: a name may hold blanks and more.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

fn record(
    target: &Target,
    cause: &Cause,
    decision: &Decision,
    telling: &Telling<'_>,
    proposal: Option<String>,
) -> Value {
    let diagnosis = &decision.diagnosis;
    let demand = diagnosis.demand.as_ref();
    json!({
        "target": target.name,
        "group": target.group,
        "event": cause.id(),
        "alarm": match cause { Cause::Alarm(alarm) => Some(alarm.name.as_str()), Cause::Look { .. } => None },
        "incident": telling.origin.map(|origin| origin.since.to_string()),
        "kind": decision.kind.word(),
        "diagnosis": diagnosis.kind.word(),
        "confidence": diagnosis.confidence,
        "phase": decision.phase.word(),
        "evidence": diagnosis.evidence,
        "ruledOut": diagnosis.ruled_out.iter().map(|it| json!({
            "kind": it.kind.word(), "why": it.why, "unmeasured": it.unmeasured,
        })).collect::<Vec<_>>(),
        "missing": diagnosis.missing.iter().map(|it| json!({ "what": it.what, "why": it.why })).collect::<Vec<_>>(),
        "demand": demand.map(|it| it.now),
        "growth": demand.map(|it| it.growth),
        "expected": demand.and_then(|it| it.expected).map(|(low, median, upper)| json!({
            "lower": low, "median": median, "upper": upper,
        })),
        "hold": decision.hold,
        "until": decision.until.to_string(),
        "heldBack": decision.held_back,
        "heldBackBy": decision.bound,
        "lostPerMinute": decision.lost,
        "heldBackMost": telling.held_back.servers,
        "lostInAll": telling.held_back.lost,
        "leak": diagnosis.leak.as_ref().map(|it| json!({
            "resource": it.resource, "eachHour": it.each_hour,
            "minutesLeft": it.left.as_mins(), "servers": it.servers,
        })),
        "server": diagnosis.server,
        "reason": decision.reason,
        "advice": decision.advice,
        "done": telling.extra,
        "proposedEvent": proposal,
        "shadow": telling.shadow,
        "failure": telling.failure.map(ControlError::code),
    })
}
