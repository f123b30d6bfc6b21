//! Demand one server sustains, learnt from what was seen.
//!
//! For each measured resource the median of its values is followed over demand per server by a
//! line that may bend, fitted by least absolute deviations; the demand at which it meets its
//! limit is that resource's throughput, and the lowest of all binds. Uncertainty comes from
//! repeating this on resampled days.

mod advice;
mod drift;
mod fit;
mod kinds;
mod learn;
mod limit;
mod rate;

#[cfg(test)]
mod tests;

pub use advice::Compared;
pub use kinds::{Kind, KindShare, fleet_throughput};
pub use learn::learn_throughput;
pub use rate::rate;

use jiff::Timestamp;

/// Servers that sustain `demand` requests per minute, each `throughput` of them: at least 1 for any
/// demand, 0 for none. 1,000 a minute at 1,000 each is 1.
#[must_use]
pub fn servers_for(demand: f64, throughput: f64) -> u32 {
    if !(demand > 0.0 && throughput > 0.0) {
        return 0;
    }
    // Division of equal numbers is exact; the nudge forgives sums that are a rounding error above.
    let servers = (demand / throughput * (1.0 - 1e-12)).ceil().max(1.0);
    // Saturates for what no group holds.
    servers.min(f64::from(u32::MAX)) as u32
}

/// What was seen of a fleet in one step of time.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadPoint {
    /// Start of the step.
    pub at: Timestamp,
    /// Requests per minute of the whole target.
    pub demand: f64,
    /// Servers that shared it; capacity units where the group has weights.
    pub servers: f64,
    /// One value a signal, in the signals' order and units; NaN where unknown.
    pub values: Vec<f64>,
}

/// One measured resource and the limit to keep to.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// What people call it.
    pub label: String,
    /// What kind of thing it is.
    pub kind: SignalKind,
    /// Value not to be exceeded, above 0, in the signal's unit.
    pub limit: f64,
}

/// Kinds of measured resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalKind {
    /// CPU in percent. It grows with load and may be followed beyond what was seen.
    Cpu,
    /// Memory in percent. As CPU.
    Memory,
    /// Any other level that grows with load.
    Level,
    /// Response time. In a queue its inverse falls in proportion to load, `1/R = (1 - rho) / S`, so
    /// it is followed as that. Source: Kleinrock, Queueing Systems, volume 1, 1975.
    ResponseTime,
    /// Failed requests a minute; the limit is a share of demand. Nothing is said beyond what was
    /// seen: a service that never failed does not tell where it will.
    Errors,
    /// Requests waiting, of the whole target; the limit is per server. As errors.
    Queue,
}

/// What was learnt of one signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The signal's label.
    pub label: String,
    /// Its kind.
    pub kind: SignalKind,
    /// Its limit.
    pub limit: f64,
    /// Where it is met.
    pub met: Met,
    /// Its value at the highest demand per server seen, on the fitted line, where there is one.
    pub at_highest: Option<f64>,
    /// Its value without demand, on the same line, where there is one.
    pub at_rest: Option<f64>,
    /// The change that what was learnt starts from, where one was found.
    pub drift: Option<Drift>,
    /// Demand per server at which it was at its limit although most of what was seen of more demand
    /// was not: something else than demand moves it there.
    pub passing: Option<f64>,
}

/// Where a limit is met.
#[derive(Debug, Clone, PartialEq)]
pub enum Met {
    /// At this demand per server, requests per minute.
    At {
        /// Best estimate.
        per_server: f64,
        /// 5th percentile of what resampled days say.
        low: f64,
        /// 95th percentile; infinite where so many of them never meet it.
        high: f64,
        /// Whether it lies beyond what was seen.
        beyond: bool,
    },
    /// Not within what was seen: at more than this demand per server.
    Above(f64),
    /// Not to be told, and why.
    Unknown(String),
}

/// A change of how a resource follows demand.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// Since when.
    pub since: Timestamp,
    /// Demand per server at the limit before; `None` where that is not known.
    pub before: Option<f64>,
    /// Whether what was learnt stands on the time since. It does not while that is too short.
    pub followed: bool,
}

/// What was learnt of a fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Learnt {
    /// One a signal, in their order.
    pub limits: Vec<Limit>,
    /// Which of them binds: the lowest.
    pub tightest: Option<usize>,
    /// Steps with demand and servers.
    pub points: usize,
    /// Highest demand per server seen, but for one step in a hundred.
    pub highest_seen: f64,
}

impl Learnt {
    /// Demand per server to plan for: where the tightest limit is met; where that lies beyond what
    /// was seen, the lower end of what the data say, and never less than was seen to go well.
    #[must_use]
    pub fn per_server(&self) -> Option<f64> {
        match self.binding()?.met {
            Met::At {
                per_server,
                low,
                beyond: true,
                ..
            } => Some(low.max(self.highest_seen).min(per_server)),
            Met::At { per_server, .. } => Some(per_server),
            Met::Above(_) | Met::Unknown(_) => None,
        }
    }

    /// The limit that binds.
    #[must_use]
    pub fn binding(&self) -> Option<&Limit> {
        self.tightest.and_then(|index| self.limits.get(index))
    }
}
