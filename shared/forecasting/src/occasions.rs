use jiff::{SignedDuration, Timestamp};

use crate::calendar::Calendar;
use crate::frame::Frame;
use crate::numbers::median;
use crate::quantiles::MEDIAN;
use crate::{Effect, ForecastRequest, Interval, LEVELS, Occasion};

/// Weeks before a past occasion that tell what would have been without it.
const WEEKS_BEFORE: usize = 4;
/// Range of a multiplier that is learnt: beyond it the base was too close to zero to tell.
const LEARNT_RANGE: (f64, f64) = (0.02, 50.0);

/// Applies the occasions that overlap the horizon to `rows`, in their order. Returns sentences
/// about those that could not be honoured or had to be learnt.
pub(crate) fn apply(
    request: &ForecastRequest<'_>,
    frame: &Frame,
    rows: &mut [[f64; LEVELS.len()]],
) -> Vec<String> {
    let mut notes = Vec::new();
    let end = frame.values.len();
    let last = frame.time_at(end + rows.len());
    for occasion in request.occasions {
        let during = occasion.during;
        if during.start >= last || during.end <= frame.cutoff || during.start >= during.end {
            continue;
        }
        let change = match occasion.effect {
            Effect::Multiplier(factor) if factor.is_finite() && factor >= 0.0 => {
                Change::Times(vec![factor])
            }
            Effect::Absolute(value) if value.is_finite() => Change::To(value),
            Effect::Multiplier(_) | Effect::Absolute(_) => {
                notes.push(format!(
                    "{}: its effect is not a usable number",
                    occasion.name
                ));
                continue;
            }
            Effect::Like(day) => Change::Like(day),
            Effect::Learnt => {
                let learnt = learn(request, frame, occasion);
                if learnt.is_empty() {
                    notes.push(format!(
                        "{}: no past occurrence to learn from",
                        occasion.name
                    ));
                    continue;
                }
                let mean = learnt.iter().sum::<f64>() / learnt.len() as f64;
                notes.push(format!(
                    "{}: {mean:.2} times the usual, learnt from the past",
                    occasion.name
                ));
                Change::Times(learnt)
            }
        };
        let mut unknown = 0;
        for (step, row) in rows.iter_mut().enumerate() {
            let index = end + step;
            let share = overlap(frame, index, during);
            if share > 0.0 && !change.apply(request, frame, (index, share, during), row) {
                unknown += 1;
            }
        }
        if unknown > 0 {
            notes.push(format!(
                "{}: {unknown} steps have no like in the history and stay as they are",
                occasion.name
            ));
        }
    }
    notes
}

enum Change {
    /// By step of the occasion, the last one for the rest.
    Times(Vec<f64>),
    To(f64),
    Like(Timestamp),
}

impl Change {
    /// Changes the row of a step, of which `share` lies in the occasion. False when the history
    /// holds nothing to go by.
    fn apply(
        &self,
        request: &ForecastRequest<'_>,
        frame: &Frame,
        (index, share, during): (usize, f64, Interval),
        row: &mut [f64; LEVELS.len()],
    ) -> bool {
        let target = match self {
            Self::Times(factors) => {
                let position = steps_between(during.start, frame.time_at(index), frame);
                let factor = factors.get(position).or(factors.last());
                let factor = 1.0 + share * (factor.copied().unwrap_or(1.0) - 1.0);
                row.iter_mut().for_each(|value| *value *= factor);
                return true;
            }
            Self::To(value) => Some(*value),
            Self::Like(day) => like(request, frame, index, *day),
        };
        let Some(target) = target else {
            return false;
        };
        let target = target.max(frame.least);
        let centre = row[MEDIAN];
        let goal = centre + share * (target - centre);
        // Errors grow with demand: keep the relative spread, or the plain one around nothing.
        let factor = goal / centre;
        for value in row.iter_mut() {
            *value = if centre > 0.0 && factor.is_finite() {
                *value * factor
            } else {
                goal + *value - centre
            };
            *value = value.max(frame.least);
        }
        true
    }
}

/// Part of step `index` that lies in `during`, 0 to 1.
fn overlap(frame: &Frame, index: usize, during: Interval) -> f64 {
    let from = frame.time_at(index).max(during.start);
    let to = frame.time_at(index + 1).min(during.end);
    let step = frame
        .time_at(index + 1)
        .duration_since(frame.time_at(index));
    (to.duration_since(from).as_secs_f64() / step.as_secs_f64().max(1.0)).clamp(0.0, 1.0)
}

/// Demand at the local time of step `index` on the local day that holds `day`, if observed before
/// the cutoff.
fn like(request: &ForecastRequest<'_>, frame: &Frame, index: usize, day: Timestamp) -> Option<f64> {
    let time = frame.time_at(index).to_zoned(request.zone.clone()).time();
    let date = day.to_zoned(request.zone.clone()).date();
    let at = request.zone.to_ambiguous_timestamp(date.to_datetime(time));
    let at = at.compatible().ok()?;
    let to = at.saturating_add(request.step.duration()).ok()?;
    if to > frame.cutoff {
        return None;
    }
    let seen = request.history.between(at, to);
    let known: Vec<f64> = seen
        .values()
        .iter()
        .copied()
        .filter(|v| !v.is_nan())
        .collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// Multipliers by step of the occasion: the median over its past occurrences of demand over the
/// median of the same time in the weeks before, each summed over two hours to steady it.
fn learn(request: &ForecastRequest<'_>, frame: &Frame, occasion: &Occasion) -> Vec<f64> {
    let past: Vec<Vec<f64>> = request
        .occasions
        .iter()
        .filter(|other| other.name == occasion.name && other.during.end <= frame.cutoff)
        .filter_map(|other| multipliers(request, other.during))
        .collect();
    let longest = past.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest)
        .map(|position| {
            let mut factors: Vec<f64> = past
                .iter()
                .filter_map(|one| one.get(position).copied())
                .collect();
            median(&mut factors).clamp(LEARNT_RANGE.0, LEARNT_RANGE.1)
        })
        .collect()
}

/// Multipliers of one past occurrence; `None` when it or all weeks before it were not observed.
fn multipliers(request: &ForecastRequest<'_>, during: Interval) -> Option<Vec<f64>> {
    let days = i64::try_from(7 * WEEKS_BEFORE).unwrap_or(28) + 1;
    let lead = SignedDuration::from_hours(24 * days);
    let from = request.step.floor(during.start.saturating_sub(lead).ok()?);
    let to = during.end.saturating_add(request.step.duration()).ok()?;
    let slice = request
        .history
        .between(from, to)
        .resample(request.step)
        .ok()?;
    let calendar = Calendar::new(slice.start(), request.step, slice.len(), request.zone);
    let first = slice.index_of(during.start)?;
    let length = request
        .step
        .covering(during.end.duration_since(during.start));
    let pairs: Vec<Option<(f64, f64)>> = (first..(first + length).min(slice.len()))
        .map(|index| {
            let value = slice.values()[index];
            let mut before: Vec<f64> = (1..=WEEKS_BEFORE)
                .filter_map(|week| calendar.back(index, 7 * week, first))
                .map(|past| slice.values()[past])
                .filter(|value| !value.is_nan())
                .collect();
            (!value.is_nan() && !before.is_empty()).then(|| (value, median(&mut before)))
        })
        .collect();
    let reach = (request.step.per_day() / 24).max(1);
    let factors: Vec<f64> = (0..pairs.len())
        .filter_map(|position| {
            let near =
                &pairs[position.saturating_sub(reach)..(position + reach + 1).min(pairs.len())];
            let (value, base) = near
                .iter()
                .flatten()
                .fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
            (base > 0.0).then(|| value / base)
        })
        .collect();
    (!factors.is_empty()).then_some(factors)
}

fn steps_between(from: Timestamp, to: Timestamp, frame: &Frame) -> usize {
    let step = frame
        .time_at(1)
        .duration_since(frame.time_at(0))
        .as_secs()
        .max(1);
    usize::try_from(to.duration_since(from).as_secs().max(0) / step).unwrap_or(usize::MAX)
}
