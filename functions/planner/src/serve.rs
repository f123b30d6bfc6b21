use control::{TargetReport, World, load_settings};
use jiff::Timestamp;
use ports::{
    Clock, DocumentStore, Formation, GroupWriter, MetricSink, MetricSource, Notifier, Reminder,
    TaskQueue,
};
use serde_json::Value;
use tasks::{Batch, Fan, Limits, Sent, Tried, deliveries};

use crate::hour::{BY, measured, plan_all, plan_target};
use crate::removal::{self, Leaving};
use crate::{Answer, PlannerError, Request};

/// Answers whatever the function is called with: a scheduled start or a request, which plans the
/// targets itself where they are few and hands them to `queue` where they are many, or tasks of the
/// queue, or what CloudFormation asks of `formation`'s stack. It is stopped at `deadline`. `tell` hears of each target that was tried, whatever came of it.
///
/// # Errors
/// [`PlannerError`]; never for a task, whose failure is part of the answer.
pub async fn serve<S, M, G, N, C, Q, F>(
    event: &Value,
    world: &World<'_, S, M, G, N, C>,
    queue: &Q,
    formation: &F,
    limits: Limits,
    deadline: Timestamp,
    tell: &impl Fn(&TargetReport),
) -> Result<Answer, PlannerError>
where
    S: DocumentStore,
    M: MetricSource + MetricSink,
    G: GroupWriter,
    N: Notifier + Reminder,
    C: Clock,
    Q: TaskQueue,
    F: Formation,
{
    let fan = Fan {
        function: BY,
        store: world.store,
        queue,
        clock: world.clock,
        limits,
    };
    let leaving = Leaving {
        world,
        queue,
        formation,
        deadline,
        receives: limits.receives,
    };
    if let Some(asked) = removal::Request::of(event) {
        let asked = asked.map_err(PlannerError::Request)?;
        return leaving.asked(asked).await.map(Answer::Removal);
    }
    if let Some(delivered) = deliveries(event) {
        let (delivered, failures) = leaving.delivered(delivered).await;
        if delivered.is_empty() {
            return Ok(Answer::WorkedOff(Batch { failures }));
        }
        let work = async |settings: &_, target: &_, _: &_| {
            plan_target(world, settings, target, world.clock.now()).await
        };
        let heard = async |tried: Tried<'_>| tell(&measured(world, tried).await);
        let mut batch = fan.work_off(&delivered, deadline, work, heard).await;
        batch.failures.extend(failures);
        return Ok(Answer::WorkedOff(batch));
    }
    let request: Request = serde_json::from_value(event.clone()).map_err(PlannerError::Request)?;
    let now = world.clock.now();
    let settings = load_settings(world.store, now)
        .await
        .map_err(PlannerError::Settings)?;
    let wanted = fan.wanted(&settings, &request.targets);
    let Some(targets) = wanted.map_err(PlannerError::Tasks)? else {
        let done = plan_all(&request, settings, world, deadline, tell).await;
        return done.map(Answer::Done);
    };
    let run = request.scheduled.unwrap_or(now);
    let mut sent = match &settings.pause {
        Some(pause) => Sent {
            run,
            sent: 0,
            notes: vec![format!(
                "paused by {} since {}: {}",
                pause.by, pause.since, pause.reason
            )],
        },
        None => {
            let sent = fan.send(run, &targets, false).await;
            sent.map_err(PlannerError::Tasks)?
        }
    };
    sent.notes.extend(settings.notes.iter().cloned());
    Ok(Answer::Sent(sent))
}
