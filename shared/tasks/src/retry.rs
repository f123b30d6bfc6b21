//! When what failed is tried again.

use jiff::SignedDuration;

/// Longest wait of a task.
pub(crate) const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// How long a task waits that has failed `failures` times: about `first`, then twice as long each
/// time. Half of it is drawn from `name`, so that tasks that failed together do not come back
/// together, and a test knows what comes.
pub(crate) fn wait(first: SignedDuration, failures: u32, name: &str) -> SignedDuration {
    let doublings = failures.saturating_sub(1).min(16);
    let longest = first
        .checked_mul(1 << doublings)
        .map_or(LONGEST, |span| span.min(LONGEST));
    let share = 0.5 + 0.5 * f64::from(drawn(name, failures)) / f64::from(u32::MAX);
    let seconds = (longest.as_secs_f64() * share).max(0.0);
    SignedDuration::try_from_secs_f64(seconds).unwrap_or(longest)
}

/// A number that looks random and is always the same for `name` and `number`.
///
/// FNV-1a (Fowler, Noll, Vo; IETF draft-eastlake-fnv) with the last step of MurmurHash3
/// (Appleby), without which near names would get near numbers.
fn drawn(name: &str, number: u32) -> u32 {
    let bytes = name.bytes().chain(number.to_le_bytes());
    let mut hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_are_spread_and_end() {
        let first = SignedDuration::from_secs(30);
        for failures in 1..=40 {
            let waits: Vec<f64> = (0..500)
                .map(|n| wait(first, failures, &format!("web-{n}")).as_secs_f64())
                .collect();
            let most = f64::min(900.0, 30.0 * 2f64.powi(failures.cast_signed() - 1));
            assert!(waits.iter().all(|it| (0.5 * most..=most).contains(it)));
            let mean = waits.iter().sum::<f64>() / 500.0;
            assert!(
                (0.7 * most..0.8 * most).contains(&mean),
                "{failures} {mean}"
            );
        }
    }
}
