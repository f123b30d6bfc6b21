//! The demand file, and beside it what is needed to go on.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use import::{Demand, Settings, State};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure::{Blame, Done, input};
use crate::files::Folder;
use crate::output::number;

/// The version of what is kept. Another one is not gone on with.
const VERSION: u32 = 1;

/// The demand file and what is kept beside it.
#[derive(Debug)]
pub(super) struct Kept {
    out: PathBuf,
    state: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Versioned<S> {
    version: u32,
    #[serde(flatten)]
    state: S,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Kept {
    /// Beside the demand file at `out`; nothing for standard output.
    pub(super) fn beside(out: &Path) -> Option<Self> {
        let [out, state] = Self::files(out).try_into().ok()?;
        Some(Self { out, state })
    }

    /// The files of an import into `out`.
    pub(super) fn files(out: &Path) -> Vec<PathBuf> {
        if out.as_os_str() == "-" {
            return Vec::new();
        }
        let mut state = out.as_os_str().to_owned();
        state.push(".import");
        vec![out.to_owned(), state.into()]
    }

    /// What was counted before under `settings`, or nothing yet.
    pub(super) fn load(&self, settings: Settings) -> Done<State> {
        let out = self.out.display();
        let Some(state) = self.read::<State>()? else {
            return Ok(State::new(settings));
        };
        if state.settings != settings {
            return Err(input(format!(
                "{out} was begun with another --kind, --containing, --timezone, --time-column or \
                 --value-column: give the same, or another --out, or --restart"
            )));
        }
        Ok(state)
    }

    /// What an import kept; `None` where none has begun.
    pub(super) fn read<S: DeserializeOwned>(&self) -> Done<Option<S>> {
        let name = self.state.display();
        let bytes = match fs::read(&self.state) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if self.out.exists() {
                    return Err(input(format!(
                        "{} is there already, and no import wrote it: give another --out, or \
                         --restart to replace it",
                        self.out.display()
                    )));
                }
                return Ok(None);
            }
            Err(error) => return Err(error).input(|| format!("{name} cannot be read")),
        };
        let spoilt = || {
            format!(
                "{name} cannot be gone on with, or is of another kind of import: --restart begins anew"
            )
        };
        let version: Version = serde_json::from_slice(&bytes).input(spoilt)?;
        if version.version != VERSION {
            let found = version.version;
            return Err(input(format!(
                "{name} is of version {found}, this program's is {VERSION}: --restart begins anew"
            )));
        }
        let kept: Versioned<S> = serde_json::from_slice(&bytes).input(spoilt)?;
        Ok(Some(kept.state))
    }

    /// Keeps `state` whole.
    pub(super) fn save(&self, state: &impl Serialize) -> Done {
        let version = VERSION;
        write_whole(&self.state, |file| {
            Ok(serde_json::to_writer(file, &Versioned { version, state })?)
        })
    }

    /// Writes the demand file, then keeps `state`.
    pub(super) fn write(&self, made: &Demand, state: &impl Serialize) -> Done {
        write_rows(&self.out, made)?;
        self.save(state)
    }
}

/// Writes the rows of a demand file.
pub(super) fn rows(file: &mut dyn Write, made: &Demand) -> Done {
    writeln!(file, "timestamp,value")?;
    for (at, value) in &made.rows {
        writeln!(file, "{at},{}", number(*value))?;
    }
    Ok(())
}

/// Writes them whole into the file `out`.
pub(super) fn write_rows(out: &Path, made: &Demand) -> Done {
    write_whole(out, |file| rows(file, made))
}

fn write_whole(path: &Path, content: impl FnOnce(&mut dyn Write) -> Done) -> Done {
    let (folder, name) = Folder::of(path, "--out", false)?;
    folder.write(&name, content).map(|_| ())
}
