//! Server-hours that ran in a budget's day or month.

use config::{Budget, Per, Target};
use documents::SpentHours;
use fleet::Group;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use ports::{MetricSource, Reading};
use timeseries::Step;

use crate::error::chain;
use crate::metrics::{metric_name, metric_statistic};

/// Between two looks that are no further apart than this, servers are taken as the more of both: a
/// few missed runs. What happened in more is not known.
const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(3);

/// The day or month that holds `at`: its first moment and that of the next one.
pub(crate) fn period(per: Per, zone: &TimeZone, at: Timestamp) -> (Timestamp, Timestamp) {
    let date = at.to_zoned(zone.clone()).date();
    let (first, span) = match per {
        Per::Day => (date, 1.day()),
        Per::Month => (date.first_of_month(), 1.month()),
    };
    let begin = |date: jiff::civil::Date| -> Option<Timestamp> {
        let midnight: Zoned = date
            .to_datetime(Time::midnight())
            .to_zoned(zone.clone())
            .ok()?;
        Some(midnight.timestamp())
    };
    let next = first.checked_add(span).ok();
    (
        begin(first).unwrap_or(at),
        next.and_then(begin).unwrap_or(Timestamp::MAX),
    )
}

/// What is known at `now` of the running period, with `servers` in service: what `before` knew, and
/// the time since. The group's metric is asked for hours in which nobody looked; where it cannot be
/// read, or counts instances while plans count capacity units, that is a note.
pub async fn spent<M: MetricSource>(
    metrics: &M,
    target: &Target,
    before: Option<&SpentHours>,
    group: &Group,
    now: Timestamp,
) -> (Option<SpentHours>, Option<String>) {
    let servers = group.in_service();
    let Some(budget) = target.control.budget else {
        return (None, None);
    };
    let (mut next, unseen) = looked(&budget, &target.zone, before, servers, now);
    let metric = target.response.signals.in_service.as_ref();
    let mut note = None;
    let weighted = group.instances.iter().any(|it| it.weight != 1);
    if let (Some(_), Some((from, to)), true) = (metric, unseen, weighted) {
        note = Some(format!(
            "the servers between {from} and {to} are unknown: their metric counts instances, and weights differ from 1"
        ));
    } else if let (Some(metric), Some((from, to))) = (metric, unseen) {
        let reading = Reading {
            metric: metric_name(metric),
            statistic: metric_statistic(metric),
            period: Step::HOUR,
            from: Step::HOUR.floor(from),
            to: Step::HOUR.floor(to),
        };
        let points = metrics.read(&reading).await.unwrap_or_else(|error| {
            note = Some(format!(
                "the servers between {from} and {to} are unknown: {}",
                chain(&error)
            ));
            Vec::new()
        });
        for point in points {
            let end = later(point.at, SignedDuration::from_hours(1)).min(to);
            let known = hours(point.at.max(from), end).min(next.unknown_hours);
            if point.value.is_finite() && point.value >= 0.0 {
                next.server_hours += point.value * known;
                next.unknown_hours -= known;
            }
        }
    }
    (Some(next), note)
}

/// What looking at the servers alone tells, and the stretch that it newly leaves unknown.
fn looked(
    budget: &Budget,
    zone: &TimeZone,
    before: Option<&SpentHours>,
    servers: u32,
    now: Timestamp,
) -> (SpentHours, Option<(Timestamp, Timestamp)>) {
    let (since, _) = period(budget.per, zone, now);
    let same = before.filter(|before| before.since == since);
    let (mut server_hours, mut unknown_hours) = same.map_or((0.0, 0.0), |before| {
        (before.server_hours, before.unknown_hours)
    });
    let fresh = before.filter(|before| now.duration_since(before.until) <= LONGEST_GAP);
    // From where on servers are known: another clock may have been ahead.
    let seen = fresh.map_or(now, |before| before.until.min(now)).max(since);
    if let Some(before) = fresh {
        server_hours += hours(seen, now) * f64::from(before.servers.max(servers));
    }
    let from = same.map_or(since, |before| before.until);
    let unseen = (from < seen).then_some((from, seen));
    unknown_hours += unseen.map_or(0.0, |(from, to)| hours(from, to));
    let next = SpentHours {
        since,
        // What a clock that was ahead counted is not counted again.
        until: same.map_or(now, |before| before.until.max(now)),
        servers,
        server_hours,
        unknown_hours,
    };
    (next, unseen)
}

pub(crate) fn hours(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0) / 3600.0
}

fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use config::BudgetAmount;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn look(before: Option<&SpentHours>, per: Per, servers: u32, now: &str) -> SpentHours {
        let budget = Budget {
            amount: BudgetAmount::ServerHours(100.0),
            per,
            accept_risk: None,
        };
        looked(&budget, &berlin(), before, servers, at(now)).0
    }

    #[test]
    fn days_are_as_long_as_the_zone_has_them() {
        let of = |per, now: &str| {
            let (from, to) = period(per, &berlin(), at(now));
            (from.to_string(), hours(from, to))
        };
        let day = |now| of(Per::Day, now);
        assert_eq!(
            day("2026-03-29T10:00:00Z"),
            ("2026-03-28T23:00:00Z".into(), 23.0)
        );
        assert_eq!(
            day("2026-10-25T10:00:00Z"),
            ("2026-10-24T22:00:00Z".into(), 25.0)
        );
        assert_eq!(
            day("2026-06-01T21:59:00Z"),
            ("2026-05-31T22:00:00Z".into(), 24.0)
        );
        let month = of(Per::Month, "2026-03-31T22:30:00Z");
        assert_eq!(month, ("2026-03-31T22:00:00Z".into(), 30.0 * 24.0));
        assert_eq!(of(Per::Month, "2026-03-31T21:30:00Z").1, 31.0 * 24.0 - 1.0);
    }

    #[test]
    fn looks_add_up_and_a_new_day_begins_at_nothing() {
        // Berlin's day begins at 23:00 UTC.
        let first = look(None, Per::Day, 4, "2026-01-09T23:40:00Z");
        assert!(
            (first.unknown_hours - 40.0 / 60.0).abs() < 1e-9,
            "{first:?}"
        );
        let second = look(Some(&first), Per::Day, 6, "2026-01-10T00:40:00Z");
        assert_eq!((second.server_hours, second.servers), (6.0, 6));
        let third = look(Some(&second), Per::Day, 2, "2026-01-10T02:40:00Z");
        assert_eq!(third.server_hours, 18.0);
        // Ten minutes of the hour before midnight are the day's before.
        let last = SpentHours {
            until: at("2026-01-10T22:50:00Z"),
            ..third
        };
        let next = look(Some(&last), Per::Day, 2, "2026-01-10T23:20:00Z");
        assert_eq!(next.since, at("2026-01-10T23:00:00Z"));
        assert!((next.server_hours - 2.0 / 3.0).abs() < 1e-9, "{next:?}");
        assert_eq!(next.unknown_hours, 0.0);
    }

    #[test]
    fn a_clock_that_goes_back_counts_nothing_twice() {
        let first = look(None, Per::Day, 4, "2026-01-10T10:00:00Z");
        let second = look(Some(&first), Per::Day, 4, "2026-01-10T11:00:00Z");
        let back = look(Some(&second), Per::Day, 4, "2026-01-10T10:00:00Z");
        assert_eq!(back, second);
        let again = look(Some(&back), Per::Day, 4, "2026-01-10T11:00:00Z");
        assert_eq!(again, second);
    }

    #[test]
    fn a_long_silence_is_unknown_and_so_is_another_kind_of_period() {
        let stood = look(None, Per::Day, 4, "2026-01-09T23:00:00Z");
        let silent = look(Some(&stood), Per::Day, 4, "2026-01-10T05:00:00Z");
        assert_eq!((silent.server_hours, silent.unknown_hours), (0.0, 6.0));
        let month = look(Some(&silent), Per::Month, 4, "2026-01-10T06:00:00Z");
        assert_eq!(month.since, at("2025-12-31T23:00:00Z"));
        assert_eq!((month.server_hours, month.unknown_hours), (4.0, 222.0));
    }
}
