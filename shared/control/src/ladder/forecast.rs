//! Needs from a forecast: what it asks for, what the last minutes and late events add to it.

use config::Target;
use documents::{Forecast, LadderRung, PlanStep};
use jiff::{SignedDuration, Timestamp};
use planning::{Present, Requirement, Rules, require, servers_for};
use timeseries::Step;

use super::{Rung, Standing, add_events, standing};
use crate::ControlError;
use crate::budget;
use crate::ceiling;
use crate::near::{near_steps, replace_until};
use crate::rest::correct_rest;
use crate::settings::Settings;
use crate::sight::Sight;

/// A forecast older than this is not last night's: a night and some hours for retries.
const FRESH: SignedDuration = SignedDuration::from_hours(30);
/// How long demand above the forecast is assumed to stay: until the next hourly run is through.
const STAYS: SignedDuration = SignedDuration::from_mins(75);

/// What is said of a floor where demand cannot be forecast and the group scales by itself.
pub const LEFT_TO_POLICIES: &str = "left to the group's own policies";

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

/// The standing on a forecast that covers now.
pub(super) fn from_forecast(
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
    let (rung, note) = rung(&forecast, now);
    notes.extend(note);
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
    let risk = risk_told(&required, rules);
    let mut steps = required.steps;
    let mut events = settings
        .config
        .occurrences(target, now, forecast.start, end);
    for (occurrence, id) in &added {
        notes.push(format!("event added since the forecast: {id}"));
        if !events.contains(occurrence) {
            events.push(occurrence.clone());
        }
    }
    if forecast.hands_off() && known.sight.reacts {
        notes.push(format!("{LEFT_TO_POLICIES}: {}", forecast.ladder.reason));
        // What people know of is no guess: events keep what they need.
        let of_event = |at| (events.iter()).any(|event| event.from() <= at && at < event.to());
        for step in steps.iter_mut().filter(|step| !of_event(step.start)) {
            step.servers = rules.min_servers;
            step.reason = format!("demand cannot be forecast: {LEFT_TO_POLICIES}");
        }
    } else {
        notes.push(risk);
    }
    for event in &events {
        for step in steps
            .iter_mut()
            .filter(|step| step.start < event.to() && step.start >= event.from())
        {
            step.reason.push_str(&format!("; event {}", event.name));
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
    let before = steps.clone();
    if let Some(near) = &near {
        replace_until(&mut steps, near.steps.clone(), near.until);
        upper.clone_from(&near.upper);
    } else if let (Some(present), Some((_, upper))) = (present, expected) {
        raise_to_present(&mut steps, present, upper, rules, now, &mut notes);
    }
    // What is planned from last week lowers nothing, and says so to whoever reads the plan.
    let keep = rung == Rung::LastWeek;
    let mut cut = false;
    if !keep {
        // What the last minutes lead to expect is there already: a budget cuts what stands above it.
        let seen = match (&near, present) {
            (Some(near), _) => near.expected.clone(),
            (None, Some(present)) if steps != before => {
                let end = now.saturating_add(STAYS).unwrap_or(now);
                vec![
                    (now, servers_for(present.demand, rules.throughput)),
                    (end, 0),
                ]
            }
            (None, _) => Vec::new(),
        };
        let seen_until = near.as_ref().map(|near| (near.until, 0));
        let seen: Vec<(Timestamp, u32)> = seen.into_iter().chain(seen_until).collect();
        cut = budget::keep(known, &forecast, &added, &seen, &mut steps, &mut notes);
    }
    let ceiling = if rung == Rung::Fresh {
        ceiling::upper(known, &forecast, &added, near.as_ref(), &steps, &mut notes)
    } else {
        None
    };
    let standing = standing(rung, steps, end, Some(key).filter(|_| !keep), keep, notes);
    Ok(Standing {
        expected,
        upper,
        ceiling,
        cut,
        ..standing
    })
}

/// What share of demand is expected to find no server, under max_servers too.
fn risk_told(required: &Requirement, rules: &Rules) -> String {
    let percent = |share: f64| format!("{} %", planning::rate(100.0 * share));
    let (asked, expected) = (percent(rules.risk), percent(required.expected_risk));
    if required.wanting.is_empty() {
        return format!(
            "{expected} of demand is expected above capacity, at most {asked} is asked for"
        );
    }
    format!(
        "{} of demand is expected above capacity under max_servers of {}, at most {asked} is asked for; \
         without that limit {expected}",
        percent(required.limited_risk),
        rules.max_servers
    )
}

/// Where a forecast stands, and what to say of that: by its own ladder first, then by its age.
fn rung(forecast: &Forecast, now: Timestamp) -> (Rung, Option<String>) {
    let reason = &forecast.ladder.reason;
    match forecast.ladder.rung {
        LadderRung::LastWeek => (
            Rung::LastWeek,
            Some(format!(
                "last week's demand is planned for and nothing is lowered: {reason}"
            )),
        ),
        LadderRung::LastGood => (Rung::Older, Some(format!("an older forecast: {reason}"))),
        LadderRung::Model | LadderRung::HandsOff => {
            let age = now.duration_since(forecast.start);
            if age <= FRESH {
                return (Rung::Fresh, None);
            }
            let hours = SignedDuration::from_hours(age.as_hours());
            (
                Rung::Older,
                Some(format!("the newest forecast is {hours:#} old")),
            )
        }
    }
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
            "present demand of {:.0}/min at {}/min a server = {needed}",
            present.demand,
            planning::rate(rules.throughput)
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
