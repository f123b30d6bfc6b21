//! What the planner measures of a group's servers, remembers and plans by.
use crate::common::{ACTIVE, GROUP, Stage, at, config, forecast, mins, series};
use documents::{Measurements, keys};
use local::Fault;
use ports::MetricName;

/// The usual scene with a measured lead time, and servers of version 41 that boot in 3 minutes.
fn stage(lead_time: &str) -> Stage {
    let stage = Stage::flat(ACTIVE);
    let text = config(ACTIVE).replace("lead_time = \"5m\"", lead_time);
    stage.put_text(keys::CONFIG, &text);
    release(&stage, "41", 3);
    stage
}

fn release(stage: &Stage, version: &str, boot: i64) {
    let version = Some(version.to_owned());
    stage
        .groups
        .with(GROUP, |group| group.release(version, mins(boot), 0.0))
        .unwrap()
        .unwrap();
}

/// So many servers lost and replaced.
fn replaced(stage: &Stage, count: u32) {
    let now = stage.now();
    stage.groups.with(GROUP, |group| group.lose(now, count));
    stage.pass(mins(15), 5500.0);
}

#[test]
fn a_release_with_longer_boots_is_planned_by_at_once() {
    let stage = stage("lead_time = { initial = \"5m\" }");
    replaced(&stage, 6);
    let text = stage.planner().text;
    assert!(
        text.contains("lead time of 3m measured on") && text.contains("launches of version 41"),
        "{text}"
    );
    assert!(text.contains("no default warm-up"), "{text}");
    let known: Measurements = stage.get(&keys::measurements("web")).unwrap();
    assert!(known.versions.len() >= 6, "{known:?}");
    release(&stage, "42", 11);
    // All of version 41 go, so that only what is remembered tells the two apart.
    replaced(&stage, 6);
    let text = stage.planner().text;
    assert!(
        text.contains("lead time of 11m measured on") && text.contains("launches of version 42"),
        "{text}"
    );
    let told = "boots went from 3 to 11 minutes with version 42";
    assert!(text.contains(told), "{text}");
    let notes = stage.plan().notes;
    assert!(notes.iter().any(|note| note == told), "{notes:?}");
}

#[test]
fn a_typed_in_lead_time_is_honoured_and_compared() {
    let stage = stage("lead_time = \"5m\"");
    replaced(&stage, 6);
    assert!(!stage.planner().text.contains("lead time"));
    release(&stage, "42", 11);
    replaced(&stage, 1);
    let text = stage.planner().text;
    assert!(
        text.contains("lead time of 5m as configured is shorter than what is seen"),
        "{text}"
    );
    assert!(
        text.contains("boots went from 3 to 11 minutes with version 42"),
        "{text}"
    );
}

/// A week of a daily wave on a group of 8 servers of which each request takes CPU, with a forecast
/// of 6,000 a minute.
pub(crate) fn busy(throughput: &str, cpu: impl Fn(f64) -> f64) -> Stage {
    let now = at("2026-11-20T08:40:00Z");
    let start = now - mins(7 * 24 * 60);
    let minutes = 8 * 24 * 60;
    let demand = |minute: usize| {
        let day = minute as f64 / 1440.0 * std::f64::consts::TAU;
        4000.0 - 2500.0 * day.cos() + ((minute * 7919) % 101) as f64
    };
    let text = config(ACTIVE).replace("throughput = 1000", throughput);
    let mut stage = Stage::new(now, &text, series(start, minutes, demand), true);
    let own = |namespace: &str, name: &str| MetricName {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: [("AutoScalingGroupName".to_owned(), GROUP.to_owned())].into(),
    };
    stage.metrics = stage
        .metrics
        .with(
            own("AWS/EC2", "CPUUtilization"),
            series(start, minutes, |minute| cpu(demand(minute) / 8.0)),
        )
        .with(
            own("AWS/AutoScaling", "GroupInServiceInstances"),
            series(start, minutes, |_| 8.0),
        );
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| 6000.0));
    stage
}

#[test]
fn throughput_is_measured_planned_by_and_remembered_for_a_day() {
    // 60 % of CPU at 660 a minute: 6,000 a minute need ten servers.
    let stage = busy("throughput = { utilization = 60, initial = 100 }", |load| {
        5.0 + load / 12.0
    });
    let text = stage.planner().text;
    assert!(text.contains("throughput of 660/min a server"), "{text}");
    assert!(text.contains("CPU reaches 60 % first"), "{text}");
    let notes = stage.plan().notes;
    assert!(
        notes.iter().any(|note| note.contains("660/min a server")),
        "{notes:?}"
    );
    let floors: Vec<u32> = stage.plan().floors.iter().map(|f| f.servers).collect();
    assert!(floors.contains(&10), "{floors:?}");
    let reads = stage.faults.count("read");
    let known: Measurements = stage.get(&keys::measurements("web")).unwrap();
    assert!((known.throughput.unwrap().per_server.unwrap() / 660.0 - 1.0).abs() < 0.01);
    stage.pass(mins(60), 5500.0);
    assert!(stage.planner().text.contains("throughput of 660/min"));
    let second = stage.faults.count("read") - reads;
    assert!(second < reads, "{second} reads after {reads}");
    // The responder goes by the same value and does not read a week for it.
    let text = stage.run(crate::common::Function::Responder).text;
    assert!(text.contains("throughput of 660/min"), "{text}");
}

#[test]
fn a_typed_in_throughput_is_honoured_and_compared() {
    // CPU is full at 570 a minute.
    let used = |load: f64| (5.0 + load / 6.0).min(100.0);
    let stage = busy("throughput = 1000", used);
    let text = stage.planner().text;
    assert!(
        text.contains("throughput of 1000/min as configured is more than is seen"),
        "{text}"
    );
    let floors: Vec<u32> = stage.plan().floors.iter().map(|f| f.servers).collect();
    assert!(floors.contains(&6), "{floors:?}");
    let stage = busy("throughput = 500", used);
    let text = stage.planner().text;
    assert!(!text.contains("as configured"), "{text}");
    let stage = busy("throughput = { value = 1000, utilization = 60 }", used);
    let text = stage.planner().text;
    assert!(
        text.contains("is more than is seen: CPU reaches 60 %"),
        "{text}"
    );
}

#[test]
fn too_little_to_learn_from_is_said() {
    let stage = busy("throughput = { initial = 750 }", |_| 30.0);
    let text = stage.planner().text;
    assert!(
        text.contains("throughput of 750/min as configured"),
        "{text}"
    );
    assert!(text.contains("CPU does not reach 60 %"), "{text}");
}

/// What was measured is not given up for the configured value, which here would take five servers of
/// ten away, because metrics cannot be read or a week was too even to tell.
#[test]
fn what_was_measured_stays_when_nothing_can_be_measured() {
    let stage = busy(
        "throughput = { utilization = 60, initial = 1200 }",
        |load| 5.0 + load / 12.0,
    );
    assert!(stage.planner().text.contains("throughput of 660/min"));
    for hour in 1..28 {
        if hour == 2 {
            let _ = (stage.faults.clone()).every_about(
                "read",
                "AWS/EC2 CPUUtilization",
                Fault::UnansweredBefore,
            );
        }
        stage.pass(mins(60), 5500.0);
        let ended = stage.planner();
        assert!(
            !ended.text.contains("as configured"),
            "{hour}: {}",
            ended.text
        );
    }
    let text = stage.planner().text;
    assert!(
        text.contains("660/min a server as measured at 2026-11-20T08:4"),
        "{text}"
    );
    assert!(stage.plan().floors.iter().any(|floor| floor.servers == 10));
}

#[test]
fn a_measured_lead_time_stays_when_launches_cannot_be_read() {
    let stage = stage("lead_time = { initial = \"5m\" }");
    release(&stage, "42", 11);
    replaced(&stage, 6);
    assert!(
        stage
            .planner()
            .text
            .contains("lead time of 11m measured on")
    );
    let _ = stage
        .faults
        .clone()
        .every("activities", Fault::UnansweredBefore);
    let text = stage.planner().text;
    assert!(
        text.contains("lead time of 11.0 min as measured at"),
        "{text}"
    );
    stage.faults.heal();
}

/// A day after `busy` was first planned, with servers that seem to carry twice as much.
/// What `plan` says of it, after `others` has changed more.
pub(crate) fn a_day_later(
    stage: &mut Stage,
    plan: impl Fn(&Stage) -> String,
    others: impl Fn(&mut Stage),
) -> String {
    let said = plan(stage);
    assert!(said.contains("throughput of 660/min"), "{said}");
    let start = at("2026-11-20T08:40:00Z") - mins(7 * 24 * 60);
    let cpu = MetricName {
        namespace: "AWS/EC2".to_owned(),
        name: "CPUUtilization".to_owned(),
        dimensions: [("AutoScalingGroupName".to_owned(), GROUP.to_owned())].into(),
    };
    let half = series(start, 9 * 24 * 60, |minute| {
        let day = minute as f64 / 1440.0 * std::f64::consts::TAU;
        5.0 + (4000.0 - 2500.0 * day.cos() + ((minute * 7919) % 101) as f64) / 8.0 / 24.0
    });
    stage.metrics = stage.metrics.clone().with(cpu, half);
    others(stage);
    stage.pass(mins(25 * 60), 5500.0);
    stage.put_forecast(&forecast(at("2026-11-21T00:00:00Z"), |_| 6000.0));
    plan(stage)
}

fn planned(stage: &Stage) -> String {
    stage.planner().text
}

pub(crate) fn most(stage: &Stage) -> u32 {
    let floors = stage.plan().floors;
    floors.iter().map(|floor| floor.servers).max().unwrap()
}

pub(crate) const MEASURED: &str = "throughput = { utilization = 60, initial = 100 }";

#[test]
fn servers_that_carry_more_than_they_did_are_fewer() {
    let mut stage = busy(MEASURED, |load| 5.0 + load / 12.0);
    let text = a_day_later(&mut stage, planned, |_| ());
    assert!(text.contains("throughput of 1320/min"), "{text}");
    assert_eq!(most(&stage), 5, "{text}");
}

#[test]
fn while_the_guard_is_bad_nothing_is_planned_by_a_higher_throughput() {
    let guard = "control = { canary_guard = { label = \"connections\", full = 80, namespace = \"Shop\", name = \"Connections\" } }\n";
    let name = MetricName {
        namespace: "Shop".to_owned(),
        name: "Connections".to_owned(),
        dimensions: [].into(),
    };
    let start = at("2026-11-13T08:40:00Z");
    // Bad, and gone.
    for later in [104.0, f64::NAN] {
        let mut stage = busy(&format!("{MEASURED}\n{guard}"), |load| 5.0 + load / 12.0);
        let well = series(start, 9 * 24 * 60, |_| 40.0);
        stage.metrics = stage.metrics.clone().with(name.clone(), well);
        let text = a_day_later(&mut stage, planned, |stage| {
            let values = series(start, 9 * 24 * 60, |_| later);
            stage.metrics = stage.metrics.clone().with(name.clone(), values);
        });
        let kept = "throughput stays at 660/min a server, although 1320/min is measured now";
        assert!(text.contains(kept), "{text}");
        assert!(most(&stage) >= 10, "{text}");
        let known: Measurements = stage.get(&keys::measurements("web")).unwrap();
        assert!((known.throughput.unwrap().per_server.unwrap() / 660.0 - 1.0).abs() < 0.01);
        // Well again, it is measured and believed.
        let values = series(start, 9 * 24 * 60, |_| 40.0);
        stage.metrics = stage.metrics.clone().with(name.clone(), values);
        stage.pass(mins(60), 5500.0);
        let text = stage.planner().text;
        assert!(text.contains("throughput of 1320/min"), "{text}");
    }
}

#[test]
fn what_bound_and_is_not_seen_any_more_goes_on_binding() {
    // Memory is full at 660 a minute, CPU at 1,320.
    let memory = MetricName {
        namespace: "CWAgent".to_owned(),
        name: "mem_used_percent".to_owned(),
        dimensions: [("AutoScalingGroupName".to_owned(), GROUP.to_owned())].into(),
    };
    let bound = format!(
        "throughput = {{ utilization = 60, initial = 100, memory = {{ limit = 80, namespace = \"CWAgent\", name = \"mem_used_percent\", dimensions = {{ AutoScalingGroupName = \"{GROUP}\" }} }} }}"
    );
    let start = at("2026-11-13T08:40:00Z");
    let used = |minute: usize| {
        let day = minute as f64 / 1440.0 * std::f64::consts::TAU;
        14.0 + (4000.0 - 2500.0 * day.cos() + ((minute * 7919) % 101) as f64) / 8.0 / 10.0
    };
    let mut stage = busy(&bound, |load| 5.0 + load / 24.0);
    let full = series(start, 9 * 24 * 60, used);
    stage.metrics = stage.metrics.clone().with(memory.clone(), full);
    let text = a_day_later(&mut stage, planned, |stage| {
        let gone = series(start, 9 * 24 * 60, |_| f64::NAN);
        stage.metrics = stage.metrics.clone().with(memory.clone(), gone);
    });
    assert!(
        text.contains("not 1320/min: memory cannot be seen now"),
        "{text}"
    );
    assert!(most(&stage) >= 10, "{text}");
}
