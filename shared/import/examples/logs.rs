//! Writes a made-up access log of about so many megabytes to standard output:
//! `cargo run --release -p import --example logs -- alb 1000 | gzip > alb.log.gz`; `web` for combined.

use std::io::{self, BufWriter, Write};

use jiff::Timestamp;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_default();
    let megabytes = arguments.next().and_then(|text| text.parse::<u64>().ok());
    let (web, Some(megabytes)) = (kind == "web", megabytes) else {
        eprintln!("usage: logs alb|web MEGABYTES");
        return Ok(());
    };
    let mut output = BufWriter::new(io::stdout().lock());
    let (mut written, mut state) = (0, 1_u64);
    let mut second = 1_767_225_600_i64;
    let mut line = String::new();
    while written < megabytes * 1_000_000 {
        // A line is followed by one of the same second nine times of ten. Source of the constants:
        // Knuth, MMIX.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let dice = state >> 33;
        second += i64::from(dice % 10 == 0);
        let at = Timestamp::from_second(second).unwrap_or_default();
        let (host, page, size) = (dice % 251, dice % 9973, dice % 65_521);
        line.clear();
        if web {
            line += &format!(
                "203.0.113.{host} - - [{}] \"GET /items/{page} HTTP/1.1\" 200 {size} \
                 \"https://example.com/\" \"Mozilla/5.0 (X11; Linux x86_64; rv:140.0)\"\n",
                at.strftime("%d/%b/%Y:%H:%M:%S +0000")
            );
        } else {
            line += &format!(
                "https {}.{:06}Z app/web/50dc6c495c0c9188 203.0.113.{host}:44321 10.0.1.{}:80 0.000 \
                 0.0{} 0.000 200 200 {} {size} \"GET https://example.com:443/items/{page} HTTP/1.1\" \
                 \"Mozilla/5.0 (X11; Linux x86_64; rv:140.0)\" TLS_AES_128_GCM_SHA256 TLSv1.3 \
                 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067 \
                 \"Root=1-{dice:08x}-{state:016x}\" \"example.com\" \"session-reused\" 0 {}.000000Z \
                 \"forward\" \"-\" \"-\" \"10.0.1.{}:80\" \"200\" \"-\" \"-\"\n",
                at.strftime("%Y-%m-%dT%H:%M:%S"),
                dice % 1_000_000,
                dice % 16,
                dice % 100,
                dice % 2000,
                at.strftime("%Y-%m-%dT%H:%M:%S"),
                dice % 16,
            );
        }
        output.write_all(line.as_bytes())?;
        written += line.len() as u64;
    }
    output.flush()
}
