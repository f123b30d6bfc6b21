//! Demand at the moment: its level, its growth and how far it is from the forecast.

use super::course::Course;
use super::{RECENT, SMOOTHEST, USUAL};
use crate::Evidence;
use crate::decide::UNTIL_NEXT;
use crate::robust::{Shift, median, noise, rise, slope};

/// Demand at the moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Level now, requests per minute.
    pub now: f64,
    /// Growth each minute since the onset (in the last minutes without one), as far as it stands
    /// out from the noise, requests per minute; negative when it falls.
    pub growth: f64,
    /// Growth each minute that servers are ordered for: as above, and early on, when a step may be
    /// a ramp and a ramp steeper, the upper end of what it may be.
    pub upper: f64,
    /// Deviation of single minutes, as a share of the level.
    pub noise: f64,
    /// Minutes since demand left the band, or jumped where there is no band; 0 while it has not.
    pub onset: usize,
    /// Minutes from the newest value to [`Evidence::until`].
    pub age: usize,
    /// The forecast for now: lower edge, median, upper edge.
    pub expected: Option<(f64, f64, f64)>,
    /// Deviations of the level above the upper edge; above the usual where there is no band.
    pub above: f64,
    /// Share of how far it lies above the median, in log scale, that servers ordered now will meet: of
    /// demand inside the band, which comes and goes as it always did. 1 outside it or where that is not
    /// known.
    pub stays: f64,
    /// Its clearest rise in the last minutes.
    pub rise: Option<Shift>,
}

impl Demand {
    /// Demand `minutes` after [`Evidence::until`], requests per minute: the growth goes on, to at
    /// most four times the present level, since no line holds for ever; of what the past knows to pass
    /// again, what usually stays.
    #[must_use]
    pub fn coming(&self, minutes: f64) -> f64 {
        let ahead = minutes + self.age as f64;
        let line = (self.now + self.upper.max(0.0) * ahead).min(4.0 * self.now);
        match self.expected {
            Some((_, median, _)) if self.stays < 1.0 && median > 0.0 && line > median => {
                median * (line / median).powf(self.stays)
            }
            _ => line,
        }
    }
}

/// Demand as its newest values tell it; `None` where they are older than ten minutes.
pub(super) fn demand(evidence: &Evidence) -> Option<Demand> {
    let track = evidence.demand.as_ref()?;
    let values = track.last(USUAL + RECENT);
    let newest = values.iter().rposition(|value| value.is_finite())?;
    let age = values.len() - 1 - newest;
    // Older than ten minutes says nothing about now.
    if age > 10 {
        return None;
    }
    let seen = &values[..=newest];
    let level = median(seen[seen.len().saturating_sub(3)..].iter().copied())?;
    let recent = &seen[seen.len().saturating_sub(USUAL)..];
    // Of the usual level, which most of these minutes are at, not of what a spike makes of it.
    let usual = median(recent.iter().copied()).unwrap_or(level);
    let noise = noise(recent).map_or(0.03, |deviation| deviation / usual.abs().max(1e-9));
    let noise = noise.clamp(SMOOTHEST, 0.5);
    let rise = rise(recent, 30, SMOOTHEST * level.abs());
    let edges = edges(evidence, age);
    let onset = match &evidence.band {
        Some(band) => {
            let end = (band.present + 1).saturating_sub(age).min(band.upper.len());
            run_above(seen, &band.upper[..end])
        }
        None => rise
            .filter(|shift| shift.z > 5.0 && shift.ratio() > 1.2)
            .map_or(0, |shift| shift.minutes),
    };
    let part = match onset {
        0 | 1 => &seen[seen.len().saturating_sub(8)..],
        2 | 3 => &seen[seen.len() - onset..],
        // The first minute may hold only a part of a jump.
        _ => &seen[seen.len() - (onset - 1).min(6)..],
    };
    // Early on the last minutes alone would not tell its slope from noise.
    let course = matches!(onset, 2..=5)
        .then(|| Course::of(seen, onset, noise))
        .flatten();
    let growth = match (onset, &course) {
        (1, _) => 0.0,
        (_, None) => growth(part, noise * level),
        (_, Some(course)) => course.growth(),
    };
    let steady = part.iter().rev().take(5).enumerate();
    let steady = median(steady.map(|(back, value)| value + growth * back as f64));
    let now = match (onset, &course) {
        (1, _) => level,
        (_, Some(course)) => course.now(),
        (_, None) => steady.unwrap_or(level),
    }
    .max(0.0);
    // A line through a burst may end far below what is there.
    let lowest = seen[seen.len().saturating_sub(3)..]
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .fold(f64::INFINITY, f64::min);
    let now = now.max(lowest);
    let ahead = age as f64 + evidence.lead_time.as_secs_f64().max(0.0) / 60.0 + UNTIL_NEXT;
    let upper = course.map_or(growth, |course| (course.upper(ahead) - now) / ahead);
    let upper = if upper.is_finite() {
        upper.max(growth)
    } else {
        growth
    };
    let counted = (onset.clamp(1, 3)) as f64;
    let deviation =
        (noise * now.max(level)).max(1e-9) * (core::f64::consts::FRAC_PI_2 / counted).sqrt();
    let above = match (edges, rise) {
        (Some((_, _, upper)), _) => {
            (now.min(seen[newest].max(level)) - upper) / deviation.max(0.01 * upper)
        }
        (None, Some(shift)) if shift.ratio() > 1.2 => shift.z - 5.0,
        (None, Some(shift)) => (shift.ratio() - 1.2) * 20.0,
        (None, None) => 0.0,
    };
    let inside = onset == 0 && edges.is_some_and(|(_, _, upper)| now <= upper);
    let stays = evidence.stays.filter(|stays| inside && stays.is_finite());
    Some(Demand {
        stays: stays.map_or(1.0, |stays| stays.clamp(0.0, 1.0)),
        now,
        growth,
        upper,
        noise,
        onset,
        age,
        expected: edges,
        above,
        rise,
    })
}

/// The slope of `values`, pulled to 0 by what noise alone would show.
/// Source: the positive-part rule of James and Stein, 1961, for one mean.
fn growth(values: &[f64], deviation: f64) -> f64 {
    let Some(found) = slope(values) else {
        return 0.0;
    };
    let variance = slope_variance(values, deviation);
    let shrink = 1.0 - variance / (found.each_minute * found.each_minute).max(1e-12);
    found.each_minute * shrink.max(0.0)
}

/// Variance of a least-squares slope over so many equidistant values of that deviation.
fn slope_variance(values: &[f64], deviation: f64) -> f64 {
    let n = values.iter().filter(|value| value.is_finite()).count() as f64;
    deviation * deviation * 12.0 / (n * (n * n - 1.0)).max(1.0)
}

/// Lower edge, median and upper edge of the band at the newest value.
fn edges(evidence: &Evidence, age: usize) -> Option<(f64, f64, f64)> {
    let band = evidence.band.as_ref()?;
    let at = band.present.checked_sub(age)?;
    let edge = |values: &[f64]| values.get(at).copied().filter(|v| v.is_finite());
    Some((edge(&band.lower)?, edge(&band.median)?, edge(&band.upper)?))
}

/// Minutes in a row at the end in which `values` were above `upper`; gaps do not end the run.
fn run_above(values: &[f64], upper: &[f64]) -> usize {
    let mut run = 0;
    for (back, (value, edge)) in values.iter().rev().zip(upper.iter().rev()).enumerate() {
        if value.is_finite() && value <= edge {
            break;
        }
        if value.is_finite() {
            run = back + 1;
        }
    }
    run
}
