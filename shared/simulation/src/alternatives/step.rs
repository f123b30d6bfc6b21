use timeseries::Series;

use super::reacting::{Policy, per_server, react};
use super::{Run, Setting};
use crate::{MinuteRecord, SimulationError};

/// Datapoints above the threshold that it takes to add servers: the alarm of the user guide's example.
const OUT_DATAPOINTS: u32 = 2;

/// Datapoints below that it takes to remove some: as many as target tracking waits for.
const IN_DATAPOINTS: u32 = 15;

/// Metric over the threshold from which a step applies, with the share of capacity that it adds.
///
/// AWS has no default steps; those of its examples add 10 and 30 %. Here the two highest add 40 and
/// 100 %, so that a jump of demand is met as quickly as a user who thought of jumps would have it.
const OUT_STEPS: [(f64, f64); 4] = [(1.0, 0.1), (1.1, 0.2), (1.25, 0.4), (1.5, 1.0)];

/// Metric over the threshold below which a step applies, with the share of capacity that it removes:
/// the two steps of the user guide's example.
const IN_STEPS: [(f64, f64); 2] = [(0.75, -0.1), (0.5, -0.3)];

/// Step scaling on one-minute datapoints of demand per server, by `PercentChangeInCapacity`, its
/// threshold at the setting's utilization.
///
/// Servers that boot do not count as capacity that a step is taken of, and only what a step wants
/// beyond the desired capacity is added, so that an alarm that goes on does not add twice. Nothing is
/// removed while servers boot; a further step down waits for as many datapoints again.
///
/// Source: EC2 Auto Scaling user guide, step and simple scaling policies,
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html> (steps, how
/// `PercentChangeInCapacity` is rounded, instance warm-up).
///
/// # Errors
/// As [`static_peak`](super::static_peak).
pub fn step_scaling(demand: &Series, setting: &Setting) -> Result<Run, SimulationError> {
    let policy = StepScaling {
        threshold: setting.utilization * setting.throughput,
        above: 0,
        below: 0,
    };
    react(demand, setting, policy)
}

struct StepScaling {
    threshold: f64,
    above: u32,
    below: u32,
}

impl Policy for StepScaling {
    fn decide(&mut self, seen: &MinuteRecord, latest: &MinuteRecord) -> Option<u32> {
        if !seen.demand.is_finite() {
            return None;
        }
        let ratio = per_server(seen) / self.threshold;
        let up = OUT_STEPS.iter().rfind(|(from, _)| ratio > *from);
        let down = IN_STEPS.iter().rfind(|(under, _)| ratio < *under);
        self.above = up.map_or(0, |_| self.above + 1);
        self.below = down.map_or(0, |_| self.below + 1);
        let desired = latest.desired_capacity;
        if let Some((_, share)) = up.filter(|_| self.above >= OUT_DATAPOINTS) {
            return Some(changed(latest.in_service, *share)).filter(|want| *want > desired);
        }
        if let Some((_, share)) = down.filter(|_| self.below >= IN_DATAPOINTS) {
            if latest.booting > 0 {
                return None;
            }
            self.below = 0;
            return Some(changed(desired, *share));
        }
        None
    }
}

/// `capacity` and a `share` of it more. A change of less than one server is one; what is more is
/// rounded towards zero.
fn changed(capacity: u32, share: f64) -> u32 {
    let change = f64::from(capacity) * share;
    let whole = if change.abs() < 1.0 {
        change.signum()
    } else {
        // 30 % of ten is three, whatever its bits are.
        libm::trunc(change + 1e-9 * change.signum())
    };
    // Not below zero: no step removes more than there is.
    (f64::from(capacity) + whole).max(0.0) as u32
}

#[cfg(test)]
mod tests {
    use super::changed;

    #[test]
    fn a_change_is_rounded_as_aws_rounds_it() {
        for (capacity, share, after) in [
            // The user guide's: 12.7 is 12, 0.67 is 1, -0.58 is -1, -6.67 is -6.
            (127, 0.1, 139),
            (67, 0.01, 68),
            (58, -0.01, 57),
            (667, -0.01, 661),
            (10, 0.3, 13),
            (10, -0.3, 7),
            (1, -0.3, 0),
            (0, 0.1, 1),
        ] {
            assert_eq!(changed(capacity, share), after, "{share} of {capacity}");
        }
    }
}
