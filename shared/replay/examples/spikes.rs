//! Spikes of every size through the closed loop: `cargo run --release -p replay --example
//! spikes -- [seed of the noise]`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a tool for people"
)]

use replay::spikes::{Spike, measure};

fn main() {
    let seed = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    println!(
        "| spike | ramp | boot | bound | Forescale | target tracking | step scaling | servers added | tracking | stepping |\n|---|---|---|---:|---:|---:|---:|---:|---:|---:|"
    );
    let (mut worse, mut far) = (0, 0);
    for times in [2.0, 3.0, 5.0, 10.0] {
        for ramp in [0, 5, 15] {
            for boot in [1, 3, 8] {
                let spike = Spike {
                    times,
                    ramp,
                    boot,
                    seed,
                };
                let found = measure(&spike).unwrap();
                let share = |lost: f64| 100.0 * lost / found.demand;
                let ours = found.forescale;
                let least = found.tracking.lost.min(found.stepping.lost);
                worse += u32::from(ours.lost >= least && ours.lost > 0.0);
                let near = ours.lost <= 1.15 * found.bound
                    || ours.lost <= found.bound + 0.001 * found.demand;
                far += u32::from(!near);
                println!(
                    "| {times:.0}x | {ramp} min | {boot} min | {:.2} % | {:.2} %{} | {:.2} % | {:.2} % | {} | {} | {} |",
                    share(found.bound),
                    share(ours.lost),
                    if near { "" } else { " (far)" },
                    share(found.tracking.lost),
                    share(found.stepping.lost),
                    ours.added,
                    found.tracking.added,
                    found.stepping.added,
                );
            }
        }
    }
    println!(
        "\nnot below both alternatives: {worse} of 36; beyond 1.15 of the bound and 0.1 % of demand: {far} of 36"
    );
}
