//! `forescale explain`: why so many servers at a time.

mod demand;
mod servers;

use config::{LeadTime, Occurrence, Throughput};
use documents::Plan;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::Console;
use crate::arguments::{ExplainArguments, WordsFormat};
use crate::failure::{Done, input};
use crate::kept::{self, Kept};
use crate::output::{self, Side};
use crate::{moments, quiet};

/// An answer: what bears on the number, and how.
#[derive(Debug, Serialize)]
struct Answer {
    target: String,
    at: Timestamp,
    /// The planned floor; absent where there is no plan for that time.
    servers: Option<u32>,
    because: Vec<Reason>,
}

/// One thing that bears on it.
#[derive(Debug, Serialize)]
struct Reason {
    what: &'static str,
    how: String,
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &ExplainArguments, console: &mut Console<'_>) -> Done {
    let store = kept::read(&arguments.store, Some(&arguments.target), 14, console)?;
    let kept = store.targets.first().ok_or_else(|| input("no target"))?;
    let at = moments::moment("--at", &arguments.at, &kept.target.zone)?;
    let answer = answer(kept, &store.config.events, at);
    if arguments.format == WordsFormat::Json {
        return output::json(console, &answer);
    }
    let local = kept
        .target
        .zone
        .to_datetime(at)
        .strftime("%a %Y-%m-%d %H:%M");
    let zone = kept.target.zone.iana_name().unwrap_or("UTC");
    let head = match answer.servers {
        Some(servers) => format!("{}: {servers} servers at {local} ({zone})", answer.target),
        None => format!("{}: no plan for {local} ({zone})", answer.target),
    };
    console.line(&head)?;
    let rows: Vec<Vec<String>> = answer
        .because
        .into_iter()
        .map(|reason| vec![reason.what.to_owned(), reason.how])
        .collect();
    output::table(console, &[("", Side::Left), ("", Side::Left)], &rows)
}

fn answer(kept: &Kept, events: &[config::Event], at: Timestamp) -> Answer {
    let mut because = Vec::new();
    let mut say = |what, how: String| because.push(Reason { what, how });
    let plan = kept
        .plan
        .as_ref()
        .filter(|plan| at >= plan.decided_at && at < plan.expires_at);
    let floor = plan.and_then(|plan| servers::held(&plan.floors, at));
    match (floor, plan, &kept.plan) {
        (Some(floor), Some(plan), _) => {
            say(
                "floor",
                format!(
                    "{} servers since {}: {}",
                    floor.servers,
                    local(kept, floor.start),
                    floor.reason
                ),
            );
            say("needed then", servers::needed(plan, floor, at));
            say("what bound", servers::bound(kept, plan, floor, at));
        }
        (_, _, Some(plan)) => say(
            "floor",
            format!(
                "the plan of {} reaches to {}, when the group gets its own MinSize back: it says nothing of \
                 this time",
                local(kept, plan.decided_at),
                local(kept, plan.expires_at)
            ),
        ),
        _ => say(
            "floor",
            "there is no plan: the planner has not run for this target".to_owned(),
        ),
    }
    let forecast = kept
        .forecasts
        .iter()
        .rev()
        .find(|forecast| forecast.covers(at));
    match forecast {
        Some(forecast) => {
            say("demand", demand::quantiles(forecast, at));
            if let Some(parts) = demand::parts(forecast, at) {
                say("made of", parts);
            }
            say("corrections", demand::corrections(kept, forecast, at));
            say("model", demand::model(forecast));
        }
        None => say("demand", demand::none(kept, at)),
    }
    if let Some(nights) = demand::recent(kept) {
        say("recent error", nights);
    }
    let span = SignedDuration::from_hours(12);
    let around = (at.saturating_sub(span), at.saturating_add(span));
    if let (Ok(from), Ok(to)) = around {
        let occurrences = events
            .iter()
            .flat_map(|event| event.occurrences(&kept.target, from, to));
        let covering: Vec<String> = occurrences
            .filter(|one| covers(one, at))
            .map(|one| one.name.clone())
            .collect();
        say(
            "events",
            if covering.is_empty() {
                "none then".to_owned()
            } else {
                covering.join(", ")
            },
        );
    }
    say("throughput", throughput(kept));
    say("lead time", lead_time(kept));
    if let (Some(floor), Some(forecast)) = (floor, forecast) {
        let rounded = servers::rounding(kept, forecast, floor.servers, at);
        say("rounding", rounded);
    }
    say("limits", limits(kept, plan));
    if let (Some(floor), Some(forecast)) = (floor, forecast) {
        say(
            "what would change it",
            servers::change(kept, forecast, floor, at),
        );
    }
    for note in plan.iter().flat_map(|plan| &plan.notes) {
        say("note", note.clone());
    }
    Answer {
        target: kept.target.name.clone(),
        at,
        servers: floor.map(|floor| floor.servers),
        because,
    }
}

/// Whether `one` changes demand at `at`, with its lead and tail.
fn covers(one: &Occurrence, at: Timestamp) -> bool {
    let from = one.start.saturating_sub(one.lead).unwrap_or(Timestamp::MIN);
    let to = one.end.saturating_add(one.tail).unwrap_or(Timestamp::MAX);
    (from..to).contains(&at)
}

fn local(kept: &Kept, at: Timestamp) -> String {
    kept.target
        .zone
        .to_datetime(at)
        .strftime("%a %Y-%m-%d %H:%M")
        .to_string()
}

fn lead_time(kept: &Kept) -> String {
    let whence = match &kept.target.lead_time {
        LeadTime::Given(_) => "as the configuration says",
        LeadTime::Measured { .. } => "measured on the group's launches",
    };
    format!(
        "{:.1} minutes from the decision to a server in service, {whence}",
        servers::lead(kept).as_secs() as f64 / 60.0
    )
}

fn limits(kept: &Kept, plan: Option<&Plan>) -> String {
    let target = &kept.target;
    let mut told = format!("{} to {} servers", target.min_servers, target.max_servers);
    told.push_str(&format!(
        "; at most {} of demand above capacity asked for",
        quiet::percent(target.risk)
    ));
    if let Some(baseline) = &kept.baseline {
        told.push_str(&format!(
            "; the group's own MinSize was {}",
            baseline.min_size
        ));
    }
    if let Some(human) = plan.and_then(|plan| plan.human_floor) {
        told.push_str(&format!("; a person set MinSize to {human}, which is kept"));
    }
    if let Some(hold) = kept
        .incident
        .as_ref()
        .and_then(|incident| incident.hold.as_ref())
    {
        told.push_str(&format!(
            "; {} held until {}: {}",
            hold.servers,
            local(kept, hold.until),
            hold.reason
        ));
    }
    told
}

/// What one server sustains, and where that comes from.
fn throughput(kept: &Kept) -> String {
    let used = servers::assumed(kept);
    let (configured, typed) = match &kept.target.throughput {
        Throughput::Given(value) => (*value, true),
        Throughput::Measured { initial, typed, .. } => (*initial, *typed),
    };
    let record = kept.measurements.as_ref();
    let record = record.and_then(|all| all.throughput.as_ref());
    let mut whence = match (record, &kept.target.throughput) {
        (Some(record), _) if servers::measured(kept).is_some() => {
            format!(
                "measured at {} for {}",
                local(kept, record.at),
                record.made_for
            )
        }
        (
            None,
            Throughput::Measured {
                resource,
                utilization,
                typed: false,
                ..
            },
        ) => format!(
            "to be measured where {} reaches {utilization} %; until then as the configuration assumes",
            resource.name
        ),
        _ if typed || used == configured => "as the configuration says".to_owned(),
        _ => format!(
            "as it was at the last tuning; the configuration says {}",
            planning::rate(configured)
        ),
    };
    if let Some(record) = record {
        if servers::measured(kept).is_none() && !record.notes.is_empty() {
            whence.push_str(&format!("; seen at {}", local(kept, record.at)));
        }
        for note in &record.notes {
            whence.push_str("; ");
            whence.push_str(note);
        }
    }
    format!(
        "{} requests a minute and server, {whence}",
        planning::rate(used)
    )
}
