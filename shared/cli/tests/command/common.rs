//! Runs the command in this process, on made-up files.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use forescale::Console;
use jiff::{SignedDuration, Timestamp};

/// What one run left behind.
pub(crate) struct Ran {
    pub(crate) code: ExitCode,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `forescale` with `arguments`, standard input being `input`.
pub(crate) fn run_with(arguments: &[&str], input: &[u8]) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let all = std::iter::once("forescale").chain(arguments.iter().copied());
    let code = {
        let mut console = Console::plain(input, &mut out, &mut err);
        forescale::run(all.map(OsString::from), &mut console)
    };
    Ran {
        code,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

/// Runs `forescale` with `arguments` and nothing on standard input.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    run_with(arguments, &[])
}

/// Runs `forescale`, which has to succeed.
pub(crate) fn good(arguments: &[&str]) -> Ran {
    let ran = run(arguments);
    assert_eq!(ran.code, ExitCode::SUCCESS, "{arguments:?}: {}", ran.err);
    ran
}

/// First moment of every made-up series.
pub(crate) fn start() -> Timestamp {
    "2026-01-05T00:00:00Z".parse().unwrap()
}

/// A demand CSV of `steps` steps of `minutes` minutes from [`start`] on.
pub(crate) fn demand(steps: usize, minutes: i64, value: impl Fn(usize) -> f64) -> String {
    let mut text = "timestamp,value\n".to_owned();
    for index in 0..steps {
        let at = start() + SignedDuration::from_mins(minutes * i64::try_from(index).unwrap());
        text.push_str(&format!("{at},{}\n", value(index)));
    }
    text
}

/// Hours of a site with days and weeks, `scale` requests an hour on average.
pub(crate) fn rhythm(hours: usize, scale: f64) -> String {
    demand(hours, 60, |index| {
        let day = (index as f64 / 24.0 * std::f64::consts::TAU).sin();
        let week = if index / 24 % 7 >= 5 { 0.8 } else { 1.0 };
        let noise = 1.0 + 0.03 * ((index * 7919 % 101) as f64 / 50.0 - 1.0);
        (scale * week * (1.0 - 0.5 * day) * noise).round()
    })
}

/// Writes `content` to `name` in `folder`.
pub(crate) fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

/// The path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The rows of a CSV below its header, which has to be `header`.
pub(crate) fn rows(csv: &str, header: &str) -> Vec<Vec<String>> {
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some(header));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(true)
        .from_reader(csv.as_bytes());
    let records = reader.records().map(|record| record.unwrap());
    records
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect()
}

/// A configuration of one target that suits [`rhythm`] with 60,000 requests an hour.
pub(crate) const CONFIG: &str = r#"
[[target]]
name = "web"
load_balancer = "app/web/50dc6c495c0c9188"
time_zone = "Europe/Berlin"
min_servers = 1
max_servers = 40
throughput = 100
lead_time = "5m"
price_per_server_hour = 0.1

[target.simulation]
reactive = { utilization = 0.8 }
"#;

/// A store that `plan` filled on Saturday, 24 January 2026, at 18:00 in Berlin.
pub(crate) fn planned(folder: &Path) -> String {
    let history = write(folder, "d.csv", rhythm(21 * 24, 60_000.0));
    let config = write(folder, "forescale.toml", CONFIG);
    let store = folder.join("store");
    good(&[
        "plan",
        "--history",
        text(&history),
        "--config",
        text(&config),
        "--at",
        "2026-01-24T18:00",
        "--store",
        text(&store),
    ]);
    text(&store).to_owned()
}
