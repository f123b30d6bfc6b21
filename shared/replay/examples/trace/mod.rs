//! A trace of demand with what is known of it, from a folder or made up, and a replay of it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "tools for people"
)]

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use replay::{Replay, ReplayError, Setup, replay};
use simulation::alternatives::{Setting, by_minute};
use simulation::generate::Scenario;
use timeseries::csv::{CsvOptions, read};
use timeseries::{Aggregate, Series};

/// Generated traces: what their names begin with.
const GENERATED: &str = "generated:";
const KINDS: [&str; 8] = [
    "web",
    "office",
    "growing",
    "noisy",
    "shifting",
    "broadcasts",
    "outages",
    "spikes",
];
/// Four weeks of history before the days that are replayed.
const HISTORY_DAYS: i64 = 28;

/// Demand, and which part of it is replayed.
pub(crate) struct Trace {
    pub(crate) name: String,
    /// By the minute, the history before the replay included.
    pub(crate) demand: Series,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// Announced events, as tables of a configuration.
    events: String,
}

/// The service and the group, from the environment.
pub(crate) struct Service {
    /// Servers on average, if demand were served exactly.
    pub(crate) fleet: f64,
    /// Median boot in minutes; boots are lognormal with a spread of 0.25.
    pub(crate) boot: i64,
    /// Share of a server's throughput that the group's own target tracking holds.
    pub(crate) utilization: f64,
    /// How often is planned.
    pub(crate) every: String,
    /// Further lines of the target's configuration.
    pub(crate) extra: String,
}

pub(crate) fn variable<T: std::str::FromStr>(name: &str, default: T) -> T {
    let given = std::env::var(name).ok();
    given
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

impl Service {
    /// `FLEET`, `BOOT`, `UTIL`, `EVERY`, `EXTRA`.
    pub(crate) fn given() -> Self {
        Self {
            fleet: variable("FLEET", 12.0),
            boot: variable("BOOT", 5),
            utilization: variable("UTIL", 1.0),
            every: variable("EVERY", "1h".to_owned()),
            extra: variable("EXTRA", String::new()),
        }
    }

    /// What is allowed for a boot, in minutes: the slow tenth of the boots too.
    fn lead(&self) -> i64 {
        (self.boot as f64 * 1.4).ceil() as i64
    }
}

fn utc(text: &str) -> Timestamp {
    let text = text.replace(' ', "T");
    text.parse()
        .or_else(|_| format!("{text}Z").parse())
        .expect("a time")
}

fn csv(path: &Path) -> Series {
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

/// The names in the folder of `FORESCALE_TRACES` and those of the generated traces; where arguments
/// are given, those of them.
pub(crate) fn names() -> Vec<String> {
    let folder = std::env::var("FORESCALE_TRACES").ok();
    let files = folder
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("a folder"));
    let mut found: Vec<String> = files
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            Some(name.to_str()?.strip_suffix(".csv.gz")?.to_owned())
        })
        .collect();
    found.sort();
    found.extend(KINDS.map(|kind| format!("{GENERATED}{kind}")));
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let unknown: Vec<_> = wanted.iter().filter(|name| !found.contains(name)).collect();
    assert!(
        unknown.is_empty(),
        "no traces are called {unknown:?}; there are {found:?}"
    );
    found.retain(|name| wanted.is_empty() || wanted.contains(name));
    found
}

impl Trace {
    /// The trace called `name`, at most `days` of it replayed.
    pub(crate) fn load(name: &str, days: i64) -> Self {
        if let Some(kind) = name.strip_prefix(GENERATED) {
            return Self::generated(name, kind, days);
        }
        let folder = std::env::var("FORESCALE_TRACES").expect("FORESCALE_TRACES names a folder");
        let base = Path::new(&folder).join(name);
        let demand = csv(&base.with_extension("csv.gz"));
        let about = std::fs::read_to_string(base.with_extension("json")).expect("json");
        let about: serde_json::Value = serde_json::from_str(&about).expect("json");
        let from = utc(about["eval_start"].as_str().expect("eval_start"));
        let mut events = String::new();
        for event in about["events"].as_array().into_iter().flatten() {
            let start = utc(event["start"].as_str().expect("start"));
            let minutes = event["minutes"].as_i64().expect("minutes");
            let multiplier = event["expected_multiplier"].as_f64().expect("a number");
            announce(
                &mut events,
                start,
                start - SignedDuration::from_hours(7 * 24),
                minutes,
                multiplier,
            );
        }
        let to = demand
            .end()
            .min(from + SignedDuration::from_hours(24 * days));
        Self {
            name: name.to_owned(),
            demand: by_minute(&demand),
            from,
            to,
            events,
        }
    }

    /// Of the seed `SEED`, 7 unless given.
    fn generated(name: &str, kind: &str, days: i64) -> Self {
        // A Monday.
        let start = utc("2026-03-02T00:00:00Z");
        let make = match kind {
            "office" => Scenario::office,
            "growing" => Scenario::growing,
            "noisy" => Scenario::noisy,
            "shifting" => Scenario::shifting,
            "broadcasts" => Scenario::with_broadcasts,
            "outages" => Scenario::with_outages,
            "spikes" => Scenario::with_spikes,
            _ => Scenario::new,
        };
        let days = days.min(14);
        let all = u32::try_from(HISTORY_DAYS + days).expect("days");
        let made = make(start, all, 3_000.0, variable("SEED", 7_u64));
        let made = made.generate().expect("a scenario");
        let mut events = String::new();
        for bump in &made.bumps {
            if let Some((announced, multiplier)) = bump.announced_at.zip(bump.announced_multiplier)
            {
                let minutes =
                    bump.ramp.as_mins() + bump.hold.as_mins() + 2 * bump.half_life.as_mins();
                announce(&mut events, bump.start, announced, minutes, multiplier);
            }
        }
        let from = start + SignedDuration::from_hours(24 * HISTORY_DAYS);
        Self {
            name: name.to_owned(),
            to: made.demand.end(),
            demand: made.demand,
            from,
            events,
        }
    }

    /// The demand that is replayed.
    pub(crate) fn window(&self) -> Series {
        self.demand.between(self.from, self.to)
    }

    /// The demand before it.
    pub(crate) fn history(&self) -> Series {
        self.demand.between(self.demand.start(), self.from)
    }

    fn throughput(&self, service: &Service) -> f64 {
        let window = self.window();
        let known = window.values().iter().filter(|value| value.is_finite());
        known.sum::<f64>() / window.observed() as f64 / service.fleet
    }

    /// The same service and group for the alternatives.
    pub(crate) fn setting(&self, service: &Service) -> Setting {
        Setting {
            throughput: self.throughput(service),
            min_servers: 2,
            max_servers: 100_000,
            initial_servers: None,
            boot: SignedDuration::from_mins(service.boot),
            boot_spread: 0.25,
            lead: SignedDuration::from_mins(service.lead()),
            margin: 1.0,
            utilization: 0.8,
            seed: 1,
        }
    }

    /// Forescale on it, asked for `risk`.
    pub(crate) fn replayed(&self, service: &Service, risk: f64) -> Result<Replay, ReplayError> {
        let mut config = String::new();
        write!(
            config,
            "[[target]]\nname = \"t\"\ngroup = \"g\"\nload_balancer = \"app/t/50dc6c495c0c9188\"\n\
             min_servers = 2\nmax_servers = 100000\nthroughput = {}\nlead_time = \"{}m\"\nrisk = {risk}\n\
             mode = \"active\"\nplan_every = \"{}\"\nprice_per_server_hour = 0.1\n\
             most_extra_servers = 10000\n{}\n[target.simulation]\nboot = \"{}m\"\nboot_spread = 0.25\n\
             reactive = {{ utilization = {} }}\n{}",
            self.throughput(service),
            service.lead(),
            service.every,
            service.extra,
            service.boot,
            service.utilization,
            self.events,
        )
        .expect("text");
        let setup = Setup {
            config_file: "bench",
            config: &config,
            target: None,
            demand: &self.demand,
            from: self.from,
            to: self.to,
        };
        replay(&setup, &mut |_| {})
    }
}

fn announce(
    events: &mut String,
    start: Timestamp,
    announced: Timestamp,
    minutes: i64,
    multiplier: f64,
) {
    let end = start + SignedDuration::from_mins(minutes);
    writeln!(
        events,
        "[[event]]\nname = \"e\"\nstart = \"{start}\"\nend = \"{end}\"\nmultiplier = {multiplier}\n\
         announced_at = \"{announced}\""
    )
    .expect("text");
}
