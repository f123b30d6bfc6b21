//! `forescale throughput`.

use std::process::ExitCode;

use crate::common::{good, run, text, write};
use serde_json::Value;
use tempfile::TempDir;

/// Two days by five minutes: CPU is 5 % and a twelfth of a percent for each request a minute, memory
/// 20 % and a fiftieth.
fn metrics() -> String {
    let rows = (0..576).map(|step: i64| {
        let day = (step as f64 / 288.0 * std::f64::consts::TAU).cos();
        let load = 450.0 - 350.0 * day;
        let at = jiff::Timestamp::from_second(1_767_225_600 + step * 300).unwrap();
        format!(
            "{at},{},4,{},{}\n",
            4.0 * load,
            5.0 + load / 12.0,
            20.0 + load / 50.0
        )
    });
    let rows: String = rows.collect();
    format!("timestamp,demand,servers,cpu,memory\n{rows}")
}

#[test]
fn limits_are_read_off_a_file() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "metrics.csv", metrics());
    let file = text(&file);
    let json = good(&["throughput", "--metrics", file, "--format", "json"]);
    let answer: Value = serde_json::from_str(&json.out).unwrap();
    let per_server = answer["kinds"][0]["per_server"].as_f64().unwrap();
    assert!((per_server / 660.0 - 1.0).abs() < 0.005, "{answer}");
    assert_eq!(answer["kinds"][0]["binds"], "CPU");
    let table = good(&["throughput", "--metrics", file, "--value", "1000"]);
    assert!(table.err.contains("more than is seen"), "{}", table.err);
    assert!(table.err.contains("compute-optimised"), "{}", table.err);
    let csv = good(&["throughput", "--metrics", file, "--format", "csv"]);
    assert_eq!(csv.out.lines().count(), 3);
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let folder = TempDir::new().unwrap();
    for (content, part) in [
        ("timestamp,demand,servers\n", "no column of a signal"),
        ("timestamp,demand,cpu\n", "column servers is missing"),
        ("timestamp,demand,servers,queue\n", "give --queue"),
        ("timestamp,demand,servers,cpu\n", "there is no row"),
        ("timestamp,demand,servers,cpu\nnoon,1,1,1\n", "line 2"),
    ] {
        let file = write(folder.path(), "metrics.csv", content);
        let ended = run(&["throughput", "--metrics", text(&file)]);
        assert_eq!(ended.code, ExitCode::from(3), "{content}");
        assert!(ended.err.contains(part), "{content}: {}", ended.err);
    }
}
