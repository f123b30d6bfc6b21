use std::cell::{Cell, RefCell};
use std::fs;
use std::path::Path;

use clap::Parser;
use config::Config;
use local::{CsvMetrics, VirtualClock};
use ports::{Datapoint, PortError, Reading};
use tempfile::TempDir;
use timeseries::Series;

use super::*;
use crate::arguments::{Arguments, Command};
use crate::failure::Failure;

const TARGET: &str = "[[target]]\nname = \"web\"\ngroup = \"g\"\n\
                      load_balancer = \"app/web/50dc6c495c0c9188\"\nmin_servers = 1\n\
                      max_servers = 9\nthroughput = 100\nlead_time = \"5m\"\n";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn target(text: &str) -> Target {
    Config::parse("c", text).unwrap().targets[0].clone()
}

/// CloudWatch that stops answering after so many calls, and remembers what it was asked.
struct Watched {
    metrics: CsvMetrics,
    clock: VirtualClock,
    calls_left: Cell<usize>,
    asked: RefCell<Vec<(Timestamp, Timestamp)>>,
}

impl Watched {
    /// Demand of `days` days until `now`, by the minute, of which a day is unknown.
    fn new(target: &Target, now: Timestamp, days: usize) -> Self {
        let start = now - SignedDuration::from_hours(24 * days as i64);
        let mut values: Vec<f64> = (0..days * 1440)
            .map(|minute| (minute % 97) as f64)
            .collect();
        values[1440..2880].fill(f64::NAN);
        let series = Series::new(start, Step::MINUTE, values).unwrap();
        let clock = VirtualClock::new(now);
        Self {
            metrics: CsvMetrics::new(clock.clone()).with(metric_name(&target.demand), series),
            clock,
            calls_left: Cell::new(usize::MAX),
            asked: RefCell::default(),
        }
    }
}

impl MetricSource for Watched {
    async fn read(&self, reading: &Reading) -> Result<Vec<Datapoint>, PortError> {
        let left = self.calls_left.get().checked_sub(1);
        let Some(left) = left else {
            return Err(PortError::Unanswered {
                operation: "read metric",
                resource: reading.metric.name.clone(),
                detail: "the connection broke".to_owned(),
            });
        };
        self.calls_left.set(left);
        self.asked.borrow_mut().push((reading.from, reading.to));
        self.metrics.read(reading).await
    }
}

/// Runs the import with `words` into `out`; what it printed and noted, or why it failed.
fn imported(
    watched: &Watched,
    target: &Target,
    out: &Path,
    words: &[&str],
) -> Result<String, Failure> {
    let out = out.display().to_string();
    let begin = [
        "forescale",
        "import",
        "--cloudwatch",
        "--config",
        "c",
        "--out",
        &out,
    ];
    let parsed = Arguments::try_parse_from([&begin[..], words].concat()).unwrap();
    let Command::Import(arguments) = parsed.command else {
        panic!("import");
    };
    let (mut told, mut noted) = (Vec::new(), Vec::new());
    let done = {
        let mut console = Console::plain(std::io::empty(), &mut told, &mut noted);
        let now = ports::Clock::now(&watched.clock);
        pollster::block_on(import(watched, &arguments, target, now, &mut console))
    };
    noted.append(&mut told);
    done.map(|()| String::from_utf8(noted).unwrap())
}

fn text(failure: &Failure) -> String {
    match failure {
        Failure::Input(error) | Failure::Failed(error) => format!("{error:#}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn rows_are_requests_of_their_step_and_gaps_have_none() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("d.csv");
    let target = target(TARGET);
    let watched = Watched::new(&target, at("2026-03-01T00:00:00Z"), 4);
    let told = imported(&watched, &target, &out, &["--days", "4"]).unwrap();
    assert!(
        told.contains("Sum of AWS/ApplicationELB/RequestCount"),
        "{told}"
    );
    let file = fs::read_to_string(&out).unwrap();
    // Four days of five minutes but the unknown one; the last minute is not shown yet.
    assert_eq!(file.lines().count(), 1 + 3 * 288 - 1);
    // 0 to 4 requests a minute.
    assert_eq!(file.lines().nth(1), Some("2026-02-25T00:00:00Z,10"));
}

#[test]
fn an_interrupted_import_goes_on_where_it_was_and_ends_as_if_it_had_not_been() {
    let folder = TempDir::new().unwrap();
    let target = target(TARGET);
    let now = at("2026-06-01T00:00:00Z");
    let whole = folder.path().join("whole.csv");
    let watched = Watched::new(&target, now, 70);
    imported(&watched, &target, &whole, &["--days", "70"]).unwrap();
    let calls = watched.asked.borrow().len();
    let out = folder.path().join("d.csv");
    for answered in [1, 2, 3, 7, calls - 1] {
        for name in ["d.csv", "d.csv.import"] {
            let _ = fs::remove_file(folder.path().join(name));
        }
        let watched = Watched::new(&target, now, 70);
        watched.calls_left.set(answered);
        let failure = imported(&watched, &target, &out, &["--days", "70"]).unwrap_err();
        assert!(matches!(failure, Failure::Failed(_)), "{failure:?}");
        assert!(!out.exists(), "half a demand file");
        let before = watched.asked.borrow().len();
        let kept = out.with_extension("csv.import").exists();
        let promised = text(&failure).contains("the same command goes on there");
        assert_eq!(kept, promised, "{}", text(&failure));
        watched.calls_left.set(usize::MAX);
        let told = imported(&watched, &target, &out, &["--days", "70"]).unwrap();
        assert_eq!(told.contains("was read before"), kept, "{told}");
        let again = watched.asked.borrow().len() - before;
        // The piece that was cut short, and the two days that CloudWatch may yet change.
        assert!(
            again <= calls - answered + 4,
            "{again} of {calls} after {answered}"
        );
        assert_eq!(fs::read(&out).unwrap(), fs::read(&whole).unwrap());
    }
}

#[test]
fn what_comes_later_and_what_lies_before_is_taken_without_the_rest() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("d.csv");
    let target = target(TARGET);
    let now = at("2026-03-01T00:00:00Z");
    let watched = Watched::new(&target, now, 40);
    watched.clock.set(now - SignedDuration::from_hours(5 * 24));
    imported(&watched, &target, &out, &["--days", "14"]).unwrap();
    watched.asked.borrow_mut().clear();
    watched.clock.set(now);
    imported(&watched, &target, &out, &["--days", "14"]).unwrap();
    let first = watched.asked.borrow().iter().map(|asked| asked.0).min();
    assert_eq!(
        first,
        Some(now - SignedDuration::from_hours(7 * 24)),
        "two days again"
    );
    imported(&watched, &target, &out, &["--days", "38"]).unwrap();
    let fresh = folder.path().join("fresh.csv");
    imported(&watched, &target, &fresh, &["--days", "38"]).unwrap();
    assert_eq!(fs::read(&out).unwrap(), fs::read(&fresh).unwrap());
}

#[test]
fn another_metric_and_a_file_of_others_are_not_gone_on_with() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("d.csv");
    let web = target(TARGET);
    let now = at("2026-03-01T00:00:00Z");
    let watched = Watched::new(&web, now, 3);
    imported(&watched, &web, &out, &["--days", "3"]).unwrap();
    let other = target(&TARGET.replace("app/web/", "app/other/"));
    let refused = imported(&watched, &other, &out, &["--days", "3"]).unwrap_err();
    assert!(
        text(&refused).contains("was begun with Sum of"),
        "{}",
        text(&refused)
    );
    let mine = folder.path().join("mine.csv");
    fs::write(&mine, "mine").unwrap();
    let refused = imported(&watched, &web, &mine, &["--days", "3"]).unwrap_err();
    assert!(
        text(&refused).contains("no import wrote it"),
        "{}",
        text(&refused)
    );
    // What is only tried leaves nothing.
    let tried = folder.path().join("tried.csv");
    let told = imported(&watched, &web, &tried, &["--days", "3", "--dry-run"]).unwrap();
    assert!(told.contains("was not written"), "{told}");
    assert!(!tried.exists() && !tried.with_extension("csv.import").exists());
}

/// A level is written as it is, not five times as high.
#[test]
fn a_level_stays_a_level() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("d.csv");
    let level = TARGET.replace(
        "load_balancer = \"app/web/50dc6c495c0c9188\"",
        "demand = { namespace = \"N\", name = \"Load\", statistic = \"Average\" }",
    );
    let level = target(&level);
    let watched = Watched::new(&level, at("2026-03-01T00:00:00Z"), 3);
    let told = imported(&watched, &level, &out, &["--days", "3"]).unwrap();
    assert!(told.contains("--aggregate mean"), "{told}");
    let file = fs::read_to_string(&out).unwrap();
    assert_eq!(file.lines().nth(1), Some("2026-02-26T00:00:00Z,2"));
}
