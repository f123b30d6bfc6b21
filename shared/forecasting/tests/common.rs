//! What several files of tests use.

use forecasting::{ForecastRequest, Prediction, forecast};
use jiff::tz::TimeZone;
use timeseries::Series;

/// Numbers from 0 to 1 that nobody can foretell, the same in every run; others for another `seed`.
/// Source: splitmix64, Steele, Lea & Flood 2014.
pub(crate) fn chance(index: usize, seed: u64) -> f64 {
    let mut z = (index as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(seed);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}

/// The forecast of the day after `history`, of which nothing else is known.
pub(crate) fn next_day(history: &Series) -> Prediction {
    forecast(&ForecastRequest {
        history,
        cutoff: history.end(),
        step: history.step(),
        horizon_steps: history.step().per_day(),
        zone: &TimeZone::UTC,
        training_days: 56,
        occasions: &[],
        holidays: &[],
        left_out: &[],
    })
    .unwrap()
}

/// Ends the program when it is not dropped within ten minutes, hundreds of times what any case takes: a
/// hang is then a failure with its case told, not a build that never ends.
pub(crate) struct Watch(std::sync::mpsc::Sender<()>);

impl Watch {
    /// Watches over `case`.
    pub(crate) fn over(case: String) -> Self {
        let (done, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let limit = std::time::Duration::from_secs(600);
            if ended.recv_timeout(limit) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                eprintln!("no end after ten minutes: {case}");
                std::process::abort();
            }
        });
        Self(done)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The watching thread may have ended the program already.
        let _ = self.0.send(());
    }
}

/// Cases of a random test: `usual`, or as many as FORESCALE_CASES asks for in a long campaign. Each case
/// is of a new seed, which proptest tells and keeps when it fails.
#[expect(
    clippy::disallowed_methods,
    reason = "how long to look for failures is asked for outside"
)]
pub(crate) fn cases(usual: u32) -> proptest::prelude::ProptestConfig {
    let asked = std::env::var("FORESCALE_CASES").ok();
    let asked = asked.and_then(|text| text.parse().ok());
    proptest::prelude::ProptestConfig::with_cases(asked.unwrap_or(usual))
}
