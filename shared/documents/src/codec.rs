use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::DocumentError;

/// A kind of document.
pub trait Document: Serialize + DeserializeOwned + JsonSchema {
    /// Its name, in the envelope and in messages.
    const KIND: &'static str;
    /// Its newest schema version, counted from 1.
    const SCHEMA: u32;

    /// What is impossible about a well-formed body, if anything: lengths that disagree, numbers
    /// out of range.
    ///
    /// # Errors
    /// A plain sentence.
    fn check(&self) -> Result<(), String>;
}

/// What surrounds every body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(bound = "B: JsonSchema")]
pub struct Envelope<B> {
    /// Kind of document.
    pub kind: String,
    /// Schema version of the body.
    pub schema: u32,
    /// Target it is about; absent for what concerns all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// When it was written, by the writer's clock.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub written_at: Timestamp,
    /// The function or person that wrote it.
    pub written_by: String,
    /// The content.
    pub body: B,
}

impl<B: Document> Envelope<B> {
    /// An envelope around `body`.
    pub fn new(target: Option<&str>, written_at: Timestamp, written_by: &str, body: B) -> Self {
        Self {
            kind: B::KIND.to_owned(),
            schema: B::SCHEMA,
            target: target.map(str::to_owned),
            written_at,
            written_by: written_by.to_owned(),
            body,
        }
    }
}

/// The document as bytes, which [`decode`] reads back as it is.
///
/// # Errors
/// [`DocumentError::Impossible`], [`DocumentError::Unwritable`]. What could not be read back is not
/// written.
pub fn encode<B: Document>(document: &Envelope<B>) -> Result<Vec<u8>, DocumentError> {
    document
        .body
        .check()
        .map_err(|detail| DocumentError::Impossible {
            key: "to be written".to_owned(),
            kind: B::KIND,
            detail,
        })?;
    serde_json::to_vec(document).map_err(|source| DocumentError::Unwritable {
        kind: B::KIND,
        source,
    })
}

/// The document stored at `key`.
///
/// # Errors
/// [`DocumentError`] naming the key when it is newer, of another kind, damaged or impossible.
pub fn decode<B: Document>(key: &str, bytes: &[u8]) -> Result<Envelope<B>, DocumentError> {
    /// The part that every version of every kind keeps.
    #[derive(Deserialize)]
    struct Header {
        kind: String,
        schema: u32,
    }
    let damaged = |source| DocumentError::Damaged {
        key: key.to_owned(),
        kind: B::KIND,
        source,
    };
    // The header first: a newer body may not parse, and is then newer, not damaged.
    let header: Header = serde_json::from_slice(bytes).map_err(damaged)?;
    if header.kind != B::KIND {
        return Err(DocumentError::Kind {
            key: key.to_owned(),
            kind: B::KIND,
            found: header.kind,
        });
    }
    if header.schema > B::SCHEMA {
        return Err(DocumentError::Newer {
            key: key.to_owned(),
            kind: B::KIND,
            found: header.schema,
            supported: B::SCHEMA,
        });
    }
    let document: Envelope<B> = serde_json::from_slice(bytes).map_err(damaged)?;
    document
        .body
        .check()
        .map_err(|detail| DocumentError::Impossible {
            key: key.to_owned(),
            kind: B::KIND,
            detail,
        })?;
    Ok(document)
}

/// That `values` are finite and not negative.
pub(crate) fn demand(values: impl IntoIterator<Item = f64>) -> Result<(), String> {
    let bad = |value: &f64| !value.is_finite() || *value < 0.0;
    match values.into_iter().find(bad) {
        Some(value) => Err(format!("demand of {value} requests per minute")),
        None => Ok(()),
    }
}
