//! `forescale.toml`: one file that describes every target.
//!
//! [`Config::parse`] reads, checks and completes it; what comes out needs no further checks. Unknown
//! keys, wrong types and impossible values are refused with file, line, field, value and the
//! allowed range.

mod target;

pub use target::{
    Config, DemandMetric, Event, EventEffect, LeadTime, Mode, ReactivePolicy, Simulation, Target,
    Throughput,
};
