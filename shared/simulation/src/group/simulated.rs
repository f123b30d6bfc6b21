use std::collections::BTreeSet;

use fleet::{
    Activity, Group, ItemFailure, Policy, PolicyKind, ScalableTarget, ScheduledAction, Sizes,
    Tracked,
};
use jiff::{SignedDuration, Timestamp};

use super::changes::{Anomaly, Origin, SizeChange, Source};
use super::reactive::Tracker;
use super::schedule::{Schedule, check_batch};
use super::servers::Servers;
use super::spec::{GroupSpec, LaunchFailures, check_boot};
use crate::SimulationError;

/// Name of the policy that a group with target tracking reports.
const POLICY_NAME: &str = "target-tracking";

/// An Auto Scaling group in memory that keeps AWS's rules and can be run minute by minute.
///
/// Where AWS's documentation leaves something open, the strict reading is taken, so that what
/// passes here passes there.
#[derive(Debug, Clone)]
pub struct SimulatedGroup {
    name: String,
    pub(super) min_size: u32,
    pub(super) max_size: u32,
    pub(super) desired_capacity: u32,
    pub(super) schedule: Schedule,
    pub(super) servers: Servers,
    pub(super) reactive: Option<Tracker>,
    other_policies: Vec<Policy>,
    pub(super) suspended: BTreeSet<String>,
    pub(super) launch_failures: LaunchFailures,
    /// Seed of the schedule's lateness, where it may be late.
    pub(super) late: Option<u64>,
    /// What one server carries, once known: policies are told in requests.
    pub(super) throughput: Option<f64>,
    deleting: bool,
    pub(super) deleted: bool,
    pub(super) cause: String,
    changes: Vec<SizeChange>,
    pub(super) anomalies: Vec<Anomaly>,
}

impl SimulatedGroup {
    /// A group with its desired capacity in service since `now`. One with the name of a scalable
    /// target follows the rules of Application Auto Scaling.
    ///
    /// # Errors
    /// [`SimulationError::Value`] when the spec contradicts itself.
    pub fn new(spec: GroupSpec, now: Timestamp) -> Result<Self, SimulationError> {
        spec.check()?;
        let scalable = ScalableTarget::parse(&spec.name).is_some();
        Ok(Self {
            servers: Servers::new(
                spec.desired_capacity,
                now,
                spec.seed,
                (spec.boot, spec.boot_spread),
                spec.template_version,
            ),
            name: spec.name,
            min_size: spec.min_size,
            max_size: spec.max_size,
            desired_capacity: spec.desired_capacity,
            schedule: Schedule::of(scalable),
            reactive: spec.reactive.map(Tracker::new),
            other_policies: Vec::new(),
            suspended: BTreeSet::new(),
            launch_failures: spec.launch_failures,
            late: spec.late_schedule.then_some(spec.seed),
            throughput: None,
            deleting: false,
            deleted: false,
            cause: "the group was created".to_owned(),
            changes: Vec::new(),
            anomalies: Vec::new(),
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells what one server carries, in requests per minute, before the first minute does.
    #[must_use]
    pub fn with_throughput(mut self, throughput: f64) -> Self {
        self.throughput = Some(throughput);
        self
    }

    /// Lets target tracking aim at another share of a server's throughput, as PutScalingPolicy
    /// does. A group without the policy stays without.
    ///
    /// # Errors
    /// [`SimulationError::NotFound`] once the group is deleted, [`SimulationError::Value`] for a
    /// share that no policy may have.
    pub fn set_utilization(&mut self, utilization: f64) -> Result<(), SimulationError> {
        self.writable("PutScalingPolicy")?;
        if !(utilization > 0.0 && utilization <= 2.0) {
            return Err(SimulationError::Value {
                field: "reactive.utilization",
                value: utilization.to_string(),
                allowed: "above 0, at most 2",
            });
        }
        if let Some(tracker) = &mut self.reactive {
            tracker.aim_at(utilization);
        }
        Ok(())
    }

    /// Sets what the policy called `policy` holds. The group's own has to be there, to hold demand
    /// per server, and to get a value it can hold.
    /// Source: PutScalingPolicy,
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html>.
    ///
    /// # Errors
    /// [`SimulationError::NotFound`] once the group is deleted, [`SimulationError::Validation`] for
    /// any other policy, metric or value.
    pub fn set_policy_target(
        &mut self,
        policy: &str,
        tracks: Tracked,
    ) -> Result<(), SimulationError> {
        const OPERATION: &str = "PutScalingPolicy";
        self.writable(OPERATION)?;
        if policy != POLICY_NAME || self.reactive.is_none() {
            return Err(self.invalid(OPERATION, format!("no target tracking called {policy}")));
        }
        let (Tracked::RequestsPerServer(value), Some(throughput)) = (tracks, self.throughput)
        else {
            return Err(self.invalid(OPERATION, format!("{policy} holds another metric")));
        };
        if !(value > 0.0 && value.is_finite()) {
            return Err(self.invalid(OPERATION, format!("a target value of {value}")));
        }
        self.set_utilization(value / throughput)
            .map_err(|error| self.invalid(OPERATION, error.to_string()))
    }

    /// The group as DescribeAutoScalingGroups shows it.
    ///
    /// # Errors
    /// [`SimulationError::NotFound`] once it is deleted.
    pub fn group(&self) -> Result<Group, SimulationError> {
        self.exists("DescribeAutoScalingGroups")?;
        Ok(Group {
            name: self.name.clone(),
            min_size: self.min_size,
            max_size: self.max_size,
            desired_capacity: self.desired_capacity,
            instances: self.servers.instances(),
            suspended_processes: self.suspended.iter().cloned().collect(),
            default_warmup: None,
            floors_only: self.schedule.is_scalable(),
            warm_pool: None,
            deleting: self.deleting,
        })
    }

    /// Everybody's scheduled actions that have still to run, by start.
    ///
    /// # Errors
    /// [`SimulationError::NotFound`] once the group is deleted.
    pub fn scheduled_actions(&self) -> Result<Vec<ScheduledAction>, SimulationError> {
        self.exists("DescribeScheduledActions")?;
        Ok(self.schedule.actions())
    }

    /// Its scaling policies.
    ///
    /// # Errors
    /// [`SimulationError::NotFound`] once the group is deleted.
    pub fn policies(&self) -> Result<Vec<Policy>, SimulationError> {
        self.exists("DescribePolicies")?;
        let own = self.reactive.as_ref().map(|tracker| Policy {
            name: POLICY_NAME.to_owned(),
            kind: PolicyKind::TargetTracking,
            enabled: true,
            scales_in: tracker.policy().scales_in,
            tracks: self
                .throughput
                .map(|one| Tracked::RequestsPerServer(one * tracker.policy().utilization)),
        });
        Ok(own
            .into_iter()
            .chain(self.other_policies.iter().cloned())
            .collect())
    }

    /// Launches and terminations that began at or after `since`, newest first, six weeks back.
    ///
    /// # Errors
    /// [`SimulationError::NotFound`] once the group is deleted.
    pub fn activities(&self, since: Timestamp) -> Result<Vec<Activity>, SimulationError> {
        self.exists("DescribeScalingActivities")?;
        Ok(self.servers.activities(since))
    }

    /// Creates or updates scheduled actions by name, one after the other. Returns those refused.
    ///
    /// # Errors
    /// [`SimulationError`] when the call as a whole is refused.
    pub fn put_scheduled_actions(
        &mut self,
        now: Timestamp,
        actions: &[ScheduledAction],
        origin: &Origin,
    ) -> Result<Vec<ItemFailure>, SimulationError> {
        const OPERATION: &str = "BatchPutScheduledUpdateGroupAction";
        self.writable(OPERATION)?;
        check_batch(actions.iter().map(|action| action.name.as_str()))
            .map_err(|detail| self.invalid(OPERATION, detail))?;
        let limits = (self.min_size, self.max_size);
        Ok(actions
            .iter()
            .filter_map(|action| self.schedule.put(now, action, limits, origin).err())
            .collect())
    }

    /// Deletes scheduled actions by name. Returns those refused, which are the ones that are not
    /// there ([`ACTION_NOT_FOUND`](crate::ACTION_NOT_FOUND)).
    ///
    /// # Errors
    /// [`SimulationError`] when the call as a whole is refused.
    pub fn delete_scheduled_actions(
        &mut self,
        names: &[String],
    ) -> Result<Vec<ItemFailure>, SimulationError> {
        const OPERATION: &str = "BatchDeleteScheduledAction";
        self.writable(OPERATION)?;
        check_batch(names.iter().map(String::as_str))
            .map_err(|detail| self.invalid(OPERATION, detail))?;
        Ok(names
            .iter()
            .filter_map(|name| self.schedule.delete(name).err())
            .collect())
    }

    /// Says why a scheduled action is there; the change log repeats it when it runs.
    pub fn explain(&mut self, name: &str, reason: &str) {
        self.schedule.explain(name, reason);
    }

    /// Sets sizes now.
    ///
    /// A MinSize above the desired capacity lifts it, a MaxSize below lowers it; a desired capacity
    /// outside the limits and a MinSize above MaxSize are refused.
    /// Source: UpdateAutoScalingGroup,
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html>.
    ///
    /// # Errors
    /// [`SimulationError`] when refused; nothing changed then.
    pub fn resize(
        &mut self,
        now: Timestamp,
        sizes: Sizes,
        origin: &Origin,
    ) -> Result<(), SimulationError> {
        const OPERATION: &str = "UpdateAutoScalingGroup";
        self.writable(OPERATION)?;
        let min = sizes.min_size.unwrap_or(self.min_size);
        let max = sizes.max_size.unwrap_or(self.max_size);
        if min > max {
            let detail = format!("Min size {min} must be less than or equal to max size {max}");
            return Err(self.invalid(OPERATION, detail));
        }
        if let Some(desired) = sizes.desired_capacity
            && !(min..=max).contains(&desired)
        {
            let detail = format!(
                "Desired capacity {desired} must be between min size {min} and max size {max}"
            );
            return Err(self.invalid(OPERATION, detail));
        }
        self.apply(now, sizes, origin);
        Ok(())
    }

    /// Each change of the group's sizes that took effect, in order.
    #[must_use]
    pub fn changes(&self) -> &[SizeChange] {
        &self.changes
    }

    /// What AWS does not document and was settled here.
    #[must_use]
    pub fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    /// Suspends a process (`ScheduledActions`, `Launch`, `Terminate`, `AlarmNotification`).
    /// Source: <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html>.
    pub fn suspend(&mut self, process: &str) {
        self.suspended.insert(process.to_owned());
    }

    /// Resumes a process. What was missed meanwhile is not made up for.
    pub fn resume(&mut self, process: &str) {
        self.suspended.remove(process);
    }

    /// Servers launched from now on are of `version` and take this long to boot.
    ///
    /// # Errors
    /// [`SimulationError::Value`].
    pub fn release(
        &mut self,
        version: Option<String>,
        boot: SignedDuration,
        boot_spread: f64,
    ) -> Result<(), SimulationError> {
        check_boot(boot, boot_spread)?;
        self.servers.release(version, boot, boot_spread);
        Ok(())
    }

    /// Takes away `count` servers behind the group's back, as a spot interruption does; the group
    /// replaces them from the next minute on.
    pub fn lose(&mut self, now: Timestamp, count: u32) {
        self.servers
            .terminate(count, now, "an instance was taken out of service");
    }

    /// Replaces which launches fail.
    pub fn set_launch_failures(&mut self, failures: LaunchFailures) {
        self.launch_failures = failures;
    }

    /// Adds a policy of somebody else's; it is listed and does nothing.
    pub fn add_policy(&mut self, policy: Policy) {
        self.other_policies.push(policy);
    }

    /// Begins the group's deletion: it can still be read, no longer written.
    pub fn begin_deleting(&mut self) {
        self.deleting = true;
    }

    /// Deletes the group with its servers.
    pub fn delete(&mut self, now: Timestamp) {
        self.deleting = true;
        self.deleted = true;
        let all = self.servers.in_service() + self.servers.booting();
        self.servers.terminate(all, now, "the group was deleted");
        (self.min_size, self.desired_capacity) = (0, 0);
    }

    /// Takes over sizes whose MinSize is not above MaxSize, and logs them if anything changed.
    pub(super) fn apply(&mut self, now: Timestamp, sizes: Sizes, origin: &Origin) {
        let before = (self.min_size, self.max_size, self.desired_capacity);
        self.min_size = sizes.min_size.unwrap_or(self.min_size);
        self.max_size = sizes.max_size.unwrap_or(self.max_size);
        self.desired_capacity = sizes
            .desired_capacity
            .unwrap_or(self.desired_capacity)
            .clamp(self.min_size, self.max_size);
        if before == (self.min_size, self.max_size, self.desired_capacity) {
            return;
        }
        self.cause = format!(
            "At {now} {} set the group's desired capacity from {} to {}: {}",
            origin.source, before.2, self.desired_capacity, origin.reason
        );
        let told = sizes.desired_capacity.is_some()
            || (self.desired_capacity != before.2 && self.desired_was_set_at(now));
        self.changes.push(SizeChange {
            decided_at: origin.decided_at,
            effective_at: now,
            source: origin.source,
            min_size: sizes.min_size,
            desired_capacity: told.then_some(self.desired_capacity),
            max_size: sizes.max_size,
            reason: origin.reason.clone(),
        });
    }

    /// Whether a row of the same moment already tells a desired capacity. One that limits then
    /// move has to be told anew: whoever puts the rows of a minute together would otherwise take
    /// the older value for the last word.
    fn desired_was_set_at(&self, now: Timestamp) -> bool {
        let same = self
            .changes
            .iter()
            .rev()
            .take_while(|row| row.effective_at == now);
        same.filter(|row| row.source != Source::Reactive)
            .any(|row| row.desired_capacity.is_some())
    }

    fn exists(&self, operation: &'static str) -> Result<(), SimulationError> {
        if self.deleted {
            return Err(SimulationError::NotFound {
                operation,
                group: self.name.clone(),
            });
        }
        Ok(())
    }

    fn writable(&self, operation: &'static str) -> Result<(), SimulationError> {
        self.exists(operation)?;
        if self.deleting {
            return Err(self.invalid(operation, "the group is pending delete".to_owned()));
        }
        Ok(())
    }

    fn invalid(&self, operation: &'static str, detail: String) -> SimulationError {
        SimulationError::Validation {
            operation,
            group: self.name.clone(),
            detail,
        }
    }
}
