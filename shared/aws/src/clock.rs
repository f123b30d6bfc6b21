use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ports::Clock;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, span: SignedDuration) {
        // A negative span is no wait at all.
        tokio::time::sleep(Duration::try_from(span).unwrap_or_default()).await;
    }
}
