//! What would have been known of each past day if it had not been there.

use forecasting::{Interval, NearModel, NearState, by_minute, near_states};
use jiff::{SignedDuration, Timestamp};

use super::Past;

const DAY_MINUTES: usize = 1440;

/// A model of the next minutes for each day of a past, learnt from its other days.
///
/// A day's own departures are among those that a model of all days has learnt, the largest of them
/// exactly: replayed with it, tight risk is kept too easily. Judged by what it was not part of, a day
/// of the past is as strange as one to come (leave-one-out cross-validation: Stone 1974, *Journal of
/// the Royal Statistical Society B* 36).
#[derive(Debug, Clone)]
pub struct HeldOut {
    pub(super) from: Timestamp,
    days: Vec<NearModel>,
}

impl HeldOut {
    /// The models of the days that `past` covers. Where the other days are too few to learn from, that
    /// of all days, `whole`.
    #[must_use]
    pub fn learn(whole: &NearModel, past: &Past<'_>) -> Self {
        let medians = by_minute(past.medians);
        let from = past.demand.start().max(medians.start());
        let minutes = past.demand.between(from, medians.end()).len();
        let after = |minute: usize| {
            let span = SignedDuration::from_mins(i64::try_from(minute).unwrap_or(i64::MAX / 60));
            from.saturating_add(span).unwrap_or(Timestamp::MAX)
        };
        let of = |day: usize| {
            let held_out = Interval {
                start: after(day * DAY_MINUTES),
                end: after((day + 1) * DAY_MINUTES - 1),
            };
            let left_out = [past.left_out, &[held_out]].concat();
            let model = NearModel::learn(past.demand, past.medians, &left_out);
            model.unwrap_or_else(|| whole.clone())
        };
        Self {
            from,
            days: (0..minutes.div_ceil(DAY_MINUTES)).map(of).collect(),
        }
    }

    #[cfg(test)]
    pub(super) fn of(from: Timestamp, days: Vec<NearModel>) -> Self {
        Self { from, days }
    }

    /// The model for a minute after [`HeldOut::from`].
    pub(super) fn at(&self, minute: usize) -> Option<&NearModel> {
        self.days.get(minute / DAY_MINUTES).or(self.days.last())
    }

    /// Where each day stands after every minute of `demand`, from [`HeldOut::from`] on, by its own model.
    pub(super) fn states(&self, demand: &[f64], medians: &[f64]) -> Vec<NearState> {
        let days = self.days.iter().enumerate().map(|(day, model)| {
            let begin = day * DAY_MINUTES;
            let end = (begin + DAY_MINUTES).min(demand.len());
            let states = near_states(model, self.from, &demand[..end], &medians[..end]);
            states.into_iter().skip(begin)
        });
        days.flatten().collect()
    }
}
