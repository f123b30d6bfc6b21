//! What a page tells at its head.

use documents::Predictable;
use jiff::{SignedDuration, Timestamp};

use super::Documents;
use crate::Fact;

fn fact(name: &str, value: String, beside: &str, bad: bool) -> Fact {
    let (name, beside) = (name.to_owned(), beside.to_owned());
    Fact {
        name,
        value,
        beside,
        bad,
    }
}

pub(super) fn facts(documents: &Documents<'_>, now: Timestamp) -> Vec<Fact> {
    let mut facts = Vec::new();
    let age = |at: Timestamp| {
        let hours = now.duration_since(at).as_secs_f64() / 3600.0;
        if hours < 72.0 {
            format!("{hours:.1} h")
        } else {
            format!("{:.0} days", hours / 24.0)
        }
    };
    if let Some(pause) = documents.pause {
        facts.push(fact(
            "paused",
            format!("since {}", pause.since),
            &format!("by {}: {}", pause.by, pause.reason),
            true,
        ));
    }
    match documents.forecasts.last() {
        Some(forecast) => {
            let old = now.duration_since(forecast.start) > SignedDuration::from_hours(30);
            facts.push(fact(
                "age of the forecast",
                age(forecast.start),
                &forecast.model,
                old,
            ));
            let words = match forecast.predictability.predictable {
                Predictable::Yes => "yes",
                Predictable::Weakly => "weakly",
                Predictable::No => "no",
                Predictable::Unknown => "not known yet",
            };
            let bad = forecast.predictability.predictable == Predictable::No;
            facts.push(fact("can be forecast", words.to_owned(), "", bad));
        }
        None => facts.push(fact("forecast", "none".to_owned(), "", true)),
    }
    match documents.plan {
        Some(plan) => {
            let old = now.duration_since(plan.decided_at) > SignedDuration::from_hours(2);
            facts.push(fact("age of the plan", age(plan.decided_at), "", old));
            let in_force = now < plan.expires_at;
            // The floor that holds now is there before those to come.
            let held = plan.floors.partition_point(|floor| floor.start <= now);
            let to_come = plan.floors.iter().skip(held.saturating_sub(1));
            // Of equals the first.
            let highest = to_come.rev().max_by_key(|floor| floor.servers);
            match highest.filter(|_| in_force) {
                Some(floor) => facts.push(fact(
                    "highest floor to come",
                    floor.servers.to_string(),
                    &format!("servers, {}", floor.start.max(now)),
                    false,
                )),
                None => facts.push(fact(
                    "plan in force",
                    "none".to_owned(),
                    &format!("the last one ended at {}", plan.expires_at),
                    true,
                )),
            }
        }
        None => facts.push(fact("plan", "none".to_owned(), "", true)),
    }
    let plan = documents.plan.filter(|plan| now < plan.expires_at);
    if let Some(short) = plan.and_then(|plan| plan.shortfall.as_ref()) {
        facts.push(fact(
            "servers too few",
            short.needed.saturating_sub(short.allowed).to_string(),
            &format!(
                "from {} on: up to {} needed, {} allows {}",
                short.from, short.needed, short.limit, short.allowed
            ),
            true,
        ));
    }
    if let Some(drift) = documents.record.map(|record| &record.drift) {
        let words = if drift.drifting { "yes" } else { "no" };
        facts.push(fact(
            "forecasts get worse",
            words.to_owned(),
            "",
            drift.drifting,
        ));
    }
    if let Some(hold) = documents
        .incident
        .and_then(|incident| incident.hold.as_ref())
    {
        facts.push(fact(
            "held because of an incident",
            hold.servers.to_string(),
            "servers",
            true,
        ));
    }
    facts
}
