//! A group whose instances are not alike, over the planner's hours.
use crate::common::{ACTIVE, GROUP, Stage, at, config, forecast, mins, series};
use crate::measured::{MEASURED, a_day_later, busy, most};
use control::World;
use documents::{Measurements, SpentHours, keys};
use fleet::{Activity, Group, ItemFailure, Policy, ScheduledAction, Sizes, Tracked};
use jiff::Timestamp;

use local::SimulatedGroupPort;
use pollster::block_on;
use ports::{GroupReader, GroupWriter, MetricName, PortError};

/// The same group with other instances.
struct Other(SimulatedGroupPort, fn(&mut Group));

/// Half as many instances that count twice.
fn weighted(group: &mut Group) {
    group.instances.truncate(group.instances.len() / 2);
    for instance in &mut group.instances {
        instance.weight = 2;
    }
}

/// Every other instance is of another type.
fn mixed(group: &mut Group) {
    for (index, instance) in group.instances.iter_mut().enumerate() {
        let name = ["m5.large", "c5.large"][index % 2];
        instance.instance_type = Some(name.to_owned());
    }
}

impl GroupReader for Other {
    async fn group(&self, name: &str) -> Result<Group, PortError> {
        let mut group = self.0.group(name).await?;
        (self.1)(&mut group);
        Ok(group)
    }

    async fn scheduled_actions(&self, group: &str) -> Result<Vec<ScheduledAction>, PortError> {
        self.0.scheduled_actions(group).await
    }

    async fn policies(&self, group: &str) -> Result<Vec<Policy>, PortError> {
        self.0.policies(group).await
    }

    async fn activities(&self, group: &str, since: Timestamp) -> Result<Vec<Activity>, PortError> {
        self.0.activities(group, since).await
    }
}

impl GroupWriter for Other {
    async fn put_scheduled_actions(
        &self,
        group: &str,
        actions: &[ScheduledAction],
    ) -> Result<Vec<ItemFailure>, PortError> {
        self.0.put_scheduled_actions(group, actions).await
    }

    async fn delete_scheduled_actions(
        &self,
        group: &str,
        names: &[String],
    ) -> Result<Vec<ItemFailure>, PortError> {
        self.0.delete_scheduled_actions(group, names).await
    }

    async fn resize(&self, group: &str, sizes: Sizes) -> Result<(), PortError> {
        self.0.resize(group, sizes).await
    }

    async fn set_policy_target(
        &self,
        group: &str,
        policy: &str,
        tracks: Tracked,
    ) -> Result<(), PortError> {
        self.0.set_policy_target(group, policy, tracks).await
    }

    async fn start_instance_refresh(&self, group: &str) -> Result<(), PortError> {
        self.0.start_instance_refresh(group).await
    }
}

/// What the planner says of the group as `change` has it.
fn planned(stage: &Stage, change: fn(&mut Group)) -> String {
    let world = World {
        store: &stage.store,
        metrics: &stage.metrics,
        groups: &Other(stage.groups.clone(), change),
        notifier: &stage.notifier,
        clock: &stage.clock,
    };
    let answer = block_on(planner::handle(planner::Request::default(), &world)).unwrap();
    assert_eq!(answer.targets.len(), 1);
    answer.targets[0].notes.join("; ")
}

/// What the budget's day is known to have spent after a run at 08:40 and one at 09:40, with what the first said.
fn spent(weights: bool) -> (SpentHours, SpentHours, String) {
    let now = at("2026-11-20T08:40:00Z");
    let budget = "control = { budget = { server_hours = 300 } }";
    let demand = series(now - mins(8 * 60), 36 * 60, |_| 5500.0);
    let mut stage = Stage::new(now, &config(&format!("{ACTIVE}\n{budget}")), demand, true);
    let name = MetricName {
        namespace: "AWS/AutoScaling".to_owned(),
        name: "GroupInServiceInstances".to_owned(),
        dimensions: [("AutoScalingGroupName".to_owned(), GROUP.to_owned())].into(),
    };
    // Instances, as the metric counts them.
    let ran = series(at("2026-11-20T00:00:00Z"), 12 * 60, |_| 3.0);
    stage.metrics = stage.metrics.with(name, ran);
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| 6000.0));
    let run = || {
        if weights {
            planned(&stage, weighted)
        } else {
            stage.planner().text
        }
    };
    let known = || {
        stage
            .get::<Measurements>(&keys::measurements("web"))
            .unwrap()
            .spent
            .unwrap()
    };
    let said = run();
    let first = known();
    stage.pass(mins(60), 5500.0);
    run();
    (first, known(), said)
}

#[test]
fn a_budget_counts_units_of_capacity_not_instances() {
    let (first, second, said) = spent(true);
    assert!(said.contains("their metric counts instances"), "{said}");
    assert!(
        (first.unknown_hours - 8.0 - 2.0 / 3.0).abs() < 1e-9,
        "{first:?}"
    );
    // Three instances of two units each, for an hour.
    assert_eq!(first.servers, 6);
    assert!(
        (second.server_hours - first.server_hours - 6.0).abs() < 0.1,
        "{second:?}"
    );
    let (first, _, said) = spent(false);
    assert!(!said.contains("their metric counts instances"), "{said}");
    assert!(first.unknown_hours < 1.0, "{first:?}");
    assert!(
        (first.server_hours - 3.0 * (8.0 + 2.0 / 3.0)).abs() < 3.0,
        "{first:?}"
    );
}

#[test]
fn types_that_cannot_be_told_apart_let_no_throughput_rise() {
    let later = |change: fn(&mut Group)| {
        let mut stage = busy(MEASURED, |load| 5.0 + load / 12.0);
        let said = a_day_later(&mut stage, |stage| planned(stage, change), |_| ());
        (most(&stage), said)
    };
    let (alike, said) = later(|_| ());
    assert!(said.contains("throughput of 1320/min"), "{said}");
    assert_eq!(alike, 5, "{said}");
    let (apart, said) = later(mixed);
    let why = "what each instance type carries cannot be seen now";
    assert!(said.contains(why), "{said}");
    assert!(apart >= 10, "{said}");
}
