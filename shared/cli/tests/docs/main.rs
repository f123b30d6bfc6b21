//! Every command in the README and in `docs/` is run.
//!
//! The `sh` blocks of a page run in their order, in one folder a page that holds what a reader would
//! have: demand, a configuration, logs, a calendar. `forescale` is the program that was built, and
//! `cargo run -p forescale --` too. What a block shows below a command is compared with what the command
//! prints ([`shown`]). What needs AWS, the whole test suite or data of others stands in
//! [`NOT_RUN`] with the reason, and nothing else may be left out.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod inputs;
mod shown;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

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
    ("forescale doctor web --bucket", "reads an account"),
    ("forescale import --cloudwatch", "reads an account"),
    ("forescale init", "reads an account"),
    (
        "forescale config push forescale.toml --bucket",
        "writes to a bucket",
    ),
    ("forescale release web --bucket", "changes a group"),
    ("forescale adopt web --bucket", "changes a bucket"),
    (
        "forescale man forecast | man",
        "needs the reader of manual pages",
    ),
    ("export PATH=", "the test's own path leads to the program"),
];

/// Replays that the reference shows over weeks are run over their last day: a command is tried, and what
/// it answers is tried elsewhere.
const SHORTER: [(&str, &str); 1] = [("--from 2026-05-18 ", "--from 2026-05-31 ")];

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
    let blocks = shown::blocks(text).into_iter();
    let shell = blocks.filter(|block| block.kind == "sh");
    shell.flat_map(|block| lines(&block.text)).collect()
}

/// The commands of one block.
fn lines(block: &str) -> Vec<String> {
    let (mut commands, mut open) = (Vec::new(), String::new());
    for line in block.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
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
    // Stands for a program of the reader's own.
    let own = folder.join("query-cpu");
    fs::write(&own, "#!/bin/sh\ncat requests.csv\n").unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
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

/// What was printed on standard output by demos, whose pages all show the same, by their arguments.
type Demos = BTreeMap<String, String>;

/// Runs the commands of `page` one after another, and tells those that failed, and blocks that show what
/// is not printed.
fn run(page: &Path, demos: &Mutex<Demos>) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    if commands(&text)
        .iter()
        .all(|one| reason_not_to_run(one).is_some())
    {
        return Vec::new();
    }
    let folder = TempDir::new().unwrap();
    let path = programs(folder.path());
    let work = folder.path().join("work");
    inputs::write(&work);
    let (mut failed, mut seen) = (Vec::new(), BTreeSet::new());
    // What the command before a block printed; `None` where it was not run.
    let mut printed: Option<String> = None;
    for block in shown::blocks(&text) {
        if block.kind != "sh" {
            let shown = match &block.demo {
                Some(demo) => demos.lock().unwrap().get(demo).cloned(),
                None => printed.clone(),
            };
            let wrong = block.differs(shown.as_deref());
            failed.extend(wrong.map(|wrong| format!("{}: {wrong}", page.display())));
            continue;
        }
        for command in lines(&block.text) {
            printed = None;
            // The reference shows the examples of what holds others with each of them again.
            let again = !seen.insert(command.clone()) && page.ends_with("reference.md");
            if reason_not_to_run(&command).is_some() || again {
                continue;
            }
            let demo = demo(&command);
            let known = (demo.as_ref()).and_then(|demo| demos.lock().unwrap().get(demo).cloned());
            if known.is_some() {
                printed = known;
                continue;
            }
            let shorter = (SHORTER.iter()).fold(command.clone(), |command, (long, short)| {
                command.replace(long, short)
            });
            let ran = Command::new("sh")
                .args(["-c", &shorter])
                .current_dir(&work)
                .env("PATH", &path)
                .env("HOME", &work)
                .env_remove("COLUMNS")
                .stdin(Stdio::null())
                .output()
                .unwrap();
            // The doctor of a folder may find something, which is its answer.
            let found = command.starts_with("forescale doctor") && ran.status.code() == Some(4);
            if !ran.status.success() && !found {
                let said = String::from_utf8_lossy(&ran.stderr).into_owned();
                failed.push(format!("{}: {command}\n{said}", page.display()));
            }
            let out = String::from_utf8_lossy(&ran.stdout).into_owned();
            if let Some(demo) = demo {
                demos.lock().unwrap().insert(demo, out.clone());
            }
            printed = Some(out);
        }
    }
    failed
}

#[test]
fn every_command_in_readme_and_docs_runs() {
    let demos = Mutex::new(Demos::new());
    // While one is written: FORESCALE_DOCS=tutorial.md cargo test -p forescale --test docs
    let only = std::env::var_os("FORESCALE_DOCS");
    let wanted = |page: &PathBuf| {
        let only = only.as_ref();
        only.is_none_or(|only| {
            page.file_name() == Some(only.as_os_str()) || page.ends_with("README.md")
        })
    };
    let (first, rest): (Vec<_>, Vec<_>) = pages()
        .into_iter()
        .filter(wanted)
        .partition(|page| page.ends_with("README.md"));
    // The demos of README are shown by other pages too.
    let mut failed: Vec<_> = first.iter().flat_map(|page| run(page, &demos)).collect();
    // Two at once: pages know nothing of each other, and each waits for its own program.
    let waiting = Mutex::new(rest);
    let worker = || {
        let next = || waiting.lock().unwrap().pop();
        std::iter::from_fn(next)
            .flat_map(|page| run(&page, &demos))
            .collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let workers = [scope.spawn(worker), scope.spawn(worker)];
        for worker in workers {
            failed.extend(worker.join().unwrap());
        }
    });
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
