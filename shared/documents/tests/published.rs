//! What is published of the documents is what is read and written: the schemas in `docs/schemas`
//! and the register in `docs/documents.md`.
//!
//! After a change: `cargo test -p documents --test published -- --ignored`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use documents::{register, register_table};

const BEGIN: &str = "<!-- made of the register: begin -->\n";
const END: &str = "<!-- made of the register: end -->\n";

fn docs(name: &str) -> PathBuf {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    PathBuf::from(docs).join(name)
}

fn read(name: &str) -> String {
    let path = docs(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Name and content of every schema file.
fn schemas() -> Vec<(String, String)> {
    register()
        .iter()
        .filter_map(|entry| {
            let text = serde_json::to_string_pretty(&entry.json_schema()?).unwrap();
            Some((format!("schemas/{}", entry.schema_file()), text + "\n"))
        })
        .collect()
}

fn page(old: &str) -> String {
    let (before, rest) = old.split_once(BEGIN).expect("the page has its first mark");
    let (_, after) = rest.split_once(END).expect("the page has its second mark");
    format!("{before}{BEGIN}\n{}\n{END}{after}", register_table())
}

#[test]
fn the_published_schemas_are_current() {
    let mut files = BTreeSet::from(["forescale.schema.json".to_owned()]);
    for (name, text) in schemas() {
        assert!(read(&name) == text, "{name} is stale: see this file's head");
        files.insert(name.replace("schemas/", ""));
    }
    let found = fs::read_dir(docs("schemas")).unwrap();
    let found: BTreeSet<String> = found
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, files, "a schema for each kind, and no other");
}

#[test]
fn the_published_register_is_current() {
    let old = read("documents.md");
    assert!(page(&old) == old, "stale: see this file's head");
}

#[test]
#[ignore = "writes the published files"]
fn write_the_published_files() {
    for (name, text) in schemas() {
        fs::write(docs(&name), text).unwrap();
    }
    let old = read("documents.md");
    fs::write(docs("documents.md"), page(&old)).unwrap();
}

#[test]
fn every_kind_is_registered_once_and_fully() {
    let register = register();
    assert_eq!(
        register.len(),
        19,
        "sixteen kinds, the configuration, two pages"
    );
    let kinds: BTreeSet<&str> = register.iter().map(|entry| entry.kind).collect();
    let keys: BTreeSet<&str> = register.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!((kinds.len(), keys.len()), (register.len(), register.len()));
    for entry in &register {
        assert!(
            !entry.owner.is_empty() && !entry.readers.is_empty(),
            "{}",
            entry.kind
        );
    }
}
