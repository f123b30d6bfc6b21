use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use timeseries::Step;

/// A managed group.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its name in Forescale: letters, digits, `-`, `_`; at most 64.
    pub name: String,
    /// Name of its Auto Scaling group.
    pub group: String,
    /// Where its demand is measured.
    pub demand: DemandMetric,
    /// Its time zone: rules days, weeks and events.
    pub zone: TimeZone,
    /// Fewest servers the plan may ask for, 0 or more.
    pub min_servers: u32,
    /// Most servers the plan may ask for, at least `min_servers`, at least 1.
    pub max_servers: u32,
    /// Demand one server sustains.
    pub throughput: Throughput,
    /// From the decision to a server in service.
    pub lead_time: LeadTime,
    /// Tolerated share of demand above capacity, above 0 and below 0.5.
    pub risk: f64,
    /// What Forescale may do to the group.
    pub mode: Mode,
    /// Step of forecast and plan: 5, 15, 30 or 60 minutes.
    pub step: Step,
    /// Most days of history to train on, 1 to 400.
    pub training_days: u32,
    /// Price of one server for one hour, in `currency`.
    pub price_per_server_hour: f64,
    /// ISO 4217 code, such as USD.
    pub currency: String,
    /// Most servers the responder may add over what the plan asks for, per incident.
    pub most_extra_servers: u32,
    /// Name patterns (`*` stands for anything) of the alarms that call the responder for this
    /// target.
    pub alarms: Vec<String>,
    /// How the group behaves in `forescale simulate`; never read in the cloud.
    pub simulation: Simulation,
}

/// Where a target's demand is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct DemandMetric {
    /// CloudWatch namespace.
    pub namespace: String,
    /// Metric name.
    pub name: String,
    /// Dimensions.
    pub dimensions: BTreeMap<String, String>,
    /// `Sum` (a count within the period), `Average`, `Maximum`, `Minimum` or `SampleCount`.
    pub statistic: String,
}

/// Demand one server sustains, in requests per minute.
#[derive(Debug, Clone, PartialEq)]
pub enum Throughput {
    /// As typed in.
    Given(f64),
    /// Measured: demand per server where the resource metric reaches `utilization`, read off the
    /// history of both; `initial` until there is enough of it.
    Measured {
        /// Metric of the binding resource, in percent, such as the group's CPUUtilization.
        resource: DemandMetric,
        /// Percent of the resource to plan for, above 0, at most 100.
        utilization: f64,
        /// Requests per minute to assume until measured.
        initial: f64,
    },
}

/// From the decision to a server in service.
#[derive(Debug, Clone, PartialEq)]
pub enum LeadTime {
    /// As typed in.
    Given(SignedDuration),
    /// Measured: the 90th percentile of the group's launches over six weeks plus its warm-up;
    /// `initial` until there are enough of them.
    Measured {
        /// To assume until measured.
        initial: SignedDuration,
    },
}

/// What Forescale may do to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Nothing at all.
    Off,
    /// Everything but the writing; a ledger keeps what would have been.
    #[default]
    Shadow,
    /// Applies a share of the difference to the group's baseline, in percent, 1 to 100.
    Canary(u8),
    /// Applies the plan.
    Active,
}

/// How a simulated group behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// Median time from launch to in service.
    pub boot: SignedDuration,
    /// Spread of the logarithm of the boot time, 0 to 2; 0 is constant.
    pub boot_spread: f64,
    /// The group's own reactive policy, where it has one.
    pub reactive: Option<ReactivePolicy>,
    /// Servers at the start; the first demand's need where `None`.
    pub initial_servers: Option<u32>,
    /// Seed of all randomness.
    pub seed: u64,
}

/// Target tracking on demand per server, as AWS documents it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReactivePolicy {
    /// Share of a server's throughput that the policy aims at, above 0, at most 2.
    pub utilization: f64,
    /// Whether it may remove servers.
    pub scales_in: bool,
}
