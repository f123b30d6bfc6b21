mod given;
mod levels;

pub use given::apply_given;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::calendar::Calendar;
use crate::frame::Frame;
use crate::mixture::{moved, widen};
use crate::numbers::median;
use crate::quantiles::MEDIAN;
use crate::{Effect, ForecastRequest, Interval, LEVELS, Occasion};

use given::{ALIKE, Shares, size, times, to, variance};
use levels::Levels;

/// Weeks before a past occasion that tell what would have been without it.
const WEEKS_BEFORE: usize = 4;
/// Range of a multiplier that is learnt: beyond it the base was too close to zero to tell.
const LEARNT_RANGE: (f64, f64) = (0.02, 50.0);
/// A multiplier closer to one, in log scale, cannot be told from what days do by themselves.
const LEAST_TOLD: f64 = 0.2;

/// Applies the occasions that overlap the horizon to `rows`, in their order. Returns sentences
/// about those that could not be honoured or had to be learnt.
pub(crate) fn apply(
    request: &ForecastRequest<'_>,
    frame: &Frame,
    rows: &mut [[f64; LEVELS.len()]],
) -> Vec<String> {
    let mut notes = Vec::new();
    let levels = std::cell::OnceCell::new();
    let levels = || levels.get_or_init(|| Levels::of(request, frame));
    let end = frame.values.len();
    let last = frame.time_at(end + rows.len());
    for occasion in request.occasions {
        let (during, span) = (occasion.during, occasion.span());
        let known = occasion.announced_at.is_none_or(|at| at <= frame.cutoff);
        if !known || span.start >= last || span.end <= frame.cutoff || during.start >= during.end {
            continue;
        }
        let name = &occasion.name;
        let change = match occasion.effect {
            Effect::Multiplier(factor) if factor.is_finite() && factor >= 0.0 => {
                let (wrong, note) = told(request, frame, levels, (occasion, factor));
                notes.extend(note);
                Change::Times(factor, wrong)
            }
            Effect::Absolute(value) if value.is_finite() => Change::To(value),
            Effect::Multiplier(_) | Effect::Absolute(_) => {
                notes.push(format!("{name}: its effect is not a usable number"));
                continue;
            }
            Effect::Like(day) => {
                let date = request.zone.to_datetime(day).date();
                let times = levels().since(date);
                if !(0.95..1.05).contains(&times) {
                    notes.push(format!(
                        "{name}: as on {date}, times {times:.2}, since the level is that of today"
                    ));
                }
                Change::Like(date, request.zone.to_datetime(during.start).date(), times)
            }
            Effect::Learnt => {
                let (learnt, past) = learn(request, frame, levels(), occasion);
                if learnt.is_empty() {
                    notes.push(format!("{name}: no past occurrence to learn from"));
                    continue;
                }
                let mean = learnt.iter().map(|(log, _)| log.exp()).sum::<f64>();
                let mean = mean / learnt.len() as f64;
                notes.push(format!(
                    "{name}: {mean:.2} times the usual, learnt from {past} in the past"
                ));
                Change::Learnt(learnt)
            }
        };
        let mut unknown = 0;
        for (step, row) in rows.iter_mut().enumerate() {
            let index = end + step;
            let (from, to) = (frame.time_at(index), frame.time_at(index + 1));
            let shares = Shares::of(occasion, from, to);
            if shares.fullest > 0.0 && !change.apply(request, frame, (index, shares, span), row) {
                unknown += 1;
            }
        }
        if unknown > 0 {
            notes.push(format!(
                "{name}: {unknown} steps have no like in the history and stay as they are"
            ));
        }
    }
    notes
}

enum Change {
    /// A multiplier, and by how much of its size it may be wrong, in log scale.
    Times(f64, f64),
    /// By step of the occasion, lead and tail included, the last one for the rest: logarithm and its
    /// variance.
    Learnt(Vec<(f64, f64)>),
    To(f64),
    /// As on the first day, where the second is the occasion's own; how many times that counts now.
    Like(Date, Date, f64),
}

impl Change {
    /// Changes the row of a step. False when the history holds nothing to go by.
    fn apply(
        &self,
        request: &ForecastRequest<'_>,
        frame: &Frame,
        (index, shares, span): (usize, Shares, Interval),
        row: &mut [f64; LEVELS.len()],
    ) -> bool {
        let target = match self {
            Self::Times(factor, wrong) => {
                times(row, *factor, shares);
                widen(row, &LEVELS, MEDIAN, variance(*factor, shares, *wrong));
                return true;
            }
            Self::Learnt(learnt) => {
                let position = steps_between(span.start, frame.time_at(index), frame);
                if let Some(change) = learnt.get(position).or(learnt.last()) {
                    *row = moved(row, *change, 0.0);
                }
                return true;
            }
            Self::To(value) => Some(*value),
            Self::Like(date, first, times) => {
                like(request, frame, index, (*date, *first)).map(|value| times * value)
            }
        };
        let Some(target) = target else {
            return false;
        };
        to(row, target, shares, MEDIAN, frame.least);
        true
    }
}

/// Demand at the local time of step `index` on `date`, in the unit of today: so many days later as
/// the step lies after the occasion's `first` day. `None` if not observed before the cutoff.
fn like(
    request: &ForecastRequest<'_>,
    frame: &Frame,
    index: usize,
    (date, first): (Date, Date),
) -> Option<f64> {
    let local = request.zone.to_datetime(frame.time_at(index));
    let later = first.until(local.date()).ok()?;
    let at = date.checked_add(later).ok()?.to_datetime(local.time());
    let at = request.zone.to_ambiguous_timestamp(at).compatible().ok()?;
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
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    (!known.is_empty()).then(|| mean * frame.counts(at))
}

/// Multipliers by step of the occasion, as logarithms with their variances, and the number of past
/// occurrences: the median over those of demand over the median of the same time in the weeks before,
/// each summed over two hours to steady it. A single one may repeat within a fifth of its size.
fn learn(
    request: &ForecastRequest<'_>,
    frame: &Frame,
    levels: &Levels,
    occasion: &Occasion,
) -> (Vec<(f64, f64)>, usize) {
    let past: Vec<Vec<f64>> = request
        .occasions
        .iter()
        .filter(|other| other.name == occasion.name && other.span().end <= frame.cutoff)
        .filter_map(|other| multipliers(request, (frame, levels), other.span()))
        .collect();
    let longest = past.iter().map(Vec::len).max().unwrap_or(0);
    let learnt = (0..longest)
        .map(|position| {
            let mut logs: Vec<f64> = past
                .iter()
                .filter_map(|one| one.get(position))
                .map(|factor| size(*factor))
                .collect();
            let count = logs.len() as f64;
            let centre = median(&mut logs);
            let square: f64 = logs.iter().map(|log| (log - centre).powi(2)).sum();
            let assumed = (ALIKE * centre).powi(2);
            (centre, (square + 2.0 * assumed) / (count + 1.0))
        })
        .collect();
    (learnt, past.len())
}

/// By how much of its size the multiplier told of `occasion` may be wrong, in log scale: as told and
/// seen differed at past occurrences, joined with [`ALIKE`] counted twice. What is told is a peak, what
/// is seen a step's mean: less than told, by the same each time, is no error; more is. Beside it a
/// sentence where past ones came to clearly more.
fn told<'l>(
    request: &ForecastRequest<'_>,
    frame: &Frame,
    levels: impl Fn() -> &'l Levels,
    (occasion, factor): (&Occasion, f64),
) -> (f64, Option<String>) {
    let mut misses: Vec<f64> = request
        .occasions
        .iter()
        .filter(|other| other.name == occasion.name && other.span().end <= frame.cutoff)
        .filter_map(|other| {
            let Effect::Multiplier(told) = other.effect else {
                return None;
            };
            let known = told.is_finite() && told > 0.0 && size(told).abs() > LEAST_TOLD;
            let seen = known.then(|| multipliers(request, (frame, levels()), other.span()))??;
            let sizes = seen.into_iter().map(size);
            let seen = if told > 1.0 {
                sizes.reduce(f64::max)?
            } else {
                sizes.reduce(f64::min)?
            };
            Some((seen - size(told)) / size(told).abs())
        })
        .collect();
    if misses.is_empty() {
        return (ALIKE, None);
    }
    let count = misses.len();
    let centre = median(&mut misses);
    let from = centre.min(0.0);
    let square: f64 = misses.iter().map(|miss| (miss - from).powi(2)).sum();
    let wrong = ((square + 2.0 * ALIKE.powi(2)) / (count as f64 + 1.0)).sqrt();
    let wrong = wrong.min(1.0);
    let note = (centre > ALIKE / 2.0).then(|| {
        format!(
            "{}: told as {factor} times; of {count} in the past too little was told, by which this one would come to {:.1} times",
            occasion.name,
            factor * (centre * size(factor).abs()).exp()
        )
    });
    (wrong, note)
}

/// Multipliers of one past occurrence; `None` when it or all that tells its usual was not observed.
/// The usual is the median of the same time in the weeks before, without those of other occasions;
/// where those take all weeks, of the days before of the same kind.
/// Each is read at the level of the occurrence.
fn multipliers(
    request: &ForecastRequest<'_>,
    (frame, levels): (&Frame, &Levels),
    during: Interval,
) -> Option<Vec<f64>> {
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
    let days = |index: usize| request.zone.to_datetime(slice.time_at(index)).date();
    let level = levels.at(days(first));
    let mut around = BTreeMap::new();
    let values = slice.values().iter().enumerate().map(|(index, value)| {
        let counts = frame.counts(slice.time_at(index));
        let date = days(index);
        let then = *around.entry(date).or_insert_with(|| levels.at(date));
        let times = level.zip(then).map_or(1.0, |(level, then)| level / then);
        value * counts * times
    });
    let mut usual: Vec<f64> = values.collect();
    let observed = usual.clone();
    let spans = request.occasions.iter().map(Occasion::span);
    for span in spans.chain(request.left_out.iter().copied()) {
        let touched = |index: &usize| {
            let (at, next) = (slice.time_at(*index), slice.time_at(*index + 1));
            at < span.end && next > span.start
        };
        if span.start < to && span.end > from {
            let range = (0..usual.len()).filter(touched).collect::<Vec<_>>();
            range.into_iter().for_each(|index| usual[index] = f64::NAN);
        }
    }
    let before = |index: usize, days: &mut dyn Iterator<Item = usize>, alike: bool| -> Vec<f64> {
        days.filter_map(|days| calendar.back(index, days, first))
            .filter(|past| !alike || calendar.weekend(*past) == calendar.weekend(index))
            .map(|past| usual[past])
            .filter(|value| !value.is_nan())
            .collect()
    };
    let pairs: Vec<Option<(f64, f64)>> = (first..(first + length).min(slice.len()))
        .map(|index| {
            let value = observed[index];
            let mut known = before(index, &mut (1..=WEEKS_BEFORE).map(|week| 7 * week), false);
            if known.is_empty() {
                known = before(index, &mut (1..=14), true);
            }
            (!value.is_nan() && !known.is_empty()).then(|| (value, median(&mut known)))
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
