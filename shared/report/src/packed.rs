//! Numbers and texts as they travel inside the page.

use std::borrow::Cow;
use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::days::line_name;
use crate::{Action, Comparison, Line, LineKind, TargetPage, Timeline};

/// The chart library, packed when this was built.
const LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/plotly.js.gz"));

/// The chart library in base64, packed by gzip.
pub(crate) fn library() -> String {
    BASE64_STANDARD.encode(LIBRARY)
}

/// Numbers that a page carries at most: some seven megabytes where nothing repeats.
const MOST_NUMBERS: usize = 1_500_000;
/// Actions that a page carries at most; the newest of more.
const MOST_ACTIONS: usize = 100_000;

/// What the page's script reads of a target; its lines and actions travel apart.
#[derive(Serialize)]
pub(crate) struct Data<'a> {
    name: &'a str,
    zone: String,
    start: i64,
    step: u32,
    /// Kinds, names and lengths of the lines, in the order in which their numbers come.
    lines: Vec<(LineKind, &'static str, usize)>,
    /// From when on the zone is how many seconds ahead of UTC.
    offsets: Vec<(i64, i32)>,
    comparison: Option<&'a Comparison>,
}

impl<'a> Data<'a> {
    pub(crate) fn of(target: &'a TargetPage, timeline: &Timeline, made_at: Timestamp) -> Self {
        let lines = timeline.lines.iter();
        Self {
            name: &target.name,
            zone: zone_name(&target.zone),
            start: timeline.start,
            step: timeline.step_seconds,
            lines: lines
                .map(|line| (line.kind, line_name(line.kind), line.values.len()))
                .collect(),
            offsets: offsets(&target.zone, timeline, made_at),
            comparison: target.comparison.as_ref(),
        }
    }

    /// As JSON that can stand inside a script element: without `<`.
    pub(crate) fn json(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_else(|_| "null".to_owned());
        json.replace('<', "\\u003c")
    }
}

/// The timeline in steps so long that it fits into a page, each with the highest of its values, and their
/// minutes where they are longer than they were.
pub(crate) fn bounded(timeline: &Timeline) -> (Cow<'_, Timeline>, Option<u32>) {
    let lines = timeline.lines.len().max(1);
    let merged = (timeline.len() * lines).div_ceil(MOST_NUMBERS).max(1);
    let Some(factor) = u32::try_from(merged).ok().filter(|factor| *factor > 1) else {
        return (Cow::Borrowed(timeline), None);
    };
    let step_seconds = timeline.step_seconds.saturating_mul(factor);
    let highest = |values: &[f32]| values.iter().copied().fold(f32::NAN, f32::max);
    // Of what was not served the mean: requests stay what they were.
    let mean = |values: &[f32]| {
        let known = values.iter().filter(|value| value.is_finite());
        let (sum, count) = known.fold((0.0, 0_u16), |(sum, count), value| {
            (sum + value, count.saturating_add(1))
        });
        if count > 0 {
            sum / values.len() as f32
        } else {
            f32::NAN
        }
    };
    let lines = timeline.lines.iter().map(|line| {
        let steps = line.values.chunks(merged);
        Line {
            kind: line.kind,
            values: match line.kind {
                LineKind::Unserved => steps.map(mean).collect(),
                _ => steps.map(highest).collect(),
            },
        }
    });
    let shorter = Timeline {
        start: timeline.start,
        step_seconds,
        lines: lines.collect(),
    };
    (Cow::Owned(shorter), Some(step_seconds / 60))
}

/// Actions as JSON, packed by gzip, in base64: of more than [`MOST_ACTIONS`] the newest.
pub(crate) fn actions(actions: &[Action]) -> String {
    let newest = &actions[actions.len().saturating_sub(MOST_ACTIONS)..];
    packed(&serde_json::to_vec(newest).unwrap_or_default())
}

/// Bytes packed by gzip, in base64.
fn packed(bytes: &[u8]) -> String {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail; a page without it still has its tables.
    match packer.write_all(bytes).and_then(|()| packer.finish()) {
        Ok(packed) => BASE64_STANDARD.encode(packed),
        Err(_) => String::new(),
    }
}

/// What people call a zone.
pub(crate) fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

/// All lines one after the other: little-endian 32-bit numbers, packed by gzip, in base64.
pub(crate) fn numbers(timeline: &Timeline) -> String {
    let values = timeline.lines.iter().flat_map(|line| &line.values);
    let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
    packed(&bytes)
}

/// The zone's offsets from the timeline's start on, each with its first second.
fn offsets(zone: &TimeZone, timeline: &Timeline, made_at: Timestamp) -> Vec<(i64, i32)> {
    let (start, end) = match timeline.is_empty() {
        true => (made_at, made_at),
        false => (timeline.time_at(0), timeline.time_at(timeline.len())),
    };
    // More than a year on both sides: what words tell of may lie beyond the lines.
    let beyond = jiff::SignedDuration::from_hours(24 * 400);
    let from = start.min(made_at).saturating_sub(beyond);
    let to = end.max(made_at).saturating_add(beyond);
    let (from, to) = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
    let mut offsets = vec![(from.as_second(), zone.to_offset(from).seconds())];
    let changes = zone
        .following(from)
        .take_while(|change| change.timestamp() < to);
    offsets.extend(changes.map(|c| (c.timestamp().as_second(), c.offset().seconds())));
    offsets
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn numbers_come_back_as_they_were() {
        let values = vec![1.5, f32::NAN, 3.0e9];
        let timeline = Timeline {
            start: 0,
            step_seconds: 60,
            lines: vec![Line {
                kind: LineKind::Demand,
                values: values.clone(),
            }],
        };
        let packed = BASE64_STANDARD.decode(numbers(&timeline)).unwrap();
        let mut bytes = Vec::new();
        GzDecoder::new(packed.as_slice())
            .read_to_end(&mut bytes)
            .unwrap();
        let back: Vec<u32> = bytes
            .chunks(4)
            .map(|b| u32::from_le_bytes(b.try_into().unwrap()))
            .collect();
        let bits: Vec<u32> = values.iter().map(|v| v.to_bits()).collect();
        assert_eq!(back, bits);
    }

    #[test]
    fn the_zone_tells_when_its_clocks_change() {
        let start: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let timeline = Timeline {
            start: start.as_second(),
            step_seconds: 3600,
            lines: vec![Line {
                kind: LineKind::Demand,
                values: vec![0.0; 24 * 40],
            }],
        };
        let change: Timestamp = "2026-03-29T01:00:00Z".parse().unwrap();
        let found = offsets(&TimeZone::get("Europe/Berlin").unwrap(), &timeline, start);
        assert!(found.contains(&(change.as_second(), 7200)));
        // A year and more back, and ahead.
        let day = 86_400;
        assert!(found[0].0 < start.as_second() - 399 * day);
        assert!(found.last().unwrap().0 > start.as_second() + 300 * day);
        assert_eq!(offsets(&TimeZone::UTC, &timeline, start).len(), 1);
    }

    #[test]
    fn what_is_too_much_is_told_in_longer_steps() {
        let line = |kind, values| Line { kind, values };
        let few = Timeline {
            start: 0,
            step_seconds: 60,
            lines: vec![line(LineKind::Demand, vec![1.0; 1000])],
        };
        assert_eq!(bounded(&few).1, None);
        let mut values = vec![1.0; MOST_NUMBERS];
        values[4] = 9.0;
        values[6..9].fill(f32::NAN);
        let many = Timeline {
            lines: vec![
                line(LineKind::Demand, values.clone()),
                line(LineKind::Unserved, values),
            ],
            ..few
        };
        let (shorter, minutes) = bounded(&many);
        assert_eq!((shorter.step_seconds, minutes), (120, Some(2)));
        let all: usize = shorter.lines.iter().map(|line| line.values.len()).sum();
        assert!(all <= MOST_NUMBERS, "{all}");
        assert_eq!(shorter.lines[0].values[1..3], [1.0, 9.0]);
        assert!(shorter.lines[0].values[3].is_nan());
        assert_eq!(shorter.lines[1].values[1..3], [1.0, 5.0]);
        assert_eq!(shorter.lines[1].values[4], 0.5, "half of it is unknown");
    }

    #[test]
    fn of_too_many_actions_the_newest_are_kept() {
        let action = |at| Action {
            at,
            servers: 1,
            by: "planner".to_owned(),
            reason: String::new(),
        };
        let all: Vec<Action> = (0..=MOST_ACTIONS as i64).map(action).collect();
        let bytes = BASE64_STANDARD.decode(actions(&all)).unwrap();
        let mut json = String::new();
        GzDecoder::new(bytes.as_slice())
            .read_to_string(&mut json)
            .unwrap();
        let kept: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (kept.len(), kept[0]["at"].as_i64()),
            (MOST_ACTIONS, Some(1))
        );
    }

    #[test]
    fn the_library_holds_what_is_needed_and_not_much_else() {
        let mut text = String::new();
        GzDecoder::new(LIBRARY).read_to_string(&mut text).unwrap();
        assert!(text.contains("plotly.js v") && text.contains("MIT license"));
        assert!(text.contains("Plotly") && !text.contains("</script"));
        // A bundle that is built otherwise than expected stays whole, at more than four megabytes: then
        // `build/needed.rs` is to be looked at again.
        assert!(text.len() < 1_500_000, "{}", text.len());
        assert!(LIBRARY.len() < 500_000, "{}", LIBRARY.len());
    }
}
