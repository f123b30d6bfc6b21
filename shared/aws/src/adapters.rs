use crate::connection::connect;
use crate::{
    CloudWatchMetrics, Environment, EnvironmentError, Fleets, Outbox, S3Store, SystemClock,
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
    /// Time.
    pub clock: SystemClock,
}

impl Adapters {
    /// What the process's environment names.
    ///
    /// # Errors
    /// [`EnvironmentError`] naming the variable that is missing or impossible.
    pub async fn from_environment() -> Result<Self, EnvironmentError> {
        let environment = Environment::read()?;
        let sdk = connect().await;
        Ok(Self {
            store: S3Store::new(&sdk, &environment),
            metrics: CloudWatchMetrics::new(&sdk),
            groups: Fleets::new(&sdk),
            notifier: Outbox::new(&sdk, &environment),
            clock: SystemClock,
        })
    }
}
