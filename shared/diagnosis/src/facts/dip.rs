//! A stretch in which demand was away: what an outage leaves behind.

use super::Facts;
use crate::Evidence;
use crate::robust::median;

/// A stretch in which demand was away although it was expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dip {
    /// Minutes it lasted.
    pub minutes: usize,
    /// Minutes since it ended; 0 while it lasts.
    pub since: usize,
    /// Share of the expected demand that was missing, 0 to 1.
    pub depth: f64,
    /// Whether the forecast knows demand as low.
    pub known: bool,
    /// Errors as a share of demand within it, where known.
    pub errors: Option<f64>,
    /// What demand was expected or usual, requests per minute.
    pub normal: f64,
    /// Whether errors, unhealthy servers or lost ones bear out that it was an outage.
    pub borne_out: bool,
}

impl Facts<'_> {
    /// The newest stretch of at least three minutes in the last hour and a half in which most of
    /// the demand was missing.
    pub(super) fn find_dip(&self) -> Option<Dip> {
        const DEEP: f64 = 0.35;
        let track = self.evidence.demand.as_ref()?;
        let values = track.last(90);
        let usual = usual_by_minute(self.evidence, values.len())?;
        let mut before = false;
        let missing: Vec<bool> = values
            .iter()
            .zip(&usual)
            .map(|(value, usual)| {
                // A minute without a value was like the one before.
                if value.is_finite() {
                    before = *value < (1.0 - DEEP) * usual;
                }
                before
            })
            .collect();
        let end = missing.iter().rposition(|away| *away)? + 1;
        let start = missing[..end]
            .iter()
            .rposition(|away| !*away)
            .map_or(0, |index| index + 1);
        if end - start < 3 || start == 0 {
            return None;
        }
        let sum = |part: &[f64]| part.iter().filter(|v| v.is_finite()).sum::<f64>();
        let expected = sum(&usual[start..end]).max(f64::MIN_POSITIVE);
        let from_end = values.len() - start;
        let till_end = values.len() - end;
        let within = |series: &[f64]| {
            let length = series.len();
            let from = length.checked_sub(from_end)?;
            median(series[from..length - till_end].iter().copied())
        };
        let before = |series: &[f64]| {
            let until = series.len().checked_sub(from_end)?;
            median(series[..until].iter().copied())
        };
        let errors = self.error_share.as_ref().and_then(|share| within(share));
        let usual_errors = self.error_share.as_ref().and_then(|share| before(share));
        // In numbers too: a broken metric of demand makes any share look large.
        let counts = self.evidence.errors.as_ref().map(|track| &track.values);
        let more = counts.is_none_or(|counts| {
            let (inside, earlier) = (within(counts), before(counts));
            inside
                .zip(earlier)
                .is_none_or(|(inside, earlier)| inside > 1.5 * earlier)
        });
        let failing = more
            && errors
                .is_some_and(|share| share > 0.05 && share > 4.0 * usual_errors.unwrap_or(0.0));
        let unhealthy = self.evidence.unhealthy.as_ref();
        let sick = unhealthy
            .and_then(|track| within(&track.values))
            .is_some_and(|count| count >= 1.0);
        let fewer = self.evidence.in_service.as_ref().is_some_and(|track| {
            let (inside, earlier) = (within(&track.values), before(&track.values));
            inside.zip(earlier).is_some_and(|(a, b)| a < 0.7 * b)
        });
        Some(Dip {
            minutes: end - start,
            since: till_end,
            depth: 1.0 - sum(&values[start..end]) / expected,
            known: self.known_low(values, start, end),
            errors,
            normal: usual.last().copied()?,
            borne_out: failing || sick || fewer,
        })
    }
}

impl Facts<'_> {
    /// Whether minutes `start..end` of the last `values` were as a whole no lower than the band's lower edge.
    fn known_low(&self, values: &[f64], start: usize, end: usize) -> bool {
        let Some(band) = self.evidence.band.as_ref() else {
            return false;
        };
        let first = (band.present + 1).checked_sub(values.len());
        let edge = first.and_then(|first| band.lower.get(first + start..first + end));
        let pairs = values[start..end].iter().zip(edge.unwrap_or_default());
        let known = pairs.filter(|(value, edge)| value.is_finite() && edge.is_finite());
        let above = known.map(|(value, edge)| value - edge);
        above.reduce(|sum, one| sum + one) >= Some(0.0)
    }
}

/// What demand would have been in each of the last `length` minutes: the forecast's median, else
/// the median of the first third of them.
fn usual_by_minute(evidence: &Evidence, length: usize) -> Option<Vec<f64>> {
    if let Some(band) = &evidence.band {
        let end = band.present + 1;
        let start = end.checked_sub(length)?;
        return band.median.get(start..end).map(<[f64]>::to_vec);
    }
    let values = evidence.demand.as_ref()?.last(length);
    let first = median(values[..values.len() / 3].iter().copied())?;
    Some(vec![first; values.len()])
}
