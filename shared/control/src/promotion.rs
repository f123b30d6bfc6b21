//! What a target in shadow mode has shown so far.

use documents::{LedgerEntry, ShadowLedger, keys};
use jiff::{SignedDuration, Timestamp};
use planning::servers_for;
use ports::{DocumentStore, PortError};

use crate::store::load;

/// Days that speak for or against.
const DAYS: i64 = 7;
/// Hours of them that must be known: most of a week, each time of day several times.
const LEAST_HOURS: usize = 120;
/// Share of hours in which the floor may lie under what demand needed: reactive policies stand
/// above it, and a floor that is never too low is dear.
const MOST_UNDER: f64 = 0.02;

/// What the last week's shadow ledgers say of `target`, and whether to go on to a canary; `None`
/// where too little is known.
///
/// # Errors
/// [`PortError`] when the store does not answer. A ledger that cannot be read does not count.
pub async fn promotion(
    store: &impl DocumentStore,
    target: &str,
    throughput: f64,
    now: Timestamp,
) -> Result<Option<String>, PortError> {
    let mut entries = Vec::new();
    for back in 0..DAYS {
        let span = SignedDuration::from_hours(24 * back);
        let day = now.saturating_sub(span).unwrap_or(Timestamp::MIN);
        let ledger = load::<ShadowLedger>(store, &keys::ledger(target, day)).await?;
        entries.extend(ledger.body().into_iter().flat_map(|l| l.entries.clone()));
    }
    Ok(judged(&entries, throughput))
}

/// Saved and risked, hour by hour: with the floor, servers would have been what the floor or demand
/// needs, whichever is more.
fn judged(entries: &[LedgerEntry], throughput: f64) -> Option<String> {
    let known: Vec<(f64, f64, bool)> = entries
        .iter()
        .filter(|entry| entry.event.is_none())
        .filter_map(|entry| {
            let needed = servers_for(entry.demand?, throughput);
            let planned = entry.floor.max(needed);
            let under = entry.floor < needed;
            Some((f64::from(entry.in_service), f64::from(planned), under))
        })
        .collect();
    if known.len() < LEAST_HOURS {
        return None;
    }
    let (had, planned) = known
        .iter()
        .fold((0.0, 0.0), |sum, hour| (sum.0 + hour.0, sum.1 + hour.1));
    let under = known.iter().filter(|hour| hour.2).count();
    let saved = 100.0 * (1.0 - planned / f64::max(had, 1.0));
    let hours = known.len();
    let promoted = under as f64 <= MOST_UNDER * hours as f64;
    let follows = if promoted {
        "mode = \"canary\" is proposed"
    } else {
        "not yet one to apply"
    };
    Some(format!(
        "in shadow for {hours} hours: {planned:.0} server-hours planned where {had:.0} ran ({saved:+.0} % saved), the floor under demand's need in {under} of them: {follows}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(index: i64, floor: u32, demand: f64) -> LedgerEntry {
        LedgerEntry {
            at: Timestamp::from_second(index * 3600).unwrap(),
            by: "planner".to_owned(),
            event: None,
            min_size: 2,
            in_service: 10,
            floor,
            demand: Some(demand),
            would_write: 1,
            reason: String::new(),
        }
    }

    #[test]
    fn a_week_of_good_hours_proposes_a_canary() {
        let good: Vec<_> = (0..168).map(|index| hour(index, 8, 750.0)).collect();
        let said = judged(&good, 100.0).unwrap();
        assert!(
            said.contains("1344 server-hours planned where 1680 ran (+20 % saved)"),
            "{said}"
        );
        assert!(said.ends_with("mode = \"canary\" is proposed"), "{said}");
        assert_eq!(judged(&good[..100], 100.0), None);
    }

    #[test]
    fn floors_under_the_need_do_not() {
        let bad: Vec<_> = (0..168)
            .map(|index| hour(index, if index % 10 == 0 { 4 } else { 8 }, 750.0))
            .collect();
        let said = judged(&bad, 100.0).unwrap();
        assert!(said.contains("in 17 of them: not yet"), "{said}");
    }
}
