use aws_config::SdkConfig;

use crate::connection::{connect, connect_beside_a_queue};
use crate::{
    CloudWatchMetrics, Environment, EnvironmentError, Fleets, Outbox, S3Store, SqsTasks,
    SystemClock,
};

/// One adapter for each port, made once for each start of a function.
#[derive(Debug)]
pub struct Adapters {
    /// Documents.
    pub store: S3Store,
    /// Metrics.
    pub metrics: CloudWatchMetrics,
    /// Auto Scaling groups and scalable targets.
    pub groups: Fleets,
    /// Messages to people, to other tools, and to the responder itself.
    pub notifier: Outbox,
    /// Tasks, for functions with many targets.
    pub tasks: SqsTasks,
    /// Time.
    pub clock: SystemClock,
    /// What they were made from.
    pub environment: Environment,
}

impl Adapters {
    /// What the process's environment names.
    ///
    /// # Errors
    /// [`EnvironmentError`] naming the variable that is missing or impossible.
    pub async fn from_environment() -> Result<Self, EnvironmentError> {
        let environment = Environment::read()?;
        Ok(Self::new(&connect().await, environment))
    }

    /// The same; where there is a queue of tasks, with clients that send less for a while after they
    /// were throttled and leave it to the queue to try again.
    ///
    /// # Errors
    /// As [`Adapters::from_environment`].
    pub async fn for_many() -> Result<Self, EnvironmentError> {
        let environment = Environment::read()?;
        let sdk = match environment.tasks {
            Some(_) => connect_beside_a_queue().await,
            None => connect().await,
        };
        Ok(Self::new(&sdk, environment))
    }

    fn new(sdk: &SdkConfig, environment: Environment) -> Self {
        Self {
            store: S3Store::new(sdk, &environment),
            metrics: CloudWatchMetrics::new(sdk),
            groups: Fleets::new(sdk),
            notifier: Outbox::new(sdk, &environment),
            tasks: SqsTasks::new(sdk, environment.tasks.as_ref()),
            clock: SystemClock,
            environment,
        }
    }
}
