//! Policies side by side on a group of traces, and the frontier of cost and risk.
//!
//! Every policy has one knob and is run with each of its settings on each trace: Forescale with the
//! risk asked for, reactive policies and predictive scaling with the share of throughput they aim at,
//! schedules by hand with their margin, perfect knowledge with the demand it may lose. A cell of the
//! table is the cheapest single setting that keeps the column's risk on all traces (of five traces or
//! more one may miss it): the geometric mean of its costs, server-minutes over the clairvoyant bound.
//! All settings are chosen on the same traces; Forescale's is the promise it is asked for.
//!
//! Arguments: traces, as of the example `traces`. `RISKS`, with commas, are the risks asked for;
//! `SWEEP=0` leaves the alternatives out. `DAYS`, `FLEET`, `BOOT`, `UTIL`, `EVERY`, `EXTRA` as there.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a tool for people"
)]

mod trace;

use simulation::alternatives::{
    Outcome, Setting, clairvoyant, fewest_server_minutes, kubernetes_hpa, last_week,
    predictive_scaling, static_peak, step_scaling, target_tracking, target_tracking_5m_cpu,
    yesterday,
};
use simulation::{lost_demand, required_servers};
use timeseries::Series;
use trace::{Service, Trace, names, variable};

/// The columns of the table.
const BUDGETS: [f64; 2] = [0.001, 0.0001];
const ASKED: &str = "0.01,0.003,0.001,0.0003,0.0001,0.00005";

/// What one setting came to on one trace.
#[derive(Clone, Copy)]
struct Point {
    /// Over the clairvoyant bound.
    cost: f64,
    lost: f64,
}

/// One setting of a policy, with a point for each trace.
struct Tried {
    knob: f64,
    points: Vec<Point>,
}

struct Policy {
    name: &'static str,
    /// How its knob is written.
    shown: Shown,
    tried: Vec<Tried>,
}

type Run = fn(&Known, f64) -> Outcome;
type Shown = fn(f64) -> String;
/// Name, how its knob is written, its knobs, and a run with one of them.
type Alternative = (&'static str, Shown, Vec<f64>, Run);

/// A trace with what every run on it needs.
struct Known {
    history: Series,
    demand: Series,
    setting: Setting,
    least: f64,
}

impl Known {
    fn aiming(&self, utilization: f64) -> Setting {
        Setting {
            utilization,
            ..self.setting.clone()
        }
    }

    /// Schedules by hand that hold `1 / share` of what they repeat.
    fn sized(&self, share: f64) -> Setting {
        Setting {
            margin: 1.0 / share,
            ..self.setting.clone()
        }
    }

    fn point(&self, outcome: &Outcome) -> Point {
        Point {
            cost: outcome.server_minutes / self.least,
            lost: outcome.lost_share(),
        }
    }
}

fn percent(share: f64) -> String {
    let text = format!("{:.4}", 100.0 * share);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn share(knob: f64) -> String {
    format!("at {:.0} %", 100.0 * knob)
}

fn margin(knob: f64) -> String {
    format!("times {:.2}", 1.0 / knob)
}

/// The fleet that is constant in blocks of `block` minutes and loses at most `budget` of demand, each
/// server where it carries most, with the boots of its launches: all by perfect knowledge.
fn stepped(known: &Known, block: usize, budget: f64) -> Outcome {
    let (setting, values) = (&known.setting, known.demand.values());
    let one = setting.throughput;
    let total: f64 = values.iter().filter(|value| value.is_finite()).sum();
    let mut levels = Vec::new();
    let mut lost = 0.0;
    for (index, minutes) in values.chunks(block).enumerate() {
        let most = minutes.iter().map(|value| required_servers(*value, one));
        for level in setting.min_servers..most.max().unwrap_or(0) {
            let below = f64::from(level) * one;
            let carried = minutes.iter().map(|value| (value - below).clamp(0.0, one));
            let carried: f64 = carried.filter(|value| value.is_finite()).sum();
            lost += carried;
            levels.push((carried / minutes.len() as f64, carried, index));
        }
    }
    levels.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut held = vec![setting.min_servers; values.len().div_ceil(block)];
    for (_, carried, index) in levels {
        if lost <= budget * total {
            break;
        }
        lost -= carried;
        held[index] += 1;
    }
    let need: Vec<u32> = (0..values.len())
        .map(|minute| held[minute / block])
        .collect();
    let boot = u32::try_from(setting.boot.as_mins()).expect("minutes");
    let bound = fewest_server_minutes(&need, boot);
    Outcome {
        server_minutes: bound.server_minutes as f64,
        lost_demand: (values.iter().zip(&need))
            .map(|(value, servers)| lost_demand(*value, *servers, one))
            .sum(),
        total_demand: total,
        ..Outcome::default()
    }
}

/// Each alternative with its knobs, the shares of throughput from `least` to 1.2 by a twentieth.
fn alternatives() -> Vec<Alternative> {
    let shares =
        |least: u32| -> Vec<f64> { (least..=24).map(|step| f64::from(step) / 20.0).collect() };
    let budgets = || BUDGETS.to_vec();
    vec![
        (
            "perfect knowledge, steps of a quarter of an hour",
            percent,
            budgets(),
            |k, x| stepped(k, 15, x),
        ),
        (
            "perfect knowledge, steps of an hour",
            percent,
            budgets(),
            |k, x| stepped(k, 60, x),
        ),
        (
            "predictive scaling with target tracking",
            share,
            shares(6),
            |k, x| {
                let run = predictive_scaling(&k.history, &k.demand, &k.aiming(x));
                run.expect("a run").outcome
            },
        ),
        (
            "target tracking, 1-minute metrics",
            share,
            shares(6),
            |k, x| {
                target_tracking(&k.demand, &k.aiming(x))
                    .expect("a run")
                    .outcome
            },
        ),
        ("Kubernetes-like HPA", share, shares(6), |k, x| {
            kubernetes_hpa(&k.demand, &k.aiming(x))
                .expect("a run")
                .outcome
        }),
        ("step scaling", share, shares(6), |k, x| {
            step_scaling(&k.demand, &k.aiming(x))
                .expect("a run")
                .outcome
        }),
        ("target tracking, 5-minute CPU", share, shares(6), |k, x| {
            target_tracking_5m_cpu(&k.demand, &k.aiming(x))
                .expect("a run")
                .outcome
        }),
        (
            "static, last week's peak and a fifth",
            margin,
            shares(6),
            |k, x| {
                static_peak(&k.history, &k.demand, &k.sized(x))
                    .expect("a run")
                    .outcome
            },
        ),
        ("same hour last week", margin, shares(2), |k, x| {
            last_week(&k.history, &k.demand, &k.sized(x))
                .expect("a run")
                .outcome
        }),
        ("same hour yesterday", margin, shares(2), |k, x| {
            yesterday(&k.history, &k.demand, &k.sized(x))
                .expect("a run")
                .outcome
        }),
    ]
}

fn mean(points: &[Point]) -> f64 {
    let logs: f64 = points.iter().map(|point| point.cost.ln()).sum();
    (logs / points.len() as f64).exp()
}

fn worst(points: &[Point]) -> f64 {
    points.iter().map(|point| point.lost).fold(0.0, f64::max)
}

fn median(points: &[Point]) -> f64 {
    let mut lost: Vec<f64> = points.iter().map(|point| point.lost).collect();
    lost.sort_by(f64::total_cmp);
    lost[lost.len() / 2]
}

/// The cheapest single setting that keeps `budget`.
fn cell(policy: &Policy, budget: f64) -> String {
    let misses = |tried: &&Tried| {
        let over = tried
            .points
            .iter()
            .filter(|point| point.lost > budget * (1.0 + 1e-9));
        over.count()
    };
    let kept = policy
        .tried
        .iter()
        .filter(|tried| misses(tried) <= usize::from(tried.points.len() >= 5));
    let best = kept.min_by(|a, b| mean(&a.points).total_cmp(&mean(&b.points)));
    best.map_or("-".to_owned(), |tried| {
        format!(
            "**{:.3}** ({}, {} missed, worst {})",
            mean(&tried.points),
            (policy.shown)(tried.knob),
            misses(&tried),
            percent(worst(&tried.points)),
        )
    })
}

fn main() {
    let service = Service::given();
    let names = names();
    let asked: Vec<f64> = variable("RISKS", ASKED.to_owned())
        .split(',')
        .map(|risk| risk.parse().expect("a risk"))
        .collect();
    let mut policies = vec![Policy {
        name: "Forescale",
        shown: |asked| format!("asked {}", percent(asked)),
        tried: tried(&asked),
    }];
    let others = if variable("SWEEP", 1) > 0 {
        alternatives()
    } else {
        Vec::new()
    };
    policies.extend(others.iter().map(|(name, shown, knobs, _)| Policy {
        name,
        shown: *shown,
        tried: tried(knobs),
    }));
    let mut failed = Vec::new();
    for name in &names {
        let trace = Trace::load(name, variable("DAYS", 14));
        let (setting, demand) = (trace.setting(&service), trace.window());
        let bound = clairvoyant(&demand, &setting).expect("the bound");
        let known = Known {
            history: trace.history(),
            least: bound.server_minutes,
            setting,
            demand,
        };
        for one in &mut policies[0].tried {
            let done = trace.replayed(&service, one.knob).expect("a replay");
            failed.extend(
                done.failures
                    .iter()
                    .map(|(at, why)| format!("{name} {at} {why}")),
            );
            one.points.push(known.point(&done.outcome));
        }
        for (policy, (.., run)) in policies[1..].iter_mut().zip(&others) {
            for one in &mut policy.tried {
                one.points.push(known.point(&run(&known, one.knob)));
            }
        }
    }
    print(&names, &policies);
    for failure in failed {
        println!("a run failed: {failure}");
    }
}

fn tried(knobs: &[f64]) -> Vec<Tried> {
    let one = |knob: &f64| Tried {
        knob: *knob,
        points: Vec::new(),
    };
    knobs.iter().map(one).collect()
}

fn print(names: &[String], policies: &[Policy]) {
    let [kept, tight] = BUDGETS.map(percent);
    println!("| policy | at most {kept} | at most {tight} |\n| --- | --- | --- |");
    for policy in policies {
        let cells = BUDGETS.map(|budget| cell(policy, budget)).join(" | ");
        println!("| {} | {cells} |", policy.name);
    }
    println!("\nDelivered against asked, cost / risk in %:\n");
    let asked = policies[0].tried.iter().map(|tried| percent(tried.knob));
    println!("| trace | {} |", asked.collect::<Vec<_>>().join(" | "));
    println!("| --- |{}", " --- |".repeat(policies[0].tried.len()));
    for (index, name) in names.iter().enumerate() {
        let cells = policies[0].tried.iter().map(|tried| {
            let point = tried.points[index];
            format!("{:.3} / {:.4}", point.cost, 100.0 * point.lost)
        });
        println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    println!(
        "\nThe frontier:\n\n| policy | setting | cost, geometric mean | risk, median | worst |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for policy in policies {
        for tried in &policy.tried {
            println!(
                "| {} | {} | {:.3} | {} | {} |",
                policy.name,
                (policy.shown)(tried.knob),
                mean(&tried.points),
                percent(median(&tried.points)),
                percent(worst(&tried.points)),
            );
        }
    }
}
