use config::Target;
use jiff::Timestamp;
use local::MemoryStore;
use ports::Message;
use simulation::alternatives::{Alternatives, Outcome};
use simulation::{MinuteRecord, SizeChange};
use timeseries::Series;

use crate::ReplayError;

/// What is to be replayed.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// Name of the configuration's file, for messages.
    pub config_file: &'a str,
    /// The configuration.
    pub config: &'a str,
    /// The target; may be `None` where the configuration has one only.
    pub target: Option<&'a str>,
    /// Demand in requests per minute, history and replay, in any step.
    pub demand: &'a Series,
    /// Start of the replay; what lies before is history.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// What came of it.
#[derive(Debug)]
pub struct Replay {
    /// The target as configured.
    pub target: Target,
    /// Every minute.
    pub records: Vec<MinuteRecord>,
    /// Every change of the group's sizes that took effect, in order.
    pub changes: Vec<SizeChange>,
    /// What it came to.
    pub outcome: Outcome,
    /// What the alternatives came to on the same minutes.
    pub alternatives: Alternatives,
    /// Messages that people got, with their time.
    pub messages: Vec<(Timestamp, Message)>,
    /// Runs that failed, with their time and reason.
    pub failures: Vec<(Timestamp, String)>,
    /// How often forecaster, planner and responder ran.
    pub runs: [usize; 3],
    /// The documents at the end.
    pub store: MemoryStore,
}

/// Replays `setup`; `watch` is told each simulated hour.
///
/// # Errors
/// [`ReplayError`] when it cannot begin. A run of a function that fails is recorded and the replay
/// goes on, as it would in the cloud.
pub fn replay(setup: &Setup<'_>, watch: &mut dyn FnMut(Timestamp)) -> Result<Replay, ReplayError> {
    let _ = (setup, watch);
    Err(ReplayError::Target { name: String::new(), known: String::new() })
}
