//! What is printed in narrow terminals, by every subcommand that prints for people.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::dry::{READS, WRITES, inputs, leaves, placed};

/// What a narrow terminal is told in addition.
const TOLD: &str = "left out, for want of room: widen the terminal, or take --format csv";

/// What is printed and noted in a terminal of `columns`, or in none.
fn printed(folder: &Path, words: &[String], columns: Option<usize>) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forescale"));
    command
        .args(words)
        .current_dir(folder)
        .env_remove("COLUMNS");
    if let Some(columns) = columns {
        command.env("COLUMNS", columns.to_string());
    }
    let output = command.output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    assert!(output.status.success(), "{words:?}: {err}");
    (out, err)
}

#[test]
fn no_word_is_split_and_no_line_is_too_long_at_60_80_and_120_columns() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    inputs(folder);
    let known: BTreeSet<&str> = READS.iter().chain(WRITES).map(|(name, _)| *name).collect();
    let mut seen = 0;
    for leaf in leaves("") {
        let help: Vec<String> = leaf
            .split(' ')
            .chain(["--help"])
            .map(str::to_owned)
            .collect();
        let (help, _) = printed(folder, &help, None);
        let prints_for_people = help.contains("--format <FORMAT>") && help.contains("- table:");
        if !prints_for_people {
            continue;
        }
        // Prints the table of `simulate`, after days of replay.
        if leaf == "demo" {
            continue;
        }
        let name = known.get(leaf.as_str());
        let name = name.unwrap_or_else(|| panic!("{leaf} is neither in READS nor in WRITES"));
        seen += 1;
        let (_, arguments) = READS.iter().chain(WRITES).find(|it| it.0 == *name).unwrap();
        let mut words: Vec<String> = name.split(' ').map(str::to_owned).collect();
        words.extend(placed(folder, arguments));
        if WRITES.iter().any(|it| it.0 == *name) {
            words.push("--dry-run".to_owned());
        }
        let (out, err) = printed(folder, &words, None);
        let whole: BTreeSet<&str> = (out.split_whitespace())
            .chain(err.split_whitespace())
            .chain(TOLD.split_whitespace())
            .collect();
        for columns in [60, 80, 120] {
            let (out, _) = printed(folder, &words, Some(columns));
            for line in out.lines() {
                for word in line.split_whitespace() {
                    assert!(
                        whole.contains(word),
                        "{word} of {words:?} at {columns}:\n{out}"
                    );
                }
                // A path may be longer than the terminal is wide.
                let longest = line.split_whitespace().map(str::len).max().unwrap_or(0);
                let fits = line.chars().count() <= columns || longest > columns / 2;
                assert!(fits, "{words:?} at {columns}:\n{line}\nof\n{out}");
            }
        }
    }
    assert!(seen >= 12, "{seen}");
}

#[test]
fn events_with_long_names_are_a_table_at_100_columns() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    inputs(folder);
    let words = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<String>>();
    printed(
        folder,
        &words(
            "event|add|winter sale of the whole house|--start|2036-12-27|--end|2036-12-30|--multiplier|2|--lead|2h|\
             --every|year|--until|2040-01-01|--store|store",
        ),
        None,
    );
    let (table, _) = printed(folder, &words("event|list|--store|store"), Some(100));
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(
        names,
        ["name", "start", "end", "targets", "effect"],
        "{table}"
    );
    assert!(table.contains("2036-12-27 00:00"), "{table}");
    // A program reads them as the document has them.
    let (csv, _) = printed(
        folder,
        &words("event|list|--store|store|--format|csv"),
        None,
    );
    assert!(csv.contains(",2036-12-27T00:00:00,"), "{csv}");
}
