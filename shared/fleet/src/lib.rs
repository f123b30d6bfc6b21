//! What an Auto Scaling group looks like: plain values in AWS's own words, without calls.
//!
//! Sizes are in the group's capacity units (instances, unless the group has weights).

mod scalable;

pub use scalable::{MOST_SCALABLE_ACTIONS, ScalableTarget};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Most scheduled actions a group may have, everybody's counted; AWS does not raise it.
/// Source: <https://docs.aws.amazon.com/autoscaling/latest/userguide/as-account-limits.html>.
pub const MOST_SCHEDULED_ACTIONS: usize = 125;

/// Most scheduled actions in one batch call, put or delete. Source:
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_BatchPutScheduledUpdateGroupAction.html>.
pub const MOST_ACTIONS_A_BATCH: usize = 50;

/// How late a scheduled action may run. Source:
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html>.
pub const SCHEDULE_TARDINESS: SignedDuration = SignedDuration::from_mins(2);

/// An Auto Scaling group at one moment. Anything here may be stale by the time it is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// MinSize.
    pub min_size: u32,
    /// MaxSize.
    pub max_size: u32,
    /// DesiredCapacity.
    pub desired_capacity: u32,
    /// Its instances, booting ones included.
    pub instances: Vec<Instance>,
    /// Names of suspended processes.
    pub suspended_processes: Vec<String>,
    /// DefaultInstanceWarmup, where set.
    pub default_warmup: Option<SignedDuration>,
    /// Whether only MinSize and MaxSize can be scheduled, and what is above MinSize is policies'
    /// business: scalable targets of Application Auto Scaling.
    pub floors_only: bool,
    /// Instances that wait in the group's warm pool; `None` without one.
    pub warm_pool: Option<u32>,
    /// Whether the group is being deleted.
    pub deleting: bool,
}

impl Group {
    /// Capacity units in service and healthy.
    #[must_use]
    pub fn in_service(&self) -> u32 {
        self.units(|i| i.lifecycle == Lifecycle::InService && i.healthy)
    }

    /// Capacity units on their way into service.
    #[must_use]
    pub fn booting(&self) -> u32 {
        self.units(|i| i.lifecycle == Lifecycle::Pending)
    }

    /// Whether the process called `name` is suspended.
    #[must_use]
    pub fn suspends(&self, name: &str) -> bool {
        self.suspended_processes
            .iter()
            .any(|process| process == name)
    }

    fn units(&self, which: impl Fn(&Instance) -> bool) -> u32 {
        self.instances
            .iter()
            .filter(|i| which(i))
            .map(|i| i.weight)
            .sum()
    }
}

/// One instance of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Instance id.
    pub id: String,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// Whether the group's health checks call it healthy.
    pub healthy: bool,
    /// Capacity units it counts for; 1 without weights.
    pub weight: u32,
    /// Launch template version it was started from, where known.
    pub template_version: Option<String>,
    /// Instance type, where known.
    pub instance_type: Option<String>,
}

/// An instance's place in its life, as far as capacity is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// Launching, or waiting in a launch hook.
    Pending,
    /// Serving.
    InService,
    /// Leaving: terminating, detaching.
    Leaving,
    /// In standby or in a warm pool: neither serving nor booting.
    Aside,
}

/// A scheduled action of a group, anybody's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScheduledAction {
    /// Name, unique within the group.
    pub name: String,
    /// When it runs (for a recurring one: next). Unique within the group.
    pub start: Option<Timestamp>,
    /// When a recurring one ends.
    pub end: Option<Timestamp>,
    /// Cron expression of a recurring one.
    pub recurrence: Option<String>,
    /// MinSize it sets.
    pub min_size: Option<u32>,
    /// MaxSize it sets.
    pub max_size: Option<u32>,
    /// DesiredCapacity it sets.
    pub desired_capacity: Option<u32>,
}

/// One item of a batch call that AWS refused while the call itself succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFailure {
    /// The action's name.
    pub name: String,
    /// AWS's error code.
    pub code: String,
    /// AWS's message.
    pub message: String,
}

/// New sizes for a group; what is `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sizes {
    /// MinSize.
    pub min_size: Option<u32>,
    /// MaxSize.
    pub max_size: Option<u32>,
    /// DesiredCapacity.
    pub desired_capacity: Option<u32>,
}

/// A scaling policy of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: PolicyKind,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether it can remove capacity.
    pub scales_in: bool,
    /// What target tracking holds, where it is one of the metrics told apart here.
    pub tracks: Option<Tracked>,
}

/// What a target-tracking policy holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tracked {
    /// `ALBRequestCountPerTarget`: requests per minute and server.
    RequestsPerServer(f64),
    /// `ASGAverageCPUUtilization`, in percent.
    Cpu(f64),
}

/// Kinds of scaling policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// Target tracking.
    TargetTracking,
    /// Step scaling.
    Step,
    /// Simple scaling.
    Simple,
    /// AWS predictive scaling.
    Predictive,
}

/// One scaling activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its id.
    pub id: String,
    /// What AWS says it does.
    pub description: String,
    /// What AWS says caused it.
    pub cause: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, if it has.
    pub ended: Option<Timestamp>,
    /// How it stands.
    pub status: ActivityStatus,
    /// AWS's message, often the reason of a failure.
    pub message: Option<String>,
}

/// What a launch activity launches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launch<'a> {
    /// Id of the instance; `None` where there was none yet.
    pub instance: Option<&'a str>,
    /// Where it comes from and goes to.
    pub way: LaunchWay,
}

/// Where a launched instance comes from and goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaunchWay {
    /// Started from nothing, into service.
    Cold,
    /// Taken from the warm pool, into service.
    FromWarmPool,
    /// Started from nothing, into the warm pool: it does not serve.
    IntoWarmPool,
}

impl Activity {
    /// What it launches, by AWS's wording; `None` for any other activity. An activity names no
    /// kind, so that its description is all there is to go by.
    #[must_use]
    pub fn launch(&self) -> Option<Launch<'_>> {
        let rest = self
            .description
            .strip_prefix("Launching a new EC2 instance")?;
        let (way, rest) = match (
            rest.strip_prefix(" from warm pool"),
            rest.strip_prefix(" into warm pool"),
        ) {
            (Some(rest), _) => (LaunchWay::FromWarmPool, rest),
            (_, Some(rest)) => (LaunchWay::IntoWarmPool, rest),
            (None, None) => (LaunchWay::Cold, rest),
        };
        let word = rest.strip_prefix(": ").and_then(|rest| {
            rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
                .next()
        });
        let instance = word.filter(|word| word.starts_with("i-"));
        Some(Launch { instance, way })
    }
}

/// How a scaling activity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityStatus {
    /// Done.
    Successful,
    /// Given up.
    Failed,
    /// Cancelled.
    Cancelled,
    /// Anything else: under way.
    InProgress,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(description: &str) -> Option<(Option<String>, LaunchWay)> {
        let activity = Activity {
            id: String::new(),
            description: description.to_owned(),
            cause: String::new(),
            started: Timestamp::UNIX_EPOCH,
            ended: None,
            status: ActivityStatus::InProgress,
            message: None,
        };
        let launch = activity.launch()?;
        Some((launch.instance.map(str::to_owned), launch.way))
    }

    #[test]
    fn launches_are_told_by_their_wording() {
        let id = Some("i-0ea10fdc59a07df6e".to_owned());
        for (text, way) in [
            ("", LaunchWay::Cold),
            (" from warm pool", LaunchWay::FromWarmPool),
            (" into warm pool", LaunchWay::IntoWarmPool),
        ] {
            let text = format!("Launching a new EC2 instance{text}: i-0ea10fdc59a07df6e");
            assert_eq!(launch(&text), Some((id.clone(), way)), "{text}");
            assert_eq!(
                launch(&(text + ". Status Reason: x")),
                Some((id.clone(), way))
            );
        }
        let none = "Launching a new EC2 instance.  Status Reason: no capacity";
        assert_eq!(launch(none), Some((None, LaunchWay::Cold)));
        assert_eq!(launch("Terminating EC2 instance: i-0"), None);
    }
}
