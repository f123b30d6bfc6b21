use jiff::SignedDuration;

/// How tasks are sent and worked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most targets that a run serves by itself; more go through the queue, where there is one.
    pub inline: usize,
    /// How often the queue delivers a task at most; what fails then is given up.
    pub receives: u32,
    /// About how long a task that was throttled or got no answer waits the first time; each further
    /// wait is twice as long, up to a quarter of an hour.
    pub wait: SignedDuration,
    /// How long one target may take.
    pub target: SignedDuration,
}

impl Limits {
    /// Those of a function that may run for `timeout`, with 20 targets in one run, 5 deliveries and
    /// first waits of half a minute.
    #[must_use]
    pub fn of(timeout: SignedDuration) -> Self {
        Self {
            inline: 20,
            receives: 5,
            wait: SignedDuration::from_secs(30),
            target: timeout / 2,
        }
    }
}

/// One function's way through the queue.
#[derive(Debug)]
pub struct Fan<'a, S, Q, C> {
    /// The function's name, in tasks, turns and logs.
    pub function: &'static str,
    /// Where turns are kept.
    pub store: &'a S,
    /// The queue.
    pub queue: &'a Q,
    /// Time.
    pub clock: &'a C,
    /// How.
    pub limits: Limits,
}
