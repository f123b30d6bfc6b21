//! What the planner does over several runs, and with what it meets at the group.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::{ACTIVE, Stage, at, config, forecast, mins, series};

/// 08:40 with a flat demand, forecast as it is.
fn stage(mode: &str, demand: f64) -> Stage {
    let now = at("2026-11-20T08:40:00Z");
    let flat = series(now - mins(8 * 60), 36 * 60, |_| demand);
    let stage = Stage::new(now, &config(mode), flat, true);
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| demand));
    stage
}

#[test]
fn servers_that_a_limit_holds_back_are_told_once() {
    let stage = stage(ACTIVE, 60_000.0);
    let mut notes = Vec::new();
    for _ in 0..4 {
        let ended = stage.planner();
        assert!(
            ended
                .text
                .contains("60 servers are needed, max_servers allows 40"),
            "{}",
            ended.text
        );
        notes.push(stage.plan().notes);
        // The responder keeps the plan, and says no more than it does.
        assert!(!stage.responder(&common::alarm(stage.now())).failed);
        notes.push(stage.plan().notes);
        stage.pass(mins(60), 60_000.0);
    }
    assert!(
        notes.iter().all(|kept| kept.len() == notes[0].len()),
        "{notes:?}"
    );
    let told = stage.notifier.messages();
    let told = told
        .iter()
        .filter(|m| m.subject.contains("more servers than it may have"));
    assert_eq!(told.count(), 1);
}

#[test]
fn present_demand_above_the_plan_is_not_left_without_servers() {
    let stage = stage(ACTIVE, 9_500.0);
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| 4000.0));
    assert!(!stage.planner().failed);
    assert!(stage.group().min_size >= 10, "{}", stage.group().min_size);
}
