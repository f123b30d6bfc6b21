//! `forescale explain`: why so many servers at a time.

use config::{LeadTime, Occurrence, Throughput};
use documents::{Forecast, Plan, PlanStep};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use simulation::required_servers;

use crate::Console;
use crate::arguments::{ExplainArguments, WordsFormat};
use crate::failure::{Done, input};
use crate::kept::{self, Kept};
use crate::output::{self, Side, grouped};
use crate::{moments, quiet};

/// Nights of forecasts that recent error is told of.
const RECENT: usize = 7;

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
    let floor = plan.and_then(|plan| held(&plan.floors, at));
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
            say("needed then", needed(plan, floor, at));
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
            say("demand", quantiles(forecast, at));
            if let Some(parts) = parts(forecast, at) {
                say("made of", parts);
            }
            say("model", model(forecast));
        }
        None => say("demand", none(kept, at)),
    }
    if let Some(nights) = recent(kept) {
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
    say("limits", limits(kept, plan));
    if let (Some(floor), Some(forecast)) = (floor, forecast) {
        say("what would change it", change(kept, forecast, floor, at));
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

/// The step that holds at `at`.
fn held(steps: &[PlanStep], at: Timestamp) -> Option<&PlanStep> {
    let until = steps.partition_point(|step| step.start <= at);
    steps.get(until.checked_sub(1)?)
}

fn needed(plan: &Plan, floor: &PlanStep, at: Timestamp) -> String {
    let Some(step) = held(&plan.steps, at) else {
        return "the forecast asks for nothing".to_owned();
    };
    let why = match floor.servers.cmp(&step.servers) {
        std::cmp::Ordering::Equal => String::new(),
        std::cmp::Ordering::Greater => format!(
            "; {} more stand ready for what comes within the lead time, or for a hold, a person's \
             floor or a limit, as the floor's reason says",
            floor.servers - step.servers
        ),
        std::cmp::Ordering::Less => format!(
            "; a limit holds {} back, as the floor's reason says",
            step.servers - floor.servers
        ),
    };
    format!("{} servers: {}{why}", step.servers, step.reason)
}

fn quantiles(forecast: &Forecast, at: Timestamp) -> String {
    let levels = [
        (0.5, "p50"),
        (0.9, "p90"),
        (0.95, "p95"),
        (0.99, "p99"),
        (0.999, "p99.9"),
    ];
    let told = levels.iter().filter_map(|(level, name)| {
        Some(format!(
            "{name} {}",
            grouped(forecast.demand_at(at, *level)?)
        ))
    });
    let told: Vec<String> = told.collect();
    format!(
        "{} requests a minute, as forecast at {}",
        told.join(", "),
        forecast.start
    )
}

/// What the median of that hour is made of.
fn parts(forecast: &Forecast, at: Timestamp) -> Option<String> {
    let hour = usize::try_from(at.duration_since(forecast.start).as_hours()).ok()?;
    let explanation = &forecast.explanation;
    let mut told = vec![format!("level {}", grouped(explanation.level))];
    for (name, values) in explanation.parts() {
        let value = values.get(hour).copied().unwrap_or(0.0);
        if value.abs() >= 0.5 {
            let sign = if value > 0.0 { "+" } else { "" };
            told.push(format!("{name} {sign}{}", grouped(value)));
        }
    }
    (told.len() > 1).then(|| told.join(", "))
}

fn model(forecast: &Forecast) -> String {
    let why = &forecast.explanation.why;
    let why = if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    };
    let reason = &forecast.ladder.reason;
    let reason = if reason.is_empty() {
        String::new()
    } else {
        format!("; {reason}")
    };
    format!("{}{why}{reason}", forecast.model)
}

/// Why nothing is forecast for `at`.
fn none(kept: &Kept, at: Timestamp) -> String {
    if let Some(newest) = kept.forecasts.last() {
        return if at < newest.start {
            format!(
                "no forecast for then is kept; the oldest wanted begins at {}",
                newest.start
            )
        } else {
            format!(
                "the newest forecast, of {}, ends at {}: the forecaster makes the next one at night",
                newest.start,
                newest.end()
            )
        };
    }
    match &kept.history {
        None => "no forecast: no demand was ever read; is the metric's name right, and did the \
                 forecaster run?"
            .to_owned(),
        Some(history) => {
            let known = history.demand.iter().flatten().count();
            let days = known as f64 * f64::from(history.step_seconds) / 86_400.0;
            format!("no forecast: {days:.1} days of demand are known")
        }
    }
}

fn recent(kept: &Kept) -> Option<String> {
    let nights = &kept.record.as_ref()?.nights;
    let last = &nights[nights.len().saturating_sub(RECENT)..];
    let steps: usize = last.iter().map(|night| night.steps).sum();
    if steps == 0 {
        return None;
    }
    let mean = |value: &dyn Fn(&documents::ScoredNight) -> f64| {
        last.iter()
            .map(|night| value(night) * night.steps as f64)
            .sum::<f64>()
            / steps as f64
    };
    Some(format!(
        "over {} nights: quantile loss {:.1} % of demand, {:.1} % of steps above p95 (5 % would be exact)",
        last.len(),
        100.0 * mean(&|night| night.loss),
        100.0 * mean(&|night| night.over_p95)
    ))
}

fn throughput(kept: &Kept) -> String {
    let used = kept
        .tuning
        .as_ref()
        .map(|tuning| tuning.made_for.throughput);
    let value = used.unwrap_or_else(|| kept.target.throughput.assumed());
    let whence = match &kept.target.throughput {
        Throughput::Given(_) => "as the configuration says".to_owned(),
        Throughput::Measured {
            resource,
            utilization,
            ..
        } => {
            format!("measured where {} reaches {utilization} %", resource.name)
        }
    };
    format!("{} requests a minute and server, {whence}", grouped(value))
}

fn lead_time(kept: &Kept) -> String {
    let whence = match &kept.target.lead_time {
        LeadTime::Given(_) => "as the configuration says",
        LeadTime::Measured { .. } => "measured on the group's launches",
    };
    let given = match &kept.target.lead_time {
        LeadTime::Given(lead) | LeadTime::Measured { initial: lead } => lead.as_secs(),
    };
    let used = kept
        .tuning
        .as_ref()
        .map_or(given, |tuning| tuning.made_for.lead_seconds);
    format!(
        "{:.1} minutes from the decision to a server in service, {whence}",
        used as f64 / 60.0
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

/// The nearest demand and throughput that would give another number.
fn change(kept: &Kept, forecast: &Forecast, floor: &PlanStep, at: Timestamp) -> String {
    let used = kept
        .tuning
        .as_ref()
        .map(|tuning| tuning.made_for.throughput);
    let throughput = used.unwrap_or_else(|| kept.target.throughput.assumed());
    let servers = f64::from(floor.servers);
    let mut told = vec![format!(
        "one server more carries {} a minute, one less {}",
        grouped((servers + 1.0) * throughput),
        grouped((servers - 1.0).max(0.0) * throughput)
    )];
    for (name, level) in [("the median", 0.5), ("p99", 0.99)] {
        if let Some(demand) = forecast.demand_at(at, level) {
            let needs = required_servers(demand, throughput);
            told.push(format!("{name} alone would need {needs}"));
        }
    }
    if servers > 1.0 {
        let share = 100.0 * (servers / (servers - 1.0) - 1.0);
        told.push(format!("a throughput {share:.0} % higher would save one"));
    }
    told.join("; ")
}
