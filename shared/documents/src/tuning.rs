use forecasting::{NEAR_LEVELS, NearHorizon, NearModel};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Document;

/// What the target's own past says about planning its next hours: made anew after each forecast,
/// and whenever one of the values it was made for changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// What it was made for.
    pub made_for: TunedFor,
    /// How the next minutes follow the last ones; absent where too little is known.
    pub near: Option<NearRecord>,
    /// What one server more must carry to be worth it, as a share of its throughput; absent where
    /// too little is known.
    pub price: Option<f64>,
    /// What the replay of the past came to with the policy the group has.
    pub replayed: Option<ReplayRecord>,
    /// What it came to with the policy that needs the fewest servers at that risk.
    pub best: Option<ReplayRecord>,
    /// Plain sentences: what was missing, what is recommended.
    pub notes: Vec<String>,
}

/// Values that a tuning depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TunedFor {
    /// Key of the forecast whose past it replays.
    pub forecast: String,
    /// Requests per minute that one server sustains.
    pub throughput: f64,
    /// Lead time in seconds.
    pub lead_seconds: i64,
    /// Tolerated share of demand above capacity.
    pub risk: f64,
    /// Seconds from one plan to the next.
    pub every_seconds: i64,
    /// Share of the throughput that the group's target tracking aims at; absent without one.
    pub utilization: Option<f64>,
    /// Whether desired capacity is set as well as the floor.
    #[serde(default)]
    pub exact: bool,
}

/// One replay of the past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRecord {
    /// Share of the throughput that target tracking aimed at; absent without one.
    pub utilization: Option<f64>,
    /// Price of a server, as [`Tuning::price`].
    pub price: f64,
    /// Share of demand above capacity.
    pub risk: f64,
    /// Server-minutes.
    pub server_minutes: f64,
    /// Whole days.
    pub days: usize,
    /// Whether the risk asked for was kept.
    pub kept: bool,
}

/// How the next minutes follow the last ones: the forecasting crate's model as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NearRecord {
    /// Demand below which everything is alike, requests per minute.
    pub least: f64,
    /// Mean square of recent errors, in log scale.
    pub usual: f64,
    /// Lowest ordinary level, in log scale.
    pub lowest: f64,
    /// Mean square of errors at each hour of the UTC day against all of them.
    #[serde(default = "alike")]
    pub hours: [f64; 24],
    /// Levels of the errors, ascending, between 0 and 1.
    pub levels: Vec<f64>,
    /// What is known by distance, ascending.
    pub horizons: Vec<HorizonRecord>,
}

/// Of records from before hours were told apart.
fn alike() -> [f64; 24] {
    [1.0; 24]
}

/// What is known at one distance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HorizonRecord {
    /// Minutes after the newest minute seen.
    pub minutes: u32,
    /// Share of the present level that is still there, 0 to 1.
    pub gain: f64,
    /// Errors in log scale, one a level, ascending.
    pub errors: Vec<f64>,
    /// The largest error seen, in log scale; absent in records from before it was kept.
    #[serde(default)]
    pub most: Option<f64>,
}

impl Document for Tuning {
    const KIND: &'static str = "tuning";
    const SCHEMA: u32 = 2;

    fn check(&self) -> Result<(), String> {
        if let Some(price) = self.price.filter(|price| !(*price > 0.0 && *price < 1.0)) {
            return Err(format!("price of {price} is not between 0 and 1"));
        }
        let Some(near) = &self.near else {
            return Ok(());
        };
        if !(near.least > 0.0 && near.usual > 0.0 && near.lowest.is_finite()) {
            return Err(format!(
                "near: least {}, usual {} and lowest {} are impossible",
                near.least, near.usual, near.lowest
            ));
        }
        if let Some(hour) = near
            .hours
            .iter()
            .find(|hour| !(hour.is_finite() && **hour > 0.0))
        {
            return Err(format!("near: {hour} of hours is not above 0"));
        }
        if !near.horizons.is_sorted_by(|a, b| a.minutes < b.minutes) {
            return Err("near: distances do not ascend".to_owned());
        }
        for known in &near.horizons {
            let ordered = known.errors.iter().all(|e| e.is_finite()) && known.errors.is_sorted();
            if known.errors.len() != near.levels.len() || !ordered {
                return Err(format!(
                    "near: errors {} minutes ahead are not ascending and finite, one a level",
                    known.minutes
                ));
            }
            if let Some(most) = known.most.filter(|most| !(*most >= 0.0)) {
                return Err(format!(
                    "near: most of {most} {} minutes ahead is below 0",
                    known.minutes
                ));
            }
            if !(0.0..=1.0).contains(&known.gain) {
                return Err(format!(
                    "near: gain of {} {} minutes ahead is outside 0 to 1",
                    known.gain, known.minutes
                ));
            }
        }
        Ok(())
    }
}

impl NearRecord {
    /// As it is stored: errors and gains to six decimals, a millionth of demand.
    #[must_use]
    pub fn of(model: &NearModel) -> Self {
        let short = |value: f64| (value * 1e6).round() / 1e6;
        Self {
            least: model.least,
            usual: model.usual,
            lowest: short(model.lowest),
            hours: model.hours.map(short),
            levels: NEAR_LEVELS.to_vec(),
            horizons: model
                .horizons
                .iter()
                .map(|known| HorizonRecord {
                    minutes: known.minutes,
                    gain: short(known.gain),
                    errors: known.errors.map(short).to_vec(),
                    most: Some(short(known.most)),
                })
                .collect(),
        }
    }

    /// The model; `None` where the levels are others or nothing is known.
    #[must_use]
    pub fn model(&self) -> Option<NearModel> {
        if self.levels != NEAR_LEVELS || self.horizons.is_empty() {
            return None;
        }
        let horizons = self.horizons.iter().map(|known| {
            Some(NearHorizon {
                minutes: known.minutes,
                gain: known.gain,
                errors: known.errors.as_slice().try_into().ok()?,
                most: known.most.unwrap_or(f64::MAX),
            })
        });
        Some(NearModel {
            least: self.least,
            usual: self.usual,
            lowest: self.lowest,
            hours: self.hours,
            horizons: horizons.collect::<Option<_>>()?,
        })
    }
}
