use config::{MissingBand, Mode, Target};
use control::ControlError;
use control::watching::measures::TARGETS_FAILED;
use control::{
    Settings, TargetReport, TimelyWorld, World, acquire, band_alarm_name, load_settings, release,
    release_mark,
};
use diagnosis::{Alarm, AlarmState};
use jiff::{SignedDuration, Timestamp};
use ports::{Clock, DocumentStore, GroupWriter, MetricSource, Notifier, Reminder};
use serde_json::Value;

use crate::act::act;
use crate::event::{Cause, causes};
use crate::gather::gather;
use crate::shadow::shadow;
use crate::tell::tell_blind;
use crate::{ResponderError, Response, concerned, keep};

/// Who writes.
pub(crate) const BY: &str = "responder";
/// An alarm older than this is recorded and not acted on: Lambda may deliver one hours late, and
/// the hourly planner has long seen what it was about.
const TOO_OLD: SignedDuration = SignedDuration::from_mins(60);

/// Why nothing is done where an alarm cannot see.
const BLIND: &str =
    "INSUFFICIENT_DATA: demand or the band is missing; people are told, as configured";
/// How long one call may take: an attempt that hangs and one that answers. The function has a minute.
const NEEDED: SignedDuration = SignedDuration::from_secs(12);

/// Answers an alarm, or looks again at what an alarm began. An event that is neither, or nobody's,
/// or silenced, is answered with a note: delivering it again would change nothing.
///
/// # Errors
/// [`ResponderError`] when delivering the event again may help.
pub async fn handle<S, M, G, N, C>(
    event: &Value,
    world: &World<'_, S, M, G, N, C>,
) -> Result<Response, ResponderError>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupWriter,
    N: Notifier + Reminder,
    C: Clock,
{
    let limited = TimelyWorld::new(world, NEEDED);
    let world = &limited.world();
    let mut answer = Response {
        targets: Vec::new(),
        notes: Vec::new(),
    };
    let (causes, refused) = causes(event);
    for error in refused {
        tracing::warn!(error = %error, "event refused");
        answer.notes.push(format!("refused: {error}"));
    }
    if causes.is_empty() {
        return Ok(answer);
    }
    let now = world.clock.now();
    let settings = load_settings(world.store, now)
        .await
        .map_err(ResponderError::Settings)?;
    answer.notes.extend(settings.notes.iter().cloned());
    for cause in &causes {
        let targets = match cause {
            Cause::Alarm(alarm) => concerned(&settings.config, alarm),
            Cause::Look { look, .. } => settings.config.target(&look.target).into_iter().collect(),
        };
        if targets.is_empty() {
            let id = cause.id();
            tracing::warn!(event = %id, "event concerns no target");
            answer.notes.push(format!(
                "{id} concerns no target: no name pattern fits and no dimension names one"
            ));
        }
        for target in targets {
            let mut report = match respond(world, &settings, target, cause, now).await {
                Ok(report) => report,
                Err(error) => {
                    let chain = error.chain();
                    tracing::error!(target_name = %target.name, event = %cause.id(), error = %chain, code = error.code(), "event not answered");
                    TargetReport::failed(&target.name, &error)
                }
            };
            measure(target, &mut report);
            answer.targets.push(report);
        }
    }
    let failed = answer
        .targets
        .iter()
        .filter(|report| report.error.is_some());
    let failed: Vec<String> = failed.map(|report| report.notes.join("; ")).collect();
    if failed.is_empty() {
        return Ok(answer);
    }
    let (total, detail) = (answer.targets.len(), failed.join(" | "));
    Err(ResponderError::Targets {
        failed: failed.len(),
        total,
        detail,
        reports: answer.targets,
    })
}

fn measure(target: &Target, report: &mut TargetReport) {
    report.figures.asked = target.metrics;
    if target.mode != Mode::Off {
        let failed = report.error.is_some();
        report
            .figures
            .add(&TARGETS_FAILED, if failed { 1.0 } else { 0.0 });
    }
}

/// What is made of an alarm that is not simply acted on.
enum Aside {
    /// It is recorded, for this reason.
    Recorded(String),
    /// People hear that the alarm cannot see, which is what the configuration wants.
    Told,
}

/// What becomes of `alarm`, where it is not acted on.
fn aside(target: &Target, alarm: &Alarm, now: Timestamp) -> Option<Aside> {
    let recorded = |reason: &str| Some(Aside::Recorded(reason.to_owned()));
    if let Some(by) = &alarm.silenced_by {
        return recorded(by);
    }
    let age = now.duration_since(alarm.changed_at);
    let late =
        (age > TOO_OLD).then(|| format!("{} minutes old, too late to act on", age.as_mins()));
    match alarm.state {
        AlarmState::Ok => recorded("back to OK; what is held is handed back in steps"),
        AlarmState::Alarm => late.map(Aside::Recorded),
        AlarmState::InsufficientData => match blind(target, alarm) {
            Some(MissingBand::Breaching) => late.map(Aside::Recorded),
            Some(MissingBand::Missing) => late.map_or(Some(Aside::Told), |it| recorded(&it)),
            Some(MissingBand::NotBreaching | MissingBand::Ignore) => recorded(
                "INSUFFICIENT_DATA: the configuration wants nothing made of a missing band",
            ),
            None => recorded("INSUFFICIENT_DATA is no evidence of demand; nothing is lowered"),
        },
    }
}

/// What the configuration makes of a band's alarm that cannot see; `None` for other alarms, and for
/// one that has not been looked at yet since it was created.
fn blind(target: &Target, alarm: &Alarm) -> Option<MissingBand> {
    let new = alarm
        .reason
        .starts_with("Unchecked: Initial alarm creation");
    (!new && alarm.name == band_alarm_name(target)).then_some(target.response.band_missing)
}

async fn respond<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    cause: &Cause,
    now: Timestamp,
) -> Result<TargetReport, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupWriter,
    N: Notifier + Reminder,
    C: Clock,
{
    if target.mode == Mode::Off {
        return Ok(TargetReport::new(&target.name, "off", ""));
    }
    if let Cause::Alarm(alarm) = cause
        && let Some(aside) = aside(target, alarm, now)
    {
        let (reason, told) = match aside {
            Aside::Recorded(reason) => (reason, false),
            Aside::Told => (BLIND.to_owned(), true),
        };
        tracing::info!(alarm = %alarm.name, reason = %reason, "alarm not acted on");
        let note = format!("alarm {}: {reason}", alarm.name);
        let mut report = TargetReport::new(&target.name, "ignored", note);
        let first = keep::keep(world.store, target, alarm, &reason, now).await?;
        if first && told {
            report
                .notes
                .extend(tell_blind(world.notifier, target, alarm).await);
        }
        return Ok(report);
    }
    if let Some(pause) = &settings.pause {
        let note = format!(
            "paused by {} since {}: {}",
            pause.by, pause.since, pause.reason
        );
        keep::pause(world, target, cause, &note, now).await?;
        return Ok(TargetReport::new(&target.name, "paused", note));
    }
    if target.mode != Mode::Shadow
        && let Some(mark) = release_mark(world.store, &target.name).await?
    {
        return Ok(TargetReport::new(&target.name, "released", mark));
    }
    if target.mode == Mode::Shadow {
        let gathered = gather(world, settings, target, now).await?;
        return shadow(world, target, cause, gathered, now).await;
    }
    // At the same time: each takes as long as the other.
    let (gathered, lease) = futures_util::join!(
        gather(world, settings, target, now),
        acquire(world, &target.name, BY)
    );
    let lease = lease?;
    let gathered = match gathered {
        Ok(gathered) => gathered,
        Err(error) => {
            release(world, lease).await;
            return Err(error);
        }
    };
    let report = act(world, target, cause, gathered, &lease, now).await;
    release(world, lease).await;
    report
}
