use std::collections::BTreeSet;

use fleet::{Activity, Group, ItemFailure, Policy, PolicyKind, ScheduledAction, Sizes};
use jiff::{SignedDuration, Timestamp};

use super::changes::{Anomaly, MinuteRecord, Origin, SizeChange, Source};
use super::reactive::Tracker;
use super::required_servers;
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
    min_size: u32,
    max_size: u32,
    desired_capacity: u32,
    schedule: Schedule,
    servers: Servers,
    reactive: Option<Tracker>,
    other_policies: Vec<Policy>,
    suspended: BTreeSet<String>,
    launch_failures: LaunchFailures,
    /// Seed of the schedule's lateness, where it may be late.
    late: Option<u64>,
    deleting: bool,
    deleted: bool,
    cause: String,
    changes: Vec<SizeChange>,
    anomalies: Vec<Anomaly>,
}

impl SimulatedGroup {
    /// A group with its desired capacity in service since `now`.
    ///
    /// # Errors
    /// [`SimulationError::Value`] when the spec contradicts itself.
    pub fn new(spec: GroupSpec, now: Timestamp) -> Result<Self, SimulationError> {
        spec.check()?;
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
            schedule: Schedule::default(),
            reactive: spec.reactive.map(Tracker::new),
            other_policies: Vec::new(),
            suspended: BTreeSet::new(),
            launch_failures: spec.launch_failures,
            late: spec.late_schedule.then_some(spec.seed),
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
    /// Source: botocore's service model, UpdateAutoScalingGroup.
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

    /// Runs one minute: boots finish, due actions run, the reactive policy decides, the group
    /// follows its desired capacity, demand is served. `demand` is in requests per minute, NaN
    /// where unknown; `throughput` is what one server carries.
    ///
    /// Minutes are to come in order; a deleted group has no servers.
    pub fn advance(&mut self, minute: Timestamp, demand: f64, throughput: f64) -> MinuteRecord {
        if !self.deleted {
            self.servers.finish_boots(minute);
            self.run_schedule(minute);
            self.react(minute, throughput);
            self.reconcile(minute);
            self.servers.forget(minute);
        }
        let in_service = self.servers.in_service();
        if let Some(tracker) = &mut self.reactive {
            tracker.observe(minute, demand, in_service);
        }
        // `max` takes 0 where demand is NaN.
        let lost = (demand - f64::from(in_service) * throughput).max(0.0);
        MinuteRecord {
            at: minute,
            demand,
            required: required_servers(demand, throughput),
            min_size: self.min_size,
            max_size: self.max_size,
            desired_capacity: self.desired_capacity,
            in_service,
            booting: self.servers.booting(),
            lost: if lost > 1e-9 { lost } else { 0.0 },
        }
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
    /// Source: Auto Scaling user guide, suspend and resume processes.
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

    fn run_schedule(&mut self, now: Timestamp) {
        while let Some(due) = self.schedule.take_due(now, self.late) {
            // Suspended: due actions are skipped and not made up for. Source: user guide.
            if self.suspended.contains("ScheduledActions") {
                continue;
            }
            let mut sizes = due.sizes;
            let max = sizes.max_size.unwrap_or(self.max_size);
            let min = sizes.min_size.unwrap_or(self.min_size);
            if min > max {
                // What AWS does then is not documented. An action that only lowers MaxSize stops
                // at MinSize; otherwise MinSize stops at MaxSize.
                if sizes.min_size.is_none() {
                    sizes.max_size = Some(min);
                } else {
                    sizes.min_size = Some(max);
                }
                self.anomalies.push(Anomaly {
                    at: now,
                    action: due.name,
                    detail: format!("MinSize {min} above MaxSize {max} was clamped"),
                });
            }
            self.apply(now, sizes, &due.origin);
        }
    }

    fn react(&mut self, now: Timestamp, throughput: f64) {
        let (desired, booting) = (self.desired_capacity, self.servers.booting());
        let Some(tracker) = &mut self.reactive else {
            return;
        };
        let want = tracker.decide(now, throughput, desired, booting);
        if self.suspended.contains("AlarmNotification") {
            return;
        }
        if let Some(want) = want {
            let within = want.clamp(self.min_size, self.max_size);
            let sizes = Sizes {
                desired_capacity: Some(within),
                ..Sizes::default()
            };
            let reason = format!("target tracking asks for {want}, {desired} were desired");
            self.apply(now, sizes, &Origin::new(now, Source::Reactive, reason));
        }
    }

    /// Launches or terminates towards the desired capacity.
    fn reconcile(&mut self, now: Timestamp) {
        let have = self.servers.in_service() + self.servers.booting();
        let (missing, spare) = (
            self.desired_capacity.saturating_sub(have),
            have.saturating_sub(self.desired_capacity),
        );
        if missing > 0 && !self.suspended.contains("Launch") {
            self.servers
                .launch(missing, now, &self.cause, &self.launch_failures);
        }
        if spare > 0 && !self.suspended.contains("Terminate") {
            self.servers.terminate(spare, now, &self.cause);
        }
    }

    /// Takes over sizes whose MinSize is not above MaxSize, and logs them if anything changed.
    fn apply(&mut self, now: Timestamp, sizes: Sizes, origin: &Origin) {
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
        self.changes.push(SizeChange {
            decided_at: origin.decided_at,
            effective_at: now,
            source: origin.source,
            min_size: sizes.min_size,
            desired_capacity: sizes.desired_capacity.map(|_| self.desired_capacity),
            max_size: sizes.max_size,
            reason: origin.reason.clone(),
        });
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
