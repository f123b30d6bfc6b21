//! The `forescale` command: hands the process's arguments and streams to its library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // Shells tell it to programs on request only: whoever exports it means it.
    let columns = std::env::var_os("COLUMNS");
    let columns = columns.and_then(|text| text.to_str()?.trim().parse().ok());
    let columns = columns.filter(|columns| *columns >= 20);
    forescale::run(
        std::env::args_os(),
        &mut forescale::Console::standard(colour, columns),
    )
}
