//! The next hours by what the last minutes say, and the rest of the day by what the day has shown.

use config::{Occurrence, OccurrenceEffect};
use documents::{Forecast, PlanStep};
use fleet::SCHEDULE_TARDINESS;
use forecasting::{NearModel, NearState, by_minute};
use jiff::{SignedDuration, Timestamp};
use planning::{NEAR_BLOCK, Outlook, PUT_MARGIN, servers_for};
use timeseries::{Series, Step};

use crate::ladder::Known;

/// The time until well after the next run, by what the last minutes say.
pub(crate) struct Near {
    pub(crate) steps: Vec<PlanStep>,
    /// Its end.
    pub(crate) until: Timestamp,
    /// Servers that the demand which is expected takes, from each start on.
    pub(crate) expected: Vec<(Timestamp, u32)>,
    /// What demand stays under.
    pub(crate) upper: Vec<(Timestamp, f64)>,
    /// Whether demand has fallen as it only does in an outage.
    pub(crate) dip: bool,
    /// The lowest ordinary level, in log scale.
    pub(crate) lowest: f64,
    /// Demand below which everything is alike, requests per minute.
    pub(crate) least: f64,
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
    let views = Views::of(&model, minutes, &medians, &occurrences)?;
    let state = views.now;
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
    let (mut steps, mut expected, mut upper) = (Vec::new(), Vec::new(), Vec::new());
    let blocks = std::iter::successors(Some(from), |start| start.checked_add(block).ok());
    for start in blocks.take_while(|start| *start < until) {
        let end = start.saturating_add(block).unwrap_or(Timestamp::MAX);
        let Some((state, seen)) = views.for_block(start, end) else {
            break;
        };
        let outlook = Outlook {
            model: &model,
            state,
            seen,
            price,
            occasion: if views.awaits(start, end) {
                deviation(forecast, start).unwrap_or(0.0)
            } else {
                0.0
            },
            reacts: known.sight.reacts,
        };
        let known = outlook.steps(start, end, rules, |at| medians.at(at));
        if known.is_empty() {
            break;
        }
        steps.extend(known);
        expected.extend(outlook.expected(start, end, rules, |at| medians.at(at)));
        upper.extend(outlook.upper(start, end, |at| medians.at(at)));
    }
    let last = steps.last()?.start;
    // Never less than what is there now needs, as long as a server would take to come back.
    if let Some(median) = medians.at(now).filter(|_| !state.dip) {
        let present = median * state.level.exp();
        let needed = servers_for(present, rules.throughput);
        let soon = now
            .saturating_add(rules.lead_time)
            .unwrap_or(Timestamp::MAX);
        for (_, servers) in expected.iter_mut().filter(|(start, _)| *start <= soon) {
            *servers = needed.max(*servers);
        }
        for step in steps.iter_mut().filter(|step| step.start <= soon) {
            if step.servers < needed {
                step.servers = needed;
                step.reason = format!(
                    "present demand of {}/min at {}/min a server = {needed}",
                    planning::rate(present),
                    planning::rate(rules.throughput)
                );
            }
        }
    }
    let until = last.saturating_add(block).unwrap_or(until);
    Some(Near {
        expected,
        upper,
        steps,
        until,
        dip: state.dip,
        lowest: model.lowest,
        least: model.least,
    })
}

/// Minutes of an occasion after which it speaks for itself: the memory of the level.
const SETTLED: SignedDuration = SignedDuration::from_mins(15);

/// Where the day stands, with occasions and without. How wrong an announced figure was says nothing
/// of the hours after it, nor a low day of a figure that was given as such.
struct Views<'a> {
    now: NearState,
    /// By all minutes, and the newest of them.
    whole: (NearState, Timestamp),
    /// By the minutes outside occasions, and the newest of those.
    plain: Option<(NearState, Timestamp)>,
    occurrences: &'a [&'a Occurrence],
}

impl<'a> Views<'a> {
    fn of(
        model: &NearModel,
        minutes: &Series,
        medians: &Series,
        occurrences: &'a [&'a Occurrence],
    ) -> Option<Self> {
        let view = |counts: &dyn Fn(Timestamp) -> bool| {
            let expected: Vec<f64> = (0..minutes.len())
                .map(|index| minutes.time_at(index))
                .map(|at| medians.at(at).filter(|_| counts(at)).unwrap_or(f64::NAN))
                .collect();
            let known = |(value, median): (&f64, &f64)| !value.is_nan() && !median.is_nan();
            let newest = minutes.values().iter().zip(&expected).rposition(known)?;
            let state = model.state(
                minutes.start(),
                &minutes.values()[..=newest],
                &expected[..=newest],
            )?;
            Some((state, minutes.time_at(newest)))
        };
        let during = |at: Timestamp| occurrences.iter().any(|o| o.from() <= at && at < o.to());
        let whole = view(&|_| true)?;
        let plain = view(&|at| !during(at));
        let now = match plain {
            Some((state, _)) if !during(whole.1) => state,
            _ => whole.0,
        };
        Some(Self {
            now,
            whole,
            plain,
            occurrences,
        })
    }

    fn touching(&self, start: Timestamp, end: Timestamp) -> impl Iterator<Item = &&'a Occurrence> {
        let all = self.occurrences.iter();
        all.filter(move |o| o.from() < end && o.to() > start)
    }

    /// Whether `[start, end)` lies in an occasion of which too little was seen to go by.
    fn awaits(&self, start: Timestamp, end: Timestamp) -> bool {
        let touching = || self.touching(start, end);
        touching().next().is_some() && !touching().any(|o| under_way(o, self.whole.1))
    }

    /// What to go by in `[start, end)`; `None` where nothing that was seen bears on it.
    fn for_block(&self, start: Timestamp, end: Timestamp) -> Option<(NearState, Timestamp)> {
        let touching = || self.touching(start, end);
        if touching().next().is_none() {
            return self.plain;
        }
        if touching().any(|o| under_way(o, self.whole.1)) {
            return Some(self.whole);
        }
        let (state, seen) = self.plain.unwrap_or(self.whole);
        let given = touching().any(|o| matches!(o.effect, OccurrenceEffect::Demand(_)));
        // A demand that was given as such does not follow the day around it.
        let level = if given { 0.0 } else { state.level };
        Some((NearState { level, ..state }, seen))
    }
}

/// Deviation in log scale of the step of `forecast` that holds `at`, by its upper half, which is what
/// servers stand for. `None` without one.
fn deviation(forecast: &Forecast, at: Timestamp) -> Option<f64> {
    /// A level far enough out to tell, and its standard normal score.
    const UPPER: (f64, f64) = (0.95, 1.6449);
    let seconds = at.duration_since(forecast.start).as_secs();
    let step = i64::from(forecast.step_seconds.max(1));
    let row = usize::try_from(seconds.div_euclid(step)).ok()?;
    let row = forecast.quantiles.get(row)?;
    let of = |wanted: f64| {
        let index = forecast.levels.iter().position(|level| *level == wanted)?;
        row.get(index).copied()
    };
    let ratio = of(UPPER.0)? / of(0.5)?;
    (ratio >= 1.0 && ratio.is_finite()).then(|| ratio.ln() / UPPER.1)
}

/// Whether enough of `occurrence` was seen by `seen` to go by it.
pub(crate) fn under_way(occurrence: &Occurrence, seen: Timestamp) -> bool {
    let settled = occurrence.from().saturating_add(SETTLED);
    settled.is_ok_and(|settled| settled <= seen) && seen < occurrence.to()
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

#[cfg(test)]
mod tests;
