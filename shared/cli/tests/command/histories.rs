//! What of a history is mended, refused or left out.

use std::process::ExitCode;

use crate::common::{CONFIG, demand, good, rhythm, run, text, write};
use crate::forecasts::number;
use tempfile::TempDir;

#[test]
fn what_was_mended_is_told_in_one_line() {
    let folder = TempDir::new().unwrap();
    let mut lines: Vec<String> = rhythm(14 * 24, 600.0).lines().map(str::to_owned).collect();
    lines.swap(5, 6);
    lines.push(lines[9].clone());
    lines[20] = lines[20].replace(',', ",-");
    lines.remove(30);
    let file = write(folder.path(), "d.csv", lines.join("\n"));
    let ran = good(&["forecast", "--history", text(&file), "--format", "csv"]);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    for word in [
        "have no value",
        "negative",
        "repeats a step",
        "out of order",
    ] {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
}

#[test]
fn inputs_that_cannot_be_used_are_named() {
    let folder = TempDir::new().unwrap();
    let file = |content: &str| write(folder.path(), "d.csv", content);
    let header = "timestamp,value\n";
    for (content, extra, words) in [
        (
            Some(String::new()),
            &[][..],
            &["d.csv is empty", "--history"][..],
        ),
        (
            Some(header.to_owned()),
            &[],
            &["d.csv has no row of demand"],
        ),
        (
            Some("time,value\n1,2\n".to_owned()),
            &[],
            &["column timestamp is missing"],
        ),
        (
            Some(demand(9, 60, |_| f64::NAN)),
            &[],
            &["none of its 9 rows"],
        ),
        (Some(demand(9, 60, |_| -1.0)), &[], &["none of its 9 rows"]),
        (
            Some(format!("{header}2026-01-01T00:00:00Z,many\n")),
            &[],
            &["line 2", "many"],
        ),
        (
            Some(format!("{header}yesterday,1\n")),
            &[],
            &["line 2", "yesterday"],
        ),
        (Some(demand(9, 1440, |_| 1.0)), &[], &["86400 s"]),
        (
            None,
            &["--timezone", "Europe/Berln"],
            &["did you mean Europe/Berlin?"],
        ),
        (None, &["--step", "7m"], &["--step 7m"]),
        (None, &["--step", "5m"], &["steps of 1h"]),
        (None, &["--horizon", "soon"], &["--horizon soon"]),
        (None, &["--at", "noon"], &["--at noon", "2026-01-31"]),
        (None, &["--at", "2025-01-01"], &["give a later --at"]),
    ] {
        let path = file(&content.unwrap_or_else(|| rhythm(14 * 24, 600.0)));
        let ran = run(&[&["forecast", "--history", text(&path)], extra].concat());
        assert_eq!(ran.code, ExitCode::from(3), "{words:?}: {}", ran.err);
        assert_eq!(ran.out, "");
        for word in words {
            assert!(ran.err.contains(word), "{word}: {}", ran.err);
        }
    }
    let ran = run(&["forecast", "--history", "missing.csv"]);
    assert_eq!(ran.code, ExitCode::from(3));
    assert!(
        ran.err.contains("missing.csv cannot be read"),
        "{}",
        ran.err
    );
    let path = write(folder.path(), "d.csv.gz", [0x1f, 0x8b, 8, 0, 1]);
    let ran = run(&["forecast", "--history", text(&path)]);
    assert_eq!(ran.code, ExitCode::from(3));
    assert!(ran.err.contains("cannot be unpacked"), "{}", ran.err);
    let path = file(&rhythm(5 * 24, 600.0));
    let ran = run(&["backtest", "--history", text(&path)]);
    assert_eq!(ran.code, ExitCode::from(3));
    assert!(ran.err.contains("give a longer history"), "{}", ran.err);
}

#[test]
fn what_is_left_out_does_not_teach_the_command_either() {
    let folder = TempDir::new().unwrap();
    // Two of the last days have three times the demand.
    let odd = |hour: usize| {
        if (26 * 24..28 * 24).contains(&hour) {
            3.0
        } else {
            1.0
        }
    };
    let wave = |hour: usize| 6000.0 + 100.0 * (hour % 24) as f64;
    let file = write(
        folder.path(),
        "d.csv",
        demand(28 * 24, 60, |hour| odd(hour) * wave(hour)),
    );
    let config = write(folder.path(), "forescale.toml", CONFIG);
    let store = folder.path().join("store");
    std::fs::create_dir_all(store.join("config")).unwrap();
    write(&store, "config/forescale.toml", CONFIG);
    let days = ["2026-01-31T00:00:00Z", "2026-02-02T00:00:00Z"];
    let store = text(&store);
    good(&[
        "left-out", "add", "web", "--start", days[0], "--end", days[1], "--reason", "campaign",
        "--store", store,
    ]);
    let own = ["--config", text(&config), "--history", text(&file)];
    let given = days.join("/");
    let total = |command: &str, more: &[&str]| -> f64 {
        let ran = good(&[&[command], &own[..], &["--format", "csv"], more].concat());
        let lines = ran.out.lines().skip(1);
        let cells = lines.map(|line| {
            line.split(',')
                .nth(if command == "backtest" { 3 } else { 1 })
                .unwrap()
        });
        cells.map(number).sum()
    };
    for (command, more) in [
        ("forecast", &[][..]),
        ("backtest", &["--origins", "1", "--horizon", "2h"]),
    ] {
        let taught = total(command, more);
        let by_hand = total(command, &[more, &["--leave-out", &given]].concat());
        let by_store = total(command, &[more, &["--store", store]].concat());
        assert_eq!(by_hand, by_store, "{command}");
        assert!(by_hand != taught, "{command}: {by_hand}");
    }
    let usual: f64 = (0..24).map(wave).sum();
    let left_out = total("forecast", &["--leave-out", &given]);
    assert!((left_out / usual - 1.0).abs() < 0.02, "{left_out} {usual}");
    let quiet = |more: &[&str]| {
        good(&[&["quiet-window"], &own[..], &["--format", "json"], more].concat()).out
    };
    assert_ne!(quiet(&["--store", store]), quiet(&[]));
    for wrong in ["2026-01-31", "2026-02-02/2026-01-31", "soon/later"] {
        let ran = run(&[&["forecast"], &own[..], &["--leave-out", wrong]].concat());
        assert_eq!(ran.code, ExitCode::from(3), "{wrong}: {}", ran.err);
        assert!(ran.err.contains("--leave-out"), "{}", ran.err);
    }
}
