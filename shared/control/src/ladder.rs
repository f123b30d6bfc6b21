//! What is known about demand to come: the fallback ladder.
//!
//! Fresh forecast, older forecast that still covers now, last week's pattern, keep what is. Each
//! rung says where it stands and how old it is; from the third on nothing falls because of it.

use config::{Occurrence, OccurrenceEffect, Target};
use documents::{Forecast, History, Plan, PlanStep, keys};
use jiff::{SignedDuration, Timestamp};
use planning::{Needs, Present, REACH, Rules, require, servers_for};
use ports::DocumentStore;
use timeseries::Step;

use crate::ControlError;
use crate::error::chain;
use crate::metrics::series_of;
use crate::near::{near_steps, replace_until};
use crate::rest::correct_rest;
use crate::settings::{Settings, occurrence_id};
use crate::sight::Sight;
use crate::store::{Loaded, load};

/// Where a plan stands on the fallback ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// Last night's forecast.
    Fresh,
    /// An older one that still covers now.
    Older,
    /// Last week's demand.
    LastWeek,
    /// The plan that is there.
    Keep,
}

/// What a plan is to be made of, and where that stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The rung.
    pub rung: Rung,
    /// What to plan for.
    pub needs: Needs,
    /// The forecast's median and 99th percentile for now, where there is one.
    pub expected: Option<(f64, f64)>,
    /// What demand stays under by the last minutes, 999 times in a thousand: each entry holds from
    /// its time until the next one's. Empty where too little is known.
    pub upper: Vec<(Timestamp, f64)>,
}

/// A forecast older than this is not last night's: a night and some hours for retries.
const FRESH: SignedDuration = SignedDuration::from_hours(30);
/// How many days back forecasts are looked for: they reach three.
const DAYS_BACK: u16 = 3;
/// How long demand above the forecast is assumed to stay: until the next hourly run is through.
const STAYS: SignedDuration = SignedDuration::from_mins(75);

/// The needs of `target` from the highest rung that holds.
///
/// # Errors
/// [`ControlError::Nothing`] on no rung at all, [`ControlError::Plan`] for rules that nothing can
/// be planned by, [`ControlError::Port`] when the store does not answer.
pub async fn needs(
    store: &impl DocumentStore,
    settings: &Settings,
    target: &Target,
    rules: &Rules,
    present: Option<Present>,
    sight: &Sight,
    now: Timestamp,
) -> Result<Standing, ControlError> {
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let end = plan_end(now);
    let mut notes = Vec::new();
    for key in keys::forecasts_for(&target.name, now, DAYS_BACK) {
        match load::<Forecast>(store, &key).await.map_err(port)? {
            Loaded::Absent => {}
            Loaded::Unusable(error, _) => notes.push(format!("skipped: {}", chain(&error))),
            Loaded::Found(forecast, _) if covers(&forecast.body, now) => {
                let known = Known {
                    settings,
                    target,
                    rules,
                    present,
                    sight,
                    now,
                    end,
                };
                return from_forecast(&known, forecast.body, key, notes);
            }
            Loaded::Found(..) => {}
        }
    }
    let history = load::<History>(store, &keys::history(&target.name))
        .await
        .map_err(port)?;
    if let Loaded::Unusable(error, _) = &history {
        notes.push(format!("skipped: {}", chain(error)));
    }
    let pattern = history
        .body()
        .and_then(|history| last_week(history, target, rules, now, end));
    if let Some(steps) = pattern {
        notes.push(
            "no forecast covers now: last week's demand is planned for and nothing is lowered"
                .to_owned(),
        );
        return Ok(standing(Rung::LastWeek, steps, end, None, true, notes));
    }
    let previous = load::<Plan>(store, &keys::plan(&target.name))
        .await
        .map_err(port)?;
    match previous.body() {
        Some(plan) if !plan.steps.is_empty() => {
            notes.push(format!(
                "no forecast and no history cover now: the plan of {} is kept",
                plan.decided_at
            ));
            Ok(standing(
                Rung::Keep,
                plan.steps.clone(),
                end,
                None,
                true,
                notes,
            ))
        }
        _ => Err(ControlError::Nothing {
            target: target.name.clone(),
            detail: notes.iter().map(|note| format!("; {note}")).collect(),
        }),
    }
}

/// End of a plan made at `now`: on the hour, so that every run within one hour plans to the same
/// end and a second one changes nothing.
fn plan_end(now: Timestamp) -> Timestamp {
    Step::HOUR
        .floor(now)
        .saturating_add(REACH)
        .unwrap_or(Timestamp::MAX)
}

fn end_of(forecast: &Forecast) -> Timestamp {
    let seconds = forecast.quantiles.len() as i64 * i64::from(forecast.step_seconds);
    forecast
        .start
        .saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

fn covers(forecast: &Forecast, now: Timestamp) -> bool {
    forecast.start <= now && now < end_of(forecast)
}

fn standing(
    rung: Rung,
    steps: Vec<PlanStep>,
    end: Timestamp,
    forecast: Option<String>,
    keep: bool,
    notes: Vec<String>,
) -> Standing {
    let needs = Needs {
        by: String::new(),
        fence: 0,
        steps,
        end,
        forecast,
        keep,
        notes,
    };
    Standing {
        rung,
        needs,
        expected: None,
        upper: Vec::new(),
    }
}

/// What a plan is made of, beside the forecast.
pub(crate) struct Known<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) target: &'a Target,
    pub(crate) rules: &'a Rules,
    pub(crate) present: Option<Present>,
    pub(crate) sight: &'a Sight,
    pub(crate) now: Timestamp,
    pub(crate) end: Timestamp,
}

fn from_forecast(
    known: &Known<'_>,
    mut forecast: Forecast,
    key: String,
    mut notes: Vec<String>,
) -> Result<Standing, ControlError> {
    let Known {
        settings,
        target,
        rules,
        present,
        now,
        end,
        ..
    } = *known;
    let age = now.duration_since(forecast.start);
    let rung = if age <= FRESH {
        Rung::Fresh
    } else {
        Rung::Older
    };
    if rung == Rung::Older {
        notes.push(format!(
            "the newest forecast is {:#} old",
            SignedDuration::from_hours(age.as_hours())
        ));
    }
    let added = add_events(&mut forecast, settings, target, now);
    let expected =
        row_at(&forecast, now).map(|row| (level(&forecast, row, 0.5), level(&forecast, row, 0.99)));
    let near = near_steps(known, &forecast, &added, &mut notes);
    if let Some(near) = near.as_ref().filter(|near| !near.dip) {
        correct_rest(&mut forecast, known, &added, near);
    }
    // From the start of the hour, so that every run within it plans alike.
    let from = Step::HOUR.floor(now).max(forecast.start);
    let required = require(&forecast, rules, from, end.duration_since(from)).map_err(|source| {
        ControlError::Plan {
            target: target.name.clone(),
            source,
        }
    })?;
    notes.push(format!(
        "expected share of demand above capacity {:.4} %, asked for at most {:.4} %",
        required.expected_risk * 100.0,
        rules.risk * 100.0
    ));
    let mut steps = required.steps;
    if forecast.hands_off() && known.sight.reacts {
        notes.push(format!(
            "left to the group's own policies: {}",
            forecast.ladder.reason
        ));
        for step in &mut steps {
            step.servers = rules.min_servers;
            step.reason = "hardly predictable: left to the group's own policies".to_owned();
        }
    }
    for (occurrence, id) in &added {
        notes.push(format!("event added since the forecast: {id}"));
        for step in steps
            .iter_mut()
            .filter(|s| s.start < occurrence.to() && s.start >= occurrence.from())
        {
            step.reason
                .push_str(&format!("; event {}", occurrence.name));
        }
    }
    if required.end < end {
        notes.push(format!(
            "the forecast ends at {}: its last day is repeated",
            required.end
        ));
        repeat_last_day(&mut steps, required.end, end, forecast.step_seconds);
    }
    let mut upper = Vec::new();
    if let Some(near) = near {
        replace_until(&mut steps, near.steps, near.until);
        upper = near.upper;
    } else if let (Some(present), Some((_, upper))) = (present, expected) {
        raise_to_present(&mut steps, present, upper, rules, now, &mut notes);
    }
    let standing = standing(rung, steps, end, Some(key), false, notes);
    Ok(Standing {
        expected,
        upper,
        ..standing
    })
}

/// The newest forecast that covers `now`, with its key.
///
/// # Errors
/// [`ControlError::Port`] when the store does not answer.
pub async fn newest_forecast(
    store: &impl DocumentStore,
    target: &Target,
    now: Timestamp,
) -> Result<Option<(String, Forecast)>, ControlError> {
    for key in keys::forecasts_for(&target.name, now, DAYS_BACK) {
        let loaded = load::<Forecast>(store, &key).await;
        let loaded = loaded.map_err(|source| ControlError::Port {
            target: target.name.clone(),
            source,
        })?;
        if let Loaded::Found(forecast, _) = loaded
            && covers(&forecast.body, now)
        {
            return Ok(Some((key, forecast.body)));
        }
    }
    Ok(None)
}

/// Demand above the forecast's 99th percentile is planned for as it is until the next run has seen
/// whether it stays.
fn raise_to_present(
    steps: &mut [PlanStep],
    present: Present,
    upper: f64,
    rules: &Rules,
    now: Timestamp,
    notes: &mut Vec<String>,
) {
    let needed = servers_for(present.demand, rules.throughput);
    if present.demand <= upper {
        return;
    }
    let until = now.saturating_add(STAYS).unwrap_or(Timestamp::MAX);
    notes.push(format!(
        "demand of {:.0}/min is above the forecast's p99 of {upper:.0}/min: planned for until {until}",
        present.demand
    ));
    for step in steps
        .iter_mut()
        .filter(|step| step.start < until && step.servers < needed)
    {
        step.servers = needed;
        step.reason = format!(
            "present demand of {:.0}/min at {:.0}/min a server = {needed}",
            present.demand, rules.throughput
        );
    }
}

fn row_at(forecast: &Forecast, at: Timestamp) -> Option<&Vec<f64>> {
    let seconds = at.duration_since(forecast.start).as_secs();
    let index =
        usize::try_from(seconds.div_euclid(i64::from(forecast.step_seconds.max(1)))).ok()?;
    forecast.quantiles.get(index)
}

/// The value at the carried level nearest to `wanted`.
fn level(forecast: &Forecast, row: &[f64], wanted: f64) -> f64 {
    let distance = |level: &f64| (level - wanted).abs();
    forecast
        .levels
        .iter()
        .zip(row)
        .min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)))
        .map_or(0.0, |(_, value)| *value)
}

/// Events that people added after the forecast was made. The forecaster knows more kinds of
/// effect; "like" and "learnt" wait for it.
pub(crate) fn add_events(
    forecast: &mut Forecast,
    settings: &Settings,
    target: &Target,
    now: Timestamp,
) -> Vec<(Occurrence, String)> {
    let end = end_of(forecast);
    let added: Vec<(Occurrence, String)> = settings
        .config
        .occurrences(target, now, forecast.start, end)
        .into_iter()
        .map(|occurrence| (occurrence.clone(), occurrence_id(&occurrence)))
        .filter(|(_, id)| !forecast.events.contains(id))
        .filter(|(occurrence, _)| {
            matches!(
                occurrence.effect,
                OccurrenceEffect::Multiplier(_) | OccurrenceEffect::Demand(_)
            )
        })
        .collect();
    for (occurrence, _) in &added {
        apply_occurrence(forecast, occurrence);
    }
    added
}

/// Applies an occurrence with a given multiplier or demand to the rows it touches; other effects
/// need the history and are the forecasting crate's.
pub fn apply_occurrence(forecast: &mut Forecast, occurrence: &Occurrence) {
    let step = SignedDuration::from_secs(i64::from(forecast.step_seconds));
    let mut at = forecast.start;
    for row in &mut forecast.quantiles {
        let next = at.saturating_add(step).unwrap_or(Timestamp::MAX);
        // The fullest share that any moment of the step has of the event.
        let share = share_of(occurrence, at, next);
        for value in row.iter_mut() {
            let full = match occurrence.effect {
                OccurrenceEffect::Multiplier(factor) => *value * factor,
                OccurrenceEffect::Demand(demand) => demand,
                OccurrenceEffect::Like(_) | OccurrenceEffect::Learnt => *value,
            };
            *value += share * (full - *value);
        }
        at = next;
    }
}

/// How fully an event applies in `[from, to)`: 1 within it, falling linearly over lead and tail.
fn share_of(event: &Occurrence, from: Timestamp, to: Timestamp) -> f64 {
    let part = |distance: SignedDuration, whole: SignedDuration| {
        if distance.is_negative() || distance.is_zero() {
            1.0
        } else if whole.is_zero() {
            0.0
        } else {
            (1.0 - distance.as_secs_f64() / whole.as_secs_f64()).max(0.0)
        }
    };
    let before = part(event.start.duration_since(to), event.lead);
    let after = part(from.duration_since(event.end), event.tail);
    let touches = to > event.from() && from < event.to();
    if touches { before.min(after) } else { 0.0 }
}

/// Steps from `from` to `to` that repeat the day before each.
fn repeat_last_day(steps: &mut Vec<PlanStep>, from: Timestamp, to: Timestamp, step_seconds: u32) {
    let step = SignedDuration::from_secs(i64::from(step_seconds));
    let day = SignedDuration::from_hours(24);
    let highest = steps.iter().map(|step| step.servers).max().unwrap_or(0);
    let mut start = from;
    while start < to {
        let earlier = start.saturating_sub(day).unwrap_or(Timestamp::MIN);
        let index = steps
            .partition_point(|step| step.start <= earlier)
            .checked_sub(1);
        let servers = index.map_or(highest, |index| steps[index].servers);
        steps.push(PlanStep {
            start,
            servers,
            reason: "as a day before, beyond the forecast".to_owned(),
        });
        start = start.saturating_add(step).unwrap_or(Timestamp::MAX);
    }
}

/// The servers that last week's demand needed at the same time of the week, the busiest minute
/// where it is known; `None` unless most of it was observed.
fn last_week(
    history: &History,
    target: &Target,
    rules: &Rules,
    now: Timestamp,
    end: Timestamp,
) -> Option<Vec<PlanStep>> {
    let demand = series_of(history, &history.demand).ok()?;
    let peak = series_of(history, &history.peak).ok()?;
    let week = SignedDuration::from_hours(7 * 24);
    let step = target.step;
    let mut start = step.floor(now);
    let (mut steps, mut known, mut last) = (Vec::new(), 0_usize, None);
    while start < end {
        let from = start.saturating_sub(week).ok()?;
        let to = from.saturating_add(step.duration()).ok()?;
        let busiest = |series: &timeseries::Series| {
            let part = series.between(from, to);
            part.values()
                .iter()
                .copied()
                .filter(|value| !value.is_nan())
                .reduce(f64::max)
        };
        let seen = busiest(&peak).or_else(|| busiest(&demand));
        known += usize::from(seen.is_some());
        last = seen.or(last);
        let needed = last.map_or(0, |demand| servers_for(demand, rules.throughput));
        steps.push(PlanStep {
            start,
            servers: needed.max(rules.min_servers),
            reason: format!("as a week before: {:.0}/min", last.unwrap_or(0.0)),
        });
        start = start.saturating_add(step.duration()).ok()?;
    }
    (known * 2 >= steps.len() && known > 0).then_some(steps)
}
