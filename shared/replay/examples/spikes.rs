//! Spikes of every size through the closed loop: `cargo run --release -p replay --example
//! spikes -- [first seed of the noise] [how many seeds] [servers] [noise, a share]`.
//!
//! One seed is shown as a table; of several, every row that misses is, and what share held.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a tool for people"
)]

use replay::spikes::{Loss, Measured, Spike, measure};

fn main() {
    let number = |place: usize, otherwise: f64| {
        let given = std::env::args().nth(place);
        given
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    // Seeds are small and whole.
    let (first, seeds) = (number(1, 1.0) as u64, number(2, 1.0) as u64);
    let all = seeds <= 1;
    println!(
        "| seed | spike | ramp | boot | bound | Forescale | target tracking | step scaling | servers added | tracking | stepping | server-hours | tracking | stepping |\n|---|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    );
    let (mut rows, mut worse, mut far, mut furthest) = (0, 0, 0, 0.0_f64);
    let mut most = [(0, 0.0); 3];
    for seed in first..first + seeds {
        for (times, ramp, boot) in grid() {
            let spike = Spike {
                size: number(3, 9.0),
                noise: number(4, 0.02),
                ..Spike::new(times, ramp, boot, seed)
            };
            let found = measure(&spike).unwrap();
            let ours = found.forescale.lost;
            let least = found.tracking.lost.min(found.stepping.lost);
            let behind = ours >= least && ours > 0.0;
            let near = ours <= 1.15 * found.bound || ours <= found.bound + 0.001 * found.demand;
            (rows, worse, far) = (rows + 1, worse + u32::from(behind), far + u32::from(!near));
            furthest = furthest.max((ours - found.bound) / found.demand);
            for (sum, one) in most.iter_mut().zip(all_of(&found)) {
                *sum = (sum.0 + one.added, sum.1 + one.extra_minutes / 60.0);
            }
            if all || !near || behind {
                tell(&spike, &found, near, behind);
            }
        }
    }
    println!(
        "\nnot below both alternatives: {worse} of {rows}; beyond 1.15 of the bound and 0.1 % of demand: {far} of {rows}; furthest from it: {:.2} % of demand",
        100.0 * furthest
    );
    let told = most.map(|(added, hours)| {
        let each = f64::from(rows).max(1.0);
        format!("{:.1} and {:.1}", f64::from(added) / each, hours / each)
    });
    println!(
        "most servers added, and server-hours until two hours after, on average: {}; target tracking {}; step scaling {}",
        told[0], told[1], told[2]
    );
}

fn all_of(found: &Measured) -> [Loss; 3] {
    [found.forescale, found.tracking, found.stepping]
}

fn grid() -> impl Iterator<Item = (f64, u32, u32)> {
    let ramps = |times| [0, 5, 15].map(|ramp| (times, ramp));
    let boots = |(times, ramp)| [1, 3, 8].map(|boot| (times, ramp, boot));
    [2.0, 3.0, 5.0, 10.0]
        .into_iter()
        .flat_map(ramps)
        .flat_map(boots)
}

fn tell(spike: &Spike, found: &Measured, near: bool, behind: bool) {
    let share = |lost: f64| 100.0 * lost / found.demand;
    println!(
        "| {} | {:.0}x | {} min | {} min | {:.2} % | {:.2} %{}{} | {:.2} % | {:.2} % | {} | {} | {} | {:.0} | {:.0} | {:.0} |",
        spike.seed,
        spike.times,
        spike.ramp,
        spike.boot,
        share(found.bound),
        share(found.forescale.lost),
        if near { "" } else { " (far)" },
        if behind { " (not below)" } else { "" },
        share(found.tracking.lost),
        share(found.stepping.lost),
        found.forescale.added,
        found.tracking.added,
        found.stepping.added,
        found.forescale.extra_minutes / 60.0,
        found.tracking.extra_minutes / 60.0,
        found.stepping.extra_minutes / 60.0,
    );
}
