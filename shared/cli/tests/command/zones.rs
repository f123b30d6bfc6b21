//! Times that people read are of the target's zone, in UTC where that is asked for; what programs read
//! is in UTC.

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{CONFIG, good, planned, rhythm, text, write};

/// Whether `text` has an instant as documents keep them.
fn has_instant(text: &str) -> bool {
    let mut words = text.split([' ', '\n', '(']);
    words.any(|word| {
        let date = word.get(..10).map(|date| date.replace('-', ""));
        let digits = date.is_some_and(|date| date.len() == 8 && date.parse::<u32>().is_ok());
        digits && word.get(10..11) == Some("T") && word.contains('Z')
    })
}

#[test]
fn a_plan_and_an_explanation_tell_times_of_the_targets_zone() {
    let folder = TempDir::new().unwrap();
    let history = write(folder.path(), "d.csv", rhythm(21 * 24, 60_000.0));
    let config = write(folder.path(), "c.toml", CONFIG);
    let files = ["--history", text(&history), "--config", text(&config)];
    let plan = |more: &[&str]| {
        let words = ["plan", "--at", "2026-01-24T18:00"];
        good(&[&words[..], &files, more].concat())
    };
    let local = plan(&[]);
    assert!(has_instant("(for 2026-01-24T17:00:00Z: x)"));
    assert!(!has_instant(&local.out), "{}", local.out);
    assert!(!has_instant(&local.err), "{}", local.err);
    assert!(
        local.out.contains("for Sat 2026-01-24 18:0"),
        "{}",
        local.out
    );
    let utc = plan(&["--utc"]).out;
    assert!(utc.starts_with("start (UTC)"), "{utc}");
    assert!(utc.contains("for Sat 2026-01-24 17:0"), "{utc}");
    let json: Value = serde_json::from_str(&plan(&["--format", "json"]).out).unwrap();
    let reason = json["steps"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("for 2026-01-24T17:0"), "{reason}");
    assert!(
        plan(&["--format", "csv"])
            .out
            .contains("for 2026-01-24T17:0")
    );

    let store = planned(folder.path());
    let explain = |more: &[&str]| {
        let words = [
            "explain",
            "web",
            "--at",
            "2026-01-24T18:30",
            "--store",
            &store,
        ];
        good(&[&words[..], more].concat()).out
    };
    let local = explain(&[]);
    assert!(
        local.contains("Sat 2026-01-24 18:30 (Europe/Berlin)"),
        "{local}"
    );
    assert!(local.contains("since Sat 2026-01-24 18:00"), "{local}");
    assert!(!has_instant(&local), "{local}");
    let utc = explain(&["--utc"]);
    assert!(utc.contains("Sat 2026-01-24 17:30 (UTC)"), "{utc}");
    assert!(utc.contains("since Sat 2026-01-24 17:00"), "{utc}");
    assert!(!has_instant(&utc), "{utc}");
}

#[test]
fn notes_tell_times_of_the_targets_zone_too() {
    let folder = TempDir::new().unwrap();
    let history = write(folder.path(), "d.csv", rhythm(21 * 24, 60_000.0));
    // Too few at the peak, which the plan notes with its time.
    let few = CONFIG.replace("max_servers = 40", "max_servers = 9");
    let config = write(folder.path(), "c.toml", few);
    let noted = |more: &[&str]| {
        let files = ["--history", text(&history), "--config", text(&config)];
        let err = good(&[&["plan", "--at", "2026-01-24T18:00"], &files[..], more].concat()).err;
        assert!(!has_instant(&err), "{err}");
        let note = err.lines().find(|line| line.contains("too few from"));
        let note = note.unwrap_or_else(|| panic!("{err}"));
        note.split(" on: ").next().unwrap().to_owned()
    };
    assert_eq!(noted(&[]), "note: too few from Sat 2026-01-24 18:00");
    assert_eq!(noted(&["--utc"]), "note: too few from Sat 2026-01-24 17:00");
}
