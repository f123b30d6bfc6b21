//! What the last minutes say of the next ones, and what the past says of both.

use config::{Target, Throughput};
use documents::{Envelope, Forecast, NearRecord, ReplayRecord, TunedFor, Tuning, keys};
use fleet::{Policy, PolicyKind, Tracked};
use forecasting::{Interval, NearModel};
use jiff::{SignedDuration, Timestamp};
use planning::{Past, Rhythm, Rules, tune};
use ports::{DocumentStore, MetricSource};
use simulation::TargetTracking;
use timeseries::{Series, Step};

use crate::metrics::minutes_of;
use crate::settings::{Settings, left_out};
use crate::store::{load, save};
use crate::{ControlError, newest_forecast};

/// Minutes read to see where the day stands: what corrects the rest of the day looks a day back,
/// and a forecast may be some hours older.
const SEEN_MINUTES: i64 = 26 * 60;
/// Minutes from a minute's start until CloudWatch has all of it.
const DELAY_MINUTES: i64 = 2;
/// Days replayed: as long as CloudWatch keeps minutes. Source: Amazon CloudWatch user guide,
/// "Metrics retention".
const TUNED_DAYS: i64 = 14;
/// Shares of throughput at which target tracking is tried. Above one, servers would be over their
/// throughput before the policy looks.
const UTILIZATIONS: [f64; 5] = [0.8, 0.85, 0.9, 0.95, 1.0];
/// A throughput or utilization that moved by less is the same one.
const SAME: f64 = 0.02;
/// A policy that needs this much more than the best one is worth a word.
const WORTH_A_WORD: f64 = 1.02;
/// Who writes.
const BY: &str = "planner";

/// What is known of the moment beyond the forecast.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// Demand by the minute, the newest last.
    pub minutes: Option<Series>,
    /// What the past says.
    pub tuning: Option<Tuning>,
    /// Whether a policy of the group adds and removes servers by itself.
    pub reacts: bool,
}

/// Reads the last minutes. What cannot be read is a note: the forecast alone is then planned for.
pub(crate) async fn seen<M: MetricSource>(
    metrics: &M,
    target: &Target,
    now: Timestamp,
) -> Result<Option<Series>, ports::PortError> {
    let back = |minutes: i64| {
        let span = SignedDuration::from_mins(minutes);
        Step::MINUTE
            .floor(now)
            .saturating_sub(span)
            .unwrap_or(Timestamp::MIN)
    };
    let to = back(DELAY_MINUTES - 1);
    minutes_of(metrics, target, back(SEEN_MINUTES + DELAY_MINUTES), to).await
}

/// The last minutes and the tuning that fits the newest forecast, made anew where there is none.
/// Whatever fails is a note: a plan does not wait for it.
pub async fn sight<S, M>(
    store: &S,
    metrics: &M,
    settings: &Settings,
    target: &Target,
    rules: &Rules,
    policies: &[Policy],
    now: Timestamp,
) -> (Sight, Vec<String>)
where
    S: DocumentStore,
    M: MetricSource,
{
    let mut notes = Vec::new();
    let minutes = match seen(metrics, target, now).await {
        Ok(minutes) => minutes,
        Err(error) => {
            notes.push(format!("the last minutes are unknown: {error}"));
            None
        }
    };
    let tuning = match tuned(store, metrics, settings, target, rules, policies, now).await {
        Ok(tuning) => tuning,
        Err(error) => {
            notes.push(format!("planned without the past: {}", error.chain()));
            None
        }
    };
    if let Some(tuning) = &tuning {
        notes.extend(tuning.notes.iter().cloned());
    }
    let reacts = policies
        .iter()
        .any(|policy| policy.enabled && policy.scales_in && policy.kind != PolicyKind::Predictive);
    let sight = Sight {
        minutes,
        tuning,
        reacts,
    };
    (sight, notes)
}

async fn tuned<S, M>(
    store: &S,
    metrics: &M,
    settings: &Settings,
    target: &Target,
    rules: &Rules,
    policies: &[Policy],
    now: Timestamp,
) -> Result<Option<Tuning>, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
{
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let key = keys::tuning(&target.name);
    let stored = load::<Tuning>(store, &key).await.map_err(port)?;
    let utilization = utilization(target, rules, policies);
    let wanted = |forecast: String| TunedFor {
        forecast,
        throughput: rules.throughput,
        lead_seconds: rules.lead_time.as_secs(),
        risk: rules.risk,
        every_seconds: target.plan_every.as_secs(),
        utilization,
    };
    let today = wanted(keys::forecast(&target.name, now));
    if let Some(tuning) = stored
        .body()
        .filter(|tuning| same(&tuning.made_for, &today))
    {
        return Ok(Some(tuning.clone()));
    }
    let Some((forecast_key, forecast)) = newest_forecast(store, target, now).await? else {
        return Ok(stored.body().cloned());
    };
    let wanted = wanted(forecast_key);
    if let Some(tuning) = stored
        .body()
        .filter(|tuning| same(&tuning.made_for, &wanted))
    {
        return Ok(Some(tuning.clone()));
    }
    if stored.is_newer() {
        return Ok(None);
    }
    let tuning = make(
        store, metrics, settings, target, rules, &forecast, wanted, now,
    )
    .await?;
    let document = Envelope::new(Some(&target.name), now, BY, tuning);
    // Another run may have been faster with the same; what is known is planned by all the same.
    let kept = save(store, &key, &document, stored.unchanged()).await;
    let mut tuning = document.body;
    if let Err(error) = kept {
        let note = format!("what the past says was not kept: {}", error.chain());
        tuning.notes.push(note);
    }
    Ok(Some(tuning))
}

fn same(made: &TunedFor, wanted: &TunedFor) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= SAME * b.abs();
    made.forecast == wanted.forecast
        && near(made.throughput, wanted.throughput)
        && made.lead_seconds == wanted.lead_seconds
        && made.risk == wanted.risk
        && made.every_seconds == wanted.every_seconds
        && match (made.utilization, wanted.utilization) {
            (Some(made), Some(wanted)) => near(made, wanted),
            (None, None) => true,
            _ => false,
        }
}

/// Share of a server's throughput that the group's own target tracking aims at; the lowest of
/// several, which acts first. `None` where no policy says.
#[must_use]
pub fn utilization(target: &Target, rules: &Rules, policies: &[Policy]) -> Option<f64> {
    let share = |tracked: Tracked| match (tracked, &target.throughput) {
        (Tracked::RequestsPerServer(value), _) => Some(value / rules.throughput),
        (
            Tracked::Cpu(percent),
            Throughput::Measured {
                resource,
                utilization,
                ..
            },
        ) if resource.name == "CPUUtilization" => Some(percent / utilization),
        (Tracked::Cpu(_), _) => None,
    };
    policies
        .iter()
        .filter(|policy| policy.enabled && policy.kind == PolicyKind::TargetTracking)
        .filter_map(|policy| share(policy.tracks?))
        .filter(|share| share.is_finite() && *share > 0.0)
        .min_by(f64::total_cmp)
}

#[allow(
    clippy::too_many_arguments,
    reason = "one caller; a struct would only rename them"
)]
async fn make<S, M>(
    store: &S,
    metrics: &M,
    settings: &Settings,
    target: &Target,
    rules: &Rules,
    forecast: &Forecast,
    made_for: TunedFor,
    now: Timestamp,
) -> Result<Tuning, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
{
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let nothing = |made_for, note: &str| Tuning {
        made_for,
        near: None,
        price: None,
        replayed: None,
        best: None,
        notes: vec![note.to_owned()],
    };
    let Some(medians) = past_medians(forecast) else {
        return Ok(nothing(
            made_for,
            "the forecast says nothing of past days: planned by its quantiles alone",
        ));
    };
    let span = SignedDuration::from_hours(24 * TUNED_DAYS);
    let from = forecast
        .start
        .saturating_sub(span)
        .unwrap_or(Timestamp::MIN);
    let minutes = minutes_of(metrics, target, from, forecast.start)
        .await
        .map_err(port)?;
    let unjudged = unjudged(
        store,
        settings,
        target,
        medians.start(),
        forecast.start,
        now,
    )
    .await?;
    let model = minutes
        .as_ref()
        .and_then(|minutes| NearModel::learn(minutes, &medians, &unjudged));
    let (Some(minutes), Some(model)) = (minutes, model) else {
        return Ok(nothing(
            made_for,
            "fewer than three days of minutes are known: planned by the forecast's quantiles alone",
        ));
    };
    let past = Past {
        demand: &minutes,
        medians: &medians,
        left_out: &unjudged,
    };
    let rhythm = Rhythm {
        every: usize::try_from(target.plan_every.as_mins()).unwrap_or(60),
        delay: DELAY_MINUTES as usize,
        exact: made_for.utilization.is_none(),
    };
    let tracking = |utilization| {
        Some(TargetTracking {
            utilization,
            scales_in: true,
        })
    };
    let present = made_for.utilization.and_then(tracking);
    let replayed = tune(&model, &past, rules, rhythm, &[present]);
    let tried = UTILIZATIONS.map(tracking);
    let floor = Rhythm {
        exact: false,
        ..rhythm
    };
    let best = tune(&model, &past, rules, floor, &tried);
    let record = |tuning: &planning::Tuning| ReplayRecord {
        utilization: tuning.reactive.map(|policy| policy.utilization),
        price: tuning.price,
        risk: tuning.risk,
        server_minutes: tuning.server_minutes,
        days: tuning.days,
        kept: tuning.kept,
    };
    let (replayed, best) = (replayed.as_ref().map(record), best.as_ref().map(record));
    let mut notes = Vec::new();
    if replayed.is_none() {
        notes.push("fewer than eight days of minutes are known: the price of a server is set by the forecast's quantiles".to_owned());
    }
    notes.extend(advice(replayed.as_ref(), best.as_ref(), rules));
    Ok(Tuning {
        made_for,
        near: Some(NearRecord::of(&model)),
        price: replayed.as_ref().map(|replay| replay.price),
        replayed,
        best,
        notes,
    })
}

/// What to tell people about the group's reactive policy.
fn advice(
    replayed: Option<&ReplayRecord>,
    best: Option<&ReplayRecord>,
    rules: &Rules,
) -> Option<String> {
    let (replayed, best) = (replayed?, best?);
    let aim = best.utilization?;
    let value = aim * rules.throughput;
    let dearer = replayed.server_minutes / best.server_minutes.max(1.0);
    let saves = (1.0 - 1.0 / dearer) * 100.0;
    if replayed.utilization.is_none() && dearer > WORTH_A_WORD {
        return Some(format!(
            "no target tracking on demand per server was found: with one at {value:.0}/min the last {} days would have needed {saves:.0} % fewer server-minutes at the same risk",
            best.days
        ));
    }
    let present = replayed.utilization?;
    if best.kept && !replayed.kept {
        return Some(format!(
            "target tracking at {:.0}/min a server loses more than asked for ({:.3} %); at {value:.0}/min the last {} days would have kept to it",
            present * rules.throughput,
            replayed.risk * 100.0,
            best.days
        ));
    }
    (dearer > WORTH_A_WORD).then(|| {
        format!(
            "target tracking at {:.0}/min a server fights the plan: at {value:.0}/min the last {} days would have needed {saves:.0} % fewer server-minutes at the same risk",
            present * rules.throughput,
            best.days
        )
    })
}

/// The forecast's medians of past days; `None` where it carries none.
fn past_medians(forecast: &Forecast) -> Option<Series> {
    let past = forecast.past.as_ref()?;
    let series = Series::new(past.start, forecast.step(), past.medians.clone()).ok()?;
    (!series.is_empty()).then_some(series)
}

/// What past days are not to be judged by: days left out, and occasions, which have models of their
/// own. Incidents stay: what they lost was lost.
async fn unjudged<S: DocumentStore>(
    store: &S,
    settings: &Settings,
    target: &Target,
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
) -> Result<Vec<Interval>, ControlError> {
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let (mut intervals, _) = left_out(store, &target.name).await.map_err(port)?;
    let occurrences = settings.config.occurrences(target, now, from, to);
    intervals.extend(occurrences.iter().map(|occurrence| Interval {
        start: occurrence.from(),
        end: occurrence.to(),
    }));
    Ok(intervals)
}
