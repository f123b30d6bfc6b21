use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

use super::check;
use crate::{SimulationError, alternatives::Setting};

const HOUR_SECONDS: i64 = 3600;

/// Demand as whole hours that are over.
pub(super) struct Past {
    /// Hours since the epoch of the first value.
    first: i64,
    /// Highest minute of each hour, NaN where nothing was observed.
    highest: Vec<f64>,
}

impl Past {
    /// The hours of `history` and `demand` together.
    pub(super) fn new(
        history: &Series,
        demand: &Series,
        setting: &Setting,
    ) -> Result<Self, SimulationError> {
        check(demand, setting)?;
        if history.step() != Step::MINUTE && !history.is_empty() {
            return Err(SimulationError::Value {
                field: "step of the history",
                value: history.step().to_string(),
                allowed: "1m",
            });
        }
        let usable = |series: &&Series| !series.is_empty();
        let both = || [history, demand].into_iter().filter(usable);
        let first = both().map(|s| hour_of(s.start())).min().unwrap_or(0);
        let end = both().map(|s| hour_of(s.end())).max().unwrap_or(0) + 1;
        let mut highest = vec![f64::NAN; usize::try_from(end - first).unwrap_or(0)];
        for series in both() {
            for (index, value) in series.values().iter().enumerate() {
                let slot = usize::try_from(hour_of(series.time_at(index)) - first);
                if let Some(slot) = slot.ok().and_then(|slot| highest.get_mut(slot)) {
                    // `max` passes over NaN on either side.
                    *slot = slot.max(*value);
                }
            }
        }
        Ok(Self { first, highest })
    }

    /// The highest minute of the hour that begins `hour` hours after the epoch; `None` where it is
    /// not over at `now` or nothing was observed.
    pub(super) fn highest(&self, hour: i64, now: Timestamp) -> Option<f64> {
        if hour >= hour_of(now) {
            return None;
        }
        let index = usize::try_from(hour - self.first).ok()?;
        self.highest
            .get(index)
            .copied()
            .filter(|value| !value.is_nan())
    }

    /// The highest minute of the last `hours` hours that are over.
    pub(super) fn highest_of_last(&self, hours: i64, now: Timestamp) -> Option<f64> {
        let end = hour_of(now);
        (end - hours..end)
            .filter_map(|hour| self.highest(hour, now))
            .reduce(f64::max)
    }
}

/// Whole hours since the epoch.
pub(super) fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(HOUR_SECONDS)
}

/// The hours that `[now, now + lead]` touches.
pub(super) fn hours_ahead(now: Timestamp, lead: SignedDuration) -> impl Iterator<Item = i64> {
    let end = now.saturating_add(lead).unwrap_or(Timestamp::MAX);
    hour_of(now)..=hour_of(end)
}
