use jiff::Timestamp;
use replay::Replay;
use serde::Serialize;
use simulation::alternatives::Outcome;

use crate::output::rounded;

/// What a run came to, in the words of `summary.json`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Result {
    /// Hours of one server, booting ones included.
    pub(crate) server_hours: f64,
    /// Price of those.
    pub(crate) cost: f64,
    /// 0 to 1.
    pub(crate) share_of_demand_above_capacity: f64,
    /// Minutes in which demand was above capacity.
    pub(crate) minutes_under_capacity: u64,
    /// Requests that met no capacity.
    pub(crate) requests_not_served: f64,
}

impl Result {
    fn of(outcome: &Outcome, price: f64) -> Self {
        Self {
            server_hours: rounded(outcome.server_hours()),
            cost: rounded(outcome.cost(price)),
            share_of_demand_above_capacity: rounded(outcome.lost_share()),
            minutes_under_capacity: outcome.minutes_under,
            requests_not_served: rounded(outcome.lost_demand),
        }
    }
}

/// The alternatives, by name.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Others {
    pub(crate) static_peak: Result,
    pub(crate) yesterday: Result,
    pub(crate) last_week: Result,
    pub(crate) target_tracking: Result,
    pub(crate) predictive_scaling: Result,
    pub(crate) clairvoyant: Result,
}

/// The replayed time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Window {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) minutes: u64,
}

/// How often each function ran.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Runs {
    pub(crate) forecaster: usize,
    pub(crate) planner: usize,
    pub(crate) responder: usize,
}

/// A run that failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct FailedRun {
    pub(crate) at: Timestamp,
    pub(crate) reason: String,
}

/// `summary.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) target: String,
    pub(crate) window: Window,
    pub(crate) requests: f64,
    #[serde(flatten)]
    pub(crate) forescale: Result,
    pub(crate) price_per_server_hour: f64,
    pub(crate) currency: String,
    /// Server-hours over those of the clairvoyant bound; absent where that is 0.
    pub(crate) cost_over_clairvoyant: Option<f64>,
    pub(crate) alternatives: Others,
    pub(crate) runs: Runs,
    pub(crate) failures: Vec<FailedRun>,
}

impl Summary {
    /// Of a replay from `from` to `to`.
    pub(crate) fn of(replay: &Replay, from: Timestamp, to: Timestamp) -> Self {
        let target = &replay.target;
        let price = target.price_per_server_hour;
        let others = &replay.alternatives;
        let of = |outcome: &Outcome| Result::of(outcome, price);
        let least = others.clairvoyant.server_minutes;
        let [forecaster, planner, responder] = replay.runs;
        Self {
            target: target.name.clone(),
            window: Window {
                from,
                to,
                minutes: replay.outcome.minutes,
            },
            requests: rounded(replay.outcome.total_demand),
            forescale: of(&replay.outcome),
            price_per_server_hour: price,
            currency: target.currency.clone(),
            cost_over_clairvoyant: (least > 0.0)
                .then(|| rounded(replay.outcome.server_minutes / least)),
            alternatives: Others {
                static_peak: of(&others.static_peak),
                yesterday: of(&others.yesterday),
                last_week: of(&others.last_week),
                target_tracking: of(&others.target_tracking),
                predictive_scaling: of(&others.predictive_scaling),
                clairvoyant: of(&others.clairvoyant),
            },
            runs: Runs {
                forecaster,
                planner,
                responder,
            },
            failures: replay
                .failures
                .iter()
                .map(|(at, reason)| FailedRun {
                    at: *at,
                    reason: reason.clone(),
                })
                .collect(),
        }
    }

    /// Every run with its name and what it is to people, Forescale first.
    pub(crate) fn rows(&self) -> [(&'static str, &'static str, Result); 7] {
        let others = &self.alternatives;
        [
            ("forescale", "Forescale", self.forescale),
            ("static_peak", "static, for the peak", others.static_peak),
            ("yesterday", "yesterday's pattern", others.yesterday),
            ("last_week", "last week's pattern", others.last_week),
            (
                "target_tracking",
                "target tracking alone",
                others.target_tracking,
            ),
            (
                "predictive_scaling",
                "predictive scaling",
                others.predictive_scaling,
            ),
            ("clairvoyant", "clairvoyant bound", others.clairvoyant),
        ]
    }
}
