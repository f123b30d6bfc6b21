//! What the overview tells of a target, made of its page.

use documents::{Brief, BriefFact};
use jiff::Timestamp;

use crate::{LineKind, TargetPage};

const HOUR: i64 = 3600;
/// Hours before the newest demand that a brief keeps: a week.
const BACK: i64 = 7 * 24;
/// Hours after it: as far as a forecast reaches.
const AHEAD: i64 = 3 * 24;
/// Facts that a brief keeps.
const FACTS: usize = 20;

/// The brief of `page` as of `now`, for a target in `mode`: its facts, the last week's demand by the
/// hour and what is expected of the next three days.
#[must_use]
pub fn brief(page: &TargetPage, mode: &str, now: Timestamp) -> Brief {
    let facts = page.facts.iter().take(FACTS);
    let this_hour = now.as_second().div_euclid(HOUR);
    let first = this_hour - BACK;
    let hours = |kind| hourly(page, kind, first);
    Brief {
        mode: mode.to_owned(),
        facts: facts
            .map(|it| BriefFact::cut(&it.name, &it.value, &it.beside, it.bad))
            .collect(),
        zone: page.zone.iana_name().unwrap_or_default().to_owned(),
        start: Timestamp::from_second(first * HOUR).unwrap_or(Timestamp::MIN),
        demand: hours(LineKind::Demand),
        expected: hours(LineKind::Median),
    }
}

/// Means of a line by the hour, from hour `first` since 1970 on.
fn hourly(page: &TargetPage, kind: LineKind, first: i64) -> Vec<Option<f64>> {
    let timeline = &page.timeline;
    let mut sums = vec![(0.0_f64, 0_u32); (BACK + AHEAD) as usize];
    let line = timeline.lines.iter().find(|line| line.kind == kind);
    let values = line.map_or(&[][..], |line| &line.values);
    for (index, value) in values.iter().enumerate() {
        let hour = timeline.time_at(index).as_second().div_euclid(HOUR) - first;
        let sum = usize::try_from(hour).ok().and_then(|at| sums.get_mut(at));
        if let Some((sum, count)) = sum.filter(|_| value.is_finite() && *value >= 0.0) {
            *sum += f64::from(*value);
            *count += 1;
        }
    }
    let mean = |(sum, count): (f64, u32)| (count > 0).then(|| short(sum / f64::from(count)));
    sums.into_iter().map(mean).collect()
}

/// Four digits, which is more than a line of the overview shows.
fn short(value: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    let unit = 10_f64.powi(value.log10().floor() as i32 - 3);
    // Below one a division is exact where a multiplication is not: 0.1234, not 0.12340000000000001.
    if unit < 1.0 {
        let inverse = (1.0 / unit).round();
        (value * inverse).round() / inverse
    } else {
        (value / unit).round() * unit
    }
}

#[cfg(test)]
mod tests {
    use documents::Document;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::{Fact, Line, Timeline};

    #[test]
    fn a_week_and_three_days_by_the_hour() {
        let now: Timestamp = "2026-11-22T00:20:00Z".parse().unwrap();
        let start = now.as_second() - 1200 - 20 * 86_400;
        // A quarter of an hour each: the number of the hour since the start, and a gap in each.
        let line = |kind, until: usize| Line {
            kind,
            values: (0..until)
                .map(|step| match step % 4 {
                    3 => f32::NAN,
                    _ => (step / 4) as f32,
                })
                .collect(),
        };
        let page = TargetPage {
            name: "web".to_owned(),
            zone: TimeZone::UTC,
            about: String::new(),
            facts: vec![Fact {
                name: "plan".to_owned(),
                value: "none".to_owned(),
                beside: "y".repeat(300),
                bad: true,
            }],
            timeline: Timeline {
                start,
                step_seconds: 900,
                lines: vec![
                    line(LineKind::Demand, 20 * 96),
                    line(LineKind::Median, 23 * 96),
                ],
            },
            actions: Vec::new(),
            comparison: None,
            effect: None,
            accuracy: Vec::new(),
            notes: Vec::new(),
        };
        let brief = brief(&page, "shadow", now);
        assert_eq!(brief.check(), Ok(()));
        assert_eq!(brief.start, "2026-11-15T00:00:00Z".parse().unwrap());
        assert_eq!(brief.demand.len(), 240);
        assert_eq!(brief.demand[0], Some(13.0 * 24.0));
        assert_eq!(brief.demand[167], Some(20.0 * 24.0 - 1.0));
        assert_eq!(brief.demand[168], None);
        assert_eq!(brief.expected[239], Some(23.0 * 24.0 - 1.0));
        assert!(brief.facts[0].bad);
    }

    #[test]
    fn four_digits_are_kept() {
        for (value, shown) in [
            (0.0, 0.0),
            (0.123_456, 0.1235),
            (98.765_4, 98.77),
            (1_234_567.0, 1_235_000.0),
        ] {
            assert_eq!(short(value), shown);
        }
    }
}
