//! `forescale forecast` and `forescale backtest`: columns, units, cutoffs, formats.

use std::io::Write;
use std::process::ExitCode;

use crate::common::{CONFIG, demand, good, rhythm, rows, run, run_with, start, text, write};
use jiff::SignedDuration;
use tempfile::TempDir;

const COLUMNS: &str = "timestamp,p50,p80,p90,p95,p99";

pub(crate) fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

#[test]
fn a_forecast_is_csv_from_the_end_of_the_history_on() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "d.csv", rhythm(28 * 24, 6000.0));
    let ran = good(&["forecast", "--history", text(&file), "--format", "csv"]);
    assert_eq!(ran.err, "");
    let rows = rows(&ran.out, COLUMNS);
    assert_eq!(rows.len(), 24);
    for (hour, row) in rows.iter().enumerate() {
        let at = start() + SignedDuration::from_hours(28 * 24 + i64::try_from(hour).unwrap());
        assert_eq!(row[0], at.to_string());
        let values: Vec<f64> = row[1..].iter().map(|value| number(value)).collect();
        assert!(values.is_sorted(), "{values:?}");
        assert!((1500.0..15000.0).contains(&values[0]), "{values:?}");
    }
}

#[test]
fn values_are_in_the_historys_unit_per_step() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "d.csv", demand(14 * 288, 5, |_| 300.0));
    for (aggregate, step, value) in [
        ("sum", "1h", 3600.0),
        ("sum", "5m", 300.0),
        ("sum", "15m", 900.0),
        ("mean", "1h", 300.0),
        ("mean", "15m", 300.0),
    ] {
        let ran = good(&[
            "forecast",
            "--history",
            text(&file),
            "--aggregate",
            aggregate,
            "--step",
            step,
            "--horizon",
            "2h",
            "--format",
            "csv",
        ]);
        for row in rows(&ran.out, COLUMNS) {
            let p50 = number(&row[1]);
            assert!(
                (p50 / value - 1.0).abs() < 0.02,
                "{aggregate} {step}: {p50}"
            );
        }
    }
}

#[test]
fn a_history_by_the_minute_is_forecast_in_five_minutes() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "d.csv", demand(3 * 1440, 1, |_| 10.0));
    let ran = good(&[
        "forecast",
        "--history",
        text(&file),
        "--horizon",
        "1h",
        "--format",
        "csv",
    ]);
    let rows = rows(&ran.out, COLUMNS);
    assert_eq!(rows.len(), 12);
    assert!((number(&rows[0][1]) - 50.0).abs() < 1.0);
}

#[test]
fn gzip_and_standard_input_read_as_the_plain_file() {
    let folder = TempDir::new().unwrap();
    let plain = rhythm(14 * 24, 600.0);
    let file = write(folder.path(), "d.csv", &plain);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(plain.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    // The name does not matter, the content does.
    let other = write(folder.path(), "packed.csv", &packed);
    let expected = good(&["forecast", "--history", text(&file), "--format", "csv"]).out;
    let unpacked = good(&["forecast", "--history", text(&other), "--format", "csv"]).out;
    assert_eq!(expected, unpacked);
    let piped = run_with(&["forecast", "--history", "-", "--format", "csv"], &packed);
    assert_eq!(expected, piped.out);
}

#[test]
fn the_future_of_the_file_does_not_change_a_forecast() {
    let folder = TempDir::new().unwrap();
    let past = rhythm(20 * 24, 6000.0);
    let cut = 15 * 24 + 7;
    let changed: String = past
        .lines()
        .enumerate()
        .map(|(line, row)| match row.split_once(',') {
            Some((at, _)) if line > cut => format!("{at},1000000\n"),
            _ => format!("{row}\n"),
        })
        .collect();
    assert_ne!(past, changed);
    let at = (start() + SignedDuration::from_hours(i64::try_from(cut).unwrap())).to_string();
    let [known, other] = [past, changed].map(|content| {
        let file = write(folder.path(), "d.csv", content);
        good(&[
            "forecast",
            "--history",
            text(&file),
            "--at",
            &at,
            "--format",
            "csv",
        ])
        .out
    });
    assert_eq!(known, other);
    assert!(known.lines().nth(1).unwrap().starts_with(&at));
}

#[test]
fn local_times_are_those_of_the_zone() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "d.csv", rhythm(14 * 24, 600.0));
    let ran = good(&[
        "forecast",
        "--history",
        text(&file),
        "--timezone",
        "Asia/Tokyo",
        "--at",
        "2026-01-15",
        "--horizon",
        "1h",
        "--format",
        "csv",
    ]);
    assert!(ran.out.contains("\n2026-01-14T15:00:00Z,"), "{}", ran.out);
}

#[test]
fn events_zone_and_country_come_from_a_configuration() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "d.csv", rhythm(28 * 24, 6000.0));
    let event = "[[event]]\nname = \"sale\"\nstart = 2026-02-02T13:00:00\n\
                 end = 2026-02-02T15:00:00\nmultiplier = 4\n";
    let config = write(folder.path(), "f.toml", format!("{CONFIG}\n{event}"));
    let history = ["forecast", "--history", text(&file), "--format", "csv"];
    let medians = |more: &[&str]| -> Vec<f64> {
        let ran = good(&[&history[..], more].concat());
        rows(&ran.out, COLUMNS)
            .iter()
            .map(|row| number(&row[1]))
            .collect()
    };
    let plain = medians(&["--timezone", "Europe/Berlin"]);
    let with = medians(&["--config", text(&config)]);
    // 13:00 in Berlin is 12:00 in the file.
    for hour in 0..24 {
        let factor = if (12..14).contains(&hour) { 4.0 } else { 1.0 };
        let found = with[hour] / plain[hour];
        assert!((found - factor).abs() < 0.01, "{hour}: {found}");
    }
    // The end of January is no holiday in Germany; Monday 2 February is none either.
    assert_eq!(
        medians(&["--timezone", "Europe/Berlin", "--country", "DE"]),
        plain
    );
    // It is one in Mexico: Constitution Day.
    assert_ne!(
        medians(&["--timezone", "Europe/Berlin", "--country", "MX"]),
        plain
    );
    let wrong = run(&[&history[..], &["--country", "Grmany"]].concat());
    assert_eq!(wrong.code, ExitCode::from(3));
    assert!(wrong.err.contains("did you mean DE?"), "{}", wrong.err);
    let alone = run(&[&history[..], &["--target", "web"]].concat());
    assert_eq!(alone.code, ExitCode::from(2));
    let backtest = |more: &[&str]| {
        let base = [
            "backtest",
            "--history",
            text(&file),
            "--origins",
            "2",
            "--format",
            "csv",
        ];
        good(&[&base[..], more].concat()).out
    };
    let past = event.replace("2026-02-02", "2026-02-01");
    let config = write(folder.path(), "p.toml", format!("{CONFIG}\n{past}"));
    assert_ne!(
        backtest(&["--timezone", "Europe/Berlin"]),
        backtest(&["--config", text(&config)])
    );
}

#[test]
fn json_tells_model_candidates_and_data() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "d.csv", rhythm(14 * 24, 600.0));
    let ran = good(&["forecast", "--history", text(&file), "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert!(document["model"].is_string());
    assert!(!document["candidates"].as_array().unwrap().is_empty());
    assert!(document["data"]["steps"].as_u64().unwrap() > 0);
    assert_eq!(document["forecast"].as_array().unwrap().len(), 24);
    assert!(document["forecast"][0]["p99"].is_number());
    for row in document["forecast"].as_array().unwrap() {
        let parts = row["parts"].as_object().unwrap();
        let sum: f64 = parts.values().map(|part| part.as_f64().unwrap()).sum();
        let median = row["p50"].as_f64().unwrap();
        assert!((sum - median).abs() <= 1e-3 * median, "{row}");
    }
    // Two weeks of one rhythm, without noise.
    assert_eq!(document["predictability_figures"]["verdict"], "yes");
    assert!(
        document["predictability_figures"]["daily"]
            .as_f64()
            .unwrap()
            > 0.9
    );
    assert!(document["skill"]["trial_days"].as_u64().unwrap() > 0);
}

#[test]
fn a_backtest_has_a_row_for_each_step_of_each_origin() {
    let folder = TempDir::new().unwrap();
    let mut lines: Vec<String> = rhythm(21 * 24, 6000.0).lines().map(str::to_owned).collect();
    // A gap in the last day.
    lines[20 * 24 + 4] = "2026-01-25T03:00:00Z,".to_owned();
    let file = write(folder.path(), "d.csv", lines.join("\n"));
    let arguments = ["backtest", "--history", text(&file), "--origins", "3"];
    let ran = good(&[&arguments[..], &["--format", "csv"]].concat());
    let rows = rows(
        &ran.out,
        "origin,timestamp,actual,p50,p80,p90,p95,p99,model",
    );
    assert_eq!(rows.len(), 3 * 24);
    assert_eq!(rows[0][0], "2026-01-23T00:00:00Z");
    assert_eq!(rows[71][1], "2026-01-25T23:00:00Z");
    let gaps: Vec<&str> = rows
        .iter()
        .filter(|row| row[2].is_empty())
        .map(|row| row[1].as_str())
        .collect();
    assert_eq!(gaps, ["2026-01-25T03:00:00Z"]);
    let ran = good(&arguments);
    assert!(ran.out.contains("overall"), "{}", ran.out);
    let ran = good(&[&arguments[..], &["--format", "json"]].concat());
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["rows"].as_array().unwrap().len(), 72);
    assert_eq!(document["overall"]["steps"], 71);
    assert!(document["overall"]["mase"].as_f64().unwrap() < 2.0);
}
