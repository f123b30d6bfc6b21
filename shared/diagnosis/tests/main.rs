//! What is found in incidents whose cause is known, and in alarms of every shape.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod alarm_events;
mod alarm_variants;
mod handing_back;
mod scenarios;
mod suite;
