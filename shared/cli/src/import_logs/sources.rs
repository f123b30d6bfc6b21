//! What is to be read: files, folders, a bucket's objects, standard input.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use import::{Reading, unpacked};
use ports::{DocumentStore, PortError};

use crate::Console;
use crate::failure::{Blame, Done, input};
use crate::opened::Opened;

/// Folders within folders that are gone into.
const DEEPEST: usize = 32;

/// One log.
#[derive(Debug)]
pub(super) enum Source {
    File(PathBuf),
    Object(Rc<Opened>, String),
    Standard,
}

impl Source {
    /// What people call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Object(_, key) => key.clone(),
            Self::Standard => "standard input".to_owned(),
        }
    }

    /// Opens it, unpacked. An object is held whole while it is read: a load balancer begins a new
    /// one each five minutes.
    pub(super) fn open<'a>(&self, console: &mut Console<'a>) -> Done<Reading<Box<dyn Read + 'a>>> {
        let name = self.name();
        let cannot = || format!("{} cannot be read", self.name());
        let (source, length): (Box<dyn Read + 'a>, _) = match self {
            Self::File(path) => {
                let file = File::open(path).input(cannot)?;
                let length = file.metadata().input(cannot)?.len();
                (Box::new(file), Some(length))
            }
            Self::Object(store, key) => {
                let object = store.wait(store.store.get(key)).failed(cannot)?;
                let bytes = object.map_or(Vec::new(), |object| object.bytes);
                let length = bytes.len() as u64;
                (Box::new(Cursor::new(bytes)), Some(length))
            }
            Self::Standard => (console.take_input(), None),
        };
        let source = BufReader::with_capacity(128 * 1024, source);
        let bytes = unpacked(source, &name).input(cannot)?;
        Ok(Reading {
            name,
            bytes,
            length,
        })
    }
}

/// Everything that `logs` name, each once, but the files of the import itself.
pub(super) fn expand(logs: &[PathBuf], own: &[PathBuf]) -> Done<Vec<Source>> {
    let own: Vec<_> = own
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let (mut sources, mut seen) = (Vec::new(), BTreeSet::new());
    for log in logs {
        if log.as_os_str() == "-" {
            sources.push(Source::Standard);
        } else if let Some(url) = log.to_str().filter(|text| text.starts_with("s3://")) {
            let (store, prefix) = Opened::objects(url)?;
            let store = Rc::new(store);
            let keys = store.wait(store.store.list(&prefix));
            let told = || format!("{url} cannot be listed");
            let keys = match keys {
                // A bucket that is not there was typed wrongly.
                Err(error @ (PortError::Refused { .. } | PortError::NotFound { .. })) => {
                    Err(error).input(told)
                }
                keys => keys.failed(told),
            }?;
            // What consoles make to show a folder.
            let keys = keys.into_iter().filter(|key| !key.ends_with('/'));
            sources.extend(keys.map(|key| Source::Object(Rc::clone(&store), key)));
        } else {
            let mut files = Vec::new();
            gather(log, 0, &mut files)?;
            for file in files {
                let same = file.canonicalize().unwrap_or_else(|_| file.clone());
                if !own.contains(&same) && seen.insert(same) {
                    sources.push(Source::File(file));
                }
            }
        }
    }
    Ok(sources)
}

/// The files at `path` and below, in the order of their names; hidden ones below it are none.
fn gather(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Done {
    let cannot = || {
        format!(
            "{} cannot be read: give a log, a folder of logs, or - for standard input{}",
            path.display(),
            crate::near::file_hint(path)
        )
    };
    if !fs::metadata(path).input(cannot)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    if depth == DEEPEST {
        return Err(input(format!(
            "{}: folders lie {DEEPEST} deep here: does a link lead back?",
            path.display()
        )));
    }
    let entries: Result<Vec<_>, _> = fs::read_dir(path).input(cannot)?.collect();
    let mut below: Vec<_> = entries
        .input(cannot)?
        .iter()
        .map(fs::DirEntry::path)
        .collect();
    below.sort_unstable();
    for path in below {
        let name = path.file_name().unwrap_or_default();
        if !name.as_encoded_bytes().starts_with(b".") {
            gather(&path, depth + 1, files)?;
        }
    }
    Ok(())
}
