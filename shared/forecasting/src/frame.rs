use jiff::Timestamp;
use timeseries::{Series, Step};

use crate::calendar::Calendar;
use crate::numbers::weighted_quantile;
use crate::odd;
use crate::repair::{self, Reason, Repair};
use crate::shift::{self, Shift};
use crate::units::{self, Jump};
use crate::{ForecastError, ForecastRequest, Interval, LEVELS, Occasion};

/// The most steps one forecast may ask for: 31 days of minutes.
pub(crate) const MOST_STEPS_AHEAD: usize = 31 * 1440;

/// The training window on a regular grid that ends at the cutoff, without gaps.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Demand of every step, gaps filled; its length is the index of the cutoff.
    pub(crate) values: Vec<f64>,
    /// Whether the step was observed and may teach.
    pub(crate) observed: Vec<bool>,
    /// Local time of the window and of the whole days that cover the horizon.
    pub(crate) calendar: Calendar,
    /// The cutoff: start of the first step ahead.
    pub(crate) cutoff: Timestamp,
    /// The least a forecast may be: demand is a count.
    pub(crate) least: f64,
    /// Steps before the cutoff that were not observed.
    pub(crate) missing: usize,
    /// Steps that were observed and not believed.
    pub(crate) repairs: Vec<Repair>,
    /// Jumps of the unit that were mended, the newest first.
    jumps: Vec<Jump>,
    /// The last clean shift of the level: what lies before it is at the level after it.
    pub(crate) shift: Option<Shift>,
    /// Demand that has been gone for so long that it may have been switched off.
    pub(crate) gone: Option<Gone>,
    start: Timestamp,
    step: Step,
}

/// An outage that reaches the end and has lasted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gone {
    from: usize,
    /// Chance that demand comes back, below 1.
    pub(crate) chance: f64,
    /// Quantiles of what there is instead.
    pub(crate) rest: [f64; LEVELS.len()],
}

impl Gone {
    fn of(values: &[f64], repairs: &[Repair], per_day: usize) -> Option<Self> {
        let last = repairs.last()?;
        if last.reason != Reason::Outage || !repair::is_open(values, last) {
            return None;
        }
        let hours = (last.to - last.from) as f64 * 24.0 / per_day as f64;
        let known = values[last.from..last.to].iter().copied();
        let mut rest: Vec<(f64, f64)> = known
            .filter(|value| !value.is_nan())
            .map(|value| (value, 1.0))
            .collect();
        rest.sort_by(|a, b| a.0.total_cmp(&b.0));
        let gone = Self {
            from: last.from,
            chance: repair::comes_back(hours),
            rest: LEVELS.map(|level| weighted_quantile(&rest, level)),
        };
        (gone.chance < 1.0).then_some(gone)
    }
}

impl Frame {
    /// Cuts the training window out of a request's history, brings it to the step and fills it.
    /// The days `apart` are filled like gaps, as they do not tell what is usual; those `hidden` tell of
    /// no shift and of no other unit.
    ///
    /// # Errors
    /// [`ForecastError::NoHistory`] when nothing was observed in the window,
    /// [`ForecastError::Horizon`] for a horizon of nothing or beyond [`MOST_STEPS_AHEAD`],
    /// [`ForecastError::Step`] when the history's step does not divide the asked one.
    pub(crate) fn new(
        request: &ForecastRequest<'_>,
        apart: &[(Interval, String)],
        hidden: &[Interval],
    ) -> Result<Self, ForecastError> {
        if request.horizon_steps == 0 || request.horizon_steps > MOST_STEPS_AHEAD {
            return Err(ForecastError::Horizon {
                steps: request.horizon_steps,
                limit: MOST_STEPS_AHEAD,
            });
        }
        let step = request.step;
        let cutoff = step.floor(request.cutoff);
        let (start, mut values) = window(request, cutoff)?;
        let past = request.occasions.iter().map(Occasion::span);
        for interval in request.left_out.iter().copied().chain(past) {
            blank(&mut values, start, step, interval.start, interval.end);
        }
        let below = negatives(&mut values);
        let missing = values.iter().filter(|value| value.is_nan()).count();
        if missing == values.len() {
            return Err(ForecastError::NoHistory { cutoff });
        }
        let hide = |values: &mut [f64]| {
            for interval in hidden {
                blank(values, start, step, interval.start, interval.end);
            }
        };
        let mut shown = values.clone();
        hide(&mut shown);
        let jumps = units::mend(&mut shown, step.per_day());
        for jump in &jumps {
            let before = values[..jump.at].iter_mut();
            before.for_each(|value| *value *= jump.factor);
        }
        let mut without = values.clone();
        for (interval, _) in apart {
            blank(&mut without, start, step, interval.start, interval.end);
        }
        if without.iter().any(|value| !value.is_nan()) {
            values = without;
        }
        let per_day = step.per_day();
        let ahead = request.horizon_steps.div_ceil(per_day) * per_day;
        let calendar = Calendar::new(start, step, values.len() + ahead, request.zone);
        let mut repairs = repair::find(&values, &calendar);
        let gone = Gone::of(&values, &repairs, per_day);
        for repair in &repairs {
            values[repair.from..repair.to].fill(f64::NAN);
        }
        // Those hours are taken out beside outages and spikes, which must not tell what is usual.
        for repair in odd::find(&values, &calendar) {
            values[repair.from..repair.to].fill(f64::NAN);
            repairs.push(repair);
        }
        repairs.extend(below);
        repairs.sort_by_key(|repair| repair.from);
        shown.clone_from(&values);
        hide(&mut shown);
        let shift = shift::find(&shown, &calendar);
        if let Some(shift) = shift {
            let before = values[..shift.at].iter_mut();
            before.for_each(|value| *value *= shift.factor);
        }
        let observed: Vec<bool> = values.iter().map(|value| !value.is_nan()).collect();
        fill(&mut values, &calendar);
        let calendar = calendar.with_weekend_of(&values);
        Ok(Self {
            values,
            observed,
            calendar,
            cutoff,
            least: 0.0,
            missing,
            start,
            step,
            repairs,
            jumps,
            shift,
            gone,
        })
    }

    /// Start of step `index`.
    pub(crate) fn time_at(&self, index: usize) -> Timestamp {
        let ahead = i64::try_from(index)
            .unwrap_or(i64::MAX)
            .saturating_mul(i64::from(self.step.seconds()));
        self.start
            .saturating_add(jiff::SignedDuration::from_secs(ahead))
            .unwrap_or(Timestamp::MAX)
    }

    /// How many times demand at `at` counts now: the units and the shift after it.
    pub(crate) fn counts(&self, at: Timestamp) -> f64 {
        let jumps = self.jumps.iter().map(|jump| (jump.at, jump.factor));
        let shift = self.shift.iter().map(|shift| (shift.at, shift.factor));
        let after = jumps
            .chain(shift)
            .filter(|(from, _)| at < self.time_at(*from));
        after.map(|(_, factor)| factor).product()
    }

    /// The frame as if its shift of the level had not been, while that may pass.
    pub(crate) fn before_shift(&self) -> Option<Self> {
        let shift = self.shift.filter(|shift| shift.chance < 1.0)?;
        let mut before = self.clone();
        before.shift = None;
        for value in &mut before.values[..shift.at] {
            *value /= shift.factor;
        }
        before.observed[shift.at..].fill(false);
        for index in shift.at..before.values.len() {
            let past = before.calendar.back(index, 7, index)?;
            before.values[index] = before.values[past];
        }
        Some(before)
    }

    /// The shift of the level, for people.
    pub(crate) fn shifted(&self) -> Option<String> {
        let shift = self.shift?;
        let at = self.time_at(shift.at);
        let doubt = if shift.chance < 1.0 {
            "; it is young, so the band reaches to the level before"
        } else {
            ""
        };
        Some(format!(
            "since {at} all hours have {:.2} times the demand they had: days before it are read at \
             that level{doubt}",
            shift.factor
        ))
    }

    /// What may have been switched off, for people.
    pub(crate) fn gone(&self) -> Option<String> {
        let gone = self.gone?;
        Some(format!(
            "next to no demand since {}: with a chance of {:.0} % that is an outage and demand comes back, \
             so the band reaches from nothing to the usual",
            self.time_at(gone.from),
            100.0 * gone.chance
        ))
    }

    /// What was not believed and why, for people.
    pub(crate) fn repaired(&self) -> Vec<(Interval, String)> {
        let jumps = self.jumps.iter().map(|jump| {
            let interval = Interval {
                start: self.start,
                end: self.time_at(jump.at),
            };
            let text = format!(
                "unit: counted {:.6} times, as all that came after it shows",
                jump.factor
            );
            (interval, text)
        });
        self.repairs
            .iter()
            .map(|repair| {
                let interval = Interval {
                    start: self.time_at(repair.from),
                    end: self.time_at(repair.to),
                };
                (interval, repair.reason.text().to_owned())
            })
            .chain(jumps)
            .collect()
    }

    /// Steps in a day.
    pub(crate) fn per_day(&self) -> usize {
        self.calendar.per_day
    }
}

/// Start and values of the window: from the first observation within `training_days` to `cutoff`.
fn window(
    request: &ForecastRequest<'_>,
    cutoff: Timestamp,
) -> Result<(Timestamp, Vec<f64>), ForecastError> {
    let none = || ForecastError::NoHistory { cutoff };
    let span = jiff::SignedDuration::from_hours(24 * i64::from(request.training_days.max(1)));
    let earliest = cutoff.saturating_sub(span).unwrap_or(Timestamp::MIN);
    let past: Series = request
        .history
        .between(earliest, cutoff)
        .resample(request.step)
        .map_err(|source| ForecastError::Step {
            step: request.step.seconds(),
            source,
        })?;
    let first = past
        .values()
        .iter()
        .position(|value| value.is_finite())
        .ok_or_else(none)?;
    let start = past.time_at(first);
    let seconds = cutoff.duration_since(start).as_secs().max(0);
    let length = usize::try_from(seconds).unwrap_or(0) / request.step.seconds() as usize;
    if length == 0 {
        return Err(none());
    }
    let mut values = past.values()[first..].to_vec();
    values.resize(length, f64::NAN);
    Ok((start, values))
}

/// Makes gaps of what is below zero, and tells where.
fn negatives(values: &mut [f64]) -> Vec<Repair> {
    let mut found: Vec<Repair> = Vec::new();
    for (index, value) in values.iter_mut().enumerate() {
        if *value < 0.0 {
            *value = f64::NAN;
            match found.last_mut() {
                Some(run) if run.to == index => run.to = index + 1,
                _ => found.push(Repair {
                    from: index,
                    to: index + 1,
                    reason: Reason::Negative,
                }),
            }
        }
    }
    found
}

/// Makes the steps that overlap `[from, to)` missing.
fn blank(values: &mut [f64], start: Timestamp, step: Step, from: Timestamp, to: Timestamp) {
    for (index, value) in values.iter_mut().enumerate() {
        let ahead = i64::try_from(index)
            .unwrap_or(i64::MAX)
            .saturating_mul(i64::from(step.seconds()));
        let at = start.as_second().saturating_add(ahead);
        let end = at.saturating_add(i64::from(step.seconds()));
        if end > from.as_second() && at < to.as_second() {
            *value = f64::NAN;
        }
    }
}

/// Fills gaps with the same local time a week before, else a day before, else a line between
/// the neighbours. Earlier fills serve later ones, so that an outage of two weeks is bridged too.
fn fill(values: &mut [f64], calendar: &Calendar) {
    for days in [7, 1] {
        for index in 0..values.len() {
            if values[index].is_nan()
                && let Some(past) = calendar.back(index, days, index)
            {
                values[index] = values[past];
            }
        }
    }
    let mut last: Option<usize> = None;
    for index in 0..=values.len() {
        if index < values.len() && values[index].is_nan() {
            continue;
        }
        let from = last.map_or(0, |known| known + 1);
        let left = last.map(|known| values[known]);
        let right = values.get(index).copied();
        let length = (index + 1 - from) as f64;
        for (place, value) in values[from..index].iter_mut().enumerate() {
            *value = match (left, right) {
                (Some(left), Some(right)) => left + (place + 1) as f64 / length * (right - left),
                (Some(known), None) | (None, Some(known)) => known,
                (None, None) => 0.0,
            };
        }
        last = Some(index);
    }
}
