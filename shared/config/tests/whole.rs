//! A complete configuration, and one full of mistakes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use config::Config;

const FULL: &str = include_str!("forescale.toml");

#[test]
fn a_complete_configuration_is_read() {
    let config = Config::parse("forescale.toml", FULL).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.targets.len(), 3);
    assert_eq!(config.events.len(), 5);
    insta::assert_debug_snapshot!(config);
}
