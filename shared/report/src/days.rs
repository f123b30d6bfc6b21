//! The timeline as a table, by the day: what the chart shows, for those who cannot see it.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{Markup, html as markup};

use crate::figures::grouped;
use crate::table::{Cell, Column, Kind, row, table};
use crate::{Line, LineKind, Timeline};

/// Days that the table has at most; the newest of more.
const MOST_DAYS: usize = 400;

/// What people call a line.
pub(crate) fn line_name(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Demand => "demand",
        LineKind::Unserved => "requests not served",
        LineKind::Median => "forecast, p50",
        LineKind::Upper => "forecast, p99",
        LineKind::Required => "servers required",
        LineKind::Floor => "planned floor",
        LineKind::InService => "in service",
    }
}

/// The table of `timeline` in `zone`: the highest value of each line and day; of requests not served their
/// sum.
pub(crate) fn by_day(timeline: &Timeline, zone: &TimeZone) -> Markup {
    let headings = timeline.lines.iter().map(|line| line_name(line.kind));
    let mut columns: Vec<Column<'_>> = vec![("from", Kind::Words)];
    columns.extend(headings.map(|heading| (heading, Kind::Figures)));
    let days = days(timeline, zone);
    let rows = markup! {
        @for (date, from, to) in days.iter().rev().take(MOST_DAYS).rev() {
            (row(&columns, &day(timeline, *date, *from, *to)))
        }
    };
    table("The chart as a table", "steps", "steps", &columns, &rows)
}

fn day(timeline: &Timeline, date: Date, from: usize, to: usize) -> Vec<Cell> {
    let name = date.strftime("%a %Y-%m-%d").to_string();
    let mut cells = vec![Cell::of(markup! { (name) })];
    cells.extend(timeline.lines.iter().map(|line| {
        let Some(value) = told(line, timeline.step_seconds, from, to) else {
            return Cell::of(markup! {});
        };
        Cell::figure(&grouped(value), value)
    }));
    cells
}

/// What a line came to within some steps.
fn told(line: &Line, step_seconds: u32, from: usize, to: usize) -> Option<f64> {
    let values = line.values.get(from..to.min(line.values.len()))?;
    let known = values.iter().filter(|value| value.is_finite());
    let known = known.map(|value| f64::from(*value));
    match line.kind {
        LineKind::Unserved => {
            let minutes = f64::from(step_seconds) / 60.0;
            known.map(|value| value * minutes).reduce(|a, b| a + b)
        }
        _ => known.reduce(f64::max),
    }
}

/// Each local day with its first step and the one after its last.
fn days(timeline: &Timeline, zone: &TimeZone) -> Vec<(Date, usize, usize)> {
    let step = i64::from(timeline.step_seconds.max(1));
    let index = |at: Timestamp| {
        let ahead = at.as_second().saturating_sub(timeline.start);
        usize::try_from(ahead.saturating_add(step - 1) / step).unwrap_or(0)
    };
    let mut days = Vec::new();
    let mut from = 0;
    while from < timeline.len() {
        let date = zone.to_datetime(timeline.time_at(from)).date();
        let next = date
            .tomorrow()
            .and_then(|next| next.to_zoned(zone.clone()))
            .map_or(timeline.len(), |next| index(next.timestamp()));
        // A day always has a step of its own: the loop ends.
        let to = next.clamp(from + 1, timeline.len());
        days.push((date, from, to));
        from = to;
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_local_and_keep_the_highest_and_the_sum() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        // From 22:00 local on, by the hour, over the night in which an hour is left out.
        let start: Timestamp = "2026-03-27T21:00:00Z".parse().unwrap();
        let line = |kind, values: Vec<f32>| Line { kind, values };
        let hours: Vec<f32> = (0..52_u8).map(f32::from).collect();
        let timeline = Timeline {
            start: start.as_second(),
            step_seconds: 3600,
            lines: vec![
                line(LineKind::Demand, hours),
                line(LineKind::Unserved, vec![1.0, f32::NAN, 2.0]),
            ],
        };
        let found = days(&timeline, &zone);
        let steps: Vec<(usize, usize)> = found.iter().map(|day| (day.1, day.2)).collect();
        assert_eq!(steps, [(0, 2), (2, 26), (26, 49), (49, 52)]);
        let lines = &timeline.lines;
        assert_eq!(told(&lines[0], 3600, 2, 26), Some(25.0));
        assert_eq!(told(&lines[1], 3600, 0, 2), Some(60.0));
        assert_eq!(told(&lines[1], 3600, 26, 49), None);
        let page = by_day(&timeline, &zone).into_string();
        assert!(page.contains("data-value=\"120\">120</td>"), "{page}");
        assert!(page.contains("Sun 2026-03-29</th>"), "{page}");
    }
}
