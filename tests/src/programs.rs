use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use serde_json::Value;

use crate::HarnessError;

/// Packages built together, so that cargo resolves their features once.
const FUNCTIONS: [&str; 3] = ["forecaster", "planner", "responder"];

static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// The Python that has moto: of the environment `FORESCALE_VENV`, by default `.venv` in the root.
///
/// # Errors
/// [`HarnessError::NoPython`], which says how to make it.
pub fn python() -> Result<PathBuf, HarnessError> {
    let venv = env::var_os("FORESCALE_VENV").map_or_else(|| root().join(".venv"), PathBuf::from);
    let path = root().join(venv).join("bin/python");
    if path.exists() {
        Ok(path)
    } else {
        Err(HarnessError::NoPython { path })
    }
}

/// The compiled function called `name`: from `FORESCALE_BIN_DIR`, or built here as for release.
///
/// # Errors
/// [`HarnessError::NoBinary`] or [`HarnessError::Build`].
pub fn binary(name: &str) -> Result<PathBuf, HarnessError> {
    if let Some(directory) = env::var_os("FORESCALE_BIN_DIR") {
        let path = root().join(directory).join(name);
        return if path.exists() {
            Ok(path)
        } else {
            Err(HarnessError::NoBinary { path })
        };
    }
    let mut built = match BUILT.lock() {
        Ok(built) => built,
        Err(poisoned) => poisoned.into_inner(),
    };
    if built.is_empty() {
        *built = build()?;
    }
    built
        .get(name)
        .cloned()
        .ok_or_else(|| HarnessError::NoBinary {
            path: PathBuf::from(name),
        })
}

fn build() -> Result<BTreeMap<String, PathBuf>, HarnessError> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--message-format=json"])
        .args(FUNCTIONS.iter().flat_map(|package| ["-p", package]))
        .current_dir(root())
        .stderr(Stdio::piped())
        .output()
        .map_err(HarnessError::io("running cargo"))?;
    if !output.status.success() {
        return Err(HarnessError::Build {
            package: FUNCTIONS.join(", "),
            status: output.status.to_string(),
            log: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| {
            let path = PathBuf::from(message.get("executable")?.as_str()?);
            Some((path.file_name()?.to_str()?.to_owned(), path))
        })
        .collect())
}
