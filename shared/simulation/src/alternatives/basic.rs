use std::collections::VecDeque;

use jiff::Timestamp;
use timeseries::Series;

use super::reacting::{Policy, per_server, react};
use super::{Run, Setting};
use crate::{MinuteRecord, SimulationError, required_servers};

/// Seconds of a datapoint under basic monitoring.
const PERIOD: i64 = 300;

/// Datapoints above the target that it takes to scale out.
const OUT_DATAPOINTS: u32 = 3;

/// Datapoints below the low threshold that it takes to scale in.
const IN_DATAPOINTS: usize = 15;

/// Share of the target below which a datapoint counts as low.
const LOW: f64 = 0.9;

/// Demand over throughput at which the CPU is full, and its metric rises no more: what a server
/// sustains is commonly taken at 80 % of its CPU.
const CPU_FULL: f64 = 1.25;

/// Target tracking on the average CPU with basic monitoring, one datapoint in five minutes, its target
/// the CPU that the setting's utilization takes.
///
/// The policy is that of [`target_tracking`](super::target_tracking): 3 datapoints above the target,
/// here a quarter of an hour, and 15 below nine tenths of it. A full CPU tells no more of what demand
/// is, so that a group far behind grows by a limited share at a time. That its alarms count periods of
/// five minutes is an assumption; AWS tells only that scaling on metrics of five minutes is slower and
/// works with stale data.
///
/// Source: EC2 Auto Scaling user guide, target tracking (use metrics of one minute),
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html>; basic and
/// detailed monitoring, <https://docs.aws.amazon.com/autoscaling/ec2/userguide/enable-as-instance-metrics.html>.
///
/// # Errors
/// As [`static_peak`](super::static_peak).
pub fn target_tracking_5m_cpu(demand: &Series, setting: &Setting) -> Result<Run, SimulationError> {
    let policy = BasicMonitoring {
        throughput: setting.throughput,
        target: setting.utilization,
        minutes: Vec::new(),
        window: VecDeque::with_capacity(IN_DATAPOINTS),
        above: 0,
        below: 0,
    };
    react(demand, setting, policy)
}

struct BasicMonitoring {
    throughput: f64,
    /// Share of the throughput that it aims at.
    target: f64,
    /// Each minute's share of the throughput in the period that is under way.
    minutes: Vec<f64>,
    /// The group's load in the last datapoints, in servers' throughputs.
    window: VecDeque<f64>,
    above: u32,
    below: usize,
}

impl BasicMonitoring {
    /// The period's datapoint, once its last minute is in and any was known.
    fn datapoint(&mut self, seen: &MinuteRecord) -> Option<f64> {
        if seen.demand.is_finite() {
            self.minutes
                .push((per_server(seen) / self.throughput).min(CPU_FULL));
        }
        if !ends_a_period(seen.at) {
            return None;
        }
        let minutes = std::mem::take(&mut self.minutes);
        let known = minutes.len();
        (known > 0).then(|| minutes.iter().sum::<f64>() / known as f64)
    }
}

fn ends_a_period(minute: Timestamp) -> bool {
    (minute.as_second() + 60).rem_euclid(PERIOD) == 0
}

impl Policy for BasicMonitoring {
    fn decide(&mut self, seen: &MinuteRecord, latest: &MinuteRecord) -> Option<u32> {
        let share = self.datapoint(seen)?;
        let load = share * f64::from(latest.in_service.max(1));
        if self.window.len() == IN_DATAPOINTS {
            self.window.pop_front();
        }
        self.window.push_back(load);
        self.above = if share > self.target {
            self.above + 1
        } else {
            0
        };
        self.below = if share < LOW * self.target {
            self.below + 1
        } else {
            0
        };
        let desired = latest.desired_capacity;
        if self.above >= OUT_DATAPOINTS {
            return Some(required_servers(load, self.target)).filter(|want| *want > desired);
        }
        if self.below >= IN_DATAPOINTS && latest.booting == 0 {
            let largest = self.window.iter().copied().fold(0.0, f64::max);
            return Some(required_servers(largest, self.target)).filter(|want| *want < desired);
        }
        None
    }
}
