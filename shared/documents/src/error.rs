use thiserror::Error;

/// Why a stored document cannot be used. Each names the object.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// Written by a newer Forescale.
    #[error(
        "{key}: schema {found} of {kind} is newer than {supported}, the newest this version reads"
    )]
    Newer {
        /// Key of the object.
        key: String,
        /// Kind of document.
        kind: &'static str,
        /// Its schema version.
        found: u32,
        /// The newest readable one.
        supported: u32,
    },
    /// Another kind of document than the key promises.
    #[error("{key}: holds a {found:?} document where {kind} is expected")]
    Kind {
        /// Key of the object.
        key: String,
        /// Kind expected.
        kind: &'static str,
        /// Kind found.
        found: String,
    },
    /// Not JSON of the right shape.
    #[error("{key}: damaged {kind} document")]
    Damaged {
        /// Key of the object.
        key: String,
        /// Kind expected.
        kind: &'static str,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// Well-formed but impossible.
    #[error("{key}: impossible {kind} document: {detail}")]
    Impossible {
        /// Key of the object.
        key: String,
        /// Kind expected.
        kind: &'static str,
        /// What is impossible.
        detail: String,
    },
    /// Cannot be written as JSON.
    #[error("{kind} document cannot be written")]
    Unwritable {
        /// Kind of document.
        kind: &'static str,
        /// What the writer said.
        #[source]
        source: serde_json::Error,
    },
}
