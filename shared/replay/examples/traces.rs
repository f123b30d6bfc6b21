//! Forescale beside target tracking and predictive scaling on every trace of a folder.
//!
//! `FORESCALE_TRACES` names the folder: `NAME.csv.gz` with `timestamp,rpm` by the minute beside
//! `NAME.json` with `eval_start` and `events`. Arguments: names of traces; all without any, those that
//! are made up here (`generated:web` and so on) included.
//!
//! `tt .8` is target tracking alone at 80 % of throughput. `tt =` and `ps =` are the costs of the
//! cheapest target tracking and predictive scaling, of all utilizations, that lose no more than
//! Forescale did: chosen in hindsight for each trace, which nobody can do beforehand. `tt <` and `ps <`
//! are these two, cost and risk, at what somebody could have chosen: the cheapest that lost no more
//! than `RISK` over the fourteen days before, or as many as there are. `SWEEP=0` leaves all four out.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a tool for people"
)]

mod trace;

use std::fmt::Write as _;

use jiff::SignedDuration;
use simulation::alternatives::{Outcome, Setting, predictive_scaling, target_tracking};
use timeseries::Series;
use trace::{Service, Trace, names, variable};

fn main() {
    let service = Service::given();
    let risk = variable("RISK", 0.001);
    println!(
        "{:20} {:>6} {:>8} {:>6} {:>8} {:>6} {:>6} {:>6} {:>8} {:>6} {:>8} {:>4} {:>4}",
        "trace",
        "cost",
        "risk %",
        "tt .8",
        "risk %",
        "tt =",
        "ps =",
        "tt <",
        "risk %",
        "ps <",
        "risk %",
        "fail",
        "resp"
    );
    for name in names() {
        let trace = Trace::load(&name, variable("DAYS", 400));
        let done = match trace.replayed(&service, risk) {
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
        let setting = trace.setting(&service);
        let (history, minutes) = (trace.history(), trace.window());
        // A day at least of what there is before the days to choose by.
        let since = (trace.demand.start() + SignedDuration::from_hours(24))
            .max(trace.from - SignedDuration::from_hours(14 * 24));
        let begun = trace.demand.between(trace.demand.start(), since);
        let before = trace.demand.between(since, trace.from);
        let run = |history: &Series, minutes: &Series, utilization: f64, predictive: bool| {
            let setting = Setting {
                utilization,
                ..setting.clone()
            };
            let run = if predictive {
                predictive_scaling(history, minutes, &setting)
            } else {
                target_tracking(minutes, &setting)
            };
            run.expect("an alternative").outcome
        };
        let at = |utilization, predictive| run(&history, &minutes, utilization, predictive);
        let tried = || (0..variable("SWEEP", 15)).map(|step| 1.1 - 0.05 * f64::from(step));
        let same = |predictive: bool| {
            tried()
                .map(|utilization| at(utilization, predictive))
                .filter(|o| o.lost_share() <= done.outcome.lost_share())
                .map(|o| o.server_minutes / oracle)
                .min_by(f64::total_cmp)
                .map_or("-".to_owned(), |cost| format!("{cost:.3}"))
        };
        let chosen = |predictive: bool| {
            let kept = tried().filter_map(|utilization| {
                let then = run(&begun, &before, utilization, predictive);
                (then.lost_share() <= risk).then_some((then.server_minutes, utilization))
            });
            kept.min_by(|one, other| one.0.total_cmp(&other.0))
                .map_or(format!("{:>6} {:>8}", "-", "-"), |(_, utilization)| {
                    show(&at(utilization, predictive))
                })
        };
        println!(
            "{name:20} {} {} {:>6} {:>6} {} {} {:4} {:4}",
            show(&done.outcome),
            show(&at(0.8, false)),
            same(false),
            same(true),
            chosen(false),
            chosen(true),
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
