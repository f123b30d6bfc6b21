use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{MetricName, PortError};

/// An Auto Scaling group as setting up needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// MinSize.
    pub min_size: u32,
    /// MaxSize.
    pub max_size: u32,
    /// DesiredCapacity.
    pub desired_capacity: u32,
    /// Its own tags.
    pub tags: BTreeMap<String, String>,
    /// Group metrics that are collected, such as `GroupInServiceInstances`.
    pub collected: Vec<String>,
    /// ARNs of the target groups its servers are registered with.
    pub target_groups: Vec<String>,
    /// Types of its present servers, each once.
    pub instance_types: Vec<String>,
    /// Launch templates that it starts servers from, each once; none where it has a launch
    /// configuration.
    pub launch_templates: Vec<LaunchTemplate>,
}

/// The launch template of a group, and which version of it the group takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct LaunchTemplate {
    /// Its id, such as `lt-0123456789abcdef0`; empty where AWS tells the name alone.
    pub id: String,
    /// Its name; empty where AWS tells the id alone.
    pub name: String,
    /// `$Default`, `$Latest` or a number.
    pub version: String,
}

/// An alarm as far as answering it is concerned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlarmListing {
    /// Its name.
    pub name: String,
    /// Whether its actions are switched on.
    pub actions_enabled: bool,
    /// ARNs it calls when it goes off.
    pub actions: Vec<String>,
    /// Metrics it looks at.
    pub metrics: Vec<MetricName>,
}

/// A schedule that starts a function.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timetable {
    /// Its expression, such as `cron(5 0 * * ? *)`.
    pub expression: String,
    /// IANA zone it is read in.
    pub zone: String,
    /// Whether it is switched on.
    pub enabled: bool,
}

/// Messages in the stack's queues of what was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeadLetters {
    /// Nights, hours, alarms and looks: the queue `FailedEvents`.
    pub events: u64,
    /// Targets of a run: the queue `FailedTasks`.
    pub tasks: u64,
}

/// What of the stack has a role of its own, which is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleOf {
    /// The forecaster.
    Forecaster,
    /// The planner.
    Planner,
    /// The responder.
    Responder,
    /// The schedule that starts the forecaster.
    NightlySchedule,
    /// The schedule that starts the planner.
    HourlySchedule,
}

impl RoleOf {
    /// Its name in plain words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forecaster => "forecaster",
            Self::Planner => "planner",
            Self::Responder => "responder",
            Self::NightlySchedule => "nightly schedule",
            Self::HourlySchedule => "hourly schedule",
        }
    }
}

/// A call that a role makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleCall {
    /// IAM action, such as `autoscaling:UpdateAutoScalingGroup`.
    pub action: String,
    /// ARN it is about; `*` where the action knows no resource.
    pub resource: String,
    /// Condition keys it is decided with, such as `aws:ResourceTag/forescale`.
    pub context: BTreeMap<String, String>,
}

/// What IAM says of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The call's action.
    pub action: String,
    /// What it was about.
    pub resource: String,
    /// Whether it is allowed.
    pub allowed: bool,
    /// IAM's own word: `allowed`, `implicitDeny`, `explicitDeny`.
    pub decision: String,
}

/// Looking over an account, to set Forescale up and to find what is wrong with a set-up. Nothing here
/// changes anything.
pub trait Survey {
    /// Every Auto Scaling group of the account and region.
    ///
    /// # Errors
    /// [`PortError`]; never a partial list.
    async fn listings(&self) -> Result<Vec<Listing>, PortError>;

    /// The load balancers behind each of `target_groups`, both by ARN. A target group that is not
    /// there is left out.
    ///
    /// # Errors
    /// [`PortError`].
    async fn load_balancers(
        &self,
        target_groups: &[String],
    ) -> Result<BTreeMap<String, Vec<String>>, PortError>;

    /// Every alarm whose name begins with `prefix`.
    ///
    /// # Errors
    /// [`PortError`]; never a partial list.
    async fn alarms(&self, prefix: &str) -> Result<Vec<AlarmListing>, PortError>;

    /// What alarm names begin with that call the responder by the stack's rule.
    ///
    /// # Errors
    /// [`PortError`].
    async fn answered_prefixes(&self) -> Result<Vec<String>, PortError>;

    /// ARN of what the stack has under `logical`, its name in the template, such as `FailedEvents`;
    /// the stack's own under `AWS::StackId`.
    ///
    /// # Errors
    /// [`PortError`].
    async fn stack_arn(&self, logical: &str) -> Result<String, PortError>;

    /// The schedule that starts the forecaster; `None` where there is none.
    ///
    /// # Errors
    /// [`PortError`].
    async fn nightly(&self) -> Result<Option<Timetable>, PortError>;

    /// What was given up and waits for a person.
    ///
    /// # Errors
    /// [`PortError`].
    async fn dead_letters(&self) -> Result<DeadLetters, PortError>;

    /// The text of the parameter `name` in Parameter Store; `None` where there is none.
    ///
    /// # Errors
    /// [`PortError`].
    async fn parameter(&self, name: &str) -> Result<Option<String>, PortError>;

    /// vCPUs that On-Demand instances of the standard families may have in the region.
    ///
    /// # Errors
    /// [`PortError`].
    async fn vcpu_quota(&self) -> Result<f64, PortError>;

    /// What IAM says of each of the calls of a role. Nothing is called.
    ///
    /// # Errors
    /// [`PortError`].
    async fn allowed(&self, role: RoleOf, calls: &[RoleCall]) -> Result<Vec<Verdict>, PortError>;
}
