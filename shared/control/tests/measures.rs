//! `docs/watching.md` has its table of metrics from the code.
//!
//! After a change: `cargo test -p control --test measures -- --ignored`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs;

use control::watching::measures::measures_table;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/watching.md");
const BEGIN: &str = "<!-- made of the measures: begin -->\n";
const END: &str = "<!-- made of the measures: end -->\n";

/// The page with its generated part made anew.
fn page(old: &str) -> String {
    let (before, rest) = old.split_once(BEGIN).expect("the page has its first mark");
    let (_, after) = rest.split_once(END).expect("the page has its second mark");
    format!("{before}{BEGIN}\n{}\n{END}{after}", measures_table())
}

#[test]
fn the_published_table_is_current() {
    let old = fs::read_to_string(PAGE).unwrap();
    assert!(page(&old) == old, "stale: see this file's head");
}

#[test]
#[ignore = "writes the published file"]
fn write_the_published_table() {
    let old = fs::read_to_string(PAGE).unwrap();
    fs::write(PAGE, page(&old)).unwrap();
}
