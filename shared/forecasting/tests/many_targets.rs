//! Many targets at once: whose turn it is, and on which thread, changes no forecast.

use forecasting::Prediction;
use proptest::prelude::*;
use timeseries::{Series, Step};

use crate::common::{chance, next_day};

/// Targets unlike each other: a clean wave, noise, bursts, a step, a service of a few days, one of hours.
fn targets() -> Vec<Series> {
    let wave = |hour: usize| 100.0 * (1.3 - (hour as f64 / 24.0 * std::f64::consts::TAU).cos());
    let value = |target: usize, hour: usize| {
        let noise = chance(hour, target as u64);
        match target {
            0 => wave(hour),
            1 => 1000.0 * noise,
            2 => f64::from(u8::from(noise > 0.97)) * 5000.0,
            3 if hour > 24 * 20 => 2.0 * wave(hour) + noise,
            _ => wave(hour) * (0.8 + 0.4 * noise),
        }
    };
    let hours = [24 * 28, 24 * 28, 24 * 21, 24 * 22, 24 * 5, 7];
    let start = "2026-03-02T00:00:00Z".parse().unwrap();
    hours
        .into_iter()
        .enumerate()
        .map(|(target, hours)| {
            let values = (0..hours).map(|hour| value(target, hour)).collect();
            Series::new(start, Step::HOUR, values).unwrap()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn order_and_threads_change_no_forecast(
        order in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(),
        threads in 1..5_usize,
    ) {
        let targets = targets();
        let alone: Vec<Prediction> = targets.iter().map(next_day).collect();
        // Each thread takes its share of the targets in that order.
        let together: Vec<(usize, Prediction)> = std::thread::scope(|scope| {
            let shares: Vec<_> = order
                .chunks(order.len().div_ceil(threads))
                .map(|share| {
                    let targets = &targets;
                    scope.spawn(move || {
                        share.iter().map(|one| (*one, next_day(&targets[*one]))).collect::<Vec<_>>()
                    })
                })
                .collect();
            shares.into_iter().flat_map(|share| share.join().unwrap()).collect()
        });
        prop_assert_eq!(together.len(), targets.len());
        for (target, made) in together {
            prop_assert!(made == alone[target], "target {} in the order {:?}", target, order);
        }
    }
}
