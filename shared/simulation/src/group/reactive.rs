use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::required_servers;

/// Datapoints above the target that it takes to scale out.
const OUT_DATAPOINTS: u32 = 3;

/// Datapoints below the low threshold that it takes to scale in.
const IN_DATAPOINTS: u32 = 15;

/// Share of the target below which a datapoint counts as low.
const LOW: f64 = 0.9;

/// From the start of a minute until its datapoint can be acted on.
const VISIBLE_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// Target tracking on demand per server with one-minute datapoints.
///
/// The policy's alarms want 3 of 3 datapoints above the target to scale out and 15 of 15 below
/// nine tenths of it to scale in. Scaling out is proportional, counts booting servers and rounds
/// up; scaling in waits until nothing boots and is sized by the largest datapoint of its window,
/// so that it errs towards more servers.
///
/// Source: <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html> (scale out fast, scale in
/// gradually; instances that are warming up count; no scale-in during warm-up); the alarms that
/// the service creates, 3 and 15 periods of one minute, low threshold a tenth under the target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TargetTracking {
    /// Share of a server's throughput that it aims at, above 0, at most 2.
    pub utilization: f64,
    /// Whether it may remove servers.
    pub scales_in: bool,
}

/// A policy with what it has seen.
#[derive(Debug, Clone)]
pub(super) struct Tracker {
    policy: TargetTracking,
    coming: VecDeque<(Timestamp, f64, u32)>,
    window: VecDeque<f64>,
    above: u32,
    below: u32,
}

impl Tracker {
    pub(super) fn new(policy: TargetTracking) -> Self {
        Self {
            policy,
            coming: VecDeque::new(),
            window: VecDeque::new(),
            above: 0,
            below: 0,
        }
    }

    pub(super) fn policy(&self) -> TargetTracking {
        self.policy
    }

    /// Alarms start anew, as they do when PutScalingPolicy replaces them.
    pub(super) fn aim_at(&mut self, utilization: f64) {
        if self.policy.utilization != utilization {
            self.policy.utilization = utilization;
            (self.above, self.below) = (0, 0);
        }
    }

    /// Notes what happened in the minute `at`. Unknown demand makes no datapoint.
    pub(super) fn observe(&mut self, at: Timestamp, demand: f64, in_service: u32) {
        if demand.is_finite() {
            self.coming.push_back((at, demand, in_service));
        }
    }

    /// The desired capacity it asks for in minute `now`, if it asks for a change.
    pub(super) fn decide(
        &mut self,
        now: Timestamp,
        throughput: f64,
        desired: u32,
        booting: u32,
    ) -> Option<u32> {
        let target = self.policy.utilization * throughput;
        let mut latest = None;
        while let Some(&(at, demand, in_service)) = self.coming.front() {
            if at.duration_until(now) < VISIBLE_AFTER {
                break;
            }
            self.coming.pop_front();
            self.take_in(demand, in_service, target);
            latest = Some(demand);
        }
        let latest = latest?;
        if self.above >= OUT_DATAPOINTS {
            return Some(required_servers(latest, target)).filter(|want| *want > desired);
        }
        if self.below >= IN_DATAPOINTS && self.policy.scales_in && booting == 0 {
            let largest = self.window.iter().copied().fold(0.0, f64::max);
            return Some(required_servers(largest, target)).filter(|want| *want < desired);
        }
        None
    }

    fn take_in(&mut self, demand: f64, in_service: u32, target: f64) {
        if self.window.len() == IN_DATAPOINTS as usize {
            self.window.pop_front();
        }
        self.window.push_back(demand);
        let per_server = demand / f64::from(in_service.max(1));
        self.above = if per_server > target {
            self.above + 1
        } else {
            0
        };
        self.below = if per_server < LOW * target {
            self.below + 1
        } else {
            0
        };
    }
}
