use documents::{Forecast, Predictable, ReplayRecord, Tuning, decode, keys};
use jiff::Timestamp;
use pollster::block_on;
use ports::DocumentStore;
use replay::Replay;
use serde::Serialize;
use simulation::alternatives::Outcome;

use super::page::forecasts;
use crate::backtest::HANDS_OFF;
use crate::output::{counted, grouped, money, rounded};

/// Server-hours that differ by less are as many.
pub(crate) const ALIKE: f64 = 1.02;

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
    pub(crate) target_tracking_5m_cpu: Result,
    pub(crate) step_scaling: Result,
    pub(crate) kubernetes_hpa: Result,
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
    /// Target tracking that goes with the plan, by the replay of the last days; absent where too
    /// little is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target_tracking_advice: Option<Advice>,
    /// What should be known before anything is made of the figures, in sentences: that demand cannot be
    /// forecast, that something simpler is as good.
    pub(crate) advice: Vec<String>,
    pub(crate) runs: Runs,
    pub(crate) failures: Vec<FailedRun>,
}

/// What the group's target tracking costs and risks, and what the one that goes with the plan would.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Advice {
    /// Whole days replayed.
    pub(crate) days: usize,
    /// As it is; absent without target tracking that is understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) present: Option<Tracked>,
    /// As it should be.
    pub(crate) recommended: Tracked,
}

/// Target tracking at one value, under the plan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Tracked {
    /// Requests per minute and server.
    pub(crate) value: f64,
    /// Server-hours a day.
    pub(crate) server_hours_a_day: f64,
    /// Price of those.
    pub(crate) cost_a_day: f64,
    /// 0 to 1.
    pub(crate) share_of_demand_above_capacity: f64,
}

/// That demand could not be forecast in most of the nights.
fn not_predictable(nights: &[Forecast]) -> Option<String> {
    let hopeless = |night: &&Forecast| night.predictability.predictable == Predictable::No;
    let found: Vec<&Forecast> = nights.iter().filter(hopeless).collect();
    let newest = found.last().filter(|_| 2 * found.len() >= nights.len())?;
    Some(format!(
        "This demand cannot be forecast, said {} of {} nights ({}): {HANDS_OFF}.",
        found.len(),
        nights.len(),
        newest.ladder.reason
    ))
}

impl Advice {
    fn of(replay: &Replay) -> Option<Self> {
        let target = &replay.target;
        let key = keys::tuning(&target.name);
        let stored = block_on(replay.store.get(&key)).ok().flatten()?;
        let tuning = decode::<Tuning>(&key, &stored.bytes).ok()?.body;
        let read = |record: &ReplayRecord| {
            let hours = record.server_minutes / 60.0 / record.days.max(1) as f64;
            Some(Tracked {
                value: rounded(record.utilization? * tuning.made_for.throughput),
                server_hours_a_day: rounded(hours),
                cost_a_day: rounded(hours * target.price_per_server_hour),
                share_of_demand_above_capacity: rounded(record.risk),
            })
        };
        let best = tuning.best.as_ref()?;
        Some(Self {
            days: best.days,
            present: tuning.replayed.as_ref().and_then(read),
            recommended: read(best)?,
        })
    }

    /// For people.
    pub(crate) fn told(&self, currency: &str) -> String {
        let of = |tracked: Tracked| {
            let cost = if tracked.cost_a_day > 0.0 {
                format!(", {} {currency}", money(tracked.cost_a_day))
            } else {
                String::new()
            };
            format!(
                "{}/min a server: {:.1} server-hours a day{cost}, {:.3} % of demand above capacity",
                planning::rate(tracked.value),
                tracked.server_hours_a_day,
                100.0 * tracked.share_of_demand_above_capacity
            )
        };
        let present = self
            .present
            .map_or_else(|| "none that is understood".to_owned(), of);
        format!(
            "target tracking with the plan, replayed over {}: now {present}; recommended {}",
            counted(self.days as u64, "day"),
            of(self.recommended)
        )
    }
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
        let mut summary = Self {
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
                target_tracking_5m_cpu: of(&others.target_tracking_5m_cpu),
                step_scaling: of(&others.step_scaling),
                kubernetes_hpa: of(&others.kubernetes_hpa),
                predictive_scaling: of(&others.predictive_scaling),
                clairvoyant: of(&others.clairvoyant),
            },
            target_tracking_advice: Advice::of(replay),
            advice: Vec::new(),
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
        };
        summary.advice.extend(not_predictable(&forecasts(replay)));
        summary.advice.extend(summary.as_good(target.risk));
        summary
    }

    /// That something simpler costs no more and keeps the `risk` that was asked for, or as much of it:
    /// target tracking alone, else a fleet that never changes.
    fn as_good(&self, risk: f64) -> Option<String> {
        let (own, others) = (self.forescale, &self.alternatives);
        let lost = |result: Result| result.share_of_demand_above_capacity;
        let simpler = [
            ("target tracking alone", others.target_tracking),
            ("a static fleet for the peak", others.static_peak),
        ];
        let (name, other) = simpler.into_iter().find(|(_, other)| {
            other.server_hours <= ALIKE * own.server_hours && lost(*other) <= risk.max(lost(own))
        })?;
        let percent = |share: f64| format!("{:.3} %", 100.0 * share);
        Some(format!(
            "As configured, {name} is as good on these days: {} server-hours against {}, {} of demand not \
             served against {}; a plan would not pay here.",
            grouped(other.server_hours),
            grouped(own.server_hours),
            percent(lost(other)),
            percent(lost(own)),
        ))
    }

    /// Every run with its name and what it is to people, Forescale first.
    pub(crate) fn rows(&self) -> [(&'static str, &'static str, Result); 10] {
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
                "target_tracking_5m_cpu",
                "tracking 5-minute CPU",
                others.target_tracking_5m_cpu,
            ),
            ("step_scaling", "step scaling", others.step_scaling),
            (
                "kubernetes_hpa",
                "Kubernetes-like HPA",
                others.kubernetes_hpa,
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
