//! What was once, and is over, is no price of the days after it.
use jiff::SignedDuration;
use replay::{Setup, replay};
use simulation::generate::Scenario;
use timeseries::Series;

use crate::common::at;

const DAYS: i64 = 28;

/// Server-minutes and lost share of two days, planned at a tight risk.
fn served(demand: &Series) -> (f64, f64) {
    let from = demand.start() + SignedDuration::from_hours(24 * DAYS);
    let setup = Setup {
        config_file: "test",
        config: "[[target]]\nname = \"t\"\ngroup = \"g\"\nload_balancer = \"app/t/50dc6c495c0c9188\"\n\
                 min_servers = 2\nmax_servers = 1000\nthroughput = 250\nlead_time = \"7m\"\nrisk = 0.0001\n\
                 mode = \"active\"\n[target.simulation]\nboot = \"5m\"\nreactive = { utilization = 1.0 }\n",
        target: None,
        demand,
        from,
        to: from + SignedDuration::from_hours(48),
    };
    let outcome = replay(&setup, &mut |_| {}).unwrap().outcome;
    (outcome.server_minutes, outcome.lost_share())
}

#[test]
fn an_hour_of_eleven_times_the_demand_last_week_is_not_paid_for_again() {
    let days = u32::try_from(DAYS).unwrap() + 2;
    let made = Scenario::new(at("2026-03-02T00:00:00Z"), days, 3_000.0, 5);
    let plain = made.generate().unwrap().demand;
    let mut values = plain.values().to_vec();
    let night = (DAYS as usize - 5) * 1440 + 3 * 60;
    for value in &mut values[night..night + 90] {
        *value *= 11.0;
    }
    let spiked = Series::new(plain.start(), plain.step(), values).unwrap();
    let (usual, spiked) = (served(&plain), served(&spiked));
    assert!(spiked.0 < 1.02 * usual.0, "{spiked:?} {usual:?}");
    assert!(spiked.1 < 0.001 && usual.1 < 0.001, "{spiked:?} {usual:?}");
}
