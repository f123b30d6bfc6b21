use config::{ConfigErrors, Refused};
use documents::DocumentError;
use forecasting::ForecastError;
use jiff::Timestamp;
use planning::PlanError;
use ports::PortError;
use thiserror::Error;
use timeseries::TimeSeriesError;

/// Why a target was left as it is.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ControlError {
    /// A call failed.
    #[error("{}a call failed", of(target))]
    Port {
        /// The target.
        target: String,
        /// What the port said.
        #[source]
        source: PortError,
    },
    /// A stored document cannot be used.
    #[error("{}a stored document cannot be used", of(target))]
    Document {
        /// The target.
        target: String,
        /// Which and why.
        #[source]
        source: DocumentError,
    },
    /// There is no configuration.
    #[error("no configuration at {key}")]
    NoConfig {
        /// Where it should be.
        key: &'static str,
    },
    /// The configuration is not UTF-8 text.
    #[error("configuration at {key} is not UTF-8 text")]
    ConfigText {
        /// Where it is.
        key: &'static str,
    },
    /// The configuration is wrong.
    #[error("configuration is wrong")]
    Config {
        /// Everything that is.
        #[source]
        source: ConfigErrors,
    },
    /// What the configuration says of one target is wrong.
    #[error("target {target}: its configuration is wrong")]
    TargetConfig {
        /// The target.
        target: String,
        /// Everything that is.
        #[source]
        source: ConfigErrors,
    },
    /// A target that the configuration does not have.
    #[error("there is no target {name:?}; the configuration has: {known}")]
    NoTarget {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Another run is changing the target.
    #[error("target {target}: {holder} holds the lease until {until}")]
    Leased {
        /// The target.
        target: String,
        /// Who holds it.
        holder: String,
        /// Until when.
        until: Timestamp,
    },
    /// A newer holder of the lease has decided already.
    #[error("target {target}: decided under lease {own}, the stored plan under {stored}")]
    Fenced {
        /// The target.
        target: String,
        /// Our token.
        own: u64,
        /// The stored one.
        stored: u64,
    },
    /// It was released: nobody changes its group.
    #[error("target {target}: {mark}")]
    Released {
        /// The target.
        target: String,
        /// By whom, since when and why.
        mark: String,
    },
    /// The plan cannot be made.
    #[error("target {target}: no plan")]
    Plan {
        /// The target.
        target: String,
        /// Why.
        #[source]
        source: PlanError,
    },
    /// The finished plan failed its check and was not applied.
    #[error("target {target}: the plan was refused by its check: {findings}")]
    Unsafe {
        /// The target.
        target: String,
        /// What the check found.
        findings: String,
    },
    /// AWS refused single actions of a batch.
    #[error("target {target}: AWS refused {failed} of {total} scheduled actions: {detail}")]
    Refused {
        /// The target.
        target: String,
        /// How many.
        failed: usize,
        /// Of how many.
        total: usize,
        /// Names, codes and messages.
        detail: String,
    },
    /// The forecast cannot be made.
    #[error("target {target}: no forecast")]
    Forecast {
        /// The target.
        target: String,
        /// Why.
        #[source]
        source: ForecastError,
    },
    /// The demand that was read cannot be used.
    #[error("target {target}: demand cannot be used")]
    Demand {
        /// The target.
        target: String,
        /// Why.
        #[source]
        source: TimeSeriesError,
    },
    /// Nothing is known about the target's demand to come, and there is no plan to keep.
    #[error(
        "target {target}: no forecast, no history and no earlier plan; the group is left as it is{detail}"
    )]
    Nothing {
        /// The target.
        target: String,
        /// What was there and could not be used, each after a semicolon.
        detail: String,
    },
}

impl ControlError {
    /// A stable word for logs and alarms.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Port { source, .. } => source.code(),
            Self::Document { .. } => "Document",
            Self::NoConfig { .. } => "NoConfig",
            Self::ConfigText { .. } | Self::Config { .. } | Self::TargetConfig { .. } => "Config",
            Self::NoTarget { .. } => "NoTarget",
            Self::Leased { .. } => "Leased",
            Self::Fenced { .. } => "Fenced",
            Self::Released { .. } => "Released",
            Self::Plan { .. } => "Plan",
            Self::Unsafe { .. } => "UnsafePlan",
            Self::Refused { .. } => "ActionsRefused",
            Self::Forecast { .. } => "Forecast",
            Self::Demand { .. } => "Demand",
            Self::Nothing { .. } => "NothingKnown",
        }
    }

    /// That `refused` is wrong.
    #[must_use]
    pub fn wrong(refused: &Refused) -> Self {
        Self::TargetConfig {
            target: refused.label.clone(),
            source: refused.errors.clone(),
        }
    }

    /// Whether trying again later may end otherwise: somebody else was at it, or AWS did not answer.
    /// All else stays as it is until a person, the group or the history changes.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Port { source, .. } => source.passes(),
            // Refused items are another writer's (ResourceContention) as often as not.
            Self::Leased { .. } | Self::Fenced { .. } | Self::Refused { .. } => true,
            _ => false,
        }
    }

    /// The error and everything that caused it, on one line.
    #[must_use]
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// Which target an error is about; documents for all targets are about none.
fn of(target: &str) -> String {
    if target.is_empty() {
        return String::new();
    }
    format!("target {target}: ")
}

/// `error` and everything that caused it, on one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
