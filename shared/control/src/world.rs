/// The world as a handler sees it: one implementation of each port.
#[derive(Debug)]
pub struct World<'a, S, M, G, N, C> {
    /// Documents.
    pub store: &'a S,
    /// Metrics.
    pub metrics: &'a M,
    /// Auto Scaling groups.
    pub groups: &'a G,
    /// Messages to people.
    pub notifier: &'a N,
    /// Time.
    pub clock: &'a C,
}

impl<S, M, G, N, C> Clone for World<'_, S, M, G, N, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, M, G, N, C> Copy for World<'_, S, M, G, N, C> {}
