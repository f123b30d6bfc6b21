//! The `responder` Lambda function: called by alarms, raises capacity for what no forecast saw.
//!
//! Wiring only. The library decides; `aws` makes the calls.

// One future holds a whole answer, calls to AWS and all.
#![recursion_limit = "256"]

use aws::Adapters;
use control::World;
use control::watching::metric_line;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn, tracing};
use ports::Clock;
use responder::{ResponderError, handle};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let aws = Adapters::from_environment().await?;
    let stack = aws.environment.stack.as_str();
    let world = World {
        store: &aws.store,
        metrics: &aws.metrics,
        groups: &aws.groups,
        notifier: &aws.notifier,
        clock: &aws.clock,
    };
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        let answer = handle(&event.payload, &world).await;
        let reports = match &answer {
            Ok(answer) => answer.targets.as_slice(),
            Err(error) => error.reports(),
        };
        for report in reports {
            aws::print(metric_line(report, stack, world.clock.now()));
        }
        answer.map_err(|error| diagnostic(&error))
    }))
    .await
}

fn diagnostic(error: &ResponderError) -> Diagnostic {
    let (error_type, error_message) = (error.code().to_owned(), aws::chain(error));
    tracing::error!(error_type, error_message, "failed");
    Diagnostic {
        error_type,
        error_message,
    }
}
