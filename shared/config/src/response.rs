use jiff::SignedDuration;

use crate::DemandMetric;

/// What the responder goes by when demand leaves the forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// Most servers in one step. Default: no such cap.
    pub most_per_step: Option<u32>,
    /// Most servers added on one day of the target's zone. Default: no such cap.
    pub most_per_day: Option<u32>,
    /// Most that servers beyond the plan may cost in a calendar month, in `currency`; needs a price.
    /// Default: no such cap.
    pub monthly_budget: Option<f64>,
    /// What the band's alarm makes of a missing band. Default: [`MissingBand::Breaching`].
    pub band_missing: MissingBand,
    /// Whether an instance refresh may be started for a leak. Default: no.
    pub instance_refresh: bool,
    /// How soon people can see to a fault, 0 to 24 hours. Default: 1 hour.
    pub people_within: SignedDuration,
    /// What else is measured of the service.
    pub signals: Signals,
}

/// What CloudWatch makes of an alarm whose band is missing, as `TreatMissingData`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingBand {
    /// It goes off: the responder looks, and people hear that the band is missing.
    #[default]
    Breaching,
    /// It does not go off.
    NotBreaching,
    /// It stays as it is.
    Ignore,
    /// It goes to INSUFFICIENT_DATA.
    Missing,
}

impl MissingBand {
    /// CloudWatch's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
            Self::Ignore => "ignore",
            Self::Missing => "missing",
        }
    }
}

/// Metrics of a service beside its demand; each may be left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Signals {
    /// CPU of the group in percent. Default: `CPUUtilization` of the group in `AWS/EC2`.
    pub cpu: Option<DemandMetric>,
    /// Response time, in any unit.
    pub response_time: Option<DemandMetric>,
    /// Errors, a count.
    pub errors: Option<DemandMetric>,
    /// Unhealthy servers.
    pub unhealthy: Option<DemandMetric>,
    /// Servers in service. Default: `GroupInServiceInstances` of the group.
    pub in_service: Option<DemandMetric>,
    /// What can run out, memory first.
    pub exhaustible: Vec<Level>,
    /// What stands behind the service.
    pub behind: Vec<Level>,
    /// Dimension by which CPU, the first exhaustible resource and errors are known of single
    /// servers too. Default: `InstanceId`.
    pub per_server: Option<String>,
}

/// A metric with a value at which it is full.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// What people call it.
    pub label: String,
    /// Value at which it is full, above 0. Default: 100.
    pub full: f64,
    /// The metric.
    pub metric: DemandMetric,
}
