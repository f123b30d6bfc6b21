//! `forescale event import`: what a calendar says, and says again.

use std::path::Path;
use std::process::ExitCode;

use tempfile::TempDir;

use crate::common::{good, run, text, write};
use crate::events::{listed, names, store};

#[test]
fn a_calendar_is_taken_once() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n\
                    SUMMARY:campaign\r\nDTSTART:20261205T200000\r\nDTEND:20261205T210000\r\n\
                    END:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nSUMMARY:odd\r\nDTSTART:20261205T200000\r\n\
                    DTEND:20261205T210000\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let file = write(folder.path(), "c.ics", calendar);
    let arguments = [
        "event",
        "import",
        text(&file),
        "--demand",
        "9000",
        "--store",
        &store,
    ];
    let first = good(&arguments);
    assert!(first.err.contains("left out: odd"), "{}", first.err);
    assert!(good(&arguments).out.starts_with("already there"));
    assert_eq!(names(&store), ["campaign"]);
    let table = good(&["event", "list", "--store", &store]);
    assert!(table.out.contains("demand = 9000.0"), "{}", table.out);
    let missing = run(&["event", "remove", "campaing", "--store", &store]);
    assert_eq!(missing.code, ExitCode::from(3));
    assert!(
        missing.err.contains("did you mean campaign?"),
        "{}",
        missing.err
    );
}

/// An entry of a calendar with the UID 1.
fn calendar(folder: &Path, start: &str, more: &str) -> String {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:campaign\r\n\
         DTSTART:{start}\r\nDURATION:PT1H\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    text_of(&write(folder, "c.ics", text))
}

fn text_of(path: &Path) -> String {
    text(path).to_owned()
}

#[test]
fn what_a_calendar_moves_or_cancels_is_moved_or_removed() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    let import = |start: &str, more: &str| {
        let file = calendar(folder.path(), start, more);
        good(&[
            "event",
            "import",
            &file,
            "--multiplier",
            "2",
            "--store",
            &store,
        ])
    };
    assert!(import("20361205T200000", "").out.starts_with("added"));
    let moved = import("20361205T210000", "");
    assert!(
        moved
            .out
            .starts_with("changed: campaign, 2036-12-05T21:00:00"),
        "{}",
        moved.out
    );
    assert_eq!(names(&store), ["campaign"]);
    let cancelled = import("20361205T210000", "STATUS:CANCELLED\r\n");
    assert!(
        cancelled.out.starts_with("removed, since cancelled"),
        "{}",
        cancelled.out
    );
    assert!(names(&store).is_empty());
    let again = import("20361205T210000", "STATUS:CANCELLED\r\n");
    assert!(
        again.err.contains("campaign: it is cancelled"),
        "{}",
        again.err
    );
    assert!(names(&store).is_empty());
    let garbage = text_of(&write(folder.path(), "g.ics", "hello"));
    let refused = run(&["event", "import", &garbage, "--store", &store]);
    assert_eq!(refused.code, ExitCode::from(3));
    assert!(
        refused.err.contains("g.ics is no iCalendar file"),
        "{}",
        refused.err
    );
}

/// What a calendar says of a series now is what is kept of it, whatever was kept before.
#[test]
fn a_series_is_kept_in_step_with_its_calendar() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    let import = |more: &str| {
        let file = calendar(folder.path(), "20361205T200000", more);
        good(&[
            "event",
            "import",
            &file,
            "--multiplier",
            "2",
            "--store",
            &store,
        ])
    };
    let starts = || -> Vec<String> {
        let events = listed(&store);
        let starts = events.iter().map(|event| event["start"].as_str().unwrap());
        starts.map(str::to_owned).collect()
    };
    let weekly = "RRULE:FREQ=WEEKLY;BYDAY=SA,SU\r\n";
    // The first day is one of it, though a Friday.
    import(weekly);
    assert_eq!(
        starts(),
        [
            "2036-12-05T20:00:00",
            "2036-12-06T20:00:00",
            "2036-12-07T20:00:00"
        ]
    );
    // By hand, of the same name: no calendar's business.
    let by_hand = [
        "event",
        "add",
        "campaign",
        "--start",
        "2037-12-24",
        "--end",
        "2037-12-24",
    ];
    good(&[&by_hand[..], &["--multiplier", "2", "--store", &store]].concat());
    let left_out = format!("{weekly}EXDATE:20361206T200000,20361205T200000\r\n");
    let would = good(&[
        "event",
        "import",
        &calendar(folder.path(), "20361205T200000", &left_out),
        "--multiplier",
        "2",
        "--store",
        &store,
        "--dry-run",
    ]);
    assert!(
        would
            .out
            .contains("would be removed, since its calendar no longer has it"),
        "{}",
        would.out
    );
    assert_eq!(starts().len(), 4);
    let second = import(&left_out);
    assert!(
        second
            .out
            .contains("already there: campaign, 2036-12-07T20:00:00"),
        "{}",
        second.out
    );
    assert_eq!(
        starts(),
        [
            "2036-12-07T20:00:00",
            "2037-12-24T00:00:00",
            "2036-12-13T20:00:00"
        ]
    );
    // Again nothing changes.
    let again = import(&left_out);
    assert!(
        again
            .out
            .lines()
            .all(|line| line.starts_with("already there")),
        "{}",
        again.out
    );
    // Many dates of one name are one line.
    let quarterly = import("RRULE:FREQ=MONTHLY;INTERVAL=3;COUNT=8\r\n");
    assert!(
        quarterly
            .err
            .contains("8 dates from 2036-12-05 to 2038-09-05 are written out"),
        "{}",
        quarterly.err
    );
    assert!(
        !quarterly.err.contains("import the calendar again"),
        "{}",
        quarterly.err
    );
    assert!(
        quarterly
            .out
            .contains("added: campaign, 8 times, the first 2036-12-05T20:00:00"),
        "{}",
        quarterly.out
    );
    assert_eq!(starts().len(), 9);
    // With the series goes all of it.
    let cancelled = import("STATUS:CANCELLED\r\n");
    assert!(
        cancelled.out.starts_with("removed, since cancelled"),
        "{}",
        cancelled.out
    );
    assert_eq!(starts(), ["2037-12-24T00:00:00"]);
}
