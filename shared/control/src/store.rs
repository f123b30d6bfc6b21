//! Typed documents through the store port.

use documents::{Document, DocumentError, Envelope, decode, encode};
use ports::{Condition, DocumentStore, PortError, Version};

use crate::ControlError;

/// What lies at a key.
#[derive(Debug)]
pub enum Loaded<B> {
    /// Nothing.
    Absent,
    /// A document.
    Found(Box<Envelope<B>>, Version),
    /// Something that cannot be used.
    Unusable(DocumentError, Version),
}

impl<B> Loaded<B> {
    /// The body, if there is a usable one.
    pub fn body(&self) -> Option<&B> {
        match self {
            Self::Found(envelope, _) => Some(&envelope.body),
            Self::Absent | Self::Unusable(..) => None,
        }
    }

    /// The condition under which a write replaces exactly what was loaded.
    pub fn unchanged(&self) -> Condition {
        match self {
            Self::Absent => Condition::Absent,
            Self::Found(_, version) | Self::Unusable(_, version) => {
                Condition::Matches(version.clone())
            }
        }
    }

    /// Whether a newer Forescale wrote it: such a document is never replaced.
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::Unusable(DocumentError::Newer { .. }, _))
    }
}

/// Reads the document at `key`.
///
/// # Errors
/// [`PortError`] when the store does not answer; what it holds is never an error here.
pub async fn load<B: Document>(
    store: &impl DocumentStore,
    key: &str,
) -> Result<Loaded<B>, PortError> {
    let Some(stored) = store.get(key).await? else {
        return Ok(Loaded::Absent);
    };
    Ok(match decode(key, &stored.bytes) {
        Ok(envelope) => Loaded::Found(Box::new(envelope), stored.version),
        Err(error) => Loaded::Unusable(error, stored.version),
    })
}

/// Writes `document` to `key` under `condition`.
///
/// # Errors
/// [`ControlError::Port`] when the condition does not hold or the store does not answer.
pub async fn save<B: Document>(
    store: &impl DocumentStore,
    key: &str,
    document: &Envelope<B>,
    condition: Condition,
) -> Result<Version, ControlError> {
    let target = document.target.clone().unwrap_or_default();
    let bytes = encode(document).map_err(|source| ControlError::Document {
        target: target.clone(),
        source,
    })?;
    store
        .put(key, &bytes, condition)
        .await
        .map_err(|source| ControlError::Port { target, source })
}
