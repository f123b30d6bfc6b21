use config::{Event, Mode, Target};
use control::watching::last_night;
use control::watching::measures::TARGETS_FAILED;
use control::{
    ControlError, Loaded, Settings, TargetReport, World, chain, demand_series, gather_history,
    left_out, load, load_settings, minute_spread, occasion, occurrence_id, save,
};
use documents::{Envelope, Forecast, History, keys};
use forecasting::{ForecastRequest, Holiday, Interval, Occasion, forecast, rechoose, widen};
use holidays::Place;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ports::{Clock, Condition, DocumentStore, MetricSource, Notifier};
use tasks::{Tried, guarded, share};
use timeseries::Series;

use crate::fallback::stand_in;
use crate::incidents::incidents;
use crate::made::document;
use crate::watch::{self, Watched};
use crate::{ForecasterError, Request, Response};
use crate::{overview, page};

/// How far ahead a forecast reaches: the 48 hours that cover a day in any zone, and a third day so
/// that one missed night leaves a plan its day.
pub const HORIZON: SignedDuration = SignedDuration::from_hours(72);

/// Days on which lengths of history are compared when forecasts have got worse.
const RECHOICE_DAYS: u32 = 5;
/// Who writes.
pub(crate) const BY: &str = "forecaster";

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
    N: Notifier,
    C: Clock,
{
    let settings = load_settings(world.store, world.clock.now())
        .await
        .map_err(ForecasterError::Settings)?;
    forecast_all(&request, settings, world, Timestamp::MAX, &|_| {}).await
}

/// As [`handle`], with `settings` that were read already, in time before `deadline`. `tell` hears of
/// each target as soon as it was tried.
pub(crate) async fn forecast_all<S, M, G, N, C>(
    request: &Request,
    settings: Settings,
    world: &World<'_, S, M, G, N, C>,
    deadline: Timestamp,
    tell: &impl Fn(&TargetReport),
) -> Result<Response, ForecasterError>
where
    S: DocumentStore,
    M: MetricSource,
    N: Notifier,
    C: Clock,
{
    let now = world.clock.now();
    let targets = settings
        .targets(&request.targets)
        .map_err(ForecasterError::Settings)?;
    let mut reports = Vec::with_capacity(targets.len());
    for (index, target) in targets.iter().enumerate() {
        let mut notes = Vec::new();
        let limit = share(deadline, world.clock.now(), targets.len() - index);
        let made = night(world, &settings, target, request.again, now, &mut notes);
        let made = guarded(world.clock, &target.name, limit, made).await;
        let failure = made.as_ref().err().map(|it| (it.code(), it.chain()));
        if let Some((code, error)) = &failure {
            log(&target.name, code, error);
        }
        let failure = failure.as_ref().map(|(code, text)| (*code, text.as_str()));
        let tried = Tried {
            name: &target.name,
            target: Some(target),
            done: made.as_ref().map_err(|_| failure.unwrap_or_default()),
        };
        let mut report = measured(world, tried).await;
        if made.is_err() {
            report.notes.append(&mut notes);
        }
        tell(&report);
        reports.push(report);
    }
    for (name, error) in settings.wrong(&request.targets) {
        let text = error.chain();
        log(name, error.code(), &text);
        let tried = Tried {
            name,
            target: None,
            done: Err((error.code(), text.as_str())),
        };
        let report = measured(world, tried).await;
        tell(&report);
        reports.push(report);
    }
    let mut notes = settings.notes.clone();
    // A second run of a night that finds all done leaves the page as it is too.
    let news = |report: &TargetReport| report.changes > 0 || report.error.is_some();
    let news = reports.iter().any(news);
    if news && let Err(error) = overview::keep(world, &settings, now).await {
        tracing::warn!(%error, "overview not written");
        notes.push(format!("{} was not written: {error}", keys::OVERVIEW));
    }
    let failed: Vec<String> = reports
        .iter()
        .filter(|report| report.error.is_some())
        .map(|report| report.notes.join("; "))
        .collect();
    if failed.is_empty() {
        return Ok(Response {
            targets: reports,
            notes,
        });
    }
    let (total, detail) = (reports.len(), failed.join(" | "));
    Err(ForecasterError::Targets {
        failed: failed.len(),
        total,
        detail,
        reports,
    })
}

fn log(name: &str, code: &str, error: &str) {
    tracing::error!(target_name = %name, error, code, "no forecast");
}

/// Writes the pages of `targets` anew, all for an empty list, and the one about all: for whoever has just
/// made a plan and wants to see it before the next night. What there is to say comes back.
///
/// # Errors
/// [`ForecasterError::Settings`]. A page that cannot be written is told and harms nothing.
pub async fn pages<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    targets: &[String],
) -> Result<Vec<String>, ForecasterError>
where
    S: DocumentStore,
    M: MetricSource,
    C: Clock,
{
    let now = world.clock.now();
    let settings = load_settings(world.store, now)
        .await
        .map_err(ForecasterError::Settings)?;
    let mut notes = Vec::new();
    let chosen = settings
        .targets(targets)
        .map_err(ForecasterError::Settings)?;
    for target in chosen.iter().filter(|target| target.mode != Mode::Off) {
        page::keep(world, &settings, target, now, &mut notes).await;
    }
    if let Err(error) = overview::keep(world, &settings, now).await {
        notes.push(format!("{} was not written: {error}", keys::OVERVIEW));
    }
    Ok(notes)
}

/// Forecasts one target; `again` also where there is a forecast already.
///
/// # Errors
/// [`ControlError`]; what is there stays, or a stand-in is written.
pub async fn forecast_target<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    again: bool,
) -> Result<TargetReport, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
    N: Notifier,
    C: Clock,
{
    let mut notes = Vec::new();
    let now = world.clock.now();
    let made = night(world, settings, target, again, now, &mut notes).await;
    if made.is_err() && !notes.is_empty() {
        tracing::warn!(target_name = %target.name, ?notes, "no forecast");
    }
    made
}

/// The report of a target however its night ended, with what is known in any case.
pub(crate) async fn measured<S: DocumentStore, M, G, N, C: Clock>(
    world: &World<'_, S, M, G, N, C>,
    tried: Tried<'_>,
) -> TargetReport {
    let mut report = tried.report();
    if let Some(target) = tried.target {
        report.figures.asked = target.metrics;
    }
    if tried.target.is_some_and(|target| target.mode == Mode::Off) {
        return report;
    }
    let failed = report.error.is_some();
    report
        .figures
        .add(&TARGETS_FAILED, if failed { 1.0 } else { 0.0 });
    match last_night(world.store, tried.name, world.clock.now()).await {
        Ok(figures) => report.figures.extend(&figures),
        Err(error) => {
            let note = format!("how the last night did is not told: {error}");
            report.notes.push(note);
        }
    }
    report
}

async fn night<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    again: bool,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Result<TargetReport, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
    N: Notifier,
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
    let present = load::<Forecast>(world.store, &key).await.map_err(port)?;
    match &present {
        Loaded::Found(found, _) if !again && !watch::stand_in(&found.body) => {
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
    let body = match model(world, settings, target, (start, now), notes).await {
        Ok(body) => body,
        Err(trouble) => {
            // The failure is reported all the same, so that the run is repeated; what it finds of a
            // stand-in it replaces.
            if let Loaded::Absent | Loaded::Unusable(..) = &present
                && let Some(body) =
                    stand_in(world.store, settings, target, (start, now), &trouble).await?
            {
                let document = Envelope::new(Some(&target.name), now, BY, body);
                save(world.store, &key, &document, present.unchanged()).await?;
                tracing::warn!(target_name = %target.name, key = %key, "stand-in written");
            }
            return Err(trouble);
        }
    };
    let model = body.model.clone();
    let document = Envelope::new(Some(&target.name), now, BY, body);
    save(world.store, &key, &document, present.unchanged()).await?;
    tracing::info!(target_name = %target.name, key = %key, model = %model, "forecast written");
    page::keep(world, settings, target, now, notes).await;
    let mut report = TargetReport::new(&target.name, "forecast", format!("{key} by {model}"));
    report.notes.append(notes);
    report.changes = 1;
    Ok(report)
}

/// This night's model: history, watch over the last nights, forecast.
async fn model<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    (start, now): (Timestamp, Timestamp),
    notes: &mut Vec<String>,
) -> Result<Forecast, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
    N: Notifier,
{
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let history = history(world, (target, &settings.config.events), now, notes).await?;
    let (mut unlearnt, trouble) = left_out(world.store, &target.name).await.map_err(port)?;
    notes.extend(trouble);
    unlearnt.extend(incidents(world.store, target, &settings.config.events, start, notes).await?);
    let demand = demand_series(&history, target.step).map_err(|source| ControlError::Demand {
        target: target.name.clone(),
        source,
    })?;
    let seen = (start, &demand);
    let mut watched = Watched::look(world.store, target, seen, &unlearnt, notes).await;
    let known = Known {
        settings,
        target,
        start,
        now,
        left_out: &unlearnt,
        demand: &demand,
    };
    let body = known.forecast(&history, &mut watched, notes.clone());
    watched.keep(world, target, now, notes).await;
    body
}

/// The archive brought up to date, and stored where it changed.
async fn history<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    (target, events): (&Target, &[Event]),
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
    let history = gather_history(world.metrics, target, events, archived.body(), now).await?;
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

/// What one forecast is made from.
struct Known<'a> {
    settings: &'a Settings,
    target: &'a Target,
    start: Timestamp,
    now: Timestamp,
    left_out: &'a [Interval],
    demand: &'a Series,
}

impl Known<'_> {
    fn forecast(
        &self,
        history: &History,
        watched: &mut Watched,
        mut notes: Vec<String>,
    ) -> Result<Forecast, ControlError> {
        let Self {
            settings,
            target,
            start,
            now,
            left_out,
            demand,
        } = *self;
        let trouble = |source| ControlError::Forecast {
            target: target.name.clone(),
            source,
        };
        let end = start.saturating_add(HORIZON).unwrap_or(Timestamp::MAX);
        let occurrences = settings
            .config
            .occurrences(target, now, demand.start(), end);
        // All of them are known now: one announced since the step began is not late.
        let occasions: Vec<Occasion> = occurrences
            .iter()
            .map(|occurrence| Occasion {
                announced_at: None,
                ..occasion(occurrence)
            })
            .collect();
        let kept = |place| Holiday::kept(place, &target.zone, demand.start(), end);
        let holidays = target.country.map_or_else(Vec::new, kept);
        notes.extend(target.country.and_then(|place| runs_out(place, end)));
        let mut request = ForecastRequest {
            history: demand,
            cutoff: start,
            step: target.step,
            horizon_steps: target.step.covering(HORIZON),
            zone: &target.zone,
            training_days: target.training_days,
            occasions: &occasions,
            holidays: &holidays,
            left_out,
        };
        if watched.drifting() {
            let (days, _) = rechoose(&request, RECHOICE_DAYS).map_err(trouble)?;
            watched.chose(Some(days).filter(|days| *days != target.training_days));
            request.training_days = days;
        }
        let mut prediction = forecast(&request).map_err(trouble)?;
        if watched.drifting() {
            widen(&mut prediction.forecast, watched.drift.widening);
            notes.extend(watch::note(&watched.drift));
        }
        notes.extend(prediction.report.notes.iter().cloned());
        let mut body = document(&prediction, minute_spread(history, target.step), notes);
        body.events = occurrences
            .iter()
            .filter(|o| o.to() > start)
            .map(occurrence_id)
            .collect();
        let reach = SignedDuration::from_hours(24 * i64::from(request.training_days));
        let from = start.saturating_sub(reach).unwrap_or(Timestamp::MIN);
        body.data.from = Some(demand.start().max(from));
        Ok(body)
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
