//! A target in shadow mode is followed like any other, and its group is only looked at.
use crate::common::spiking::{follow, incident, stage};
use crate::common::{ACTIVE, alarm, config, mins};
use documents::{ShadowLedger, keys};

#[test]
fn what_would_have_been_done_is_followed_to_its_end_without_a_write() {
    let stage = stage("mode = \"shadow\"", 15_000.0);
    assert_eq!(stage.responder(&alarm(stage.now())).word, "shadow");
    let held = incident(&stage).hold.unwrap();
    assert_eq!(held.servers, 16);
    let looked = follow(&stage, 200);
    assert!(
        (20..200).contains(&looked.len()),
        "it ends by itself: {}",
        looked.len()
    );
    assert_eq!(stage.group_writes(), 0, "{:?}", stage.faults.calls());
    let left = incident(&stage);
    assert_eq!(
        (&left.hold, &left.following, left.shadow),
        (&None, &None, true)
    );
    assert_eq!(left.closed.last().unwrap().diagnosis, "unforecast-demand");
    // The nightly training leaves it out as it would have in any other mode.
    assert!(left.past.last().unwrap().until <= stage.now());
    let ledger: ShadowLedger = stage.get(&keys::ledger("web", stage.now())).unwrap();
    let floors: Vec<u32> = ledger
        .entries
        .iter()
        .filter(|entry| entry.by == "responder")
        .map(|entry| entry.floor)
        .collect();
    let highest = *floors.iter().max().unwrap();
    assert!(
        floors[0] == 16 && *floors.last().unwrap() < highest,
        "{floors:?}"
    );
    let told = stage.notifier.messages();
    assert!(told.len() <= 4, "{told:?}");
    assert!(
        told[0].subject.contains("would hold 16 servers"),
        "{told:?}"
    );
    assert!(
        told.last().unwrap().subject.contains("back to the plan"),
        "{told:?}"
    );
}

/// What was only thought through neither binds a group that becomes an active one, nor is it paid for.
#[test]
fn an_active_target_begins_anew() {
    let stage = stage("mode = \"shadow\"", 15_000.0);
    stage.responder(&alarm(stage.now()));
    assert!(incident(&stage).spent.servers > 0);
    stage.put_text(keys::CONFIG, &config(ACTIVE));
    stage.pass(mins(20), 5500.0);
    assert!(!stage.planner().failed);
    assert!(stage.group().min_size < 16, "{:?}", stage.group());
    stage.pass(mins(1), 5500.0);
    assert!(!stage.responder(&alarm(stage.now())).failed);
    let left = incident(&stage);
    assert!(!left.shadow);
    assert_eq!(left.closed.len(), 1);
    assert!(left.past[0].until <= stage.now());
}

/// The planner finds a chain of looks that was lost, once an hour and no more.
#[test]
fn a_lost_look_is_asked_for_by_the_next_plan() {
    for mode in [ACTIVE, "mode = \"shadow\""] {
        let stage = stage(mode, 15_000.0);
        assert!(!stage.responder(&alarm(stage.now())).failed);
        let (lost, _) = stage.notifier.take_looks().pop().unwrap();
        // Not while it may still come.
        stage.pass(mins(3), 15_000.0);
        assert!(!stage.planner().failed);
        assert!(stage.notifier.take_looks().is_empty());
        stage.pass(mins(17), 15_000.0);
        let planned = stage.planner();
        assert!(
            planned.text.contains("never came and is asked for again"),
            "{planned:?}"
        );
        let (found, span) = stage.notifier.take_looks().pop().unwrap();
        assert_eq!(found, lost);
        assert!(span <= mins(1));
        // It goes on where it was: the same incident, and both of a pair are one.
        stage.pass(mins(1), 15_000.0);
        for _ in 0..2 {
            assert!(
                !stage
                    .responder(&crate::common::spiking::look_event(&found))
                    .failed
            );
        }
        let following = incident(&stage).following.unwrap();
        assert_eq!(
            (following.since, following.look),
            (lost.incident, lost.number + 1)
        );
        assert_eq!(stage.notifier.take_looks().len(), 1);
    }
}
