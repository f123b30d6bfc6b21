//! Nothing people may write makes the reader panic, and a refusal always says something.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use config::{Config, parse_event};
use proptest::prelude::*;

const WHOLE: &str = include_str!("forescale.toml");

fn check(text: &str) {
    if let Err(errors) = Config::parse("f", text) {
        assert!(!errors.findings.is_empty());
        for finding in errors.findings {
            assert!(finding.line >= 1 && finding.line <= text.lines().count().max(1) + 1);
            assert!(!finding.to_string().ends_with('.'));
        }
    }
    if let Err(errors) = parse_event("f", text) {
        assert!(!errors.findings.is_empty());
    }
}

proptest! {
    #[test]
    fn any_text(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn a_damaged_configuration(cut in 0..WHOLE.len(), length in 0_usize..40, put in "[\\PC\n]{0,8}") {
        // The example is ASCII, so every place is a boundary.
        let end = (cut + length).min(WHOLE.len());
        check(&format!("{}{put}{}", &WHOLE[..cut], &WHOLE[end..]));
        check(&WHOLE[..cut]);
    }
}
