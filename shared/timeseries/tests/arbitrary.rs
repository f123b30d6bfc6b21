//! Whatever a file holds, reading it ends in a series that makes sense or in an error. Bytes at random,
//! files of this kind at random, and files that once were odd (`corpus/`), each whole, cut short and with
//! bytes changed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use timeseries::csv::{CsvOptions, MOST_STEPS, read};
use timeseries::{Aggregate, Step};

fn check(bytes: &[u8]) {
    let _watch = Watch::over(String::from_utf8_lossy(bytes).into_owned());
    for (zone, aggregate) in [("UTC", Aggregate::Sum), ("Europe/Berlin", Aggregate::Mean)] {
        let options = CsvOptions {
            zone: TimeZone::get(zone).unwrap(),
            aggregate,
        };
        let Ok((series, report)) = read(bytes, &options) else {
            continue;
        };
        assert!(!series.is_empty() && series.len() as u64 <= MOST_STEPS);
        assert!(
            series
                .values()
                .iter()
                .all(|value| value.is_nan() || *value >= 0.0)
        );
        assert!(series.values().iter().all(|value| !value.is_infinite()));
        assert_eq!(report.missing as usize, series.len() - series.observed());
        assert!(report.empty + report.impossible <= report.rows);
        assert!(report.duplicates < report.rows.max(1));
        if let Ok(hours) = series.resample(Step::HOUR) {
            assert!(hours.len() <= series.len() + 1);
        }
    }
}

/// Ends the program when it is not dropped within ten minutes, hundreds of times what any case takes: a
/// hang is then a failure with its case told, not a build that never ends.
struct Watch(std::sync::mpsc::Sender<()>);

impl Watch {
    /// Watches over `case`.
    fn over(case: String) -> Self {
        let (done, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let limit = std::time::Duration::from_secs(600);
            if ended.recv_timeout(limit) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                eprintln!("no end after ten minutes: {case}");
                std::process::abort();
            }
        });
        Self(done)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The watching thread may have ended the program already.
        let _ = self.0.send(());
    }
}

/// Cases of a random test: `usual`, or as many as FORESCALE_CASES asks for in a long campaign. Each case
/// is of a new seed, which proptest tells and keeps when it fails.
#[expect(
    clippy::disallowed_methods,
    reason = "how long to look for failures is asked for outside"
)]
fn cases(usual: u32) -> proptest::prelude::ProptestConfig {
    let asked = std::env::var("FORESCALE_CASES").ok();
    let asked = asked.and_then(|text| text.parse().ok());
    proptest::prelude::ProptestConfig::with_cases(asked.unwrap_or(usual))
}

/// All of a series, where a gap equals a gap.
fn bits(series: &timeseries::Series) -> (jiff::Timestamp, Step, Vec<u64>) {
    let values = series.values().iter();
    let bits = values.map(|value| {
        if value.is_nan() {
            u64::MAX
        } else {
            value.to_bits()
        }
    });
    (series.start(), series.step(), bits.collect())
}

/// Cells as people and programs write them, and as they do not.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (0.0..1e6_f64).prop_map(|value| format!("{value}")),
        1 => any::<f64>().prop_map(|value| format!("{value:e}")),
        1 => prop::sample::select(vec!["", "nan", "-1", "inf", "1e999", "1e-320", "null", "\"3\"", "0x10"])
            .prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ]
}

/// Times in one or two steps, with and without offset, doubled, late and far off.
fn time() -> impl Strategy<Value = String> {
    let seconds = prop_oneof![
        6 => (0_i64..400).prop_map(|step| step * 300),
        3 => (0_i64..60).prop_map(|step| step * 3600),
        1 => 0_i64..200_000,
        1 => -30_000_000_i64..30_000_000,
    ];
    (seconds, 0..8_u8).prop_map(|(seconds, form)| {
        let at = jiff::Timestamp::from_second(1_774_000_000 / 3600 * 3600 + seconds).unwrap();
        match form {
            0 => at
                .to_zoned(TimeZone::get("Europe/Berlin").unwrap())
                .datetime()
                .to_string(),
            1 => at.strftime("%Y-%m-%dT%H:%M:%S+05:45").to_string(),
            2 => at.as_second().to_string(),
            _ => at.to_string(),
        }
    })
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes);
        let mut file = b"timestamp,value\n".to_vec();
        file.extend(bytes);
        check(&file);
    }

    #[test]
    fn any_file_of_this_kind(mut rows in prop::collection::vec((time(), cell()), 0..300), sorted in any::<bool>()) {
        if sorted {
            rows.sort();
        }
        let lines = rows.iter().map(|(at, value)| format!("{at},{value}\n"));
        check(format!("timestamp,value\n{}", lines.collect::<String>()).as_bytes());
    }
}

proptest! {
    #![proptest_config(cases(300))]

    /// The order of the rows of a file, and rows that are there twice, change nothing of what is read.
    #[test]
    fn rows_in_any_order_and_twice(
        values in prop::collection::vec((0.0..1e6_f64, 0..8_u8), 30..200),
        step in prop::sample::select(vec![60_i64, 300, 900, 3600]),
        order in any::<u64>(),
    ) {
        let mut rows: Vec<String> = values
            .iter()
            .zip(0_i64..)
            // One in eight is missing.
            .filter(|((_, gap), _)| *gap > 0)
            .map(|((value, _), place)| {
                let at = jiff::Timestamp::from_second(1_774_000_800 + place * step).unwrap();
                format!("{at},{value}\n")
            })
            .collect();
        prop_assume!(rows.len() > 20);
        let options = CsvOptions { zone: TimeZone::UTC, aggregate: Aggregate::Sum };
        let file = |rows: &[String]| format!("timestamp,value\n{}", rows.concat());
        let (series, report) = read(file(&rows).as_bytes(), &options).unwrap();
        prop_assert_eq!(report.duplicates, 0);
        let mut state = order;
        for last in (1..rows.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            rows.swap(last, (state >> 33) as usize % (last + 1));
        }
        let (shuffled, _) = read(file(&rows).as_bytes(), &options).unwrap();
        prop_assert_eq!(bits(&shuffled), bits(&series));
        let twice = [rows.clone(), rows.clone()].concat();
        let (doubled, report) = read(file(&twice).as_bytes(), &options).unwrap();
        prop_assert_eq!(bits(&doubled), bits(&series));
        prop_assert_eq!(report.duplicates as usize, rows.len());
    }
}

#[test]
fn what_once_was_odd() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        check(&bytes);
        for cut in (0..bytes.len()).step_by(bytes.len() / 40 + 1) {
            check(&bytes[..cut]);
            let mut changed = bytes.clone();
            for byte in [0, b',', b'\n', b'"', 0xff, b'9'] {
                changed[cut] = byte;
                check(&changed);
            }
        }
        count += 1;
    }
    assert!(count >= 5, "{count}");
}
