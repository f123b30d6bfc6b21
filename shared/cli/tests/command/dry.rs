//! `--dry-run` on whatever writes, and that nothing else writes at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use tempfile::TempDir;

use crate::common::{CONFIG, good, planned, rhythm, run, write};

/// Subcommands that write nothing, whatever they are asked; the others have `--dry-run`.
pub(crate) const READS: &[(&str, &str)] = &[
    ("forecast", "--history d.csv"),
    ("backtest", "--history d.csv --origins 1"),
    ("explain", "web --store store --at 2026-01-24T20:00"),
    ("quiet-window", "--history d.csv --within 2d"),
    ("event list", "--store store"),
    ("left-out propose", "web --store store"),
    ("left-out list", "web --store store"),
    ("throughput", "--metrics service.csv --response-time 0.5"),
    ("doctor", "--store store --fail-on never"),
    ("config check", "forescale.toml"),
    ("completions", "bash"),
    ("alarms", "--config forescale.toml"),
    ("man", "event add"),
];

/// Subcommands that write, each with what it is tried with.
pub(crate) const WRITES: &[(&str, &str)] = &[
    (
        "plan",
        "--history d.csv --config forescale.toml --store store",
    ),
    (
        "plan",
        "--history d.csv --config forescale.toml --store new",
    ),
    (
        "simulate",
        "--history d.csv --config forescale.toml --from 2026-01-20 --to 2026-01-20T06:00 --out new",
    ),
    (
        "what-if",
        "--history d.csv --config forescale.toml --from 2026-01-20 --to 2026-01-20T06:00 --risk 0.01 \
         --out new",
    ),
    ("demo", "--history short.csv --out new"),
    ("import", "access.log --out new.csv"),
    ("report", "--store store --out new/report.html"),
    (
        "event add",
        "sale --start 2026-02-01T20:00 --end 2026-02-01T21:00 --multiplier 2 --store store",
    ),
    ("event import", "campaigns.ics --store store"),
    ("event remove", "known --store store"),
    (
        "left-out add",
        "web --start 2026-01-10 --end 2026-01-11 --reason test --store store",
    ),
    ("left-out remove", "web --start 2026-01-08 --store store"),
    ("pause", "--reason test --store store"),
    ("resume", "--store store"),
    ("config push", "other.toml --store store"),
    ("release", "web --store store"),
    ("adopt", "web --store store"),
];

/// Subcommands that write, and need an account.
const ELSEWHERE: &[&str] = &["init"];

/// All subcommands, as the help lists them.
pub(crate) fn leaves(above: &str) -> Vec<String> {
    let words: Vec<&str> = above.split_whitespace().chain(["--help"]).collect();
    let help = good(&words).out;
    let listed = help.split("Commands:").nth(1);
    let Some(listed) = listed.filter(|_| help.contains("<COMMAND>")) else {
        return vec![above.to_owned()];
    };
    let names = listed
        .lines()
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .flat_map(|name| leaves(format!("{above} {name}").trim()))
        .collect()
}

fn has_dry_run(leaf: &str) -> bool {
    let words: Vec<&str> = leaf.split_whitespace().chain(["--help"]).collect();
    good(&words)
        .out
        .lines()
        .any(|line| line.trim().starts_with("--dry-run"))
}

#[test]
fn every_subcommand_reads_only_or_has_a_dry_run() {
    let all = leaves("");
    assert!(all.len() > 25, "{all:?}");
    for leaf in &all {
        let is = |(name, _): &&(&str, &str)| name == leaf;
        let reads = READS.iter().any(|it| is(&it));
        let writes = WRITES.iter().any(|it| is(&it)) || ELSEWHERE.contains(&leaf.as_str());
        // It writes where it is asked to create, which it can only when built for AWS.
        if leaf == "alarms" {
            assert_eq!(has_dry_run(leaf), cfg!(feature = "aws"));
            continue;
        }
        assert!(reads != writes, "{leaf}: say here whether it writes");
        assert_eq!(has_dry_run(leaf), writes, "{leaf}");
    }
    let known = |name: &str| all.iter().any(|leaf| leaf == name);
    for (name, _) in READS.iter().chain(WRITES) {
        assert!(known(name), "{name} is gone");
    }
}

/// Every file below `folder` with its content.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() {
            found.insert(name, Vec::new());
            found.extend(files(&path));
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

/// What the subcommands are tried on.
pub(crate) fn inputs(folder: &Path) {
    let store = planned(folder);
    write(
        folder,
        "other.toml",
        CONFIG.replace("max_servers = 40", "max_servers = 50"),
    );
    write(folder, "short.csv", rhythm(10 * 24, 60_000.0));
    write(
        folder,
        "access.log",
        "203.0.113.9 - - [05/Jan/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl\"\n",
    );
    write(
        folder,
        "campaigns.ics",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:1@example.com\r\n\
         DTSTAMP:20260101T000000Z\r\nDTSTART:20260205T190000Z\r\nDTEND:20260205T203000Z\r\n\
         SUMMARY:Winter sale\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    );
    let mut service = "timestamp,demand,servers,cpu,response_time\n".to_owned();
    for minute in 0..2000 {
        let demand = 4000 + 3 * (minute * 7919 % 1000);
        let at = crate::common::start() + jiff::SignedDuration::from_mins(minute);
        let cpu = demand as f64 / 120.0;
        service += &format!("{at},{demand},10,{cpu:.1},{:.3}\n", 10.0 / (120.0 - cpu));
    }
    write(folder, "service.csv", service);
    let event = "event add known --start 2026-02-08T20:00 --end 2026-02-08T21:00 --multiplier 2";
    let out = "left-out add web --start 2026-01-08 --end 2026-01-09 --reason test";
    for line in [event, out, "pause --reason test"] {
        let words: Vec<&str> = line.split_whitespace().chain(["--store", &store]).collect();
        good(&words);
    }
}

/// `arguments` with the names of inputs and outputs as paths in `folder`.
pub(crate) fn placed(folder: &Path, arguments: &str) -> Vec<String> {
    let known = [
        "store",
        "new",
        "new.csv",
        "new/report.html",
        "access.log",
        "campaigns.ics",
    ];
    let place = |word: &str| {
        let is_file = known.contains(&word) || word.ends_with(".csv") || word.ends_with(".toml");
        match is_file {
            true => folder.join(word).display().to_string(),
            false => word.to_owned(),
        }
    };
    arguments.split_whitespace().map(place).collect()
}

#[test]
fn a_dry_run_and_what_only_reads_leave_every_file_as_it_was() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    inputs(folder);
    let before = files(folder);
    let dry = WRITES.iter().map(|case| (case, true));
    for ((name, arguments), dry) in dry.chain(READS.iter().map(|case| (case, false))) {
        let mut words: Vec<String> = name.split_whitespace().map(str::to_owned).collect();
        words.extend(placed(folder, arguments));
        if dry {
            words.push("--dry-run".to_owned());
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = run(&words);
        assert_eq!(ran.code, ExitCode::SUCCESS, "{words:?}: {}", ran.err);
        let told = format!("{}{}", ran.out, ran.err);
        let said = ["nothing was", "was not written"];
        let said = said.iter().any(|words| told.contains(words));
        assert!(!dry || said, "{words:?}: {told}");
        assert!(files(folder) == before, "{name} changed a file");
    }
    // And without it they do what they say.
    good(&[
        "resume",
        "--store",
        &folder.join("store").display().to_string(),
    ]);
    assert!(files(folder) != before);
}
