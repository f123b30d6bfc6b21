//! Numbers and texts as they travel inside the page.

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::{Action, Comparison, LineKind, TargetPage, Timeline};

/// The chart library, packed when this was built.
const LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/plotly.js.gz"));

/// The chart library in base64, packed by gzip.
pub(crate) fn library() -> String {
    BASE64_STANDARD.encode(LIBRARY)
}

/// What the page's script reads of a target; its lines travel apart, as numbers.
#[derive(Serialize)]
pub(crate) struct Data<'a> {
    name: &'a str,
    zone: String,
    start: i64,
    step: u32,
    /// Kinds and lengths of the lines, in the order in which their numbers come.
    lines: Vec<(LineKind, usize)>,
    /// From when on the zone is how many seconds ahead of UTC.
    offsets: Vec<(i64, i32)>,
    actions: &'a [Action],
    comparison: Option<&'a Comparison>,
}

impl<'a> Data<'a> {
    pub(crate) fn of(target: &'a TargetPage) -> Self {
        let timeline = &target.timeline;
        Self {
            name: &target.name,
            zone: zone_name(&target.zone),
            start: timeline.start,
            step: timeline.step_seconds,
            lines: (timeline.lines.iter())
                .map(|line| (line.kind, line.values.len()))
                .collect(),
            offsets: offsets(&target.zone, timeline),
            actions: &target.actions,
            comparison: target.comparison.as_ref(),
        }
    }

    /// As JSON that can stand inside a script element: without `<`.
    pub(crate) fn json(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_else(|_| "null".to_owned());
        json.replace('<', "\\u003c")
    }
}

/// What people call a zone.
pub(crate) fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

/// All lines one after the other: little-endian 32-bit numbers, packed by gzip, in base64.
pub(crate) fn numbers(timeline: &Timeline) -> String {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    for line in &timeline.lines {
        let bytes: Vec<u8> = line.values.iter().flat_map(|v| v.to_le_bytes()).collect();
        // Writing into memory does not fail; a page without numbers still has its tables.
        if packer.write_all(&bytes).is_err() {
            return String::new();
        }
    }
    BASE64_STANDARD.encode(packer.finish().unwrap_or_default())
}

/// The zone's offsets from the timeline's start on, each with its first second.
fn offsets(zone: &TimeZone, timeline: &Timeline) -> Vec<(i64, i32)> {
    let start = timeline.time_at(0);
    let end = timeline.time_at(timeline.len());
    // A month more on both sides: actions may lie beyond the lines.
    let month = jiff::SignedDuration::from_hours(24 * 31);
    let from = start.saturating_sub(month).unwrap_or(Timestamp::MIN);
    let to = end.saturating_add(month).unwrap_or(Timestamp::MAX);
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
    use crate::Line;

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
        let found = offsets(&TimeZone::get("Europe/Berlin").unwrap(), &timeline);
        assert_eq!(found[0].1, 3600);
        assert_eq!(found[1], (change.as_second(), 7200));
        assert_eq!(offsets(&TimeZone::UTC, &timeline).len(), 1);
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
