//! The watch over the nights: scores yesterday's forecast and decides what follows from it.

use config::Target;
use control::{ControlError, Loaded, World, chain, load, save};
use documents::{DriftRecord, Envelope, Forecast, LadderRung, Record, ScoredNight, keys};
use forecasting::{Drift, DriftState, Interval, NightScore, score, widening};
use jiff::{SignedDuration, Timestamp};
use ports::{DocumentStore, Message, Notifier};
use timeseries::Series;

/// Who writes.
const BY: &str = "forecaster";
/// Nights that are kept.
const KEPT: usize = 90;
/// How many days back the last forecast is looked for.
const DAYS_BACK: u16 = 3;

/// What the watch asks of tonight's forecast.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    /// State and figures.
    pub(crate) drift: DriftRecord,
    /// A change of state that people must be told: subject and text.
    news: Option<(String, String)>,
    /// The record as it will be, and under which condition.
    record: Option<(Record, ports::Condition)>,
}

impl Watched {
    /// Looks at the forecast of the night before `start`. Reading trouble becomes a note, and the
    /// night goes on without the watch.
    pub(crate) async fn look<S: DocumentStore>(
        store: &S,
        target: &Target,
        (start, demand): (Timestamp, &Series),
        left_out: &[Interval],
        notes: &mut Vec<String>,
    ) -> Result<Self, ControlError> {
        let port = |source| ControlError::Port {
            target: target.name.clone(),
            source,
        };
        let key = keys::record(&target.name);
        let loaded = load::<Record>(store, &key).await.map_err(port)?;
        if let Loaded::Unusable(error, _) = &loaded {
            notes.push(format!(
                "the record of past nights is not used: {}",
                chain(error)
            ));
            if loaded.is_newer() {
                return Ok(Self::default());
            }
        }
        let mut record = loaded.body().cloned().unwrap_or_default();
        let mut watched = Self {
            drift: record.drift.clone(),
            ..Self::default()
        };
        let last = last_forecast(store, target, start).await.map_err(port)?;
        let Some(last) = last.filter(|last| is_new(&record, last)) else {
            return Ok(watched);
        };
        let scored = last
            .quantile_forecast()
            .and_then(|forecast| score(&forecast, demand, left_out));
        let Some(scored) = scored else {
            return Ok(watched);
        };
        watched.news = record_night(&mut record, &last, &scored, target);
        watched.drift = record.drift.clone();
        watched.record = Some((record, loaded.unchanged()));
        Ok(watched)
    }

    /// Whether forecasts have got worse.
    pub(crate) fn drifting(&self) -> bool {
        self.drift.drifting
    }

    /// Days of history chosen anew: kept for the nights to come.
    pub(crate) fn chose(&mut self, training_days: Option<u32>) {
        self.drift.training_days = training_days;
        if let Some((record, _)) = &mut self.record {
            record.drift.training_days = training_days;
        }
    }

    /// Stores what was found, and tells people of a change of state: once, since only one writer
    /// gets through.
    pub(crate) async fn keep<S, M, G, N, C>(
        self,
        world: &World<'_, S, M, G, N, C>,
        target: &Target,
        now: Timestamp,
        notes: &mut Vec<String>,
    ) where
        S: DocumentStore,
        N: Notifier,
    {
        let Some((record, condition)) = self.record else {
            return;
        };
        let key = keys::record(&target.name);
        let figures = serde_json::to_value(&record.drift).unwrap_or_default();
        let document = Envelope::new(Some(&target.name), now, BY, record);
        if let Err(error) = save(world.store, &key, &document, condition).await {
            notes.push(format!("last night's score is not kept: {}", chain(&error)));
            return;
        }
        let Some((subject, text)) = self.news else {
            return;
        };
        let message = Message {
            subject,
            text,
            record: serde_json::json!({ "target": target.name, "by": BY, "drift": figures }),
        };
        if let Err(error) = world.notifier.notify(&message).await {
            tracing::error!(target_name = %target.name, error = %error, "message not sent");
            notes.push(format!("people could not be told: {error}"));
        }
    }
}

/// The newest forecast that began a day or more before `start`.
async fn last_forecast<S: DocumentStore>(
    store: &S,
    target: &Target,
    start: Timestamp,
) -> Result<Option<Forecast>, ports::PortError> {
    let day = SignedDuration::from_hours(24);
    let latest = start.saturating_sub(day).unwrap_or(Timestamp::MIN);
    // A night may run some minutes earlier than the last one did.
    let slack = SignedDuration::from_hours(1);
    let latest = latest.saturating_add(slack).unwrap_or(latest);
    for key in keys::forecasts_for(&target.name, latest, DAYS_BACK) {
        if let Loaded::Found(document, _) = load::<Forecast>(store, &key).await?
            && document.body.start <= latest
        {
            return Ok(Some(document.body));
        }
    }
    Ok(None)
}

fn is_new(record: &Record, forecast: &Forecast) -> bool {
    let newest = record.nights.last().map(|night| night.forecast);
    newest.is_none_or(|newest| newest < forecast.start)
}

/// Adds a night; returns what people must be told, if the state changed.
fn record_night(
    record: &mut Record,
    forecast: &Forecast,
    scored: &NightScore,
    target: &Target,
) -> Option<(String, String)> {
    let usual: Vec<f64> = record
        .nights
        .iter()
        .filter(|night| night.steady)
        .map(|night| night.loss)
        .collect();
    let before = memory(&record.drift);
    let after = before.after(scored, &usual);
    let drifting = after.state == DriftState::Drifting;
    record.nights.push(ScoredNight {
        forecast: forecast.start,
        rung: forecast.ladder.rung,
        steps: scored.steps,
        loss: scored.loss,
        relative_error: scored.relative_error,
        over_p90: scored.over_p90,
        over_p95: scored.over_p95,
        needed: scored.needed,
        widened: if record.drift.widening > 0.0 {
            record.drift.widening
        } else {
            1.0
        },
        steady: !drifting,
    });
    let surplus = record.nights.len().saturating_sub(KEPT);
    record.nights.drain(..surplus);
    let needed: Vec<(f64, f64)> = record
        .nights
        .iter()
        .map(|night| (night.needed, night.widened))
        .collect();
    let changed = before.state != after.state;
    let reason = after.reason(scored);
    record.drift = DriftRecord {
        drifting,
        since: if changed {
            Some(forecast.start)
        } else {
            record.drift.since
        },
        reason: if drifting {
            reason.clone()
        } else {
            String::new()
        },
        loss_sum: after.loss_sum,
        over_sum: after.over_sum,
        nights: after.nights,
        calm: after.calm,
        known: after.known,
        widening: if drifting { widening(&needed) } else { 1.0 },
        training_days: record.drift.training_days.filter(|_| drifting),
    };
    changed.then(|| {
        news(
            target,
            drifting,
            &reason,
            record.drift.widening,
            after.known,
        )
    })
}

fn memory(drift: &DriftRecord) -> Drift {
    let state = if drift.drifting {
        DriftState::Drifting
    } else {
        DriftState::Steady
    };
    Drift {
        state,
        loss_sum: drift.loss_sum,
        over_sum: drift.over_sum,
        nights: drift.nights,
        calm: drift.calm,
        known: drift.known,
    }
}

fn news(
    target: &Target,
    drifting: bool,
    reason: &str,
    widening: f64,
    known: u32,
) -> (String, String) {
    let name = &target.name;
    if drifting {
        return (
            format!("Forecasts for {name} have got worse"),
            format!(
                "{reason}. Until they are as good as usual again the band is {widening:.1} times as \
                 wide, so that more servers are planned, and the length of history is chosen anew \
                 each night. Has the service changed? Days that were not normal can be excluded, and \
                 a coming occasion can be entered as an event."
            ),
        );
    }
    let end = if known > 0 {
        "They are as good as they use to be."
    } else {
        "They have stayed as they are for three weeks, which counts as the usual from now on."
    };
    (
        format!("Forecasts for {name} are steady again"),
        format!("{end} The band has its learnt width again. {reason}."),
    )
}

/// A note on the watch for the forecast itself.
pub(crate) fn note(drift: &DriftRecord) -> Option<String> {
    drift.drifting.then(|| {
        let days = drift.training_days.map_or_else(String::new, |days| {
            format!(", learning from the last {days} days only")
        });
        format!(
            "forecasts have got worse: the band is {:.1} times as wide{days}. {}",
            drift.widening, drift.reason
        )
    })
}

/// Whether a forecast is a stand-in that a later run should replace.
pub(crate) fn stand_in(forecast: &Forecast) -> bool {
    matches!(
        forecast.ladder.rung,
        LadderRung::LastGood | LadderRung::LastWeek
    )
}
