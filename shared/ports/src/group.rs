use fleet::{Activity, Group, ItemFailure, Policy, ScheduledAction, Sizes, Tracked};
use jiff::Timestamp;

use crate::PortError;

/// Looking at Auto Scaling groups.
pub trait GroupReader {
    /// The group called `name`.
    ///
    /// # Errors
    /// [`PortError::NotFound`] when there is none.
    async fn group(&self, name: &str) -> Result<Group, PortError>;

    /// Every scheduled action of the group, everybody's, that has still to run.
    ///
    /// # Errors
    /// [`PortError`]; never a partial list.
    async fn scheduled_actions(&self, group: &str) -> Result<Vec<ScheduledAction>, PortError>;

    /// Every scaling policy of the group.
    ///
    /// # Errors
    /// [`PortError`]; never a partial list.
    async fn policies(&self, group: &str) -> Result<Vec<Policy>, PortError>;

    /// Scaling activities that began at or after `since`, newest first. AWS keeps six weeks.
    ///
    /// # Errors
    /// [`PortError`]; never a partial list.
    async fn activities(&self, group: &str, since: Timestamp) -> Result<Vec<Activity>, PortError>;
}

/// Changing Auto Scaling groups. Handed to active targets only.
pub trait GroupWriter: GroupReader {
    /// Creates or replaces up to [`fleet::MOST_ACTIONS_A_BATCH`] actions by name. Returns the ones
    /// AWS refused although the call succeeded.
    ///
    /// # Errors
    /// [`PortError`] when the call as a whole failed.
    async fn put_scheduled_actions(
        &self,
        group: &str,
        actions: &[ScheduledAction],
    ) -> Result<Vec<ItemFailure>, PortError>;

    /// Deletes up to [`fleet::MOST_ACTIONS_A_BATCH`] actions by name. One that is gone already is
    /// not a failure.
    ///
    /// # Errors
    /// [`PortError`] when the call as a whole failed.
    async fn delete_scheduled_actions(
        &self,
        group: &str,
        names: &[String],
    ) -> Result<Vec<ItemFailure>, PortError>;

    /// Sets the group's sizes now. Raising MinSize above the desired capacity raises that too.
    ///
    /// # Errors
    /// [`PortError`].
    async fn resize(&self, group: &str, sizes: Sizes) -> Result<(), PortError>;

    /// Sets what the target-tracking policy `policy` holds; all else of it stays as it is. The
    /// metric is the one it has.
    ///
    /// # Errors
    /// [`PortError::NotFound`] where the group has no such policy, [`PortError::Refused`] where it
    /// holds another metric or the value is impossible.
    async fn set_policy_target(
        &self,
        group: &str,
        policy: &str,
        tracks: Tracked,
    ) -> Result<(), PortError>;

    /// Starts replacing the group's instances one by one without falling below its healthy
    /// capacity. One that is under way already is a conflict.
    ///
    /// # Errors
    /// [`PortError`].
    async fn start_instance_refresh(&self, group: &str) -> Result<(), PortError>;
}
