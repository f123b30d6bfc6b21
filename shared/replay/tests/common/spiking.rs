//! A spike, and what follows it.

use documents::{Incident, keys};
use ports::{Look, MetricName};
use serde_json::{Value, json};

use super::{ACTIVE, Stage, at, config, forecast, mins, series};

/// 6 servers planned, demand of `during` from 08:40 for an hour, 5,500 before and after.
pub fn stage(mode: &str, during: f64) -> Stage {
    stage_of(&config(mode), during)
}

pub fn stage_of(config: &str, during: f64) -> Stage {
    let now = at("2026-11-20T08:38:00Z");
    let demand = series(now - mins(8 * 60), 36 * 60, |m| {
        if (482..542).contains(&m) {
            during
        } else {
            5500.0
        }
    });
    let stage = Stage::new(now, config, demand, true);
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| 6000.0));
    assert!(!stage.planner().failed);
    stage.pass(mins(7), 5500.0);
    stage
}

pub fn incident(stage: &Stage) -> Incident {
    stage.get(&keys::incident("web")).unwrap_or_default()
}

pub fn look_event(look: &Look) -> Value {
    let body = json!({ "forescaleLook": look }).to_string();
    json!({ "Records": [{ "eventSource": "aws:sqs", "messageId": "1", "body": body }] })
}

/// The same message, delivered for the `count`th time.
pub fn received(look: &Look, count: u32) -> Value {
    let mut event = look_event(look);
    event["Records"][0]["attributes"] = json!({ "ApproximateReceiveCount": count.to_string() });
    event
}

/// Delivers looks as they come due until none is left, at most so many.
pub fn follow(stage: &Stage, most: usize) -> Vec<u32> {
    let mut floors = Vec::new();
    for _ in 0..most {
        let looks = stage.notifier.take_looks();
        let Some((look, span)) = looks.last().cloned() else {
            return floors;
        };
        let begun = at("2026-11-20T08:40:00Z");
        for _ in 0..span.as_mins().max(1) {
            let since = stage.now().duration_since(begun).as_mins();
            let demand = if (0..60).contains(&since) {
                15_000.0
            } else {
                5500.0
            };
            stage.pass(mins(1), demand);
        }
        let ended = stage.responder(&look_event(&look));
        assert!(!ended.failed, "{ended:?}");
        floors.push(stage.group().min_size);
    }
    floors
}

/// Memory of the whole group climbs for hours while demand stays.
pub fn leaking(lines: &str) -> Stage {
    let now = at("2026-11-20T08:40:00Z");
    let flat = series(now - mins(8 * 60), 36 * 60, |m| {
        5500.0 + f64::from(m as u32 % 7)
    });
    let text = format!(
        "{ACTIVE}\n[target.response]\nexhaustible = [{{ label = \"memory\", namespace = \"CWAgent\", name = \"mem\" }}]\n{lines}"
    );
    let stage = Stage::new(now, &config(&text), flat, true);
    let memory = series(now - mins(8 * 60), 36 * 60, |m| {
        40.0 + (m as f64 - 240.0).max(0.0) * 0.1 + f64::from(m as u32 % 5) * 0.2
    });
    let metric = MetricName {
        namespace: "CWAgent".to_owned(),
        name: "mem".to_owned(),
        dimensions: [].into(),
    };
    let metrics = stage.metrics.clone().with(metric, memory);
    let stage = Stage { metrics, ..stage };
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| 6000.0));
    assert!(!stage.planner().failed);
    stage
}
