//! The page that each night leaves beside the documents.
use std::collections::BTreeMap;

use crate::common::{ACTIVE, GROUP, Stage, at, config, mins, series};
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
fn a_night_leaves_an_overview_that_leads_to_the_page() {
    let stage = stage("mode = \"shadow\"");
    assert!(!stage.forecaster().failed);
    let stored = block_on(stage.store.get(keys::OVERVIEW)).unwrap().unwrap();
    let overview = String::from_utf8(stored.bytes).unwrap();
    assert!(overview.contains("href=\"targets/web/report.html\""));
    // 5,000 a minute in each hour that was seen, and in each to come.
    assert_eq!(overview.matches(">5,000</td>").count(), 2, "{overview}");
    assert!(overview.len() < 20_000, "{}", overview.len());
    // The same night again has nothing to tell.
    let versions = stage.versions();
    assert!(!stage.forecaster().failed);
    assert_eq!(stage.versions(), versions);
}

#[test]
fn a_page_that_cannot_be_written_costs_no_forecast() {
    let clean = stage(ACTIVE);
    assert!(!clean.forecaster().failed);
    let puts = clean.faults.count("put");
    // A night ends with the target's page, its brief and the page about all of them.
    for (back, key) in [
        (2, keys::page("web")),
        (1, keys::brief("web")),
        (0, keys::OVERVIEW.to_owned()),
    ] {
        let broken = stage(ACTIVE);
        let nth = puts - back;
        let _ = broken.faults.clone().nth_of("put", nth, Fault::Denied);
        let ended = broken.forecaster();
        assert!(!ended.failed, "{ended:?}");
        let told = format!("{key} was not written");
        assert!(ended.text.contains(&told), "{told}: {ended:?}");
        assert!(block_on(broken.store.get(&key)).unwrap().is_none());
        let forecast: Option<Forecast> = broken.get(&keys::forecast("web", broken.now()));
        assert!(forecast.is_some());
    }
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
    // Nobody kept a ledger, and yet the chart has the servers that were in service.
    assert!(page.contains("[\"in-service\","), "{}", &page[..2000]);
    // 5,000 a minute over 10 servers before, over 8 since.
    let row = |name: &str| {
        let from = page.find(&format!("<b>{name}</b>")).unwrap();
        let row = &page[from..from + page[from..].find("</tr>").unwrap()];
        row.to_owned()
    };
    assert!(row("all before").contains(">10.0<") && row("all before").contains(">500<"));
    assert!(row("all since").contains(">8.0<") && row("all since").contains(">625<"));
}
