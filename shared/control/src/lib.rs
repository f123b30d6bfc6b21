//! Gather, decide, check, diff, apply, report.
//!
//! What the three functions share: reading documents and metrics through the ports, the lease, and
//! [`reconcile()`], the one way in which a group is ever changed. Decisions themselves are made in
//! the pure crates.

mod apply;
mod band;
mod budget;
mod canary;
mod ceiling;
mod coexist;
mod decide;
mod error;
mod guard;
mod hand_back;
mod judged;
mod ladder;
mod lease;
mod ledger;
mod looks;
mod metrics;
mod near;
mod outcome;
mod policy;
mod promised;
mod promotion;
mod reconcile;
mod rest;
mod rules;
mod seen;
mod settings;
mod sight;
mod spent;
mod store;
mod throughput;
mod timely;
mod tuned;
mod unlearnt;
pub mod watching;
mod world;

pub use band::{
    Edges, PUBLISHED_MINUTES, band, band_alarm, band_alarm_name, band_metric, published_band,
    target_metric, upper_edge,
};
pub use canary::Evidence;
pub use error::{ControlError, chain};
pub use guard::{evidence, short};
pub use hand_back::{
    HandBack, HandedBack, adopt_again, hand_back, rehearse_hand_back, release_mark,
};
pub use ladder::{
    LEFT_TO_POLICIES, Rung, Standing, WeekBefore, apply_occurrence, needs, newest_forecast,
    occasion, week_before,
};
pub use lease::{HeldLease, acquire, release};
pub use ledger::append_to_ledger;
pub use looks::look_again;
pub use metrics::{
    demand_between, demand_minutes, demand_series, gather_history, metric_name, metric_statistic,
    minute_spread, present, recent_demand,
};
pub use outcome::{Outcome, TargetReport, shortfall_text};
pub use policy::WantedPolicy;
pub use promised::promised;
pub use promotion::{Judge, promotion};
pub use reconcile::{Ask, reconcile, rehearse};
pub use rules::{Known, Measured, held_back, resolve_rules};
pub use settings::{Settings, left_out, load_settings, occurrence_id};
pub use sight::{Sight, sight};
pub use spent::spent;
pub use store::{Loaded, load, save};
pub use timely::{Limited, Timely, TimelyWorld};
pub use tuned::{Study, utilization, wanted_policy};
pub use unlearnt::unlearnt;
pub use world::World;
