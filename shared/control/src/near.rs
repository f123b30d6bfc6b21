//! The next hours by what the last minutes say, and the rest of the day by what the day has shown.

use config::Occurrence;
use documents::{Forecast, PlanStep};
use fleet::SCHEDULE_TARDINESS;
use forecasting::{by_minute, correct};
use jiff::{SignedDuration, Timestamp};
use planning::{NEAR_BLOCK, Outlook, PUT_MARGIN, servers_for};
use timeseries::{Series, Step};

use crate::ladder::Known;

/// The time until well after the next run, by what the last minutes say.
pub(crate) struct Near {
    pub(crate) steps: Vec<PlanStep>,
    /// Its end.
    pub(crate) until: Timestamp,
    /// What demand stays under.
    pub(crate) upper: Vec<(Timestamp, f64)>,
    /// Whether demand has fallen as it only does in an outage.
    pub(crate) dip: bool,
}

/// `None` where too little is known.
pub(crate) fn near_steps(
    known: &Known<'_>,
    forecast: &Forecast,
    added: &[(Occurrence, String)],
    notes: &mut Vec<String>,
) -> Option<Near> {
    let Known {
        settings,
        target,
        rules,
        sight,
        now,
        ..
    } = *known;
    let tuning = sight.tuning.as_ref()?;
    let (model, price) = (tuning.near.as_ref()?.model()?, tuning.price?);
    let minutes = sight.minutes.as_ref()?;
    let end = forecast.end();
    let occurrences = settings
        .config
        .occurrences(target, now, forecast.start, end);
    let added = added.iter().map(|(occurrence, _)| occurrence);
    let occurrences: Vec<&Occurrence> = occurrences.iter().chain(added).collect();
    let jumps: Vec<bool> = (0..forecast.quantiles.len())
        .map(|index| {
            let (from, to) = (forecast.time_at(index), forecast.time_at(index + 1));
            occurrences.iter().any(|o| o.from() < to && o.to() > from)
        })
        .collect();
    let medians = minute_medians(forecast, &jumps)?;
    let newest = minutes.values().iter().rposition(|value| !value.is_nan())?;
    let seen = minutes.time_at(newest);
    let expected: Vec<f64> = (0..=newest)
        .map(|index| medians.at(minutes.time_at(index)).unwrap_or(f64::NAN))
        .collect();
    let state = model.state(&minutes.values()[..=newest], &expected)?;
    if state.dip {
        notes.push(format!(
            "demand is {:.0} % below its forecast, further than on any ordinary day: it looks like an outage, and floors stay with the forecast",
            (1.0 - state.level.exp()) * 100.0
        ));
    }
    // Until the next run, its writing and its lead time are through, with one block to spare.
    let every = target.plan_every;
    let reach = [rules.lead_time, SCHEDULE_TARDINESS, PUT_MARGIN]
        .iter()
        .fold(every, |sum, span| sum.saturating_add(*span));
    let block = SignedDuration::from_mins(NEAR_BLOCK as i64);
    let until = now.saturating_add(reach).unwrap_or(Timestamp::MAX);
    let until = Step::FIVE_MINUTES
        .floor(until)
        .saturating_add(block.saturating_mul(2))
        .unwrap_or(Timestamp::MAX);
    let from = Step::FIVE_MINUTES.floor(now).max(forecast.start);
    let outlook = Outlook {
        model: &model,
        state,
        seen,
        price,
    };
    let mut steps = outlook.steps(from, until, rules, |at| medians.at(at));
    let last = steps.last()?.start;
    // Never less than what is there now needs, as long as a server would take to come back.
    if let Some(median) = medians.at(now).filter(|_| !state.dip) {
        let present = median * state.level.exp();
        let needed = servers_for(present, rules.throughput);
        let soon = now
            .saturating_add(rules.lead_time)
            .unwrap_or(Timestamp::MAX);
        for step in steps.iter_mut().filter(|step| step.start <= soon) {
            if step.servers < needed {
                step.servers = needed;
                step.reason = format!(
                    "present demand of {present:.0}/min at {:.0}/min a server = {needed}",
                    rules.throughput
                );
            }
        }
    }
    let until = last.saturating_add(block).unwrap_or(until);
    Some(Near {
        upper: outlook.upper(from, until, |at| medians.at(at)),
        steps,
        until,
        dip: state.dip,
    })
}

/// `near` until `until`, `steps` from there on.
pub(crate) fn replace_until(steps: &mut Vec<PlanStep>, near: Vec<PlanStep>, until: Timestamp) {
    let after = steps.partition_point(|step| step.start < until);
    let mut rest = steps.split_off(after);
    if rest.first().is_none_or(|first| first.start > until)
        && let Some(under_way) = steps.last()
    {
        rest.insert(
            0,
            PlanStep {
                start: until,
                ..under_way.clone()
            },
        );
    }
    *steps = near;
    steps.append(&mut rest);
}

/// The forecast's medians by the minute, the days before it included. Within and next to a step
/// that `jumps` nothing is drawn between it and its neighbours.
pub(crate) fn minute_medians(forecast: &Forecast, jumps: &[bool]) -> Option<Series> {
    let middle = forecast.levels.iter().position(|level| *level == 0.5)?;
    let ahead: Vec<f64> = forecast.quantiles.iter().map(|row| row[middle]).collect();
    let (start, before) = match &forecast.past {
        Some(past) => (past.start, past.medians.as_slice()),
        None => (forecast.start, &[][..]),
    };
    let steps: Vec<f64> = before.iter().chain(&ahead).copied().collect();
    let series = Series::new(start, forecast.step(), steps.clone()).ok()?;
    let mut minutes = by_minute(&series).values().to_vec();
    let per_step = (forecast.step_seconds / 60).max(1) as usize;
    let minutes_known = minutes.len();
    for (index, _) in jumps.iter().enumerate().filter(|(_, jumps)| **jumps) {
        let index = before.len() + index;
        let half = per_step / 2;
        let of = |step: usize| (step * per_step)..((step + 1) * per_step).min(minutes_known);
        let own = of(index);
        // Of a neighbour, the half that faces the jump.
        if let (Some(before), Some(value)) = (
            index.checked_sub(1),
            index.checked_sub(1).and_then(|i| steps.get(i)),
        ) {
            minutes[of(before).start + half..own.start].fill(*value);
        }
        if let Some(value) = steps.get(index + 1) {
            let next = of(index + 1);
            minutes[next.start..next.end - half].fill(*value);
        }
        if let Some(value) = steps.get(index) {
            minutes[own].fill(*value);
        }
    }
    Series::new(start, Step::MINUTE, minutes).ok()
}

/// Moves the steps to come by what was seen since the forecast began. Whether anything was seen.
pub(crate) fn correct_rest(forecast: &mut Forecast, minutes: &Series, now: Timestamp) -> bool {
    let Some(known) = forecast.quantile_forecast() else {
        return false;
    };
    let since = minutes.between(forecast.start, now);
    let Ok(steps) = since.resample(forecast.step()) else {
        return false;
    };
    let actuals: Vec<Option<f64>> = (0..)
        .map(|index| forecast.time_at(index))
        .take_while(|at| *at < now)
        .map(|at| steps.at(at).filter(|value| value.is_finite()))
        .collect();
    if actuals.iter().all(Option::is_none) {
        return false;
    }
    let corrected = correct(&known, &actuals, now);
    for (row, new) in forecast.quantiles.iter_mut().zip(&corrected.rows) {
        // What was forecast stays a document that can be read: finite, not negative, ascending.
        if new.iter().all(|value| value.is_finite()) && new.is_sorted() {
            *row = new.iter().map(|value| value.max(0.0)).collect();
        }
    }
    true
}
