//! The simulated group against the rules of AWS's, and the policies that are compared on it.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod alternatives;
mod generate;
mod group;
mod properties;
mod rules;
