use crate::PortError;

/// An opaque mark of one stored state (an ETag).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub String);

/// A document as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its version, for a conditional write.
    pub version: Version,
}

/// When a write may happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Only where nothing is stored (`If-None-Match: *`).
    Absent,
    /// Only over exactly this version (`If-Match`).
    Matches(Version),
    /// Whatever is there. For documents with one writer whose content does not depend on what was
    /// there before.
    Always,
}

/// A store of documents by key. Writes are atomic: a reader sees all of a document or none.
///
/// Keys are relative, with `/` between parts of letters, digits, `-`, `_`, `.`.
pub trait DocumentStore {
    /// The document at `key`; `None` where there is none.
    ///
    /// # Errors
    /// [`PortError`], never [`PortError::NotFound`].
    async fn get(&self, key: &str) -> Result<Option<Stored>, PortError>;

    /// Writes the document at `key` if `condition` holds, and returns its new version.
    ///
    /// # Errors
    /// [`PortError::Conflict`] when the condition does not hold (also when the document to match
    /// is gone) or another write was under way.
    async fn put(
        &self,
        key: &str,
        bytes: &[u8],
        condition: Condition,
    ) -> Result<Version, PortError>;

    /// Removes the document at `key`; nothing happens where there is none.
    ///
    /// # Errors
    /// [`PortError`].
    async fn delete(&self, key: &str) -> Result<(), PortError>;

    /// Keys that begin with `prefix`, ascending.
    ///
    /// # Errors
    /// [`PortError`]; never a partial list.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, PortError>;

    /// The parts right after `prefix` of keys that go on below them, each once, ascending: below
    /// `targets/` the targets. `prefix` ends with `/`. A store that can tell them without listing every
    /// key does so.
    ///
    /// # Errors
    /// [`PortError`]; never a partial list.
    async fn folders(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        let keys = self.list(prefix).await?;
        let parts = keys.iter().filter_map(|key| {
            let (folder, _) = key.strip_prefix(prefix)?.split_once('/')?;
            Some(folder.to_owned())
        });
        let folders: std::collections::BTreeSet<String> = parts.collect();
        Ok(folders.into_iter().collect())
    }
}
