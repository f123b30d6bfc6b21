use fleet::Sizes;
use timeseries::Series;

use super::{Run, Setting, spec};
use crate::{MinuteRecord, Origin, SimulatedGroup, SimulationError, Source};

/// Minutes from a datapoint's to the one in which it can be acted on.
const VISIBLE_AFTER: usize = 2;

/// A policy that decides each minute by what it has seen.
pub(super) trait Policy {
    /// The desired capacity it asks for, if it asks for one. `seen` is the minute whose datapoint has
    /// just come, its demand NaN where that is unknown; `latest` the group as the last minute left it.
    /// Called once for each minute, in order.
    fn decide(&mut self, seen: &MinuteRecord, latest: &MinuteRecord) -> Option<u32>;
}

/// Runs `demand` through a group that `policy` alone scales, between its limits.
pub(super) fn react(
    demand: &Series,
    setting: &Setting,
    mut policy: impl Policy,
) -> Result<Run, SimulationError> {
    let mut group = SimulatedGroup::new(spec(demand, setting, None)?, demand.start())?;
    let mut records: Vec<MinuteRecord> = Vec::with_capacity(demand.len());
    for (index, value) in demand.values().iter().enumerate() {
        let now = demand.time_at(index);
        let seen = index.checked_sub(VISIBLE_AFTER);
        let known = seen.and_then(|seen| records.get(seen)).zip(records.last());
        if let Some((seen, latest)) = known {
            let want = policy.decide(seen, latest);
            let want = want.map(|want| want.clamp(setting.min_servers, setting.max_servers));
            if let Some(want) = want.filter(|want| *want != latest.desired_capacity) {
                let sizes = Sizes {
                    desired_capacity: Some(want),
                    ..Sizes::default()
                };
                let origin = Origin::new(now, Source::Reactive, "alternative");
                group.resize(now, sizes, &origin)?;
            }
        }
        records.push(group.advance(now, *value, setting.throughput));
    }
    Ok(Run {
        outcome: records.iter().collect(),
        records,
        changes: group.changes().to_vec(),
    })
}

/// Demand on each server of a minute, in requests.
pub(super) fn per_server(minute: &MinuteRecord) -> f64 {
    minute.demand / f64::from(minute.in_service.max(1))
}
