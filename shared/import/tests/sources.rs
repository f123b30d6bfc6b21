//! Whole sources: chunks, interruptions, packing, growth, damage.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{self, Read, Write};
use std::ops::ControlFlow;

use flate2::Compression;
use flate2::write::GzEncoder;
use import::{Ended, ImportError, Kind, Reading, Settings, State, Tally, demand, read, unpacked};
use jiff::SignedDuration;
use proptest::prelude::*;
use timeseries::Step;

/// 2026-01-01T00:00:00Z.
const MINUTE: i64 = 1_767_225_600 / 60;

fn line(minute: i64) -> String {
    let at = jiff::Timestamp::from_second((MINUTE + minute) * 60 + 7).unwrap();
    format!("http {at} app/web/1 203.0.113.1:1 10.0.0.1:80 0 0 0 200 200 0 0 \"GET / HTTP/1.1\"\n")
}

fn log(minutes: impl IntoIterator<Item = i64>) -> Vec<u8> {
    minutes
        .into_iter()
        .map(line)
        .collect::<String>()
        .into_bytes()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Hands out the bytes in pieces of odd sizes.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = self.1 * 7 % 1013 + 1;
        let length = self.1.min(buffer.len());
        self.0.read(&mut buffer[..length])
    }
}

fn reading(bytes: &[u8]) -> Reading<Box<dyn Read + '_>> {
    Reading {
        name: "a".to_owned(),
        bytes: unpacked(bytes, "a").unwrap(),
        length: Some(bytes.len() as u64),
    }
}

fn go_on(_: &State, _: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn import(bytes: &[u8], state: &mut State) -> (Ended, Tally) {
    let mut loose = Tally::default();
    let ended = read(reading(bytes), state, &mut loose, &mut go_on).unwrap();
    (ended, loose)
}

/// Requests by minute after [`MINUTE`].
fn counts(tally: &Tally) -> Vec<(i64, f64)> {
    tally.counts.all().map(|(at, n)| (at - MINUTE, n)).collect()
}

#[test]
fn lines_out_of_order_and_across_chunks_count_once_each() {
    // Two nodes that log side by side, over several buffers.
    let minutes: Vec<i64> = (0..20_000).map(|n| n / 200 + n % 2 * 3).collect();
    let text = log(minutes.iter().copied());
    assert!(text.len() > 3 * import::BUFFER);
    let mut expected = std::collections::BTreeMap::new();
    for minute in minutes {
        *expected.entry(minute).or_insert(0.0) += 1.0;
    }
    let expected: Vec<_> = expected.into_iter().collect();
    let mut state = State::default();
    let pieces = Reading {
        name: "a".to_owned(),
        bytes: Pieces(&text, 1),
        length: None,
    };
    let mut loose = Tally::default();
    assert_eq!(
        read(pieces, &mut state, &mut loose, &mut go_on).unwrap(),
        Ended::Whole
    );
    assert_eq!(counts(&state.tally), expected);
    assert_eq!((state.tally.lines, state.tally.unreadable), (20_000, 0));
    let mut state = State::default();
    assert_eq!(import(&packed(&text), &mut state).0, Ended::Whole);
    assert_eq!(counts(&state.tally), expected);
}

#[test]
fn an_interrupted_import_goes_on_without_counting_twice() {
    let text = log((0..12_000).map(|n| n / 100));
    let zipped = packed(&text);
    let mut whole = State::default();
    import(&text, &mut whole);
    for bytes in [&text, &zipped] {
        for stop in 1..=5 {
            let (mut state, mut left) = (State::default(), stop);
            let mut loose = Tally::default();
            let ended = read(reading(bytes), &mut state, &mut loose, &mut |_, _| {
                left -= 1;
                if left == 0 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            assert_eq!(ended.unwrap(), Ended::Stopped);
            // As it is kept in a file.
            let kept = serde_json::to_vec(&state).unwrap();
            let mut state: State = serde_json::from_slice(&kept).unwrap();
            assert!(state.tally.lines < 12_000 || stop == 5);
            import(bytes, &mut state);
            assert_eq!(state.tally, whole.tally, "stopped after chunk {stop}");
        }
    }
}

#[test]
fn a_log_that_grew_or_was_rotated_and_packed_is_known_again() {
    let (begun, more) = (log([0, 0, 1]), log([1, 2]));
    let mut state = State::default();
    assert_eq!(import(&begun, &mut state).0, Ended::Whole);
    assert_eq!(import(&begun, &mut state).0, Ended::Known);
    assert_eq!(import(&packed(&begun), &mut state).0, Ended::Known);
    let grown = [begun.clone(), more].concat();
    assert_eq!(import(&packed(&grown), &mut state).0, Ended::Whole);
    assert_eq!(import(&begun, &mut State::default()).0, Ended::Whole);
    assert_eq!(counts(&state.tally), [(0, 2.0), (1, 2.0), (2, 1.0)]);
    assert_eq!(state.marks.len(), 1);
    // Another log counts beside it.
    assert_eq!(import(&log([5]), &mut state).0, Ended::Whole);
    assert_eq!(state.tally.lines, 6);
}

#[test]
fn a_last_line_without_an_end_counts_but_is_read_anew() {
    let mut text = log([0, 1]);
    text.pop();
    let mut state = State::default();
    for _ in 0..2 {
        let (_, loose) = import(&text, &mut state);
        assert_eq!(counts(&loose), [(1, 1.0)]);
        assert_eq!(counts(&state.tally), [(0, 1.0)]);
    }
    text.extend_from_slice(b"\n");
    let (_, loose) = import(&text, &mut state);
    assert_eq!(counts(&loose), []);
    assert_eq!(counts(&state.tally), [(0, 1.0), (1, 1.0)]);
}

#[test]
fn a_gzip_file_that_breaks_off_counts_as_far_as_it_goes() {
    let text = log((0..20_000).map(|n| n / 100));
    let whole = packed(&text);
    for cut in [whole.len() - 1, whole.len() / 2, 2000] {
        let mut state = State::default();
        let (ended, _) = import(&whole[..cut], &mut state);
        assert!(matches!(ended, Ended::Damaged(_)), "{ended:?}");
        assert!(state.tally.lines > 0 && state.tally.unreadable == 0);
        // The rest of it, later.
        assert!(matches!(
            import(&whole, &mut state).0,
            Ended::Whole | Ended::Known
        ));
        assert_eq!((state.tally.lines, state.tally.unreadable), (20_000, 0));
    }
    let mut spoilt = whole.clone();
    spoilt[whole.len() / 2] ^= 0xff;
    let (ended, _) = import(&spoilt, &mut State::default());
    assert!(matches!(ended, Ended::Damaged(_)), "{ended:?}");
}

#[test]
fn gzip_files_put_together_are_read_to_the_end() {
    let both = [packed(&log([0])), packed(&log([1]))].concat();
    let mut state = State::default();
    import(&both, &mut state);
    assert_eq!(counts(&state.tally), [(0, 1.0), (1, 1.0)]);
}

#[test]
fn what_cannot_be_read_is_counted_with_examples() {
    let mut text = log([0]);
    for index in 0..10 {
        text.extend_from_slice(format!("nonsense {index} \u{1}\n").as_bytes());
    }
    text.extend(std::iter::repeat_n(b'x', 3 * import::BUFFER));
    text.extend_from_slice(b"\n");
    text.extend(log([1]));
    let mut state = State::default();
    import(&text, &mut state);
    assert_eq!((state.tally.lines, state.tally.unreadable), (13, 11));
    assert_eq!(state.tally.examples.len(), import::EXAMPLES);
    assert_eq!(state.tally.examples[0].text, "nonsense 0 \u{1}");
    assert_eq!(counts(&state.tally), [(0, 1.0), (1, 1.0)]);
    // The same line again is counted, and is no other example.
    let mut state = State::default();
    import(
        b"nonsense\nnonsense\nother nonsense\nnonsense\n",
        &mut state,
    );
    assert_eq!(state.tally.unreadable, 4);
    let shown: Vec<&str> = (state.tally.examples.iter())
        .map(|example| example.text.as_str())
        .collect();
    assert_eq!(shown, ["nonsense", "other nonsense"]);
}

#[test]
fn a_table_without_the_column_is_an_error_that_names_those_it_has() {
    let mut state = State::new(Settings {
        kind: Kind::Table,
        ..Settings::default()
    });
    let error = read(
        reading(b"time,hits\n1,2\n"),
        &mut state,
        &mut Tally::default(),
        &mut go_on,
    )
    .unwrap_err();
    assert!(matches!(error, ImportError::Column { .. }));
    let text = error.to_string();
    assert_eq!(
        text,
        "a: has no column timestamp; its columns are: time,hits"
    );
    assert!(unpacked(&b"PK\x03\x04rest"[..], "b.zip").is_err());
}

#[test]
fn silence_is_zero_until_logs_seem_to_be_missing() {
    let mut state = State::default();
    import(&log([0, 0, 3, 64, 200]), &mut state);
    let hour = SignedDuration::from_hours(1);
    let found = demand(&state.tally, Some(Step::MINUTE), hour);
    assert_eq!(found.rows.len(), 65 + 1);
    assert_eq!(found.rows[0].1, 2.0);
    assert_eq!(found.rows.iter().map(|row| row.1).sum::<f64>(), 5.0);
    let gaps: Vec<_> = found
        .gaps
        .iter()
        .map(|gap| (gap.from.to_string(), gap.to.to_string()))
        .collect();
    assert_eq!(
        gaps,
        [(
            "2026-01-01T01:05:00Z".to_owned(),
            "2026-01-01T03:20:00Z".to_owned()
        )]
    );
    let found = demand(&state.tally, Some(Step::HOUR), hour);
    let values: Vec<_> = found.rows.iter().map(|row| row.1).collect();
    assert_eq!(values, [3.0, 1.0, 0.0, 1.0]);
    // A value that is missing from a table is unknown, not zero.
    let mut state = State::default();
    import(
        b"timestamp,value\n2026-01-01T00:00:00Z,5\n2026-01-01T00:10:00Z,6\n",
        &mut state,
    );
    assert_eq!(demand(&state.tally, None, hour).rows.len(), 2);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_counted_line_by_line(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
        for kind in [Kind::Auto, Kind::LoadBalancer, Kind::Web, Kind::Table] {
            let mut state = State::new(Settings { kind, ..Settings::default() });
            let mut loose = Tally::default();
            let source = Reading { name: "a".to_owned(), bytes: bytes.as_slice(), length: None };
            let ended = read(source, &mut state, &mut loose, &mut go_on);
            if kind != Kind::Table {
                prop_assert!(ended.is_ok());
                let lines = bytes.split_inclusive(|byte| *byte == b'\n').count() as u64;
                prop_assert_eq!(state.tally.lines + loose.lines, lines);
            }
        }
    }

    #[test]
    fn spoilt_lines_never_panic(which in 0..4_usize, at in 0..90_usize, byte in any::<u8>(), cut in 0..90_usize) {
        let mut line = [
            line(0),
            "h - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326 \"-\" \"curl\"\n".to_owned(),
            "timestamp,value\n2026-01-01T00:00:00Z,5\n".to_owned(),
            "timestamp;value\n1767225600;\"5\"\n".to_owned(),
        ][which].clone().into_bytes();
        if let Some(place) = line.get_mut(at) {
            *place = byte;
        }
        line.truncate(line.len().saturating_sub(cut));
        let mut state = State::default();
        let (_, loose) = import_plain(&line, &mut state);
        prop_assert!(state.tally.counts.total() + loose.counts.total() <= 1e15);
    }

    #[test]
    fn any_way_to_cut_a_log_into_runs_counts_the_same(minutes in proptest::collection::vec(0..50_i64, 1..60), cuts in proptest::collection::vec(0..6000_usize, 0..4)) {
        let text = log(minutes);
        let mut whole = State::default();
        import_plain(&text, &mut whole);
        let mut cuts = cuts;
        cuts.sort_unstable();
        let mut state = State::default();
        for cut in cuts {
            import_plain(&text[..cut.min(text.len())], &mut state);
        }
        import_plain(&text, &mut state);
        prop_assert_eq!(&state.tally.counts.all().collect::<Vec<_>>(), &whole.tally.counts.all().collect::<Vec<_>>());
        prop_assert_eq!(state.tally.lines, whole.tally.lines);
    }
}

fn import_plain(bytes: &[u8], state: &mut State) -> (Ended, Tally) {
    let mut loose = Tally::default();
    let source = Reading {
        name: "a".to_owned(),
        bytes,
        length: None,
    };
    let ended = read(source, state, &mut loose, &mut go_on).unwrap();
    (ended, loose)
}
