use std::collections::VecDeque;

use timeseries::Series;

use super::reacting::{Policy, per_server, react};
use super::{Run, Setting};
use crate::{MinuteRecord, SimulationError, required_servers};

/// How far the metric may be from its target before anything is done.
const TOLERANCE: f64 = 0.1;

/// Minutes whose largest recommendation counts when fewer are wanted: 300 s.
const STABILIZATION: usize = 5;

/// The Kubernetes Horizontal Pod Autoscaler on demand per pod, its target at the setting's
/// utilization; a pod is a server and boots as long.
///
/// `ceil(ready pods × metric ÷ target)` where the metric is more than a tenth from its target. Pods
/// that are not ready count as idle when more are wanted; when fewer are, the largest recommendation
/// of five minutes counts. It decides every 15 seconds; here with each minute's datapoint, which comes
/// as late as for the other policies. The default limits of how fast it scales (twice as many, or four
/// more, in 15 seconds) do not bind within a minute.
///
/// Source: Kubernetes, horizontal pod autoscaling, algorithm details,
/// <https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/>.
///
/// # Errors
/// As [`static_peak`](super::static_peak).
pub fn kubernetes_hpa(demand: &Series, setting: &Setting) -> Result<Run, SimulationError> {
    let policy = Hpa {
        target: setting.utilization * setting.throughput,
        recommended: VecDeque::with_capacity(STABILIZATION),
    };
    react(demand, setting, policy)
}

struct Hpa {
    /// Requests a minute on each pod.
    target: f64,
    /// The last recommendations, oldest first.
    recommended: VecDeque<u32>,
}

impl Hpa {
    fn recommends(&self, metric: f64, latest: &MinuteRecord) -> u32 {
        let (ready, desired) = (latest.in_service.max(1), latest.desired_capacity);
        let total = metric * f64::from(ready);
        let ratio = metric / self.target;
        if (ratio - 1.0).abs() <= TOLERANCE {
            return desired;
        }
        let pods = ready + latest.booting;
        let with_idle = total / f64::from(pods) / self.target;
        if ratio > 1.0 && with_idle <= 1.0 + TOLERANCE {
            return desired;
        }
        required_servers(total, self.target)
    }
}

impl Policy for Hpa {
    fn decide(&mut self, seen: &MinuteRecord, latest: &MinuteRecord) -> Option<u32> {
        if !seen.demand.is_finite() {
            return None;
        }
        let desired = latest.desired_capacity;
        if self.recommended.is_empty() {
            self.recommended.push_back(desired);
        }
        if self.recommended.len() == STABILIZATION {
            self.recommended.pop_front();
        }
        let want = self.recommends(per_server(seen), latest);
        self.recommended.push_back(want);
        if want >= desired {
            return Some(want);
        }
        let largest = self.recommended.iter().copied().fold(want, u32::max);
        Some(largest.min(desired))
    }
}
