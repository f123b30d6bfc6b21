//! Forescale as a whole on simulated groups and stores of files.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod alarm_shapes;
mod alarms;
mod bad_inputs;
mod caps;
mod ceiling;
mod coexistence;
mod common;
mod follows;
mod futures;
mod late_metrics;
mod look_faults;
mod look_slow;
mod measured;
mod month;
mod night_incidents;
mod nights;
mod one_off;
mod pages;
mod planner;
mod queue;
mod release;
mod removal;
mod repeats;
mod rungs;
mod shadow_follows;
mod shadow_reads;
mod spikes;
mod steps_back;
mod thirty_days;
mod watching;
mod weights;
