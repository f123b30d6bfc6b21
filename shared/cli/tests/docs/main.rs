//! Every command in the README and in `docs/` is run.
//!
//! The `sh` blocks of a page run in their order, in one folder a page that holds what a reader would
//! have: demand, a configuration, logs, a calendar. `forescale` is the program that was built, and
//! `cargo run -p forescale --` too. What needs AWS, the whole test suite or data of others stands in
//! [`NOT_RUN`] with the reason, and nothing else may be left out.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod inputs;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Commands that no test here can run, by how they begin, each with the reason.
const NOT_RUN: &[(&str, &str)] = &[
    ("./test", "is what runs this test"),
    (
        "sam ",
        "deploys to AWS; `./test template functions` validates and builds it",
    ),
    ("aws ", "calls AWS"),
    ("FORESCALE_SERIES=", "needs a folder of series"),
    ("FORESCALE_TRACES=", "needs a folder of traces"),
    ("FORESCALE_BIN_DIR=", "measures the built functions"),
    (
        "python3 -m venv .venv/peers",
        "installs the peers that are compared with",
    ),
    ("cargo build --release", "builds what is being tested"),
    ("cargo bench", "measures"),
    (
        "cargo run --release -p import",
        "makes and counts gigabytes, to measure",
    ),
    (
        "cargo run --release -p forecasting --example",
        "measures, in an optimised build of its own",
    ),
    ("time ", "measures"),
    ("forescale report --bucket", "reads a bucket"),
    ("forescale doctor --bucket", "reads an account"),
    ("forescale init", "reads an account"),
    ("forescale config push", "writes to a bucket"),
    ("forescale release", "changes a group"),
    ("forescale adopt", "changes a bucket"),
    ("export PATH=", "the test's own path leads to the program"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// README and every page of `docs/`, with the pages below `docs/how-to`.
fn pages() -> Vec<PathBuf> {
    let root = root();
    let mut pages = vec![root.join("README.md"), root.join("README.ja.md")];
    for folder in ["docs", "docs/how-to"] {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            continue;
        };
        pages.extend(entries.map(|entry| entry.unwrap().path()));
    }
    pages.retain(|page| page.extension().is_some_and(|kind| kind == "md") && page.exists());
    pages.sort();
    pages
}

/// The commands of the `sh` blocks of `text`, each with all of its lines.
fn commands(text: &str) -> Vec<String> {
    let (mut commands, mut inside, mut open) = (Vec::new(), false, String::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with("```") {
            inside = line == "```sh";
            continue;
        }
        if !inside || line.is_empty() || line.starts_with('#') {
            continue;
        }
        open += line;
        let goes_on = line.ends_with('\\') || line.ends_with('|');
        let loops = open.matches("; do").count() > open.matches("\ndone").count();
        if goes_on || loops {
            open.push('\n');
        } else {
            commands.push(std::mem::take(&mut open));
        }
    }
    assert!(open.is_empty(), "a command without its end: {open}");
    commands
}

fn reason_not_to_run(command: &str) -> Option<&'static (&'static str, &'static str)> {
    NOT_RUN.iter().find(|(begin, _)| command.starts_with(begin))
}

/// A folder with `forescale` and a `cargo` that knows nothing but how to run it.
fn programs(folder: &Path) -> OsString {
    let folder = folder.join("bin");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_forescale"), folder.join("forescale")).unwrap();
    let cargo = folder.join("cargo");
    fs::write(
        &cargo,
        "#!/bin/sh\ncase \"$*\" in\n'run --release -p forescale -- '*) shift 5; exec forescale \"$@\" ;;\n\
         'run --release --package forescale -- '*) shift 5; exec forescale \"$@\" ;;\nesac\n\
         echo \"not known here: cargo $*\" >&2\nexit 9\n",
    )
    .unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let mut path = folder.into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

/// The arguments of a demo, which needs nothing that was written before: the same is run once only.
fn demo(command: &str) -> Option<String> {
    let (_, arguments) = command.split_once("forescale ")?;
    let arguments = arguments.trim_start_matches("-- ").trim();
    arguments.starts_with("demo").then(|| arguments.to_owned())
}

/// Runs the commands of `page` one after another, and tells those that failed.
fn run(page: &Path, demos: &mut BTreeSet<String>) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let commands = commands(&text);
    let wanted: Vec<_> = commands
        .iter()
        .filter(|one| reason_not_to_run(one).is_none())
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let folder = TempDir::new().unwrap();
    let path = programs(folder.path());
    let work = folder.path().join("work");
    inputs::write(&work);
    let mut failed = Vec::new();
    for command in wanted {
        if demo(command).is_some_and(|arguments| !demos.insert(arguments)) {
            continue;
        }
        let ran = Command::new("sh")
            .args(["-c", command])
            .current_dir(&work)
            .env("PATH", &path)
            .env("HOME", &work)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        if !ran.status.success() {
            let said = String::from_utf8_lossy(&ran.stderr).into_owned();
            failed.push(format!("{}: {command}\n{said}", page.display()));
        }
    }
    failed
}

#[test]
fn every_command_in_readme_and_docs_runs() {
    let mut demos = BTreeSet::new();
    let failed: Vec<_> = pages()
        .iter()
        .flat_map(|page| run(page, &mut demos))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn nothing_is_left_out_for_a_command_that_is_gone() {
    let texts = pages()
        .into_iter()
        .map(|page| fs::read_to_string(page).unwrap());
    let all: Vec<String> = texts.flat_map(|text| commands(&text)).collect();
    let used: BTreeSet<_> = all
        .iter()
        .filter_map(|one| reason_not_to_run(one))
        .collect();
    let unused: Vec<_> = NOT_RUN.iter().filter(|one| !used.contains(one)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut dead = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for part in text.split("](").skip(1) {
            let link = part.split([')', '#', ' ']).next().unwrap_or_default();
            let elsewhere = link.is_empty() || link.contains("://") || link.starts_with("mailto:");
            if !elsewhere && !page.parent().unwrap().join(link).exists() {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}
