//! The page about a target, written each night beside its documents.

use config::{Mode, Target};
use control::{Settings, World, load, metric_name, metric_statistic, save};
use documents::{
    Baseline, Document, Envelope, Forecast, History, Incident, Plan, Record, ShadowLedger, keys,
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use ports::{Condition, DocumentStore, MetricName, MetricSource, Reading};
use report::stored::{Documents, fill_line, target_page};
use report::{Effect, LineKind, Page, TargetPage, brief, effect, html};
use timeseries::Step;

use crate::night::BY;

/// Days that the page shows.
const DAYS: u16 = 14;

/// Writes the page. One that cannot be written is said and harms nothing: everything on it stands in
/// the documents.
pub(crate) async fn keep<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    now: Timestamp,
    notes: &mut Vec<String>,
) where
    S: DocumentStore,
    M: MetricSource,
{
    let shown = make(world, settings, target, now).await;
    let brief = brief(&shown, target.mode.name(), now);
    let text = html(&Page {
        title: format!("Forescale: {}", target.name),
        made_at: now,
        overview: Some(keys::OVERVIEW_FROM_PAGE.to_owned()),
        target: shown,
    });
    let key = keys::page(&target.name);
    let put = world.store.put(&key, text.as_bytes(), Condition::Always);
    if let Err(error) = put.await {
        tracing::warn!(target_name = %target.name, %error, "page not written");
        notes.push(format!("{key} was not written: {error}"));
    }
    let key = keys::brief(&target.name);
    let document = Envelope::new(Some(&target.name), now, BY, brief);
    if let Err(error) = save(world.store, &key, &document, Condition::Always).await {
        tracing::warn!(target_name = %target.name, %error, "brief not written");
        notes.push(format!("{key} was not written: {error}"));
    }
}

async fn make<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    now: Timestamp,
) -> TargetPage
where
    S: DocumentStore,
    M: MetricSource,
{
    let (store, name) = (world.store, target.name.as_str());
    let mut forecasts: Vec<Forecast> = several(store, keys::forecasts_for(name, now, DAYS)).await;
    forecasts.sort_by_key(|forecast| forecast.start);
    let days = (0..=i64::from(DAYS)).filter_map(|back| {
        let at = now
            .checked_sub(SignedDuration::from_hours(24 * back))
            .ok()?;
        Some(keys::ledger(name, at))
    });
    let ledgers: Vec<ShadowLedger> = match target.mode {
        Mode::Shadow => several(store, days).await,
        _ => Vec::new(),
    };
    let mut ledger: Vec<_> = ledgers.into_iter().flat_map(|day| day.entries).collect();
    ledger.sort_by_key(|entry| entry.at);
    let history: Option<History> = one(store, &keys::history(name)).await;
    let plan: Option<Plan> = one(store, &keys::plan(name)).await;
    let incident: Option<Incident> = one(store, &keys::incident(name)).await;
    let record: Option<Record> = one(store, &keys::record(name)).await;
    let documents = Documents {
        name,
        zone: &target.zone,
        throughput: Some(target.throughput.assumed()),
        history: history.as_ref(),
        forecasts: &forecasts,
        plan: plan.as_ref(),
        pause: settings.pause.as_ref(),
        incident: incident.as_ref(),
        record: record.as_ref(),
        ledger: &ledger,
    };
    let mut shown = target_page(&documents, now, DAYS);
    if let (Mode::Canary(_) | Mode::Active, Some(history)) = (target.mode, &history) {
        servers(world, target, now, history, &mut shown).await;
    }
    shown.effect = match &history {
        Some(history) => realised(world, target, now, history).await,
        None => None,
    };
    shown
}

/// Adds the servers that were in service, and the group's MinSize where its own metric tells it: a plan in
/// force keeps no past of its own.
async fn servers<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    now: Timestamp,
    history: &History,
    page: &mut TargetPage,
) where
    M: MetricSource,
{
    let Some(in_service) = &target.response.signals.in_service else {
        return;
    };
    let step = Step::from_seconds(i64::from(history.step_seconds)).unwrap_or(Step::HOUR);
    let period = step.max(Step::FIVE_MINUTES);
    let back = SignedDuration::from_hours(24 * i64::from(DAYS));
    let from = period.floor(now.saturating_sub(back).unwrap_or(Timestamp::MIN));
    let reading = |metric| Reading {
        metric,
        statistic: metric_statistic(in_service),
        period,
        from,
        to: period.floor(now),
    };
    let measured = metric_name(in_service);
    let mut wanted = vec![(LineKind::InService, measured.clone())];
    if measured.name == "GroupInServiceInstances" {
        let name = "GroupMinSize".to_owned();
        wanted.push((LineKind::Floor, MetricName { name, ..measured }));
    }
    let readings: Vec<Reading> = wanted.iter().map(|(_, it)| reading(it.clone())).collect();
    let read = world.metrics.read_many(&readings).await;
    for ((kind, metric), points) in wanted.iter().zip(read) {
        let points = points.unwrap_or_else(|error| {
            // The page is made all the same, without that line.
            tracing::warn!(target_name = %target.name, metric = metric.name, %error, "not shown");
            Vec::new()
        });
        let points: Vec<_> = points.iter().map(|it| (it.at, it.value)).collect();
        let fresh = period.duration() * 3;
        fill_line(page, *kind, &points, fresh, now);
    }
}

/// What became of the group since it was adopted; nothing before, or where servers are not measured.
async fn realised<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    now: Timestamp,
    history: &History,
) -> Option<Effect>
where
    S: DocumentStore,
    M: MetricSource,
{
    if !matches!(target.mode, Mode::Canary(_) | Mode::Active) {
        return None;
    }
    let key = keys::baseline(&target.name);
    let since = match load::<Baseline>(world.store, &key).await.ok()? {
        control::Loaded::Found(envelope, _) => envelope.written_at,
        _ => return None,
    };
    let signals = &target.response.signals;
    let (from, to) = report::effect_hours(since, now);
    let metrics = [signals.in_service.as_ref()?];
    let metrics = metrics.into_iter().chain(&signals.cpu);
    let readings: Vec<Reading> = metrics
        .map(|metric| Reading {
            metric: metric_name(metric),
            statistic: metric_statistic(metric),
            period: Step::HOUR,
            from,
            to,
        })
        .collect();
    let mut read = world.metrics.read_many(&readings).await.into_iter();
    let mut points = || {
        let points = read.next().and_then(Result::ok).unwrap_or_default();
        points
            .iter()
            .map(|point| (point.at, point.value))
            .collect::<Vec<_>>()
    };
    let (servers, cpu) = (points(), points());
    effect(since, now, &history.demand_series().ok()?, &servers, &cpu)
}

async fn one<B: Document + Clone>(store: &impl DocumentStore, key: &str) -> Option<B> {
    load::<B>(store, key).await.ok()?.body().cloned()
}

async fn several<B: Document + Clone>(
    store: &impl DocumentStore,
    keys: impl Iterator<Item = String>,
) -> Vec<B> {
    let read = keys.map(async |key| one(store, &key).await);
    join_all(read).await.into_iter().flatten().collect()
}
