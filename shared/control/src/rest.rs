//! The rest of the day by what the day has shown.

use config::{Occurrence, OccurrenceEffect};
use documents::Forecast;
use forecasting::{LEVELS, correct};
use timeseries::{Series, Step};

use crate::ladder::Known;
use crate::near::{Near, minute_medians, under_way};

/// Moves the steps to come by what was seen since the forecast began. Whether anything was seen.
///
/// Minutes that look like an outage say nothing of demand. What was seen of an occasion moves that
/// occasion only, and a demand that was given as such stays as given until it begins.
pub(crate) fn correct_rest(
    forecast: &mut Forecast,
    known: &Known<'_>,
    added: &[(Occurrence, String)],
    near: &Near,
) -> bool {
    let now = known.now;
    let (Some(rows), Some(minutes)) = (forecast.quantile_forecast(), &known.sight.minutes) else {
        return false;
    };
    let end = forecast.end();
    let occurrences = known
        .settings
        .config
        .occurrences(known.target, now, forecast.start, end);
    let occurrences: Vec<&Occurrence> = occurrences
        .iter()
        .chain(added.iter().map(|(occurrence, _)| occurrence))
        .collect();
    let Some(medians) = minute_medians(forecast, &[]) else {
        return false;
    };
    let since = minutes.between(forecast.start, now);
    let lowest = near.lowest - OUTAGE;
    let believed: Vec<f64> = since
        .values()
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let median = medians.at(since.time_at(index)).unwrap_or(f64::NAN);
            let level = value.max(near.least).ln() - median.max(near.least).ln();
            if level < lowest { f64::NAN } else { *value }
        })
        .collect();
    let steps = Series::new(since.start(), Step::MINUTE, believed)
        .and_then(|series| series.resample(forecast.step()));
    let Ok(steps) = steps else {
        return false;
    };
    let touching = |index: usize| {
        let (from, to) = (forecast.time_at(index), forecast.time_at(index + 1));
        let all = occurrences.iter();
        all.filter(move |o| o.from() < to && o.to() > from)
    };
    let all: Vec<Option<f64>> = (0..)
        .map(|index| forecast.time_at(index))
        .take_while(|at| *at < now)
        .map(|at| steps.at(at).filter(|value| value.is_finite()))
        .collect();
    if all.iter().all(Option::is_none) {
        return false;
    }
    let usual: Vec<Option<f64>> = all
        .iter()
        .enumerate()
        .map(|(index, value)| value.filter(|_| touching(index).next().is_none()))
        .collect();
    let (whole, plain) = (correct(&rows, &all, now), correct(&rows, &usual, now));
    let moved: Vec<Vec<f64>> = (0..forecast.quantiles.len())
        .map(|index| {
            let of = |rows: &[[f64; LEVELS.len()]]| rows.get(index).map(|row| row.to_vec());
            let given = touching(index).any(|o| matches!(o.effect, OccurrenceEffect::Demand(_)));
            let corrected = if touching(index).any(|o| under_way(o, now)) {
                of(&whole.rows)
            } else if given {
                None
            } else {
                of(&plain.rows)
            };
            corrected.unwrap_or_else(|| forecast.quantiles[index].clone())
        })
        .collect();
    for (row, new) in forecast.quantiles.iter_mut().zip(moved) {
        // What was forecast stays a document that can be read: finite, not negative, ascending.
        if new.iter().all(|value| value.is_finite()) && new.is_sorted() {
            *row = new.iter().map(|value| value.max(0.0)).collect();
        }
    }
    true
}

/// Below the lowest ordinary level by this much, in log scale, demand is not believed: as
/// [`NearState::dip`].
const OUTAGE: f64 = 0.5;
