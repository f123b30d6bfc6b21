//! What is written is read back as it was; what cannot be used is named.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fmt::Debug;

use common::at;
use documents::{
    Document, DocumentError, Envelope, History, Hold, Incident, Measurements, Plan, ShadowLedger,
    decode, encode,
};
use serde_json::{Value, json};

const KEY: &str = "targets/web/the.json";

fn written<B: Document>(body: B) -> Vec<u8> {
    let document = Envelope::new(Some("web"), at("2026-01-01T00:00:01Z"), "test", body);
    encode(&document).unwrap()
}

/// Everything that can be wrong with any document, on one of this kind.
fn check<B: Document + Clone + PartialEq + Debug>(body: B) {
    let bytes = written(body.clone());
    let read = decode::<B>(KEY, &bytes).unwrap();
    assert_eq!(read.body, body);
    assert_eq!(read.target.as_deref(), Some("web"));
    assert_eq!(
        encode(&read).unwrap(),
        bytes,
        "writing again gives the same bytes"
    );

    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_slice(&bytes).unwrap();
        change(&mut value);
        decode::<B>(KEY, &serde_json::to_vec(&value).unwrap())
    };
    let newer = changed(&|value| {
        value["schema"] = json!(B::SCHEMA + 1);
        value["body"] = json!("of another shape");
    });
    assert_eq!(
        newer.unwrap_err().to_string(),
        format!(
            "{KEY}: schema {} of {} is newer than {}, the newest this version reads",
            B::SCHEMA + 1,
            B::KIND,
            B::SCHEMA
        )
    );
    for older in 1..B::SCHEMA {
        let read = changed(&|value| value["schema"] = json!(older)).unwrap();
        assert_eq!(read.body, body);
    }
    let other = changed(&|value| value["kind"] = json!("recipe"));
    assert_eq!(
        other.unwrap_err().to_string(),
        format!(
            "{KEY}: holds a \"recipe\" document where {} is expected",
            B::KIND
        )
    );
    for error in [
        changed(&|value| value["body"] = json!(null)).unwrap_err(),
        changed(&|value| value["body"]["surprise"] = json!(1)).unwrap_err(),
        changed(&|value| value["written_at"] = json!("yesterday")).unwrap_err(),
        changed(&|value| value["schema"] = json!(-1)).unwrap_err(),
        changed(&|value| *value = json!([])).unwrap_err(),
        changed(&|value| *value = json!({})).unwrap_err(),
        decode::<B>(KEY, b"").unwrap_err(),
        decode::<B>(KEY, b"\xff\xfe").unwrap_err(),
    ] {
        assert_eq!(
            error.to_string(),
            format!("{KEY}: damaged {} document", B::KIND)
        );
        assert!(matches!(error, DocumentError::Damaged { .. }));
    }
    for length in 0..bytes.len() {
        let error = decode::<B>(KEY, &bytes[..length]).unwrap_err();
        assert!(
            matches!(error, DocumentError::Damaged { .. }),
            "{length} bytes"
        );
    }
}

#[test]
fn every_kind_is_read_back_and_what_is_wrong_is_named() {
    check(common::history());
    check(common::forecast());
    check(common::plan());
    check(common::brief());
    check(common::tuning());
    check(common::measurements());
    check(common::baseline());
    check(common::lease());
    check(common::incident());
    check(common::events());
    check(common::left_out_days());
    check(common::shadow_ledger());
    check(common::pause());
    check(common::released());
    check(common::record());
}

/// What stands at `pointer` of a body, and what is said when it is replaced by the value.
const IMPOSSIBLE: &[(&str, &str, &str, &str)] = &[
    (
        "history",
        "/step_seconds",
        "7",
        "step of 7 s is not allowed: 60 s to 3600 s, and a divisor of one hour",
    ),
    (
        "history",
        "/start",
        "\"2026-01-01T00:01:00Z\"",
        "start 2026-01-01T00:01:00Z is not a whole step of 5m",
    ),
    ("history", "/peak", "[]", "demand has 3 values and peak 0"),
    (
        "history",
        "/demand/0",
        "-1",
        "demand of -1 requests per minute",
    ),
    (
        "forecast",
        "/step_seconds",
        "0",
        "step of 0 s is not allowed: 60 s to 3600 s, and a divisor of one hour",
    ),
    ("forecast", "/levels", "[]", "levels [] do not ascend"),
    (
        "forecast",
        "/levels",
        "[0.9, 0.5, 0.99]",
        "levels [0.9, 0.5, 0.99] do not ascend",
    ),
    (
        "forecast",
        "/levels",
        "[0.5, 0.9, 99]",
        "level 99 is outside 0 to 1",
    ),
    (
        "forecast",
        "/quantiles/1",
        "[1, 2]",
        "row 1 has 2 values, not 3",
    ),
    (
        "forecast",
        "/quantiles/0",
        "[3, 2, 4]",
        "row 0 is not ascending, finite and non-negative: [3.0, 2.0, 4.0]",
    ),
    (
        "forecast",
        "/quantiles/0",
        "[-3, 2, 4]",
        "row 0 is not ascending, finite and non-negative: [-3.0, 2.0, 4.0]",
    ),
    ("forecast", "/minute_spread", "-1", "minute_spread of -1"),
    (
        "forecast",
        "/past/medians",
        "[8]",
        "past: 1 medians from 2025-12-31T23:30:00Z do not end at 2026-01-01T00:00:00Z",
    ),
    ("forecast", "/past/medians/1", "-2", "past: median of -2"),
    (
        "tuning",
        "/price",
        "1.5",
        "price of 1.5 is not between 0 and 1",
    ),
    (
        "tuning",
        "/near/horizons/0/errors",
        "[0.1, 0]",
        "near: errors 5 minutes ahead are not ascending and finite, one a level",
    ),
    (
        "tuning",
        "/near/horizons/0/gain",
        "2",
        "near: gain of 2 5 minutes ahead is outside 0 to 1",
    ),
    (
        "tuning",
        "/near/horizons/0/most",
        "-1",
        "near: most of -1 5 minutes ahead is below 0",
    ),
    (
        "tuning",
        "/near/hours/3",
        "0",
        "near: 0 of hours is not above 0",
    ),
    (
        "tuning",
        "/near/usual",
        "0",
        "near: least 20, usual 0 and lowest -0.5 are impossible",
    ),
    (
        "measurements",
        "/throughput/per_server",
        "0",
        "throughput of 0 is not above 0",
    ),
    (
        "measurements",
        "/versions/i-0ea10fdc59a07df6e",
        "\"\"",
        "version '' of instance 'i-0ea10fdc59a07df6e': both are 1 to 255 bytes long",
    ),
    (
        "plan",
        "/steps/0/start",
        "\"2026-02-01T00:00:00Z\"",
        "steps are not in ascending order of time",
    ),
    (
        "baseline",
        "/min_size",
        "11",
        "min_size of 11 is above max_size of 10",
    ),
    ("brief", "/demand/0", "-3", "demand of -3 is impossible"),
    ("lease", "/holder", "\"\"", "holder is empty"),
    (
        "incident",
        "/hold/until",
        "\"2026-01-01T09:00:00Z\"",
        "hold from 2026-01-01T10:00:00Z ends before it, at 2026-01-01T09:00:00Z",
    ),
    (
        "incident",
        "/hold/demand",
        "-5",
        "demand of -5 requests per minute",
    ),
    (
        "left-out-days",
        "/stretches/0/end",
        "\"2026-01-01T00:00:00Z\"",
        "stretch from 2026-01-01T00:00:00Z does not end after it, but at 2026-01-01T00:00:00Z",
    ),
    (
        "record",
        "/nights/0/over_p95",
        "1.5",
        "night of 2026-01-01T00:00:00Z has impossible scores",
    ),
    (
        "record",
        "/drift/widening",
        "-1",
        "drift has a figure of -1",
    ),
    (
        "shadow-ledger",
        "/entries/0/demand",
        "-1",
        "demand of -1 requests per minute",
    ),
];

fn impossible<B: Document>(body: B) {
    let bytes = written(body);
    for (kind, pointer, value, detail) in IMPOSSIBLE.iter().filter(|case| case.0 == B::KIND) {
        let mut document: Value = serde_json::from_slice(&bytes).unwrap();
        let place = document["body"].pointer_mut(pointer).expect(pointer);
        *place = serde_json::from_str(value).unwrap();
        let error = decode::<B>(KEY, &serde_json::to_vec(&document).unwrap());
        assert_eq!(
            error.err().expect(pointer).to_string(),
            format!("{KEY}: impossible {kind} document: {detail}")
        );
    }
}

#[test]
fn an_impossible_body_is_named() {
    impossible(common::history());
    impossible(common::forecast());
    impossible(common::plan());
    impossible(common::brief());
    impossible(common::tuning());
    impossible(common::measurements());
    impossible(common::baseline());
    impossible(common::lease());
    impossible(common::incident());
    impossible(common::left_out_days());
    impossible(common::shadow_ledger());
    impossible(common::record());
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let hold = Hold {
        demand: f64::NAN,
        ..common::incident().hold.unwrap()
    };
    let incident = Incident {
        hold: Some(hold),
        ..Incident::default()
    };
    let document = Envelope::new(Some("web"), at("2026-01-01T00:00:00Z"), "test", incident);
    assert_eq!(
        encode(&document).unwrap_err().to_string(),
        "to be written: impossible incident document: demand of NaN requests per minute"
    );
}

#[test]
fn a_history_is_a_series_and_back() {
    let history = common::history();
    let (demand, peak) = (
        history.demand_series().unwrap(),
        history.peak_series().unwrap(),
    );
    assert_eq!(demand.observed(), 2);
    assert_eq!(History::from_series(&demand, Some(&peak)).unwrap(), history);
    // A peak that was seen for a part only is placed by its time.
    let late = peak.between(at("2026-01-01T00:05:00Z"), at("2026-01-01T00:10:00Z"));
    let without = History::from_series(&demand, Some(&late)).unwrap();
    assert_eq!(without.peak, [None, None, None]);
    assert_eq!(History::from_series(&demand, None).unwrap().peak.len(), 3);
}

#[test]
fn a_forecast_is_asked_by_time() {
    let forecast = common::forecast();
    assert!(!forecast.covers(at("2025-12-31T23:59:59Z")));
    assert_eq!(forecast.step_at(at("2026-01-01T00:14:59Z")), Some(0));
    assert_eq!(
        forecast.row_at(at("2026-01-01T00:15:00Z")),
        Some(&[0.0, 0.0, 5.5][..])
    );
    assert!(!forecast.covers(at("2026-01-01T00:30:00Z")));
    assert_eq!(forecast.end(), at("2026-01-01T00:30:00Z"));
    let at_level = |level| {
        forecast
            .demand_at(at("2026-01-01T00:00:00Z"), level)
            .unwrap()
    };
    for (level, demand) in [
        (0.1, 10.0),
        (0.5, 10.0),
        (0.7, 15.0),
        (0.9, 20.0),
        (0.999, 30.0),
    ] {
        assert!((at_level(level) - demand).abs() < 1e-9, "{level}");
    }
    assert!(
        forecast.quantile_forecast().is_none(),
        "its levels are others"
    );
    let mut carried = forecast;
    carried.levels = forecasting::LEVELS.to_vec();
    carried.quantiles = vec![vec![1.0; forecasting::LEVELS.len()]];
    assert_eq!(
        carried.quantile_forecast().unwrap().rows,
        [[1.0; forecasting::LEVELS.len()]]
    );
}

#[test]
fn what_the_first_version_would_call_damaged_is_newer_to_it() {
    // These got fields since, and readers refuse those that they do not know.
    for schema in [Plan::SCHEMA, Measurements::SCHEMA, ShadowLedger::SCHEMA] {
        assert!(schema > 1);
    }
    let none: Measurements = serde_json::from_value(json!({"versions": {}, "throughput": null}))
        .expect("a body of the first version");
    assert_eq!(none, Measurements::default());
}

#[test]
fn a_share_for_floors_above_is_never_under_the_other() {
    let mut plan = common::plan();
    let state = |percent, above| {
        Some(documents::Canary {
            percent,
            configured: 100,
            above,
            signs: 0,
            short: None,
            since: at("2026-01-01T00:00:00Z"),
            hours: 0,
            seen_at: at("2026-01-01T00:00:00Z"),
        })
    };
    for (percent, above, good) in [
        (50, None, true),
        (50, Some(80), true),
        (50, Some(20), false),
        (50, Some(101), false),
    ] {
        plan.canary = state(percent, above);
        assert_eq!(plan.check().is_ok(), good, "{percent} {above:?}");
    }
}
