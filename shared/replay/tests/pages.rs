//! The page that each night leaves beside the documents.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;

use common::{ACTIVE, GROUP, Stage, at, config, mins, series};
use documents::{Baseline, Envelope, Forecast, encode, keys};
use jiff::SignedDuration;
use local::Fault;
use pollster::block_on;
use ports::{Condition, DocumentStore, MetricName};

/// A night with three weeks of steady demand behind it.
fn stage(mode: &str) -> Stage {
    let night = at("2026-11-09T00:10:00Z");
    let begin = night - mins(10) - SignedDuration::from_hours(24 * 21);
    Stage::new(
        night,
        &config(mode),
        series(begin, 21 * 1440 + 600, |_| 5000.0),
        true,
    )
}

fn page(stage: &Stage) -> Option<String> {
    let stored = block_on(stage.store.get(&keys::page("web"))).unwrap()?;
    Some(String::from_utf8(stored.bytes).unwrap())
}

#[test]
fn a_night_leaves_a_page_of_sane_size() {
    let stage = stage("mode = \"shadow\"");
    assert!(!stage.forecaster().failed);
    let page = page(&stage).unwrap();
    assert!(page.contains("<title>Forescale: web</title>"));
    assert!(page.contains("age of the forecast"));
    assert!(
        !page.contains("since it acts"),
        "nothing acts in shadow mode"
    );
    assert!(page.len() < 10_000_000, "{}", page.len());
}

#[test]
fn a_page_that_cannot_be_written_costs_no_forecast() {
    let clean = stage(ACTIVE);
    assert!(!clean.forecaster().failed);
    let puts = clean.faults.count("put");
    let broken = stage(ACTIVE);
    let _ = broken.faults.clone().nth_of("put", puts, Fault::Denied);
    let ended = broken.forecaster();
    assert!(!ended.failed, "{ended:?}");
    assert!(
        ended.text.contains("report.html was not written"),
        "{ended:?}"
    );
    assert!(page(&broken).is_none());
    let forecast: Option<Forecast> = broken.get(&keys::forecast("web", broken.now()));
    assert!(forecast.is_some());
}

#[test]
fn once_active_the_page_tells_the_weeks_before_and_since() {
    let mut stage = stage(ACTIVE);
    let adopted = stage.now() - SignedDuration::from_hours(24 * 7);
    let baseline = Baseline {
        group: GROUP.to_owned(),
        min_size: 3,
        max_size: 40,
        desired_capacity: 6,
    };
    let document = encode(&Envelope::new(Some("web"), adopted, "test", baseline)).unwrap();
    let key = keys::baseline("web");
    block_on(stage.store.put(&key, &document, Condition::Always)).unwrap();
    let name = MetricName {
        namespace: "AWS/AutoScaling".to_owned(),
        name: "GroupInServiceInstances".to_owned(),
        dimensions: BTreeMap::from([("AutoScalingGroupName".to_owned(), GROUP.to_owned())]),
    };
    let begin = stage.now() - mins(10) - SignedDuration::from_hours(24 * 21);
    let servers = series(begin, 21 * 1440, |minute| {
        if minute < 14 * 1440 { 10.0 } else { 8.0 }
    });
    stage.metrics = stage.metrics.clone().with(name, servers);
    assert!(!stage.forecaster().failed);
    let page = page(&stage).unwrap();
    assert!(page.contains("acts on the group since 2026-11-02"));
    // 5,000 a minute over 10 servers before, over 8 since.
    let row = |name: &str| {
        let from = page.find(&format!("<b>{name}</b>")).unwrap();
        let row = &page[from..from + page[from..].find("</tr>").unwrap()];
        row.to_owned()
    };
    assert!(row("all before").contains(">10.0<") && row("all before").contains(">500<"));
    assert!(row("all since").contains(">8.0<") && row("all since").contains(">625<"));
}
