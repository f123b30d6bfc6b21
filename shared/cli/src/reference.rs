//! The command's own description: manual pages, and `docs/reference.md`, which a test keeps true.

use clap::{Command, CommandFactory};

use crate::Console;
use crate::arguments::{Arguments, ManArguments};
use crate::failure::{Done, input};
use crate::near;

/// Prints a manual page in roff.
pub(crate) fn man(arguments: &ManArguments, console: &mut Console<'_>) -> Done {
    let mut command = built();
    let mut name = command.get_name().to_owned();
    for word in &arguments.subcommand {
        command = match command.find_subcommand(word) {
            Some(found) => found.clone(),
            None => return Err(unknown(&command, word)),
        };
        name = format!("{name}-{word}");
    }
    let manual = clap_mangen::Man::new(command)
        .title(name.to_uppercase())
        .source(concat!("forescale ", env!("CARGO_PKG_VERSION")))
        .manual("Forescale");
    manual.render(&mut *console.out())?;
    Ok(())
}

/// The whole command, with everything that clap works out only when it parses.
fn built() -> Command {
    let mut command = Arguments::command();
    command.build();
    command
}

fn unknown(command: &Command, word: &str) -> crate::failure::Failure {
    let names = || command.get_subcommands().map(Command::get_name);
    let hint = near::hint(word, names());
    input(format!(
        "{} has no subcommand {word}, but {}{hint}",
        command.get_name(),
        names().collect::<Vec<_>>().join(", ")
    ))
}

// With all that the command can do, as `./test` builds it.
#[cfg(all(test, feature = "aws"))]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference.md");

    /// One section for each subcommand: what it is for, its usage, arguments, options, examples.
    fn reference() -> String {
        let command = built();
        let mut text = "# Reference of the `forescale` command\n\n\
            Made of the program's own help (`forescale SUBCOMMAND --help`); [Command](command.md) shows \
            what comes out. This is the program built with `--features aws`; without, it does not take what reaches \
            AWS: `--bucket`, `--cloudwatch`, logs in S3, an account.\n"
            .to_owned();
        let codes = command.get_after_help().map(ToString::to_string);
        let codes = codes.unwrap_or_default();
        let codes = codes.split("EXIT CODES:\n").nth(1).unwrap_or_default();
        text += &format!("\n```text\nExit codes of all of them:\n{codes}\n```\n");
        section(&command, "forescale", &mut text);
        text
    }

    fn section(command: &Command, name: &str, text: &mut String) {
        for below in command.get_subcommands() {
            let name = format!("{name} {}", below.get_name());
            if below.get_name() == "help" || below.is_hide_set() {
                continue;
            }
            *text += &format!("\n## {name}\n");
            let about = below.get_long_about().or(below.get_about());
            if let Some(about) = about {
                *text += &format!("\n{}\n", paragraphs(&about.to_string()));
            }
            if below.has_subcommands() {
                section(below, &name, text);
                continue;
            }
            let usage = below.clone().render_usage().to_string();
            *text += &format!(
                "\n```console\n{}\n```\n",
                usage.trim_start_matches("Usage: ")
            );
            let shown = below.get_arguments();
            let shown: Vec<_> = shown
                .filter(|one| !one.is_hide_set() && one.get_id() != "help")
                .collect();
            if !shown.is_empty() {
                *text += "\n| argument | meaning |\n|---|---|\n";
            }
            for one in shown {
                *text += &format!("| {} | {} |\n", spelling(one), meaning(one));
            }
            if let Some(after) = below.get_after_help() {
                let after = after.to_string();
                let examples = after.split("EXIT CODES:").next().unwrap_or_default();
                let examples = examples
                    .trim()
                    .trim_start_matches("EXAMPLES:")
                    .trim_matches('\n');
                if !examples.is_empty() {
                    *text += &format!("\n```sh\n{}\n```\n", commands(examples));
                }
            }
        }
    }

    /// Examples as a shell takes them: what each is for as a comment.
    fn commands(examples: &str) -> String {
        let lines = examples
            .lines()
            .map(|line| match line.strip_prefix("    ") {
                Some(command) => command.to_owned(),
                None => format!("# {}", line.trim()),
            });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn spelling(one: &clap::Arg) -> String {
        let values = one.get_value_names().unwrap_or_default();
        let value = values.first().map_or(String::new(), ToString::to_string);
        let takes = one.get_action().takes_values();
        match one.get_long() {
            Some(long) if takes => format!("`--{long} {value}`"),
            Some(long) => format!("`--{long}`"),
            None => format!("`{value}`"),
        }
    }

    fn meaning(one: &clap::Arg) -> String {
        let help = one.get_long_help().or(one.get_help());
        let mut text = help
            .map_or(String::new(), ToString::to_string)
            .replace("\n\n", ". ");
        text = text
            .replace('\n', " ")
            .replace('|', "\\|")
            .replace(".. ", ". ");
        let choices: Vec<_> = one.get_possible_values();
        if one.get_action().takes_values() && !choices.is_empty() {
            let named = choices.iter().map(|choice| match choice.get_help() {
                Some(help) => format!("`{}` ({help})", choice.get_name()),
                None => format!("`{}`", choice.get_name()),
            });
            text += &format!(": {}", named.collect::<Vec<_>>().join("; "));
        }
        let default = one.get_default_values().first();
        if let Some(default) = default.filter(|_| one.get_action().takes_values()) {
            text += &format!(" [default: `{}`]", default.to_string_lossy());
        }
        if one.is_required_set() {
            text += " [required]";
        }
        text
    }

    fn paragraphs(text: &str) -> String {
        let parts = text.split("\n\n").map(|part| part.replace('\n', " "));
        parts.collect::<Vec<_>>().join("\n\n")
    }

    #[test]
    fn the_reference_in_docs_is_what_the_program_says() {
        let kept = std::fs::read_to_string(FILE).unwrap_or_default();
        assert!(
            kept == reference(),
            "docs/reference.md is out of date: cargo test -p forescale --features aws --lib reference -- --ignored"
        );
    }

    #[test]
    #[ignore = "writes docs/reference.md"]
    fn write_the_reference() {
        std::fs::write(FILE, reference()).unwrap();
    }

    #[test]
    fn each_subcommand_has_a_manual_page() {
        let command = built();
        for below in command.get_subcommands() {
            let mut page = Vec::new();
            clap_mangen::Man::new(below.clone())
                .render(&mut page)
                .unwrap();
            let page = String::from_utf8(page).unwrap();
            assert!(page.contains(".SH SYNOPSIS"), "{}", below.get_name());
        }
    }

    #[test]
    fn every_subcommand_has_help_with_exit_codes_and_examples() {
        fn check(command: &Command) {
            for below in command
                .get_subcommands()
                .filter(|one| one.get_name() != "help")
            {
                if below.has_subcommands() {
                    check(below);
                    continue;
                }
                let after = below.get_after_help().map(ToString::to_string);
                let after = after.unwrap_or_default();
                assert!(
                    after.contains("EXAMPLES:"),
                    "{} has no examples",
                    below.get_name()
                );
                assert!(after.contains("EXIT CODES:"), "{}", below.get_name());
                assert!(below.get_about().is_some(), "{}", below.get_name());
            }
        }
        check(&built());
    }
}
