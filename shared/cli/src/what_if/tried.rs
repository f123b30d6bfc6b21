//! Settings that were tried, and which of them to take.

use serde::Serialize;

use crate::simulate::Summary;

/// What a setting came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Tried {
    /// The key of the target's table; empty for the settings as they are.
    pub(super) key: &'static str,
    pub(super) value: String,
    /// Tolerated share of demand above capacity that was asked for.
    pub(super) asked: f64,
    pub(super) server_hours: f64,
    pub(super) cost: f64,
    pub(super) share_of_demand_above_capacity: f64,
    pub(super) requests_not_served: f64,
    pub(super) minutes_under_capacity: u64,
    /// Whether nothing that was tried is both cheaper and safer. Never of another throughput or lead
    /// time, which say what servers do: what they cost is no setting to choose.
    pub(super) on_the_frontier: bool,
}

impl Tried {
    pub(super) fn of(key: &'static str, value: &str, asked: f64, summary: &Summary) -> Self {
        let ours = &summary.forescale;
        Self {
            key,
            value: value.to_owned(),
            asked,
            server_hours: ours.server_hours,
            cost: ours.cost,
            share_of_demand_above_capacity: ours.share_of_demand_above_capacity,
            requests_not_served: ours.requests_not_served,
            minutes_under_capacity: ours.minutes_under_capacity,
            on_the_frontier: false,
        }
    }

    /// Another throughput or lead time is not a choice: it says what servers do, not what people want.
    pub(super) fn is_choice(&self) -> bool {
        !["throughput", "lead_time"].contains(&self.key)
    }

    pub(super) fn name(&self) -> String {
        if self.key.is_empty() {
            return "as configured".to_owned();
        }
        let key = self.key.rsplit('.').next().unwrap_or(self.key);
        format!("{key} = {}", self.value)
    }
}

/// Marks what nothing else that people can choose beats in both server-hours and demand lost.
pub(super) fn mark_frontier(tried: &mut [Tried]) {
    let choices = tried.iter().filter(|one| one.is_choice());
    let points: Vec<(f64, f64)> = choices
        .map(|one| (one.server_hours, one.requests_not_served))
        .collect();
    for one in tried.iter_mut().filter(|one| one.is_choice()) {
        let (hours, lost) = (one.server_hours, one.requests_not_served);
        let beaten = |(other, missed): &(f64, f64)| {
            *other <= hours && *missed <= lost && (*other < hours || *missed < lost)
        };
        one.on_the_frontier = !points.iter().any(beaten);
    }
}

/// The cheapest choice that delivered no more than `risk`.
pub(super) fn recommended(tried: &[Tried], risk: f64) -> Option<&Tried> {
    let choices = tried.iter().filter(|one| one.is_choice());
    choices
        .filter(|one| one.share_of_demand_above_capacity <= risk)
        .min_by(|a, b| a.server_hours.total_cmp(&b.server_hours))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::what_if) fn tried(key: &'static str, server_hours: f64, share: f64) -> Tried {
        Tried {
            key,
            value: "1".to_owned(),
            asked: 0.001,
            server_hours,
            cost: 0.0,
            share_of_demand_above_capacity: share,
            requests_not_served: share * 1e6,
            minutes_under_capacity: 0,
            on_the_frontier: false,
        }
    }

    #[test]
    fn the_frontier_holds_what_nothing_beats_and_the_cheapest_safe_one_is_recommended() {
        let mut all = vec![
            tried("", 100.0, 0.0005),
            tried("risk", 90.0, 0.0009),
            tried("risk", 95.0, 0.0010),
            tried("risk", 80.0, 0.0020),
            tried("throughput", 50.0, 0.0),
        ];
        // Quicker servers are no choice: they beat nothing, and are on no frontier.
        mark_frontier(&mut all);
        let marks: Vec<bool> = all.iter().map(|one| one.on_the_frontier).collect();
        assert_eq!(marks, [true, true, false, true, false]);
        let best = recommended(&all, 0.001).unwrap();
        assert_eq!(best.server_hours, 90.0);
        assert_eq!(recommended(&all, 0.0001), None);
    }
}
