//! Both stores hold the same rules, and the directory holds them between processes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use local::{DirectoryStore, MemoryStore, conformance};
use pollster::block_on;
use ports::{Condition, DocumentStore, PortError};

#[test]
fn memory_conforms() {
    let store = MemoryStore::new();
    block_on(conformance::document_store(&store, "")).unwrap_or_else(|e| panic!("{e}"));
    block_on(conformance::document_store(&store, "some/where/")).unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn directory_conforms() {
    let root = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(root.path().join("new/store")).unwrap();
    block_on(conformance::document_store(&store, "")).unwrap_or_else(|e| panic!("{e}"));
    block_on(conformance::document_store(&store, "some/where/")).unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn keys_cannot_leave_the_store() {
    let root = tempfile::tempdir().unwrap();
    let directory = DirectoryStore::open(root.path()).unwrap();
    let memory = MemoryStore::new();
    for key in [
        "",
        "/",
        "/etc/passwd",
        "a//b",
        "a/",
        "..",
        "a/../b",
        ".lock",
        "a/.hidden",
        "a\\b",
        "a b",
        "a\0",
        "ä",
    ] {
        let refused = |result: Result<_, PortError>| {
            assert!(matches!(result, Err(PortError::Refused { .. })), "{key:?}");
        };
        refused(block_on(directory.put(key, b"1", Condition::Always)));
        refused(block_on(memory.put(key, b"1", Condition::Always)));
        assert!(block_on(directory.get(key)).is_err(), "{key:?}");
        assert!(block_on(directory.delete(key)).is_err(), "{key:?}");
    }
    for prefix in ["../", "/", "a//", "a/..", "."] {
        assert!(block_on(directory.list(prefix)).is_err(), "{prefix:?}");
        assert!(block_on(memory.list(prefix)).is_err(), "{prefix:?}");
    }
}

/// How often each writer adds one to the count.
const TIMES: u32 = 25;

/// Adds to the count in `root`, each time over what was read.
fn count(root: &Path) {
    let store = DirectoryStore::open(root).unwrap();
    for _ in 0..TIMES {
        while !increment(&store) {}
    }
}

fn assert_counted(root: &Path, writers: u32) {
    let store = DirectoryStore::open(root).unwrap();
    let stored = block_on(store.get("count")).unwrap().unwrap();
    assert_eq!(stored.bytes, (writers * TIMES).to_string().as_bytes());
    assert_eq!(block_on(store.list("")).unwrap(), ["count"]);
}

#[test]
fn threads_with_their_own_handles_take_turns() {
    let root = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| count(root.path()));
        }
    });
    assert_counted(root.path(), 4);
}

#[test]
fn processes_take_turns() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join(".race"), b"").unwrap();
    let writers: Vec<Child> = (0..3)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--ignored", "--exact", "a_process_that_counts"])
                .current_dir(root.path())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    assert_counted(root.path(), 3);
}

#[test]
#[ignore = "one of the processes of the test above, which starts it where there is a race"]
fn a_process_that_counts() {
    if Path::new(".race").exists() {
        count(Path::new("."));
    }
}

/// Adds one to the count unless somebody else came between.
fn increment(store: &DirectoryStore) -> bool {
    let (count, condition) = match block_on(store.get("count")).unwrap() {
        None => (0, Condition::Absent),
        Some(stored) => {
            let text = String::from_utf8(stored.bytes).unwrap();
            (
                text.parse::<u32>().unwrap(),
                Condition::Matches(stored.version),
            )
        }
    };
    let next = (count + 1).to_string();
    match block_on(store.put("count", next.as_bytes(), condition)) {
        Ok(_) => true,
        Err(PortError::Conflict { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn what_a_crash_left_behind_is_not_a_document() {
    let root = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(root.path()).unwrap();
    block_on(store.put("targets/web/plan.json", b"{}", Condition::Absent)).unwrap();
    fs::write(root.path().join("targets/web/.tmp-1-0"), b"half").unwrap();
    assert_eq!(block_on(store.list("")).unwrap(), ["targets/web/plan.json"]);
    assert_eq!(block_on(store.get("targets/web")).unwrap(), None);
    assert_eq!(
        block_on(store.get("targets/web/plan.json/more")).unwrap(),
        None
    );
    block_on(store.delete("targets/web")).unwrap();
    block_on(store.delete("targets/web/plan.json/more")).unwrap();
    assert!(
        block_on(store.get("targets/web/plan.json"))
            .unwrap()
            .is_some()
    );
}
