//! Spikes that no forecast saw, through the closed loop, beside what groups do without Forescale.
//!
//! Two weeks of an ordinary service teach the forecaster; then demand leaves the forecast. The
//! handlers run as in [`crate::replay()`], above target tracking, which is also what the first
//! alternative has alone.

use fleet::Sizes;
use jiff::{SignedDuration, Timestamp};
use simulation::alternatives::{Setting, target_tracking};
use simulation::{
    GroupSpec, MinuteRecord, Origin, Random, SimulatedGroup, Source, lost_demand, required_servers,
};
use timeseries::{Series, Step};

use crate::{ReplayError, Setup, replay};

/// A spike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spike {
    /// Demand at its height, in times of the usual.
    pub times: f64,
    /// Minutes until it is there; as many until it is gone, five at least.
    pub ramp: u32,
    /// Minutes from launch to in service.
    pub boot: u32,
    /// Servers that the usual demand takes over a day, on average.
    pub size: f64,
    /// Standard deviation of single minutes, as a share of demand.
    pub noise: f64,
    /// Draws the noise.
    pub seed: u64,
}

/// What something lost and added.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Loss {
    /// Requests that met no capacity.
    pub lost: f64,
    /// Most servers, in service and booting, over those at the spike's start.
    pub added: u32,
    /// Minutes of servers, booting ones included, over those at the spike's start, until two hours
    /// after it.
    pub extra_minutes: f64,
}

/// What came of a spike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Requests of the event in all.
    pub demand: f64,
    /// Forescale above target tracking.
    pub forescale: Loss,
    /// Target tracking alone.
    pub tracking: Loss,
    /// Step scaling alone.
    pub stepping: Loss,
    /// What nobody can do better who hears of the spike when its alarm may go off at the earliest:
    /// two minutes above the band, each shown a minute after its end, and the boot.
    pub bound: f64,
}

/// Requests a minute that one server carries.
const THROUGHPUT: f64 = 1000.0;
/// What target tracking and step scaling aim at, as a share of that.
const UTILIZATION: f64 = 0.8;
/// Minutes for which the spike stays at its height.
const STAYS: usize = 60;
/// Days of history.
const DAYS: usize = 14;
/// Minutes of the last day before the spike, and in all.
const BEFORE: usize = 120;
const WINDOW: usize = 480;

impl Spike {
    /// A spike of an ordinary service: about nine servers, 2 % noise.
    #[must_use]
    pub fn new(times: f64, ramp: u32, boot: u32, seed: u64) -> Self {
        Self {
            times,
            ramp,
            boot,
            size: 9.0,
            noise: 0.02,
            seed,
        }
    }

    /// What demand is multiplied by, `minute` minutes after the start.
    fn factor(&self, minute: usize) -> f64 {
        let up = self.ramp as usize;
        let down = up.max(5);
        let share = if minute < up {
            (minute + 1) as f64 / up as f64
        } else if minute < up + STAYS {
            1.0
        } else {
            1.0 - (minute - up - STAYS + 1) as f64 / down as f64
        };
        1.0 + (self.times - 1.0) * share.clamp(0.0, 1.0)
    }

    fn minutes(&self) -> usize {
        self.ramp as usize + STAYS + (self.ramp as usize).max(5)
    }

    /// Two weeks of days and the day of the spike, by the minute.
    fn series(&self, from: Timestamp) -> Option<Series> {
        let mut random = Random::new(self.seed);
        let days = i64::try_from(DAYS).ok()?;
        let start = from
            .checked_sub(SignedDuration::from_hours(24 * days))
            .ok()?;
        let first = start.as_second() / 60;
        let before = DAYS * 1440 + BEFORE;
        let values = (0..DAYS * 1440 + WINDOW).map(|minute| {
            let of_day = (first + minute as i64).rem_euclid(1440) as f64 / 1440.0;
            let angle = core::f64::consts::TAU * (of_day - 0.25);
            let usual = self.size * THROUGHPUT * (1.0 + libm::sin(angle) / 3.0);
            let factor = minute
                .checked_sub(before)
                .map_or(1.0, |since| self.factor(since));
            (usual * factor * (1.0 + self.noise * random.normal())).max(0.0)
        });
        Series::new(start, Step::MINUTE, values.collect()).ok()
    }

    fn config(&self) -> String {
        format!(
            "[[target]]\nname = \"web\"\nmode = \"active\"\n\
             demand = {{ namespace = \"Shop\", name = \"Requests\" }}\n\
             min_servers = 2\nmax_servers = 9000\nthroughput = {THROUGHPUT}\nlead_time = \"{}m\"\n\
             [target.simulation]\nboot = \"{}m\"\nreactive = {{ utilization = {UTILIZATION} }}\n",
            self.boot, self.boot
        )
    }
}

/// Runs `spike` through everything.
///
/// # Errors
/// [`ReplayError`] when it cannot begin.
pub fn measure(spike: &Spike) -> Result<Measured, ReplayError> {
    // A Wednesday, two hours before the spike.
    let from = Timestamp::from_second(1_772_618_400).unwrap_or(Timestamp::UNIX_EPOCH);
    let later = |minutes: usize| {
        let span = SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(0));
        from.saturating_add(span).unwrap_or(Timestamp::MAX)
    };
    let config = spike.config();
    let demand = spike.series(from).ok_or(ReplayError::Window {
        from,
        to: from,
        first: from,
        last: from,
    })?;
    let setup = Setup {
        config_file: "spike.toml",
        config: &config,
        target: None,
        demand: &demand,
        from,
        to: later(WINDOW),
    };
    let run = replay(&setup, &mut |_| {})?;
    let replayed = demand.between(from, later(WINDOW));
    let there = run
        .records
        .get(BEFORE - 1)
        .map_or(0, |record| record.in_service);
    let setting = Setting {
        throughput: THROUGHPUT,
        min_servers: 2,
        max_servers: 9000,
        initial_servers: Some(there),
        boot: SignedDuration::from_mins(i64::from(spike.boot)),
        boot_spread: 0.0,
        lead: SignedDuration::from_mins(i64::from(spike.boot)),
        margin: 1.0,
        utilization: UTILIZATION,
        seed: 1,
    };
    // All begin the spike with the same servers.
    let spiked = demand.between(later(BEFORE), later(WINDOW));
    let tracking = target_tracking(&spiked, &setting).map_err(ReplayError::Simulation)?;
    let stepping = step_scaling(&spiked, &setting)?;
    let edge = |index: usize| {
        let at = later(index);
        let found = run.edges.binary_search_by_key(&at, |(minute, _)| *minute);
        found.ok().map(|found| run.edges[found].1)
    };
    let event = BEFORE..BEFORE + spike.minutes();
    let loss = |records: &[MinuteRecord]| {
        let during = records.get(..spike.minutes()).unwrap_or(records);
        let base = there;
        let after = records.get(..(spike.minutes() + 120).min(records.len()));
        Loss {
            lost: during.iter().map(|record| record.lost).sum(),
            added: during
                .iter()
                .map(|record| record.billed().saturating_sub(base))
                .max()
                .unwrap_or(0),
            extra_minutes: after
                .unwrap_or_default()
                .iter()
                .map(|record| f64::from(record.billed()) - f64::from(base))
                .sum(),
        }
    };
    let values = replayed.values();
    Ok(Measured {
        demand: values.get(event.clone()).unwrap_or_default().iter().sum(),
        forescale: loss(run.records.get(BEFORE..).unwrap_or_default()),
        tracking: loss(&tracking.records),
        stepping: loss(&stepping),
        bound: bound(spike, values, there, edge),
    })
}

/// What is lost until servers that are ordered at the alarm are there, with the servers that were
/// there at the start.
fn bound(spike: &Spike, values: &[f64], there: u32, edge: impl Fn(usize) -> Option<f64>) -> f64 {
    let capacity = f64::from(there) * THROUGHPUT;
    let breaches = |index: &usize| {
        let value = values.get(*index).copied().unwrap_or(0.0);
        edge(*index).is_some_and(|edge| value > edge) || value > 1.1 * capacity
    };
    let first = (BEFORE..values.len()).find(|index| breaches(index) && breaches(&(index + 1)));
    let Some(first) = first else { return 0.0 };
    // The second minute ends, and is shown a minute later.
    let alarm = first + 1 + 1 + 1;
    let ready = alarm + spike.boot as usize;
    let lost = values
        .get(BEFORE..ready.min(values.len()))
        .unwrap_or_default();
    lost.iter()
        .map(|value| lost_demand(*value, there, THROUGHPUT))
        .sum()
}

/// Step scaling alone: three datapoints above its threshold, as target tracking's own alarms want
/// (AWS's example takes two of two minutes), add a fifth, a half or as many servers again, by how far
/// above it they are; what boots counts. It takes nothing away here.
/// Source: Auto Scaling user guide, step scaling policies: adjustments in percent, each breach
/// evaluated again while the alarm lasts, instances that warm up counted as capacity.
fn step_scaling(demand: &Series, setting: &Setting) -> Result<Vec<MinuteRecord>, ReplayError> {
    let initial = setting.initial_servers.unwrap_or(setting.min_servers);
    let mut spec = GroupSpec::new(
        "stepping",
        setting.min_servers,
        initial,
        setting.max_servers,
    );
    spec.boot = setting.boot;
    let start = demand.start();
    let mut group = SimulatedGroup::new(spec, start).map_err(ReplayError::Simulation)?;
    let mut records: Vec<MinuteRecord> = Vec::with_capacity(demand.len());
    let mut breaching = 0;
    for (index, value) in demand.values().iter().enumerate() {
        let now = demand.time_at(index);
        if let Some(seen) = index.checked_sub(2).and_then(|shown| records.get(shown)) {
            let threshold =
                f64::from(seen.in_service.max(1)) * setting.throughput * setting.utilization;
            let above = seen.demand / threshold - 1.0;
            breaching = if above > 0.0 { breaching + 1 } else { 0 };
            let more = match above {
                _ if breaching < 3 => 0.0,
                above if above > 0.5 => 1.0,
                above if above > 0.2 => 0.5,
                _ => 0.2,
            };
            let wanted = required_servers(f64::from(seen.in_service) * (1.0 + more), 1.0);
            let desired = wanted.min(setting.max_servers);
            let now_desired = group
                .group()
                .map_err(ReplayError::Simulation)?
                .desired_capacity;
            if desired > now_desired {
                let sizes = Sizes {
                    desired_capacity: Some(desired),
                    ..Sizes::default()
                };
                let origin = Origin::new(now, Source::Foreign, "step scaling");
                group
                    .resize(now, sizes, &origin)
                    .map_err(ReplayError::Simulation)?;
            }
        }
        records.push(group.advance(now, *value, setting.throughput));
    }
    Ok(records)
}
