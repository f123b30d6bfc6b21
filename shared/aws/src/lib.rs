//! The ports on AWS: S3 as document store, CloudWatch as metric source and sink, Auto Scaling and
//! Application Auto Scaling as groups,
//! SNS, EventBridge and SQS as what goes out, and the clock of the machine.
//!
//! Adapters only translate. Every list is followed to its last page, every per-item failure of a
//! batch is handed on, and every error becomes a [`ports::PortError`] that says whether something
//! may have been written.

mod adapters;
mod alarms;
mod answer;
mod clock;
mod connection;
mod environment;
mod fleets;
#[cfg(feature = "formation")]
mod formation;
mod groups;
mod metrics;
mod notifier;
mod outbox;
mod print;
mod scalable;
mod store;
#[cfg(feature = "survey")]
mod survey;
mod tasks;
mod time;

pub use adapters::Adapters;
pub use alarms::CloudWatchAlarms;
pub use answer::chain;
pub use aws_config::SdkConfig;
pub use clock::SystemClock;
pub use connection::{
    ATTEMPT_TIMEOUT, CONNECT_TIMEOUT, ConnectionError, MOST_ATTEMPTS, OPERATION_TIMEOUT,
    beside_a_queue, connect, loader, ready,
};
pub use environment::{Environment, EnvironmentError, TasksEnvironment};
pub use fleets::Fleets;
#[cfg(feature = "formation")]
pub use formation::StackFormation;
pub use groups::AutoScalingGroups;
pub use metrics::CloudWatchMetrics;
pub use notifier::SnsNotifier;
pub use outbox::Outbox;
pub use print::print;
pub use scalable::ScalableTargets;
pub use store::S3Store;
#[cfg(feature = "survey")]
pub use survey::AccountSurvey;
pub use tasks::SqsTasks;
