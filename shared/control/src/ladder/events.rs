//! Events that people added after the forecast was made.

use config::{Occurrence, OccurrenceEffect, Target};
use documents::Forecast;
use forecasting::{Effect, Interval, Occasion, apply_given};
use jiff::Timestamp;

use crate::settings::{Settings, occurrence_id};

/// An occurrence of an event as a forecast takes it.
#[must_use]
pub fn occasion(occurrence: &Occurrence) -> Occasion {
    Occasion {
        name: occurrence.name.clone(),
        during: Interval {
            start: occurrence.start,
            end: occurrence.end,
        },
        lead: occurrence.lead,
        tail: occurrence.tail,
        announced_at: occurrence.announced_at,
        effect: match occurrence.effect {
            OccurrenceEffect::Multiplier(factor) => Effect::Multiplier(factor),
            OccurrenceEffect::Demand(demand) => Effect::Absolute(demand),
            OccurrenceEffect::Like(at) => Effect::Like(at),
            OccurrenceEffect::Learnt => Effect::Learnt,
        },
    }
}

/// Adds the events that the forecast does not know yet to it. The forecaster knows more kinds of
/// effect; "like" and "learnt" wait for it.
pub(crate) fn add_events(
    forecast: &mut Forecast,
    settings: &Settings,
    target: &Target,
    now: Timestamp,
) -> Vec<(Occurrence, String)> {
    let added: Vec<(Occurrence, String)> = settings
        .config
        .occurrences(target, now, forecast.start, forecast.end())
        .into_iter()
        .map(|occurrence| (occurrence.clone(), occurrence_id(&occurrence)))
        .filter(|(_, id)| !forecast.events.contains(id))
        .filter(|(occurrence, _)| {
            matches!(
                occurrence.effect,
                OccurrenceEffect::Multiplier(_) | OccurrenceEffect::Demand(_)
            )
        })
        .collect();
    for (occurrence, _) in &added {
        apply_occurrence(forecast, occurrence);
    }
    added
}

/// Applies an occurrence with a given multiplier or demand to the rows it touches, as the forecaster
/// would; other effects need the history and change nothing.
pub fn apply_occurrence(forecast: &mut Forecast, occurrence: &Occurrence) {
    let occasion = occasion(occurrence);
    for index in 0..forecast.quantiles.len() {
        let step = Interval {
            start: forecast.time_at(index),
            end: forecast.time_at(index + 1),
        };
        let row = &mut forecast.quantiles[index];
        apply_given(&occasion, step, row, &forecast.levels, 0.0);
    }
}
