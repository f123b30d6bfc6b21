//! Forescale beside the alternatives on every trace of a folder.
//!
//! `FORESCALE_TRACES` names the folder: `NAME.csv.gz` with `timestamp,rpm` by the minute beside
//! `NAME.json` with `eval_start` and `events`. Arguments: names of traces; all without any.
//!
//! `tt .8` is target tracking alone at 80 % of throughput. `tt =` and `ps =` are the costs of the
//! cheapest target tracking and predictive scaling, of all utilizations, that lose no more than
//! Forescale did: chosen in hindsight for each trace, which nobody can do beforehand. `SWEEP=0`
//! leaves them out.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a tool for people"
)]

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use replay::{Setup, replay};
use simulation::alternatives::{Outcome, Setting, by_minute, predictive_scaling, target_tracking};
use timeseries::csv::{CsvOptions, read};
use timeseries::{Aggregate, Series};

fn utc(text: &str) -> Timestamp {
    let text = text.replace(' ', "T");
    text.parse()
        .or_else(|_| format!("{text}Z").parse())
        .expect("a time")
}

fn demand(path: &Path) -> Series {
    let mut text = String::new();
    let file = std::fs::File::open(path).expect("the trace");
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .expect("gzip");
    let text = text.replacen("timestamp,rpm", "timestamp,value", 1);
    let options = CsvOptions {
        zone: TimeZone::UTC,
        aggregate: Aggregate::Sum,
    };
    read(text.as_bytes(), &options).expect("csv").0
}

fn variable<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

fn main() {
    let folder = std::env::var("FORESCALE_TRACES").expect("FORESCALE_TRACES names a folder");
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let fleet = variable("FLEET", 12.0);
    let boot = variable("BOOT", 5_i64);
    let risk = variable("RISK", 0.001);
    let days = variable("DAYS", 400_i64);
    let extra = std::env::var("EXTRA").unwrap_or_default();
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .expect("a folder")
        .filter_map(|entry| {
            Some(
                entry
                    .ok()?
                    .file_name()
                    .to_str()?
                    .strip_suffix(".csv.gz")?
                    .to_owned(),
            )
        })
        .filter(|name| wanted.is_empty() || wanted.contains(name))
        .collect();
    names.sort();
    println!(
        "{:18} {:>6} {:>8} {:>6} {:>8} {:>6} {:>6} {:>4} {:>4}",
        "trace", "cost", "risk %", "tt .8", "risk %", "tt =", "ps =", "fail", "resp"
    );
    for name in names {
        let base = Path::new(&folder).join(&name);
        let demand = demand(&base.with_extension("csv.gz"));
        let about: serde_json::Value = serde_json::from_str(
            &std::fs::read_to_string(base.with_extension("json")).expect("json"),
        )
        .expect("json");
        let from = utc(about["eval_start"].as_str().expect("eval_start"));
        let to = demand
            .end()
            .min(from + SignedDuration::from_hours(24 * days));
        let window = demand.between(from, to);
        let mean = window
            .values()
            .iter()
            .filter(|v| v.is_finite())
            .sum::<f64>()
            / window.observed() as f64;
        let mut config = format!(
            "[[target]]\nname = \"t\"\ngroup = \"g\"\nload_balancer = \"app/t/50dc6c495c0c9188\"\nmin_servers = 2\nmax_servers = 100000\n\
             throughput = {}\nlead_time = \"{}m\"\nrisk = {risk}\nmode = \"active\"\nplan_every = \"{}\"\nprice_per_server_hour = 0.1\n\
             most_extra_servers = 10000\n{extra}\n[target.simulation]\nboot = \"{boot}m\"\nboot_spread = 0.25\nreactive = {{ utilization = {} }}\n",
            mean / fleet,
            (boot as f64 * 1.4).ceil(),
            std::env::var("EVERY").unwrap_or("1h".to_owned()),
            variable("UTIL", 1.0),
        );
        for event in about["events"].as_array().into_iter().flatten() {
            let start = utc(event["start"].as_str().expect("start"));
            let end =
                start + SignedDuration::from_mins(event["minutes"].as_i64().expect("minutes"));
            let announced = start - SignedDuration::from_hours(7 * 24);
            writeln!(config, "[[event]]\nname = \"e\"\nstart = \"{start}\"\nend = \"{end}\"\nmultiplier = {}\nannounced_at = \"{announced}\"", event["expected_multiplier"]).unwrap();
        }
        let setup = Setup {
            config_file: "bench",
            config: &config,
            target: None,
            demand: &demand,
            from,
            to,
        };
        let done = match replay(&setup, &mut |_| {}) {
            Ok(done) => done,
            Err(error) => {
                println!("{name}: {error}: {:?}", std::error::Error::source(&error));
                continue;
            }
        };
        let oracle = done.alternatives.clairvoyant.server_minutes;
        let show = |o: &Outcome| {
            format!(
                "{:6.3} {:8.4}",
                o.server_minutes / oracle,
                o.lost_share() * 100.0
            )
        };
        let setting = Setting {
            throughput: mean / fleet,
            min_servers: 2,
            max_servers: 100_000,
            initial_servers: None,
            boot: SignedDuration::from_mins(boot),
            boot_spread: 0.25,
            lead: SignedDuration::from_mins((boot as f64 * 1.4).ceil() as i64),
            utilization: 0.8,
            seed: done.target.simulation.seed,
        };
        let history = by_minute(&demand.between(demand.start(), from));
        let minutes = by_minute(&window);
        let at = |utilization: f64, predictive: bool| {
            let setting = Setting {
                utilization,
                ..setting.clone()
            };
            let run = if predictive {
                predictive_scaling(&history, &minutes, &setting)
            } else {
                target_tracking(&minutes, &setting)
            };
            run.expect("an alternative").outcome
        };
        let same = |predictive: bool| {
            (0..variable("SWEEP", 15))
                .map(|step| at(1.1 - 0.05 * f64::from(step), predictive))
                .filter(|o| o.lost_share() <= done.outcome.lost_share())
                .map(|o| o.server_minutes / oracle)
                .min_by(f64::total_cmp)
                .map_or("-".to_owned(), |cost| format!("{cost:.3}"))
        };
        println!(
            "{name:18} {} {} {:>6} {:>6} {:4} {:4}",
            show(&done.outcome),
            show(&at(0.8, false)),
            same(false),
            same(true),
            done.failures.len(),
            done.runs[2]
        );
        for (at, failure) in done.failures.iter().take(2) {
            println!("    {at} {failure}");
        }
        if let Ok(out) = std::env::var("RECORDS") {
            let mut text = "at,demand,in_service,desired,min,lost\n".to_owned();
            for r in &done.records {
                writeln!(
                    text,
                    "{},{},{},{},{},{}",
                    r.at, r.demand, r.in_service, r.desired_capacity, r.min_size, r.lost
                )
                .unwrap();
            }
            std::fs::write(format!("{out}/{name}.records.csv"), text).unwrap();
        }
        if let Ok(out) = std::env::var("ACTIONS") {
            let mut text =
                "decided_at,effective_at,source,min_size,desired_capacity,max_size,reason\n"
                    .to_owned();
            for c in &done.changes {
                let cell = |v: Option<u32>| v.map(|v| v.to_string()).unwrap_or_default();
                writeln!(
                    text,
                    "{},{},{},{},{},{},",
                    c.decided_at,
                    c.effective_at,
                    c.source.as_str(),
                    cell(c.min_size),
                    cell(c.desired_capacity),
                    cell(c.max_size)
                )
                .unwrap();
            }
            std::fs::write(format!("{out}/{name}.actions.csv"), text).unwrap();
        }
    }
}
