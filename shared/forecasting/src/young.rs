//! What a service that has just begun has not shown yet: the hours of the day that were not seen, and
//! the first working day after a weekend or the other way round. Nothing of its own can tell; what services
//! in general do can, with a wide band.

use crate::LEVELS;
use crate::frame::Frame;
use crate::mixture::moved;

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
/// Part of mean demand below which factors say nothing.
const GUARD: f64 = 0.05;

/// Moves and widens `rows`, the steps after the cutoff of `frame`, by what it has not shown. Tells of it.
pub(crate) fn widen(frame: &Frame, rows: &mut [[f64; LEVELS.len()]]) -> Option<String> {
    let seen = Seen::of(frame);
    if seen.all() {
        return None;
    }
    let end = frame.values.len();
    let mean = frame.values.iter().sum::<f64>() / end.max(1) as f64;
    for (ahead, row) in rows.iter_mut().enumerate() {
        let (log, variance) = seen.unknown(frame, end + ahead);
        if variance > 0.0 {
            *row = moved(row, (log, variance), GUARD * mean.max(0.0));
        }
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
        Self {
            hours,
            kinds: steps.map(|steps| 2 * steps >= frame.per_day()),
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

/// Hour of the local day of step `index`.
fn hour(frame: &Frame, index: usize) -> usize {
    (frame.calendar.slot[index] * 24 / frame.per_day()).min(23)
}
