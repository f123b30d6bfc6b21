//! `forescale explain`: why so many servers at a time.

mod bound;
mod change;
mod demand;
mod servers;
mod state;

use bound::Floor;
use config::{LeadTime, Throughput};
use documents::{Pause, Plan, in_zone, keys};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::Console;
use crate::arguments::{ExplainArguments, WordsFormat};
use crate::failure::Done;
use crate::kept::{Kept, Store};
use crate::output::{self, Side, counted};
use crate::{moments, quiet};

/// An answer: what bears on the number, and how.
#[derive(Debug, Serialize)]
struct Answer {
    target: String,
    at: Timestamp,
    /// The planned floor, or for a past hour what the shadow ledger has; absent where neither is there.
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
    let store = Store::open(&arguments.store, console)?;
    let kept = &store.read(store.target(&arguments.target)?, 14, console)?;
    // A time of day is the first one from the plan on, of which people ask.
    let from = kept.plan.as_ref().map(|plan| plan.decided_at);
    let from = from.or(kept.newest).unwrap_or_else(moments::now);
    let at = moments::moment_after("--at", &arguments.at, &kept.target.zone, from)?;
    let zone = if arguments.utc {
        &TimeZone::UTC
    } else {
        &kept.target.zone
    };
    let left_out = store.left_out(&kept.target, console)?;
    let odd = demand::odd_days(kept, &store.config, &left_out);
    let answer = answer(kept, &store.config.events, store.pause.as_ref(), odd, at);
    if arguments.format == WordsFormat::Json {
        return output::json(console, &answer);
    }
    let name = zone.iana_name().unwrap_or("UTC");
    let local = in_zone(&at.to_string(), zone);
    let head = match answer.servers {
        Some(servers) => {
            let servers = counted(servers.into(), "server");
            format!("{}: {servers} at {local} ({name})", answer.target)
        }
        None => format!("{}: no plan for {local} ({name})", answer.target),
    };
    console.line(&head)?;
    console.line("")?;
    let rows: Vec<Vec<String>> = answer
        .because
        .into_iter()
        .map(|reason| vec![reason.what.to_owned(), in_zone(&reason.how, zone)])
        .collect();
    output::table(console, &[("", Side::Left), ("", Side::Left)], &rows)
}

fn answer(
    kept: &Kept,
    events: &[config::Event],
    pause: Option<&Pause>,
    odd: Option<String>,
    at: Timestamp,
) -> Answer {
    let mut because = Vec::new();
    let mut say = |what, how: String| because.push(Reason { what, how });
    let plan = kept
        .plan
        .as_ref()
        .filter(|plan| at >= plan.decided_at && at < plan.expires_at);
    let step = plan.and_then(|plan| servers::held(&plan.floors, at));
    let floor = plan
        .zip(step)
        .map(|(plan, step)| Floor::new(kept, plan, step, at));
    let past = match floor {
        Some(_) => None,
        None => state::past(kept, at),
    };
    match (step, plan, &floor) {
        (Some(step), Some(plan), Some(floor)) => {
            say(
                "floor",
                format!(
                    "{} since {}: {}",
                    counted(step.servers.into(), "server"),
                    step.start,
                    step.reason
                ),
            );
            say("needed then", floor.needs(plan));
            say("what bound", floor.told(kept));
        }
        _ => say("floor", no_floor(kept, past, at)),
    }
    if let Some(acting) = state::acting(kept, pause) {
        say("acting", acting);
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
    if let Some(odd) = odd {
        say("odd days", odd);
    }
    if let Some(nights) = demand::recent(kept) {
        say("recent error", nights);
    }
    if let Some(events) = state::events(kept, events, plan, forecast, at) {
        say("events", events);
    }
    say("throughput", throughput(kept));
    say("lead time", lead_time(kept));
    if let (Some(floor), Some(forecast)) = (&floor, forecast) {
        say("rounding", change::rounding(kept, forecast, floor));
    }
    say("limits", limits(kept, plan));
    if let (Some(floor), Some(forecast)) = (&floor, forecast) {
        say(
            "what would change it",
            change::change(kept, forecast, floor),
        );
    }
    for note in plan.iter().flat_map(|plan| &plan.notes) {
        say("note", note.clone());
    }
    Answer {
        target: kept.target.name.clone(),
        at,
        servers: (floor.map(|floor| floor.servers)).or(past.map(|entry| entry.floor)),
        because,
    }
}

/// Why no plan in force says anything of that time, and what one said that has been replaced.
fn no_floor(kept: &Kept, past: Option<&documents::LedgerEntry>, at: Timestamp) -> String {
    match (past, &kept.plan) {
        (Some(entry), _) => format!(
            "{}, as the {} decided at {}: {} (from the shadow ledger; newer plans have replaced that \
             one)",
            counted(entry.floor.into(), "server"),
            entry.by,
            entry.at,
            entry.reason
        ),
        (None, Some(plan)) if at < plan.decided_at => format!(
            "the plan there is was made later, at {}: it says nothing of this time",
            plan.decided_at
        ),
        (None, Some(plan)) => format!(
            "the plan of {} reaches to {}: it says nothing of this time; each hour's plan reaches an hour \
             further, and where none follows the group gets its own MinSize back",
            plan.decided_at, plan.expires_at
        ),
        (None, None) if kept.damaged.contains(&keys::plan(&kept.target.name)) => format!(
            "{} is there and cannot be read: the next run of the planner replaces it",
            keys::plan(&kept.target.name)
        ),
        (None, None) => "there is no plan: the planner has not run for this target".to_owned(),
    }
}

fn lead_time(kept: &Kept) -> String {
    let record = kept.measurements.as_ref();
    let record = record.and_then(|all| all.lead_time.as_ref());
    let used =
        i64::from(record.map_or(0, |record| record.seconds)) == servers::lead(kept).as_secs();
    let whence = match (&kept.target.lead_time, record.filter(|_| used)) {
        (LeadTime::Given(_), _) => "as the configuration says".to_owned(),
        (LeadTime::Measured { .. }, Some(record)) => {
            format!("measured on the group's launches until {}", record.at)
        }
        (LeadTime::Measured { .. }, None) => {
            "assumed until enough launches are seen to measure it".to_owned()
        }
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
            hold.servers, hold.until, hold.reason
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
            format!("measured at {} for {}", record.at, record.made_for)
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
            whence.push_str(&format!("; seen at {}", record.at));
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
