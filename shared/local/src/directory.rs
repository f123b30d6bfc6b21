use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ports::{Condition, DocumentStore, PortError, Stored, Version};

use crate::key;

/// Held by whoever writes, so that a condition still holds when its write happens.
const LOCK: &str = ".lock";

/// Tells apart the temporary files of one process.
static WRITES: AtomicU64 = AtomicU64::new(0);

/// A store in a directory: a document is a file, `/` in a key a directory.
///
/// A write goes to a temporary file beside the document, which then takes its place, so that a
/// reader sees all of a document or none. Writers, also those of other processes, wait for one
/// another; readers never wait. Files whose names begin with a dot are the store's own.
#[derive(Debug, Clone)]
pub struct DirectoryStore {
    root: PathBuf,
}

impl DirectoryStore {
    /// The store in `root`, which is made where it does not exist.
    ///
    /// # Errors
    /// [`PortError`] when it cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, PortError> {
        let root = root.into();
        fs::create_dir_all(&root)
            .map_err(|error| nothing_written("open store", &root.to_string_lossy(), &error))?;
        Ok(Self { root })
    }

    /// Its directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn read(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        let path = self.root.join(key);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if is_absence(&error) || path.is_dir() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Holds every other writer off until the returned file is dropped.
    fn lock(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        let file = options.open(self.root.join(LOCK))?;
        file.lock()?;
        Ok(file)
    }

    /// Everything of `bytes` in a new file beside `path`.
    fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
        let parent = path.parent().unwrap_or(path);
        fs::create_dir_all(parent)?;
        let number = WRITES.fetch_add(1, Ordering::Relaxed);
        let beside = parent.join(format!(".tmp-{}-{number}", std::process::id()));
        // One left behind by a crashed process of the same id is of no more use.
        let mut file = File::create(&beside)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if let Err(error) = written {
            let _ = fs::remove_file(&beside);
            return Err(error);
        }
        Ok(beside)
    }

    fn collect(&self, directory: &str, prefix: &str, keys: &mut Vec<String>) -> io::Result<()> {
        let entries = match fs::read_dir(self.root.join(directory)) {
            Ok(entries) => entries,
            Err(error) if is_absence(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            let key = if directory.is_empty() {
                name
            } else {
                format!("{directory}/{name}")
            };
            // Below what cannot lead to a key with that prefix there is nothing to find.
            let leads = prefix.starts_with(&key) || key.starts_with(prefix);
            if entry.path().is_dir() && leads {
                self.collect(&key, prefix, keys)?;
            } else if entry.path().is_file() && key.starts_with(prefix) {
                keys.push(key);
            }
        }
        Ok(())
    }
}

impl DocumentStore for DirectoryStore {
    async fn get(&self, key: &str) -> Result<Option<Stored>, PortError> {
        let key = key::checked("get document", key)?;
        let bytes = self
            .read(key)
            .map_err(|error| unanswered("get document", key, &error))?;
        Ok(bytes.map(|bytes| Stored {
            version: key::version(&bytes),
            bytes,
        }))
    }

    async fn put(
        &self,
        key: &str,
        bytes: &[u8],
        condition: Condition,
    ) -> Result<Version, PortError> {
        const PUT: &str = "put document";
        let key = key::checked(PUT, key)?;
        let failed = |error: io::Error| nothing_written(PUT, key, &error);
        let _lock = self.lock().map_err(failed)?;
        if condition != Condition::Always {
            let found = self.read(key).map_err(failed)?;
            let found = found.map(|bytes| key::version(&bytes));
            key::hold(key, &condition, found.as_ref())?;
        }
        let path = self.root.join(key);
        let beside = Self::write_beside(&path, bytes).map_err(failed)?;
        if let Err(error) = fs::rename(&beside, &path) {
            let _ = fs::remove_file(&beside);
            return Err(failed(error));
        }
        Ok(key::version(bytes))
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        const DELETE: &str = "delete document";
        let key = key::checked(DELETE, key)?;
        let failed = |error: io::Error| nothing_written(DELETE, key, &error);
        let _lock = self.lock().map_err(failed)?;
        let path = self.root.join(key);
        match fs::remove_file(&path) {
            Err(error) if !is_absence(&error) && !path.is_dir() => Err(failed(error)),
            _ => Ok(()),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        let prefix = key::checked_prefix("list documents", prefix)?;
        let mut keys = Vec::new();
        self.collect("", prefix, &mut keys)
            .map_err(|error| unanswered("list documents", prefix, &error))?;
        keys.sort();
        Ok(keys)
    }
}

/// Whether there is no such file, also because a part of its path is a document itself.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn unanswered(operation: &'static str, key: &str, error: &io::Error) -> PortError {
    match error.kind() {
        ErrorKind::PermissionDenied => denied(operation, key, error),
        _ => PortError::Unanswered {
            operation,
            resource: key.to_owned(),
            detail: error.to_string(),
        },
    }
}

fn nothing_written(operation: &'static str, key: &str, error: &io::Error) -> PortError {
    match error.kind() {
        ErrorKind::PermissionDenied => denied(operation, key, error),
        _ => PortError::Refused {
            operation,
            resource: key.to_owned(),
            detail: error.to_string(),
        },
    }
}

fn denied(operation: &'static str, key: &str, error: &io::Error) -> PortError {
    PortError::Denied {
        operation,
        resource: key.to_owned(),
        detail: error.to_string(),
    }
}
