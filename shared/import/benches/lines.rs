//! How fast lines are read: `cargo bench -p import`. The made-up lines are as long as real ones.

use std::fmt::Write;
use std::hint::black_box;
use std::io::Write as _;
use std::ops::ControlFlow;

use divan::Bencher;
use divan::counter::BytesCount;
use flate2::Compression;
use flate2::write::GzEncoder;
use import::{Reading, Settings, State, Tally, read, unpacked};

fn main() {
    divan::main();
}

/// 16 MB of a load balancer's log.
fn load_balancer() -> Vec<u8> {
    let mut text = String::new();
    for index in 0_u64.. {
        let (minute, second) = (index / 6000 % 60, index / 100 % 60);
        let _ = writeln!(
            text,
            "https 2026-01-01T00:{minute:02}:{second:02}.186641Z app/web/50dc6c495c0c9188 \
             203.0.113.7:{} 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 \"GET \
             https://example.com:443/items/{index} HTTP/1.1\" \"curl/8.5.0\" ECDHE-RSA-AES128-GCM-SHA256 \
             TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067 \
             \"Root=1-58337281-{index:024x}\" \"example.com\" \"-\" 1 2026-01-01T00:{minute:02}:{second:02}.048000Z \
             \"forward\" \"-\" \"-\" \"10.0.0.1:80\" \"200\" \"-\" \"-\"",
            1024 + index % 60_000
        );
        if text.len() > 16_000_000 {
            break;
        }
    }
    text.into_bytes()
}

/// 16 MB of a web server's log.
fn web() -> Vec<u8> {
    let mut text = String::new();
    for index in 0_u64.. {
        let (minute, second) = (index / 6000 % 60, index / 100 % 60);
        let _ = writeln!(
            text,
            "203.0.113.7 - - [01/Jan/2026:00:{minute:02}:{second:02} +0100] \"GET /items/{index} \
             HTTP/1.1\" 200 2326 \"https://example.com/start\" \"Mozilla/5.0 (X11; Linux x86_64)\""
        );
        if text.len() > 16_000_000 {
            break;
        }
    }
    text.into_bytes()
}

fn count(bytes: &[u8]) -> State {
    let mut state = State::new(Settings::default());
    let mut loose = Tally::default();
    let name = "bench".to_owned();
    let reading = unpacked(bytes, &name).map(|bytes| Reading {
        name,
        bytes,
        length: None,
    });
    let ended = reading.and_then(|reading| {
        read(reading, &mut state, &mut loose, &mut |_, _| {
            ControlFlow::Continue(())
        })
    });
    let _ = black_box(ended);
    state
}

#[divan::bench(args = ["load balancer", "web"])]
fn plain(bencher: Bencher<'_, '_>, kind: &str) {
    let bytes = if kind == "web" {
        web()
    } else {
        load_balancer()
    };
    bencher
        .counter(BytesCount::new(bytes.len()))
        .bench(|| count(black_box(&bytes)));
}

/// The bytes are those of the unpacked log.
#[divan::bench]
fn packed(bencher: Bencher<'_, '_>) {
    let bytes = load_balancer();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let packed = encoder
        .write_all(&bytes)
        .and_then(|()| encoder.finish())
        .unwrap_or_default();
    bencher
        .counter(BytesCount::new(bytes.len()))
        .bench(|| count(black_box(&packed)));
}
