//! Writes a generated corpus of series for the benchmarks: `corpus FOLDER`.
//!
//! Ten weeks of five-minute counts a series, from a seed: consumer sites, offices, growth, noise,
//! bursts, small services, campaigns, outages, level shifts and demand without any shape.
#![allow(clippy::print_stdout, reason = "an example tells what it wrote")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use simulation::generate::{Scenario, Shape, Shift};
use timeseries::Step;

/// Ten weeks: eight to train on, two to forecast.
const DAYS: u32 = 70;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("corpus FOLDER")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let mut index = "name,kind,granularity_s,agg,licence\n".to_owned();
    for (name, scenario) in scenarios()? {
        let demand = scenario
            .generate()?
            .demand
            .resample(Step::from_seconds(300)?)?;
        let mut rows = "timestamp,value\n".to_owned();
        for (place, value) in demand.values().iter().enumerate() {
            // Rates are by the minute; the files hold counts of five minutes.
            writeln!(rows, "{},{}", demand.time_at(place), (5.0 * value).round())?;
        }
        std::fs::write(folder.join(format!("{name}.csv")), rows)?;
        writeln!(index, "{name},generated,300,sum,Apache-2.0")?;
        println!("{name}");
    }
    std::fs::write(folder.join("index.csv"), index)?;
    Ok(())
}

fn scenarios() -> Result<Vec<(&'static str, Scenario)>, Box<dyn Error>> {
    let start: Timestamp = "2026-01-05T00:00:00Z".parse()?;
    let usual = |base: f64, seed: u64| Scenario::new(start, DAYS, base, seed);
    let office = Scenario {
        shape: Shape::Office,
        week: [1.0, 1.05, 1.0, 1.0, 0.9, 0.15, 0.1],
        ..usual(2_000.0, 3)
    };
    let shifted = |seed: u64, days: i64, factor: f64| -> Result<Scenario, jiff::Error> {
        let at = start.checked_add(SignedDuration::from_hours(24 * days + 10))?;
        Ok(Scenario {
            shifts: vec![Shift { at, factor }],
            ..usual(1_500.0, seed)
        })
    };
    Ok(vec![
        ("gen_web", usual(3_000.0, 1)),
        (
            "gen_web_growth",
            Scenario {
                growth_per_week: 0.04,
                ..usual(900.0, 2)
            },
        ),
        ("gen_office", office),
        (
            "gen_noisy",
            Scenario {
                noise: 0.2,
                day_spread: 0.12,
                ..usual(600.0, 4)
            },
        ),
        (
            "gen_bursty",
            Scenario {
                burstiness: 0.8,
                shape: Shape::Flat,
                ..usual(300.0, 5)
            },
        ),
        ("gen_small", usual(4.0, 6)),
        (
            "gen_flat",
            Scenario {
                shape: Shape::Flat,
                week: [1.0; 7],
                ..usual(800.0, 7)
            },
        ),
        (
            "gen_spikes",
            Scenario {
                spikes_per_week: 3.0,
                ..usual(1_200.0, 8)
            },
        ),
        (
            "gen_outages",
            Scenario {
                outages_per_week: 1.0,
                ..usual(1_200.0, 9)
            },
        ),
        ("gen_halved", shifted(10, 62, 0.5)?),
        ("gen_doubled_early", shifted(11, 35, 2.0)?),
        (
            "gen_wild_days",
            Scenario {
                day_spread: 0.35,
                ..usual(700.0, 12)
            },
        ),
    ])
}
