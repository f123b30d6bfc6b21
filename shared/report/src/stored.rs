//! A page of the documents that the functions keep.

use documents::{Forecast, History, Incident, LedgerEntry, Pause, Plan, Predictable, Record};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use simulation::required_servers;
use timeseries::Step;

use crate::{Action, Fact, Line, LineKind, TargetPage, Timeline, accuracy};

/// Everything kept of one target; what is missing is left out of the page.
#[derive(Debug, Clone, Copy)]
pub struct Documents<'a> {
    /// The target's name.
    pub name: &'a str,
    /// Its zone.
    pub zone: &'a TimeZone,
    /// Requests a minute that one server sustains, where known.
    pub throughput: Option<f64>,
    /// Observed demand.
    pub history: Option<&'a History>,
    /// Forecasts, oldest first.
    pub forecasts: &'a [Forecast],
    /// The plan.
    pub plan: Option<&'a Plan>,
    /// The pause that is in force.
    pub pause: Option<&'a Pause>,
    /// What the responder knows.
    pub incident: Option<&'a Incident>,
    /// How the forecasts did.
    pub record: Option<&'a Record>,
    /// What shadow mode would have done, oldest first.
    pub ledger: &'a [LedgerEntry],
}

/// The page of `documents` as of `now`: `days` back, and forward as far as forecast and plan reach.
#[must_use]
pub fn target_page(documents: &Documents<'_>, now: Timestamp, days: u16) -> TargetPage {
    let series = (documents.history).and_then(|history| history.demand_series().ok());
    let step = series.as_ref().map(|series| series.step());
    let step = step
        .or(documents.forecasts.last().map(Forecast::step))
        .unwrap_or(Step::HOUR);
    let back = SignedDuration::from_hours(24 * i64::from(days));
    let from = step.floor(now.saturating_sub(back).unwrap_or(Timestamp::MIN));
    // Of a service that is younger the page begins with what is first known of it.
    let known = [
        series.as_ref().map(|series| series.start()),
        documents.forecasts.first().map(|forecast| forecast.start),
        documents.ledger.first().map(|entry| entry.at),
    ];
    let oldest = known.into_iter().flatten().min();
    let from = oldest.map_or(from, |oldest| step.floor(oldest.min(now)).max(from));
    let reach = [
        documents.forecasts.last().map(Forecast::end),
        documents.plan.map(|p| p.expires_at),
    ];
    let to = reach.into_iter().flatten().fold(now, Timestamp::max);
    let mut timeline = Timeline {
        start: from.as_second(),
        step_seconds: step.seconds(),
        lines: Vec::new(),
    };
    let steps = usize::try_from(to.duration_since(from).as_secs() / i64::from(step.seconds()));
    let times: Vec<Timestamp> = (0..steps.unwrap_or(0))
        .map(|i| timeline.time_at(i))
        .collect();
    let mut line = |kind, value: &dyn Fn(Timestamp) -> Option<f64>| {
        let values: Vec<f32> = times
            .iter()
            .map(|at| value(*at).map_or(f32::NAN, |value| value as f32))
            .collect();
        if values.iter().any(|value| value.is_finite()) {
            timeline.lines.push(Line { kind, values });
        }
    };
    let demand = |at| {
        series
            .as_ref()
            .and_then(|series| series.at(at))
            .filter(|v| v.is_finite())
    };
    line(LineKind::Demand, &demand);
    // The newest forecast that was made before.
    let forecast = |at: Timestamp| documents.forecasts.iter().rev().find(|one| one.covers(at));
    line(LineKind::Median, &|at| forecast(at)?.demand_at(at, 0.5));
    line(LineKind::Upper, &|at| forecast(at)?.demand_at(at, 0.99));
    if let Some(throughput) = documents.throughput {
        let required = |at| Some(f64::from(required_servers(demand(at)?, throughput)));
        line(LineKind::Required, &required);
    }
    let entry = |at: Timestamp| {
        let until = documents.ledger.partition_point(|entry| entry.at <= at);
        // What was seen an hour and a half ago says nothing of now.
        let fresh = SignedDuration::from_mins(90);
        let entry = documents.ledger.get(until.checked_sub(1)?)?;
        (at.duration_since(entry.at) <= fresh).then_some(entry)
    };
    line(LineKind::Floor, &|at| {
        let plan = documents
            .plan
            .filter(|plan| at >= plan.decided_at && at < plan.expires_at);
        let planned = plan.and_then(|plan| {
            let until = plan.floors.partition_point(|floor| floor.start <= at);
            plan.floors.get(until.checked_sub(1)?)
        });
        let planned = planned.map(|floor| floor.servers);
        let logged = || entry(at).filter(|_| at <= now).map(|entry| entry.floor);
        planned.or_else(logged).map(f64::from)
    });
    line(LineKind::InService, &|at| {
        entry(at)
            .filter(|_| at <= now)
            .map(|entry| f64::from(entry.in_service))
    });
    let judged: Vec<Forecast> = documents
        .forecasts
        .iter()
        .filter(|forecast| forecast.start >= from)
        .cloned()
        .collect();
    let accuracy = series
        .as_ref()
        .map_or_else(Vec::new, |series| accuracy(&judged, series));
    TargetPage {
        name: documents.name.to_owned(),
        zone: documents.zone.clone(),
        about: match days {
            1 => "The last day, and what is planned.".to_owned(),
            days => format!("The last {days} days, and what is planned."),
        },
        facts: facts(documents, now),
        timeline,
        actions: actions(documents, from),
        comparison: None,
        effect: None,
        accuracy,
        notes: notes(documents),
    }
}

/// Fills the gaps of a line with what was measured at `points`, ascending, each of which holds for `fresh`
/// at most, until `now`. A line that the page does not have is added, where anything was measured.
pub fn fill_line(
    page: &mut TargetPage,
    kind: LineKind,
    points: &[(Timestamp, f64)],
    fresh: SignedDuration,
    now: Timestamp,
) {
    let timeline = &mut page.timeline;
    let value = |index| {
        let at = timeline.time_at(index);
        let until = points.partition_point(|(time, _)| *time <= at);
        let (time, value) = points.get(until.checked_sub(1)?)?;
        (at <= now && at.duration_since(*time) < fresh).then_some(*value as f32)
    };
    let values = (0..timeline.len()).map(|index| value(index).unwrap_or(f32::NAN));
    let values: Vec<f32> = values.collect();
    if let Some(line) = timeline.lines.iter_mut().find(|line| line.kind == kind) {
        for (known, value) in line.values.iter_mut().zip(values) {
            if known.is_nan() {
                *known = value;
            }
        }
    } else if values.iter().any(|value| value.is_finite()) {
        timeline.lines.push(Line { kind, values });
    }
}

fn fact(name: &str, value: String, beside: &str, bad: bool) -> Fact {
    let (name, beside) = (name.to_owned(), beside.to_owned());
    Fact {
        name,
        value,
        beside,
        bad,
    }
}

fn facts(documents: &Documents<'_>, now: Timestamp) -> Vec<Fact> {
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
                "from {} on: {} needed at the most, {} allows {}",
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

fn actions(documents: &Documents<'_>, from: Timestamp) -> Vec<Action> {
    let action = |at: Timestamp, servers, by: &str, reason: &str| Action {
        at: at.as_second(),
        servers,
        by: by.to_owned(),
        reason: reason.to_owned(),
    };
    let ledger = documents.ledger.iter();
    let mut actions: Vec<Action> = ledger
        .map(|entry| {
            action(
                entry.at,
                entry.floor,
                &format!("{} (shadow)", entry.by),
                &entry.reason,
            )
        })
        .collect();
    if let Some(incident) = documents.incident {
        let holds = incident.past.iter().chain(&incident.hold);
        actions
            .extend(holds.map(|hold| action(hold.since, hold.servers, "responder", &hold.reason)));
    }
    if let Some(plan) = documents.plan {
        let floors = plan.floors.iter();
        actions.extend(
            floors.map(|floor| action(floor.start, floor.servers, "planner", &floor.reason)),
        );
    }
    actions.retain(|action| action.at >= from.as_second());
    actions.sort_by_key(|action| action.at);
    actions.dedup();
    actions
}

fn notes(documents: &Documents<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(forecast) = documents.forecasts.last() {
        let (reason, why) = (&forecast.ladder.reason, &forecast.explanation.why);
        if !reason.is_empty() {
            notes.push(reason.clone());
        }
        if !why.is_empty() {
            notes.push(format!("{}: {why}", forecast.model));
        }
        notes.extend(forecast.notes.iter().cloned());
    }
    notes.extend(documents.plan.iter().flat_map(|plan| plan.notes.clone()));
    let drift = documents.record.map(|record| &record.drift);
    notes.extend(
        drift
            .filter(|drift| drift.drifting)
            .map(|drift| drift.reason.clone()),
    );
    let mut told = std::collections::BTreeSet::new();
    notes.retain(|note| told.insert(note.clone()));
    notes
}
