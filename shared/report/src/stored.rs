//! A page of the documents that the functions keep.

use documents::{Forecast, History, Incident, LedgerEntry, Pause, Plan, Record};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use simulation::required_servers;
use timeseries::Step;

mod facts;

use crate::{Action, Line, LineKind, TargetPage, Timeline, accuracy};

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
        facts: facts::facts(documents, now),
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
