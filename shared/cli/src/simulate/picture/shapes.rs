//! The shapes of the picture, in minutes and in units of their axis.

use std::ops::Range;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::*;

use super::super::day::Day;
use super::{BAND, LOST, ONE_MARK, TICK};

/// The minutes of the day as clocks show them.
pub(super) struct Clock {
    pub(super) start: Timestamp,
    pub(super) zone: TimeZone,
    pub(super) minutes: f64,
}

impl Ranged for Clock {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = value / self.minutes.max(1.0);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        let ticks = (0..=self.minutes as usize).step_by(TICK);
        ticks.map(|tick| tick as f64).collect()
    }

    fn range(&self) -> Range<f64> {
        0.0..self.minutes
    }
}

impl ValueFormatter<f64> for Clock {
    fn format_ext(&self, minute: &f64) -> String {
        let span = SignedDuration::from_secs((minute * 60.0) as i64);
        let at = self.start.saturating_add(span).unwrap_or(self.start);
        self.zone.to_datetime(at).strftime("%H:%M").to_string()
    }
}

/// The corners of a line that keeps its level for whole minutes.
pub(super) fn stairs(minutes: usize, level: impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
    let mut corners = Vec::<(f64, f64)>::new();
    for index in 0..minutes {
        let (at, next) = (index as f64, level(index));
        match corners.last().copied() {
            Some((_, before)) if before == next => {}
            Some((_, before)) => corners.extend([(at, before), (at, next)]),
            None => corners.push((at, next)),
        }
    }
    if let Some((_, last)) = corners.last().copied() {
        corners.push((minutes as f64, last));
    }
    corners
}

/// The area under a line.
pub(super) fn closed(line: &[(f64, f64)], end: f64) -> Vec<(f64, f64)> {
    let mut corners = line.to_vec();
    corners.extend([(end, 0.0), (0.0, 0.0)]);
    corners
}

/// The stretches of the day that have a forecast, from p50 to p99, through the middle of each step.
pub(super) fn band(day: &Day<'_>) -> Vec<Polygon<(f64, f64)>> {
    let start = day.records[0].at;
    let minute = |at: Timestamp| at.duration_since(start).as_secs_f64() / 60.0;
    let mut steps = Vec::<(f64, f64, f64)>::new();
    for step in day.band.chunk_by(|a, b| (a.1, a.2) == (b.1, b.2)) {
        let (Some(first), Some(last)) = (step.first(), step.last()) else {
            continue;
        };
        if steps.is_empty() {
            steps.push((minute(first.0), first.1, first.2));
        }
        let middle = f64::midpoint(minute(first.0), minute(last.0) + 1.0);
        steps.push((middle, first.1, first.2));
    }
    if let Some(&(at, low, high)) = day.band.last() {
        steps.push((minute(at) + 1.0, low, high));
    }
    if steps.is_empty() {
        return Vec::new();
    }
    let upper = steps.iter().map(|(at, _, high)| (*at, *high));
    let lower = steps.iter().rev().map(|(at, low, _)| (*at, *low));
    let corners: Vec<(f64, f64)> = upper.chain(lower).collect();
    vec![Polygon::new(corners, BAND.mix(0.5).filled())]
}

/// A bar for each minute in which demand was above capacity.
pub(super) fn lost(day: &Day<'_>, capacity: impl Fn(usize) -> f64) -> Vec<Rectangle<(f64, f64)>> {
    let minutes = day.records.iter().enumerate();
    minutes
        .filter(|(_, record)| record.lost > 0.0)
        .map(|(index, record)| {
            let at = index as f64;
            let corners = [(at, capacity(index)), (at + 1.0, record.demand)];
            Rectangle::new(corners, LOST.mix(0.8).filled())
        })
        .collect()
}

/// When the responder raised the group, raises in quick succession as one with its highest.
pub(super) fn marks(day: &Day<'_>) -> Vec<(f64, u32)> {
    let start = day.records[0].at;
    let mut marks = Vec::<(f64, u32)>::new();
    for (at, servers) in &day.raises {
        let minute = at.duration_since(start).as_secs_f64() / 60.0;
        match marks.last_mut() {
            Some((before, highest)) if minute - *before < ONE_MARK => {
                *highest = (*highest).max(*servers);
            }
            _ => marks.push((minute, *servers)),
        }
    }
    marks
}
