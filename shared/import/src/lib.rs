//! Demand from what services already write: access logs of Application Load Balancers, common and
//! combined logs of web servers, and tables.
//!
//! Bytes in, requests per minute out. [`Parser`] reads one line; [`read`] a whole source, of any
//! size, with the memory of one buffer and of one number for each minute that was seen. [`State`] is
//! all that has to be kept so that an import goes on where it was interrupted: what was counted, and
//! how far each source was read, in one value that is written at once. Hence nothing is counted twice.
//!
//! Files, buckets and the time of day are the caller's.

mod counts;
mod error;
mod line;
mod moment;
mod number;
mod packed;
mod read;
mod series;
mod state;
mod table;

pub use counts::{Counts, MOST_MINUTES};
pub use error::ImportError;
pub use line::{Line, Parser};
pub use packed::unpacked;
pub use read::{BUFFER, Ended, Reading, read};
pub use series::{Demand, Gap, demand};
pub use state::{EXAMPLES, Example, Kind, Mark, Settings, State, Tally};
