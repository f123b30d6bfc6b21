//! Nights on a low rung: what stands in for a forecast, what is planned from it, and who is told.
use crate::common::{ACTIVE, Stage, at, config, mins, series};
use documents::{
    AddedEvent, DriftRecord, Events, Forecast, LadderRung, NewsRecord, Predictable, Record, keys,
};
use fleet::Sizes;
use jiff::{SignedDuration, Timestamp};
use local::Fault;

/// First midnight: 9 November 2026, a Monday, with five weeks of history before it.
fn night() -> Timestamp {
    at("2026-11-09T00:10:00Z")
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

fn wave(minute: usize) -> f64 {
    let turn = minute as f64 / 1440.0 * std::f64::consts::TAU;
    4000.0 * (1.5 - turn.cos())
}

fn stage(config: &str, length: i64, demand: impl Fn(usize) -> f64) -> Stage {
    let start = night() - mins(10) - days(35);
    let minutes = usize::try_from(days(35 + length).as_mins()).unwrap();
    Stage::new(night(), config, series(start, minutes, demand), true)
}

fn made(stage: &Stage) -> Forecast {
    stage
        .get(&keys::forecast("web", stage.now()))
        .expect("a forecast")
}

/// A night without CloudWatch and without a good forecast, a week after the archive was filled.
fn on_last_week(config: &str, demand: impl Fn(usize) -> f64) -> Stage {
    let stage = stage(config, 9, demand);
    assert!(!stage.forecaster().failed);
    let now = stage.now();
    for day in 1..=6 {
        stage.clock.set(now + days(day));
        assert!(!stage.forecaster().failed);
    }
    for day in 0..=6 {
        let key = keys::forecast("web", now + days(day));
        pollster::block_on(ports::DocumentStore::delete(&stage.store, &key)).unwrap();
    }
    stage.clock.set(now + days(7));
    let _ = stage.faults.clone().every("read", Fault::UnansweredBefore);
    assert!(stage.forecaster().failed);
    stage.faults.heal();
    assert_eq!(made(&stage).ladder.rung, LadderRung::LastWeek);
    stage
}

#[test]
fn a_plan_from_last_weeks_pattern_lowers_nothing_and_says_so() {
    let stage = on_last_week(&config(ACTIVE), wave);
    let high = Sizes {
        min_size: Some(30),
        ..Sizes::default()
    };
    stage.by_hand(high);
    let ended = stage.planner();
    assert!(!ended.failed, "{ended:?}");
    let plan = stage.plan();
    assert!(plan.forecast.is_none(), "{:?}", plan.forecast);
    let note = plan.notes.iter().find(|n| n.contains("nothing is lowered"));
    assert!(note.is_some(), "{:?}", plan.notes);
}

/// Servers asked for at 20:30 of the day of `stage`.
fn evening(stage: &Stage) -> u32 {
    let ended = stage.planner();
    assert!(!ended.failed, "{ended:?}");
    let at = stage.now() + mins(20 * 60 + 20);
    let steps = stage.plan().steps;
    steps.iter().rfind(|step| step.start <= at).unwrap().servers
}

#[test]
fn an_event_of_every_week_is_not_doubled_on_last_weeks_pattern() {
    let shown = |minute: usize| {
        let on = (minute / 1440).is_multiple_of(7) && (1200..1320).contains(&(minute % 1440));
        wave(minute) * if on { 3.0 } else { 1.0 }
    };
    let event = "\n[[event]]\nname = \"show\"\nstart = 2026-10-05T20:00:00\n\
                 end = 2026-10-05T22:00:00\nevery = \"week\"\nmultiplier = 3.0\n";
    let stage = on_last_week(&format!("{}{event}", config(ACTIVE)), shown);
    let forecast = made(&stage);
    assert_eq!(forecast.events, ["show at 2026-11-16T20:00:00Z"]);
    let known = evening(&stage);
    let plain = on_last_week(&config(ACTIVE), shown);
    assert_eq!(known, evening(&plain));
}

#[test]
fn an_event_of_last_week_is_not_repeated() {
    let shown = |minute: usize| {
        let on = minute / 1440 == 35 && (1200..1320).contains(&(minute % 1440));
        wave(minute) * if on { 4.0 } else { 1.0 }
    };
    let event = "\n[[event]]\nname = \"show\"\nstart = 2026-11-09T20:00:00\n\
                 end = 2026-11-09T22:00:00\nmultiplier = 4.0\n";
    let stage = on_last_week(&format!("{}{event}", config(ACTIVE)), shown);
    let step = 20 * 3600 / made(&stage).step_seconds as usize;
    let median = made(&stage).quantiles[step][2];
    let usual = wave(20 * 60);
    assert!((median / usual - 1.0).abs() < 0.05, "{median} {usual}");
}

#[test]
fn what_is_left_of_a_forecast_that_says_hands_off_says_it_too() {
    let mut forecast = Forecast::default();
    forecast.ladder.rung = LadderRung::LastGood;
    assert!(!forecast.hands_off());
    forecast.predictability.predictable = Predictable::No;
    assert!(forecast.hands_off());
}

#[test]
fn an_event_entered_since_the_step_began_is_in_tonights_forecast() {
    let toml = "name = \"programme\"\nstart = 2026-11-09T20:00:00\nend = 2026-11-09T22:00:00\n\
                multiplier = 3.0\nannounced_at = 2026-11-09T00:05:00\n";
    let told = stage(&config(ACTIVE), 1, wave);
    let events = vec![AddedEvent {
        added_at: at("2026-11-09T00:05:00Z"),
        toml: toml.to_owned(),
        uid: None,
    }];
    told.put(keys::EVENTS, Events { events });
    assert!(!told.forecaster().failed);
    let forecast = made(&told);
    let step = 20 * 3600 / forecast.step_seconds as usize;
    let factor = forecast.quantiles[step][2] / wave(20 * 60);
    assert!((factor - 3.0).abs() < 0.2, "{factor}");
}

/// Which call of `get` reads `key` in tonight's run of a stage like `stage`.
fn read_of(stage: &Stage, key: &str) -> usize {
    assert!(!stage.forecaster().failed);
    let calls = stage.faults.calls();
    let gets = calls.iter().filter(|call| call.operation == "get");
    1 + gets
        .enumerate()
        .find(|(_, call)| call.resource == key)
        .unwrap()
        .0
}

#[test]
fn the_model_does_not_wait_for_the_watch() {
    let nth = read_of(&stage(&config(ACTIVE), 1, wave), &keys::record("web"));
    let stage = stage(&config(ACTIVE), 1, wave);
    let _ = stage.faults.clone().nth_of("get", nth, Fault::Denied);
    let ended = stage.forecaster();
    assert!(!ended.failed, "{ended:?}");
    assert!(
        ended.text.contains("the record of past nights"),
        "{ended:?}"
    );
    assert_eq!(made(&stage).ladder.rung, LadderRung::Model);
}

#[test]
fn news_that_could_not_be_sent_are_sent_by_the_next_run() {
    let stage = stage(&config(ACTIVE), 2, wave);
    let untold = NewsRecord {
        subject: "Forecasts for web have got worse".to_owned(),
        text: "They have.".to_owned(),
    };
    let record = Record {
        nights: Vec::new(),
        drift: DriftRecord::default(),
        untold: Some(untold),
    };
    stage.put(&keys::record("web"), record);
    let _ = stage.faults.clone().every("notify", Fault::Throttled);
    let ended = stage.forecaster();
    assert!(
        !ended.failed && ended.text.contains("could not be told"),
        "{ended:?}"
    );
    let kept: Record = stage.get(&keys::record("web")).unwrap();
    assert!(kept.untold.is_some());
    stage.faults.heal();
    stage.clock.set(night() + days(1));
    assert!(!stage.forecaster().failed);
    let told: Vec<String> = stage
        .notifier
        .take()
        .into_iter()
        .map(|m| m.subject)
        .collect();
    assert_eq!(told, ["Forecasts for web have got worse"]);
    let kept: Record = stage.get(&keys::record("web")).unwrap();
    assert!(kept.untold.is_none());
    stage.clock.set(night() + days(2));
    let _ = stage.forecaster();
    assert!(stage.notifier.take().is_empty());
}

#[test]
fn a_failed_night_tells_what_it_had_found_before() {
    let stage = stage(&config(ACTIVE), 1, wave);
    stage.put_text(&keys::history("web"), "{ damaged");
    let _ = stage.faults.clone().every("read", Fault::Denied);
    let ended = stage.forecaster();
    assert!(ended.failed);
    assert!(
        ended.text.contains("archived history is not used"),
        "{}",
        ended.text
    );
}
