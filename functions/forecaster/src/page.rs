//! The page about a target, written each night beside its documents.

use config::{Mode, Target};
use control::{World, load, metric_name, metric_statistic};
use documents::{
    Baseline, Document, Forecast, History, Incident, Plan, Record, ShadowLedger, keys,
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use ports::{Condition, DocumentStore, MetricSource, Reading};
use report::stored::{Documents, target_page};
use report::{Effect, Page, effect, html};
use timeseries::Step;

/// Days that the page shows.
const DAYS: u16 = 14;

/// Writes the page. One that cannot be written is said and harms nothing: everything on it stands in
/// the documents.
pub(crate) async fn keep<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    now: Timestamp,
    notes: &mut Vec<String>,
) where
    S: DocumentStore,
    M: MetricSource,
{
    let text = make(world, target, now).await;
    let key = keys::page(&target.name);
    let put = world.store.put(&key, text.as_bytes(), Condition::Always);
    if let Err(error) = put.await {
        tracing::warn!(target_name = %target.name, %error, "page not written");
        notes.push(format!("{key} was not written: {error}"));
    }
}

async fn make<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    now: Timestamp,
) -> String
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
        incident: incident.as_ref(),
        record: record.as_ref(),
        ledger: &ledger,
    };
    let mut shown = target_page(&documents, now, DAYS);
    shown.effect = match &history {
        Some(history) => realised(world, target, now, history).await,
        None => None,
    };
    html(&Page {
        title: format!("Forescale: {name}"),
        made_at: now,
        targets: vec![shown],
    })
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
