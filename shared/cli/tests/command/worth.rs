//! Where a plan is not worth it, that is said: demand that cannot be forecast, and demand that target
//! tracking alone follows as well.

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{CONFIG, demand, good, rhythm, text, write};

/// Numbers from 0 to 1 that nobody can foretell, the same in every run.
/// Source: splitmix64, Steele, Lea & Flood 2014.
fn chance(index: usize) -> f64 {
    let mut z = (index as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(0x1234_5678);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}

/// Hours of demand that comes in bursts of any size at any time.
fn bursts() -> String {
    demand(42 * 24, 60, |hour| {
        (6000.0 * (1.0 - chance(hour)).powf(-0.8)).min(2e6).round()
    })
}

#[test]
fn a_backtest_says_where_nothing_can_be_forecast_and_what_to_do_then() {
    let folder = TempDir::new().unwrap();
    let of = |name: &str, series: String, more: &[&str]| {
        let file = write(folder.path(), name, series);
        let words = ["backtest", "--origins", "2", "--history", text(&file)];
        good(&[&words[..], more].concat())
    };
    let told = of("b.csv", bursts(), &[]).err;
    assert!(told.contains("not predictable"), "{told}");
    assert!(told.contains("target tracking"), "{told}");
    let json = of("b.csv", bursts(), &["--format", "json"]).out;
    let json: Value = serde_json::from_str(&json).unwrap();
    let words = json["predictability"].as_str().unwrap();
    assert!(words.starts_with("not predictable"), "{words}");
    let told = of("r.csv", rhythm(28 * 24, 60_000.0), &[]).err;
    assert!(!told.contains("predictable"), "{told}");
}

#[test]
fn a_replay_says_where_a_plan_does_not_pay() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let config = write(folder.path(), "c.toml", CONFIG);
    let files = ["--config", text(&config), "--out", text(&out)];
    // Six hours of a day that has weeks before it.
    let window = ["--from", "2026-02-12", "--to", "2026-02-12T06:00"];
    let simulate = |name: &str, series: String| {
        let file = write(folder.path(), name, series);
        let words = ["simulate", "--history", text(&file)];
        let told = good(&[&words[..], &files, &window].concat()).err;
        let summary = std::fs::read(out.join("summary.json")).unwrap();
        let summary: Value = serde_json::from_slice(&summary).unwrap();
        (told, summary)
    };
    let (told, summary) = simulate("b.csv", bursts());
    let said = "This demand cannot be forecast, said";
    assert!(told.contains(said), "{told}");
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains(said));
    assert!(summary["advice"][0].as_str().unwrap().starts_with(said));
    // A level that never changes: there is nothing to know before.
    let (told, summary) = simulate("f.csv", demand(42 * 24, 60, |_| 60_000.0));
    assert!(
        told.contains("target tracking alone is as good on these days"),
        "{told}"
    );
    let tracking = &summary["alternatives"]["target_tracking"];
    let hours = |of: &Value| of["server_hours"].as_f64().unwrap();
    assert!(hours(tracking) <= 1.02 * hours(&summary));
    // Of hours that are either all or next to nothing, the plan keeps the peak's servers all the time, and
    // tracking comes too late.
    let all_or_little = |hour| if chance(hour) < 0.5 { 600.0 } else { 120_000.0 };
    let (told, summary) = simulate("s.csv", demand(42 * 24, 60, all_or_little));
    assert!(
        told.contains("a static fleet for the peak is as good on these days"),
        "{told}"
    );
    let fixed = &summary["alternatives"]["static_peak"];
    assert!(hours(fixed) <= 1.02 * hours(&summary));
    // Where it needs far more servers or loses more, it is not recommended.
    let (told, _) = simulate("r.csv", rhythm(42 * 24, 60_000.0));
    assert!(!told.contains("cannot be forecast"), "{told}");
    assert!(!told.contains("cannot be forecast"), "{told}");
}
