//! How often each kind of incident is taken for which: `cargo run --release -p diagnosis --example
//! confusion -- [first seed] [how many of each kind] [small, noisy, sparse
//! or sparsest] [v for the misses]`. With `FORESCALE_SERIES` the spikes of those series too, but for
//! those whose licence, in `index.csv`, allows no commercial use.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a tool for people"
)]

#[path = "../tests/scenarios/mod.rs"]
mod scenarios;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use diagnosis::{Kind, decide};
use scenarios::Setting;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: u64| {
        arguments
            .get(index)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let (first, count) = (number(0, 1), number(1, 20));
    let talks = arguments.iter().any(|argument| argument == "v");
    let named = |setting: &&Setting| arguments.iter().any(|it| it == setting.word());
    let setting = Setting::ALL.iter().find(named).copied();
    let setting = setting.unwrap_or(Setting::Usual);
    let mut seen = BTreeMap::<(Kind, Kind), usize>::new();
    let (mut right, mut other, mut withheld) = (0_u32, 0_u32, 0_usize);
    for kind in Kind::ALL {
        for seed in first..first + count {
            let scenario = scenarios::draw(setting, kind, seed);
            let now = scenario.evidence.until;
            let decision = decide(&scenario.evidence, None, &scenario.policy, now);
            *seen.entry((kind, decision.kind)).or_default() += 1;
            let spike = matches!(kind, Kind::UnforecastDemand | Kind::CapReached);
            withheld += usize::from(spike && decision.kind.withholds());
            right += u32::from(decision.kind == kind);
            other += 1;
            if talks && decision.kind != kind {
                println!(
                    "{} {seed}: {}\n    {}",
                    kind.word(),
                    scenario.about,
                    decision.reason
                );
                let own = decision
                    .diagnosis
                    .ruled_out
                    .iter()
                    .find(|it| it.kind == kind);
                println!(
                    "    not {}: {}",
                    kind.word(),
                    own.map_or("", |it| it.why.as_str())
                );
            }
        }
    }
    print!("| drawn \\ found |");
    for kind in Kind::ALL {
        print!(" {} |", kind.words());
    }
    print!("\n|---|{}\n", "---:|".repeat(Kind::ALL.len()));
    for drawn in Kind::ALL {
        print!("| {} |", drawn.words());
        for found in Kind::ALL {
            match seen.get(&(drawn, found)) {
                Some(count) => print!(" {count} |"),
                None => print!(" |"),
            }
        }
        println!();
    }
    println!(
        "\n{right} of {other} right ({:.1} %); {withheld} spikes taken for what withholds servers; seeds {first} to {}",
        100.0 * f64::from(right) / f64::from(other),
        first + count - 1
    );
    if let Ok(folder) = std::env::var("FORESCALE_SERIES") {
        real(folder.as_ref());
    }
}

/// What the spikes of real series are taken for.
fn real(folder: &Path) {
    let index = std::fs::read_to_string(folder.join("index.csv")).unwrap_or_default();
    let unpublished = |name: &str| {
        let line = index
            .lines()
            .find(|line| line.split(',').next() == Some(name));
        line.is_some_and(|line| line.contains("BY-NC"))
    };
    let spikes = scenarios::real::spikes(folder, |name| !unpublished(name));
    for known in [true, false] {
        let mut found = BTreeMap::<Kind, usize>::new();
        let (mut series, mut short) = (BTreeSet::new(), 0);
        let policy = scenarios::policy(diagnosis::Caps::default());
        for spike in spikes.iter().filter(|spike| spike.known == known) {
            let decision = decide(&spike.evidence, None, &policy, spike.evidence.until);
            *found.entry(decision.kind).or_default() += 1;
            let servers = decision.hold.unwrap_or(spike.evidence.fleet.desired);
            short += usize::from(f64::from(servers) * spike.evidence.throughput < spike.now);
            series.insert(&spike.series);
        }
        let words: Vec<String> = found
            .iter()
            .map(|(kind, count)| format!("{} {count}", kind.words()))
            .collect();
        println!(
            "real spikes of {} series, {} a forecast: {}; {short} left with fewer servers than demand takes",
            series.len(),
            if known { "with" } else { "without" },
            words.join(", ")
        );
    }
}
