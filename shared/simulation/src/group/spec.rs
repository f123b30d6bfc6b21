use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::{SimulationError, TargetTracking};

/// What a simulated group starts from.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupSpec {
    /// Its name, 1 to 255 characters.
    pub name: String,
    /// MinSize.
    pub min_size: u32,
    /// MaxSize, at least `min_size`.
    pub max_size: u32,
    /// DesiredCapacity, within both; all of it in service from the start.
    pub desired_capacity: u32,
    /// Median time from launch to in service, above 0 and at most a day. A boot takes whole
    /// minutes, rounded up.
    pub boot: SignedDuration,
    /// Standard deviation of the logarithm of the boot time, 0 to 2; 0 makes every boot alike. No
    /// boot takes more than ten medians.
    pub boot_spread: f64,
    /// Whether scheduled actions run 0, 1 or 2 minutes late, drawn from the seed, or on time.
    pub late_schedule: bool,
    /// The group's own target tracking.
    pub reactive: Option<TargetTracking>,
    /// Which launches fail. A failed launch is tried again the next minute.
    pub launch_failures: LaunchFailures,
    /// Launch template version that servers report.
    pub template_version: Option<String>,
    /// Seed of all randomness.
    pub seed: u64,
}

/// Which launches fail.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LaunchFailures {
    /// Share of launches that fail at random, 0 to 1.
    pub share: f64,
    /// Minutes in which every launch fails.
    pub minutes: BTreeSet<Timestamp>,
}

impl GroupSpec {
    /// A group with exact boots and a punctual schedule, without policy or failures, seed 1.
    pub fn new(name: impl Into<String>, min_size: u32, desired: u32, max_size: u32) -> Self {
        Self {
            name: name.into(),
            min_size,
            max_size,
            desired_capacity: desired,
            boot: SignedDuration::from_mins(5),
            boot_spread: 0.0,
            late_schedule: false,
            reactive: None,
            launch_failures: LaunchFailures::default(),
            template_version: None,
            seed: 1,
        }
    }

    pub(super) fn check(&self) -> Result<(), SimulationError> {
        if self.name.is_empty() || self.name.len() > 255 {
            return wrong("name", &self.name, "1 to 255 characters");
        }
        if self.min_size > self.max_size {
            return wrong("min_size", self.min_size, "at most max_size");
        }
        if !(self.min_size..=self.max_size).contains(&self.desired_capacity) {
            return wrong(
                "desired_capacity",
                self.desired_capacity,
                "min_size to max_size",
            );
        }
        check_boot(self.boot, self.boot_spread)?;
        if !(0.0..=1.0).contains(&self.launch_failures.share) {
            return wrong(
                "launch_failures.share",
                self.launch_failures.share,
                "0 to 1",
            );
        }
        match self.reactive {
            Some(policy) if !(policy.utilization > 0.0 && policy.utilization <= 2.0) => wrong(
                "reactive.utilization",
                policy.utilization,
                "above 0, at most 2",
            ),
            _ => Ok(()),
        }
    }
}

pub(super) fn check_boot(boot: SignedDuration, spread: f64) -> Result<(), SimulationError> {
    if boot <= SignedDuration::ZERO || boot > SignedDuration::from_hours(24) {
        return wrong("boot", boot, "above 0, at most 24 hours");
    }
    if !(0.0..=2.0).contains(&spread) {
        return wrong("boot_spread", spread, "0 to 2");
    }
    Ok(())
}

fn wrong<T: std::fmt::Display>(
    field: &'static str,
    value: T,
    allowed: &'static str,
) -> Result<(), SimulationError> {
    Err(SimulationError::Value {
        field,
        value: value.to_string(),
        allowed,
    })
}
