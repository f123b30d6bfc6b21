//! Counts the requests of one log by the minute, as `forescale import` does, for measurements:
//! `cargo run --release -p import --example count -- access.log.gz`.

use std::fs::File;
use std::io::{BufReader, Write, stdout};
use std::ops::ControlFlow;

use import::{ImportError, Reading, Settings, State, Tally, read, unpacked};

fn main() -> Result<(), ImportError> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let file = File::open(&name).map_err(|source| ImportError::Read {
        name: name.clone(),
        source,
    })?;
    let bytes = unpacked(BufReader::with_capacity(128 * 1024, file), &name)?;
    let mut state = State::new(Settings::default());
    let mut loose = Tally::default();
    let reading = Reading {
        name,
        bytes,
        length: None,
    };
    read(reading, &mut state, &mut loose, &mut |_, _| {
        ControlFlow::Continue(())
    })?;
    for (minute, count) in state.tally.counts.all() {
        // A reader that goes away has seen enough.
        if writeln!(stdout(), "{minute},{count}").is_err() {
            break;
        }
    }
    Ok(())
}
