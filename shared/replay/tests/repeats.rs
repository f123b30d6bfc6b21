//! Running a function twice for the same night, hour or alarm event changes nothing, also when two
//! run at once.
use crate::common::{
    ACTIVE, Function, Stage, alarm, alarm_by_rule, alarm_by_topic, at, config, forecast, mins,
    series,
};
use documents::{Incident, Lease, Plan, keys};
use fleet::Sizes;

/// A day between 4 and 12 servers, demand as forecast but for a surge of 20,000 from 08:37 on
/// where wanted.
fn day(mode: &str, surge: bool, tracking: bool) -> Stage {
    let now = at("2026-11-20T08:40:00Z");
    let wave =
        |minute: usize| 8000.0 - 4000.0 * (minute as f64 / 1440.0 * std::f64::consts::TAU).cos();
    let start = at("2026-11-10T00:00:00Z");
    let demand = series(start, 12 * 1440, |m| {
        let surges = surge && (10 * 1440 + 517..10 * 1440 + 700).contains(&m);
        if surges { 20_000.0 } else { wave(m) }
    });
    let stage = Stage::new(now, &config(mode), demand, tracking);
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |step| {
        wave(step * 15)
    }));
    stage
}

#[test]
fn a_second_run_writes_nothing() {
    for tracking in [true, false] {
        for function in [Function::Planner, Function::Responder] {
            let stage = day(ACTIVE, true, tracking);
            let event = alarm(stage.now());
            let run = |stage: &Stage| match function {
                Function::Responder => stage.responder(&event),
                Function::Planner | Function::Forecaster => stage.planner(),
            };
            let first = run(&stage);
            assert!(!first.failed && stage.group_writes() > 0, "{first:?}");
            let (documents, writes) = (stage.versions(), stage.group_writes());
            let (group, actions) = (stage.group(), stage.actions());
            for _ in 0..2 {
                let again = run(&stage);
                assert!(!again.failed, "{again:?}");
                assert_eq!(
                    stage.versions(),
                    documents,
                    "{function:?}, {tracking}: {again:?}"
                );
                assert_eq!(
                    stage.group_writes(),
                    writes,
                    "{function:?}, {tracking}: {again:?}"
                );
            }
            assert_eq!((stage.group(), stage.actions()), (group, actions));
        }
    }
}

#[test]
fn a_second_night_is_the_first() {
    let stage = day(ACTIVE, false, true);
    stage.clock.set(at("2026-11-21T00:10:00Z"));
    let first = stage.forecaster();
    assert_eq!(first.word, "forecast", "{first:?}");
    let (documents, puts) = (stage.versions(), stage.faults.count("put"));
    stage.clock.set(at("2026-11-21T00:20:00Z"));
    let again = stage.forecaster();
    assert_eq!(again.word, "unchanged", "{again:?}");
    assert_eq!(stage.versions(), documents);
    assert_eq!(stage.faults.count("put"), puts);
}

#[test]
fn one_event_in_three_shapes_is_decided_on_once() {
    for (mode, shadow) in [(ACTIVE, false), ("mode = \"shadow\"", true)] {
        let stage = day(mode, true, true);
        let changed = stage.now();
        let shapes = [
            alarm(changed),
            alarm_by_rule(changed),
            alarm_by_topic(changed),
        ];
        let words: Vec<_> = shapes.iter().map(|event| stage.responder(event)).collect();
        assert!(words.iter().all(|ended| !ended.failed), "{words:?}");
        assert_eq!(stage.notifier.messages().len(), 1, "{words:?}");
        if shadow {
            let ledger: documents::ShadowLedger = stage.get(&keys::ledger("web", changed)).unwrap();
            assert_eq!(ledger.entries.len(), 1);
            assert_eq!(stage.group_writes(), 0);
        } else {
            let incident: Incident = stage.get(&keys::incident("web")).unwrap();
            assert_eq!(incident.seen.len(), 1);
            assert!(words[1].text.contains("decided on before"), "{words:?}");
        }
    }
}

#[test]
fn who_does_not_hold_the_lease_changes_nothing() {
    let stage = day(ACTIVE, true, true);
    let lease = |expires_at| Lease {
        holder: "planner".to_owned(),
        fence: 7,
        expires_at,
    };
    stage.put(&keys::lease("web"), lease(stage.now() + mins(1)));
    // What the past says of a server's worth is nobody's group: it is looked up without a lease.
    let documents = || {
        let mut documents = stage.versions();
        documents.retain(|(key, _)| *key != keys::tuning("web"));
        documents
    };
    let before = documents();
    for ended in [stage.planner(), stage.responder(&alarm(stage.now()))] {
        assert!(
            ended.failed && ended.text.contains("holds the lease"),
            "{ended:?}"
        );
    }
    assert_eq!(documents(), before);
    assert_eq!(stage.group_writes(), 0);
    // Over, it is taken, with a higher token.
    stage.put(&keys::lease("web"), lease(stage.now()));
    assert!(!stage.planner().failed);
    assert_eq!(stage.plan().fence, 8);
}

#[test]
fn a_decision_under_an_older_lease_is_refused() {
    let stage = day(ACTIVE, true, true);
    assert!(!stage.planner().failed);
    let plan = Plan {
        fence: 40,
        ..stage.plan()
    };
    stage.put(&keys::plan("web"), plan);
    let (documents, writes) = (stage.versions(), stage.group_writes());
    let ended = stage.responder(&alarm(stage.now()));
    assert!(
        ended.failed && ended.text.contains("the stored plan under 40"),
        "{ended:?}"
    );
    assert_eq!(stage.group_writes(), writes);
    let plan = |documents: &[(String, String)]| {
        documents
            .iter()
            .find(|(key, _)| key.ends_with("plan.json"))
            .cloned()
    };
    assert_eq!(plan(&stage.versions()), plan(&documents));
}

#[test]
fn a_lease_that_somebody_deleted_does_not_lock_everybody_out() {
    let stage = day(ACTIVE, false, true);
    for _ in 0..3 {
        assert!(!stage.planner().failed);
        stage.pass(mins(60), 7000.0);
    }
    pollster::block_on(ports::DocumentStore::delete(
        &stage.store,
        &keys::lease("web"),
    ))
    .unwrap();
    let ended = stage.planner();
    assert!(!ended.failed, "{ended:?}");
}

#[test]
fn a_person_keeps_the_floor_they_set_until_they_lower_it() {
    let stage = Stage::flat(ACTIVE);
    let hand = |min: u32| Sizes {
        min_size: Some(min),
        ..Sizes::default()
    };
    stage.planner();
    stage.pass(mins(30), 5500.0);
    stage.by_hand(hand(20));
    stage.pass(mins(30), 5500.0);
    assert!(!stage.planner().failed);
    assert_eq!(stage.plan().human_floor, Some(20));
    assert_eq!(stage.group().min_size, 20);
    assert!(
        stage
            .actions()
            .iter()
            .all(|action| action.min_size >= Some(20))
    );
    stage.pass(mins(60), 5500.0);
    stage.planner();
    assert_eq!(
        (stage.plan().human_floor, stage.group().min_size),
        (Some(20), 20)
    );
    stage.by_hand(hand(3));
    stage.pass(mins(60), 5500.0);
    stage.planner();
    assert_eq!(stage.plan().human_floor, Some(3));
    assert!(stage.group().min_size == 6, "the plan's own again");
}
