use serde::{Deserialize, Serialize};

/// What is wrong, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Demand above the forecast's upper quantile, climbing or staying.
    UnforecastDemand,
    /// Demand inside the forecast, servers already booting.
    PlannedRamp,
    /// Demand normal, fewer servers than there should be.
    CapacityLost,
    /// Servers are asked for and do not come.
    LaunchesFailing,
    /// Memory or the like climbs while demand per server does not.
    ResourceLeak,
    /// Errors or response time jumped at flat demand.
    BadRelease,
    /// Something behind the service is saturated; more servers serve no more demand.
    BottleneckElsewhere,
    /// A single server carries the alarm.
    OneServer,
    /// Demand fell with errors, and is away or coming back.
    Recovery,
    /// More is needed than a cap or the budget allows.
    CapReached,
    /// Demand is inside the forecast and capacity suffices.
    Covered,
    /// Evidence is missing or contradicts itself.
    Unknown,
}

impl Kind {
    /// Every kind, in the order of the documentation's table.
    pub const ALL: [Self; 12] = [
        Self::UnforecastDemand,
        Self::PlannedRamp,
        Self::CapacityLost,
        Self::LaunchesFailing,
        Self::ResourceLeak,
        Self::BadRelease,
        Self::BottleneckElsewhere,
        Self::OneServer,
        Self::Recovery,
        Self::CapReached,
        Self::Covered,
        Self::Unknown,
    ];

    /// In plain words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::UnforecastDemand => "unforecast demand",
            Self::PlannedRamp => "planned ramp under way",
            Self::CapacityLost => "capacity lost",
            Self::LaunchesFailing => "launches failing",
            Self::ResourceLeak => "resource leak",
            Self::BadRelease => "bad release",
            Self::BottleneckElsewhere => "bottleneck elsewhere",
            Self::OneServer => "one server differs",
            Self::Recovery => "recovery after an outage",
            Self::CapReached => "cap or budget reached",
            Self::Covered => "nothing wrong found",
            Self::Unknown => "unknown",
        }
    }

    /// The stable word of records.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::UnforecastDemand => "unforecast-demand",
            Self::PlannedRamp => "planned-ramp",
            Self::CapacityLost => "capacity-lost",
            Self::LaunchesFailing => "launches-failing",
            Self::ResourceLeak => "resource-leak",
            Self::BadRelease => "bad-release",
            Self::BottleneckElsewhere => "bottleneck-elsewhere",
            Self::OneServer => "one-server",
            Self::Recovery => "recovery",
            Self::CapReached => "cap-reached",
            Self::Covered => "covered",
            Self::Unknown => "unknown",
        }
    }

    /// Whether what is done about it can keep servers from demand that needs them. No spike may be
    /// taken for one of these.
    #[must_use]
    pub fn withholds(self) -> bool {
        match self {
            Self::PlannedRamp
            | Self::ResourceLeak
            | Self::BadRelease
            | Self::BottleneckElsewhere
            | Self::OneServer
            | Self::Covered => true,
            // The cap itself withholds; it is only ever found after all else.
            Self::UnforecastDemand
            | Self::CapacityLost
            | Self::LaunchesFailing
            | Self::Recovery
            | Self::CapReached
            | Self::Unknown => false,
        }
    }
}
