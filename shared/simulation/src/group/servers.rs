use std::collections::VecDeque;

use fleet::{Activity, ActivityStatus, Instance, Lifecycle};
use jiff::{SignedDuration, Timestamp};

use crate::{LaunchFailures, Random};

/// How long activities are kept. Source: "the past six weeks",
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html>.
const KEPT: SignedDuration = SignedDuration::from_hours(42 * 24);

/// Names the random streams of one seed.
const BOOT_STREAM: u64 = 1;
const FAILURE_STREAM: u64 = 2;

/// The servers of a group and the record of their launches and terminations.
#[derive(Debug, Clone)]
pub(super) struct Servers {
    seed: u64,
    boot: SignedDuration,
    boot_spread: f64,
    version: Option<String>,
    /// In service, by launch.
    serving: Vec<Server>,
    /// Booting, by launch.
    booting: Vec<Server>,
    launches: u64,
    attempts: u64,
    activities: VecDeque<Activity>,
    /// Number of the first activity still kept.
    first_activity: u64,
}

#[derive(Debug, Clone)]
struct Server {
    number: u64,
    ready_at: Timestamp,
    activity: Option<u64>,
    version: Option<String>,
}

impl Server {
    fn id(&self) -> String {
        format!("i-{:017x}", self.number)
    }

    fn instance(&self, lifecycle: Lifecycle) -> Instance {
        Instance {
            id: self.id(),
            lifecycle,
            healthy: true,
            weight: 1,
            template_version: self.version.clone(),
            instance_type: None,
        }
    }
}

impl Servers {
    /// `count` servers in service since `now`.
    pub(super) fn new(
        count: u32,
        now: Timestamp,
        seed: u64,
        boot: (SignedDuration, f64),
        version: Option<String>,
    ) -> Self {
        let serving = (0..u64::from(count))
            .map(|number| Server {
                number,
                ready_at: now,
                activity: None,
                version: version.clone(),
            })
            .collect();
        Self {
            seed,
            boot: boot.0,
            boot_spread: boot.1,
            version,
            serving,
            booting: Vec::new(),
            launches: u64::from(count),
            attempts: 0,
            activities: VecDeque::new(),
            first_activity: 0,
        }
    }

    pub(super) fn in_service(&self) -> u32 {
        u32::try_from(self.serving.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn booting(&self) -> u32 {
        u32::try_from(self.booting.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn instances(&self) -> Vec<Instance> {
        let serving = self
            .serving
            .iter()
            .map(|s| s.instance(Lifecycle::InService));
        let booting = self.booting.iter().map(|s| s.instance(Lifecycle::Pending));
        serving.chain(booting).collect()
    }

    /// Boots of servers launched from now on.
    pub(super) fn release(&mut self, version: Option<String>, boot: SignedDuration, spread: f64) {
        self.version = version;
        self.boot = boot;
        self.boot_spread = spread;
    }

    /// Puts servers into service whose boot is over.
    pub(super) fn finish_boots(&mut self, now: Timestamp) {
        if self.booting.iter().all(|server| server.ready_at > now) {
            return;
        }
        let (ready, booting) = std::mem::take(&mut self.booting)
            .into_iter()
            .partition(|server| server.ready_at <= now);
        self.booting = booting;
        let ready: Vec<Server> = ready;
        for server in &ready {
            self.close(server.activity, server.ready_at, ActivityStatus::Successful);
        }
        self.serving.extend(ready);
        self.serving.sort_by_key(|server| server.number);
    }

    /// Launches `count` servers, or tries to.
    pub(super) fn launch(
        &mut self,
        count: u32,
        now: Timestamp,
        cause: &str,
        failures: &LaunchFailures,
    ) {
        for _ in 0..count {
            self.attempts += 1;
            let failed = failures.minutes.contains(&now)
                || (failures.share > 0.0
                    && Random::keyed(self.seed, &[FAILURE_STREAM, self.attempts])
                        .chance(failures.share));
            if failed {
                let about = "Launching a new EC2 instance. Status Reason: insufficient capacity";
                let activity = self.record(about.to_owned(), cause, now);
                self.close(Some(activity), now, ActivityStatus::Failed);
                continue;
            }
            let mut server = Server {
                number: self.launches,
                ready_at: later(now, self.draw_boot(self.launches)),
                activity: None,
                version: self.version.clone(),
            };
            self.launches += 1;
            let about = format!("Launching a new EC2 instance: {}", server.id());
            server.activity = Some(self.record(about, cause, now));
            self.booting.push(server);
        }
    }

    /// Terminates `count` servers at once: booting ones first, newest first.
    pub(super) fn terminate(&mut self, count: u32, now: Timestamp, cause: &str) {
        for _ in 0..count {
            let server = match self.booting.pop() {
                Some(server) => {
                    self.close(server.activity, now, ActivityStatus::Cancelled);
                    Some(server)
                }
                None => self.serving.pop(),
            };
            let Some(server) = server else { return };
            let about = format!("Terminating EC2 instance: {}", server.id());
            let activity = self.record(about, cause, now);
            self.close(Some(activity), now, ActivityStatus::Successful);
        }
    }

    /// Activities that began at or after `since`, newest first.
    pub(super) fn activities(&self, since: Timestamp) -> Vec<Activity> {
        let kept = self.activities.iter().rev();
        kept.filter(|activity| activity.started >= since)
            .cloned()
            .collect()
    }

    /// Forgets activities that AWS no longer tells of.
    pub(super) fn forget(&mut self, now: Timestamp) {
        while let Some(oldest) = self.activities.front()
            && oldest.started.duration_until(now) > KEPT
        {
            self.activities.pop_front();
            self.first_activity += 1;
        }
    }

    /// The same launch gets the same boot whatever else happens, so that two policies with equal
    /// launches have equal luck.
    fn draw_boot(&self, launch: u64) -> SignedDuration {
        let median = self.boot.as_secs_f64() / 60.0;
        let minutes =
            Random::keyed(self.seed, &[BOOT_STREAM, launch]).lognormal(median, self.boot_spread);
        let minutes = libm::ceil(minutes.min(10.0 * median) - 1e-9).max(1.0);
        SignedDuration::from_mins(minutes as i64)
    }

    fn record(&mut self, description: String, cause: &str, now: Timestamp) -> u64 {
        let number = self.first_activity + self.activities.len() as u64;
        self.activities.push_back(Activity {
            id: format!("{number:08x}-0000-0000-0000-000000000000"),
            description,
            cause: cause.to_owned(),
            started: now,
            ended: None,
            status: ActivityStatus::InProgress,
            message: None,
        });
        number
    }

    fn close(&mut self, activity: Option<u64>, at: Timestamp, status: ActivityStatus) {
        let index = activity
            .and_then(|number| number.checked_sub(self.first_activity))
            .and_then(|index| usize::try_from(index).ok());
        if let Some(activity) = index.and_then(|index| self.activities.get_mut(index)) {
            activity.ended = Some(at);
            activity.status = status;
            if status == ActivityStatus::Failed {
                activity.message = Some("We currently do not have sufficient capacity".to_owned());
            }
        }
    }
}

pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}
