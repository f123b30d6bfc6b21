//! `forescale doctor` and `forescale config`.

use std::fs;
use std::process::ExitCode;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{CONFIG, good, planned, run, text, write};

fn findings(json: &str) -> Vec<(String, String)> {
    let told: Value = serde_json::from_str(json).unwrap();
    let found = told["findings"].as_array().unwrap().iter();
    found
        .map(|f| {
            let word = |key: &str| f[key].as_str().unwrap().to_owned();
            (word("id"), word("severity"))
        })
        .collect()
}

#[test]
fn a_folder_that_plan_filled_is_sound_and_says_what_a_folder_cannot_tell() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    let ran = good(&["doctor", "--store", &store, "--format", "json"]);
    assert_eq!(findings(&ran.out), []);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let unchecked = told["unchecked"].as_array().unwrap();
    assert!(
        unchecked
            .iter()
            .any(|line| line["id"] == "permission-denied")
    );
    assert!(ran.err.contains("groups are simulated as configured"));
    let ran = good(&["doctor", "web", "--store", &store]);
    assert!(ran.out.contains("not checked:"), "{}", ran.out);
    assert!(
        ran.out.contains("1 target: 0 errors, 0 warnings"),
        "{}",
        ran.out
    );
}

#[test]
fn faults_are_found_and_the_exit_code_says_so() {
    let folder = TempDir::new().unwrap();
    let store = planned(folder.path());
    // Two weeks later nobody has planned.
    let late = [
        "doctor",
        "--store",
        &store,
        "--at",
        "2026-02-10T12:00Z",
        "--format",
        "json",
    ];
    let ran = run(&late);
    assert_eq!(ran.code, ExitCode::from(4), "{}", ran.err);
    let found = findings(&ran.out);
    for id in ["forecast-stale", "plan-stale"] {
        assert!(found.iter().any(|f| f.0 == id), "{found:?}");
    }
    assert_eq!(
        run(&[&late[..], &["--fail-on", "never"]].concat()).code,
        ExitCode::SUCCESS
    );
    // A group that is too small for what is forecast.
    let config = format!("{store}/config/forescale.toml");
    let small = fs::read_to_string(&config)
        .unwrap()
        .replace("max_servers = 40", "max_servers = 4");
    fs::write(&config, small).unwrap();
    let ran = run(&["doctor", "--store", &store]);
    assert_eq!(ran.code, ExitCode::from(4));
    assert!(
        ran.out.contains("error    max-size-low (web)"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("  do    raise"), "{}", ran.out);
    // Everything that is wrong with a configuration.
    fs::write(
        &config,
        CONFIG.replace("throughput = 100", "throughput = -1\nrisks = 2"),
    )
    .unwrap();
    let ran = run(&["doctor", "--store", &store, "--format", "json"]);
    let found = findings(&ran.out);
    assert!(
        found.len() == 2 && found.iter().all(|f| f.0 == "config-invalid"),
        "{found:?}"
    );
    let none = run(&["doctor", "wed", "--store", &planned(folder.path())]);
    assert_eq!(none.code, ExitCode::from(3));
}

#[test]
fn a_configuration_is_checked_before_it_is_uploaded() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("store");
    fs::create_dir(&store).unwrap();
    let file = write(folder.path(), "forescale.toml", CONFIG);
    let push = ["config", "push", text(&file), "--store", text(&store)];
    let checked = good(&["config", "check", text(&file)]);
    assert!(
        checked.out.contains("1 target (web), 0 events"),
        "{}",
        checked.out
    );
    let dry = good(&[&push[..], &["--dry-run"]].concat());
    assert!(dry.out.contains("+max_servers = 40") && dry.out.contains("nothing was uploaded"));
    assert!(!store.join("config").exists());
    good(&push);
    let stored = store.join("config/forescale.toml");
    assert_eq!(fs::read_to_string(&stored).unwrap(), CONFIG);
    assert!(good(&push).out.contains("nothing changes"));
    // What changes is shown, and what a reader may overlook is said.
    write(
        folder.path(),
        "forescale.toml",
        CONFIG.replace("name = \"web\"", "name = \"shop\""),
    );
    let changed = good(&push);
    assert!(changed.out.contains("-name = \"web\"") && changed.out.contains("+name = \"shop\""));
    assert!(
        changed.err.contains("target web is no longer planned"),
        "{}",
        changed.err
    );
    write(
        folder.path(),
        "forescale.toml",
        CONFIG.replace("name = \"web\"", "name = \"shop\"\nmode = \"active\""),
    );
    assert!(good(&push).err.contains("goes from mode shadow to active"));
    // Everything that is wrong is named, and nothing is uploaded.
    let before = fs::read(&stored).unwrap();
    write(
        folder.path(),
        "forescale.toml",
        "[[target]]\nname = \"a b\"\nmax_servers = 0\n",
    );
    for command in [&push[..], &["config", "check", text(&file)]] {
        let ran = run(command);
        assert_eq!(ran.code, ExitCode::from(3));
        assert!(
            ran.err.contains("name") && ran.err.contains("max_servers"),
            "{}",
            ran.err
        );
    }
    assert_eq!(fs::read(&stored).unwrap(), before);
}
