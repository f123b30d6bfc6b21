use std::io;

use crate::MOST_MINUTES;

/// Why an import ended early.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The zone of the settings is not known.
    #[error("zone {zone}: is not known; write it like Europe/Berlin")]
    Zone {
        /// As it was given.
        zone: String,
        /// What the zone table says.
        source: jiff::Error,
    },
    /// A source could not be read.
    #[error("{name}: cannot be read")]
    Read {
        /// Name of the source.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// What is packed in a way that is not read.
    #[error(
        "{name}: is packed as {format}, which is not read: unpack it first, or pack it by gzip"
    )]
    Packed {
        /// Name of the source.
        name: String,
        /// The format.
        format: &'static str,
    },
    /// The lines' times are spread too far.
    #[error(
        "{name}: its lines and those before lie in more than {MOST_MINUTES} different minutes: \
         import fewer years at once; are the times right?"
    )]
    Minutes {
        /// Name of the source.
        name: String,
    },
    /// A table without the columns that were asked for.
    #[error("{name}: has no column {column}; its columns are: {found}")]
    Column {
        /// Name of the source.
        name: String,
        /// The missing one.
        column: String,
        /// Those that are there.
        found: String,
    },
}
