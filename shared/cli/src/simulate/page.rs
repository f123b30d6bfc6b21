//! The report of a replay.

use documents::{Forecast, decode, keys};
use pollster::block_on;
use ports::DocumentStore;
use replay::Replay;
use report::{
    Action, Comparison, Fact, Line, LineKind, Page, Policy, TargetPage, Timeline, accuracy,
};
use simulation::MinuteRecord;
use simulation::alternatives::by_minute;
use timeseries::Series;

use crate::output::{grouped, money};

use super::Summary;

/// What a replay tells, as a page.
pub(crate) fn page(replay: &Replay, summary: &Summary, demand: &Series) -> Page {
    let target = &replay.target;
    let forecasts = forecasts(replay);
    let demand = by_minute(demand).between(summary.window.from, summary.window.to);
    let shown = TargetPage {
        name: target.name.clone(),
        zone: target.zone.clone(),
        about: about(summary),
        facts: facts(summary),
        timeline: timeline(replay, &forecasts),
        actions: actions(replay),
        comparison: Some(comparison(summary)),
        effect: None,
        accuracy: accuracy(&forecasts, &demand),
        notes: notes(replay),
    };
    Page {
        title: format!("Replay of {}", target.name),
        made_at: summary.window.to,
        overview: None,
        target: shown,
    }
}

fn about(summary: &Summary) -> String {
    let (from, to) = (summary.window.from, summary.window.to);
    format!(
        "What Forescale would have done from {from} to {to}, minute by minute over a simulated group, with \
         nothing known before its time."
    )
}

/// Every forecast that the replay made, oldest first.
pub(super) fn forecasts(replay: &Replay) -> Vec<Forecast> {
    let prefix = keys::forecasts(&replay.target.name);
    let found = block_on(replay.store.list(&prefix)).unwrap_or_default();
    let forecast = |key: &String| {
        let stored = block_on(replay.store.get(key)).ok().flatten()?;
        Some(decode::<Forecast>(key, &stored.bytes).ok()?.body)
    };
    let mut forecasts: Vec<Forecast> = found.iter().filter_map(forecast).collect();
    forecasts.sort_by_key(|forecast| forecast.start);
    forecasts
}

fn facts(summary: &Summary) -> Vec<Fact> {
    let ours = &summary.forescale;
    let tracking = &summary.alternatives.target_tracking;
    let percent = |share: f64| format!("{:.3} %", 100.0 * share);
    let over = summary.cost_over_clairvoyant;
    let over = over.map_or_else(String::new, |ratio| {
        format!("{:.2} times perfect foresight", ratio)
    });
    let mut facts = vec![
        Fact {
            name: "demand not served".to_owned(),
            value: percent(ours.share_of_demand_above_capacity),
            beside: format!(
                "target tracking alone {}",
                percent(tracking.share_of_demand_above_capacity)
            ),
            bad: false,
        },
        Fact {
            name: "server-hours".to_owned(),
            value: grouped(ours.server_hours),
            beside: over,
            bad: false,
        },
    ];
    if summary.price_per_server_hour > 0.0 {
        facts.push(Fact {
            name: "cost".to_owned(),
            value: format!("{} {}", money(ours.cost), summary.currency),
            beside: format!("static {}", money(summary.alternatives.static_peak.cost)),
            bad: false,
        });
    }
    facts.push(Fact {
        name: "runs that failed".to_owned(),
        value: summary.failures.len().to_string(),
        beside: String::new(),
        bad: !summary.failures.is_empty(),
    });
    facts
}

fn timeline(replay: &Replay, forecasts: &[Forecast]) -> Timeline {
    let records = &replay.records;
    let line = |kind, value: &dyn Fn(&MinuteRecord) -> Option<f64>| Line {
        kind,
        values: (records.iter())
            .map(|record| value(record).map_or(f32::NAN, |value| value as f32))
            .collect(),
    };
    let level = |record: &MinuteRecord, level| {
        let covering = forecasts.iter().rev().find(|one| one.covers(record.at))?;
        covering.demand_at(record.at, level)
    };
    Timeline {
        start: records.first().map_or(0, |record| record.at.as_second()),
        step_seconds: 60,
        lines: vec![
            line(LineKind::Median, &|record| level(record, 0.5)),
            line(LineKind::Upper, &|record| level(record, 0.99)),
            line(LineKind::Demand, &|record| Some(record.demand)),
            line(LineKind::Unserved, &|record| Some(record.lost)),
            line(LineKind::InService, &|record| {
                Some(f64::from(record.in_service))
            }),
            line(LineKind::Required, &|record| {
                Some(f64::from(record.required))
            }),
            line(LineKind::Floor, &|record| Some(f64::from(record.min_size))),
        ],
    }
}

fn actions(replay: &Replay) -> Vec<Action> {
    let changes = replay.changes.iter().filter_map(|change| {
        Some(Action {
            at: change.effective_at.as_second(),
            servers: change.min_size.or(change.desired_capacity)?,
            by: change.source.to_string(),
            reason: change.reason.clone(),
        })
    });
    changes.collect()
}

fn comparison(summary: &Summary) -> Comparison {
    let rows = summary.rows().map(|(_, name, result)| Policy {
        name: name.to_owned(),
        server_hours: result.server_hours,
        cost: result.cost,
        lost_share: result.share_of_demand_above_capacity,
        lost: result.requests_not_served,
        minutes_under: result.minutes_under_capacity,
        frontier: false,
        recommended: false,
    });
    Comparison {
        currency: summary.currency.clone(),
        priced: summary.price_per_server_hour > 0.0,
        rows: rows.to_vec(),
        advice: (!summary.advice.is_empty()).then(|| summary.advice.join(" ")),
    }
}

/// Messages that people would have got, and runs that failed.
fn notes(replay: &Replay) -> Vec<String> {
    let messages = replay.messages.iter();
    let failures = replay.failures.iter();
    messages
        .map(|(at, message)| format!("{at}: {}", message.subject))
        .chain(failures.map(|(at, reason)| format!("{at}: a run failed: {reason}")))
        .collect()
}
