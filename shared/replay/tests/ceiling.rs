//! A MaxSize that follows the forecast, through the handlers.
use crate::common::{Stage, at, config, forecast, mins, series};
use documents::{Forecast, keys};
use fleet::{ScheduledAction, Sizes};
use jiff::Timestamp;
use local::Fault;
use ports::DocumentStore;

/// The same without it.
const NONE: &str = "risk = 0.05\nmode = \"active\"";
const CEILING: &str = "risk = 0.05\nmode = \"active\"\ncontrol = { ceiling = 0.99 }";

/// The 99th percentile at 9,000 a minute, for which target tracking at 800 a server takes 12.
fn wide(start: Timestamp) -> Forecast {
    let mut made = forecast(start, |_| 6000.0);
    for row in &mut made.quantiles {
        row[3] = 9000.0;
    }
    made
}

/// 08:41, demand of 5,500 until `jump` minutes later, then 16,000.
fn scene(control: &str, jump: usize) -> Stage {
    let now = at("2026-11-20T08:40:00Z");
    let before = 8 * 60;
    let demand = series(now - mins(before as i64), 36 * 60, |minute| {
        if minute < before + jump {
            5500.0
        } else {
            16_000.0
        }
    });
    let stage = Stage::new(now, &config(control), demand, true);
    stage.put_forecast(&wide(at("2026-11-20T00:00:00Z")));
    stage.pass(mins(1), 5500.0);
    stage
}

fn lifts(stage: &Stage) -> Vec<ScheduledAction> {
    let mut actions = stage.actions();
    actions.retain(|action| action.max_size.is_some());
    actions
}

fn plan(stage: &Stage) -> String {
    let ended = stage.planner();
    assert!(!ended.failed, "{}", ended.text);
    ended.text
}

#[test]
fn max_size_follows_and_comes_back_by_itself() {
    let stage = scene(CEILING, 10_000);
    plan(&stage);
    assert_eq!(stage.group().max_size, 12);
    let ends = lifts(&stage);
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(ends[0].max_size, Some(40));
    assert_eq!(ends[0].start, Some(at("2026-11-20T12:00:00Z")));
    let writes = stage.group_writes();
    plan(&stage);
    assert_eq!(stage.group_writes(), writes, "a second run at once");
    // An hour later the end is put off.
    stage.pass(mins(60), 5500.0);
    plan(&stage);
    let ends = lifts(&stage);
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(ends[0].start, Some(at("2026-11-20T13:00:00Z")));
    // Nothing runs any more: the group has its own again, and all of its floor.
    let floor = stage.group().min_size;
    stage.pass(mins(3 * 60 + 23), 5500.0);
    assert_eq!(stage.group().max_size, 40);
    assert_eq!(stage.group().min_size, floor);
    // And so it was not a person who set it.
    let said = plan(&stage);
    assert!(!said.contains("by hand"), "{said}");
    assert_eq!(stage.group().max_size, 12);
}

#[test]
fn without_it_max_size_is_left_alone_and_it_is_given_back() {
    let stage = scene(NONE, 10_000);
    plan(&stage);
    assert_eq!((stage.group().max_size, lifts(&stage).len()), (40, 0));
    for mode in ["shadow", "canary"] {
        let control = format!("mode = \"{mode}\"\ncontrol = {{ ceiling = 0.99 }}");
        let stage = scene(&control, 10_000);
        plan(&stage);
        assert_eq!(
            (stage.group().max_size, lifts(&stage).len()),
            (40, 0),
            "{mode}"
        );
    }
    let stage = scene(CEILING, 10_000);
    plan(&stage);
    stage.put_text(keys::CONFIG, &config(NONE));
    plan(&stage);
    assert_eq!((stage.group().max_size, lifts(&stage).len()), (40, 0));
    plan(&stage);
    assert_eq!(stage.plan().ceiling, None);
}

#[test]
fn an_incident_has_all_of_the_groups_own_room() {
    let stage = scene(CEILING, 5);
    plan(&stage);
    assert_eq!(stage.group().max_size, 12);
    stage.pass(mins(12), 5500.0);
    let ended = stage.responder(&crate::common::alarm(stage.now()));
    assert!(!ended.failed, "{}", ended.text);
    let group = stage.group();
    assert_eq!(group.max_size, 40);
    assert!(
        group.desired_capacity > 12,
        "{}: {}",
        group.desired_capacity,
        ended.text
    );
    // And keeps it while that is held.
    plan(&stage);
    assert_eq!(stage.group().max_size, 40);
    assert!(stage.group().desired_capacity > 12);
}

#[test]
fn what_a_person_sets_stays() {
    let stage = scene(CEILING, 10_000);
    plan(&stage);
    let sizes = Sizes {
        max_size: Some(20),
        ..Sizes::default()
    };
    stage.by_hand(sizes);
    let said = plan(&stage);
    assert!(said.contains("MaxSize was set to 20 by hand"), "{said}");
    stage.pass(mins(5 * 60), 5500.0);
    plan(&stage);
    assert_eq!((stage.group().max_size, lifts(&stage).len()), (20, 0));
    // Taken out and put back, it starts from there.
    stage.put_text(keys::CONFIG, &config(NONE));
    plan(&stage);
    stage.put_text(keys::CONFIG, &config(CEILING));
    plan(&stage);
    assert_eq!(stage.group().max_size, 12);
    assert_eq!(lifts(&stage)[0].max_size, Some(20));
}

#[test]
fn a_lost_plan_does_not_leave_max_size_low() {
    for damage in [true, false] {
        let stage = scene(CEILING, 10_000);
        plan(&stage);
        let key = keys::plan("web");
        if damage {
            stage.put_text(&key, "{");
        } else {
            pollster::block_on(stage.store.delete(&key)).unwrap();
        }
        plan(&stage);
        plan(&stage);
        assert_eq!(stage.group().max_size, 12, "{damage}");
        let ceiling = stage.plan().ceiling.unwrap();
        assert_eq!(ceiling.own, 40, "{damage}");
        assert_eq!(lifts(&stage)[0].max_size, Some(40), "{damage}");
    }
}

#[test]
fn an_older_forecast_lowers_no_max_size() {
    let stage = scene(CEILING, 10_000);
    plan(&stage);
    stage.pass(mins(23 * 60), 5500.0);
    plan(&stage);
    assert_eq!(stage.group().max_size, 40);
}

#[test]
fn an_accepted_budget_lowers_it_and_never_below_a_floor() {
    for (hours, set) in [(1000.0, 12), (250.0, 8), (20.0, 8)] {
        let control = format!(
            "risk = 0.05\nmode = \"active\"\ncontrol = {{ ceiling = 0.99, budget = {{ server_hours = {hours}, accept_risk = 0.4 }} }}"
        );
        let stage = scene(&control, 10_000);
        let said = plan(&stage);
        assert_eq!(stage.group().max_size, set, "{hours}: {said}");
        assert!(stage.group().min_size <= set);
    }
}

#[test]
fn a_lower_max_size_never_stands_without_its_end() {
    let clean = scene(CEILING, 10_000);
    plan(&clean);
    let calls = clean.faults.calls().len();
    assert!(calls > 5);
    for nth in 1..=calls {
        for fault in [
            Fault::Throttled,
            Fault::UnansweredBefore,
            Fault::UnansweredAfter,
            Fault::ItemsRefused,
        ] {
            let mut stage = scene(CEILING, 10_000);
            stage.faults = stage.faults.clone().nth(nth, fault);
            stage.planner();
            let ended = stage.group().max_size == 40 || lifts(&stage).len() == 1;
            assert!(ended, "call {nth}: {fault:?}");
            assert!(stage.group().desired_capacity >= 6, "call {nth}: {fault:?}");
            stage.faults.heal();
            // Another run takes over once the lease has ended.
            stage.pass(mins(20), 5500.0);
            let said = plan(&stage);
            assert!(!said.contains("by hand"), "call {nth}: {fault:?}: {said}");
            assert_eq!(stage.group().max_size, 12, "call {nth}: {fault:?}");
        }
    }
}

/// A wave from 4,000 to 14,000 a minute, which the floors follow: from a ceiling of the night AWS
/// would refuse the floors of the day unless their actions bring the group's own MaxSize with them.
#[test]
fn floors_far_above_a_ceiling_of_the_night_are_put_every_hour() {
    let start = at("2026-11-20T00:00:00Z");
    let wave = |minute: usize| {
        let of_day = minute as f64 / 1440.0 * std::f64::consts::TAU;
        9000.0 - 5000.0 * of_day.cos()
    };
    let now = start + mins(40);
    let demand = series(now - mins(8 * 60), 58 * 60, |minute| {
        wave((minute + 1000) % 1440)
    });
    let stage = Stage::new(now, &config(CEILING), demand, true);
    stage.put_forecast(&forecast(start, |step| wave(step * 15 % 1440)));
    let mut ceilings = std::collections::BTreeSet::new();
    for hour in 0..30 {
        let said = plan(&stage);
        assert!(!said.contains("must be less"), "{hour}: {said}");
        let group = stage.group();
        ceilings.insert(group.max_size);
        assert!(group.max_size < 40, "{hour}: no ceiling: {said}");
        for minute in 0..60 {
            stage.pass(mins(1), wave(hour * 60 + 40 + minute));
        }
        assert!(stage.group().min_size <= stage.group().max_size);
    }
    let (least, most) = (ceilings.first().unwrap(), ceilings.last().unwrap());
    assert!(*least <= 8 && *most >= 16, "{ceilings:?}");
}
