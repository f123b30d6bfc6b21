//! A virtual clock rules what metrics can be seen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use local::{ConsoleNotifier, CsvMetrics, RecordingNotifier, VirtualClock};
use pollster::block_on;
use ports::{Clock, Message, MetricName, MetricSource, Notifier, Reading, Statistic};
use timeseries::{Series, Step};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn metric() -> MetricName {
    MetricName {
        namespace: "Shop".to_owned(),
        name: "Requests".to_owned(),
        dimensions: BTreeMap::new(),
    }
}

fn reading(statistic: Statistic, period: Step) -> Reading {
    Reading {
        metric: metric(),
        statistic,
        period,
        from: at("2026-01-01T00:00:00Z"),
        to: at("2026-01-02T00:00:00Z"),
    }
}

fn minutes(values: &[f64]) -> Series {
    Series::new(at("2026-01-01T00:00:00Z"), Step::MINUTE, values.to_vec()).unwrap()
}

fn read(metrics: &CsvMetrics, reading: &Reading) -> Vec<(String, f64)> {
    block_on(metrics.read(reading))
        .unwrap()
        .into_iter()
        .map(|point| (point.at.to_string(), point.value))
        .collect()
}

#[test]
fn nothing_is_seen_before_its_period_has_ended_and_the_delay_is_over() {
    let clock = VirtualClock::new(at("2026-01-01T00:05:59Z"));
    let metrics = CsvMetrics::new(clock.clone()).with(metric(), minutes(&[10.0; 60]));
    let five = reading(Statistic::Sum, Step::FIVE_MINUTES);
    assert!(read(&metrics, &five).is_empty());
    clock.advance(SignedDuration::from_secs(1));
    assert_eq!(
        read(&metrics, &five),
        [("2026-01-01T00:00:00Z".to_owned(), 50.0)]
    );
    assert_eq!(
        read(&metrics, &reading(Statistic::Sum, Step::MINUTE)).len(),
        5
    );
    let prompt = metrics.with_delay(SignedDuration::ZERO);
    assert_eq!(
        read(&prompt, &reading(Statistic::Sum, Step::MINUTE)).len(),
        6
    );
    block_on(clock.sleep(SignedDuration::from_hours(1)));
    assert_eq!(clock.now(), at("2026-01-01T00:06:00Z"));
}

#[test]
fn the_future_changes_nothing() {
    let now = at("2026-01-01T00:30:00Z");
    let before = minutes(&[10.0; 60]);
    let after = minutes(&[vec![10.0; 29], vec![1e9; 31]].concat());
    for statistic in [Statistic::Sum, Statistic::Average, Statistic::Maximum] {
        for period in [1, 5, 10, 30].map(|m| Step::from_minutes(m).unwrap()) {
            let asked = reading(statistic, period);
            let seen = |series: &Series| {
                let metrics = CsvMetrics::new(VirtualClock::new(now));
                read(&metrics.with(metric(), series.clone()), &asked)
            };
            assert_eq!(seen(&before), seen(&after), "{statistic:?} {period}");
        }
    }
}

#[test]
fn statistics_are_those_of_one_sample_a_minute() {
    let nan = f64::NAN;
    let values = [1.0, 2.0, 3.0, nan, nan, nan, nan, nan, 8.0, 9.0];
    let clock = VirtualClock::new(at("2026-01-02T00:00:00Z"));
    let metrics = CsvMetrics::new(clock).with(metric(), minutes(&values));
    for (statistic, value) in [
        (Statistic::Sum, 10.0),
        (Statistic::Average, 2.0),
        (Statistic::Maximum, 3.0),
        (Statistic::Minimum, 1.0),
        (Statistic::SampleCount, 5.0),
    ] {
        let points = read(&metrics, &reading(statistic, Step::FIVE_MINUTES));
        assert_eq!(
            points,
            [("2026-01-01T00:00:00Z".to_owned(), value)],
            "{statistic:?}"
        );
    }
    let points = read(&metrics, &reading(Statistic::Sum, Step::MINUTE));
    assert_eq!(points.len(), 5, "a missing minute is no datapoint");
}

#[test]
fn finer_than_kept_and_unknown_metrics_have_no_datapoints() {
    let clock = VirtualClock::new(at("2026-01-02T00:00:00Z"));
    let start = at("2026-01-01T00:00:00Z");
    let coarse = Series::new(start, Step::HOUR, vec![60.0; 3]).unwrap();
    let metrics = CsvMetrics::new(clock).with(metric(), coarse);
    assert!(read(&metrics, &reading(Statistic::Sum, Step::MINUTE)).is_empty());
    let hours = read(&metrics, &reading(Statistic::Sum, Step::HOUR));
    assert_eq!(hours.iter().map(|(_, v)| *v).sum::<f64>(), 3.0 * 3600.0);
    let mut other = reading(Statistic::Sum, Step::HOUR);
    other.metric.name = "Other".to_owned();
    assert!(read(&metrics, &other).is_empty());
}

#[test]
fn messages_are_written_and_kept() {
    let message = Message {
        subject: "web: 4 servers more".to_owned(),
        text: "demand is above the forecast\nnothing to do".to_owned(),
        record: serde_json::json!({ "added": 4 }),
    };
    let console = ConsoleNotifier::new(Vec::new());
    block_on(console.notify(&message)).unwrap();
    assert_eq!(
        String::from_utf8(console.into_inner()).unwrap(),
        "web: 4 servers more\n    demand is above the forecast\n    nothing to do\n"
    );
    let recording = RecordingNotifier::new();
    block_on(recording.clone().notify(&message)).unwrap();
    assert_eq!(recording.messages(), std::slice::from_ref(&message));
    assert_eq!(recording.take(), [message]);
    assert!(recording.take().is_empty());
}
