//! What the pages of a store say of its documents.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use crate::common::{good, planned, text};
use crate::explained::change;

#[test]
fn the_page_of_a_first_plan_knows_the_plan() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let page = fs::read_to_string(format!("{store}/targets/web/report.html")).unwrap();
    assert!(
        page.contains("highest floor to come"),
        "the plan is in force"
    );
    let overview = fs::read_to_string(format!("{store}/report.html")).unwrap();
    assert!(overview.contains("highest floor to come"));
    // A year later nothing of it is to come, and a pause is told.
    good(&["pause", "--reason", "a big move", "--store", &store]);
    let out = folder.path().join("later.html");
    let words = [
        "report",
        "--store",
        &store,
        "--at",
        "2026-02-24T18:00:00Z",
        "--out",
        out.to_str().unwrap(),
    ];
    good(&words);
    let page = fs::read_to_string(out).unwrap();
    assert!(!page.contains("highest floor to come") && page.contains("the last one ended at"));
    assert!(page.contains("a big move"));
}

#[test]
fn a_target_that_may_not_have_its_servers_is_one_to_look_at() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let page = || {
        let out = folder.path().join("page.html");
        let words = [
            "report",
            "--store",
            &store,
            "--target",
            "web",
            "--out",
            text(&out),
        ];
        good(&words);
        fs::read_to_string(out).unwrap()
    };
    assert!(!page().contains("servers too few"));
    change(&store, "plan.json", |plan| {
        plan["shortfall"] = json!({"from": "2026-01-24T18:00:00Z", "needed": 241, "allowed": 11,
            "limit": "max_servers"});
    });
    let page = page();
    let fact = &page[page.find("servers too few").unwrap()..][..400];
    assert!(
        fact.contains(">230<") && fact.contains("up to 241 needed"),
        "{fact}"
    );
    assert!(fact.contains("max_servers allows 11"), "{fact}");
}
