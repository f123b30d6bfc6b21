use fleet::Sizes;
use jiff::Timestamp;

use super::changes::{Anomaly, MinuteRecord, Origin, Source};
use super::simulated::SimulatedGroup;
use super::{lost_demand, required_servers};

impl SimulatedGroup {
    /// Runs one minute: boots finish, due actions run, the reactive policy decides, the group
    /// follows its desired capacity, demand is served. `demand` is in requests per minute, NaN
    /// where unknown; `throughput` is what one server carries.
    ///
    /// Minutes are to come in order; a deleted group has no servers.
    pub fn advance(&mut self, minute: Timestamp, demand: f64, throughput: f64) -> MinuteRecord {
        self.throughput = Some(throughput);
        if !self.deleted {
            self.servers.finish_boots(minute);
            self.run_schedule(minute);
            self.react(minute, throughput);
            self.reconcile(minute);
            self.servers.forget(minute);
        }
        let in_service = self.servers.in_service();
        if let Some(tracker) = &mut self.reactive {
            tracker.observe(minute, demand, in_service);
        }
        MinuteRecord {
            at: minute,
            demand,
            required: required_servers(demand, throughput),
            min_size: self.min_size,
            max_size: self.max_size,
            desired_capacity: self.desired_capacity,
            in_service,
            booting: self.servers.booting(),
            lost: lost_demand(demand, in_service, throughput),
        }
    }

    fn run_schedule(&mut self, now: Timestamp) {
        while let Some(due) = self.schedule.take_due(now, self.late) {
            // Suspended: due actions are skipped and not made up for.
            // Source: https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
            if self.suspended.contains("ScheduledActions") {
                continue;
            }
            let mut sizes = due.sizes;
            let max = sizes.max_size.unwrap_or(self.max_size);
            let min = sizes.min_size.unwrap_or(self.min_size);
            if min > max {
                // What AWS does then is not documented. An action that only lowers MaxSize stops
                // at MinSize; otherwise MinSize stops at MaxSize.
                if sizes.min_size.is_none() {
                    sizes.max_size = Some(min);
                } else {
                    sizes.min_size = Some(max);
                }
                self.anomalies.push(Anomaly {
                    at: now,
                    action: due.name,
                    detail: format!("MinSize {min} above MaxSize {max} was clamped"),
                });
            }
            self.apply(now, sizes, &due.origin);
        }
    }

    fn react(&mut self, now: Timestamp, throughput: f64) {
        let (desired, booting) = (self.desired_capacity, self.servers.booting());
        let Some(tracker) = &mut self.reactive else {
            return;
        };
        let want = tracker.decide(now, throughput, desired, booting);
        if self.suspended.contains("AlarmNotification") {
            return;
        }
        if let Some(want) = want {
            let within = want.clamp(self.min_size, self.max_size);
            let sizes = Sizes {
                desired_capacity: Some(within),
                ..Sizes::default()
            };
            let reason = format!("target tracking asks for {want}, {desired} were desired");
            self.apply(now, sizes, &Origin::new(now, Source::Reactive, reason));
        }
    }

    /// Launches or terminates towards the desired capacity.
    fn reconcile(&mut self, now: Timestamp) {
        let have = self.servers.in_service() + self.servers.booting();
        let (missing, spare) = (
            self.desired_capacity.saturating_sub(have),
            have.saturating_sub(self.desired_capacity),
        );
        if missing > 0 && !self.suspended.contains("Launch") {
            self.servers
                .launch(missing, now, &self.cause, &self.launch_failures);
        }
        if spare > 0 && !self.suspended.contains("Terminate") {
            self.servers.terminate(spare, now, &self.cause);
        }
    }
}
