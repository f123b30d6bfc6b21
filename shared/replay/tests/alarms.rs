//! What the responder does to a group, by what it finds and what it may.
use crate::common::{ACTIVE, Stage, alarm, at, config, forecast, mins, series};
use documents::{Incident, Pause, Plan, keys};
use jiff::Timestamp;

/// 6 servers planned until 10:00, then 4; demand of `surge` from 08:40 on.
fn surged(mode: &str, surge: f64) -> Stage {
    let now = at("2026-11-20T08:42:00Z");
    let demand = series(now - mins(8 * 60), 36 * 60, |m| {
        if m < 478 { 5500.0 } else { surge }
    });
    let stage = Stage::new(now - mins(2), &config(mode), demand, true);
    let falling = |step: usize| if step < 40 { 6000.0 } else { 4000.0 };
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), falling));
    stage
}

fn answered(mode: &str, surge: f64) -> Stage {
    let stage = surged(mode, surge);
    stage.planner();
    // The alarm has seen five minutes of it; the group's own policy none.
    stage.pass(mins(7), 5500.0);
    let ended = stage.responder(&alarm(stage.now()));
    assert!(!ended.failed, "{ended:?}");
    stage
}

fn incident(stage: &Stage) -> Incident {
    stage.get(&keys::incident("web")).unwrap_or_default()
}

#[test]
fn a_spike_raises_the_floor_at_once_and_every_pending_action_to_the_hold() {
    let stage = answered(ACTIVE, 15_000.0);
    let hold = incident(&stage).hold.expect("a hold");
    // 15 and room for what single minutes do.
    assert_eq!(hold.servers, 16);
    let group = stage.group();
    assert_eq!((group.min_size, group.desired_capacity), (16, 16));
    let pending = stage.actions();
    assert!(
        pending.iter().any(|action| action.min_size < Some(16)),
        "after it, the plan"
    );
    for action in pending {
        assert!(
            action.start.unwrap() >= hold.until - mins(1) || action.min_size >= Some(16),
            "{action:?}"
        );
    }
    // Nor does the planner's hour lower it, nor what runs by itself until the hold ends.
    while stage.now() < hold.until - mins(1) {
        if stage.now().as_second() / 60 % 60 == 40 {
            assert!(!stage.planner().failed);
        }
        assert!(stage.group().min_size >= 16, "{}", stage.now());
        stage.pass(mins(1), 15_000.0);
    }
}

#[test]
fn caps_hold_back_and_say_so() {
    for (lines, most) in [
        ("mode = \"active\"\nmost_extra_servers = 3", 9),
        (ACTIVE, 40),
    ] {
        let stage = answered(lines, 90_000.0);
        assert_eq!(stage.group().min_size, most);
        let told = stage.notifier.messages();
        assert!(
            told.iter()
                .any(|m| m.text.contains("more servers are needed")),
            "{told:?}"
        );
    }
}

#[test]
fn what_is_covered_or_unknown_lowers_nothing() {
    let stage = answered(ACTIVE, 5600.0);
    assert_eq!(incident(&stage).hold, None);
    assert_eq!(stage.group().min_size, 6);

    let stage = surged(ACTIVE, 15_000.0);
    stage.planner();
    stage.pass(mins(2), 5500.0);
    let stage = Stage {
        metrics: local::CsvMetrics::new(stage.clock.clone()),
        ..stage
    };
    let before = stage.group();
    let ended = stage.responder(&alarm(stage.now()));
    assert!(ended.text.contains("servers kept"), "{ended:?}");
    assert!(stage.group().min_size >= before.desired_capacity);
}

#[test]
fn the_mode_says_what_may_be_done() {
    // A canary holds its share of what is added: of 9 over the planned floor, a third.
    let canary = "mode = \"canary\"\ncanary_percent = 34";
    let stage = answered(canary, 15_000.0);
    let planned = stage.plan();
    let hold = incident(&stage).hold.expect("a hold");
    assert!(hold.servers > 3 && hold.servers < 16, "{hold:?}");
    assert!(hold.reason.contains("canary of 34 %"), "{hold:?}");
    assert!(planned.floors[0].servers >= hold.servers);

    let stage = answered("mode = \"shadow\"", 15_000.0);
    assert_eq!(stage.group_writes(), 0, "{:?}", stage.faults.calls());
    assert_eq!((stage.group().min_size, stage.actions().len()), (3, 0));
    let ledger: documents::ShadowLedger = stage.get(&keys::ledger("web", stage.now())).unwrap();
    let by: Vec<&str> = ledger.entries.iter().map(|e| e.by.as_str()).collect();
    assert_eq!(by, ["planner", "responder"]);
    assert_eq!((ledger.entries[0].floor, ledger.entries[1].floor), (6, 16));

    let stage = answered("mode = \"off\"", 15_000.0);
    let touched = stage
        .faults
        .calls()
        .into_iter()
        .filter(|call| call.operation != "get");
    assert_eq!(touched.count(), 0);
}

#[test]
fn a_pause_stops_planner_and_responder_until_it_ends() {
    let stage = surged(ACTIVE, 15_000.0);
    let pause = |until: Option<Timestamp>| Pause {
        since: stage.now(),
        until,
        by: "ops".to_owned(),
        reason: "migration".to_owned(),
    };
    stage.put(keys::PAUSE, pause(None));
    for ended in [stage.planner(), stage.responder(&alarm(stage.now()))] {
        assert_eq!(ended.word, "paused");
        assert!(ended.text.contains("ops") && ended.text.contains("migration"));
    }
    assert_eq!(stage.group_writes(), 0);
    assert_eq!(stage.get::<Plan>(&keys::plan("web")), None);
    stage.put(keys::PAUSE, pause(Some(stage.now())));
    assert_eq!(stage.planner().word, "planned");
}

/// A plan that keeps, since no forecast covers now, is kept through an alarm too.
#[test]
fn an_alarm_on_a_low_rung_gives_nothing_back() {
    let stage = surged(ACTIVE, 5500.0);
    let high = |_: usize| 12_000.0;
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), high));
    stage.planner();
    assert_eq!(stage.group().min_size, 12);
    let day = keys::forecast("web", at("2026-11-20T00:00:00Z"));
    pollster::block_on(ports::DocumentStore::delete(&stage.store, &day)).unwrap();
    let plan = Plan {
        steps: stage
            .plan()
            .steps
            .iter()
            .cloned()
            .map(|step| documents::PlanStep { servers: 3, ..step })
            .collect(),
        forecast: None,
        ..stage.plan()
    };
    stage.put(&keys::plan("web"), plan);
    let stage = Stage {
        metrics: local::CsvMetrics::new(stage.clock.clone()),
        ..stage
    };
    let ended = stage.responder(&alarm(stage.now()));
    assert!(!ended.failed, "{ended:?}");
    let soon = stage.now() + mins(20 * 60);
    for action in stage.actions().iter().filter(|a| a.start.unwrap() < soon) {
        assert!(action.min_size >= Some(12), "{action:?}");
    }
}

#[test]
fn people_hear_of_a_decision_that_could_not_be_carried_out() {
    let stage = surged(ACTIVE, 15_000.0);
    stage.planner();
    stage.pass(mins(7), 5500.0);
    let broken = local::Faults::none().every("resize", local::Fault::Throttled);
    let stage = Stage {
        faults: broken,
        ..stage
    };
    let event = alarm(stage.now());
    let ended = stage.responder(&event);
    assert!(ended.failed, "{ended:?}");
    let told = stage.notifier.messages();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].text.contains("could not be changed yet"),
        "{told:?}"
    );
    assert_eq!(told[0].record["failure"], "Throttled");
    // Delivered again, it is carried out and people are not told twice.
    stage.faults.heal();
    assert!(!stage.responder(&event).failed);
    assert_eq!(stage.group().min_size, 16);
    assert_eq!(stage.notifier.messages().len(), 1);
}

#[test]
fn one_bad_record_of_a_batch_does_not_spoil_the_others() {
    let stage = surged(ACTIVE, 15_000.0);
    stage.planner();
    stage.pass(mins(7), 5500.0);
    let mut event = crate::common::alarm_by_topic(stage.now());
    let records = event["Records"].as_array_mut().unwrap();
    records.insert(0, serde_json::json!({"Sns": {"Message": "not json"}}));
    let ended = stage.responder(&event);
    assert!(
        !ended.failed && ended.text.contains("refused: "),
        "{ended:?}"
    );
    assert_eq!(stage.group().min_size, 16);
}

/// A band's alarm that cannot see: what the configuration wants, and never without a word.
#[test]
fn a_band_that_is_missing_is_treated_as_the_configuration_says() {
    for (missing, raised, told) in [
        ("breaching", true, 1),
        ("missing", false, 1),
        ("not-breaching", false, 0),
        ("ignore", false, 0),
    ] {
        let mode = format!("{ACTIVE}\n[target.response]\nband_missing = \"{missing}\"");
        let stage = surged(&mode, 15_000.0);
        stage.planner();
        stage.pass(mins(7), 5500.0);
        let mut event = alarm(stage.now());
        event["alarmData"]["alarmName"] = "forescale-web-band".into();
        event["alarmData"]["state"]["value"] = "INSUFFICIENT_DATA".into();
        for _ in 0..2 {
            let ended = stage.responder(&event);
            assert!(!ended.failed, "{missing}: {ended:?}");
            assert_eq!(stage.group().min_size == 16, raised, "{missing}: {ended:?}");
        }
        let messages = stage.notifier.messages();
        assert_eq!(messages.len(), told, "{missing}: {messages:?}");
        if missing == "missing" {
            assert!(messages[0].subject.contains("cannot see"), "{messages:?}");
            assert_eq!(messages[0].record["kind"], "band-missing");
        }
        assert_eq!(incident(&stage).seen.len(), 1, "{missing}: it is on record");
        // One that was only just created has not looked yet; other alarms' blindness is their own.
        for (name, reason) in [
            ("forescale-web-band", "Unchecked: Initial alarm creation"),
            ("forescale-web-load", "no datapoints"),
        ] {
            let mut event = event.clone();
            event["alarmData"]["alarmName"] = name.into();
            event["alarmData"]["state"]["reason"] = reason.into();
            event["alarmData"]["state"]["timestamp"] = stage.now().to_string().into();
            let ended = stage.responder(&event);
            assert!(!ended.failed, "{ended:?}");
            assert_eq!(stage.notifier.messages().len(), told, "{missing} {name}");
        }
    }
}

/// A load balancer reports no minute without a request: at night that is calm, by day it is not.
#[test]
fn missing_counts_are_none_only_where_next_to_none_are_expected() {
    for (expected, word) in [(5.0, "covered"), (6000.0, "unknown")] {
        let now = at("2026-11-20T08:42:00Z");
        let demand = series(now - mins(8 * 60), 36 * 60, |_| f64::NAN);
        let stage = Stage::new(now, &config(ACTIVE), demand, true);
        stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| expected));
        stage.planner();
        let ended = stage.responder(&alarm(stage.now()));
        assert!(!ended.failed, "{ended:?}");
        assert_eq!(ended.word == "covered", word == "covered", "{ended:?}");
        assert_eq!(
            incident(&stage).hold.is_none(),
            word == "covered",
            "{ended:?}"
        );
        let messages = stage.notifier.messages();
        assert_eq!(messages[0].record["kind"], word);
    }
}
