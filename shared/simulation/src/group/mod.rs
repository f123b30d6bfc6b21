mod changes;
mod counts;
mod minute;
mod reactive;
mod schedule;
mod servers;
mod simulated;
mod spec;

pub use changes::{Anomaly, MinuteRecord, Origin, SizeChange, Source};
pub use counts::{Counts, Tally};
pub use reactive::TargetTracking;
pub use schedule::ACTION_NOT_FOUND;
pub use simulated::SimulatedGroup;
pub use spec::{GroupSpec, LaunchFailures};

/// Fewest servers that carry `demand` at `throughput` each; 0 where demand is missing or zero.
///
/// A billionth of a server is forgiven, so that a demand computed as a multiple of the throughput
/// does not ask for one more.
#[must_use]
pub fn required_servers(demand: f64, throughput: f64) -> u32 {
    let servers = libm::ceil(demand / throughput - 1e-9);
    if servers.is_nan() {
        return 0;
    }
    // Saturates at both ends; a throughput of zero asks for everything there is.
    servers.max(0.0) as u32
}

/// Demand above what `servers` carry, in requests; 0 where it is unknown, and where
/// [`required_servers`] forgives it.
#[must_use]
pub fn lost_demand(demand: f64, servers: u32, throughput: f64) -> f64 {
    if demand.is_nan() || required_servers(demand, throughput) <= servers {
        return 0.0;
    }
    demand - f64::from(servers) * throughput
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_is_the_fewest_that_carry() {
        for (demand, throughput, servers) in [
            (0.0, 100.0, 0),
            (1.0, 100.0, 1),
            (100.0, 100.0, 1),
            (0.1 * 3.0 * 1000.0, 100.0, 3),
            (101.0, 100.0, 2),
            (f64::NAN, 100.0, 0),
            (-5.0, 100.0, 0),
            (5.0, 0.0, u32::MAX),
            // 60,000 requests an hour at 1,000 a minute for each server.
            (60_000.0 / 60.0, 1000.0, 1),
        ] {
            assert_eq!(
                required_servers(demand, throughput),
                servers,
                "{demand} / {throughput}"
            );
        }
    }
}
