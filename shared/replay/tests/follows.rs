//! What the responder does after its first answer: looks, repetitions, caps, faults, messages.
use crate::common::spiking::{follow, incident, leaking, look_event, received, stage};
use crate::common::{ACTIVE, Stage, alarm, at, config, mins, series};
use documents::{Incident, keys};
use ports::{Look, MetricName};
use serde_json::json;

#[test]
fn a_spike_is_followed_until_the_plan_has_it_again() {
    let stage = stage(ACTIVE, 15_000.0);
    assert!(!stage.responder(&alarm(stage.now())).failed);
    assert_eq!(stage.group().min_size, 16);
    let floors = follow(&stage, 200);
    assert!(floors.len() < 200, "it ends by itself");
    let highest = floors.iter().position(|floor| *floor >= 16).unwrap();
    // While it lasts nothing goes; then it goes in steps, and the plan's floor is what remains.
    let steps: Vec<u32> = {
        let mut steps = floors[highest..].to_vec();
        steps.dedup();
        steps
    };
    assert_eq!(*steps.last().unwrap(), 6, "{floors:?}");
    assert!(
        steps.len() >= 4 && steps.is_sorted_by(|a, b| a > b),
        "{steps:?}"
    );
    let left = incident(&stage);
    assert_eq!((&left.hold, &left.following), (&None, &None));
    let closed = left.closed.last().unwrap();
    assert_eq!(closed.diagnosis, "unforecast-demand");
    assert!(
        closed.highest > 14_000.0 && closed.expected == Some(6000.0),
        "{closed:?}"
    );
    // What must not teach ends with it.
    let past = left.past.last().unwrap();
    assert!(past.until <= stage.now(), "{past:?}");
    assert!(
        left.spent.servers >= 9 && left.spent.server_minutes > 500.0,
        "{:?}",
        left.spent
    );
    // One message as it begins, one as it goes back, one when it is over.
    let told: Vec<String> = stage
        .notifier
        .messages()
        .iter()
        .map(|m| m.subject.clone())
        .collect();
    assert!(told.len() <= 4, "{told:?}");
    assert!(
        told[0].contains("unforecast demand, holds 16 servers"),
        "{told:?}"
    );
    assert!(
        told.last().unwrap().contains("back to the plan"),
        "{told:?}"
    );
}

#[test]
fn repetitions_late_and_overtaken_events_end_in_one_decision() {
    let stage = stage(ACTIVE, 15_000.0);
    let event = alarm(stage.now());
    assert!(!stage.responder(&event).failed);
    let first = incident(&stage);
    let looks = stage.notifier.take_looks();
    assert_eq!(looks.len(), 1);
    // The same event again, by each way; another alarm of the moment; an older change of the first.
    let mut other = event.clone();
    other["alarmData"]["alarmName"] = json!("forescale-web-band");
    for again in [
        event.clone(),
        crate::common::alarm_by_rule(stage.now()),
        crate::common::alarm_by_topic(stage.now()),
        other,
        alarm(stage.now() - mins(5)),
    ] {
        assert!(!stage.responder(&again).failed);
    }
    let after = incident(&stage);
    assert_eq!(after.hold, first.hold);
    assert_eq!(after.following, first.following);
    assert_eq!(stage.notifier.messages().len(), 1);
    assert!(stage.notifier.take_looks().is_empty(), "one chain of looks");
    assert!(
        after
            .seen
            .iter()
            .any(|seen| seen.decision.contains("joined")),
        "{after:?}"
    );
    assert!(
        after
            .seen
            .iter()
            .any(|seen| seen.decision.contains("overtaken")),
        "{after:?}"
    );
    // An OK that came first makes an older ALARM of the same alarm one of the past.
    let mut ok = alarm(stage.now() + mins(1));
    ok["alarmData"]["state"]["value"] = json!("OK");
    assert!(!stage.responder(&ok).failed);
    let late = alarm(stage.now() + mins(0) + jiff::SignedDuration::from_secs(20));
    assert!(!stage.responder(&late).failed);
    assert!(
        incident(&stage)
            .seen
            .last()
            .unwrap()
            .decision
            .contains("overtaken")
    );
    // A look of another incident, and one that was had already.
    let (look, _) = looks[0].clone();
    let foreign = Look {
        incident: look.incident - mins(60),
        ..look.clone()
    };
    stage.pass(mins(1), 15_000.0);
    assert!(!stage.responder(&look_event(&foreign)).failed);
    assert!(stage.notifier.take_looks().is_empty());
    assert!(!stage.responder(&look_event(&look)).failed);
    assert_eq!(stage.notifier.take_looks().len(), 1);
    let looked = incident(&stage);
    assert!(!stage.responder(&look_event(&look)).failed);
    assert!(stage.notifier.take_looks().is_empty());
    assert_eq!(incident(&stage), looked);
}

#[test]
fn a_look_whose_successor_was_lost_is_asked_for_again() {
    let stage = stage(ACTIVE, 15_000.0);
    let broken = local::Faults::none().every("remind", local::Fault::Throttled);
    let stage = Stage {
        faults: broken,
        ..stage
    };
    let event = alarm(stage.now());
    assert!(stage.responder(&event).failed, "delivered again, it helps");
    assert_eq!(stage.group().min_size, 16, "servers come all the same");
    stage.faults.heal();
    stage.pass(mins(1), 15_000.0);
    assert!(!stage.responder(&event).failed);
    assert_eq!(stage.notifier.take_looks().len(), 1);
}

/// Looks that stop coming must not keep what comes later from being followed and told.
#[test]
fn an_alarm_after_a_lost_chain_of_looks_is_an_incident_of_its_own() {
    let stage = stage(ACTIVE, 15_000.0);
    assert!(!stage.responder(&alarm(stage.now())).failed);
    let first = incident(&stage).following.unwrap();
    assert_eq!(stage.notifier.take_looks().len(), 1, "and it is lost");
    stage.pass(mins(20), 15_000.0);
    assert!(!stage.responder(&alarm(stage.now())).failed);
    let left = incident(&stage);
    assert_eq!(left.closed.len(), 1);
    assert_eq!(left.closed[0].since, first.since);
    let following = left.following.unwrap();
    assert_eq!((following.since, following.look), (stage.now(), 1));
    assert_eq!(stage.notifier.messages().len(), 2, "people hear of it");
    let looks = stage.notifier.take_looks();
    assert_eq!((looks.len(), looks[0].0.incident), (1, following.since));
    assert!(left.hold.unwrap().servers >= 15, "what was held stays");
    // What was held while nobody looked counts.
    assert!(left.spent.server_minutes > 100.0, "{:?}", left.spent);
}

#[test]
fn a_pause_stops_no_looks_and_what_goes_off_meanwhile_is_looked_at_afterwards() {
    let pause = |stage: &Stage, until| {
        let pause = documents::Pause {
            since: stage.now(),
            until,
            by: "ops".to_owned(),
            reason: "migration".to_owned(),
        };
        stage.put(keys::PAUSE, pause);
    };
    for before in [true, false] {
        let stage = stage(ACTIVE, 15_000.0);
        if before {
            assert!(!stage.responder(&alarm(stage.now())).failed);
        }
        pause(&stage, None);
        if !before {
            assert_eq!(stage.responder(&alarm(stage.now())).word, "paused");
        }
        let (floor, messages) = (stage.group().min_size, stage.notifier.messages().len());
        let mut look = None;
        for _ in 0..6 {
            let looks = stage.notifier.take_looks();
            assert_eq!(looks.len(), 1, "before {before}");
            let (next, span) = looks[0].clone();
            stage.pass(span, 15_000.0);
            let ended = stage.responder(&look_event(&next));
            assert_eq!((ended.word.as_str(), ended.failed), ("paused", false));
            look = Some(next);
        }
        assert_eq!(stage.group().min_size, floor);
        assert_eq!(stage.notifier.messages().len(), messages);
        pause(&stage, Some(stage.now()));
        let ended = stage.responder(&look_event(&look.unwrap()));
        assert!(!ended.failed, "{ended:?}");
        assert!(stage.group().min_size >= 15, "{ended:?}");
        assert!(incident(&stage).following.is_some());
        assert!(!stage.notifier.messages().is_empty());
    }
}

#[test]
fn an_alarm_that_changed_after_the_last_look_is_decided_on() {
    let stage = stage(ACTIVE, 15_000.0);
    assert!(!stage.responder(&alarm(stage.now())).failed);
    let first = incident(&stage).following.unwrap();
    stage.clock.advance(jiff::SignedDuration::from_secs(30));
    let mut other = alarm(first.looked_at + jiff::SignedDuration::from_secs(20));
    other["alarmData"]["alarmName"] = json!("forescale-web-band");
    assert!(!stage.responder(&other).failed);
    let after = incident(&stage);
    assert_eq!(after.following.unwrap().look, first.look + 1);
    assert!(!after.seen.last().unwrap().decision.contains("joined"));
}

/// A message that comes twice, a minute apart, leaves one chain; one that comes again because its
/// delivery failed makes sure that the chain goes on.
#[test]
fn a_doubled_look_does_not_double_the_chain() {
    let stage = stage(ACTIVE, 15_000.0);
    assert!(!stage.responder(&alarm(stage.now())).failed);
    let mut asked = 0;
    for _ in 0..20 {
        let looks = stage.notifier.take_looks();
        asked += looks.len();
        let (look, span) = looks.last().unwrap().clone();
        stage.pass(span, 15_000.0);
        assert!(!stage.responder(&look_event(&look)).failed);
        stage.clock.advance(jiff::SignedDuration::from_secs(55));
        assert!(!stage.responder(&look_event(&look)).failed);
    }
    assert_eq!(asked, 20);
    let (look, span) = stage.notifier.take_looks().pop().unwrap();
    stage.pass(span, 15_000.0);
    assert!(!stage.responder(&look_event(&look)).failed);
    let (next, due) = stage.notifier.take_looks().pop().unwrap();
    assert!(!stage.responder(&received(&look, 2)).failed);
    let (again, later) = stage.notifier.take_looks().pop().unwrap();
    assert_eq!(again, next);
    assert!(later > due, "it comes after the one that was asked for");
    // Which makes it a repetition that asks for nothing.
    stage.pass(due, 15_000.0);
    assert!(!stage.responder(&look_event(&next)).failed);
    drop(stage.notifier.take_looks());
    stage.pass(later - due, 15_000.0);
    assert!(!stage.responder(&look_event(&again)).failed);
    assert!(stage.notifier.take_looks().is_empty());
}

/// What nobody can measure is not held for ever, and people hear that it ends.
#[test]
fn a_day_without_a_measurement_ends_the_hold_and_says_so() {
    let known = stage(ACTIVE, 15_000.0);
    assert!(!known.responder(&alarm(known.now())).failed);
    let metrics = local::CsvMetrics::new(known.clock.clone());
    let stage = Stage { metrics, ..known };
    let begun = stage.now();
    let mut until = None;
    for _ in 0..2000 {
        let looks = stage.notifier.take_looks();
        let Some((look, span)) = looks.last().cloned() else {
            break;
        };
        stage.pass(span, 15_000.0);
        drop(stage.notifier.take());
        assert!(!stage.responder(&look_event(&look)).failed);
        until = incident(&stage).hold.map(|hold| hold.until);
    }
    let hours = stage.now().duration_since(begun).as_hours();
    assert_eq!(hours, 24);
    assert!(incident(&stage).following.is_none());
    let left = until.unwrap().duration_since(stage.now());
    assert!(left > mins(0) && left <= mins(75), "{left}");
    let told = stage.notifier.messages();
    assert!(
        told.iter()
            .any(|m| m.text.contains("othing was known of demand for a day")),
        "{told:?}"
    );
}

/// Some looks without a measurement between others that find the spike: people hear of it once.
#[test]
fn looks_that_cannot_tell_are_no_news() {
    let mut stage = stage(ACTIVE, 15_000.0);
    assert!(!stage.responder(&alarm(stage.now())).failed);
    let seeing = stage.metrics.clone();
    let mut unsure = 0;
    for turn in 0..6 {
        let (look, span) = stage.notifier.take_looks().pop().unwrap();
        stage.metrics = if turn % 2 == 0 {
            local::CsvMetrics::new(stage.clock.clone())
        } else {
            seeing.clone()
        };
        stage.pass(span, 15_000.0);
        let ended = stage.responder(&look_event(&look));
        assert!(!ended.failed, "{ended:?}");
        unsure += usize::from(format!("{ended:?}").contains("unknown"));
    }
    assert!(unsure >= 2, "the looks without metrics do not know");
    let told: Vec<String> = stage
        .notifier
        .messages()
        .into_iter()
        .map(|m| m.subject)
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("unforecast demand"), "{told:?}");
}

#[test]
fn a_fault_that_comes_while_servers_go_back_is_told() {
    let text = format!(
        "{ACTIVE}\n[target.response]\nerrors = {{ namespace = \"Shop\", name = \"Errors\" }}"
    );
    let stage = stage(&text, 15_000.0);
    let name = MetricName {
        namespace: "Shop".to_owned(),
        name: "Errors".to_owned(),
        dimensions: [].into(),
    };
    // An hour and 21 minutes after the spike began, a release fails every fifth request.
    let errors = series(at("2026-11-20T00:38:00Z"), 36 * 60, |m| {
        if m < 563 { 5.0 } else { 1100.0 }
    });
    let metrics = stage.metrics.clone().with(name, errors);
    let stage = Stage { metrics, ..stage };
    assert!(!stage.responder(&alarm(stage.now())).failed);
    follow(&stage, 200);
    let told: Vec<String> = stage
        .notifier
        .messages()
        .into_iter()
        .map(|m| m.subject)
        .collect();
    let back = told.iter().position(|it| it.contains("down to")).unwrap();
    let fault = told.iter().position(|it| it.contains("bad release"));
    assert!(fault.is_some_and(|fault| fault > back), "{told:?}");
}

#[test]
fn a_leak_raises_nothing_and_says_so_and_is_refreshed_only_where_that_is_allowed() {
    for (lines, refreshed) in [("", false), ("instance_refresh = true", true)] {
        let stage = leaking(lines);
        let before = stage.group();
        let ended = stage.responder(&alarm(stage.now()));
        assert!(!ended.failed && ended.word == "resource-leak", "{ended:?}");
        let after = stage.group();
        assert_eq!(
            (after.min_size, after.desired_capacity),
            (before.min_size, before.desired_capacity)
        );
        let told = stage.notifier.messages();
        assert_eq!(told[0].record["kind"], "resource-leak");
        assert!(told[0].text.contains("memory runs out in"), "{told:?}");
        assert_eq!(stage.groups.refreshing(crate::common::GROUP), refreshed);
    }
}

/// A refresh takes servers out one by one: not from a group to which none could be added.
#[test]
fn a_group_that_could_not_be_changed_is_not_refreshed() {
    for broken in [false, true] {
        let stage = leaking("instance_refresh = true");
        let hold = documents::Hold {
            since: stage.now() - mins(10),
            until: stage.now() + mins(80),
            servers: 9,
            demand: 8500.0,
            reason: "a spike".to_owned(),
        };
        let held = Incident {
            hold: Some(hold),
            ..Incident::default()
        };
        stage.put(&keys::incident("web"), held);
        let faults = if broken {
            local::Faults::none().every("resize", local::Fault::Throttled)
        } else {
            local::Faults::none()
        };
        let stage = Stage { faults, ..stage };
        let ended = stage.responder(&alarm(stage.now()));
        assert_eq!(ended.failed, broken, "{ended:?}");
        let refreshed = stage.groups.refreshing(crate::common::GROUP);
        assert_eq!(refreshed, !broken, "{ended:?}");
        let told = &stage.notifier.messages()[0].text;
        let left_out = told.contains("No instance refresh was started");
        assert_eq!(left_out, broken, "{told}");
    }
}

/// Friday's spike of 08:40 for the third week: what is proposed can be added as it stands.
#[test]
fn what_recurs_is_proposed_as_an_event_of_the_target() {
    let stage = stage(ACTIVE, 15_000.0);
    let closed = |start: &str| documents::Closed {
        since: at(start),
        until: at(start) + mins(70),
        diagnosis: "unforecast-demand".to_owned(),
        highest: 15_000.0,
        expected: Some(6000.0),
        held_back: documents::HeldBack::default(),
    };
    let past = Incident {
        closed: vec![
            closed("2026-11-06T08:42:00Z"),
            closed("2026-11-13T08:50:00Z"),
        ],
        ..Incident::default()
    };
    stage.put(&keys::incident("web"), past);
    // One time series of an alarm: what links to the alarm leaves that out.
    let mut event = alarm(stage.now());
    event["alarmData"]["alarmContributor"] = serde_json::json!({ "id": "6d44" });
    assert!(!stage.responder(&event).failed);
    follow(&stage, 200);
    let told = stage.notifier.messages();
    let last = told.last().unwrap();
    assert!(last.text.contains("3 Fridays in a row"), "{last:?}");
    // Told by a look, it leads to the group and the alarm all the same, and says of what it is.
    let alarm = "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1\
                 #alarmsV2:alarm/forescale-web-load\n";
    assert!(last.text.contains(alarm), "{last:?}");
    assert_eq!(last.record["incident"], told[0].record["incident"]);
    assert!(last.record["incident"].is_string(), "{last:?}");
    let toml = last.record["proposedEvent"].as_str().unwrap();
    let text = format!("{}\n{toml}", config(ACTIVE));
    let added = ::config::Config::parse("forescale.toml", &text).unwrap();
    let (event, target) = (&added.events[0], added.target("web").unwrap());
    assert_eq!(event.targets, ["web"]);
    let due = event.occurrences(target, stage.now(), stage.now() + mins(8 * 24 * 60));
    // The earliest was noticed at 08:42.
    assert_eq!(due[0].start, at("2026-11-27T08:35:00Z"), "{toml}");
}

#[test]
fn the_planner_publishes_the_band_of_the_next_hundred_minutes() {
    let stage = stage(ACTIVE, 5500.0);
    let published = stage.metrics.published(&control::band_metric("web"));
    assert_eq!(published.len(), 100);
    let (first, last) = (
        published.first_key_value().unwrap(),
        published.last_key_value().unwrap(),
    );
    assert_eq!(*first.0, at("2026-11-20T08:38:00Z"));
    assert_eq!(*last.0, at("2026-11-20T10:17:00Z"));
    assert!(published.values().all(|value| *value == 6000.0));
}

#[test]
fn where_no_look_comes_again_every_alarm_is_decided_on() {
    let stage = stage(ACTIVE, 15_000.0);
    let notifier = stage.notifier.clone().without_looks();
    let stage = crate::common::Stage { notifier, ..stage };
    let event = alarm(stage.now());
    assert!(!stage.responder(&event).failed);
    let first = incident(&stage).following.unwrap().look;
    let mut other = event;
    other["alarmData"]["alarmName"] = json!("forescale-web-band");
    assert!(!stage.responder(&other).failed);
    let after = incident(&stage);
    assert!(
        !after
            .seen
            .iter()
            .any(|seen| seen.decision.contains("joined"))
    );
    assert_eq!(after.following.unwrap().look, first + 1);
}
