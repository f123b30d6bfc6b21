//! `forescale import`.

use std::fs;
use std::io::Write;
use std::process::ExitCode;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::common::{good, run, run_with, text, write};

/// A combined log: `per_minute` requests in each of `minutes` minutes of 2026-01-05 from `hour` on.
fn log(hour: usize, minutes: usize, per_minute: usize) -> String {
    let mut text = String::new();
    for index in 0..minutes * per_minute {
        let (minute, second) = (index / per_minute, index % per_minute % 60);
        let (hour, minute) = (hour + minute / 60, minute % 60);
        text += &format!(
            "203.0.113.9 - - [05/Jan/2026:{hour:02}:{minute:02}:{second:02} +0000] \"GET /{index} \
             HTTP/1.1\" 200 512 \"-\" \"curl/8.5\"\n"
        );
    }
    text
}

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// The requests of a demand file, and its rows.
fn sum(path: &std::path::Path) -> (f64, usize) {
    let text = fs::read_to_string(path).unwrap();
    let values = text.lines().skip(1);
    let values: Vec<f64> = values
        .map(|line| line.rsplit_once(',').unwrap().1.parse().unwrap())
        .collect();
    (values.iter().sum(), values.len())
}

#[test]
fn a_folder_of_logs_becomes_a_demand_file_that_grows_with_them() {
    let folder = TempDir::new().unwrap();
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).unwrap();
    write(&logs, "access.log.2.gz", packed(&log(1, 60, 5)));
    write(&logs, "access.log", log(2, 30, 5) + "nonsense\n");
    let out = folder.path().join("demand.csv");
    let import = || good(&["import", text(&logs), "--out", text(&out)]);
    let ran = import();
    assert_eq!(sum(&out), (450.0, 90));
    assert!(
        ran.err.contains("1 of 451 lines could not be read"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("nonsense"), "{}", ran.err);
    // Rotated and packed, and a new one begun.
    fs::remove_file(logs.join("access.log")).unwrap();
    write(
        &logs,
        "access.log.1.gz",
        packed(&(log(2, 30, 5) + "nonsense\n")),
    );
    write(&logs, "access.log", log(3, 10, 7));
    let ran = import();
    assert!(ran.err.contains("going on with"), "{}", ran.err);
    assert!(ran.out.contains("2 of them counted before"), "{}", ran.out);
    assert_eq!(sum(&out), (520.0, 130));
    import();
    assert_eq!(sum(&out), (520.0, 130));
    // And it can be used.
    good(&["forecast", "--history", text(&out), "--horizon", "1h"]);
}

#[test]
fn json_tells_it_all_and_a_dry_run_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "a.log", log(1, 2, 3) + &log(5, 1, 4) + "?\n");
    let out = folder.path().join("d.csv");
    let ran = good(&[
        "import",
        text(&file),
        "--out",
        text(&out),
        "--dry-run",
        "--format",
        "json",
    ]);
    assert_eq!(ran.err, "");
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told["written"], false);
    assert_eq!(
        (&told["lines"], &told["unreadable"]),
        (&11.into(), &1.into())
    );
    assert_eq!(told["requests"], 10.0);
    assert_eq!(told["gaps"][0]["from"], "2026-01-05T01:02:00Z");
    assert_eq!(told["examples"][0]["text"], "?");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn standard_input_to_standard_output() {
    let packed = packed(&log(1, 3, 2));
    let ran = run_with(&["import", "-", "--out", "-"], &packed);
    assert_eq!(ran.code, ExitCode::SUCCESS, "{}", ran.err);
    assert_eq!(
        ran.out,
        "timestamp,value\n2026-01-05T01:00:00Z,2\n2026-01-05T01:01:00Z,2\n2026-01-05T01:02:00Z,2\n"
    );
}

#[test]
fn what_is_there_is_not_replaced_unasked() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "a.log", log(1, 2, 3));
    let out = write(folder.path(), "d.csv", "mine");
    let refused = |arguments: &[&str], word: &str| {
        let all = [&["import", text(&file), "--out", text(&out)], arguments].concat();
        let ran = run(&all);
        assert_eq!(ran.code, ExitCode::from(3), "{arguments:?}");
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
        assert_eq!(ran.out, "");
    };
    refused(&[], "no import wrote it");
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine");
    good(&["import", text(&file), "--out", text(&out), "--restart"]);
    refused(&["--containing", "x"], "was begun with another");
    fs::write(folder.path().join("d.csv.import"), "{\"version\":1}").unwrap();
    refused(&[], "--restart begins anew");
    refused(
        &["--restart", "--containing", "nowhere"],
        "none of 6 lines has the text",
    );
    refused(
        &["--restart", "--kind", "load-balancer"],
        "none of 6 lines is a request",
    );
    refused(
        &["--restart", "--kind", "csv"],
        "say by --time-column which column has the times",
    );
    refused(&["--restart", "--silence", "0s"], "--silence 0s");
    refused(&["--restart", "--step", "7m"], "--step");
    refused(&["--restart", "--timezone", "Mars/Crater"], "Mars/Crater");
    #[cfg(not(feature = "aws"))]
    refused(&["--restart", "s3://bucket/logs"], "s3://bucket/logs");
    refused(&["--restart", "missing.log"], "missing.log cannot be read");
    #[cfg(not(feature = "aws"))]
    {
        let config = write(folder.path(), "c.toml", crate::common::CONFIG);
        let ran = run(&["import", "--cloudwatch", "--config", text(&config)]);
        assert_eq!(ran.code, ExitCode::from(3));
        assert!(ran.err.contains("--features aws"), "{}", ran.err);
    }
    for arguments in [
        &["import"][..],
        &["import", "--cloudwatch"],
        &["import", "a", "--config", "b"],
    ] {
        assert_eq!(run(arguments).code, ExitCode::from(2), "{arguments:?}");
    }
}

/// What comes twice when clocks are set back is two hours, and not one of twice as many.
#[test]
fn the_hour_that_comes_twice_is_two() {
    let folder = TempDir::new().unwrap();
    let times = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"];
    let rows: String = times
        .iter()
        .map(|time| format!("2026-10-25T{time}:00,10\n"))
        .collect();
    let table = write(folder.path(), "t.csv", format!("timestamp,value\n{rows}"));
    let out = folder.path().join("d.csv");
    let zone = [
        "--kind",
        "csv",
        "--timezone",
        "Europe/Berlin",
        "--out",
        text(&out),
    ];
    let ran = good(&[&["import", text(&table)], &zone[..]].concat());
    assert_eq!(sum(&out), (60.0, 6));
    assert!(ran.out.starts_with("demand file"), "{}", ran.out);
}

#[test]
fn what_holds_no_request_is_answered_by_what_was_said() {
    let folder = TempDir::new().unwrap();
    let refused = |name: &str, body: &str, more: &[&str]| {
        let file = write(folder.path(), name, body);
        let out = folder.path().join("none.csv");
        let ran = run(&[&["import", text(&file), "--out", text(&out)], more].concat());
        assert_eq!(ran.code, ExitCode::from(3), "{}", ran.err);
        ran.err
    };
    let empty = refused("empty.log", "", &[]);
    assert!(empty.contains("the log is empty"), "{empty}");
    let german = refused(
        "g.csv",
        "timestamp,value\n24.01.2026 18:00,5\n",
        &["--kind", "csv"],
    );
    assert!(
        german.contains("times are RFC 3339") && !german.contains("say --kind"),
        "{german}"
    );
}
