use std::collections::BTreeMap;

use holidays::Place;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use timeseries::Step;

use crate::{Control, Response};

/// A managed group.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its name in Forescale: letters, digits, `-`, `_`; at most 64.
    pub name: String,
    /// Name of its Auto Scaling group. Default: `name`.
    pub group: String,
    /// Where its demand is measured.
    pub demand: DemandMetric,
    /// Its time zone: rules days, weeks and events. Default: UTC.
    pub zone: TimeZone,
    /// Country or subdivision whose holidays demand follows. Default: none.
    pub country: Option<Place>,
    /// Fewest servers the plan may ask for, 0 or more. Default: 1.
    pub min_servers: u32,
    /// Most servers the plan may ask for, at least `min_servers`, at least 1.
    pub max_servers: u32,
    /// Demand one server sustains.
    pub throughput: Throughput,
    /// From the decision to a server in service. Default: measured, 5 minutes until then.
    pub lead_time: LeadTime,
    /// Tolerated share of demand above capacity, above 0 and below 0.5. Default: 0.001.
    pub risk: f64,
    /// What Forescale may do to the group. Default: [`Mode::Shadow`].
    pub mode: Mode,
    /// Step of forecast and plan: 5, 15, 30 or 60 minutes. Default: 15.
    pub step: Step,
    /// From one plan to the next: 5, 10, 15, 30 or 60 minutes. Default: 60.
    pub plan_every: SignedDuration,
    /// Which metrics about it are published; each costs. Default: [`Published::Chart`].
    pub metrics: Published,
    /// The application whose releases `infra/image-pipeline.yaml` makes into its servers' image.
    /// Default: none.
    pub application: Option<String>,
    /// Most days of history to train on, 1 to 400. Default: 56.
    pub training_days: u32,
    /// Price of one server for one hour, in `currency`. Default: 0, which tells costs in
    /// server-hours only.
    pub price_per_server_hour: f64,
    /// ISO 4217 code. Default: USD.
    pub currency: String,
    /// Most servers the responder may add over what the plan asks for, per incident. Default:
    /// `max_servers`.
    pub most_extra_servers: u32,
    /// Name patterns (`*` stands for anything) of the alarms that call the responder for this
    /// target. Default: `forescale-NAME-*`.
    pub alarms: Vec<String>,
    /// How a plan moves the group.
    pub control: Control,
    /// What the responder goes by.
    pub response: Response,
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
    /// `Sum` (a count within the period), `Average`, `Maximum`, `Minimum`, `SampleCount` or a
    /// percentile, `p50`, `p90`, `p95`, `p99`.
    /// Default: `Sum` for demand, `Average` for a resource.
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
        /// Metric of the binding resource, in percent. Default: the group's CPUUtilization.
        resource: DemandMetric,
        /// Percent of the resource to plan for, 1 to 100. Default: 60.
        utilization: f64,
        /// Requests per minute to assume until measured.
        initial: f64,
        /// Whether `initial` was typed in as the value to go by: it is compared with what is
        /// measured and never replaced.
        typed: bool,
        /// What else must not be exceeded.
        bounds: Vec<Bound>,
    },
}

/// A measured resource with the value that one server is not to exceed.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// What it is of.
    pub kind: BoundKind,
    /// Value not to be exceeded, above 0: percent of memory, response time in its metric's unit,
    /// errors as a share of demand, waiting requests per server.
    pub limit: f64,
    /// The metric. Default: the one of that name in [`Response::signals`].
    pub metric: DemandMetric,
}

/// What a [`Bound`] is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundKind {
    /// Memory.
    Memory,
    /// Response time.
    ResponseTime,
    /// Errors.
    Errors,
    /// Requests that wait.
    Queue,
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
    /// Applies a share of the difference to the group's baseline, in percent, 1 to 100. Default:
    /// 10.
    Canary(u8),
    /// Applies the plan.
    Active,
}

impl Mode {
    /// As it is written in a configuration, without a canary's share.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Shadow => "shadow",
            Self::Canary(_) => "canary",
            Self::Active => "active",
        }
    }
}

/// Which metrics about a target are published: CloudWatch bills each by the hour. Each kind has
/// those of the kinds before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Published {
    /// What the band's alarm and the stack's own alarms need.
    Stack,
    /// And what the dashboard draws of it.
    #[default]
    Chart,
    /// And the rest.
    All,
}

/// How a simulated group behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// Median time from launch to in service. Default: the lead time, as given or assumed.
    pub boot: SignedDuration,
    /// Spread of the logarithm of the boot time, 0 to 2. Default: 0, constant.
    pub boot_spread: f64,
    /// The group's own reactive policy. Default: none.
    pub reactive: Option<ReactivePolicy>,
    /// Servers at the start; the first demand's need where `None`.
    pub initial_servers: Option<u32>,
    /// Seed of all randomness. Default: 1.
    pub seed: u64,
}

/// Target tracking on demand per server, as AWS documents it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReactivePolicy {
    /// Share of a server's throughput that the policy aims at, above 0, at most 2. Default: 0.6.
    pub utilization: f64,
    /// Whether it may remove servers. Default: yes.
    pub scales_in: bool,
}

impl Target {
    /// Whether one of its patterns fits an alarm of this name.
    #[must_use]
    pub fn answers(&self, alarm: &str) -> bool {
        self.alarms.iter().any(|pattern| matches(pattern, alarm))
    }
}

impl DemandMetric {
    /// Whether its values count within their period, so that a value over the period's minutes is
    /// a rate; otherwise a value is taken as the rate itself.
    #[must_use]
    pub fn counts(&self) -> bool {
        matches!(self.statistic.as_str(), "Sum" | "SampleCount")
    }
}

impl LeadTime {
    /// The lead time to go by as long as nothing was measured.
    #[must_use]
    pub fn assumed(&self) -> SignedDuration {
        match self {
            Self::Given(span) | Self::Measured { initial: span } => *span,
        }
    }
}

impl Throughput {
    /// The throughput to go by as long as nothing was measured, in requests per minute.
    #[must_use]
    pub fn assumed(&self) -> f64 {
        match self {
            Self::Given(throughput)
            | Self::Measured {
                initial: throughput,
                ..
            } => *throughput,
        }
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for anything, also nothing.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| text.strip_prefix(head)) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        if let Some(middle) = last.replace(part) {
            match rest.find(middle) {
                Some(at) => rest = &rest[at + middle.len()..],
                None => return false,
            }
        }
    }
    match last {
        None => rest.is_empty(),
        Some(tail) => rest.ends_with(tail),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_people_expect() {
        for (pattern, text, fits) in [
            ("web", "web", true),
            ("web", "web-1", false),
            ("web-*", "web-demand", true),
            ("*-demand", "web-demand", true),
            ("f*-web-*d", "forescale-web-demand", true),
            ("f*-web-*d", "forescale-api-demand", false),
            ("*", "", true),
            ("ab*ba", "aba", false),
            ("a**b", "ab", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
