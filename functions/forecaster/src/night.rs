use config::{Mode, Occurrence, OccurrenceEffect, Target};
use control::{
    ControlError, Loaded, Settings, TargetReport, World, apply_occurrence, chain, demand_series,
    gather_history, left_out, load, load_settings, minute_spread, occurrence_id, save,
};
use documents::{
    Accuracy, CandidateRecord, DataRecord, Envelope, Forecast, History, Incident, RepairRecord,
    keys,
};
use forecasting::{
    Effect, ForecastRequest, Holiday, Interval, LEVELS, Occasion, Prediction, forecast,
};
use holidays::Place;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ports::{Clock, Condition, DocumentStore, MetricSource};

use crate::{ForecasterError, Request, Response};

/// How far ahead a forecast reaches: the 48 hours that cover a day in any zone, and a third day so
/// that one missed night leaves a plan its day.
pub const HORIZON: SignedDuration = SignedDuration::from_hours(72);

/// Who writes.
const BY: &str = "forecaster";

/// Forecasts every target asked for. One that fails does not keep the others from theirs.
///
/// # Errors
/// [`ForecasterError`] when nothing could be tried, or after all were tried and some failed.
pub async fn handle<S, M, G, N, C>(
    request: Request,
    world: &World<'_, S, M, G, N, C>,
) -> Result<Response, ForecasterError>
where
    S: DocumentStore,
    M: MetricSource,
    C: Clock,
{
    let now = world.clock.now();
    let settings = load_settings(world.store, now)
        .await
        .map_err(ForecasterError::Settings)?;
    let targets = settings
        .targets(&request.targets)
        .map_err(ForecasterError::Settings)?;
    let mut reports = Vec::with_capacity(targets.len());
    for target in &targets {
        let report = match night(world, &settings, target, request.again, now).await {
            Ok(report) => report,
            Err(error) => {
                let chain = error.chain();
                tracing::error!(target_name = %target.name, error = %chain, code = error.code(), "no forecast");
                TargetReport::failed(&target.name, &error)
            }
        };
        reports.push(report);
    }
    let failed: Vec<String> = reports
        .iter()
        .filter(|report| report.error.is_some())
        .map(|report| report.notes.join("; "))
        .collect();
    if failed.is_empty() {
        return Ok(Response {
            targets: reports,
            notes: settings.notes,
        });
    }
    let (total, detail) = (reports.len(), failed.join(" | "));
    Err(ForecasterError::Targets {
        failed: failed.len(),
        total,
        detail,
    })
}

async fn night<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    again: bool,
    now: Timestamp,
) -> Result<TargetReport, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
{
    if target.mode == Mode::Off {
        return Ok(TargetReport::new(&target.name, "off", ""));
    }
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let start = target.step.floor(now);
    let key = keys::forecast(&target.name, start);
    let mut notes = Vec::new();
    let present = load::<Forecast>(world.store, &key).await.map_err(port)?;
    match &present {
        Loaded::Found(..) if !again => {
            let note = format!("{key} is there already");
            return Ok(TargetReport::new(&target.name, "unchanged", note));
        }
        Loaded::Unusable(error, _) if present.is_newer() => {
            return Ok(TargetReport::new(
                &target.name,
                "unchanged",
                error.to_string(),
            ));
        }
        Loaded::Unusable(error, _) => notes.push(format!("replaced: {}", chain(error))),
        Loaded::Found(..) | Loaded::Absent => {}
    }
    let history = history(world, target, now, &mut notes).await?;
    let (mut unlearnt, trouble) = left_out(world.store, &target.name).await.map_err(port)?;
    notes.extend(trouble);
    unlearnt.extend(incidents(world.store, target, &mut notes).await?);
    let known = Known {
        settings,
        target,
        start,
        now,
        left_out: &unlearnt,
    };
    let body = known.forecast(&history, notes.clone())?;
    let model = body.model.clone();
    let document = Envelope::new(Some(&target.name), now, BY, body);
    save(world.store, &key, &document, present.unchanged()).await?;
    tracing::info!(target_name = %target.name, key = %key, model = %model, "forecast written");
    let mut report = TargetReport::new(&target.name, "forecast", format!("{key} by {model}"));
    report.notes.extend(notes);
    report.changes = 1;
    Ok(report)
}

/// The archive brought up to date, and stored where it changed.
async fn history<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Result<History, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
{
    let key = keys::history(&target.name);
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let archived = load::<History>(world.store, &key).await.map_err(port)?;
    if let Loaded::Unusable(error, _) = &archived {
        notes.push(format!("archived history is not used: {}", chain(error)));
        if !archived.is_newer() {
            set_aside(world.store, &key, target, now).await?;
        }
    }
    let history = gather_history(world.metrics, target, archived.body(), now).await?;
    if archived.body() != Some(&history) && !archived.is_newer() {
        let document = Envelope::new(Some(&target.name), now, BY, history.clone());
        save(world.store, &key, &document, archived.unchanged()).await?;
    }
    Ok(history)
}

/// Keeps the bytes of a damaged archive beside it, so that nothing is lost by writing a new one.
async fn set_aside<S: DocumentStore>(
    store: &S,
    key: &str,
    target: &Target,
    now: Timestamp,
) -> Result<(), ControlError> {
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    if let Some(stored) = store.get(key).await.map_err(port)? {
        let aside = format!("{key}.damaged-{}", now.as_second());
        store
            .put(&aside, &stored.bytes, Condition::Always)
            .await
            .map_err(port)?;
    }
    Ok(())
}

/// Stretches of incidents: spikes that nobody foresaw must not become a habit.
async fn incidents<S: DocumentStore>(
    store: &S,
    target: &Target,
    notes: &mut Vec<String>,
) -> Result<Vec<Interval>, ControlError> {
    let key = keys::incident(&target.name);
    let loaded = load::<Incident>(store, &key).await;
    let loaded = loaded.map_err(|source| ControlError::Port {
        target: target.name.clone(),
        source,
    })?;
    if let Loaded::Unusable(error, _) = &loaded {
        notes.push(format!("past incidents are ignored: {}", chain(error)));
    }
    let holds = loaded
        .body()
        .into_iter()
        .flat_map(|incident| incident.past.iter().chain(&incident.hold));
    Ok(holds
        .map(|hold| Interval {
            start: hold.since,
            end: hold.until,
        })
        .collect())
}

/// What one forecast is made from, beside the history.
struct Known<'a> {
    settings: &'a Settings,
    target: &'a Target,
    start: Timestamp,
    now: Timestamp,
    left_out: &'a [Interval],
}

impl Known<'_> {
    fn forecast(
        &self,
        history: &History,
        mut notes: Vec<String>,
    ) -> Result<Forecast, ControlError> {
        let Self {
            settings,
            target,
            start,
            now,
            left_out,
        } = *self;
        let demand =
            demand_series(history, target.step).map_err(|source| ControlError::Demand {
                target: target.name.clone(),
                source,
            })?;
        let end = start.saturating_add(HORIZON).unwrap_or(Timestamp::MAX);
        let occurrences = settings
            .config
            .occurrences(target, now, demand.start(), end);
        let (given, learnt): (Vec<&Occurrence>, Vec<&Occurrence>) = occurrences
            .iter()
            .partition(|o| is_given(o) && o.to() > start);
        let occasions: Vec<Occasion> = learnt.iter().map(|o| occasion(o)).collect();
        let kept = |place| Holiday::kept(place, &target.zone, demand.start(), end);
        let holidays = target.country.map_or_else(Vec::new, kept);
        notes.extend(target.country.and_then(|place| runs_out(place, end)));
        let request = ForecastRequest {
            history: &demand,
            cutoff: start,
            step: target.step,
            horizon_steps: target.step.covering(HORIZON),
            zone: &target.zone,
            training_days: target.training_days,
            occasions: &occasions,
            holidays: &holidays,
            left_out,
        };
        let prediction = forecast(&request).map_err(|source| ControlError::Forecast {
            target: target.name.clone(),
            source,
        })?;
        notes.extend(prediction.report.notes.iter().cloned());
        let mut body = document(&prediction, minute_spread(history, target.step), notes);
        for occurrence in &given {
            apply_occurrence(&mut body, occurrence);
        }
        body.events = occurrences
            .iter()
            .filter(|o| o.to() > start)
            .map(occurrence_id)
            .collect();
        body.data.from = Some(demand.start().max(self.trained_from()));
        Ok(body)
    }

    fn trained_from(&self) -> Timestamp {
        let span = SignedDuration::from_hours(24 * i64::from(self.target.training_days));
        self.start.saturating_sub(span).unwrap_or(Timestamp::MIN)
    }
}

/// That the table of holidays does not reach `end`, where it does not.
fn runs_out(place: Place, end: Timestamp) -> Option<String> {
    let year = end.to_zoned(TimeZone::UTC).year();
    let last = place.last_year();
    (year > last).then(|| {
        format!(
            "holidays of {} are known up to {last} only: later ones are taken for ordinary days",
            place.code()
        )
    })
}

/// Whether the effect is a number that people gave, which needs no learning.
fn is_given(occurrence: &Occurrence) -> bool {
    matches!(
        occurrence.effect,
        OccurrenceEffect::Multiplier(_) | OccurrenceEffect::Demand(_)
    )
}

fn occasion(occurrence: &Occurrence) -> Occasion {
    Occasion {
        name: occurrence.name.clone(),
        during: Interval {
            start: occurrence.from(),
            end: occurrence.to(),
        },
        effect: match occurrence.effect {
            OccurrenceEffect::Multiplier(factor) => Effect::Multiplier(factor),
            OccurrenceEffect::Demand(demand) => Effect::Absolute(demand),
            OccurrenceEffect::Like(at) => Effect::Like(at),
            OccurrenceEffect::Learnt => Effect::Learnt,
        },
    }
}

fn document(prediction: &Prediction, minute_spread: f64, notes: Vec<String>) -> Forecast {
    let Prediction { forecast, report } = prediction;
    let combined = report.candidates.first();
    Forecast {
        start: forecast.start,
        step_seconds: forecast.step.seconds(),
        levels: LEVELS.to_vec(),
        quantiles: forecast
            .rows
            .iter()
            .map(|row| row.map(rounded).to_vec())
            .collect(),
        minute_spread,
        model: report.model.clone(),
        candidates: report
            .candidates
            .iter()
            .map(|candidate| CandidateRecord {
                name: candidate.name.clone(),
                weight: candidate.weight,
                weighted_quantile_loss: candidate.weighted_quantile_loss,
                relative_error: candidate.relative_error,
            })
            .collect(),
        accuracy: Accuracy {
            weighted_quantile_loss: combined.and_then(|c| c.weighted_quantile_loss),
            relative_error: combined.and_then(|c| c.relative_error),
        },
        data: DataRecord {
            from: None,
            steps: report.data.steps,
            missing: report.data.missing,
            repaired: report
                .data
                .repaired
                .iter()
                .map(|(stretch, reason)| RepairRecord {
                    start: stretch.start,
                    end: stretch.end,
                    reason: reason.clone(),
                })
                .collect(),
        },
        events: Vec::new(),
        notes,
    }
}

/// A thousandth of a request a minute is below anything that matters, and keeps the document short.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
