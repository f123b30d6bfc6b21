//! `forescale pause` and `resume`, and what `--remove-actions` leaves behind when it is cut short.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use forescale::Console;
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{CONFIG, good, planned, run, write};
use crate::events::store;

fn mark(store: &str) -> String {
    format!("{store}/targets/web/released.json")
}

/// The mark that a pause leaves when it is cut short, before or after the group had its limits back.
fn cut_short(store: &str, done: bool) {
    good(&["release", "web", "--reason", "pause: x", "--store", store]);
    let mut document: Value = serde_json::from_slice(&fs::read(mark(store)).unwrap()).unwrap();
    document["body"]["by_pause"] = true.into();
    document["body"]["done"] = done.into();
    fs::write(mark(store), document.to_string()).unwrap();
}

/// A store of two targets, of which the first one's mark cannot be read.
fn one_unreadable(folder: &Path) -> String {
    let store = planned(folder);
    let api = CONFIG
        .replace("\"web\"", "\"api\"")
        .replace("app/web", "app/api");
    let both = format!("{api}\n{CONFIG}");
    write(folder, "store/config/forescale.toml", both);
    // A link to itself.
    fs::create_dir_all(format!("{store}/targets/api")).unwrap();
    std::os::unix::fs::symlink(
        "released.json",
        format!("{store}/targets/api/released.json"),
    )
    .unwrap();
    store
}

const PAUSE: [&str; 4] = ["pause", "--remove-actions", "--reason", "incident"];

fn pause(store: &str, more: &[&str]) -> crate::common::Ran {
    run(&[&PAUSE[..], &["--store", store], more].concat())
}

#[test]
fn resume_has_every_target_planned_again_that_a_pause_left_released() {
    for (done, stands) in [(true, true), (false, true), (true, false)] {
        let folder = TempDir::new().unwrap();
        let store = planned(folder.path());
        if stands {
            good(&["pause", "--reason", "x", "--store", &store]);
        }
        cut_short(&store, done);
        let would = good(&["resume", "--dry-run", "--store", &store]);
        assert!(would.out.contains("web: would no longer"), "{}", would.out);
        assert!(Path::new(&mark(&store)).exists());
        let resumed = good(&["resume", "--store", &store]);
        assert!(
            resumed.out.contains("web: no longer released"),
            "{}",
            resumed.out
        );
        for gone in [
            "pause.json",
            "targets/web/released.json",
            "targets/web/plan.json",
        ] {
            assert!(
                !Path::new(&store).join(gone).exists(),
                "{gone}: {done}, {stands}"
            );
        }
        let again = good(&["resume", "--store", &store]);
        assert_eq!(again.out.trim(), "nothing was paused");
    }
}

#[test]
fn what_people_released_stays_so_whatever_they_call_it() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let release = ["release", "web", "--reason", "pause: x", "--store", &store];
    good(&release);
    let paused = pause(&store, &[]);
    assert!(
        paused.out.contains("released already, and stays so"),
        "{}",
        paused.out
    );
    good(&["resume", "--store", &store]);
    assert!(Path::new(&mark(&store)).exists());
    // Also where a pause was first.
    good(&["adopt", "web", "--store", &store]);
    cut_short(&store, true);
    good(&release);
    good(&["resume", "--store", &store]);
    assert!(Path::new(&mark(&store)).exists());
}

#[test]
fn a_mark_that_cannot_be_read_keeps_no_other_target_from_its_limits() {
    let folder = TempDir::new().unwrap();
    let store = one_unreadable(folder.path());
    let would = pause(&store, &["--dry-run"]);
    assert_eq!(would.code, ExitCode::from(1));
    assert!(would.out.contains("would be released"), "{}", would.out);
    let said = "not all groups could be looked at: api";
    assert!(would.err.contains(said), "{}", would.err);
    let paused = pause(&store, &[]);
    assert_eq!(paused.code, ExitCode::from(1));
    let said = "not all groups have their own limits back, and the same command goes on: api";
    assert!(paused.err.contains(said), "{}", paused.err);
    assert!(
        paused.out.contains("web: group web released"),
        "{}",
        paused.out
    );
    assert!(!Path::new(&mark(&store)).exists());
    // Nor from being planned again.
    cut_short(&store, true);
    let resumed = run(&["resume", "--store", &store]);
    assert_eq!(resumed.code, ExitCode::from(1));
    assert!(resumed.err.contains("goes on: api"), "{}", resumed.err);
    assert!(!Path::new(&mark(&store)).exists() && !Path::new(&store).join("pause.json").exists());
}

/// Output that nobody reads.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_who_goes_away_leaves_no_target_released() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let words = ["forescale"]
        .into_iter()
        .chain(PAUSE)
        .chain(["--store", &store]);
    let code = {
        let mut console = Console::plain(io::empty(), Gone, io::sink());
        forescale::run(words.map(OsString::from), &mut console)
    };
    assert_eq!(code, ExitCode::SUCCESS);
    assert!(Path::new(&store).join("pause.json").exists());
    for gone in ["plan.json", "released.json"] {
        assert!(
            !Path::new(&store).join("targets/web").join(gone).exists(),
            "{gone}"
        );
    }
}

/// What is planned goes with the pause where that is asked for, and the planner may have it again.
#[test]
fn a_pause_removes_what_is_planned_where_that_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let documents = |name: &str| Path::new(&store).join("targets/web").join(name).exists();
    assert!(documents("plan.json"));
    let pause = [
        "pause",
        "--reason",
        "incident",
        "--remove-actions",
        "--store",
        &store,
    ];
    let would = good(&[&pause[..], &["--dry-run"]].concat());
    assert!(would.out.contains("would be removed"), "{}", would.out);
    assert!(documents("plan.json") && !Path::new(&store).join("pause.json").exists());
    let done = good(&pause);
    assert!(done.out.contains("web: group web released"), "{}", done.out);
    assert!(Path::new(&store).join("pause.json").exists());
    for gone in ["plan.json", "baseline.json", "released.json"] {
        assert!(!documents(gone), "{gone}: the planner begins anew");
    }
    // What was released for good stays so.
    good(&["release", "web", "--reason", "leaving", "--store", &store]);
    let again = good(&pause);
    assert!(
        again.out.contains("web is released already, and stays so"),
        "{}",
        again.out
    );
    assert!(documents("released.json"));
    good(&["resume", "--store", &store]);
}

#[test]
fn a_pause_stands_until_it_is_lifted() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    good(&["pause", "--reason", "migration", "--store", &store]);
    let kept = fs::read_to_string(format!("{store}/pause.json")).unwrap();
    assert!(kept.contains("migration"), "{kept}");
    let over = run(&[
        "pause",
        "--reason",
        "x",
        "--until",
        "2020-01-01",
        "--store",
        &store,
    ]);
    assert_eq!(over.code, ExitCode::from(3));
    // What a newer Forescale wrote is not replaced.
    let mut newer: Value = serde_json::from_str(&kept).unwrap();
    newer["schema"] = 99.into();
    write(Path::new(&store), "pause.json", newer.to_string());
    let refused = run(&["pause", "--reason", "again", "--store", &store]);
    assert_eq!(refused.code, ExitCode::from(3));
    assert!(refused.err.contains("newer Forescale"), "{}", refused.err);
    good(&["resume", "--store", &store]);
    assert!(!Path::new(&store).join("pause.json").exists());
    assert_eq!(
        good(&["resume", "--store", &store]).out,
        "nothing was paused\n"
    );
}
