//! Inputs that cannot be used: one exit code, what is wrong, what to do next, and nothing of a file
//! that a terminal would obey.

use std::process::ExitCode;

use tempfile::TempDir;

use crate::common::{CONFIG, Ran, demand, good, rhythm, run, text, write};

fn refused(arguments: &[&str]) -> String {
    let Ran { code, out, err } = run(arguments);
    assert_eq!(code, ExitCode::from(3), "{arguments:?}: {err}");
    assert_eq!(out, "", "{arguments:?}");
    err
}

/// Whatever forecasts at a time without demand before it ends alike.
#[test]
fn a_time_that_nothing_leads_to_is_an_input_and_the_answer_gives_another() {
    let folder = TempDir::new().unwrap();
    let history = write(folder.path(), "d.csv", rhythm(14 * 24, 60_000.0));
    let config = write(folder.path(), "c.toml", CONFIG);
    let of = |words: &[&str], at: &str| {
        let file = ["--history", text(&history), "--at", at];
        refused(&[words, &file].concat())
    };
    for words in [
        &["plan", "--config", text(&config)][..],
        &["forecast"],
        &["quiet-window"],
    ] {
        let early = of(words, "2015-01-01");
        assert!(early.contains("give a later --at"), "{words:?}: {early}");
        let late = of(words, "2036-01-01");
        assert!(
            late.contains("give an --at of 2026-01-19T00:00:00Z"),
            "{words:?}: {late}"
        );
    }
}

#[test]
fn what_is_empty_or_no_text_is_told_so_by_everything_that_reads_it() {
    let folder = TempDir::new().unwrap();
    let config = write(folder.path(), "c.toml", CONFIG);
    let empty = write(folder.path(), "empty.csv", "\n");
    let heading = write(folder.path(), "heading.csv", "timestamp,value\n");
    let noise: Vec<u8> = (0..3000_u32).map(|n| (n * n % 251) as u8).collect();
    let noise = write(folder.path(), "noise.csv", noise);
    for (words, flag) in [
        (&["forecast"][..], "--history"),
        (&["backtest"], "--history"),
        (&["demo", "--dry-run"], "--history"),
        (&["quiet-window"], "--history"),
        (&["plan", "--config", text(&config)], "--history"),
        (&["throughput"], "--metrics"),
    ] {
        let of = |file| refused(&[words, &[flag, text(file)]].concat());
        let told = of(&empty);
        assert!(told.contains("empty.csv is empty: give --"), "{told}");
        let told = of(&noise);
        assert!(told.contains("noise.csv is no text"), "{told}");
        assert!(told.len() < 300, "its bytes are not repeated: {told}");
        if flag == "--history" {
            let told = of(&heading);
            assert!(told.contains("has no row of demand"), "{told}");
        }
    }
}

#[test]
fn an_import_quotes_what_it_cannot_read_shortly_and_harmlessly() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("o.csv");
    let import = |name: &str, bytes: &[u8], more: &[&str]| {
        let file = write(folder.path(), name, bytes);
        refused(&[&["import", text(&file), "--out", text(&out)], more].concat())
    };
    let told = import("evil.log", b"\x1b]0;owned\x07 \xff\xfe\n", &[]);
    assert!(!told.contains('\x1b') && !told.contains('\x07'), "{told:?}");
    assert!(told.contains(".]0;owned. .."), "{told:?}");
    let told = import("long.log", &[b'x'; 5000], &[]);
    assert!(told.len() < 400 && told.contains("..."), "{told}");
    let told = import("empty.log", b"", &[]);
    assert!(
        told.contains("the log is empty") && told.contains("empty.log"),
        "{told}"
    );
    // Whoever names a column means a table.
    let table = b"zeit,value\n2026-01-01T00:00:00Z,4\n";
    let told = import("z.csv", table, &["--time-column", "zeitt"]);
    assert!(told.contains("did you mean zeit?"), "{told}");
    let told = import("z.csv", table, &[]);
    assert!(told.contains("--time-column"), "{told}");
    let file = folder.path().join("z.csv");
    good(&[
        "import",
        text(&file),
        "--time-column",
        "zeit",
        "--out",
        text(&out),
    ]);
}

#[test]
fn an_option_of_an_event_is_named_as_it_was_typed() {
    let folder = TempDir::new().unwrap();
    let store = crate::common::planned(folder.path());
    let add = |more: &[&str]| {
        let words = ["event", "add", "x", "--start", "2026-01-24T20:00"];
        let until = ["--end", "2026-01-24T22:00", "--store", &store];
        refused(&[&words[..], &until, more].concat())
    };
    let told = add(&["--multiplier", "-3"]);
    assert!(
        told.contains("--multiplier -3.0: is out of range; allowed: above 0"),
        "{told}"
    );
    assert!(!told.contains("event:4"), "{told}");
    assert!(add(&["--lead", "soon"]).contains("--lead \"soon\""));
}

/// Windows are whole steps: one that is asked for otherwise is told as it is.
#[test]
fn a_window_between_steps_is_told_as_long_as_it_is() {
    let folder = TempDir::new().unwrap();
    let history = write(folder.path(), "d.csv", rhythm(14 * 24, 60_000.0));
    let of = |length| {
        let words = ["quiet-window", "--history", text(&history), "--within"];
        run(&[&words[..], &["1d", "--length", length]].concat())
    };
    let half = of("30min");
    assert_eq!(half.code, ExitCode::SUCCESS);
    assert!(
        half.err.contains("--length 30min") && half.err.contains("each window is 1h long"),
        "{}",
        half.err
    );
    assert!(!of("2h").err.contains("--length"));
    let none = of("0h");
    assert_eq!(none.code, ExitCode::from(3));
    assert!(none.err.contains("longer than nothing"), "{}", none.err);
}

#[test]
fn no_demand_is_printed_as_0() {
    let folder = TempDir::new().unwrap();
    let history = write(folder.path(), "d.csv", demand(14 * 24, 60, |_| 0.0));
    let ran = good(&["forecast", "--history", text(&history), "--horizon", "2h"]);
    let row = ran.out.lines().nth(1).unwrap();
    let values: Vec<&str> = row.split_whitespace().skip(3).collect();
    assert_eq!(values, ["0"; 5], "{row}");
}

#[test]
fn values_below_zero_are_told_what_is_allowed() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "d.csv", rhythm(9 * 24, 60_000.0));
    let config = write(folder.path(), "c.toml", CONFIG);
    let (file, config) = (text(&file), text(&config));
    let replay = [
        "what-if",
        "--history",
        file,
        "--config",
        config,
        "--from",
        "2026-01-12",
        "--to",
        "2026-01-13",
        "--out",
        "o",
    ];
    let quiet = ["quiet-window", "--history", file];
    for (words, more, code, told) in [
        (&replay[..], ["--risk", "-1"], 3, "above 0, below 0.5"),
        (&replay, ["--lead-time", "-5m"], 3, "0s to 6h"),
        (&quiet, ["--within", "-3d"], 3, "--within -3d: "),
        (&quiet, ["--count", "-1"], 2, "1..=100"),
    ] {
        let ran = run(&[words, &more].concat());
        assert_eq!(ran.code, ExitCode::from(code), "{more:?}: {}", ran.err);
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
        assert!(!ran.err.contains("unexpected argument"), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
}

#[test]
fn what_says_nothing_is_refused_before_anything_is_written() {
    let folder = TempDir::new().unwrap();
    let store = crate::common::planned(folder.path());
    let day = ["--start", "2026-01-12", "--end", "2026-01-13"];
    for words in [
        &[&["left-out", "add", "web"], &day[..]].concat()[..],
        &["pause"],
        &["release", "web"],
    ] {
        let ran = run(&[words, &["--reason", "", "--store", &store]].concat());
        assert_eq!(ran.code, ExitCode::from(2), "{words:?}: {}", ran.err);
        assert!(ran.err.contains("--reason <WORDS>"), "{}", ran.err);
    }
    let sale = [&["event", "add", "sale"], &day[..], &["--store", &store]].concat();
    let told = refused(&[&sale[..], &["--multiplier", "nan"]].concat());
    assert!(
        told.contains("--multiplier") && told.contains("allowed: above 0, at most 1000"),
        "{told}"
    );
    let told = refused(&["event", "remove", "sale", "--store", &store]);
    assert!(told.contains("forescale event list"), "{told}");
    let config = write(folder.path(), "c.toml", CONFIG);
    let alarms = ["alarms", "--config", text(&config), "--action"];
    for action in ["responder", "arn:aws:lambda", "arn:aws:lambda:eu-west-1:1:"] {
        let told = refused(&[&alarms[..], &[action]].concat());
        assert!(told.contains("allowed: arn:PARTITION:"), "{told}");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named_as_it_was_given() {
    let folder = TempDir::new().unwrap();
    let store = crate::common::planned(folder.path());
    // Nothing can be made below /proc, whoever asks.
    let told = refused(&["report", "--store", &store, "--out", "/proc/page.html"]);
    assert!(
        told.starts_with("error: /proc/page.html cannot be written: give a place"),
        "{told}"
    );
    let told = refused(&["report", "--store", &store, "--out", text(folder.path())]);
    assert!(
        told.contains("is a directory: give the name of a file"),
        "{told}"
    );
}

#[test]
fn fewer_midnights_than_asked_for_are_told() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "d.csv", rhythm(10 * 24, 60_000.0));
    let backtest = |origins| {
        let words = ["backtest", "--history", text(&file), "--origins", origins];
        good(&words).err
    };
    let told = backtest("5");
    assert!(told.contains("2 origins fewer than asked for"), "{told}");
    assert!(!backtest("3").contains("fewer than asked for"));
}
