//! A target in shadow mode is judged by minutes that are kept: a run reads what is new, and says the same.
use std::cell::Cell;

use crate::common::{GROUP, Stage, at, config, forecast, metric, mins, series};
use control::World;
use documents::{ShadowLedger, keys};
use local::CsvMetrics;
use pollster::block_on;
use ports::{Datapoint, DocumentStore, MetricName, MetricSink, MetricSource, PortError, Reading};

const DAY: i64 = 1440;

/// Metrics, and how much was asked of those that a verdict needs.
struct Counted {
    inner: CsvMetrics,
    /// Minutes of demand, and readings of more than a day and two hours of it.
    demand: Cell<i64>,
    weeks: Cell<usize>,
    /// Minutes of servers in service.
    servers: Cell<i64>,
}

impl MetricSource for Counted {
    async fn read(&self, reading: &Reading) -> Result<Vec<Datapoint>, PortError> {
        let span = reading.to.duration_since(reading.from).as_mins();
        if reading.metric == metric() {
            self.demand.set(self.demand.get() + span);
            let long = span > 30 * 60 && reading.period == timeseries::Step::MINUTE;
            self.weeks.set(self.weeks.get() + usize::from(long));
        }
        if reading.metric == in_service() {
            self.servers.set(self.servers.get() + span);
        }
        self.inner.read(reading).await
    }
}

impl MetricSink for Counted {
    async fn publish(&self, metric: &MetricName, values: &[Datapoint]) -> Result<(), PortError> {
        self.inner.publish(metric, values).await
    }
}

fn in_service() -> MetricName {
    MetricName {
        namespace: "AWS/AutoScaling".to_owned(),
        name: "GroupInServiceInstances".to_owned(),
        dimensions: [("AutoScalingGroupName".to_owned(), GROUP.to_owned())].into(),
    }
}

/// A wave with noise, of which a minute here and there and an hour of the third day were never seen.
fn demand(minute: usize) -> f64 {
    if minute.is_multiple_of(97) || (3000..3060).contains(&minute) {
        return f64::NAN;
    }
    let of_day = (minute % 1440) as f64 / 1440.0 * std::f64::consts::TAU;
    let noise = 1.0 + 0.1 * (minute as f64 * 0.7).sin();
    noise * (8000.0 - 5000.0 * of_day.cos())
}

struct Scene {
    stage: Stage,
    metrics: Counted,
}

impl Scene {
    fn new(delay: i64) -> Self {
        let start = at("2026-11-20T00:00:00Z");
        let minutes = 12 * 1440;
        let stage = Stage::new(
            start,
            &config("mode = \"shadow\""),
            series(start - mins(480), minutes, |minute| demand(minute + 960)),
            true,
        );
        let servers = series(start - mins(480), minutes, |minute| {
            8.0 + (minute / 600 % 5) as f64
        });
        let inner = stage.metrics.clone().with(in_service(), servers);
        let metrics = Counted {
            inner: inner.with_delay(mins(delay)),
            demand: Cell::new(0),
            weeks: Cell::new(0),
            servers: Cell::new(0),
        };
        Self { stage, metrics }
    }

    /// What the run at `minute` says, and how many minutes of servers and weeks of demand it read.
    fn hour(&self, minute: i64) -> (String, i64, usize) {
        let now = at("2026-11-20T00:00:00Z") + mins(minute);
        self.stage.clock.set(now);
        let night = minute / DAY * DAY;
        if minute % DAY == 40 {
            let start = at("2026-11-20T00:00:00Z") + mins(night);
            self.stage.put_forecast(&forecast(start, |step| {
                let of_day = (step % 96) as f64 / 96.0 * std::f64::consts::TAU;
                1.1 * (8000.0 - 5000.0 * of_day.cos())
            }));
        }
        let before = (self.metrics.servers.get(), self.metrics.weeks.get());
        let world = World {
            store: &self.stage.store,
            metrics: &self.metrics,
            groups: &self.stage.groups,
            notifier: &self.stage.notifier,
            clock: &self.stage.clock,
        };
        let answer = block_on(planner::handle(planner::Request::default(), &world)).unwrap();
        let notes = answer.targets[0].notes.iter();
        let said = notes.filter(|note| note.contains("shadow")).cloned();
        (
            said.collect::<Vec<_>>().join("; "),
            self.metrics.servers.get() - before.0,
            self.metrics.weeks.get() - before.1,
        )
    }

    /// Takes what is kept of minutes away.
    fn forget(&self) {
        for key in block_on(self.stage.store.list(&keys::ledgers("web"))).unwrap() {
            let ledger: ShadowLedger = self.stage.get(&key).unwrap();
            let ledger = ShadowLedger {
                seen: None,
                ..ledger
            };
            self.stage.put(&key, ledger);
        }
    }
}

#[test]
fn a_run_reads_what_is_new_and_judges_as_one_that_reads_the_week() {
    for delay in [1, 20] {
        let (kept, whole) = (Scene::new(delay), Scene::new(delay));
        let (mut judged, mut compared) = (0, 0);
        for hour in 0..10 * 24 {
            // A few runs are missed, once for a day and a half.
            if hour % 31 == 7 || (100..136).contains(&hour) {
                continue;
            }
            let minute = hour * 60 + 40;
            let (said, servers, weeks) = kept.hour(minute);
            whole.forget();
            let (expected, all, _) = whole.hour(minute);
            assert_eq!(said, expected, "hour {hour}");
            judged += usize::from(said.contains("server-hours where"));
            // Three hours again and what is new, where the other reads all there is. A throughput that was
            // typed in is compared with a week of measurements once a day, by both.
            if hour > 26 && !(100..145).contains(&hour) {
                assert!(
                    servers <= 5 * 60 || servers > 7 * DAY,
                    "hour {hour}: {servers} minutes"
                );
                compared += usize::from(servers > 7 * DAY);
                assert_eq!(weeks, 0, "hour {hour}");
            }
            if hour == 230 {
                assert!(all >= 7 * DAY);
            }
        }
        assert!(judged > 24, "{judged}");
        assert!(compared <= 8, "{compared}");
    }
}

#[test]
fn another_metric_or_a_failed_write_has_all_of_it_read_again() {
    let scene = Scene::new(1);
    for hour in 0..30 {
        scene.hour(hour * 60 + 40);
    }
    assert!(scene.hour(30 * 60 + 40).1 <= 5 * 60);
    let other = config("mode = \"shadow\"")
        .replace("\"Requests\" }", "\"Requests\", statistic = \"Maximum\" }");
    scene.stage.put_text(keys::CONFIG, &other);
    assert!(scene.hour(31 * 60 + 40).1 > 24 * 60);
    assert!(scene.hour(32 * 60 + 40).1 <= 5 * 60);
    // Damaged, a day's ledger is begun anew; what it had is read again.
    let key = keys::ledger("web", scene.stage.now());
    scene.stage.put_text(&key, "{");
    assert!(scene.hour(33 * 60 + 40).1 > 5 * 60);
}

#[test]
fn days_in_which_nothing_ran_are_read_once() {
    let (kept, whole) = (Scene::new(1), Scene::new(1));
    let mut read = Vec::new();
    for hour in (0..60).chain(130..12 * 24 - 8) {
        let minute = hour * 60 + 40;
        let (said, servers, _) = kept.hour(minute);
        whole.forget();
        assert_eq!(said, whole.hour(minute).0, "hour {hour}");
        read.push((hour, servers));
    }
    // Once a day all of a week is compared with the throughput that was typed in.
    let weeks = |servers: i64| i64::from(servers > 7 * DAY) * 7 * DAY;
    let read: Vec<_> = read
        .iter()
        .map(|&(hour, it)| (hour, it - weeks(it)))
        .collect();
    let of = |hour| read.iter().find(|it| it.0 == hour).unwrap().1;
    // What was missed, with three hours before it; then three hours again and what is new.
    assert!((70 * 60..=75 * 60).contains(&of(130)), "{}", of(130));
    let long = read.iter().find(|it| it.0 > 130 && it.1 > 5 * 60);
    assert_eq!(long, None);
}
