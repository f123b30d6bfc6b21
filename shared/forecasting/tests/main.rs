//! What the forecaster promises of any series, and what it answers on known ones.
#![allow(clippy::unwrap_used, reason = "tests")]

mod any_series;
mod common;
mod days_beside;
mod drift;
mod edges;
mod fine_steps;
mod holidays;
mod known_answers;
mod laws;
mod many_targets;
mod occasions;
mod pattern;
mod predictability;
mod production;
mod published;
mod robust;
mod young;
