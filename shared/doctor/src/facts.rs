use config::Target;
use documents::{Pause, Plan, Released};
use fleet::{Group, Policy, ScheduledAction};
use jiff::Timestamp;
use planning::MeasuredLeadTime;
use ports::{AlarmListing, DeadLetters, Listing, Timetable};

/// A fact, or why it is not known.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen<T> {
    /// Looked at.
    Known(T),
    /// Not to be had, and why.
    Unknown(String),
}

impl<T> Seen<T> {
    /// The fact, where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(fact) => Some(fact),
            Self::Unknown(_) => None,
        }
    }
}

/// Everything an examination goes by.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Now.
    pub now: Timestamp,
    /// What is wrong with the configuration, each on its own; without a usable one there are no
    /// targets.
    pub config_problems: Vec<String>,
    /// What else could not be read of what people laid down.
    pub config_notes: Vec<String>,
    /// The pause in force.
    pub pause: Option<Pause>,
    /// Of the deployment.
    pub stack: StackFacts,
    /// Of each target.
    pub targets: Vec<TargetFacts>,
}

/// Of the deployment as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct StackFacts {
    /// Who may do what.
    pub permissions: Permissions,
    /// What was given up.
    pub dead_letters: Seen<DeadLetters>,
    /// The schedule of the forecaster.
    pub nightly: Seen<Option<Timetable>>,
    /// vCPUs that On-Demand instances of the standard families may have.
    pub vcpu_quota: Seen<f64>,
    /// vCPUs that they have now, everybody's.
    pub vcpu_used: Seen<f64>,
    /// Groups tagged for Forescale that the configuration does not have.
    pub tagged_unmanaged: Seen<Vec<String>>,
}

/// Who may do what, as far as it could be asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// Calls that are not allowed.
    pub denied: Vec<Denied>,
    /// What could not be asked, each in a sentence with its reason.
    pub unasked: Vec<String>,
}

/// A call that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Who may not: `planner`, `this command`.
    pub who: String,
    /// The call.
    pub call: String,
    /// What it is about.
    pub resource: String,
    /// What AWS said.
    pub detail: String,
}

/// Of one target.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetFacts {
    /// As configured.
    pub target: Target,
    /// The group; `None` where there is none of that name.
    pub group: Seen<Option<Group>>,
    /// Its tags, metrics and target groups; `None` where it is no Auto Scaling group.
    pub listing: Seen<Option<Listing>>,
    /// Scheduled actions of it, everybody's.
    pub actions: Seen<Vec<ScheduledAction>>,
    /// Its policies.
    pub policies: Seen<Vec<Policy>>,
    /// What its launches took.
    pub launches: Seen<MeasuredLeadTime>,
    /// What the image pipeline says of its application; `None` where the target names none.
    pub image: Option<Seen<ImageFacts>>,
    /// Demand one server sustains, measured where it was, in requests per minute.
    pub throughput: f64,
    /// Recent datapoints of the demand metric.
    pub demand: Seen<Datapoints>,
    /// Recent datapoints of the CPU that throughput is measured by, where it is.
    pub resource: Option<Seen<Datapoints>>,
    /// What was observed so far; `None` where nothing was.
    pub history: Seen<Option<HistoryFacts>>,
    /// The newest forecast; `None` without any.
    pub forecast: Seen<Option<ForecastFacts>>,
    /// The plan; `None` without one.
    pub plan: Seen<Option<Plan>>,
    /// The mark that the target was released, where it was.
    pub released: Seen<Option<Released>>,
    /// Alarms whose names fit the target's patterns.
    pub alarms: Seen<AlarmsSeen>,
    /// Stored documents that cannot be used, each in a sentence.
    pub unusable: Vec<String>,
}

/// What the image pipeline remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageFacts {
    /// The last release; `None` before any.
    pub release: Option<Release>,
    /// The last image; `None` before any.
    pub image: Option<Image>,
}

/// A release of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: String,
    /// When it was put.
    pub at: Timestamp,
}

/// An image that was built, tested and made the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What is in it.
    pub release: Release,
    /// Since when it is the default of its launch template.
    pub ready: Timestamp,
    /// Id of that launch template; `None` where the pipeline did not write it down.
    pub launch_template: Option<String>,
}

/// How many datapoints a metric had lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Datapoints {
    /// Hours looked at.
    pub hours: u32,
    /// Datapoints by the minute.
    pub minutes: usize,
    /// Datapoints by five minutes.
    pub fives: usize,
}

/// What was observed so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistoryFacts {
    /// Start.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
    /// Share of its steps without a value, 0 to 1.
    pub missing: f64,
}

/// The newest forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForecastFacts {
    /// When it was written.
    pub written_at: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// When the highest 99th percentile to come is.
    pub peak_at: Timestamp,
    /// The median then, in requests per minute.
    pub peak_p50: f64,
    /// The 99th percentile then, in requests per minute.
    pub peak_p99: f64,
}

/// The alarms of one target.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmsSeen {
    /// Those whose names fit its patterns.
    pub alarms: Vec<AlarmListing>,
    /// What names begin with that call the responder by rule.
    pub answered: Seen<Vec<String>>,
    /// The action by which an alarm calls the responder: the ARN of its alias.
    pub responder: Seen<String>,
}
