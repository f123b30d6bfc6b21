//! Runs the compiled functions as Lambda runs them, with a stand-in for AWS behind them.
//!
//! [`StandIn`] is AWS on loopback (moto in a Python process, see `aws/stand_in.py`);
//! [`Function`] is a compiled function with a Lambda Runtime API of its own; a [`Scene`] is a group
//! with months of demand. All end with their owner.

mod alarm;
mod demand;
mod error;
mod fleet;
mod function;
mod programs;
mod runtime_api;
mod scene;
mod stand_in;

pub use alarm::AlarmEvent;
pub use demand::{Demand, daily_wave};
pub use error::HarnessError;
pub use fleet::{Delivering, Fleet, Poison, Tally, Worker};
pub use function::Function;
pub use programs::{binary, python};
pub use runtime_api::Answer;
pub use scene::Scene;
pub use stand_in::{Places, REGION, Seed, StandIn};
