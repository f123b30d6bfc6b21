//! The watch over the nights: scores yesterday's forecast and decides what follows from it.

use config::Target;
use control::{Loaded, World, chain, load, save};
use documents::{
    DriftRecord, Envelope, Forecast, LadderRung, NewsRecord, Record, ScoredNight, keys,
};
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
    /// The record as it will be, and under which condition.
    record: Option<(Record, ports::Condition)>,
}

impl Watched {
    /// Looks at the forecast of the night before `start`. What cannot be read becomes a note, and the
    /// night goes on without the watch: the model does not wait for it.
    pub(crate) async fn look<S: DocumentStore>(
        store: &S,
        target: &Target,
        (start, demand): (Timestamp, &Series),
        left_out: &[Interval],
        notes: &mut Vec<String>,
    ) -> Self {
        let unread = |error: &dyn std::error::Error| {
            format!("the record of past nights is not used: {}", chain(error))
        };
        let loaded = match load::<Record>(store, &keys::record(&target.name)).await {
            Ok(loaded) => loaded,
            Err(error) => {
                notes.push(unread(&error));
                return Self::default();
            }
        };
        if let Loaded::Unusable(error, _) = &loaded {
            notes.push(unread(error));
            if loaded.is_newer() {
                return Self::default();
            }
        }
        let mut record = loaded.body().cloned().unwrap_or_default();
        let condition = loaded.unchanged();
        let last = match last_forecast(store, target, start).await {
            Ok(last) => last.filter(|last| is_new(&record, last)),
            Err(error) => {
                notes.push(format!("last night is not scored: {}", chain(&error)));
                None
            }
        };
        let scored = last.and_then(|last| {
            let forecast = last.quantile_forecast()?;
            Some((score(&forecast, demand, left_out)?, last))
        });
        let changed = scored.is_some() || record.untold.is_some();
        if let Some((scored, last)) = scored {
            let news = record_night(&mut record, &last, &scored, target);
            record.untold = news.or(record.untold);
        }
        Self {
            drift: record.drift.clone(),
            record: Some((record, condition)).filter(|_| changed),
        }
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

    /// Stores what was found, and tells people of a change of state. Only one writer gets through to
    /// tell it; where that fails the record keeps the news for the next run.
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
        let Some((mut record, condition)) = self.record else {
            return;
        };
        let key = keys::record(&target.name);
        let document = Envelope::new(Some(&target.name), now, BY, record.clone());
        let version = match save(world.store, &key, &document, condition).await {
            Ok(version) => version,
            Err(error) => {
                notes.push(format!("last night's score is not kept: {}", chain(&error)));
                return;
            }
        };
        let Some(NewsRecord { subject, text }) = record.untold.take() else {
            return;
        };
        let figures = serde_json::to_value(&record.drift).unwrap_or_default();
        let message = Message {
            subject,
            text,
            record: serde_json::json!({ "target": target.name, "by": BY, "drift": figures }),
        };
        if let Err(error) = world.notifier.notify(&message).await {
            tracing::error!(target_name = %target.name, error = %error, "message not sent");
            notes.push(format!("people could not be told yet: {error}"));
            return;
        }
        let document = Envelope::new(Some(&target.name), now, BY, record);
        let condition = ports::Condition::Matches(version);
        if let Err(error) = save(world.store, &key, &document, condition).await {
            notes.push(format!("people may be told twice: {}", chain(&error)));
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
) -> Option<NewsRecord> {
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

fn news(target: &Target, drifting: bool, reason: &str, widening: f64, known: u32) -> NewsRecord {
    let name = &target.name;
    if drifting {
        return NewsRecord {
            subject: format!("Forecasts for {name} have got worse"),
            text: format!(
                "{reason}. Until they are as good as usual again the band is {widening:.1} times as \
                 wide, so that more servers are planned, and the length of history is chosen anew \
                 each night. Has the service changed? Days that were not normal can be excluded, and \
                 a coming occasion can be entered as an event."
            ),
        };
    }
    let end = if known > 0 {
        "They are as good as they use to be."
    } else {
        "They have stayed as they are for three weeks, which counts as the usual from now on."
    };
    NewsRecord {
        subject: format!("Forecasts for {name} are steady again"),
        text: format!("{end} The band has its learnt width again. {reason}."),
    }
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
