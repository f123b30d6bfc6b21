//! What is known about demand to come: the fallback ladder.
//!
//! Fresh forecast, older forecast that still covers now, last week's pattern, keep what is. Each
//! rung says where it stands and how old it is; from the third on nothing falls because of it. A
//! forecast that only stands in for a model is on the rung of what it is made of.

mod events;
mod forecast;
mod week;

use config::Target;
use documents::{Forecast, History, Plan, PlanStep, keys};
use jiff::Timestamp;
use planning::{Needs, Present, REACH, Rules};
use ports::DocumentStore;
use timeseries::Step;

use crate::ControlError;
use crate::error::chain;
use crate::settings::{Settings, left_out};
use crate::sight::Sight;
use crate::store::{Loaded, load};

pub(crate) use events::add_events;
pub use events::{apply_occurrence, occasion};
pub(crate) use forecast::Known;
pub use forecast::LEFT_TO_POLICIES;
use forecast::from_forecast;
use week::steps_of_last_week;
pub use week::{WeekBefore, week_before};

/// Where a plan stands on the fallback ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// Last night's forecast.
    Fresh,
    /// An older one that still covers now.
    Older,
    /// Last week's demand.
    LastWeek,
    /// The plan that is there.
    Keep,
}

/// What a plan is to be made of, and where that stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The rung.
    pub rung: Rung,
    /// What to plan for.
    pub needs: Needs,
    /// The forecast's median and 99th percentile for now, where there is one.
    pub expected: Option<(f64, f64)>,
    /// What demand stays under by the last minutes, 999 times in a thousand: each entry holds from
    /// its time until the next one's. Empty where too little is known.
    pub upper: Vec<(Timestamp, f64)>,
    /// Servers that MaxSize leaves room for, from each start on, where it is to follow the forecast
    /// and last night's is there.
    pub ceiling: Option<Vec<(Timestamp, u32)>>,
    /// Whether a budget has cut what was planned for the running day or month.
    pub cut: bool,
}

/// How many days back forecasts are looked for: they reach three.
const DAYS_BACK: u16 = 3;

/// The needs of `target` from the highest rung that holds.
///
/// # Errors
/// [`ControlError::Nothing`] on no rung at all, [`ControlError::Plan`] for rules that nothing can
/// be planned by, [`ControlError::Port`] when the store does not answer.
pub async fn needs(
    store: &impl DocumentStore,
    settings: &Settings,
    target: &Target,
    rules: &Rules,
    present: Option<Present>,
    sight: &Sight,
    now: Timestamp,
) -> Result<Standing, ControlError> {
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let end = plan_end(now);
    let mut notes = Vec::new();
    for key in keys::forecasts_for(&target.name, now, DAYS_BACK) {
        match load::<Forecast>(store, &key).await.map_err(port)? {
            Loaded::Absent => {}
            Loaded::Unusable(error, _) => notes.push(format!("skipped: {}", chain(&error))),
            Loaded::Found(forecast, _) if forecast.body.covers(now) => {
                let known = Known {
                    settings,
                    target,
                    rules,
                    present,
                    sight,
                    now,
                    end,
                };
                return from_forecast(&known, forecast.body, key, notes);
            }
            Loaded::Found(..) => {}
        }
    }
    let history = load::<History>(store, &keys::history(&target.name))
        .await
        .map_err(port)?;
    if let Loaded::Unusable(error, _) = &history {
        notes.push(format!("skipped: {}", chain(error)));
    }
    let (out, trouble) = left_out(store, &target.name).await.map_err(port)?;
    notes.extend(trouble);
    let week = week_before(settings, target, now, end);
    let pattern = history
        .body()
        .and_then(|history| steps_of_last_week(history, target, rules, (now, end), &week, &out));
    if let Some(steps) = pattern {
        notes.push(
            "no forecast covers now: last week's demand is planned for and nothing is lowered"
                .to_owned(),
        );
        return Ok(standing(Rung::LastWeek, steps, end, None, true, notes));
    }
    let previous = load::<Plan>(store, &keys::plan(&target.name))
        .await
        .map_err(port)?;
    match previous.body() {
        Some(plan) if !plan.steps.is_empty() => {
            notes.push(format!(
                "no forecast and no history cover now: the plan of {} is kept",
                plan.decided_at
            ));
            Ok(standing(
                Rung::Keep,
                plan.steps.clone(),
                end,
                None,
                true,
                notes,
            ))
        }
        _ => Err(ControlError::Nothing {
            target: target.name.clone(),
            detail: notes.iter().map(|note| format!("; {note}")).collect(),
        }),
    }
}

/// End of a plan made at `now`: on the hour, so that every run within one hour plans to the same
/// end and a second one changes nothing.
fn plan_end(now: Timestamp) -> Timestamp {
    Step::HOUR
        .floor(now)
        .saturating_add(REACH)
        .unwrap_or(Timestamp::MAX)
}

/// The newest forecast that covers `now`, with its key.
///
/// # Errors
/// [`ControlError::Port`] when the store does not answer.
pub async fn newest_forecast(
    store: &impl DocumentStore,
    target: &Target,
    now: Timestamp,
) -> Result<Option<(String, Forecast)>, ControlError> {
    for key in keys::forecasts_for(&target.name, now, DAYS_BACK) {
        let loaded = load::<Forecast>(store, &key).await;
        let loaded = loaded.map_err(|source| ControlError::Port {
            target: target.name.clone(),
            source,
        })?;
        if let Loaded::Found(forecast, _) = loaded
            && forecast.body.covers(now)
        {
            return Ok(Some((key, forecast.body)));
        }
    }
    Ok(None)
}

fn standing(
    rung: Rung,
    steps: Vec<PlanStep>,
    end: Timestamp,
    forecast: Option<String>,
    keep: bool,
    notes: Vec<String>,
) -> Standing {
    let needs = Needs {
        by: String::new(),
        fence: 0,
        steps,
        end,
        forecast,
        keep,
        notes,
    };
    Standing {
        rung,
        needs,
        expected: None,
        upper: Vec::new(),
        ceiling: None,
        cut: false,
    }
}
