//! Servers for the next minutes and hours: until well after the next run, what the last minutes
//! say is worth more than last night's forecast.

use documents::PlanStep;
use forecasting::{NEAR_LEVELS, NearModel, NearState, widen_near};
use jiff::{SignedDuration, Timestamp};

use crate::curve::Curve;
use crate::floors::minutes_between;
use crate::throughput::{rate, servers_for};
use crate::{MOST_SERVERS, Rules};

/// Index of the median in [`NEAR_LEVELS`].
const MEDIAN: usize = 6;

/// Index of the 999th thousandth.
const UPPER: usize = 19;

/// Minutes that share one number of servers.
pub const NEAR_BLOCK: usize = 5;

/// What the last minutes say, and what a server is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook<'a> {
    /// How the target's demand goes on.
    pub model: &'a NearModel,
    /// Where it stands.
    pub state: NearState,
    /// Start of the newest minute seen.
    pub seen: Timestamp,
    /// What one server more must carry to be worth it, as a share of its throughput: above 0,
    /// below 1. See [`crate::tune`].
    pub price: f64,
    /// Deviation, in log scale, of what an occasion that has not begun may bring: the last minutes
    /// know nothing of it. 0 outside of occasions.
    pub occasion: f64,
    /// Whether policies of the group scale out by themselves, which the price counts on.
    pub reacts: bool,
}

impl Outlook<'_> {
    /// One step each [`NEAR_BLOCK`] minutes in `[from, until)`; `median` is the forecast of a
    /// moment. It ends early where the forecast or the model does.
    #[must_use]
    pub fn steps(
        &self,
        from: Timestamp,
        until: Timestamp,
        rules: &Rules,
        median: impl Fn(Timestamp) -> Option<f64>,
    ) -> Vec<PlanStep> {
        self.blocks(from, until, median)
            .map(|(start, median, values)| {
                let servers = worth(&values, self.price, rules.throughput);
                PlanStep {
                    start,
                    servers: servers.max(rules.min_servers),
                    reason: self.reason(&values, median, servers, rules),
                }
            })
            .collect()
    }

    /// What demand stays under 999 times in a thousand, one entry each [`NEAR_BLOCK`] minutes in
    /// `[from, until)`, in requests per minute.
    #[must_use]
    pub fn upper(
        &self,
        from: Timestamp,
        until: Timestamp,
        median: impl Fn(Timestamp) -> Option<f64>,
    ) -> Vec<(Timestamp, f64)> {
        self.blocks(from, until, median)
            .map(|(start, _, values)| (start, values[UPPER]))
            .collect()
    }

    /// Servers that the demand which is expected takes, the median, one entry each [`NEAR_BLOCK`]
    /// minutes in `[from, until)`.
    #[must_use]
    pub fn expected(
        &self,
        from: Timestamp,
        until: Timestamp,
        rules: &Rules,
        median: impl Fn(Timestamp) -> Option<f64>,
    ) -> Vec<(Timestamp, u32)> {
        self.blocks(from, until, median)
            .map(|(start, _, values)| (start, servers_for(values[MEDIAN], rules.throughput)))
            .collect()
    }

    /// Start, median and quantiles of each block.
    fn blocks(
        &self,
        from: Timestamp,
        until: Timestamp,
        median: impl Fn(Timestamp) -> Option<f64>,
    ) -> impl Iterator<Item = (Timestamp, f64, [f64; NEAR_LEVELS.len()])> {
        let block = SignedDuration::from_mins(NEAR_BLOCK as i64);
        let middle = SignedDuration::from_mins(NEAR_BLOCK as i64 / 2);
        let starts = std::iter::successors(Some(from), move |start| start.checked_add(block).ok());
        starts
            .take_while(move |start| *start < until)
            .map_while(move |start| {
                let at = start.checked_add(middle).ok()?;
                let ahead = u32::try_from(minutes_between(self.seen, at).max(1)).ok()?;
                let median = median(at)?;
                let mut values = self.model.quantiles(&self.state, at, ahead, median)?;
                widen_near(&mut values, self.occasion);
                Some((start, median, values))
            })
    }

    fn reason(
        &self,
        values: &[f64; NEAR_LEVELS.len()],
        median: f64,
        servers: u32,
        rules: &Rules,
    ) -> String {
        let capacity = f64::from(servers) * rules.throughput;
        let level = Curve::new(&NEAR_LEVELS, values).level_of(capacity);
        let level = (level * 1000.0).floor().min(999.0) / 10.0;
        let mut text = format!(
            "demand of {}/min expected (p50; forecast {}/min, {:+.0} % by the last minutes), up to {}/min (p{level}) at {}/min a server = {servers}",
            rate(values[MEDIAN]),
            rate(median),
            // Nothing is not less than nothing.
            ((values[MEDIAN] / median.max(self.model.least) - 1.0) * 100.0).round() + 0.0,
            rate(capacity),
            rate(rules.throughput),
        );
        if level < 50.0 && servers >= rules.min_servers {
            text.push_str(if self.reacts {
                ", target tracking carries the rest"
            } else {
                ", so much is within the risk asked for"
            });
        }
        if servers > rules.max_servers {
            text.push_str(&format!("; max_servers is {}", rules.max_servers));
        } else if servers < rules.min_servers {
            text.push_str(&format!("; min_servers is {}", rules.min_servers));
        }
        text
    }
}

/// Fewest servers such that one more would carry less than `price` times its throughput on
/// average: the newsvendor's answer in whole servers. With `price` as the tolerated chance that a
/// server more is needed, it is the (1 - `price`) quantile, rounded where that is cheapest.
#[must_use]
pub(crate) fn worth(values: &[f64; NEAR_LEVELS.len()], price: f64, throughput: f64) -> u32 {
    let curve = Curve::new(&NEAR_LEVELS, values);
    let more_than_price = |servers: u32| {
        let capacity = f64::from(servers) * throughput;
        curve.excess(capacity) - curve.excess(capacity + throughput) > price * throughput
    };
    // The answer lies next to the quantile itself, or in the tail beyond the last one known.
    let above = NEAR_LEVELS.partition_point(|level| *level < 1.0 - price);
    let near = values[above.saturating_sub(1)] / throughput;
    let start = (near.floor().max(1.0) - 1.0).min(f64::from(MOST_SERVERS));
    let mut low = start as u32;
    while low > 0 && !more_than_price(low - 1) {
        low -= 1;
    }
    if !more_than_price(low) {
        return low;
    }
    // Gallop to an upper bound, then halve: what one more carries falls with their number.
    let mut width = 1;
    while width < MOST_SERVERS && more_than_price(low + width) {
        low += width;
        width *= 2;
    }
    let mut high = low + width;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if more_than_price(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of a uniform demand between 0 and `most`.
    fn uniform(most: f64) -> [f64; NEAR_LEVELS.len()] {
        NEAR_LEVELS.map(|level| level * most)
    }

    #[test]
    fn a_server_is_worth_what_it_carries() {
        // Demand uniform on 0..1000, servers of 100: the n-th more carries 1 - (n + 1/2) / 10.
        for (price, servers) in [(0.5, 5), (0.30, 7), (0.20, 8), (0.10, 9)] {
            assert_eq!(
                worth(&uniform(1000.0), price - 1e-6, 100.0),
                servers,
                "{price}"
            );
        }
    }

    #[test]
    fn certain_demand_needs_itself() {
        assert_eq!(worth(&[1000.0; NEAR_LEVELS.len()], 0.1, 1000.0), 1);
        assert_eq!(worth(&[1001.0; NEAR_LEVELS.len()], 1e-6, 1000.0), 2);
        assert_eq!(worth(&[0.0; NEAR_LEVELS.len()], 0.1, 1000.0), 0);
    }

    #[test]
    fn a_throughput_that_no_fleet_could_make_up_for_ends_soon() {
        assert!(worth(&uniform(1e9), 0.1, 1e-6) >= 1 << 22);
        assert!(worth(&uniform(1e12), 1e-9, 1e-3) >= 1 << 22);
    }

    #[test]
    fn a_lower_price_buys_more() {
        let mut last = 0;
        for price in [0.5, 0.2, 0.1, 0.01, 1e-3, 1e-4, 1e-6] {
            let servers = worth(&uniform(50_000.0), price, 100.0);
            assert!(servers >= last, "{price}");
            last = servers;
        }
    }
}
