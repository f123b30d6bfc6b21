use std::fmt;
use std::path::PathBuf;

use ports::PortError;
use thiserror::Error;

/// Why a test could not be carried out.
#[derive(Error)]
#[non_exhaustive]
pub enum HarnessError {
    /// The Python environment is missing.
    #[error(
        "no Python at {path}: make the environment with\n  \
         python3 -m venv .venv && .venv/bin/pip install -r tests/requirements.txt\n\
         in the repository's root, or name another one in FORESCALE_VENV"
    )]
    NoPython {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A binary is missing.
    #[error("no binary at {path}: FORESCALE_BIN_DIR must hold forecaster, planner and responder")]
    NoBinary {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Cargo could not build the functions.
    #[error("cargo could not build {package} ({status}):\n{log}")]
    Build {
        /// The package.
        package: String,
        /// How cargo ended.
        status: String,
        /// What cargo printed.
        log: String,
    },
    /// A process or socket failed.
    #[error("{what}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// A process said something unexpected, or nothing.
    #[error("{what}:\n{said}")]
    Unexpected {
        /// What was expected.
        what: String,
        /// What it said instead.
        said: String,
    },
    /// A call to the stand-in failed.
    #[error("calling the stand-in")]
    Call(#[source] PortError),
    /// Demand could not be put into the stand-in.
    #[error("putting demand: {detail}")]
    Demand {
        /// The error and its causes.
        detail: String,
    },
}

/// In words, with all causes: a test that ends with an error prints it this way.
impl fmt::Debug for HarnessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&aws::chain(self))
    }
}

impl HarnessError {
    /// For `map_err` on input and output.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
