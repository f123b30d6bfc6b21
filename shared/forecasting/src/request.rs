use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

use crate::{Holiday, Parts, Predictability, QuantileForecast};

/// A half-open stretch of time `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// First moment inside.
    pub start: Timestamp,
    /// First moment outside.
    pub end: Timestamp,
}

/// What a known occasion does to demand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// Demand is this many times what it would have been.
    Multiplier(f64),
    /// Demand is this much, in the unit of the history.
    Absolute(f64),
    /// Demand behaves as on the local day that holds this moment.
    Like(Timestamp),
    /// Learnt from past occasions of the same name; no effect while there is none.
    Learnt,
}

/// A known coming or past event, already expanded to one occurrence.
#[derive(Debug, Clone, PartialEq)]
pub struct Occasion {
    /// Name shared by the occurrences of one recurring event.
    pub name: String,
    /// When it applies in full.
    pub during: Interval,
    /// Its effect already grows for this long before, straight from nothing.
    pub lead: SignedDuration,
    /// Its effect fades for this long after, straight to nothing.
    pub tail: SignedDuration,
    /// Before this moment nobody knew of it, and a forecast does not; `None` means always known.
    pub announced_at: Option<Timestamp>,
    /// What it does.
    pub effect: Effect,
}

impl Occasion {
    /// From the first moment of its lead to the last of its tail.
    #[must_use]
    pub fn span(&self) -> Interval {
        let start = self.during.start.saturating_sub(self.lead);
        let end = self.during.end.saturating_add(self.tail);
        Interval {
            start: start.unwrap_or(self.during.start),
            end: end.unwrap_or(self.during.end),
        }
    }
}

/// Everything a forecast depends on.
#[derive(Debug, Clone)]
pub struct ForecastRequest<'a> {
    /// Observed demand; what lies at or after `cutoff` is never looked at.
    pub history: &'a Series,
    /// First moment to forecast, rounded down to a whole step.
    pub cutoff: Timestamp,
    /// Step of the forecast: the history's own or a multiple of it.
    pub step: Step,
    /// Steps ahead.
    pub horizon_steps: usize,
    /// The target's zone: it rules hours, days and weeks.
    pub zone: &'a TimeZone,
    /// Most days of history to train on, counted back from the cutoff.
    pub training_days: u32,
    /// Known occasions, past and coming.
    pub occasions: &'a [Occasion],
    /// Public holidays, past and coming, in order of time; as far back as the history where they
    /// are known.
    pub holidays: &'a [Holiday],
    /// Stretches that must not teach the model.
    pub left_out: &'a [Interval],
}

/// A forecast and what there is to say about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The quantiles.
    pub forecast: QuantileForecast,
    /// How they came about.
    pub report: ForecastReport,
    /// Medians it would have given for the last days before the cutoff, each day from what lay
    /// before it: one value a step, the last one ends at the cutoff. Empty without a day to try.
    pub past: Vec<f64>,
}

/// How a forecast came about.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastReport {
    /// Name of what was chosen, for people.
    pub model: String,
    /// Why that was chosen, in one sentence.
    pub why: String,
    /// Record of the whole combination on the target's own past.
    pub skill: Skill,
    /// Whether this demand can be forecast at all.
    pub predictability: Predictability,
    /// What each step's median is made of.
    pub parts: Vec<Parts>,
    /// Every candidate with its errors on the target's own past, best first.
    pub candidates: Vec<Candidate>,
    /// State of the training data.
    pub data: DataState,
    /// Plain sentences worth reading: fallbacks, widened bands, what was ignored.
    pub notes: Vec<String>,
}

/// How well the combination forecast the target's own past: whether it can be forecast at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Skill {
    /// Past days that it was tried on, each with weights learnt on others.
    pub trial_days: usize,
    /// Mean absolute error over that of repeating last week; 1 and above means nothing to go by.
    /// `None` without a trial.
    pub relative_error: Option<f64>,
    /// Mean weighted quantile loss at 0.5, 0.9, 0.95 and 0.99; `None` without demand to weigh by.
    pub weighted_quantile_loss: Option<f64>,
}

/// A candidate model's record on the target's own past.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Its weight in the result, 0 to 1.
    pub weight: f64,
    /// Mean weighted quantile loss over its backtest; `None` where it could not be tested.
    pub weighted_quantile_loss: Option<f64>,
    /// Mean absolute error over mean absolute seasonal-naive error; below 1 beats it.
    pub relative_error: Option<f64>,
}

/// State of the training data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataState {
    /// Steps in the training window.
    pub steps: usize,
    /// Steps without an observation.
    pub missing: usize,
    /// Stretches that were observed and do not teach what is usual (outage, spike, holiday), with
    /// the reason.
    pub repaired: Vec<(Interval, String)>,
}
