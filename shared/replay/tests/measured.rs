//! What the planner measures of a group's servers, remembers and plans by.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{ACTIVE, GROUP, Stage, config, mins};
use documents::{Measurements, keys};

/// The usual scene with a measured lead time, and servers of version 41 that boot in 3 minutes.
fn stage(lead_time: &str) -> Stage {
    let stage = Stage::flat(ACTIVE);
    let text = config(ACTIVE).replace("lead_time = \"5m\"", lead_time);
    stage.put_text(keys::CONFIG, &text);
    release(&stage, "41", 3);
    stage
}

fn release(stage: &Stage, version: &str, boot: i64) {
    let version = Some(version.to_owned());
    stage
        .groups
        .with(GROUP, |group| group.release(version, mins(boot), 0.0))
        .unwrap()
        .unwrap();
}

/// So many servers lost and replaced.
fn replaced(stage: &Stage, count: u32) {
    let now = stage.now();
    stage.groups.with(GROUP, |group| group.lose(now, count));
    stage.pass(mins(15), 5500.0);
}

#[test]
fn a_release_with_longer_boots_is_planned_by_at_once() {
    let stage = stage("lead_time = { initial = \"5m\" }");
    replaced(&stage, 6);
    let text = stage.planner().text;
    assert!(
        text.contains("lead time of 3m measured on") && text.contains("launches of version 41"),
        "{text}"
    );
    assert!(text.contains("no default warm-up"), "{text}");
    let known: Measurements = stage.get(&keys::measurements("web")).unwrap();
    assert!(known.versions.len() >= 6, "{known:?}");
    release(&stage, "42", 11);
    // All of version 41 go, so that only what is remembered tells the two apart.
    replaced(&stage, 6);
    let text = stage.planner().text;
    assert!(
        text.contains("lead time of 11m measured on") && text.contains("launches of version 42"),
        "{text}"
    );
    let told = "boots went from 3 to 11 minutes with version 42";
    assert!(text.contains(told), "{text}");
    let notes = stage.plan().notes;
    assert!(notes.iter().any(|note| note == told), "{notes:?}");
}

#[test]
fn a_typed_in_lead_time_is_honoured_and_compared() {
    let stage = stage("lead_time = \"5m\"");
    replaced(&stage, 6);
    assert!(!stage.planner().text.contains("lead time"));
    release(&stage, "42", 11);
    replaced(&stage, 1);
    let text = stage.planner().text;
    assert!(
        text.contains("lead time of 5m as configured is shorter than what is seen"),
        "{text}"
    );
    assert!(
        text.contains("boots went from 3 to 11 minutes with version 42"),
        "{text}"
    );
}
