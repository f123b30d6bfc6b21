//! Giving a group back: whole, safe wherever it stops, and for good.
use crate::common::{ACTIVE, GROUP, Stage, alarm, at, config, forecast, mins, series};
use control::{
    ControlError, HandBack, HandedBack, World, acquire, adopt_again, hand_back, rehearse_hand_back,
    release,
};
use documents::{Baseline, ManagedPolicy, Plan, Released, keys};
use fleet::{ScheduledAction, Sizes, Tracked};
use local::{Fault, Faults};
use pollster::block_on;
use ports::GroupReader;
use simulation::{Origin, Source};

/// A group of MinSize 3 that the planner has adopted: floors of 6, and our actions.
fn adopted() -> Stage {
    let stage = Stage::flat(ACTIVE);
    assert!(!stage.planner().failed);
    stage.pass(mins(2), 5500.0);
    assert_eq!(stage.group().min_size, 6);
    assert!(!stage.actions().is_empty());
    stage
}

fn target() -> config::Target {
    let text = crate::common::config(ACTIVE);
    config::Config::parse("t", &text).unwrap().targets.remove(0)
}

/// Tries to release, with whatever faults the stage has.
fn tried(stage: &Stage, demand: Option<f64>) -> Result<HandedBack, ControlError> {
    let store = stage.faults.wrap(stage.store.clone());
    let groups = stage.faults.wrap(stage.groups.clone());
    let world = World {
        store: &store,
        metrics: &stage.metrics,
        groups: &groups,
        notifier: &stage.notifier,
        clock: &stage.clock,
    };
    let target = target();
    let ask = HandBack {
        for_pause: false,
        target: &target,
        by: "test",
        reason: "leaving",
        present: demand.map(|demand| planning::Present {
            demand,
            at: stage.now(),
        }),
        throughput: 1000.0,
    };
    block_on(async {
        let lease = acquire(&world, "web", "test").await?;
        let done = hand_back(&world, &lease, &ask).await;
        release(&world, lease).await;
        done
    })
}

fn own_actions(stage: &Stage) -> usize {
    let actions = stage.actions();
    actions
        .iter()
        .filter(|a| planning::is_own(GROUP, &a.name))
        .count()
}

fn mark(stage: &Stage) -> Option<Released> {
    stage.get(&keys::released("web"))
}

fn is_released(stage: &Stage) {
    assert_eq!((own_actions(stage), stage.group().min_size), (0, 3));
    assert!(mark(stage).unwrap().done);
}

#[test]
fn a_released_group_has_its_own_limits_and_keeps_its_servers() {
    let stage = adopted();
    let desired = stage.group().desired_capacity;
    let theirs = ScheduledAction {
        name: "people-lunch".to_owned(),
        start: Some(stage.now() + mins(300)),
        end: None,
        recurrence: None,
        min_size: Some(4),
        max_size: None,
        desired_capacity: None,
    };
    let origin = Origin::new(stage.now(), Source::Foreign, "theirs");
    let now = stage.now();
    let put = |group: &mut simulation::SimulatedGroup| {
        group.put_scheduled_actions(now, &[theirs], &origin)
    };
    stage.groups.with(GROUP, put).unwrap().unwrap();
    let done = tried(&stage, Some(5500.0)).unwrap();
    assert!(!done.removed.is_empty() && !done.already);
    assert_eq!(done.min_size, Some(3));
    is_released(&stage);
    let names: Vec<String> = stage.actions().into_iter().map(|a| a.name).collect();
    assert_eq!(names, ["people-lunch"], "only ours go");
    let group = stage.group();
    assert_eq!((group.desired_capacity, group.max_size), (desired, 40));
    let said = done.notes.join("; ");
    assert!(
        said.contains("demand of 5500/min needs 6 servers now, above the MinSize of 3"),
        "{said}"
    );
    // Twice changes nothing.
    let versions = stage.versions();
    let again = tried(&stage, Some(5500.0)).unwrap();
    assert!(again.already);
    assert_eq!(stage.versions(), versions);
}

#[test]
fn a_group_below_its_own_limits_has_them_back_before_anything_goes() {
    let now = at("2026-11-20T08:40:00Z");
    let demand = series(now - mins(8 * 60), 36 * 60, |_| 1500.0);
    let mut stage = Stage::new(now, &config(ACTIVE), demand, true);
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| 1500.0));
    assert!(!stage.planner().failed);
    assert_eq!(stage.group().min_size, 2, "below the three of its own");
    stage.faults = Faults::none().nth_of("delete_scheduled_actions", 1, Fault::Denied);
    assert!(tried(&stage, Some(1500.0)).is_err());
    assert!(own_actions(&stage) > 0);
    assert_eq!(stage.group().min_size, 3);
    let _ = tried(&stage, Some(1500.0)).unwrap();
    is_released(&stage);
}

#[test]
fn nobody_adopts_a_released_target_until_it_is_asked_for() {
    let stage = adopted();
    let _ = tried(&stage, None).unwrap();
    for _ in 0..3 {
        stage.pass(mins(60), 5500.0);
        let planned = stage.planner();
        assert_eq!(
            (planned.word.as_str(), planned.failed),
            ("released", false),
            "{}",
            planned.text
        );
        let answered = stage.responder(&alarm(stage.now()));
        assert_eq!(
            (answered.word.as_str(), answered.failed),
            ("released", false)
        );
        is_released(&stage);
    }
    // The group's limits of now are its own once it is adopted again.
    stage.by_hand(Sizes {
        min_size: Some(4),
        ..Sizes::default()
    });
    let world = World {
        store: &stage.store,
        metrics: &stage.metrics,
        groups: &stage.groups,
        notifier: &stage.notifier,
        clock: &stage.clock,
    };
    let adopted = block_on(async {
        let lease = acquire(&world, "web", "test").await.unwrap();
        let adopted = adopt_again(&world, &lease).await.unwrap();
        release(&world, lease).await;
        adopted
    });
    assert!(adopted && mark(&stage).is_none());
    let planned = stage.planner();
    assert_eq!(planned.word, "planned", "{}", planned.text);
    assert_eq!(
        stage
            .get::<Baseline>(&keys::baseline("web"))
            .unwrap()
            .min_size,
        4
    );
}

#[test]
fn a_mark_that_cannot_be_read_keeps_hands_off() {
    let stage = adopted();
    let before = stage.actions();
    stage.put_text(&keys::released("web"), "{");
    stage.pass(mins(120), 5500.0);
    assert_eq!(stage.planner().word, "released");
    assert!(stage.actions().len() <= before.len());
}

#[test]
fn a_release_that_is_cut_short_anywhere_is_finished_by_the_next_one() {
    let calls = {
        let stage = adopted();
        let _ = tried(&stage, None).unwrap();
        stage.faults.calls().len()
    };
    assert!(calls > 10);
    for fault in [
        Fault::Throttled,
        Fault::Denied,
        Fault::Conflict,
        Fault::UnansweredBefore,
        Fault::UnansweredAfter,
        Fault::ItemsRefused,
    ] {
        let planned = {
            let stage = adopted();
            stage.faults.calls().len()
        };
        for nth in planned + 1..=calls {
            let mut stage = adopted();
            let servers = stage.group().desired_capacity;
            stage.faults = Faults::none().nth(nth - planned, fault);
            let first = tried(&stage, None);
            let group = stage.group();
            assert_eq!(group.desired_capacity, servers, "{fault:?} at {nth}");
            assert!(group.min_size >= 3, "{fault:?} at {nth}");
            if first.is_err() && mark(&stage).is_some() {
                // Marked: no run takes it back meanwhile.
                stage.faults.heal();
                assert_eq!(stage.planner().word, "released", "{fault:?} at {nth}");
            }
            stage.faults.heal();
            // A lease whose release was lost ends by itself.
            stage.pass(mins(4), 5500.0);
            let _ = tried(&stage, None).unwrap();
            is_released(&stage);
        }
    }
}

#[test]
fn whoever_holds_the_lease_is_not_disturbed() {
    let stage = adopted();
    let world = World {
        store: &stage.store,
        metrics: &stage.metrics,
        groups: &stage.groups,
        notifier: &stage.notifier,
        clock: &stage.clock,
    };
    let held = block_on(acquire(&world, "web", "planner")).unwrap();
    let before = (stage.versions(), stage.actions());
    let error = tried(&stage, None).unwrap_err();
    assert_eq!(error.code(), "Leased");
    assert_eq!((stage.versions(), stage.actions()), before);
    block_on(release(&world, held));
    assert!(tried(&stage, None).is_ok());
}

#[test]
fn what_a_person_set_stays() {
    let stage = adopted();
    stage.by_hand(Sizes {
        min_size: Some(9),
        ..Sizes::default()
    });
    let done = tried(&stage, Some(5500.0)).unwrap();
    assert_eq!((done.min_size, stage.group().min_size), (None, 9));
    assert!(
        done.notes
            .iter()
            .any(|note| note.contains("MinSize of 9 was set by hand"))
    );
    // MaxSize, which Forescale never sets, too.
    let stage = adopted();
    stage.by_hand(Sizes {
        max_size: Some(30),
        ..Sizes::default()
    });
    let done = tried(&stage, None).unwrap();
    assert_eq!((stage.group().min_size, stage.group().max_size), (3, 30));
    assert!(
        done.notes
            .iter()
            .any(|note| note.contains("MaxSize of 30 stays: it was 40"))
    );
}

#[test]
fn a_managed_policy_gets_its_former_value_back() {
    let stage = adopted();
    let policy = block_on(stage.groups.policies(GROUP)).unwrap().remove(0);
    stage
        .groups
        .with(GROUP, |group| {
            group.set_policy_target(&policy.name, Tracked::RequestsPerServer(950.0))
        })
        .unwrap()
        .unwrap();
    let plan = Plan {
        policy: Some(ManagedPolicy {
            name: policy.name.clone(),
            former: 800.0,
            set: 950.0,
            left_alone: false,
        }),
        ..stage.plan()
    };
    stage.put(&keys::plan("web"), plan);
    let done = tried(&stage, None).unwrap();
    assert!(done.policy.is_some(), "{:?}", done.notes);
    let policy = block_on(stage.groups.policies(GROUP)).unwrap().remove(0);
    assert_eq!(policy.tracks, Some(Tracked::RequestsPerServer(800.0)));
    is_released(&stage);
}

#[test]
fn a_lowered_maxsize_is_lifted() {
    let stage = adopted();
    stage.by_hand(Sizes {
        max_size: Some(12),
        ..Sizes::default()
    });
    let ceiling = documents::Ceiling {
        own: 40,
        set: 12,
        lifted_at: Some(stage.now() + mins(60)),
        found: 40,
        by_hand: false,
    };
    let plan = Plan {
        ceiling: Some(ceiling),
        ..stage.plan()
    };
    stage.put(&keys::plan("web"), plan);
    let done = tried(&stage, None).unwrap();
    assert_eq!((done.max_size, stage.group().max_size), (Some(40), 40));
    is_released(&stage);
}

#[test]
fn a_rehearsal_writes_nothing_and_says_the_same() {
    let stage = adopted();
    let before = (stage.versions(), stage.actions(), stage.group());
    let target = target();
    let ask = HandBack {
        for_pause: false,
        target: &target,
        by: "test",
        reason: "leaving",
        present: None,
        throughput: 1000.0,
    };
    let would = block_on(rehearse_hand_back(
        &stage.store,
        &stage.groups,
        &ask,
        stage.now(),
    ))
    .unwrap();
    assert_eq!((stage.versions(), stage.actions(), stage.group()), before);
    let done = tried(&stage, None).unwrap();
    assert_eq!(
        (would.removed, would.min_size, would.policy),
        (done.removed, done.min_size, done.policy)
    );
}

#[test]
fn without_limits_of_an_adoption_minsize_stays_and_it_is_said() {
    let stage = adopted();
    stage.put_text(&keys::baseline("web"), "{");
    let done = tried(&stage, None).unwrap();
    assert_eq!((own_actions(&stage), stage.group().min_size), (0, 6));
    let said = done.notes.join("; ");
    assert!(
        said.contains("its own limits are not known") && said.contains("MinSize of 6 stays"),
        "{said}"
    );
    assert_eq!(at("2026-11-20T08:42:00Z"), stage.now());
}

#[test]
fn a_floor_that_a_run_was_cut_short_at_stays_ours_through_shadow() {
    let shadow = crate::common::config(&ACTIVE.replace("active", "shadow"));
    for cut_short in [true, false] {
        let stage = adopted();
        let plan = Plan {
            applied: !cut_short,
            ..stage.plan()
        };
        stage.put(&keys::plan("web"), plan);
        let own: Vec<String> = (stage.actions().into_iter())
            .map(|action| action.name)
            .collect();
        block_on(ports::GroupWriter::delete_scheduled_actions(
            &stage.groups,
            GROUP,
            &own,
        ))
        .unwrap();
        stage.put_text(keys::CONFIG, &shadow);
        for _ in 0..2 {
            assert!(!stage.planner().failed);
            stage.pass(mins(60), 5500.0);
            assert_eq!(stage.plan().rehearsed, !cut_short);
        }
        let done = tried(&stage, None).unwrap();
        let own = if cut_short { 3 } else { 6 };
        assert_eq!(
            (done.mark.min_size, stage.group().min_size),
            (Some(own), own)
        );
    }
}
