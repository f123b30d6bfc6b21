//! What the functions tell about themselves: the values of their metrics.
use crate::common::{ACTIVE, Ended, Stage, at, config, forecast, mins, series};
use control::target_metric;
use control::watching::measures::{
    COVERAGE_P90, COVERAGE_P95, DEMAND, DEMAND_LOWER, DEMAND_UPPER, DRIFT, ESTIMATED_SAVING, FLOOR,
    FORECAST_AGE, FORECAST_ERROR, Measure, PLAN_AGE, SCHEDULED_ACTIONS_WRITTEN, SERVERS_IN_SERVICE,
    SERVERS_REQUIRED, TARGETS_FAILED,
};
use control::watching::metric_record;
use documents::{DriftRecord, LadderRung, Pause, Record, ScoredNight, keys};
use local::Fault;

fn value(ended: &Ended, measure: &Measure) -> Option<f64> {
    ended.reports.first().unwrap().figures.get(measure)
}

/// 08:40, demand of 5,500 a minute; six servers until noon, then nine.
fn stage(mode: &str) -> Stage {
    let now = at("2026-11-20T08:40:00Z");
    let demand = series(now - mins(8 * 60), 36 * 60, |_| 5500.0);
    let stage = Stage::new(now, &config(mode), demand, true);
    let day = |step: usize| if step % 96 < 48 { 6000.0 } else { 9000.0 };
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), day));
    stage
}

#[test]
fn a_plan_tells_capacity_saving_and_ages() {
    let stage = stage(ACTIVE);
    let ended = stage.planner();
    assert!(!ended.failed, "{}", ended.text);
    let plan = stage.plan();
    assert_eq!(
        value(&ended, &FLOOR),
        Some(f64::from(plan.floors[0].servers))
    );
    assert_eq!(value(&ended, &SERVERS_IN_SERVICE), Some(6.0));
    assert_eq!(value(&ended, &SERVERS_REQUIRED), Some(6.0));
    // A fixed MinSize would have to be the afternoon's nine.
    assert_eq!(value(&ended, &ESTIMATED_SAVING), Some(3.0));
    let written = stage.actions().len();
    assert!(written > 0);
    assert_eq!(
        value(&ended, &SCHEDULED_ACTIONS_WRITTEN),
        Some(written as f64)
    );
    assert_eq!(value(&ended, &PLAN_AGE), Some(0.0));
    let since_midnight = f64::from(8 * 3600 + 40 * 60);
    assert_eq!(value(&ended, &FORECAST_AGE), Some(since_midnight));
    assert_eq!(value(&ended, &TARGETS_FAILED), Some(0.0));
    // Again within the hour nothing is written.
    let again = stage.planner();
    assert_eq!(value(&again, &SCHEDULED_ACTIONS_WRITTEN), Some(0.0));
    assert_eq!(value(&again, &PLAN_AGE), Some(0.0));
}

#[test]
fn what_failed_is_told_with_the_age_of_the_plan_that_holds_on() {
    let stage = stage(ACTIVE);
    assert!(!stage.planner().failed);
    stage.pass(mins(180), 5500.0);
    let _ = stage.faults.clone().every("group", Fault::Denied);
    let ended = stage.planner();
    assert!(ended.failed);
    assert_eq!(value(&ended, &TARGETS_FAILED), Some(1.0));
    assert_eq!(value(&ended, &PLAN_AGE), Some(3.0 * 3600.0));
    assert_eq!(value(&ended, &SERVERS_IN_SERVICE), None);
    // The line that becomes metrics has them for the stack, however little is asked of a target.
    let mut report = ended.reports[0].clone();
    report.figures.asked = config::Published::Stack;
    let record = metric_record(&report, "forescale", stage.now()).unwrap();
    assert_eq!(record["PlanAge"], 3.0 * 3600.0);
    assert_eq!(
        record["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0][0],
        "Stack"
    );
}

#[test]
fn a_stand_in_does_not_make_the_forecast_younger() {
    let stage = stage(ACTIVE);
    stage.pass(mins(24 * 60), 5500.0);
    let mut stand_in = forecast(at("2026-11-21T00:00:00Z"), |_| 6000.0);
    stand_in.ladder.rung = LadderRung::LastGood;
    stage.put_forecast(&stand_in);
    let ended = stage.planner();
    let since_midnight_before = f64::from((24 + 8) * 3600 + 40 * 60);
    assert_eq!(value(&ended, &FORECAST_AGE), Some(since_midnight_before));
}

#[test]
fn shadow_saves_by_what_floor_and_demand_would_ask_for() {
    let stage = stage("mode = \"shadow\"");
    let ended = stage.planner();
    assert!(!ended.failed, "{}", ended.text);
    assert_eq!(value(&ended, &ESTIMATED_SAVING), Some(3.0));
    assert_eq!(value(&ended, &SCHEDULED_ACTIONS_WRITTEN), Some(0.0));
    assert_eq!(value(&ended, &FLOOR), Some(6.0));
}

#[test]
fn who_is_paused_or_off_does_not_age() {
    let paused = stage(ACTIVE);
    let pause = Pause {
        since: paused.now(),
        until: None,
        by: "someone".to_owned(),
        reason: "a move".to_owned(),
    };
    paused.put(keys::PAUSE, pause);
    let ended = paused.planner();
    assert_eq!(value(&ended, &PLAN_AGE), None);
    assert_eq!(value(&ended, &TARGETS_FAILED), Some(0.0));
    let off = stage("mode = \"off\"").planner();
    assert_eq!(
        metric_record(&off.reports[0], "s", at("2026-11-20T08:40:00Z")),
        None
    );
}

#[test]
fn the_band_and_demand_are_published_as_far_as_asked_for() {
    for (mode, chart) in [
        ("metrics = \"stack\"", false),
        ("", true),
        ("metrics = \"all\"", true),
    ] {
        let stage = stage(mode);
        assert!(!stage.planner().failed);
        let published = |measure| stage.metrics.published(&target_metric(measure, "web"));
        assert_eq!(published(&DEMAND_UPPER).len(), 100, "{mode}");
        assert_eq!(
            published(&DEMAND_LOWER).len(),
            if chart { 100 } else { 0 },
            "{mode}"
        );
        let demand = published(&DEMAND);
        assert_eq!(demand.is_empty(), !chart, "{mode}");
        // The hour since the last plan and some minutes before it, none of them to come.
        if chart {
            assert!((60..=75).contains(&demand.len()), "{}", demand.len());
            assert!(demand.values().all(|value| *value == 5500.0));
            assert!(*demand.last_key_value().unwrap().0 < stage.now());
        }
    }
}

#[test]
fn an_alarm_tells_the_floor_that_it_raised() {
    let stage = stage(ACTIVE);
    assert!(!stage.planner().failed);
    let ended = stage.responder(&crate::common::alarm(stage.now()));
    assert_eq!(value(&ended, &TARGETS_FAILED), Some(0.0));
    let _ = stage.faults.clone().every("group", Fault::Denied);
    let ended = stage.responder(&crate::common::alarm(stage.now() + mins(1)));
    assert_eq!(value(&ended, &TARGETS_FAILED), Some(1.0));
}

/// A night whose first day was over at 20 November, and one of a week before.
fn record(drifting: bool) -> Record {
    let night = |day: &str, loss, over_p90, over_p95| ScoredNight {
        forecast: at(day),
        rung: LadderRung::Model,
        steps: 96,
        loss,
        relative_error: None,
        over_p90,
        over_p95,
        needed: 1.0,
        widened: 1.0,
        steady: !drifting,
    };
    Record {
        nights: vec![
            night("2026-11-12T00:00:00Z", 0.5, 0.5, 0.5),
            night("2026-11-19T00:00:00Z", 0.04, 0.25, 0.125),
        ],
        drift: DriftRecord {
            drifting,
            widening: 1.5,
            ..DriftRecord::default()
        },
        untold: None,
    }
}

#[test]
fn a_night_tells_error_coverage_and_drift_once() {
    for drifting in [false, true] {
        let stage = stage(ACTIVE);
        stage.put(&keys::record("web"), record(drifting));
        let ended = stage.forecaster();
        assert_eq!(value(&ended, &FORECAST_ERROR), Some(0.04));
        assert_eq!(value(&ended, &COVERAGE_P90), Some(75.0));
        assert_eq!(value(&ended, &COVERAGE_P95), Some(87.5));
        assert_eq!(
            value(&ended, &DRIFT),
            Some(if drifting { 1.0 } else { 0.0 })
        );
        let failed = if ended.failed { 1.0 } else { 0.0 };
        assert_eq!(value(&ended, &TARGETS_FAILED), Some(failed));
    }
    // What was told of two nights ago is not told again.
    let later = stage("mode = \"shadow\"");
    later.put(&keys::record("web"), record(true));
    later.pass(mins(2 * 24 * 60), 5500.0);
    let ended = later.forecaster();
    assert_eq!(value(&ended, &FORECAST_ERROR), None);
    assert_eq!(value(&ended, &DRIFT), Some(1.0));
}
