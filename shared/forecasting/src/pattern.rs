//! Last week's pattern: what is left when no model can be made.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use timeseries::Series;

use crate::quantiles::MEDIAN;
use crate::{Interval, LEVELS, Memory, QuantileForecast};

/// Days back that are looked at.
const DAYS: i64 = 14;
/// By level, times the pattern: some four usual misses of repeating last week to either side.
const BAND: [f64; LEVELS.len()] = [0.5, 0.8, 1.0, 1.25, 1.4, 1.6, 2.0, 2.2, 2.5];

/// Demand at the same local time a week before each of `steps` from `start` on, or two weeks before
/// where that was not observed. What touches `left_out`, or lies at or after `start`, counts as not
/// observed.
///
/// A step that neither week tells gets the highest demand of that time on the last 14 days, or the
/// highest of them all: too much is the safe side of not knowing. `None` unless half of the steps
/// were observed.
#[must_use]
pub fn week_before(
    history: &Series,
    start: Timestamp,
    steps: usize,
    zone: &TimeZone,
    left_out: &[Interval],
) -> Option<Vec<f64>> {
    let step = history.step();
    let seen = |at: Timestamp, back: i64| -> Option<f64> {
        let local = at.to_zoned(zone.clone()).checked_sub(back.days()).ok()?;
        let from = step.floor(local.timestamp());
        let to = from.checked_add(step.duration()).ok()?;
        let out = left_out.iter().any(|one| one.start < to && one.end > from);
        history.at(from).filter(|_| !out && from < start)
    };
    let highest = |values: &mut dyn Iterator<Item = f64>| values.reduce(f64::max);
    let mut pattern = Vec::with_capacity(steps);
    let mut known = 0;
    for index in 0..steps {
        let seconds = i64::try_from(index).ok()? * i64::from(step.seconds());
        let at = start.checked_add(SignedDuration::from_secs(seconds)).ok()?;
        let week = [7, 14].into_iter().find_map(|days| seen(at, days));
        known += usize::from(week.is_some());
        let any_day = || highest(&mut (1..=DAYS).filter_map(|days| seen(at, days)));
        pattern.push(week.or_else(any_day));
    }
    if known == 0 || 2 * known < steps {
        return None;
    }
    let most = highest(&mut pattern.iter().flatten().copied())?;
    let value = |value: Option<f64>| value.unwrap_or(most).max(0.0);
    Some(pattern.into_iter().map(value).collect())
}

/// [`week_before`] in a band of fixed width around it.
#[must_use]
pub fn last_week(
    history: &Series,
    start: Timestamp,
    steps: usize,
    zone: &TimeZone,
    left_out: &[Interval],
) -> Option<QuantileForecast> {
    debug_assert_eq!(BAND[MEDIAN], 1.0);
    let pattern = week_before(history, start, steps, zone, left_out)?;
    Some(QuantileForecast {
        start,
        step: history.step(),
        rows: pattern
            .into_iter()
            .map(|value| BAND.map(|factor| factor * value))
            .collect(),
        memory: Memory::default(),
    })
}
