use aws_config::SdkConfig;

use crate::connection::{beside_a_queue, connect};
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
    /// Region, credentials and HTTP client, for what only one function needs.
    pub sdk: SdkConfig,
}

impl Adapters {
    /// What the process's environment names.
    ///
    /// # Errors
    /// [`EnvironmentError`] naming the variable that is missing or impossible.
    pub async fn from_environment() -> Result<Self, EnvironmentError> {
        let environment = Environment::read()?;
        let sdk = connect().await;
        Ok(Self::new(&sdk, &sdk, environment))
    }

    /// The same; where there is a queue of tasks, with clients of Auto Scaling that send less for a
    /// while after they were throttled and leave it to the queue to try again.
    ///
    /// # Errors
    /// As [`Adapters::from_environment`].
    pub async fn for_many() -> Result<Self, EnvironmentError> {
        let environment = Environment::read()?;
        let sdk = connect().await;
        let groups = match environment.tasks {
            Some(_) => beside_a_queue(&sdk),
            None => sdk.clone(),
        };
        Ok(Self::new(&sdk, &groups, environment))
    }

    fn new(sdk: &SdkConfig, groups: &SdkConfig, environment: Environment) -> Self {
        Self {
            store: S3Store::new(sdk, &environment),
            metrics: CloudWatchMetrics::new(sdk),
            groups: Fleets::new(groups),
            notifier: Outbox::new(sdk, &environment),
            tasks: SqsTasks::new(sdk, environment.tasks.as_ref()),
            clock: SystemClock,
            environment,
            sdk: sdk.clone(),
        }
    }
}
