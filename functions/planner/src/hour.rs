use config::{Mode, Target};
use control::watching::measures::{FORECAST_AGE, PLAN_AGE, TARGETS_FAILED};
use control::watching::{forecast_age, of_servers, plan_age};
use control::{
    Ask, ControlError, Evidence, Known, Loaded, Settings, Standing, Study, TargetReport,
    WantedPolicy, World, acquire, evidence, held_back, load, load_settings, look_again, needs,
    present, recent_demand, reconcile, release, resolve_rules, save, short, shortfall_text, sight,
    spent, wanted_policy,
};
use documents::{Envelope, Measurements, Plan, keys};
use fleet::{Group, Policy};
use jiff::Timestamp;
use planning::{Present, Rules};
use ports::{
    Clock, Condition, DocumentStore, GroupReader, GroupWriter, Message, MetricSink, MetricSource,
    Notifier, Reminder,
};
use tasks::{Tried, guarded, share};
use timeseries::Series;

use crate::band::publish_band;
use crate::shadow::{Looking, shadow};
use crate::{PlannerError, Request, Response};

/// Who writes.
pub(crate) const BY: &str = "planner";

/// Plans every target asked for. One that fails does not keep the others from theirs.
///
/// # Errors
/// [`PlannerError`] when nothing could be tried, or after all were tried and some failed.
pub async fn handle<S, M, G, N, C>(
    request: Request,
    world: &World<'_, S, M, G, N, C>,
) -> Result<Response, PlannerError>
where
    S: DocumentStore,
    M: MetricSource + MetricSink,
    G: GroupWriter,
    N: Notifier + Reminder,
    C: Clock,
{
    let settings = load_settings(world.store, world.clock.now())
        .await
        .map_err(PlannerError::Settings)?;
    plan_all(&request, settings, world, Timestamp::MAX, &|_| {}).await
}

/// As [`handle`], with `settings` that were read already, in time before `deadline`. `tell` hears of
/// each target as soon as it was tried.
pub(crate) async fn plan_all<S, M, G, N, C>(
    request: &Request,
    settings: Settings,
    world: &World<'_, S, M, G, N, C>,
    deadline: Timestamp,
    tell: &impl Fn(&TargetReport),
) -> Result<Response, PlannerError>
where
    S: DocumentStore,
    M: MetricSource + MetricSink,
    G: GroupWriter,
    N: Notifier + Reminder,
    C: Clock,
{
    let targets = settings
        .targets(&request.targets)
        .map_err(PlannerError::Settings)?;
    let mut reports = Vec::with_capacity(targets.len());
    for (index, target) in targets.iter().enumerate() {
        let now = world.clock.now();
        let limit = share(deadline, now, targets.len() - index);
        let planned = plan_target(world, &settings, target, now);
        let planned = guarded(world.clock, &target.name, limit, planned).await;
        let failure = planned.as_ref().err().map(|it| (it.code(), it.chain()));
        if let Some((code, error)) = &failure {
            log(&target.name, code, error);
        }
        let failure = failure.as_ref().map(|(code, text)| (*code, text.as_str()));
        let tried = Tried {
            name: &target.name,
            target: Some(target),
            done: planned.as_ref().map_err(|_| failure.unwrap_or_default()),
        };
        reports.push(measured(world, tried).await);
        reports.last().into_iter().for_each(tell);
    }
    for (name, error) in settings.wrong(&request.targets) {
        let text = error.chain();
        log(name, error.code(), &text);
        let tried = Tried {
            name,
            target: None,
            done: Err((error.code(), text.as_str())),
        };
        reports.push(measured(world, tried).await);
        reports.last().into_iter().for_each(tell);
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
    Err(PlannerError::Targets {
        failed: failed.len(),
        total,
        detail,
        reports,
    })
}

/// The report of a target however its run ended, with what is known in any case: whether it failed,
/// how old forecast and plan are. What cannot be read is a note.
pub(crate) async fn measured<S: DocumentStore, M, G, N, C: Clock>(
    world: &World<'_, S, M, G, N, C>,
    tried: Tried<'_>,
) -> TargetReport {
    let (name, now) = (tried.name, world.clock.now());
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
    // Nothing is planned in a pause, and nobody wants to hear that plans age.
    if report.outcome == "paused" {
        return report;
    }
    let plan = if failed {
        plan_age(world.store, name, now).await
    } else {
        Ok(Some(0.0))
    };
    let forecast = forecast_age(world.store, name, now).await;
    for (measure, age) in [(&PLAN_AGE, plan), (&FORECAST_AGE, forecast)] {
        match age {
            Ok(age) => report.figures.add(measure, age.unwrap_or(f64::NAN)),
            Err(error) => {
                let note = format!("{} is not told: {error}", measure.name);
                report.notes.push(note);
            }
        }
    }
    report
}

fn log(name: &str, code: &str, error: &str) {
    tracing::error!(target_name = %name, error, code, "not planned");
}

/// Plans one target.
///
/// # Errors
/// [`ControlError`]; the group is then as it was or part of the way to a higher floor.
pub async fn plan_target<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    now: Timestamp,
) -> Result<TargetReport, ControlError>
where
    S: DocumentStore,
    M: MetricSource + MetricSink,
    G: GroupWriter,
    N: Notifier + Reminder,
    C: Clock,
{
    if target.mode == Mode::Off {
        return Ok(TargetReport::new(&target.name, "off", ""));
    }
    if let Some(pause) = &settings.pause {
        let note = format!(
            "paused by {} since {}: {}",
            pause.by, pause.since, pause.reason
        );
        return Ok(TargetReport::new(&target.name, "paused", note));
    }
    // Whatever becomes of the plan: somebody has to look.
    let lost = look_again(world, &target.name, now).await;
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let group = world.groups.group(&target.group).await.map_err(port)?;
    let mut gathered = gather(world, settings, target, &group, now).await?;
    let notes = std::mem::take(&mut gathered.notes);
    let upper = std::mem::take(&mut gathered.standing.upper);
    let seen = gathered.seen.clone();
    let remember = gathered.remember.take();
    let mut report = if target.mode == Mode::Shadow {
        let seen = Looking {
            store: world.store,
            metrics: world.metrics,
            groups: world.groups,
        };
        shadow(&seen, target, &group, gathered, now).await?
    } else {
        act(world, target, &group, gathered).await?
    };
    report.notes.extend(notes);
    if let Some((measurements, condition)) = remember {
        let document = Envelope::new(Some(&target.name), now, BY, measurements);
        let key = keys::measurements(&target.name);
        if let Err(error) = save(world.store, &key, &document, condition).await {
            let note = format!("measurements are not stored: {}", error.chain());
            report.notes.push(note);
        }
    }
    report
        .notes
        .extend(publish_band(world, settings, target, &upper, seen.as_ref(), now).await);
    report.notes.extend(lost);
    Ok(report)
}

/// What a plan is made of.
pub(crate) struct Gathered {
    pub(crate) rules: Rules,
    pub(crate) present: Option<Present>,
    pub(crate) standing: Standing,
    pub(crate) evidence: Evidence,
    pub(crate) policy: Option<WantedPolicy>,
    /// The group's policies as they are.
    pub(crate) policies: Vec<Policy>,
    /// Demand by the minute, for the dashboard.
    pub(crate) seen: Option<Series>,
    /// What was measured anew, and what it replaces: written once the run is through, since whoever
    /// does not hold the lease changes nothing.
    remember: Option<(Measurements, Condition)>,
    notes: Vec<String>,
}

async fn gather<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    group: &Group,
    now: Timestamp,
) -> Result<Gathered, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupReader,
{
    let mut notes = Vec::new();
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let key = keys::measurements(&target.name);
    // What is not remembered is measured again: no reason to be without a plan.
    let stored = match load::<Measurements>(world.store, &key).await {
        Ok(stored) => Some(stored),
        Err(error) => {
            notes.push(format!("earlier measurements are unknown: {error}"));
            None
        }
    };
    let remembered = stored.as_ref().and_then(Loaded::body);
    let known = Known {
        measurements: remembered,
        check: true,
    };
    let (mut rules, mut measured) =
        resolve_rules(target, group, known, world.metrics, world.groups, now).await;
    let present = match recent_demand(world.metrics, target, now).await {
        Ok(recent) => present(&recent, now),
        Err(error) => {
            notes.push(format!("present demand is unknown: {error}"));
            None
        }
    };
    let mut evidence = evidence(world.metrics, target, group, &rules, present, now).await;
    if held_back(&mut rules, &mut measured, remembered, &evidence) {
        evidence.short = short(group, &rules, present);
    }
    // What ran while this plan was only shown says nothing of what it would have spent.
    let before = remembered.and_then(|known| known.spent.as_ref());
    let (spent, untold) = match target.mode {
        Mode::Off | Mode::Shadow => (None, None),
        Mode::Canary(_) | Mode::Active => spent(world.metrics, target, before, group, now).await,
    };
    notes.extend(untold);
    let measurements = Measurements {
        spent: spent.clone(),
        ..measured.measurements
    };
    let new = remembered.cloned().unwrap_or_default() != measurements;
    let remember = stored
        .filter(|stored| new && !stored.is_newer())
        .map(|stored| (measurements, stored.unchanged()));
    let policies = world.groups.policies(&target.group).await;
    let policies = policies.map_err(port)?;
    let (mut sight, more) = sight(&Study {
        store: world.store,
        metrics: world.metrics,
        settings,
        target,
        rules: &rules,
        policies: &policies,
        now,
    })
    .await;
    notes.extend(more);
    sight.spent = spent;
    let tuning = sight.tuning.as_ref();
    let policy = tuning.and_then(|tuning| wanted_policy(target, &rules, &policies, tuning));
    let mut standing = needs(world.store, settings, target, &rules, present, &sight, now).await?;
    standing.needs.notes.extend(measured.notes);
    evidence.cut = standing.cut;
    Ok(Gathered {
        rules,
        present,
        standing,
        evidence,
        policy,
        policies,
        seen: sight.minutes,
        remember,
        notes,
    })
}

async fn act<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    group: &Group,
    gathered: Gathered,
) -> Result<TargetReport, ControlError>
where
    S: DocumentStore,
    G: GroupWriter,
    N: Notifier,
    C: Clock,
{
    let key = keys::plan(&target.name);
    let before = load::<Plan>(world.store, &key).await;
    let before = before.map_err(|source| ControlError::Port {
        target: target.name.clone(),
        source,
    })?;
    let known = before.body().and_then(|plan| plan.shortfall.clone());
    let lease = acquire(world, &target.name, BY).await?;
    let Gathered {
        rules,
        present,
        standing,
        evidence,
        policy,
        ..
    } = gathered;
    let throughput = rules.throughput;
    let ask = Ask {
        target,
        by: BY,
        rules,
        needs: Some(standing.needs),
        present,
        evidence,
        policy,
        ceiling: standing.ceiling,
    };
    let outcome = reconcile(world, &lease, ask).await;
    release(world, lease).await;
    if let Err(ControlError::Released { mark, .. }) = outcome {
        return Ok(TargetReport::new(&target.name, "released", mark));
    }
    if let Err(error @ ControlError::Unsafe { .. }) = &outcome {
        let subject = format!("Forescale refused its own plan for {}", target.name);
        tell(world.notifier, target, subject, error.chain()).await;
    }
    let outcome = outcome?;
    if let Some(text) = &outcome.canary {
        let subject = format!(
            "{}: {}",
            target.name,
            text.split(':').next().unwrap_or(text)
        );
        tell(world.notifier, target, subject, text.clone()).await;
    }
    let shortfall = outcome.plan.shortfall.as_ref();
    if let Some(shortfall) = shortfall.filter(|shortfall| shortfall.is_news(known.as_ref())) {
        let subject = format!("{} will need more servers than it may have", target.name);
        tell(world.notifier, target, subject, shortfall_text(shortfall)).await;
    }
    let mut report = TargetReport::of(&target.name, &outcome);
    let servers = of_servers(target, group, &outcome, present, throughput);
    report.figures.extend(&servers);
    Ok(report)
}

/// A message that cannot be sent is logged: it must not keep servers from arriving.
async fn tell<N: Notifier>(notifier: &N, target: &Target, subject: String, text: String) {
    let record = serde_json::json!({ "target": target.name, "group": target.group, "by": BY });
    if let Err(error) = notifier
        .notify(&Message {
            subject,
            text,
            record,
        })
        .await
    {
        tracing::error!(target_name = %target.name, error = %error, "message not sent");
    }
}
