//! What a reader of the docs has beside the program.

use std::fmt::Write;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};

/// Writes it all into `folder`, which is made.
pub(crate) fn write(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    let demand = demand();
    put("requests.csv", demand.as_bytes());
    put("requests.csv.gz", &packed(&demand));
    put("demand.csv", demand.as_bytes());
    put("forescale.toml", CONFIG.as_bytes());
    put("service.csv", service().as_bytes());
    put("campaigns.ics", CALENDAR.as_bytes());
    put(
        "orders.csv",
        b"id,created_at\n1,2026-05-30T10:00:01Z\n2,2026-05-30T10:00:40Z\n",
    );
    // Where a home has its completions and manual pages.
    for home in [
        ".local/share/bash-completion/completions",
        ".local/share/man/man1",
    ] {
        fs::create_dir_all(folder.join(home)).unwrap();
    }
    fs::create_dir(folder.join("logs")).unwrap();
    put("logs/access.log.1.gz", &packed(&log(20)));
    put("logs/access.log", log(22).as_bytes());
}

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Requests an hour from October 2025 to the end of May 2026, with days and weeks.
fn demand() -> String {
    let start: Timestamp = "2025-10-01T00:00:00Z".parse().unwrap();
    let mut text = "timestamp,value\n".to_owned();
    for hour in 0..243 * 24_i64 {
        let at = start + SignedDuration::from_hours(hour);
        let day = (hour as f64 / 24.0 * std::f64::consts::TAU).sin();
        let week = if hour / 24 % 7 >= 5 { 0.8 } else { 1.0 };
        let noise = 1.0 + 0.04 * ((hour * 7919 % 101) as f64 / 50.0 - 1.0);
        let value = (180_000.0 * week * (1.0 - 0.5 * day) * noise).round();
        let _ = writeln!(text, "{at},{value}");
    }
    text
}

/// Two hours of a load balancer's log, five requests a minute, from `hour` on.
fn log(hour: i64) -> String {
    let start: Timestamp = "2026-05-30T00:00:00Z".parse().unwrap();
    let mut text = String::new();
    for index in 0..600 {
        let at = start + SignedDuration::from_hours(hour) + SignedDuration::from_secs(12 * index);
        let _ = writeln!(
            text,
            "https {at} app/web/50dc6c495c0c9188 203.0.113.7:1024 10.0.0.1:80 0.001 0.048 0.000 200 200 0 57 \
             \"GET https://example.com:443/ HTTP/1.1\" \"curl/8.5.0\" - - \
             arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067 \"-\""
        );
    }
    text
}

/// A day of a service whose servers reach 60 % CPU at 1,000 requests a minute.
fn service() -> String {
    let start: Timestamp = "2026-05-01T00:00:00Z".parse().unwrap();
    let mut text = "timestamp,demand,servers,cpu,response_time\n".to_owned();
    for minute in 0..3 * 1440_i64 {
        let at = start + SignedDuration::from_mins(minute);
        let day = (minute as f64 / 1440.0 * std::f64::consts::TAU).sin();
        let (demand, servers) = (8000.0 - 5000.0 * day, 12.0);
        let load = demand / servers / 1000.0;
        let noise = (minute * 7919 % 101) as f64 / 50.0 - 1.0;
        let (cpu, time) = (
            60.0 * load + noise,
            0.1 / (1.6 - load).max(0.2) + 0.002 * noise,
        );
        let _ = writeln!(text, "{at},{demand:.1},{servers},{cpu:.2},{time:.4}");
    }
    text
}

const CONFIG: &str = r#"
[defaults]
time_zone = "Europe/Berlin"
price_per_server_hour = 0.096

[[target]]
name = "shop"
group = "shop-asg"
load_balancer = "app/shop/50dc6c495c0c9188"
min_servers = 2
max_servers = 100
throughput = 250
lead_time = "5m"
risk = 0.001
mode = "shadow"

[target.simulation]
reactive = { utilization = 0.8 }
"#;

const CALENDAR: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\n\
    UID:1@example.com\r\nDTSTAMP:20260501T000000Z\r\nDTSTART:20261205T190000Z\r\n\
    DTEND:20261205T203000Z\r\nSUMMARY:Winter sale\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
