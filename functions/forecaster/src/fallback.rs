//! What stands in when no model can be made: the lower rungs of the ladder.

use config::Target;
use control::{
    ControlError, Loaded, Settings, demand_series, left_out, load, minute_spread, week_before,
};
use documents::{Forecast, History, Ladder, LadderRung, keys};
use forecasting::{LEVELS, last_week};
use jiff::{SignedDuration, Timestamp};
use ports::DocumentStore;

use crate::night::HORIZON;

/// How many days back a good forecast is looked for: they reach three.
const DAYS_BACK: u16 = 2;
/// A stand-in that reaches less far is none.
const LEAST: SignedDuration = SignedDuration::from_hours(12);

/// The last good forecast as far as it reaches, else last week's pattern; `None` where there is
/// neither, and everything stays as it is.
pub(crate) async fn stand_in<S: DocumentStore>(
    store: &S,
    settings: &Settings,
    target: &Target,
    (start, now): (Timestamp, Timestamp),
    trouble: &ControlError,
) -> Result<Option<Forecast>, ControlError> {
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let why = trouble.chain();
    let day = SignedDuration::from_hours(24);
    let yesterday = start.saturating_sub(day).unwrap_or(Timestamp::MIN);
    for key in keys::forecasts_for(&target.name, yesterday, DAYS_BACK) {
        let Loaded::Found(document, _) = load::<Forecast>(store, &key).await.map_err(port)? else {
            continue;
        };
        let good = matches!(
            document.body.ladder.rung,
            LadderRung::Model | LadderRung::HandsOff
        );
        if let Some(rest) = from_start(document.body, start).filter(|_| good) {
            return Ok(Some(Forecast {
                ladder: Ladder {
                    rung: LadderRung::LastGood,
                    reason: format!("no model could be made ({why}): {key} as far as it reaches"),
                },
                ..rest
            }));
        }
    }
    let key = keys::history(&target.name);
    let loaded = load::<History>(store, &key).await.map_err(port)?;
    let Some(history) = loaded.body() else {
        return Ok(None);
    };
    let Ok(demand) = demand_series(history, target.step) else {
        return Ok(None);
    };
    let steps = target.step.covering(HORIZON);
    let mut notes = vec!["the same time a week before, in a wide band".to_owned()];
    let (mut out, unread) = left_out(store, &target.name).await.map_err(port)?;
    notes.extend(unread);
    let end = start.saturating_add(HORIZON).unwrap_or(Timestamp::MAX);
    // Whoever plans adds the events that last week did not have.
    let week = week_before(settings, target, now, end);
    out.extend(week.left_out);
    let Some(pattern) = last_week(&demand, start, steps, &target.zone, &out) else {
        return Ok(None);
    };
    Ok(Some(Forecast {
        start,
        step_seconds: pattern.step.seconds(),
        levels: LEVELS.to_vec(),
        quantiles: pattern.rows.iter().map(|row| row.to_vec()).collect(),
        minute_spread: minute_spread(history, target.step),
        model: "last week's pattern".to_owned(),
        ladder: Ladder {
            rung: LadderRung::LastWeek,
            reason: format!("no model could be made ({why}), and no good forecast reaches so far"),
        },
        events: week.repeated,
        notes,
        ..Forecast::default()
    }))
}

/// What is left of a forecast from `start` on, where that is enough.
fn from_start(forecast: Forecast, start: Timestamp) -> Option<Forecast> {
    let first = forecast.step_at(start)?;
    let at = forecast.time_at(first);
    if at != start || forecast.end().duration_since(start) < LEAST {
        return None;
    }
    let middle = forecast.levels.iter().position(|level| *level == 0.5)?;
    let gone = forecast.quantiles[..first].iter().map(|row| row[middle]);
    let mut past = forecast.past.clone();
    if let Some(past) = &mut past {
        past.medians.extend(gone);
    }
    Some(Forecast {
        start,
        past,
        quantiles: forecast.quantiles[first..].to_vec(),
        // The hours of the parts are counted from the old start.
        explanation: documents::Explanation::default(),
        ..forecast
    })
}
