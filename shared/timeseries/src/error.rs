use jiff::Timestamp;
use thiserror::Error;

/// What can be wrong with a series or its source.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TimeSeriesError {
    /// A step outside the allowed range.
    #[error("step of {seconds} s is not allowed: 60 s to 3600 s, and a divisor of one hour")]
    Step {
        /// The refused step.
        seconds: i64,
    },
    /// A step that cannot be read as a duration.
    #[error("step {text:?} is not a duration such as 5m, 300s or 1h")]
    StepText {
        /// The refused text.
        text: String,
    },
    /// A start that does not lie on the step's grid.
    #[error("start {start} does not lie on a whole step of {step} s")]
    Misaligned {
        /// The refused start.
        start: Timestamp,
        /// The step in seconds.
        step: u32,
    },
    /// Resampling to a step that is not a multiple of the present one.
    #[error("cannot resample from {from} s to {to} s: the target must be a multiple")]
    Resample {
        /// Present step in seconds.
        from: u32,
        /// Wanted step in seconds.
        to: u32,
    },
    /// A CSV line that cannot be used.
    #[error("line {line}: {column} {value:?}: {problem}")]
    CsvField {
        /// One-based line in the file.
        line: u64,
        /// Column name.
        column: &'static str,
        /// What stood there.
        value: String,
        /// What was expected.
        problem: String,
    },
    /// A CSV file without a needed column.
    #[error("column {column} is missing; the header has: {}", if found.is_empty() { "nothing" } else { found })]
    CsvColumn {
        /// The missing column.
        column: &'static str,
        /// The header's columns.
        found: String,
    },
    /// A CSV file without a usable row.
    #[error("no usable row: {detail}")]
    Empty {
        /// What was seen instead.
        detail: String,
    },
    /// Too long a span: a stray date would otherwise ask for gigabytes of gaps.
    #[error(
        "{first} to {last} is {steps} steps of {step} s, more than the {limit} allowed: is a timestamp wrong?"
    )]
    TooLong {
        /// Earliest timestamp.
        first: Timestamp,
        /// Latest timestamp.
        last: Timestamp,
        /// Steps between.
        steps: u64,
        /// The step in seconds.
        step: u32,
        /// The most allowed.
        limit: u64,
    },
    /// The CSV cannot be read at all.
    #[error("reading CSV failed at line {line}")]
    Csv {
        /// One-based line, 0 when unknown.
        line: u64,
        /// The reader's error.
        #[source]
        source: ::csv::Error,
    },
}
