//! Calls that fail, hang or lose their answer while the responder decides and follows.
use crate::common::spiking::{incident, look_event, stage, stage_of};
use crate::common::{ACTIVE, Stage, alarm, at, config, forecast, mins, series};
use documents::Incident;
use fleet::Sizes;
use local::{Fault, Faults};
use ports::MetricName;

#[test]
fn whatever_call_of_a_look_fails_nothing_is_lowered_and_it_is_caught_up_with() {
    let scene = || {
        let stage = stage(ACTIVE, 15_000.0);
        assert!(!stage.responder(&alarm(stage.now())).failed);
        let (look, _) = stage.notifier.take_looks()[0].clone();
        stage.pass(mins(1), 15_000.0);
        (stage, look)
    };
    let (clean, look) = scene();
    let clean = Stage {
        faults: local::Faults::none(),
        ..clean
    };
    assert!(!clean.responder(&look_event(&look)).failed);
    let calls = clean.faults.calls();
    assert!(
        calls.iter().any(|call| call.operation == "remind"),
        "{calls:?}"
    );
    for (index, call) in calls.iter().enumerate() {
        for fault in [
            Fault::Throttled,
            Fault::Denied,
            Fault::UnansweredBefore,
            Fault::UnansweredAfter,
            Fault::Hangs,
        ] {
            let (stage, look) = scene();
            let stage = Stage {
                faults: local::Faults::none().nth(index + 1, fault),
                ..stage
            };
            let before = stage.group();
            let context = format!("call {index} {call:?}, {fault:?}");
            let _ = stage.responder(&look_event(&look));
            let after = stage.group();
            assert!(after.min_size >= before.min_size, "{context}");
            assert!(
                after.desired_capacity >= before.desired_capacity,
                "{context}"
            );
            // Delivered again after the lease and SQS's wait, somebody looks again in the end.
            stage.faults.heal();
            stage.pass(mins(6), 15_000.0);
            assert!(!stage.responder(&look_event(&look)).failed, "{context}");
            assert!(!stage.notifier.take_looks().is_empty(), "{context}");
            assert!(incident(&stage).hold.is_some(), "{context}");
        }
    }
}

/// What only says more about a spike must not keep servers from it, neither refused nor hanging.
#[test]
fn servers_come_whatever_evidence_does_not() {
    let behind =
        "[target.response]\nbehind = [{ label = \"db\", namespace = \"Shop\", name = \"Db\" }]";
    let measured = "throughput = { utilization = 60, initial = 1000 }";
    let text = config(&format!("{ACTIVE}\n{behind}")).replace("throughput = 1000", measured);
    let evidence = |call: &local::Call| match call.operation {
        "activities" | "notify" => true,
        "read" => !call.resource.ends_with("Requests"),
        "get" => call.resource.contains("/forecast/") || call.resource.contains("history"),
        _ => false,
    };
    let clean = stage_of(&text, 15_000.0);
    let clean = Stage {
        faults: local::Faults::none(),
        ..clean
    };
    assert!(!clean.responder(&alarm(clean.now())).failed);
    let calls = clean.faults.calls();
    // The first read of the plan is for what is planned; the next one is what is changed.
    let plan = calls
        .iter()
        .position(|call| call.resource.ends_with("plan.json"));
    let chosen = calls
        .iter()
        .enumerate()
        .filter(|(index, call)| evidence(call) || plan == Some(*index));
    let mut tried = 0;
    for (index, call) in chosen {
        for fault in [Fault::Hangs, Fault::Throttled, Fault::Denied] {
            let stage = stage_of(&text, 15_000.0);
            let faults = local::Faults::none().nth(index + 1, fault);
            let stage = Stage { faults, ..stage };
            let ended = stage.responder(&alarm(stage.now()));
            let context = format!("{call:?} {fault:?}: {ended:?}");
            assert!(!ended.failed, "{context}");
            assert!(stage.group().min_size >= 15, "{context}");
            assert_eq!(stage.notifier.take_looks().len(), 1, "{context}");
            tried += 1;
        }
    }
    assert!(tried >= 20, "{tried}: {calls:?}");
}

/// A metric of the service by the minute, from eight hours before the scene on.
fn measured(stage: Stage, name: &str, value: impl Fn(usize) -> f64) -> Stage {
    let start = at("2026-11-20T00:38:00Z");
    let metric = MetricName {
        namespace: "Shop".to_owned(),
        name: name.to_owned(),
        dimensions: [].into(),
    };
    let metrics = stage
        .metrics
        .clone()
        .with(metric, series(start, 36 * 60, value));
    Stage { metrics, ..stage }
}

/// Scenes of several kinds at 08:45, each as it is when its alarm goes off.
fn scene(kind: &str) -> Stage {
    let signals = "[target.response]\n\
        errors = { namespace = \"Shop\", name = \"Errors\" }\n\
        exhaustible = [{ label = \"memory\", namespace = \"Shop\", name = \"Memory\" }]";
    let text = config(&format!("{ACTIVE}\n{signals}"));
    // Errors fail every fifth request from 08:36 on.
    let failing = |from: usize, share: f64| {
        move |m: usize| {
            if m < from { 5.0 } else { share * 5500.0 }
        }
    };
    let steady = |m: usize| 40.0 + f64::from(m as u32 % 5) * 0.2;
    match kind {
        "unforecast-demand" => measured(stage_of(&text, 15_000.0), "Errors", |_| 5.0),
        "cap-reached" => {
            let capped = text.replace("mode = ", "most_extra_servers = 0\nmode = ");
            let stage = stage_of(&capped, 15_000.0);
            let sizes = Sizes {
                desired_capacity: Some(6),
                ..Sizes::default()
            };
            stage.by_hand(sizes);
            stage
        }
        "resource-leak" => {
            let climbing = |m: usize| steady(m) + (m as f64 - 240.0).max(0.0) * 0.1;
            measured(stage_of(&text, 5500.0), "Memory", climbing)
        }
        "bad-release" => measured(stage_of(&text, 5500.0), "Errors", failing(478, 0.2)),
        "recovery" => {
            let now = at("2026-11-20T08:38:00Z");
            let away = series(now - mins(8 * 60), 36 * 60, |m| {
                if (470..600).contains(&m) {
                    600.0
                } else {
                    5500.0
                }
            });
            let stage = Stage::new(now, &text, away, false);
            stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| 6000.0));
            assert!(!stage.planner().failed);
            stage.pass(mins(7), 600.0);
            measured(stage, "Errors", failing(470, 0.08))
        }
        "capacity-lost" => {
            let stage = measured(stage_of(&text, 5500.0), "Errors", |_| 5.0);
            let now = stage.now();
            stage
                .groups
                .with(crate::common::GROUP, |group| group.lose(now, 3))
                .unwrap();
            stage
        }
        other => panic!("no scene {other}"),
    }
}

/// Every call in turn, on incidents of several kinds: nothing is lowered at once, and delivered
/// again it ends as if nothing had failed, told once.
#[test]
fn whatever_call_fails_on_whatever_it_is_nothing_is_lowered() {
    let kinds = [
        "unforecast-demand",
        "cap-reached",
        "resource-leak",
        "bad-release",
        "recovery",
        "capacity-lost",
    ];
    for kind in kinds {
        let clean = scene(kind);
        let clean = Stage {
            faults: Faults::none(),
            ..clean
        };
        let event = alarm(clean.now());
        let ended = clean.responder(&event);
        assert!(!ended.failed, "{ended:?}");
        assert_eq!(
            clean.notifier.messages()[0].record["kind"],
            kind,
            "{ended:?}"
        );
        let calls = clean.faults.calls();
        assert!(calls.len() >= 8, "{kind}: {calls:?}");
        for (index, call) in calls.iter().enumerate() {
            for fault in [
                Fault::Throttled,
                Fault::UnansweredBefore,
                Fault::UnansweredAfter,
                Fault::Hangs,
            ] {
                let stage = scene(kind);
                let stage = Stage {
                    faults: Faults::none().nth(index + 1, fault),
                    ..stage
                };
                let before = stage.group();
                let context = format!("{kind}, call {index} {call:?}, {fault:?}");
                let first = stage.responder(&event);
                let after = stage.group();
                assert!(after.min_size >= before.min_size, "{context}");
                assert!(
                    after.desired_capacity >= before.desired_capacity,
                    "{context}"
                );
                // A leak or a release brings no servers, whatever cannot be read.
                if ["resource-leak", "bad-release"].contains(&kind) {
                    assert!(
                        after.desired_capacity <= before.desired_capacity + 1,
                        "{context}"
                    );
                }
                stage.faults.heal();
                stage.pass(mins(3), 5500.0);
                let again = stage.responder(&event);
                assert!(!again.failed, "{context}: {first:?} {again:?}");
                let kept: Incident = incident(&stage);
                assert!(kept.following.is_some(), "{context}");
                assert!(stage.group().min_size >= before.min_size, "{context}");
                let sent = stage.notifier.messages().len();
                let lost = call.operation == "notify" && fault != Fault::UnansweredAfter;
                assert_eq!(sent, usize::from(!lost), "{context}");
            }
        }
    }
}
