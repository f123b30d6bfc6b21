//! Inputs nobody wishes for, through the three handlers: each ends in a named error or a fallback
//! that the answer reports, never in a smaller fleet.
use crate::common::{
    ACTIVE, Ended, Function, GROUP, Stage, alarm, at, config, forecast, mins, series,
};
use documents::keys;
use jiff::Timestamp;
use local::Fault;
use pollster::block_on;
use ports::{Condition, DocumentStore};
use serde_json::{Value, json};
use timeseries::Aggregate;
use timeseries::csv::CsvOptions;

const ALL: [Function; 3] = [Function::Forecaster, Function::Planner, Function::Responder];

/// The least that the group promises before its plan ends: MinSize and every pending floor.
fn promised(stage: &Stage) -> (u32, u32) {
    let end = stage
        .get::<documents::Plan>(&keys::plan("web"))
        .map_or(Timestamp::MAX, |plan| plan.expires_at);
    let group = stage.group();
    let pending = stage.actions();
    let floors = pending.iter().filter(|a| a.start.unwrap() < end);
    let least = floors
        .filter_map(|a| a.min_size)
        .fold(group.min_size, u32::min);
    (least, group.desired_capacity)
}

/// A planned hour, then whatever `spoil` does, and every function an hour later.
fn spoilt(spoil: impl Fn(&Stage)) -> Vec<(Function, Ended)> {
    ALL.iter()
        .map(|&function| {
            let stage = Stage::flat(ACTIVE);
            assert!(!stage.planner().failed);
            let end = stage.plan().expires_at;
            stage.pass(mins(60), 5500.0);
            spoil(&stage);
            let before = (stage.group().min_size, stage.group().desired_capacity);
            if function == Function::Forecaster {
                stage.clock.set(at("2026-11-21T00:10:00Z"));
            }
            let ended = stage.run(function);
            let group = stage.group();
            assert!(group.min_size >= before.0, "{function:?}: {ended:?}");
            assert!(
                group.desired_capacity >= before.1,
                "{function:?}: {ended:?}"
            );
            for action in stage.actions() {
                let ends = action.start.unwrap() >= end;
                let floor = action.min_size.unwrap();
                assert!(ends || floor >= before.0, "{function:?}: {action:?}");
            }
            (function, ended)
        })
        .collect()
}

#[test]
fn damaged_documents_are_named_and_lower_nothing() {
    let day = keys::forecast("web", at("2026-11-20T00:00:00Z"));
    // Who reads what; a history only stands in where no forecast covers now.
    let readers: [(String, &str, &[Function]); 8] = [
        (day, "forecast", &ALL[1..]),
        (keys::plan("web"), "plan", &ALL[1..]),
        (keys::incident("web"), "incident", &ALL),
        (keys::baseline("web"), "baseline", &ALL[1..2]),
        (keys::lease("web"), "lease", &ALL[1..2]),
        (keys::history("web"), "history", &ALL[..1]),
        (keys::EVENTS.to_owned(), "events", &ALL),
        (keys::PAUSE.to_owned(), "pause", &ALL),
    ];
    let whole = |kind: &str| {
        json!({"kind": kind, "schema": 1, "written_at": "2026-11-20T00:00:00Z",
            "written_by": "test", "body": {}})
        .to_string()
    };
    for (key, kind, readers) in &readers {
        let other = if *kind == "pause" { "events" } else { "pause" };
        let damages = [
            ("empty", String::new()),
            ("malformed", "{\"kind\": ".to_owned()),
            ("no document", "[1, 2]".to_owned()),
            (
                "newer",
                whole(kind).replace("\"schema\":1", "\"schema\":99"),
            ),
            ("another kind", whole(other)),
            ("truncated", whole(kind)[..60].to_owned()),
        ];
        for (damage, text) in &damages {
            for (function, ended) in spoilt(|stage| stage.put_text(key, text)) {
                if readers.contains(&function) {
                    let told = ended.text.contains(key.as_str())
                        || ended.text.contains("newer version of Forescale");
                    assert!(told, "{damage} {kind}, {function:?}: {ended:?}");
                }
                if *kind == "pause" && function != Function::Forecaster {
                    assert_eq!(ended.word, "paused", "{damage}");
                }
            }
        }
    }
}

#[test]
fn a_missing_or_wrong_configuration_is_a_named_error() {
    let cases: [(&str, Option<&[u8]>, &str); 5] = [
        ("missing", None, "NoConfig"),
        ("malformed", Some(b"[[target]\nname = "), "Config"),
        (
            "unknown key",
            Some(b"[[target]]\nname = \"web\"\nminimum = 3\n"),
            "Config",
        ),
        ("empty", Some(b""), "Config"),
        ("not text", Some(b"\xff\xfe"), "Config"),
    ];
    for (name, bytes, code) in cases {
        let spoil = |stage: &Stage| match bytes {
            Some(bytes) => {
                let put = stage.store.put(keys::CONFIG, bytes, Condition::Always);
                block_on(put).unwrap();
            }
            None => block_on(stage.store.delete(keys::CONFIG)).unwrap(),
        };
        for (function, ended) in spoilt(spoil) {
            assert!(
                ended.failed && ended.word == code,
                "{name}, {function:?}: {ended:?}"
            );
            assert!(ended.text.contains(keys::CONFIG), "{name}: {ended:?}");
        }
    }
}

#[test]
fn a_group_that_does_not_exist_is_a_named_error() {
    let spoil = |stage: &Stage| {
        stage.put_text(keys::CONFIG, &config(ACTIVE).replace(GROUP, "nowhere"));
    };
    for (function, ended) in spoilt(spoil) {
        if function != Function::Forecaster {
            assert_eq!(ended.word, "TargetsFailed", "{function:?}");
            assert!(ended.text.contains("nowhere does not exist"), "{ended:?}");
        }
    }
}

#[test]
fn without_forecast_or_history_the_plan_is_kept_and_without_a_plan_that_is_an_error() {
    let day = keys::forecast("web", at("2026-11-20T00:00:00Z"));
    let ended = spoilt(|stage| block_on(stage.store.delete(&day)).unwrap());
    let (_, planner) = &ended[1];
    assert!(planner.text.contains("is kept"), "{planner:?}");
    let (_, responder) = &ended[2];
    assert!(!responder.failed, "{responder:?}");

    let stage = Stage::flat(ACTIVE);
    block_on(stage.store.delete(&day)).unwrap();
    let before = promised(&stage);
    let ended = stage.planner();
    assert!(ended.text.contains("no forecast, no history"), "{ended:?}");
    assert_eq!(promised(&stage), before);
    assert_eq!(stage.group_writes(), 0);
}

/// Whether the answer says what could not be read or done: the call, what it was about, and why.
fn told(call: &local::Call, fault: Fault, text: &str) -> bool {
    let why = match fault {
        Fault::NotFound => "not exist",
        Fault::Hangs => "nothing within",
        _ => "injected",
    };
    let about = call.resource.rsplit([' ', '/']).next().unwrap();
    // Only a message nobody got is about nothing else.
    text.contains(why) && (text.contains(about) || call.operation == "notify")
}

/// Calls whose failure nobody needs to hear of, since it is made good at once: a next look is asked
/// for again, a write whose answer was lost is read back, single actions that are refused are put once
/// more, and a lease that is not given back ends.
fn made_good(call: &local::Call, fault: Fault) -> bool {
    let lost = fault == Fault::UnansweredAfter;
    match (call.operation, call.resource.as_str()) {
        ("remind", _) | ("put", "targets/web/lease.json") => true,
        ("put", "targets/web/incident.json") => lost,
        ("put_scheduled_actions", _) => fault == Fault::ItemsRefused,
        _ => false,
    }
}

/// Every call of every function, failed in every way, in an hour that has something to write.
#[test]
fn whatever_call_fails_the_fleet_stays_and_the_next_run_finishes() {
    const FAULTS: [Fault; 8] = [
        Fault::Throttled,
        Fault::Denied,
        Fault::Conflict,
        Fault::NotFound,
        Fault::UnansweredBefore,
        Fault::UnansweredAfter,
        Fault::ItemsRefused,
        Fault::Hangs,
    ];
    let scene = |faults: local::Faults| {
        let now = at("2026-11-20T08:40:00Z");
        let demand = series(now - mins(8 * 60), 36 * 60, |m| {
            if m < 475 { 5500.0 } else { 15_000.0 }
        });
        let stage = Stage::new(now, &config(ACTIVE), demand, true);
        // 6 servers, 12 in the day, 8 in the evening.
        let day =
            |step: usize| [6000.0, 6000.0, 12_000.0, 12_000.0, 12_000.0, 8000.0][step / 16 % 6];
        stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), day));
        Stage { faults, ..stage }
    };
    for function in [Function::Planner, Function::Responder] {
        let clean = scene(local::Faults::none());
        assert!(!clean.run(function).failed);
        let calls = clean.faults.calls();
        assert!(
            calls.iter().any(|call| call.operation == "resize"),
            "{calls:?}"
        );
        for (index, call) in calls.iter().enumerate() {
            for fault in FAULTS {
                // Only the responder is in such a hurry that it waits for no call.
                if fault == Fault::Hangs && function != Function::Responder {
                    continue;
                }
                let stage = scene(local::Faults::none().nth(index + 1, fault));
                let before = promised(&stage);
                let context = format!("{function:?}, call {index} {call:?}, {fault:?}");
                let ended = stage.run(function);
                assert!(
                    ended.failed || told(call, fault, &ended.text) || made_good(call, fault),
                    "{context}: {ended:?}"
                );
                let after = promised(&stage);
                assert!(
                    after.0 >= before.0 && after.1 >= before.1,
                    "{context}: {after:?}"
                );
                // A lost lease ends by itself.
                stage.faults.heal();
                stage.pass(mins(3), 5500.0);
                let again = stage.run(function);
                assert!(!again.failed, "{context}: {again:?}");
                // The surge is steady by now, and 15 servers carry it.
                assert!(stage.group().min_size >= 15, "{context}: {again:?}");
                assert!(stage.plan().applied, "{context}");
            }
        }
    }
}

#[test]
fn histories_that_teach_nothing_or_little_are_told() {
    let now = at("2026-11-20T00:10:00Z");
    let start = now - mins(10 * 24 * 60 + 10);
    let days = 10 * 24 * 60;
    let wave = |m: usize| 3000.0 + 2000.0 * (m as f64 / 1440.0 * std::f64::consts::TAU).sin();
    let cases: Vec<(&str, timeseries::Series, bool)> = vec![
        ("empty", series(start, 0, wave), true),
        ("one point", series(now - mins(10), 1, wave), true),
        ("all zeros", series(start, days, |_| 0.0), false),
        (
            "mostly unknown",
            series(
                start,
                days,
                |m| if m % 40 < 38 { f64::NAN } else { wave(m) },
            ),
            true,
        ),
        (
            "NaN and negative",
            csv(&rows(start, days / 15, |i| match i % 50 {
                7 => "NaN".to_owned(),
                9 => "-5".to_owned(),
                11 => String::new(),
                _ => format!("{}", wave(i * 15) * 15.0),
            })),
            false,
        ),
        (
            "unsorted and duplicate",
            {
                let mut rows = rows(start, days / 15, |i| format!("{}", wave(i * 15) * 15.0));
                rows.reverse();
                rows.extend(rows[..200].to_vec());
                csv(&rows)
            },
            false,
        ),
    ];
    for (name, demand, refused) in cases {
        let stage = Stage::new(now, &config(ACTIVE), demand, true);
        let night = stage.forecaster();
        let planned = stage.planner();
        if night.failed {
            assert!(refused, "{name}: {night:?}");
            assert_eq!(night.word, "TargetsFailed");
        }
        // A forecast of nothing lowers MinSize to the least that people allow, and no further.
        let group = stage.group();
        assert!(group.min_size >= 2, "{name}: {planned:?}");
        assert_eq!(group.desired_capacity, 6, "{name}: {planned:?}");
        if refused {
            assert_eq!(group.min_size, 3, "{name}: nothing known, nothing lowered");
            assert!(
                night.failed || night.text.contains("history"),
                "{name}: {night:?}"
            );
        }
    }
}

fn rows(start: Timestamp, count: usize, value: impl Fn(usize) -> String) -> Vec<String> {
    (0_i64..)
        .zip(0..count)
        .map(|(n, index)| format!("{},{}\n", start + mins(n * 15), value(index)))
        .collect()
}

/// As a minute series, through the reader of demand files.
fn csv(rows: &[String]) -> timeseries::Series {
    let text = format!("timestamp,value\n{}", rows.concat());
    let options = CsvOptions {
        zone: jiff::tz::TimeZone::UTC,
        aggregate: Aggregate::Sum,
    };
    let (series, _) = timeseries::csv::read(text.as_bytes(), &options).unwrap();
    simulation::alternatives::by_minute(&series)
}

/// A day of 23, one of 25 hours, and one in a zone of half hours: the night's forecast and the
/// hour's plan are there, cover a day and fit AWS.
#[test]
fn clock_changes_are_planned_through() {
    for (zone, midnight) in [
        ("Europe/Berlin", "2026-03-28T23:10:00Z"),
        ("Europe/Berlin", "2026-10-24T22:10:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T13:10:00Z"),
        ("Asia/Kolkata", "2026-03-28T18:40:00Z"),
    ] {
        let now = at(midnight);
        let wave = |m: usize| 6000.0 + 3000.0 * (m as f64 / 1440.0 * std::f64::consts::TAU).sin();
        let demand = series(now - mins(10 * 1440 + 10), 10 * 1440 + 10, wave);
        let text = config(&format!("{ACTIVE}\ntime_zone = \"{zone}\""));
        let stage = Stage::new(now, &text, demand, true);
        let night = stage.forecaster();
        assert!(!night.failed, "{zone}: {night:?}");
        let planned = stage.planner();
        assert!(!planned.failed, "{zone}: {planned:?}");
        let plan = stage.plan();
        assert!(plan.expires_at.duration_since(now) >= jiff::SignedDuration::from_hours(24));
        assert!(
            plan.floors.iter().map(|f| f.servers).max().unwrap() >= 8,
            "{zone}: {plan:?}"
        );
        assert!(stage.group().min_size >= 3, "{zone}");
    }
}

#[test]
fn alarm_events_that_cannot_or_need_not_be_answered_are_notes() {
    let whole = |stage: &Stage| alarm(stage.now() - mins(1));
    let without = |pointer: &'static str| {
        move |stage: &Stage| -> Value {
            let mut event = alarm(stage.now());
            let (parent, field) = pointer.rsplit_once('/').unwrap();
            let parent = event.pointer_mut(parent).unwrap();
            parent.as_object_mut().unwrap().remove(field);
            event
        }
    };
    let changed = |pointer: &'static str, value: Value| {
        move |stage: &Stage| -> Value {
            let mut event = whole(stage);
            let (parent, field) = pointer.rsplit_once('/').unwrap();
            event.pointer_mut(parent).unwrap()[field] = value.clone();
            event
        }
    };
    type Make = Box<dyn Fn(&Stage) -> Value>;
    let cases: Vec<(&str, Make)> = vec![
        ("alarmName", Box::new(without("/alarmData/alarmName"))),
        ("state.value", Box::new(without("/alarmData/state/value"))),
        ("timestamp", Box::new(without("/alarmData/state/timestamp"))),
        ("not a CloudWatch alarm", Box::new(without("/alarmData"))),
        (
            "concerns no target",
            Box::new(changed("/alarmData/alarmName", json!("somebody-elses"))),
        ),
        (
            "back to OK",
            Box::new(changed("/alarmData/state/value", json!("OK"))),
        ),
        (
            "INSUFFICIENT_DATA",
            Box::new(changed(
                "/alarmData/state/value",
                json!("INSUFFICIENT_DATA"),
            )),
        ),
        (
            "suppressed by",
            Box::new(changed(
                "/alarmData/state/actionsSuppressedBy",
                json!("WaitPeriod"),
            )),
        ),
        (
            "muted by",
            Box::new(|stage: &Stage| {
                let mut event = crate::common::alarm_by_rule(stage.now());
                event["detail"]["muteDetail"] = json!({"mutedByArn": "arn:mute"});
                event
            }),
        ),
        (
            "too late to act on",
            Box::new(|stage: &Stage| alarm(stage.now() - mins(61))),
        ),
        ("its fields are", Box::new(|_: &Stage| json!({}))),
        (
            "Sns.Message",
            Box::new(|_: &Stage| json!({"Records": [{}]})),
        ),
    ];
    for (told, make) in cases {
        let stage = Stage::flat(ACTIVE);
        assert!(!stage.planner().failed);
        // That it came is kept in mind.
        let versions = |stage: &Stage| {
            let mut versions = stage.versions();
            versions.retain(|(key, _)| !key.ends_with("/incident.json"));
            versions
        };
        let (before, writes) = (versions(&stage), stage.group_writes());
        let ended = stage.responder(&make(&stage));
        assert!(
            !ended.failed && ended.text.contains(told),
            "{told}: {ended:?}"
        );
        assert_eq!(versions(&stage), before, "{told}");
        assert_eq!(stage.group_writes(), writes, "{told}");
    }
}
