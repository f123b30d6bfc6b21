use forecasting::{LEVELS, Memory, QuantileForecast};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use timeseries::Step;

use crate::{Document, Explanation, Ladder, LadderRung, PredictabilityRecord, Predictable};

/// Demand to come, as quantiles of each step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// Start of the first step.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub start: Timestamp,
    /// Length of a step in seconds.
    pub step_seconds: u32,
    /// Quantile levels, ascending, between 0 and 1.
    pub levels: Vec<f64>,
    /// One row a step, one value a level: mean demand of the step in requests per minute.
    pub quantiles: Vec<Vec<f64>>,
    /// How the minutes of a step vary around its mean: standard deviation of their ratio to it.
    /// 0 where minutes were never seen.
    pub minute_spread: f64,
    /// What the forecast was made with.
    pub model: String,
    /// Candidates with their record on this target's past.
    pub candidates: Vec<CandidateRecord>,
    /// How the chosen model did on this target's own past.
    pub accuracy: Accuracy,
    /// State of the data it learnt from.
    pub data: DataRecord,
    /// Names of the events that were applied.
    pub events: Vec<String>,
    /// Plain sentences worth reading.
    pub notes: Vec<String>,
    /// Where it stands on the ladder of fallbacks.
    #[serde(default)]
    pub ladder: Ladder,
    /// Whether this demand can be forecast at all.
    #[serde(default)]
    pub predictability: PredictabilityRecord,
    /// What the medians are made of.
    #[serde(default)]
    pub explanation: Explanation,
    /// What this forecast would have said of the days before it.
    #[serde(default)]
    pub past: Option<PastRecord>,
    /// How misses hang together within a day, for the hourly correction; absent in older forecasts,
    /// which are corrected as most demand would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryRecord>,
}

/// Medians for days gone by, each day forecast from what lay before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PastRecord {
    /// Start of the first step; the last one ends at the forecast's start.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub start: Timestamp,
    /// One a step of the forecast's length, requests per minute.
    pub medians: Vec<f64>,
}

/// How a forecast's misses hang together within a day, in normal scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemoryRecord {
    /// Share of their variance that goes on all day, 0 to 1.
    pub lasting: f64,
    /// Share that fades, 0 to 1.
    pub passing: f64,
    /// Hours in which it has halved, 0.1 to 100.
    pub half_life_hours: f64,
    /// Variance of the mean of an hour, at least `lasting + passing`.
    pub hourly: f64,
}

impl From<Memory> for MemoryRecord {
    fn from(memory: Memory) -> Self {
        Self {
            lasting: memory.lasting,
            passing: memory.passing,
            half_life_hours: memory.half_life_hours,
            hourly: memory.hourly,
        }
    }
}

impl MemoryRecord {
    fn is_sound(&self) -> bool {
        let share = 0.0..=1.0;
        share.contains(&self.lasting)
            && share.contains(&self.passing)
            && (0.1..=100.0).contains(&self.half_life_hours)
            && self.hourly.is_finite()
            && self.hourly >= self.lasting + self.passing
    }
}

/// A candidate model's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CandidateRecord {
    /// Its name.
    pub name: String,
    /// Its weight in the result, 0 to 1.
    pub weight: f64,
    /// Mean weighted quantile loss; absent where it could not be tested.
    pub weighted_quantile_loss: Option<f64>,
    /// Error relative to the seasonal naive one; below 1 beats it.
    pub relative_error: Option<f64>,
}

/// Backtested accuracy of the forecast's model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accuracy {
    /// Mean weighted quantile loss; absent where it could not be tested.
    pub weighted_quantile_loss: Option<f64>,
    /// Error relative to the seasonal naive one; below 1 beats it.
    pub relative_error: Option<f64>,
}

/// State of the training data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataRecord {
    /// First step trained on.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub from: Option<Timestamp>,
    /// Steps in the training window.
    pub steps: usize,
    /// Steps without an observation.
    pub missing: usize,
    /// Stretches that were observed and not believed.
    pub repaired: Vec<RepairRecord>,
}

/// A stretch that was observed and not believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepairRecord {
    /// Its start.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub start: Timestamp,
    /// Its end.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub end: Timestamp,
    /// Why.
    pub reason: String,
}

impl Document for Forecast {
    const KIND: &'static str = "forecast";
    const SCHEMA: u32 = 2;

    fn check(&self) -> Result<(), String> {
        let step = Step::from_seconds(i64::from(self.step_seconds)).map_err(|e| e.to_string())?;
        if step.floor(self.start) != self.start {
            return Err(format!(
                "start {} is not a whole step of {step}",
                self.start
            ));
        }
        if self.levels.is_empty() || !self.levels.is_sorted_by(|a, b| a < b) {
            return Err(format!("levels {:?} do not ascend", self.levels));
        }
        if let Some(level) = self
            .levels
            .iter()
            .find(|level| !(0.0..=1.0).contains(*level))
        {
            return Err(format!("level {level} is outside 0 to 1"));
        }
        if !(self.minute_spread.is_finite() && self.minute_spread >= 0.0) {
            return Err(format!("minute_spread of {}", self.minute_spread));
        }
        if let Some(memory) = self.memory.filter(|memory| !memory.is_sound()) {
            return Err(format!(
                "memory of shares {} and {} (0 to 1), half-life {} hours (0.1 to 100), variance {}",
                memory.lasting, memory.passing, memory.half_life_hours, memory.hourly
            ));
        }
        if let Some(candidate) = self.candidates.iter().find(|c| !c.weight.is_finite()) {
            return Err(format!(
                "weight of {} is {}",
                candidate.name, candidate.weight
            ));
        }
        if let Some(past) = &self.past {
            let seconds = past.medians.len() as i64 * i64::from(self.step_seconds);
            let end = past
                .start
                .saturating_add(SignedDuration::from_secs(seconds));
            if end.ok() != Some(self.start) {
                return Err(format!(
                    "past: {} medians from {} do not end at {}",
                    past.medians.len(),
                    past.start,
                    self.start
                ));
            }
            let usable = |median: &f64| median.is_finite() && *median >= 0.0;
            if let Some(median) = past.medians.iter().find(|median| !usable(median)) {
                return Err(format!("past: median of {median}"));
            }
        }
        for (index, row) in self.quantiles.iter().enumerate() {
            if row.len() != self.levels.len() {
                return Err(format!(
                    "row {index} has {} values, not {}",
                    row.len(),
                    self.levels.len()
                ));
            }
            if row.iter().any(|value| !value.is_finite() || *value < 0.0) || !row.is_sorted() {
                return Err(format!(
                    "row {index} is not ascending, finite and non-negative: {row:?}"
                ));
            }
        }
        self.explanation.check()
    }
}

impl Forecast {
    /// Whether only the safe floor should be planned from it, and the rest left to reactive
    /// policies: demand cannot be forecast. What is left of such a forecast on a later night is no
    /// more to be gone by than it was.
    #[must_use]
    pub fn hands_off(&self) -> bool {
        match self.ladder.rung {
            LadderRung::HandsOff => true,
            LadderRung::LastGood => self.predictability.predictable == Predictable::No,
            LadderRung::Model | LadderRung::LastWeek => false,
        }
    }

    /// The step; one minute where `step_seconds` is impossible, which no decoded forecast's is.
    #[must_use]
    pub fn step(&self) -> Step {
        Step::from_seconds(i64::from(self.step_seconds)).unwrap_or(Step::MINUTE)
    }

    /// Start of step `index`, also past the end.
    #[must_use]
    pub fn time_at(&self, index: usize) -> Timestamp {
        let seconds = i64::try_from(index)
            .unwrap_or(i64::MAX)
            .saturating_mul(i64::from(self.step_seconds));
        self.start
            .saturating_add(SignedDuration::from_secs(seconds))
            .unwrap_or(Timestamp::MAX)
    }

    /// End of the last step.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.time_at(self.quantiles.len())
    }

    /// Whether one of its steps holds `at`.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.step_at(at).is_some()
    }

    /// Number of the step that holds `at`, if one does.
    #[must_use]
    pub fn step_at(&self, at: Timestamp) -> Option<usize> {
        if at < self.start || at >= self.end() {
            return None;
        }
        let seconds = at.duration_since(self.start).as_secs();
        usize::try_from(seconds / i64::from(self.step_seconds)).ok()
    }

    /// The quantiles of the step that holds `at`, one a level.
    #[must_use]
    pub fn row_at(&self, at: Timestamp) -> Option<&[f64]> {
        self.quantiles.get(self.step_at(at)?).map(Vec::as_slice)
    }

    /// Demand of the step that holds `at` at `level`, in requests per minute: linear between the
    /// carried levels, the outermost value beyond them.
    #[must_use]
    pub fn demand_at(&self, at: Timestamp, level: f64) -> Option<f64> {
        let row = self.row_at(at)?;
        let above = self.levels.partition_point(|carried| *carried < level);
        let upper = row.get(above).or(row.last()).copied()?;
        let Some(lower) = above.checked_sub(1).filter(|_| above < row.len()) else {
            return Some(upper);
        };
        let share = (level - self.levels[lower]) / (self.levels[above] - self.levels[lower]);
        Some(row[lower] + share * (upper - row[lower]))
    }

    /// The quantiles as the forecasting crate has them; `None` where the levels are others.
    #[must_use]
    pub fn quantile_forecast(&self) -> Option<QuantileForecast> {
        if self.levels != LEVELS {
            return None;
        }
        let rows = self
            .quantiles
            .iter()
            .map(|row| row.as_slice().try_into().ok());
        Some(QuantileForecast {
            start: self.start,
            step: self.step(),
            rows: rows.collect::<Option<Vec<_>>>()?,
            memory: self.memory.map_or_else(Memory::default, |memory| Memory {
                lasting: memory.lasting,
                passing: memory.passing,
                half_life_hours: memory.half_life_hours,
                hourly: memory.hourly,
            }),
        })
    }
}
