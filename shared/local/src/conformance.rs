//! What every [`DocumentStore`] must hold, as one suite for all of them.
//!
//! A store's own tests call [`document_store`] with an empty place in it; the first broken rule is
//! the error.

mod groups;

pub use groups::groups;

use futures_util::future::join_all;
use ports::{Condition, DocumentStore, PortError, Version};
use thiserror::Error;

/// A rule that a store broke.
#[derive(Debug, Error)]
#[error("{rule}: {found}")]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// What happened instead.
    pub found: String,
}

/// Writers that race for one document.
const RACERS: u8 = 8;

/// Size of the big document: more than one read or write moves at once.
const BIG: usize = 3 * 1024 * 1024 + 17;

/// Runs every rule on `store`, under keys that begin with `prefix` (empty, or ending in `/`), where
/// nothing may be stored yet. Leaves nothing behind when all hold.
///
/// # Errors
/// The first [`Violation`].
pub async fn document_store<S: DocumentStore>(store: &S, prefix: &str) -> Result<(), Violation> {
    let key = |name: &str| format!("{prefix}{name}");
    absence(store, &key("absent.json")).await?;
    creation(store, &key("created.json")).await?;
    replacement(store, &key("replaced.json")).await?;
    unconditional(store, &key("always.json")).await?;
    deletion(store, &key("deleted.json")).await?;
    big(store, &key("big.json")).await?;
    race_to_create(store, &key("raced.json")).await?;
    race_to_replace(store, &key("raced-again.json")).await?;
    listing(store, prefix).await
}

async fn absence<S: DocumentStore>(store: &S, key: &str) -> Result<(), Violation> {
    let rule = "what was never written is absent";
    ensure(rule, read(store, key, rule).await?.is_none(), "it is there")?;
    let rule = "deleting what is not there does nothing";
    done(rule, store.delete(key).await)?;
    let rule = "a document that is gone matches no version";
    let never = Condition::Matches(Version("\"0123456789abcdef0123456789abcdef\"".to_owned()));
    conflicts(rule, store.put(key, b"1", never).await)?;
    ensure(
        rule,
        read(store, key, rule).await?.is_none(),
        "it was written",
    )
}

async fn creation<S: DocumentStore>(store: &S, key: &str) -> Result<(), Violation> {
    let rule = "a document is created where there is none";
    let version = done(rule, store.put(key, b"first", Condition::Absent).await)?;
    let found = read(store, key, rule).await?;
    let same = found.as_ref().is_some_and(|(bytes, _)| bytes == b"first");
    ensure(rule, same, "other bytes come back")?;
    let rule = "the version of a write is the version that is read";
    let same = found.is_some_and(|(_, read)| read == version);
    ensure(rule, same, "they differ")?;
    let rule = "a document is not created twice";
    conflicts(rule, store.put(key, b"second", Condition::Absent).await)?;
    let kept = read(store, key, rule).await?;
    ensure(
        rule,
        kept.is_some_and(|(b, _)| b == b"first"),
        "the first is gone",
    )?;
    done(rule, store.delete(key).await)
}

async fn replacement<S: DocumentStore>(store: &S, key: &str) -> Result<(), Violation> {
    let rule = "a document is replaced over the version that was read";
    let first = done(rule, store.put(key, b"first", Condition::Absent).await)?;
    let over = Condition::Matches(first.clone());
    let second = done(rule, store.put(key, b"second", over).await)?;
    ensure(rule, first != second, "both versions are equal")?;
    let rule = "a document is not replaced over an older version";
    let stale = Condition::Matches(first);
    conflicts(rule, store.put(key, b"third", stale).await)?;
    let kept = read(store, key, rule).await?;
    ensure(rule, kept.is_some_and(|(b, _)| b == b"second"), "it was")?;
    let rule = "a deleted document matches no version";
    done(rule, store.delete(key).await)?;
    let gone = Condition::Matches(second);
    conflicts(rule, store.put(key, b"third", gone).await)
}

async fn unconditional<S: DocumentStore>(store: &S, key: &str) -> Result<(), Violation> {
    let rule = "without a condition a write always happens";
    for bytes in [&b"first"[..], b"second", b"second", b""] {
        done(rule, store.put(key, bytes, Condition::Always).await)?;
        let found = read(store, key, rule).await?;
        ensure(rule, found.is_some_and(|(b, _)| b == bytes), "it did not")?;
    }
    done(rule, store.delete(key).await)
}

async fn deletion<S: DocumentStore>(store: &S, key: &str) -> Result<(), Violation> {
    let rule = "a deleted document is gone and may be created again";
    done(rule, store.put(key, b"1", Condition::Absent).await)?;
    done(rule, store.delete(key).await)?;
    ensure(rule, read(store, key, rule).await?.is_none(), "it is there")?;
    done(rule, store.put(key, b"1", Condition::Absent).await)?;
    done(rule, store.delete(key).await)?;
    done(rule, store.delete(key).await)
}

async fn big<S: DocumentStore>(store: &S, key: &str) -> Result<(), Violation> {
    let rule = "a document of 3 MiB comes back whole";
    let bytes: Vec<u8> = (0..BIG).map(|index| (index % 251) as u8).collect();
    done(rule, store.put(key, &bytes, Condition::Absent).await)?;
    let found = read(store, key, rule).await?;
    ensure(rule, found.is_some_and(|(b, _)| b == bytes), "it does not")?;
    done(rule, store.delete(key).await)
}

async fn race_to_create<S: DocumentStore>(store: &S, key: &str) -> Result<(), Violation> {
    let rule = "of those who create one document at once, one succeeds";
    race(rule, store, key, Condition::Absent).await?;
    done(rule, store.delete(key).await)
}

async fn race_to_replace<S: DocumentStore>(store: &S, key: &str) -> Result<(), Violation> {
    let rule = "of those who replace one version at once, one succeeds";
    let first = done(rule, store.put(key, b"first", Condition::Absent).await)?;
    race(rule, store, key, Condition::Matches(first)).await?;
    done(rule, store.delete(key).await)
}

async fn race<S: DocumentStore>(
    rule: &'static str,
    store: &S,
    key: &str,
    condition: Condition,
) -> Result<(), Violation> {
    let contents: Vec<[u8; 1]> = (0..RACERS).map(|racer| [racer]).collect();
    let racers = contents
        .iter()
        .map(|content| store.put(key, content, condition.clone()));
    let results = join_all(racers).await;
    let mut winners = Vec::new();
    for (content, result) in contents.iter().zip(results) {
        match result {
            Ok(_) => winners.push(content),
            lost => conflicts(rule, lost)?,
        }
    }
    let count = format!("{} did", winners.len());
    ensure(rule, winners.len() == 1, &count)?;
    let kept = read(store, key, rule).await?;
    let same = kept.is_some_and(|(bytes, _)| winners.iter().all(|winner| bytes == **winner));
    ensure(rule, same, "another one's bytes are stored")
}

async fn listing<S: DocumentStore>(store: &S, prefix: &str) -> Result<(), Violation> {
    let rule = "keys are listed by prefix in ascending order";
    let names = [
        "list/a/2.json",
        "list/a/10.json",
        "list/a-b/1.json",
        "list/b.json",
        "list/ab/1.json",
        "other.json",
    ];
    for name in names {
        let key = format!("{prefix}{name}");
        done(rule, store.put(&key, b"1", Condition::Absent).await)?;
    }
    let cases: [(&str, &[&str]); 5] = [
        ("list/a/", &["list/a/10.json", "list/a/2.json"]),
        (
            "list/a",
            &[
                "list/a-b/1.json",
                "list/a/10.json",
                "list/a/2.json",
                "list/ab/1.json",
            ],
        ),
        ("list/b.json", &["list/b.json"]),
        ("list/c", &[]),
        (
            "",
            &[
                "list/a-b/1.json",
                "list/a/10.json",
                "list/a/2.json",
                "list/ab/1.json",
                "list/b.json",
                "other.json",
            ],
        ),
    ];
    for (asked, expected) in cases {
        let found = done(rule, store.list(&format!("{prefix}{asked}")).await)?;
        let expected: Vec<String> = expected.iter().map(|n| format!("{prefix}{n}")).collect();
        let detail = format!("{asked:?} lists {found:?}");
        ensure(rule, found == expected, &detail)?;
    }
    let rule = "folders are told once each in ascending order";
    let found = done(rule, store.folders(&format!("{prefix}list/")).await)?;
    ensure(rule, found == ["a", "a-b", "ab"], &format!("{found:?}"))?;
    let found = done(rule, store.folders(&format!("{prefix}list/a/")).await)?;
    ensure(rule, found.is_empty(), &format!("{found:?}"))?;
    for name in names {
        done(rule, store.delete(&format!("{prefix}{name}")).await)?;
    }
    let rule = "deleted documents are not listed";
    let left = done(rule, store.list(prefix).await)?;
    ensure(rule, left.is_empty(), &format!("{left:?} are"))
}

async fn read<S: DocumentStore>(
    store: &S,
    key: &str,
    rule: &'static str,
) -> Result<Option<(Vec<u8>, Version)>, Violation> {
    let stored = done(rule, store.get(key).await)?;
    Ok(stored.map(|stored| (stored.bytes, stored.version)))
}

fn done<T>(rule: &'static str, result: Result<T, PortError>) -> Result<T, Violation> {
    result.map_err(|error| Violation {
        rule,
        found: error.to_string(),
    })
}

fn conflicts<T>(rule: &'static str, result: Result<T, PortError>) -> Result<(), Violation> {
    match result {
        Err(PortError::Conflict { .. }) => Ok(()),
        Err(error) => Err(Violation {
            rule,
            found: format!("another error than a conflict: {error}"),
        }),
        Ok(_) => Err(Violation {
            rule,
            found: "the write happened".to_owned(),
        }),
    }
}

fn ensure(rule: &'static str, holds: bool, found: &str) -> Result<(), Violation> {
    if holds {
        return Ok(());
    }
    Err(Violation {
        rule,
        found: found.to_owned(),
    })
}
