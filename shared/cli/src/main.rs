//! The `forescale` command: hands the process's arguments and streams to its library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    forescale::run(
        std::env::args_os(),
        &mut forescale::Console::standard(colour),
    )
}
