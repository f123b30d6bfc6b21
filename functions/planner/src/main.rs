//! The `planner` Lambda function: every hour, makes each group's scheduled actions match the
//! forecast.
//!
//! Wiring only. The library decides; `aws` makes the calls.

// One future holds a whole run, calls to AWS and all.
#![recursion_limit = "256"]

use aws::{Adapters, StackFormation};
use control::watching::measures::STACK;
use control::watching::metric_line;
use control::{TargetReport, World};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn, tracing};
use planner::{PlannerError, serve};
use ports::Clock;
use serde_json::Value;
use tasks::Limits;

/// How long the function may run, as `infra/template.yaml` has it.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let aws = Adapters::for_many().await?;
    let limits = limits(&aws);
    let stack = aws.environment.stack.as_str();
    // Another stack may have a target of the same name.
    let metrics = aws.metrics.clone().publishing_with(STACK, stack);
    let world = World {
        store: &aws.store,
        metrics: &metrics,
        groups: &aws.groups,
        notifier: &aws.notifier,
        clock: &aws.clock,
    };
    let formation = StackFormation::new(&aws.sdk);
    let (world, queue, formation) = (&world, &aws.tasks, &formation);
    let tell = &|report: &TargetReport| {
        aws::print(metric_line(report, stack, world.clock.now()));
    };
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let deadline = Timestamp::from_millisecond(deadline).unwrap_or(Timestamp::MAX);
        let answer = serve(
            &event.payload,
            world,
            queue,
            formation,
            limits,
            deadline,
            tell,
        );
        let answer = answer.await;
        answer.map_err(|error| diagnostic(&error))
    }))
    .await
}

fn limits(aws: &Adapters) -> Limits {
    let usual = Limits::of(TIMEOUT);
    let Some(told) = &aws.environment.tasks else {
        return usual;
    };
    Limits {
        inline: told.inline.map_or(usual.inline, |it| it as usize),
        receives: told.receives.unwrap_or(usual.receives),
        wait: told
            .retry_seconds
            .map_or(usual.wait, |it| SignedDuration::from_secs(it.into())),
        ..usual
    }
}

fn diagnostic(error: &PlannerError) -> Diagnostic {
    let (error_type, error_message) = (error.code().to_owned(), aws::chain(error));
    tracing::error!(error_type, error_message, "failed");
    Diagnostic {
        error_type,
        error_message,
    }
}
