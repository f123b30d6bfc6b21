use aws_config::SdkConfig;
use fleet::{Activity, Group, ItemFailure, Policy, ScalableTarget, ScheduledAction, Sizes};
use jiff::Timestamp;
use ports::{GroupReader, GroupWriter, PortError};

use crate::{AutoScalingGroups, ScalableTargets};

/// Everything that can be scaled: Auto Scaling groups by their names, scalable targets of
/// Application Auto Scaling as [`ScalableTarget`] writes them.
#[derive(Debug, Clone)]
pub struct Fleets {
    groups: AutoScalingGroups,
    scalable: ScalableTargets,
}

impl Fleets {
    /// Those of the account and region of `sdk`.
    #[must_use]
    pub fn new(sdk: &SdkConfig) -> Self {
        Self {
            groups: AutoScalingGroups::new(sdk),
            scalable: ScalableTargets::new(sdk),
        }
    }
}

/// Whether it is Application Auto Scaling's.
fn scalable(name: &str) -> bool {
    ScalableTarget::parse(name).is_some()
}

impl GroupReader for Fleets {
    async fn group(&self, name: &str) -> Result<Group, PortError> {
        match scalable(name) {
            true => self.scalable.group(name).await,
            false => self.groups.group(name).await,
        }
    }

    async fn scheduled_actions(&self, group: &str) -> Result<Vec<ScheduledAction>, PortError> {
        match scalable(group) {
            true => self.scalable.scheduled_actions(group).await,
            false => self.groups.scheduled_actions(group).await,
        }
    }

    async fn policies(&self, group: &str) -> Result<Vec<Policy>, PortError> {
        match scalable(group) {
            true => self.scalable.policies(group).await,
            false => self.groups.policies(group).await,
        }
    }

    async fn activities(&self, group: &str, since: Timestamp) -> Result<Vec<Activity>, PortError> {
        match scalable(group) {
            true => self.scalable.activities(group, since).await,
            false => self.groups.activities(group, since).await,
        }
    }
}

impl GroupWriter for Fleets {
    async fn put_scheduled_actions(
        &self,
        group: &str,
        actions: &[ScheduledAction],
    ) -> Result<Vec<ItemFailure>, PortError> {
        match scalable(group) {
            true => self.scalable.put_scheduled_actions(group, actions).await,
            false => self.groups.put_scheduled_actions(group, actions).await,
        }
    }

    async fn delete_scheduled_actions(
        &self,
        group: &str,
        names: &[String],
    ) -> Result<Vec<ItemFailure>, PortError> {
        match scalable(group) {
            true => self.scalable.delete_scheduled_actions(group, names).await,
            false => self.groups.delete_scheduled_actions(group, names).await,
        }
    }

    async fn resize(&self, group: &str, sizes: Sizes) -> Result<(), PortError> {
        match scalable(group) {
            true => self.scalable.resize(group, sizes).await,
            false => self.groups.resize(group, sizes).await,
        }
    }

    async fn set_policy_target(
        &self,
        group: &str,
        policy: &str,
        value: fleet::Tracked,
    ) -> Result<(), PortError> {
        match scalable(group) {
            true => self.scalable.set_policy_target(group, policy, value).await,
            false => self.groups.set_policy_target(group, policy, value).await,
        }
    }

    async fn start_instance_refresh(&self, group: &str) -> Result<(), PortError> {
        match scalable(group) {
            true => self.scalable.start_instance_refresh(group).await,
            false => self.groups.start_instance_refresh(group).await,
        }
    }
}
