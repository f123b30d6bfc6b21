//! Help, exit codes, streams.

use std::ffi::OsString;
use std::io;
use std::process::{Command, ExitCode};

use crate::common::{good, rhythm, run, text, write};
use forescale::Console;
use tempfile::TempDir;

/// The subcommands that `forescale PATH --help` names.
fn subcommands(help: &str) -> Vec<String> {
    let listed = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let listed = listed.split("\n\n").next().unwrap_or_default();
    let names = listed
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_subcommand_has_help_with_examples_and_exit_codes() {
    let mut waiting = vec![Vec::<String>::new()];
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let ran = good(&arguments);
        assert!(ran.out.contains("EXAMPLES:"), "{path:?}");
        assert!(ran.out.contains("EXIT CODES:"), "{path:?}");
        let typed = ["forescale"]
            .into_iter()
            .chain(path.iter().map(String::as_str));
        let typed = typed.collect::<Vec<_>>().join(" ");
        assert!(ran.out.contains(&typed), "{typed}");
        assert_eq!(ran.err, "");
        for name in subcommands(&ran.out) {
            waiting.push(path.iter().cloned().chain([name]).collect());
        }
        seen += 1;
    }
    assert!(seen > 30, "{seen} of them");
    assert!(good(&["--help"]).out.contains("  4  "), "every exit code");
    assert!(good(&["--version"]).out.starts_with("forescale "));
}

#[test]
fn help_of_help_is_help() {
    for arguments in [&["help"][..], &["event", "help"]] {
        let help = good(arguments).out;
        for flag in ["--help", "-h"] {
            let ran = good(&[arguments, &[flag]].concat());
            assert_eq!(ran.out, help, "{arguments:?} {flag}");
        }
    }
}

#[test]
fn a_manual_page_says_what_it_is_of() {
    for (words, title) in [
        (&["man"][..], "FORESCALE"),
        (&["man", "event", "add"], "FORESCALE-EVENT-ADD"),
    ] {
        let page = good(words).out;
        let heading = page.lines().find(|line| line.starts_with(".TH")).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!(".TH {title} 1  \"forescale {version}\" Forescale");
        assert_eq!(heading, expected);
    }
}

#[test]
fn wrong_usage_is_2_and_names_the_nearest_word() {
    for (arguments, word) in [
        (&["forcast"][..], "forecast"),
        (&["forecast", "--histroy", "x"], "--history"),
        (&["forecast"], "--history"),
        (&["forecast", "--history", "x", "--format", "xml"], "csv"),
        (
            &["backtest", "--history", "x", "--origins", "0"],
            "1..=1000",
        ),
        (&[], "Usage"),
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, ExitCode::from(2), "{arguments:?}");
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
        assert_eq!(ran.out, "");
    }
}

/// A reader that has gone.
struct Gone;

impl io::Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A disk that is full.
struct Full;

impl io::Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_broken_pipe_ends_quietly_and_a_full_disk_does_not() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "d.csv", rhythm(8 * 24, 600.0));
    for format in ["csv", "json", "table"] {
        let arguments = [
            "forescale",
            "forecast",
            "--history",
            text(&file),
            "--format",
            format,
        ];
        let mut err = Vec::new();
        let code = {
            let mut console = Console::plain(io::empty(), Gone, &mut err);
            forescale::run(arguments.map(OsString::from), &mut console)
        };
        assert_eq!(code, ExitCode::SUCCESS, "{format}");
        let mut err = Vec::new();
        let code = {
            let mut console = Console::plain(io::empty(), Full, &mut err);
            forescale::run(arguments.map(OsString::from), &mut console)
        };
        assert_eq!(code, ExitCode::from(1), "{format}");
        let err = String::from_utf8(err).unwrap();
        assert!(err.contains("the output cannot be written"), "{err}");
    }
}

#[test]
fn the_program_is_its_library() {
    let output = Command::new(env!("CARGO_BIN_EXE_forescale"))
        .args(["forecast", "--history", "missing.csv"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout.is_empty());
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.starts_with("error: missing.csv"), "{err}");
}

#[test]
fn completions_know_every_subcommand() {
    let ran = good(&["completions", "bash"]);
    for name in ["simulate", "quiet-window", "explain", "event"] {
        assert!(ran.out.contains(name), "{name}");
    }
}
