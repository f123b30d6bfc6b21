//! Probabilistic forecasts of demand.
//!
//! [`forecast`] takes a history and a cutoff and returns quantiles for every step ahead, together
//! with a [`ForecastReport`] that says which model was chosen and why, how it did on the target's
//! own past, and what was repaired. [`backtest()`] repeats that at past midnights.
//!
//! Nothing here reads a clock, a file or the environment; equal input gives equal output.

mod backtest;
mod belief;
mod calendar;
mod carry;
mod drift;
mod engine;
mod error;
mod explain;
mod family;
mod fine;
mod frame;
mod holidays;
mod hours;
mod intraday;
mod measure;
mod members;
mod memory;
mod mixture;
mod near;
mod numbers;
mod occasions;
mod odd;
mod pattern;
mod predictability;
mod quantiles;
mod repair;
mod report;
mod request;
mod scale;
mod shift;
mod spread;
mod tail;
mod terrain;
mod trials;
mod units;
mod weights;
mod young;

pub use backtest::{BacktestRequest, BacktestRow, backtest};
pub use drift::{Drift, DriftState, NightScore, rechoose, score, widen, widening};
pub use engine::{forecast, forecast_by_stages};
pub use error::ForecastError;
pub use explain::Parts;
pub use holidays::Holiday;
pub use intraday::correct;
pub use memory::Memory;
pub use near::{
    NEAR_LEVELS, NearHorizon, NearModel, NearState, by_minute, near_states, widen_near,
};
pub use occasions::apply_given;
pub use pattern::{last_week, week_before};
pub use predictability::{Predictability, Ratio, Verdict};
pub use quantiles::{LEVELS, QuantileForecast};
pub use request::{
    Candidate, DataState, Effect, ForecastReport, ForecastRequest, Interval, Occasion, Prediction,
    Skill,
};
