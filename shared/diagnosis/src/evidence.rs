//! What is known when somebody has to decide.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

/// Values of one metric, one a minute, oldest first, NaN where missing. The last one is of the
/// minute that ends at [`Evidence::until`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    /// The values.
    pub values: Vec<f64>,
    /// Where they come from, such as `AWS/EC2 CPUUtilization`.
    pub source: String,
}

impl Track {
    /// `values` from `source`.
    pub fn new(values: Vec<f64>, source: impl Into<String>) -> Self {
        Self {
            values,
            source: source.into(),
        }
    }

    /// The last `minutes` values, fewer where there are not so many.
    #[must_use]
    pub fn last(&self, minutes: usize) -> &[f64] {
        &self.values[self.values.len().saturating_sub(minutes)..]
    }
}

impl Track {
    /// Minutes from one value to the next, as it usually is: 5 for what EC2 reports by itself.
    fn step(&self) -> usize {
        let known = self.values.iter().enumerate();
        let known: Vec<usize> = known
            .filter(|(_, value)| value.is_finite())
            .map(|(minute, _)| minute)
            .collect();
        let mut steps: Vec<usize> = known.windows(2).map(|two| two[1] - two[0]).collect();
        let middle = steps.len() / 2;
        match steps.is_empty() {
            true => 1,
            false => *steps.select_nth_unstable(middle).1,
        }
    }

    /// The same by the minute where values come every few minutes only: each stands for the minutes
    /// since the one before it, and the newest until the next one can be there.
    fn dense(&self) -> Option<Self> {
        /// Longest period of a metric that still tells of now.
        const LONGEST: usize = 5;
        let step = self.step();
        if !(2..=LONGEST).contains(&step) {
            return None;
        }
        let mut values = self.values.clone();
        let mut newest = None;
        for (minute, value) in self.values.iter().enumerate() {
            if value.is_finite() {
                values[(minute + 1).saturating_sub(step)..=minute].fill(*value);
                newest = Some((minute, *value));
            }
        }
        if let Some((minute, value)) = newest {
            let end = values.len().min(minute + 1 + step + 1);
            values[minute..end].fill(value);
        }
        Some(Self::new(values, self.source.clone()))
    }
}

/// The forecast around now, in requests per minute and by the minute, each the same length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Band {
    /// 5th percentile, less what single minutes do.
    pub lower: Vec<f64>,
    /// Median.
    pub median: Vec<f64>,
    /// 99th percentile, and room for what single minutes do.
    pub upper: Vec<f64>,
    /// Index of the minute that ends at [`Evidence::until`]; what follows lies ahead.
    pub present: usize,
}

/// Something that runs out: memory, disk, connections, threads.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// What people call it.
    pub name: String,
    /// Value at which it is exhausted, above 0.
    pub full: f64,
    /// Mean over the group.
    pub track: Track,
}

/// Something behind the service: a database, a queue, a limit of somebody else's.
#[derive(Debug, Clone, PartialEq)]
pub struct Behind {
    /// What people call it.
    pub name: String,
    /// Value from which on it counts as saturated.
    pub full: f64,
    /// Its metric.
    pub track: Track,
}

/// One server of the group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Server {
    /// Instance id.
    pub id: String,
    /// Launch template version it was started from, where known.
    pub version: Option<String>,
    /// CPU in percent, empty where unknown.
    pub cpu: Track,
    /// The first exhaustible resource, empty where unknown.
    pub resource: Track,
    /// Errors per minute, empty where unknown.
    pub errors: Track,
}

/// The group's capacity now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fleet {
    /// Servers in service and healthy.
    pub in_service: u32,
    /// Servers in service that the group calls unhealthy.
    pub unhealthy: u32,
    /// Servers on their way.
    pub booting: u32,
    /// DesiredCapacity.
    pub desired: u32,
    /// MaxSize or `max_servers`, whichever is less.
    pub most: u32,
    /// Floor that the plan asks for now.
    pub planned: u32,
}

/// A launch that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedLaunch {
    /// When.
    pub at: Timestamp,
    /// What AWS says.
    pub message: String,
}

/// What the group's scaling activities of the last hour tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Activities {
    /// Launches that failed, newest first.
    pub failed: Vec<FailedLaunch>,
    /// When launches that succeeded began, newest first.
    pub succeeded: Vec<Timestamp>,
    /// When servers went that nobody wanted to go: taken out of service, failed health checks,
    /// interrupted.
    pub lost: Vec<Timestamp>,
}

/// A new launch template version seen on servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: String,
    /// When its first server came into service.
    pub at: Timestamp,
}

/// A raise of our own that has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When it was decided.
    pub at: Timestamp,
    /// Servers in service then.
    pub from: u32,
    /// Servers asked for.
    pub to: u32,
}

/// What was not there, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What.
    pub what: String,
    /// Why, in words; may be empty.
    pub why: String,
}

/// Everything a diagnosis is made from. Everything but the fleet may be missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// End of the newest minute that metrics can have.
    pub until: Timestamp,
    /// Demand in requests per minute.
    pub demand: Option<Track>,
    /// The forecast.
    pub band: Option<Band>,
    /// Share of how far demand lies from its forecast, in log scale, that is usually still there when a
    /// server ordered now is ready, 0 to 1; as the target's past has it.
    pub stays: Option<f64>,
    /// CPU of the group in percent.
    pub cpu: Option<Track>,
    /// Response time in any unit.
    pub response_time: Option<Track>,
    /// Errors per minute.
    pub errors: Option<Track>,
    /// Unhealthy servers, as a load balancer sees them.
    pub unhealthy: Option<Track>,
    /// Servers in service over time.
    pub in_service: Option<Track>,
    /// What can run out.
    pub resources: Vec<Resource>,
    /// What stands behind.
    pub behind: Vec<Behind>,
    /// Servers with metrics of their own.
    pub servers: Vec<Server>,
    /// Capacity now.
    pub fleet: Fleet,
    /// Scaling activities; `None` where they could not be read.
    pub activities: Option<Activities>,
    /// Newest launch template version, where there is a new one.
    pub release: Option<Release>,
    /// The last raise of this incident whose servers are in service.
    pub step: Option<Step>,
    /// Demand one server sustains, requests per minute, above 0.
    pub throughput: f64,
    /// From the decision to a server in service.
    pub lead_time: SignedDuration,
    /// What was missing.
    pub missing: Vec<Missing>,
}

impl Evidence {
    /// Only a group, nothing measured.
    #[must_use]
    pub fn bare(
        until: Timestamp,
        fleet: Fleet,
        throughput: f64,
        lead_time: SignedDuration,
    ) -> Self {
        Self {
            until,
            demand: None,
            band: None,
            stays: None,
            cpu: None,
            response_time: None,
            errors: None,
            unhealthy: None,
            in_service: None,
            resources: Vec::new(),
            behind: Vec::new(),
            servers: Vec::new(),
            fleet,
            activities: None,
            release: None,
            step: None,
            throughput,
            lead_time,
            missing: Vec::new(),
        }
    }

    /// The same with metrics of a few minutes spread over them. Demand is left as it is: what is some
    /// minutes old does not tell a spike of now.
    pub(crate) fn dense(&self) -> Cow<'_, Self> {
        let spread = |track: &Option<Track>| track.as_ref().and_then(Track::dense);
        let mut found = Cow::Borrowed(self);
        macro_rules! spread_each {
            ($($name:ident),*) => {$(
                if let Some(track) = spread(&self.$name) {
                    found.to_mut().$name = Some(track);
                }
            )*};
        }
        spread_each!(cpu, response_time, errors, unhealthy, in_service);
        for (index, resource) in self.resources.iter().enumerate() {
            if let Some(track) = resource.track.dense() {
                found.to_mut().resources[index].track = track;
            }
        }
        for (index, behind) in self.behind.iter().enumerate() {
            if let Some(track) = behind.track.dense() {
                found.to_mut().behind[index].track = track;
            }
        }
        for (index, server) in self.servers.iter().enumerate() {
            if let Some(track) = server.cpu.dense() {
                found.to_mut().servers[index].cpu = track;
            }
            if let Some(track) = server.resource.dense() {
                found.to_mut().servers[index].resource = track;
            }
            if let Some(track) = server.errors.dense() {
                found.to_mut().servers[index].errors = track;
            }
        }
        found
    }

    /// Whole minutes from `at` until the newest value; 0 for what lies ahead of it.
    pub(crate) fn minutes_since(&self, at: Timestamp) -> usize {
        usize::try_from(self.until.duration_since(at).as_mins()).unwrap_or(0)
    }
}
