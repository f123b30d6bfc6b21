//! The `forescale` command: what the functions do in the cloud, over files and a simulated group.
//!
//! [`run`] is the whole command; `main.rs` hands it the process's arguments and streams. Nothing
//! but the result goes to standard output; notes, progress and errors go to standard error.

#[cfg(feature = "aws")]
mod account;
mod accuracy;
mod alarms;
mod arguments;
mod backtest;
mod calendar;
mod chosen;
mod configuration;
mod console;
mod demand;
mod demo;
mod doctor;
mod event;
mod explain;
mod failure;
mod files;
mod forecast;
mod import_logs;
mod init;
mod kept;
mod known;
mod left_out;
mod moments;
mod near;
mod opened;
mod output;
mod pause;
mod plan;
mod quiet;
mod reference;
mod release;
mod report;
mod simulate;
mod table;
mod throughput;
mod what_if;

pub use console::Console;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use arguments::{Arguments, Command};
use failure::{Done, end};

/// Runs the command with `arguments`, the first of which is its own name.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 an input cannot be used (a file, a
/// value, AWS credentials), 4 `doctor` found something.
pub fn run(arguments: impl IntoIterator<Item = OsString>, console: &mut Console<'_>) -> ExitCode {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    // Help of help, which clap does not know, is help.
    if let [_, .., before, last] = &arguments[..]
        && before == "help"
        && (last == "--help" || last == "-h")
    {
        arguments.pop();
    }
    let parsed = arguments::command().try_get_matches_from(arguments);
    let parsed = parsed.and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(message) => return explained(&message, console),
    };
    let done = match arguments.command {
        Command::Forecast(arguments) => forecast::run(&arguments, console),
        Command::Backtest(arguments) => backtest::run(&arguments, console),
        Command::Plan(arguments) => plan::run(&arguments, console),
        Command::Simulate(arguments) => simulate::run(&arguments, console),
        Command::WhatIf(arguments) => what_if::run(&arguments, console),
        Command::Demo(arguments) => demo::run(&arguments, console),
        Command::Import(arguments) => import_logs::run(&arguments, console),
        Command::Report(arguments) => report::run(&arguments, console),
        Command::Explain(arguments) => explain::run(&arguments, console),
        Command::QuietWindow(arguments) => quiet::run(&arguments, console),
        Command::Event(command) => event::run(&command, console),
        Command::LeftOut(command) => left_out::run(&command, console),
        Command::Pause(arguments) => pause::pause(&arguments, console),
        Command::Resume(arguments) => pause::resume(&arguments, console),
        Command::Completions(arguments) => {
            let mut command = Arguments::command();
            clap_complete::generate(arguments.shell, &mut command, "forescale", console.out());
            Ok(())
        }
        Command::Man(arguments) => reference::man(&arguments, console),
        Command::Throughput(arguments) => throughput::run(&arguments, console),
        Command::Alarms(arguments) => alarms::run(&arguments, console),
        Command::Init(arguments) => init::run(&arguments, console),
        Command::Doctor(arguments) => doctor::run(&arguments, console),
        Command::Config(command) => configuration::run(&command, console),
        Command::Release(arguments) => release::release(&arguments, console),
        Command::Adopt(arguments) => release::adopt(&arguments, console),
    };
    let done = done.and_then(|()| console.finish());
    end(done, console)
}

/// Help, version or wrong usage, as `clap` words it.
fn explained(message: &clap::Error, console: &mut Console<'_>) -> ExitCode {
    let text = message.render();
    if message.use_stderr() {
        let text = if console.colour_err() {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        console.tell(&text);
        return ExitCode::from(failure::USAGE);
    }
    let text = if console.colour() {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    let done: Done = write_out(console, &text).and_then(|()| console.finish());
    end(done, console)
}

fn write_out(console: &mut Console<'_>, text: &str) -> Done {
    console.out().write_all(text.as_bytes())?;
    Ok(())
}
