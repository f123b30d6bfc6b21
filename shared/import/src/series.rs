//! Minutes into the rows of a demand file.

use jiff::{SignedDuration, Timestamp};
use timeseries::Step;

use crate::Tally;

/// A stretch in which nothing was logged, longer than silence is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Its first moment.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// The rows of a demand file, and what is missing between them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Demand {
    /// Start of each step and the requests in it, in order. Steps within a gap have no row.
    pub rows: Vec<(Timestamp, f64)>,
    /// Where logs seem to be missing.
    pub gaps: Vec<Gap>,
}

/// The demand that `tally` counted, in steps of `step`.
///
/// Of logs, steps without a line are zero, but where the silence is longer than `silence`: then logs
/// are missing, and the steps are left out. Of a table with values, every step without one is left
/// out; without a `step` its minutes stay as they are.
#[must_use]
pub fn demand(tally: &Tally, step: Option<Step>, silence: SignedDuration) -> Demand {
    let mut found = Demand::default();
    let seconds = i64::from(step.unwrap_or(Step::MINUTE).seconds());
    let mut open: Option<(i64, f64)> = None;
    let counts = tally.counts.all();
    for (minute, count) in counts.chain(std::iter::once((i64::MAX / 60, 0.0))) {
        let at = (minute * 60).div_euclid(seconds) * seconds;
        match &mut open {
            Some((start, sum)) if *start == at => *sum += count,
            _ => {
                if let Some((start, sum)) = open.take() {
                    found.push(start, sum, seconds, tally.values, silence);
                }
                open = Some((at, count));
            }
        }
    }
    found
}

impl Demand {
    fn push(&mut self, at: i64, sum: f64, seconds: i64, values: bool, silence: SignedDuration) {
        let Ok(start) = Timestamp::from_second(at) else {
            return;
        };
        let end = |at: Timestamp| at.as_second() + seconds;
        if let Some((before, _)) = self.rows.last().filter(|_| !values) {
            let (mut next, silent) = (end(*before), at - end(*before));
            if silent > silence.as_secs() {
                if let Ok(from) = Timestamp::from_second(next) {
                    self.gaps.push(Gap { from, to: start });
                }
            } else {
                while next < at {
                    if let Ok(at) = Timestamp::from_second(next) {
                        self.rows.push((at, 0.0));
                    }
                    next += seconds;
                }
            }
        }
        self.rows.push((start, sum));
    }
}
