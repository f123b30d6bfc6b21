use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use ports::PortError;

use crate::Console;

/// Exit code of a failure that is neither usage nor input.
const FAILED: u8 = 1;
/// Exit code of wrong usage, as `clap` gives it.
pub(crate) const USAGE: u8 = 2;
/// Exit code of an input that cannot be used: a file, a value, AWS credentials.
const INPUT: u8 = 3;

/// Exit code of an examination that found something.
const FOUND: u8 = 4;

/// What to do where AWS does not allow a call.
const DENIED: &str = "  these credentials may not do that, or have expired: `aws sts get-caller-identity` tells whose \
                      they are, docs/how-to/permissions-for-people.md what they need";

/// What to do where the files of a store may not be read or written.
const NOT_OURS: &str =
    "  give a store that you may read and write, or run this as somebody who may";

/// Why a subcommand ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was asked for went wrong.
    Failed(anyhow::Error),
    /// A file or a value that was given cannot be used.
    Input(anyhow::Error),
    /// Everything was told, and something was found that should not be.
    Found,
    /// Whoever read the output has gone: there is nobody to tell.
    Closed,
}

/// How every subcommand ends.
pub(crate) type Done<T = ()> = Result<T, Failure>;

/// Turns a library's error into a failure with a sentence of context.
pub(crate) trait Blame<T> {
    /// What was given cannot be used.
    fn input<C: Display + Send + Sync + 'static>(self, context: impl FnOnce() -> C) -> Done<T>;
    /// What was asked for went wrong.
    fn failed<C: Display + Send + Sync + 'static>(self, context: impl FnOnce() -> C) -> Done<T>;
}

impl<T, E: Into<anyhow::Error>> Blame<T> for Result<T, E> {
    fn input<C: Display + Send + Sync + 'static>(self, context: impl FnOnce() -> C) -> Done<T> {
        self.map_err(|error| Failure::Input(error.into().context(context())))
    }

    fn failed<C: Display + Send + Sync + 'static>(self, context: impl FnOnce() -> C) -> Done<T> {
        self.map_err(|error| Failure::Failed(error.into().context(context())))
    }
}

/// An input that cannot be used, said in one sentence.
pub(crate) fn input(message: impl Display) -> Failure {
    Failure::Input(anyhow::anyhow!("{message}"))
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Closed;
        }
        Self::Failed(anyhow::Error::new(error).context("the output cannot be written"))
    }
}

impl From<csv::Error> for Failure {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => error.into(),
            other => Self::Failed(anyhow::anyhow!("the output cannot be written: {other:?}")),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        io::Error::from(error).into()
    }
}

/// Tells people, and gives the exit code.
pub(crate) fn end(done: Done, console: &mut Console<'_>) -> ExitCode {
    let (error, code) = match done {
        Ok(()) | Err(Failure::Closed) => return ExitCode::SUCCESS,
        Err(Failure::Found) => return ExitCode::from(FOUND),
        Err(Failure::Failed(error)) => (error, FAILED),
        Err(Failure::Input(error)) => (error, INPUT),
    };
    console.error(&error);
    let denied = error.chain().find_map(|cause| match cause.downcast_ref() {
        Some(PortError::Denied { detail, .. }) => Some(detail),
        _ => None,
    });
    if let Some(detail) = denied {
        // Files have an error of the operating system, which AWS never answers.
        let files = detail.contains("(os error ");
        console.note(if files { NOT_OURS } else { DENIED });
    }
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_may_not_be_written_are_no_matter_of_credentials() {
        for (detail, words, others) in [
            ("Permission denied (os error 13)", NOT_OURS, DENIED),
            ("no policy allows s3:PutObject", DENIED, NOT_OURS),
        ] {
            let error = PortError::Denied {
                operation: "put document",
                resource: "pause.json".to_owned(),
                detail: detail.to_owned(),
            };
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let failed = Err(error).failed(|| "the pause was not written");
            end(failed, &mut Console::plain(&[][..], &mut out, &mut err));
            let told = String::from_utf8(err).unwrap();
            assert!(told.contains(words) && !told.contains(others), "{told}");
        }
    }
}
