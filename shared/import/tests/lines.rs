//! Known answers for single lines.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use import::{Kind, Line, Parser, Settings};
use jiff::Timestamp;

fn parser(kind: Kind) -> Parser {
    Parser::new(&Settings {
        kind,
        ..Settings::default()
    })
    .unwrap()
}

fn minute(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second() / 60
}

fn at(time: &str) -> Line {
    let minute = minute(time);
    Line::At { minute, count: 1.0 }
}

const REST: &str = "app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 \
                    200 34 366 \"GET http://www.example.com:80/ HTTP/1.1\" \"curl/7.46.0\" - -";

#[test]
fn a_load_balancers_lines_count_in_the_minute_of_their_time() {
    let mut parser = parser(Kind::Auto);
    for kind in ["http", "https", "h2", "grpcs", "ws", "wss"] {
        let line = format!("{kind} 2018-07-02T22:23:00.186641Z {REST}");
        assert_eq!(
            parser.line(line.as_bytes()),
            at("2018-07-02T22:23:00Z"),
            "{kind}"
        );
    }
    for (time, expected) in [
        ("2018-07-02T22:23:59Z", "2018-07-02T22:23:00Z"),
        ("2016-12-31T23:59:60.1Z", "2016-12-31T23:59:00Z"),
        ("2018-07-02T22:24:00.000001Z", "2018-07-02T22:24:00Z"),
        ("2018-07-02T22:23:00.186641Z", "2018-07-02T22:23:00Z"),
    ] {
        let line = format!("h2 {time} {REST}");
        assert_eq!(parser.line(line.as_bytes()), at(expected), "{time}");
    }
}

#[test]
fn a_web_servers_lines_count_in_utc_by_their_own_offset() {
    let mut parser = parser(Kind::Auto);
    for (line, expected) in [
        // Common, with a name that holds brackets; combined; with a host in front.
        (
            r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326"#,
            "2000-10-10T20:55:00Z",
        ),
        (
            r#"::1 - [odd [01/Jan/1999:00:00:00 +0000] name] [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 1"#,
            "2000-10-10T20:55:00Z",
        ),
        (
            r#"www.example.com:443 10.0.0.1 - - [29/Feb/2024:00:10:00 +0530] "GET / HTTP/2.0" 200 5 "-" "curl""#,
            "2024-02-28T18:40:00Z",
        ),
        // Berlin's clock goes back: the same local minute, an hour apart.
        (
            r#"h - - [25/Oct/2026:02:30:00 +0200] "GET / HTTP/1.1" 200 5"#,
            "2026-10-25T00:30:00Z",
        ),
        (
            r#"h - - [25/Oct/2026:02:30:59 +0100] "GET / HTTP/1.1" 200 5"#,
            "2026-10-25T01:30:00Z",
        ),
    ] {
        assert_eq!(parser.line(line.as_bytes()), at(expected), "{line}");
        assert_eq!(parser.line(format!("{line}\r").as_bytes()), at(expected));
    }
}

#[test]
fn what_is_no_such_line_is_refused_whatever_came_before() {
    let mut parser = parser(Kind::Auto);
    let good = format!("http 2018-07-02T22:23:00.186641Z {REST}");
    for line in [
        "http 2018-07-02T22:23:00.186641Z",
        "http 2018-07-02T22:23:00.18664xZ app",
        "http 2018-07-02T22:23:61Z app",
        "http 2018-13-02T22:23:00Z app",
        "http 2018-02-30T22:23:00Z app",
        "http 1018-07-02T22:23:00Z app",
        "ftp 2018-07-02T22:23:00Z app",
        "h - - [10/Oct/2000:13:55:36 -0700]",
        "h - - [31/Feb/2000:13:55:36 -0700] \"GET /\" 200 1",
        "h - - [10/Okt/2000:13:55:36 -0700] \"GET /\" 200 1",
        "h - - [10/Oct/2000:13:55:36 -9900] \"GET /\" 200 1",
        "h - - [10/Oct/2000:24:55:36 -0700] \"GET /\" 200 1",
    ] {
        assert_eq!(parser.line(good.as_bytes()), at("2018-07-02T22:23:00Z"));
        let found = parser.line(line.as_bytes());
        assert!(matches!(found, Line::Unreadable(_)), "{line}: {found:?}");
    }
    for line in ["", "\r", "# Version: 1.0"] {
        assert_eq!(parser.line(line.as_bytes()), Line::Nothing);
    }
}

#[test]
fn a_kind_that_was_given_is_kept_to() {
    let web = r#"h - - [10/Oct/2000:13:55:36 -0700] "GET /" 200 1"#;
    let balancer = format!("http 2018-07-02T22:23:00Z {REST}");
    let unreadable = |line| matches!(line, Line::Unreadable(_));
    assert!(unreadable(parser(Kind::LoadBalancer).line(web.as_bytes())));
    assert!(unreadable(parser(Kind::Web).line(balancer.as_bytes())));
}

#[test]
fn only_lines_with_the_text_count() {
    let mut parser = Parser::new(&Settings {
        containing: Some("targetgroup/web/".to_owned()),
        ..Settings::default()
    })
    .unwrap();
    let line = |group: &str| {
        format!("http 2018-07-02T22:23:00Z {REST} arn:aws:targetgroup/{group}/7 \"-\"")
    };
    assert_eq!(
        parser.line(line("web").as_bytes()),
        at("2018-07-02T22:23:00Z")
    );
    assert_eq!(parser.line(line("api").as_bytes()), Line::LeftOut);
}

#[test]
fn tables_are_read_by_their_heading() {
    let settings = |time: &str, value: Option<&str>| Settings {
        zone: "Europe/Berlin".to_owned(),
        time_column: time.to_owned(),
        value_column: value.map(str::to_owned),
        ..Settings::default()
    };
    let count = |text: &str, count: f64| Line::At {
        minute: minute(text),
        count,
    };
    for (settings, heading, rows) in [
        (
            settings("timestamp", None),
            "\u{feff}timestamp,value",
            vec![
                ("2026-01-01T00:00:30Z,5", count("2026-01-01T00:00:00Z", 5.0)),
                (
                    "2026-01-01 00:00:30, 2.5 ",
                    count("2025-12-31T23:00:00Z", 2.5),
                ),
                ("2026-01-01T00:00:30Z,", Line::Nothing),
                (
                    "2026-01-01T00:00:30Z,\"1,234\"",
                    count("2026-01-01T00:00:00Z", 1234.0),
                ),
                // A comma at the end of every row is no column.
                (
                    "2026-01-01T00:00:30Z,5,",
                    count("2026-01-01T00:00:00Z", 5.0),
                ),
            ],
        ),
        (
            settings("when", Some("hits")),
            "who;hits;\"when\"",
            vec![
                ("\"a;b\";7;1767225600", count("2026-01-01T00:00:00Z", 7.0)),
                ("a;7;1767225660123", count("2026-01-01T00:01:00Z", 7.0)),
            ],
        ),
        (
            settings("time", None),
            "id\ttime",
            vec![(
                "x\t2026-01-01T01:00:00+01:00",
                count("2026-01-01T00:00:00Z", 1.0),
            )],
        ),
    ] {
        let mut parser = Parser::new(&settings).unwrap();
        assert_eq!(parser.line(heading.as_bytes()), Line::Nothing, "{heading}");
        for (row, expected) in rows {
            assert_eq!(parser.line(row.as_bytes()), expected, "{row}");
        }
        for row in [
            "x",
            "soon,1",
            "soon;1;2",
            "2026-01-01T00:00:00Z,-1",
            "a;-1;1767225600",
            "2026-01-01T00:00:00Z,1,234",
            "a;\"1,234\";1767225600",
            "a\tb",
        ] {
            let found = parser.line(row.as_bytes());
            assert!(matches!(found, Line::Unreadable(_)), "{row}: {found:?}");
        }
    }
}
