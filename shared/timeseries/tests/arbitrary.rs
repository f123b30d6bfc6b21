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
    #![proptest_config(ProptestConfig::with_cases(1000))]

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
