//! What the forecaster writes night by night: events, the ladder of fallbacks, drift.
use crate::common::{ACTIVE, Function, Stage, at, config, mins, series};
use documents::{AddedEvent, Events, Forecast, LadderRung, Predictable, Record, keys};
use jiff::{SignedDuration, Timestamp};
use local::Fault;
use ports::DocumentStore;
use timeseries::Series;

/// First midnight: 9 November 2026, a Monday, with five weeks of history before it.
fn night() -> Timestamp {
    at("2026-11-09T00:10:00Z")
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// Numbers from 0 to 1, the same in every run (splitmix64).
fn chance(index: usize) -> f64 {
    let mut z = (index as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(7);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}

/// Demand of a minute counted from five weeks before the first midnight.
fn wave(minute: usize) -> f64 {
    let turn = minute as f64 / 1440.0 * std::f64::consts::TAU;
    4000.0 * (1.5 - turn.cos()) + 300.0 * chance(minute / 15)
}

/// A stage at the first night; metrics show nothing after their time.
fn stage(config: &str, length: SignedDuration, demand: impl Fn(usize) -> f64) -> Stage {
    let start = night() - mins(10) - days(35);
    let minutes = usize::try_from((days(35) + length).as_mins()).unwrap();
    let demand: Series = series(start, minutes, demand);
    Stage::new(night(), config, demand, true)
}

fn forecast(stage: &Stage) -> Forecast {
    let key = keys::forecast("web", stage.now());
    stage.get(&key).expect("a forecast")
}

fn hour_of(forecast: &Forecast, hour: usize) -> f64 {
    let an_hour = 3600 / forecast.step_seconds as usize;
    forecast.quantiles[hour * an_hour][2]
}

#[test]
fn an_event_entered_the_day_before_changes_tonights_plan() {
    let plain = stage(&config(ACTIVE), days(1), wave);
    assert!(!plain.forecaster().failed);
    let toml = "name = \"programme\"\nstart = 2026-11-09T20:00:00\nend = 2026-11-09T22:00:00\n\
                lead = \"1h\"\nmultiplier = 3.0\n";
    let told = stage(&config(ACTIVE), days(1), wave);
    told.put(
        keys::EVENTS,
        Events {
            events: vec![AddedEvent {
                added_at: at("2026-11-08T17:00:00Z"),
                toml: toml.to_owned(),
                uid: None,
            }],
        },
    );
    assert!(!told.forecaster().failed);
    let (before, after) = (forecast(&plain), forecast(&told));
    assert_eq!(hour_of(&before, 18), hour_of(&after, 18));
    assert!((hour_of(&after, 20) / hour_of(&before, 20) - 3.0).abs() < 0.01);
    // Half way up the lead, and back to the usual after it.
    assert!(hour_of(&after, 19) > 1.2 * hour_of(&before, 19));
    assert_eq!(hour_of(&before, 22), hour_of(&after, 22));
    assert!(
        after.explanation.event[20] > 1000.0,
        "{:?}",
        after.explanation.event
    );
    assert_eq!(after.events.len(), 1);
    let servers = |stage: &Stage| {
        assert!(!stage.planner().failed);
        let steps = stage.plan().steps;
        let evening = at("2026-11-09T20:30:00Z");
        steps
            .iter()
            .rfind(|step| step.start <= evening)
            .unwrap()
            .servers
    };
    let (without, with) = (servers(&plain), servers(&told));
    assert!(with >= 2 * without, "{without} {with}");
}

#[test]
fn what_past_occurrences_did_is_learnt_without_a_multiplier() {
    // Every Monday from 20:00 to 21:00, from the first day of the history on.
    let show = |minute: usize| {
        let (day, of_day) = (minute / 1440, minute % 1440);
        let on = day % 7 == 0 && (1200..1260).contains(&of_day);
        wave(minute) * if on { 2.5 } else { 1.0 }
    };
    let event = |start: &str| {
        format!(
            "{}[[event]]\nname = \"show\"\nstart = {start}T20:00:00\nend = {start}T21:00:00\n\
             every = \"week\"\nlearnt = true\n",
            config(ACTIVE)
        )
    };
    let night = |start: &str| {
        let stage = stage(&event(start), days(1), show);
        assert!(!stage.forecaster().failed);
        forecast(&stage)
    };
    let made = night("2026-10-05");
    let factor = hour_of(&made, 20) / wave(35 * 1440 + 20 * 60);
    assert!((factor - 2.5).abs() < 0.25, "{factor} {:?}", made.notes);
    assert!((hour_of(&made, 22) / wave(35 * 1440 + 22 * 60) - 1.0).abs() < 0.1);
    // One that comes for the first time: there is nothing to learn from, and that is said.
    let made = night("2026-11-09");
    assert!(
        made.notes
            .iter()
            .any(|note| note.contains("no past occurrence")),
        "{:?}",
        made.notes
    );
}

#[test]
fn holidays_of_the_targets_country_are_kept() {
    // Wednesday 11 November is a holiday in France; nothing is known of any other one.
    let french = format!("{}\ncountry = \"FR\"\n", config(ACTIVE));
    let [plain, kept] = [config(ACTIVE), french].map(|config| {
        let weekly = |minute: usize| {
            let weekend = (minute / 1440) % 7 >= 5;
            wave(minute) * if weekend { 0.5 } else { 1.0 }
        };
        let stage = stage(&config, days(1), weekly);
        assert!(!stage.forecaster().failed);
        forecast(&stage)
    });
    let noon = 2 * 24 + 12;
    assert!(hour_of(&kept, noon) < 0.9 * hour_of(&plain, noon));
    assert!(kept.explanation.calendar[noon] < -500.0);
    assert!(
        kept.notes.iter().any(|note| note.contains("2026-11-11")),
        "{:?}",
        kept.notes
    );
}

#[test]
fn the_ladder_is_climbed_down_and_up_again() {
    let stage = stage(&config(ACTIVE), days(3), wave);
    assert!(!stage.forecaster().failed);
    let first = forecast(&stage);
    assert_eq!(first.ladder.rung, LadderRung::Model);
    assert!(first.ladder.reason.is_empty());

    // The next night CloudWatch does not answer: the last good forecast as far as it reaches.
    stage.clock.set(night() + days(1));
    let _ = stage.faults.clone().every("read", Fault::UnansweredBefore);
    let failed = stage.forecaster();
    assert!(failed.failed, "{}", failed.text);
    let second = forecast(&stage);
    assert_eq!(second.ladder.rung, LadderRung::LastGood);
    assert!(
        second.ladder.reason.contains("2026-11-09.json"),
        "{}",
        second.ladder.reason
    );
    assert_eq!(second.quantiles[..], first.quantiles[24 * 4..]);

    // It answers again: the run that is repeated replaces the stand-in, and the next one rests.
    stage.faults.heal();
    assert_eq!(stage.forecaster().word, "forecast");
    assert_eq!(forecast(&stage).ladder.rung, LadderRung::Model);
    assert_eq!(stage.forecaster().word, "unchanged");
}

#[test]
fn without_a_good_forecast_last_weeks_pattern_stands_in() {
    let stage = stage(&config(ACTIVE), days(9), wave);
    assert!(!stage.forecaster().failed);
    stage.clock.set(night() + days(1));
    assert!(!stage.forecaster().failed);
    // A week without a run, then one without CloudWatch.
    stage.clock.set(night() + days(6));
    let _ = stage.faults.clone().every("read", Fault::UnansweredBefore);
    assert!(stage.forecaster().failed);
    let made = forecast(&stage);
    assert_eq!(made.ladder.rung, LadderRung::LastWeek, "{:?}", made.ladder);
    assert!(made.model.contains("last week"));
    // Of the week before, the archive knows Sunday; its evening stands in for what it does not.
    assert!((hour_of(&made, 12) / wave(12 * 60) - 1.0).abs() < 0.2);
    assert_eq!(stage.planner().word, "planned");
}

#[test]
fn what_cannot_be_forecast_is_left_to_reactive_policies() {
    let bursts = |minute: usize| {
        let hour = minute / 60;
        if chance(hour) > 0.9 {
            30_000.0 * chance(hour + 50_000)
        } else {
            300.0 * chance(hour + 90_000)
        }
    };
    let stage = stage(&config(ACTIVE), days(1), bursts);
    assert!(!stage.forecaster().failed);
    let made = forecast(&stage);
    assert_eq!(
        made.predictability.predictable,
        Predictable::No,
        "{:?}",
        made.predictability
    );
    assert!(made.hands_off() && made.ladder.reason.contains("reactive policies"));
    // The stage's group has target tracking: beyond what the last minutes say the plan asks for the
    // least, and says why.
    assert!(!stage.planner().failed);
    let plan = stage.plan();
    let later = plan
        .steps
        .iter()
        .filter(|step| step.start > stage.now() + mins(240));
    assert!(later.clone().count() > 0);
    assert!(
        later
            .clone()
            .all(|step| step.servers == 2 && step.reason.contains("own policies")),
        "{:?}",
        later.collect::<Vec<_>>()
    );
}

#[test]
fn decay_is_told_once_and_the_band_widened_until_it_is_over() {
    // From the twelfth day on, demand jumps about within each day, for ten days.
    let jumpy = |minute: usize| {
        let day = minute / 1440;
        let wild = (35 + 12..35 + 22).contains(&day);
        let jump = if wild {
            0.3 + 2.4 * chance(minute / 180)
        } else {
            1.0
        };
        wave(minute) * jump
    };
    let stage = stage(&config(ACTIVE), days(40), jumpy);
    let mut told = Vec::new();
    let mut widened = 0;
    for count in 0..38 {
        stage.clock.set(night() + days(count));
        let ended = stage.forecaster();
        assert!(!ended.failed, "{}", ended.text);
        let record: Option<Record> = stage.get(&keys::record("web"));
        if record.is_some_and(|record| record.drift.drifting) {
            widened += 1;
            let made = forecast(&stage);
            assert!(
                made.notes.iter().any(|note| note.contains("times as wide")),
                "{:?}",
                made.notes
            );
        }
        let messages = stage.notifier.take();
        told.extend(messages.into_iter().map(|message| (count, message.subject)));
    }
    let subjects: Vec<&str> = told.iter().map(|(_, subject)| subject.as_str()).collect();
    assert_eq!(
        subjects,
        [
            "Forecasts for web have got worse",
            "Forecasts for web are steady again"
        ],
        "{told:?}"
    );
    assert!((13..=18).contains(&told[0].0), "{told:?}");
    assert!(widened >= 3);
    let record: Record = stage.get(&keys::record("web")).unwrap();
    assert_eq!(record.nights.len(), 37);
    assert!(record.nights.iter().all(|night| night.steps == 96));
    assert!(!record.drift.drifting && record.drift.training_days.is_none());
}

#[test]
fn a_forecast_of_the_first_version_is_still_read() {
    let stage = Stage::flat(ACTIVE);
    let key = keys::forecast("web", at("2026-11-20T00:00:00Z"));
    let stored = pollster::block_on(stage.store.get(&key)).unwrap().unwrap();
    let mut value: serde_json::Value = serde_json::from_slice(&stored.bytes).unwrap();
    value["schema"] = 1.into();
    let body = value["body"].as_object_mut().unwrap();
    for name in ["ladder", "predictability", "explanation"] {
        body.remove(name).expect("a field of the second version");
    }
    stage.put_text(&key, &value.to_string());
    assert_eq!(stage.run(Function::Planner).word, "planned");
}

#[test]
fn a_country_added_later_fetches_the_history_it_needs_once() {
    let short = format!("{}\ntraining_days = 14\n", config(ACTIVE));
    let stage = stage(&short, days(3), wave);
    let start_of = |stage: &Stage| {
        let history: documents::History = stage.get(&keys::history("web")).unwrap();
        history.start
    };
    assert!(!stage.forecaster().failed);
    assert!(start_of(&stage) > night() - days(15));
    // Holidays are learnt from those of the year before: all that there is.
    stage.put_text(keys::CONFIG, &format!("{short}country = \"FR\"\n"));
    stage.clock.set(night() + days(1));
    assert!(!stage.forecaster().failed);
    assert_eq!(start_of(&stage), night() - mins(10) - days(35));
    // What was not to be had is not asked for again.
    let reads = |stage: &Stage| stage.faults.count("read");
    let before = reads(&stage);
    stage.clock.set(night() + days(2));
    assert!(!stage.forecaster().failed);
    let (second, before_third) = (reads(&stage) - before, reads(&stage));
    stage.clock.set(night() + days(3));
    assert!(!stage.forecaster().failed);
    assert_eq!(reads(&stage) - before_third, second);
    let asked: documents::History = stage.get(&keys::history("web")).unwrap();
    assert!(asked.asked_from.unwrap() < night() - days(390));
}

#[test]
fn an_event_that_looks_back_fetches_last_year_and_one_with_a_figure_does_not() {
    let short = format!("{}\ntraining_days = 14\n", config(ACTIVE));
    let event = |effect: &str| {
        format!(
            "{short}\n[[event]]\nname = \"sale\"\nstart = 2024-11-29T00:00:00\nend = 2024-11-30T00:00:00\n\
             {effect}\n"
        )
    };
    for (effect, reaches) in [
        ("like = 2025-11-28", true),
        ("learnt = true", true),
        ("multiplier = 2.0", false),
    ] {
        let stage = stage(&event(effect), days(3), wave);
        let report = stage.forecaster();
        assert!(!report.failed, "{effect}: {report:?}");
        let history: documents::History = stage.get(&keys::history("web")).unwrap();
        let far = history.asked_from.unwrap() < night() - days(390);
        assert_eq!(far, reaches, "{effect}");
    }
}
