//! What else acts on a group: seen, respected and said.
use crate::common::{ACTIVE, GROUP, Stage, at, config, mins, series};
use documents::{TunedFor, keys};
use fleet::{Policy, PolicyKind, ScheduledAction, Sizes, Tracked};
use jiff::Timestamp;
use ports::GroupReader;
use simulation::{Origin, Source};

fn foreign(name: &str, start: Timestamp, min_size: u32) -> ScheduledAction {
    ScheduledAction {
        name: name.to_owned(),
        start: Some(start),
        end: None,
        recurrence: None,
        min_size: Some(min_size),
        max_size: None,
        desired_capacity: None,
    }
}

fn put(stage: &Stage, action: ScheduledAction) {
    let now = stage.now();
    let origin = Origin::new(now, Source::Foreign, "theirs");
    let put = |group: &mut simulation::SimulatedGroup| {
        group.put_scheduled_actions(now, &[action], &origin)
    };
    assert!(stage.groups.with(GROUP, put).unwrap().unwrap().is_empty());
}

/// Plans, and gives back what was said.
fn said(stage: &Stage) -> String {
    let ended = stage.planner();
    assert!(!ended.failed, "{}", ended.text);
    ended.text
}

#[test]
fn others_scheduled_actions_stay_and_are_named() {
    let stage = Stage::flat(ACTIVE);
    let (lunch, night) = (at("2026-11-20T12:00:00Z"), at("2026-11-20T22:00:00Z"));
    put(&stage, foreign("people-lunch", lunch, 9));
    put(&stage, foreign("IS-office-stop", night, 0));
    let text = said(&stage);
    assert!(text.contains("a scheduled action of others run"), "{text}");
    assert!(
        text.contains("people-lunch at 2026-11-20T12:00:00Z with MinSize 9"),
        "{text}"
    );
    assert!(
        text.contains("Instance Scheduler") && text.contains("IS-office-stop"),
        "{text}"
    );
    let names: Vec<String> = stage.actions().into_iter().map(|a| a.name).collect();
    assert!(
        names.contains(&"people-lunch".to_owned()) && names.contains(&"IS-office-stop".to_owned())
    );
    // What theirs sets is a person's floor from then on.
    stage.pass(lunch.duration_since(stage.now()) + mins(4), 5500.0);
    assert_eq!(stage.group().min_size, 9);
    said(&stage);
    assert_eq!(stage.plan().human_floor, Some(9));
    assert_eq!(stage.group().min_size, 9);
}

#[test]
fn suspended_processes_are_explained_and_never_resumed() {
    for (process, word) in [
        ("ScheduledActions", "no planned floor comes by itself"),
        ("Launch", "no server comes"),
        ("Terminate", "no server goes"),
        ("AlarmNotification", "no policy of the group reacts"),
    ] {
        let stage = Stage::flat(ACTIVE);
        stage
            .groups
            .with(GROUP, |group| group.suspend(process))
            .unwrap();
        let text = said(&stage);
        assert!(text.contains(process) && text.contains(word), "{text}");
        assert!(stage.group().suspends(process));
        assert_eq!(
            stage.group().min_size,
            6,
            "what is due now is set all the same"
        );
    }
}

#[test]
fn predictive_scaling_is_named() {
    let stage = Stage::flat(ACTIVE);
    let policy = Policy {
        name: "aws-forecast".to_owned(),
        kind: PolicyKind::Predictive,
        enabled: true,
        scales_in: false,
        tracks: None,
    };
    stage
        .groups
        .with(GROUP, |group| group.add_policy(policy))
        .unwrap();
    let text = said(&stage);
    assert!(
        text.contains("predictive scaling \"aws-forecast\""),
        "{text}"
    );
}

#[test]
fn a_changed_maxsize_is_kept_to_and_told() {
    let stage = Stage::flat(ACTIVE);
    assert!(!said(&stage).contains("MaxSize was changed"));
    stage.by_hand(Sizes {
        max_size: Some(5),
        desired_capacity: Some(5),
        min_size: Some(3),
    });
    let text = said(&stage);
    assert!(text.contains("MaxSize was changed from 40 to 5"), "{text}");
    assert_eq!(stage.group().min_size, 5);
}

#[test]
fn a_group_that_goes_is_left_alone() {
    let stage = Stage::flat(ACTIVE);
    said(&stage);
    stage
        .groups
        .with(GROUP, |group| group.begin_deleting())
        .unwrap();
    let before = stage.group_writes();
    let ended = stage.planner();
    assert!(
        ended.failed && ended.text.contains("delet"),
        "{}",
        ended.text
    );
    assert_eq!(stage.group_writes(), before);
}

/// A tuning that says: 950 a server instead of the 800 that the policy holds.
fn tuned(stage: &Stage) {
    let forecast = keys::forecast("web", at("2026-11-20T00:00:00Z"));
    let mut tuning = crate::common::tuning(TunedFor {
        forecast,
        throughput: 1000.0,
        lead_seconds: 300,
        risk: 0.001,
        every_seconds: 3600,
        utilization: Some(0.8),
        exact: false,
    });
    tuning.notes = vec!["it fights the plan".to_owned()];
    stage.put(&keys::tuning("web"), tuning);
}

fn held(stage: &Stage) -> Option<Tracked> {
    pollster::block_on(stage.groups.policies(GROUP)).unwrap()[0].tracks
}

#[test]
fn a_policy_is_set_where_it_is_managed_and_given_back() {
    let scene = |control: &str| {
        let now = at("2026-11-20T08:40:00Z");
        let demand = series(now - mins(8 * 60), 36 * 60, |_| 5500.0);
        let stage = Stage::new(now, &config(control), demand, true);
        stage.put_forecast(&crate::common::forecast(at("2026-11-20T00:00:00Z"), |_| {
            6000.0
        }));
        stage.pass(mins(1), 5500.0);
        tuned(&stage);
        stage
    };
    // Not in shadow, nor unless it was asked for.
    for control in [
        "mode = \"shadow\"\ncontrol = { manage_policy = true }",
        ACTIVE,
    ] {
        let stage = scene(control);
        said(&stage);
        assert_eq!(
            held(&stage),
            Some(Tracked::RequestsPerServer(800.0)),
            "{control}"
        );
    }
    let managed = "mode = \"active\"\ncontrol = { manage_policy = true }";
    let stage = scene(managed);
    let text = said(&stage);
    assert!(text.contains("is set from 800 to 950"), "{text}");
    assert_eq!(held(&stage), Some(Tracked::RequestsPerServer(950.0)));
    assert_eq!(stage.plan().policy.unwrap().former, 800.0);
    // The responder keeps what is known of it.
    assert!(!stage.responder(&crate::common::alarm(stage.now())).failed);
    assert_eq!(stage.plan().policy.unwrap().former, 800.0);
    // Switched off: it gets its former value back.
    stage.put_text(keys::CONFIG, &config(ACTIVE));
    let text = said(&stage);
    assert!(text.contains("gets its former value of 800 back"), "{text}");
    assert_eq!(held(&stage), Some(Tracked::RequestsPerServer(800.0)));
    said(&stage);
    assert_eq!(stage.plan().policy, None);
}
