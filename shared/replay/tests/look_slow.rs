//! Calls that take long and succeed: servers come all the same, and the function ends in time.
use crate::common::spiking::{incident, leaking, look_event, stage};
use crate::common::{ACTIVE, Stage, alarm, mins};
use fleet::Group;
use jiff::SignedDuration;
use local::{Fault, Faults, Timeline};

/// What the template gives the function.
const LIMIT: SignedDuration = SignedDuration::from_secs(60);
/// After which a call that is needed counts as failed.
const NEEDED: i64 = 12;

/// The scene with a script under which slow calls answer `seconds` late.
fn slow(stage: Stage, faults: Faults, seconds: i64) -> (Stage, Timeline) {
    let timeline = Timeline::new(&stage.clock);
    let faults = faults.late_by(SignedDuration::from_secs(seconds), &timeline);
    (Stage { faults, ..stage }, timeline)
}

fn nothing_lowered(stage: &Stage, before: &Group, context: &str) {
    let after = stage.group();
    assert!(after.min_size >= before.min_size, "{context}");
    assert!(
        after.desired_capacity >= before.desired_capacity,
        "{context}"
    );
}

#[test]
fn whichever_call_is_slow_servers_come_in_time() {
    let clean = stage(ACTIVE, 15_000.0);
    let clean = Stage {
        faults: Faults::none(),
        ..clean
    };
    assert!(!clean.responder(&alarm(clean.now())).failed);
    let calls = clean.faults.calls();
    for (index, call) in calls.iter().enumerate() {
        for seconds in [3, 11, 30] {
            let script = Faults::none().nth(index + 1, Fault::Slow);
            let (stage, timeline) = slow(stage(ACTIVE, 15_000.0), script, seconds);
            let (before, begun) = (stage.group(), stage.now());
            let event = alarm(begun);
            let context = format!("call {index} {call:?}, {seconds} s");
            let ended = stage.responder_on(&timeline, &event, LIMIT);
            let ended = ended.unwrap_or_else(|| panic!("cut short: {context}"));
            nothing_lowered(&stage, &before, &context);
            let took = stage.now().duration_since(begun).as_secs();
            assert!(took <= seconds.min(NEEDED) * 2, "{took} s: {context}");
            // Evidence is not waited for; what is needed may fail, and is delivered again then.
            if seconds < NEEDED {
                assert!(!ended.failed, "{context}: {ended:?}");
                let measured = call.resource.ends_with("Requests") && seconds > 4;
                assert!(
                    measured || stage.group().min_size >= 15,
                    "{context}: {ended:?}"
                );
            }
            stage.faults.heal();
            stage.pass(mins(3), 15_000.0);
            let again = stage.responder(&event);
            assert!(!again.failed, "{context}: {ended:?} {again:?}");
            // Where demand came too late to be seen, the next look sees it.
            while let Some((look, _)) = stage.notifier.take_looks().pop() {
                assert!(!stage.responder(&look_event(&look)).failed, "{context}");
                if stage.group().min_size >= 15 {
                    break;
                }
            }
            assert!(
                stage.group().min_size >= 15,
                "{context}: {ended:?} {again:?}"
            );
        }
    }
}

/// All of AWS is slow: up to a second and a half a call the first delivery does everything. Beyond,
/// it may be cut short anywhere, and the deliveries after it do what is left.
#[test]
fn where_every_call_is_slow_it_is_done_by_the_deliveries_in_the_end() {
    for (tenths, first) in [(2, true), (10, true), (15, true), (40, false), (90, false)] {
        let every = Faults::none().at_random(1, 1.0, &[Fault::Slow]);
        let stage = stage(ACTIVE, 15_000.0);
        let timeline = Timeline::new(&stage.clock);
        let late = SignedDuration::from_millis(100 * tenths);
        let faults = every.late_by(late, &timeline);
        let stage = Stage { faults, ..stage };
        let before = stage.group();
        let event = alarm(stage.now());
        let context = format!("{late:#} each");
        let ended = stage.responder_on(&timeline, &event, LIMIT);
        nothing_lowered(&stage, &before, &context);
        if first {
            let ended = ended.expect("an end");
            assert!(!ended.failed, "{context}: {ended:?}");
            assert!(stage.group().min_size >= 15, "{context}: {ended:?}");
            continue;
        }
        // Lambda delivers it again, and everything is well by then.
        stage.faults.heal();
        stage.pass(mins(3), 15_000.0);
        assert!(!stage.responder(&event).failed, "{context}: {ended:?}");
        for _ in 0..3 {
            stage.pass(mins(2), 15_000.0);
            for (look, _) in stage.notifier.take_looks() {
                assert!(!stage.responder(&look_event(&look)).failed, "{context}");
            }
        }
        assert!(stage.group().min_size >= 15, "{context}: {ended:?}");
        assert!(incident(&stage).following.is_some(), "{context}");
    }
}

/// Slow answers do not turn a leak into servers.
#[test]
fn a_leak_brings_no_servers_however_slow_its_evidence_is() {
    for seconds in [3, 11, 30] {
        for operation in ["read", "activities", "get"] {
            let script = Faults::none().every(operation, Fault::Slow);
            let (stage, timeline) = slow(leaking(""), script, seconds);
            let before = stage.group();
            let ended = stage.responder_on(&timeline, &alarm(stage.now()), LIMIT);
            let context = format!("{operation}, {seconds} s: {ended:?}");
            nothing_lowered(&stage, &before, &context);
            assert!(
                stage.group().desired_capacity <= before.desired_capacity,
                "{context}"
            );
        }
    }
}
