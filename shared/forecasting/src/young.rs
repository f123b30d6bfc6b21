//! What a service that has just begun has not shown yet: the hours of the day that were not seen, and
//! the first working day after a weekend or the other way round. Nothing of its own can tell; what services
//! in general do can, with a wide band.

use crate::LEVELS;
use crate::frame::Frame;
use crate::mixture::moved;
use crate::scale::LogScale;
use crate::terrain::Kinds;
use crate::trials::trials;

/// Deviation of an hour of the day from the middle of all, as a logarithm: from its least to its most hour
/// the demand of services grows by factors of two to ten, about five, which are two such deviations.
const APART: f64 = 0.8;
/// Hours over which what one hour tells of another falls to a third: a morning rises within so many.
const HOURS_ALIKE: f64 = 6.0;
/// The first working day after nothing but a weekend, as a logarithm: mean and deviation. From as much as on
/// the weekend to two and a half times as much, and more rather than less.
const FIRST_WORKING: (f64, f64) = (0.1, 0.5);
/// The same of a weekend after nothing but working days: most have less then, which is not counted on.
const FIRST_WEEKEND: (f64, f64) = (0.0, 0.2);
/// What a change from one kind of day to the other misses that none of the past days tried was, as a part
/// of the difference between the kinds: a third of the members repeat the day before.
const UNTRIED: f64 = 0.3;
/// Part of mean demand below which factors say nothing.
const GUARD: f64 = 0.05;

/// Moves and widens `rows`, the steps after the cutoff of `frame`, by what it has not shown. Tells of it.
pub(crate) fn widen(frame: &Frame, rows: &mut [[f64; LEVELS.len()]]) -> Option<String> {
    let seen = Seen::of(frame);
    let untried = Untried::of(frame);
    if seen.all() && untried.difference <= 0.0 {
        return None;
    }
    let end = frame.values.len();
    let mean = frame.values.iter().sum::<f64>() / end.max(1) as f64;
    if mean <= 0.0 {
        // There is nothing yet that could be some times as much.
        return None;
    }
    for (ahead, row) in rows.iter_mut().enumerate() {
        let (log, own) = seen.unknown(frame, end + ahead);
        let variance = own + untried.variance(frame, end + ahead);
        if variance > 0.0 {
            *row = moved(row, (log, variance), GUARD * mean);
        }
    }
    if seen.all() {
        return None;
    }
    let what = if seen.hours.contains(&false) {
        "hours of the day"
    } else {
        "working day or weekend"
    };
    Some(format!(
        "no {what} like some of those ahead was seen yet: they are guessed from what services in general do, \
         with a wide band"
    ))
}

/// What has been observed.
struct Seen {
    /// By hour of the day.
    hours: [bool; 24],
    /// Half of a working day, half of a weekend day.
    kinds: [bool; 2],
}

impl Seen {
    fn of(frame: &Frame) -> Self {
        let mut hours = [false; 24];
        let mut steps = [0; 2];
        for index in (0..frame.values.len()).filter(|index| frame.observed[*index]) {
            hours[hour(frame, index)] = true;
            steps[usize::from(frame.calendar.weekend(index))] += 1;
        }
        // What is missing later on was there and not observed, as of nights that report nothing.
        let days = frame.values.len() / frame.per_day();
        Self {
            hours: hours.map(|seen| seen || days >= 2),
            kinds: steps.map(|steps| 2 * steps >= frame.per_day() || days >= 7),
        }
    }

    fn all(&self) -> bool {
        !self.hours.contains(&false) && self.kinds == [true, true]
    }

    /// Mean and variance, as logarithms, of what step `index` adds to what was seen.
    fn unknown(&self, frame: &Frame, index: usize) -> (f64, f64) {
        let weekend = frame.calendar.weekend(index);
        let (mut log, mut variance) = (0.0, 0.0);
        if !self.kinds[usize::from(weekend)] && self.kinds[usize::from(!weekend)] {
            let (mean, deviation) = if weekend {
                FIRST_WEEKEND
            } else {
                FIRST_WORKING
            };
            (log, variance) = (mean, deviation * deviation);
        }
        // Two hours of the day differ by this in the mean square.
        let off = self.hours_off(hour(frame, index)) as f64;
        variance += 2.0 * APART * APART * (1.0 - (-off / HOURS_ALIKE).exp());
        (log, variance)
    }

    /// Hours around the clock to the nearest hour that was seen.
    fn hours_off(&self, hour: usize) -> usize {
        (0..=12)
            .find(|off| self.hours[(hour + off) % 24] || self.hours[(hour + 24 - off) % 24])
            .unwrap_or(12)
    }
}

/// Changes between working days and weekends that no past day tried was.
struct Untried {
    /// How much the kinds differ, as a logarithm; 0 where they are alike.
    difference: f64,
    /// By the kind that follows.
    tried: [bool; 2],
}

impl Untried {
    fn of(frame: &Frame) -> Self {
        let scale = LogScale::of(&frame.values);
        let kinds = Kinds::of(&frame.values, scale, &frame.calendar);
        let mut tried = [false; 2];
        let per_day = frame.per_day();
        let end = frame.values.len();
        for back in 1..=trials(end, per_day) {
            // The middle of a day says which kind most of it is of.
            let middle = end - back * per_day + per_day / 2;
            if changes(frame, middle) {
                tried[usize::from(frame.calendar.weekend(middle))] = true;
            }
        }
        Self {
            difference: if kinds.differ() {
                kinds.difference
            } else {
                0.0
            },
            tried,
        }
    }

    fn variance(&self, frame: &Frame, index: usize) -> f64 {
        let untried = !self.tried[usize::from(frame.calendar.weekend(index))];
        if untried && changes(frame, index) {
            (UNTRIED * self.difference).powi(2)
        } else {
            0.0
        }
    }
}

/// Whether step `index` is on another kind of day than the day before.
fn changes(frame: &Frame, index: usize) -> bool {
    let before = frame.calendar.back(index, 1, index);
    before.is_some_and(|before| frame.calendar.weekend(before) != frame.calendar.weekend(index))
}

/// Hour of the local day of step `index`.
fn hour(frame: &Frame, index: usize) -> usize {
    (frame.calendar.slot[index] * 24 / frame.per_day()).min(23)
}
