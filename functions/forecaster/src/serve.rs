use control::{TargetReport, World, load_settings};
use jiff::Timestamp;
use ports::{Clock, DocumentStore, MetricSource, Notifier, TaskQueue};
use serde_json::Value;
use tasks::{Batch, Fan, Limits, Task, Tried, deliveries};

use crate::night::{BY, forecast_all, forecast_target, measured};
use crate::overview;
use crate::{Answer, ForecasterError, Request};

/// Answers whatever the function is called with: a scheduled start or a request, which forecasts the
/// targets itself where they are few and hands them to `queue` where they are many, or tasks of the
/// queue. It is stopped at `deadline`. `tell` hears of each target that was tried, whatever came of it.
///
/// # Errors
/// [`ForecasterError`]; never for a task, whose failure is part of the answer.
pub async fn serve<S, M, G, N, C, Q>(
    event: &Value,
    world: &World<'_, S, M, G, N, C>,
    queue: &Q,
    limits: Limits,
    deadline: Timestamp,
    tell: &impl Fn(&TargetReport),
) -> Result<Answer, ForecasterError>
where
    S: DocumentStore,
    M: MetricSource,
    N: Notifier,
    C: Clock,
    Q: TaskQueue,
{
    let fan = Fan {
        function: BY,
        store: world.store,
        queue,
        clock: world.clock,
        limits,
    };
    if let Some(delivered) = deliveries(event) {
        let (pages, delivered): (Vec<_>, Vec<_>) = delivered
            .into_iter()
            .partition(|delivery| overview::asked(delivery).is_some());
        let mut again = Vec::new();
        for delivery in &pages {
            let Some(run) = overview::asked(delivery) else {
                continue;
            };
            let answered = overview::answer(world, queue, delivery, run, limits.receives, deadline);
            again.extend(answered.await);
        }
        if delivered.is_empty() {
            return Ok(Answer::WorkedOff(Batch { failures: again }));
        }
        let work = async |settings: &_, target: &_, task: &Task| {
            forecast_target(world, settings, target, task.again).await
        };
        let heard = async |tried: Tried<'_>| tell(&measured(world, tried).await);
        let mut batch = fan.work_off(&delivered, deadline, work, heard).await;
        batch.failures.extend(again);
        return Ok(Answer::WorkedOff(batch));
    }
    let request: Request =
        serde_json::from_value(event.clone()).map_err(ForecasterError::Request)?;
    let now = world.clock.now();
    let settings = load_settings(world.store, now)
        .await
        .map_err(ForecasterError::Settings)?;
    let wanted = fan.wanted(&settings, &request.targets);
    let Some(targets) = wanted.map_err(ForecasterError::Tasks)? else {
        let done = forecast_all(&request, settings, world, deadline, tell).await;
        return done.map(Answer::Done);
    };
    let run = request.scheduled.unwrap_or(now);
    let sent = fan.send(run, &targets, request.again).await;
    let mut sent = sent.map_err(ForecasterError::Tasks)?;
    sent.notes.extend(settings.notes.iter().cloned());
    sent.notes.extend(overview::ask(queue, run).await);
    Ok(Answer::Sent(sent))
}
