//! What a forecast says about itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a forecast stands on the ladder of fallbacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LadderRung {
    /// Made by this night's model.
    #[default]
    Model,
    /// No model could be made: the last good forecast, as far as it reaches.
    LastGood,
    /// Nor was there one: last week's pattern in a wide band.
    LastWeek,
    /// A model was made, and demand cannot be forecast: plan only the safe floor, and leave the rest
    /// to reactive policies.
    HandsOff,
}

/// The rung and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// The rung.
    pub rung: LadderRung,
    /// Why it is no higher one; empty on the first.
    pub reason: String,
}

/// Whether demand can be forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Predictable {
    /// Its seasons or its level tell what comes.
    Yes,
    /// Not surely better than repeating last week.
    Weakly,
    /// Nothing tells what comes.
    No,
    /// Too little history to say.
    #[default]
    Unknown,
}

/// How far demand can be forecast, measured on the target's own past.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PredictabilityRecord {
    /// In one word.
    pub predictable: Predictable,
    /// Error over that of repeating last week, with its interval of 90 %: value, low, high.
    pub over_last_week: Option<[f64; 3]>,
    /// Error over that of a flat line at last week's median, likewise.
    pub over_flat: Option<[f64; 3]>,
    /// Absolute error as a share of demand.
    pub error: Option<f64>,
    /// Correlation with demand a day before, -1 to 1.
    pub daily: Option<f64>,
    /// Correlation with demand a week before, -1 to 1.
    pub weekly: Option<f64>,
}

/// What the medians are made of, by the hour in requests per minute. The parts of an hour add up to
/// the mean of its medians; a list without any value stands for zeros.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// Why the model was chosen.
    pub why: String,
    /// Mean demand of the last week.
    pub level: f64,
    /// The usual profile above the level.
    pub season: Vec<f64>,
    /// The candidates' combination above the usual profile.
    pub recent: Vec<f64>,
    /// Added for yesterday's miss.
    pub correction: Vec<f64>,
    /// What holidays change.
    pub calendar: Vec<f64>,
    /// What events change.
    pub event: Vec<f64>,
}

impl Explanation {
    /// The lists with their names.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, &[f64]); 5] {
        [
            ("season", &self.season),
            ("recent", &self.recent),
            ("correction", &self.correction),
            ("calendar", &self.calendar),
            ("event", &self.event),
        ]
    }

    /// That everything is finite.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (name, values) in self.parts() {
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err(format!("{name} of {value}"));
            }
        }
        if self.level.is_finite() {
            Ok(())
        } else {
            Err(format!("level of {}", self.level))
        }
    }
}
