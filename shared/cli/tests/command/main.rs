//! The command as people run it.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod account;
mod alarms;
mod calendars;
mod circumstances;
mod common;
mod doctor;
mod dry;
mod events;
mod explained;
mod forecasts;
mod groups;
mod histories;
mod imports;
mod kept;
mod manners;
mod narrow;
mod near;
mod pages;
mod pauses;
mod throughput;
mod unusable;
mod worth;
mod zones;
