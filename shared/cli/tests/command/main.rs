//! The command as people run it.

mod common;
mod forecasts;
mod groups;
mod manners;
