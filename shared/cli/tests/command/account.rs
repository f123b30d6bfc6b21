//! Without a region, or without credentials, everything that asks AWS ends alike: one exit code, what is
//! missing, and what to do about it.
#![cfg(feature = "aws")]

use std::process::Command;

use tempfile::TempDir;

use crate::common::{CONFIG, text, write};

/// Runs the program with no environment but `given`, and gives its exit code and what it said.
fn alone(words: &[&str], given: &[(&str, &str)], home: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_forescale"))
        .args(words)
        .env_clear()
        .env("HOME", home)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(given.iter().copied())
        .output()
        .unwrap();
    // Alarms are told first.
    assert!(
        output.stdout.is_empty() || words[0] == "alarms",
        "{words:?}"
    );
    let told = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), told)
}

#[test]
fn what_is_missing_is_said_before_anything_is_asked() {
    let folder = TempDir::new().unwrap();
    let config = write(folder.path(), "c.toml", CONFIG);
    let out = folder.path().join("o.csv");
    let (config, out) = (text(&config), text(&out));
    let home = text(folder.path());
    let bucket = ["--bucket", "s3://my-bucket/prefix"];
    let calls: [Vec<&str>; 8] = [
        vec!["import", "s3://my-bucket/logs", "--out", out],
        vec!["import", "--cloudwatch", "--config", config, "--out", out],
        vec!["init", "--dry-run"],
        vec!["alarms", "--config", config, "--create"],
        [&["report", "--out", out], &bucket[..]].concat(),
        [&["explain", "web", "--at", "20:00"], &bucket[..]].concat(),
        [&["doctor"], &bucket[..]].concat(),
        [&["config", "push", config], &bucket[..]].concat(),
    ];
    for words in &calls {
        let (code, told) = alone(words, &[], home);
        assert_eq!(code, Some(3), "{words:?}: {told}");
        assert!(told.contains("set AWS_REGION"), "{words:?}: {told}");
        let (code, told) = alone(words, &[("AWS_REGION", "eu-west-1")], home);
        assert_eq!(code, Some(3), "{words:?}: {told}");
        assert!(told.contains("no credentials are found"), "{told}");
        assert!(told.contains("AWS_ACCESS_KEY_ID"), "{told}");
    }
    let (code, told) = alone(&["report", "--bucket", "s3://B"], &[], home);
    assert_eq!(code, Some(3));
    assert!(
        told.contains("s3://B cannot be used: after s3:// comes") && !told.contains("FORESCALE"),
        "{told}"
    );
}
