//! What the alternatives to Forescale would have cost, on the same minutes and the same boots.
//!
//! Every alternative but the clairvoyant decides from what lay before: they reach demand through
//! `Past`, which gives whole hours only once they are over.
//!
//! A group without enough history falls back, in this order, to the same hour of the latest day
//! that has it, to the highest minute seen in the last 24 hours, and to the servers it began with.

mod basic;
mod clairvoyant;
mod hpa;
mod past;
mod predictive;
mod reacting;
mod scheduled;
mod step;

use fleet::Sizes;
use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

pub use basic::target_tracking_5m_cpu;
pub use clairvoyant::{Bound, clairvoyant, fewest_server_minutes};
pub use hpa::kubernetes_hpa;
pub use predictive::predictive_scaling;
pub use scheduled::{last_week, static_peak, target_tracking, yesterday};
pub use step::step_scaling;

use crate::{
    GroupSpec, MinuteRecord, Origin, SimulatedGroup, SimulationError, SizeChange, Source,
    TargetTracking, required_servers,
};

/// The service and the group that all alternatives run.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Requests a minute that one server carries, above 0.
    pub throughput: f64,
    /// MinSize.
    pub min_servers: u32,
    /// MaxSize.
    pub max_servers: u32,
    /// Servers in service at the start; what the first minute requires where `None`.
    pub initial_servers: Option<u32>,
    /// Median time from launch to in service.
    pub boot: SignedDuration,
    /// Standard deviation of the logarithm of the boot time.
    pub boot_spread: f64,
    /// How long before an hour its servers are asked for, in schedules made by people.
    pub lead: SignedDuration,
    /// What those schedules hold, over what the demand that they repeat required, above 0; 1 is no more.
    pub margin: f64,
    /// Share of a server's throughput that the reactive policies and predictive scaling aim at.
    pub utilization: f64,
    /// Seed of the boots.
    pub seed: u64,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Outcome {
    /// Servers billed, summed over minutes, booting ones included.
    pub server_minutes: f64,
    /// Requests that met no capacity.
    pub lost_demand: f64,
    /// Requests in all.
    pub total_demand: f64,
    /// Minutes in which demand was above capacity.
    pub minutes_under: u64,
    /// Minutes in all.
    pub minutes: u64,
}

impl Outcome {
    /// Adds one minute.
    pub fn add(&mut self, record: &MinuteRecord) {
        self.server_minutes += f64::from(record.billed());
        self.lost_demand += record.lost;
        if record.demand.is_finite() {
            self.total_demand += record.demand.max(0.0);
        }
        self.minutes_under += u64::from(record.lost > 0.0);
        self.minutes += 1;
    }

    /// Hours of one server.
    #[must_use]
    pub fn server_hours(&self) -> f64 {
        self.server_minutes / 60.0
    }

    /// Share of demand above capacity, 0 to 1; 0 without demand.
    #[must_use]
    pub fn lost_share(&self) -> f64 {
        if self.total_demand > 0.0 {
            self.lost_demand / self.total_demand
        } else {
            0.0
        }
    }

    /// Cost at `price` for one server and hour.
    #[must_use]
    pub fn cost(&self, price: f64) -> f64 {
        self.server_hours() * price
    }
}

impl<'a> FromIterator<&'a MinuteRecord> for Outcome {
    fn from_iter<I: IntoIterator<Item = &'a MinuteRecord>>(records: I) -> Self {
        let mut outcome = Self::default();
        records.into_iter().for_each(|record| outcome.add(record));
        outcome
    }
}

/// All alternatives on the same demand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alternatives {
    /// See [`static_peak`].
    pub static_peak: Outcome,
    /// See [`yesterday`].
    pub yesterday: Outcome,
    /// See [`last_week`].
    pub last_week: Outcome,
    /// See [`target_tracking`].
    pub target_tracking: Outcome,
    /// See [`target_tracking_5m_cpu`].
    pub target_tracking_5m_cpu: Outcome,
    /// See [`step_scaling`].
    pub step_scaling: Outcome,
    /// See [`kubernetes_hpa`].
    pub kubernetes_hpa: Outcome,
    /// See [`predictive_scaling`].
    pub predictive_scaling: Outcome,
    /// See [`clairvoyant`].
    pub clairvoyant: Outcome,
}

/// Runs every alternative over `demand`, given `history` before it.
///
/// # Errors
/// [`SimulationError::Value`] when the setting contradicts itself or a series is not by the minute.
pub fn alternatives(
    history: &Series,
    demand: &Series,
    setting: &Setting,
) -> Result<Alternatives, SimulationError> {
    Ok(Alternatives {
        static_peak: static_peak(history, demand, setting)?.outcome,
        yesterday: yesterday(history, demand, setting)?.outcome,
        last_week: last_week(history, demand, setting)?.outcome,
        target_tracking: target_tracking(demand, setting)?.outcome,
        target_tracking_5m_cpu: target_tracking_5m_cpu(demand, setting)?.outcome,
        step_scaling: step_scaling(demand, setting)?.outcome,
        kubernetes_hpa: kubernetes_hpa(demand, setting)?.outcome,
        predictive_scaling: predictive_scaling(history, demand, setting)?.outcome,
        clairvoyant: clairvoyant(demand, setting)?,
    })
}

/// One alternative's run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What it came to.
    pub outcome: Outcome,
    /// Every minute.
    pub records: Vec<MinuteRecord>,
    /// Every decision.
    pub changes: Vec<SizeChange>,
}

/// `series` by the minute: every minute of a longer step has the step's rate. A smoother curve
/// would let a minute know of the next step.
#[must_use]
pub fn by_minute(series: &Series) -> Series {
    let repeat = (series.step().seconds() / Step::MINUTE.seconds()) as usize;
    let values = series
        .values()
        .iter()
        .flat_map(|value| std::iter::repeat_n(*value, repeat))
        .collect();
    // A start on a coarser grid lies on the minutes' too.
    Series::new(series.start(), Step::MINUTE, values).unwrap_or_else(|_| series.clone())
}

/// How an alternative moves the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moves {
    /// MinSize and desired capacity.
    Exactly,
    /// MinSize only: something else removes servers.
    Floor,
}

/// Runs `demand` through a group whose floor at each minute is what `floor` says.
fn run(
    demand: &Series,
    setting: &Setting,
    reactive: Option<TargetTracking>,
    moves: Moves,
    mut floor: impl FnMut(Timestamp) -> u32,
) -> Result<Run, SimulationError> {
    let mut group = SimulatedGroup::new(spec(demand, setting, reactive)?, demand.start())?;
    let mut records = Vec::with_capacity(demand.len());
    let mut last = None;
    for (index, value) in demand.values().iter().enumerate() {
        let now = demand.time_at(index);
        let want = floor(now).clamp(setting.min_servers, setting.max_servers);
        if last != Some(want) {
            last = Some(want);
            let sizes = Sizes {
                min_size: Some(want),
                desired_capacity: (moves == Moves::Exactly).then_some(want),
                max_size: None,
            };
            let origin = Origin::new(now, Source::Foreign, "alternative");
            group.resize(now, sizes, &origin)?;
        }
        records.push(group.advance(now, *value, setting.throughput));
    }
    Ok(Run {
        outcome: records.iter().collect(),
        records,
        changes: group.changes().to_vec(),
    })
}

fn spec(
    demand: &Series,
    setting: &Setting,
    reactive: Option<TargetTracking>,
) -> Result<GroupSpec, SimulationError> {
    check(demand, setting)?;
    let mut spec = GroupSpec::new(
        "alternative",
        setting.min_servers,
        initial(demand, setting),
        setting.max_servers,
    );
    spec.boot = setting.boot;
    spec.boot_spread = setting.boot_spread;
    spec.reactive = reactive;
    spec.seed = setting.seed;
    Ok(spec)
}

fn initial(demand: &Series, setting: &Setting) -> u32 {
    let first = demand
        .values()
        .iter()
        .copied()
        .find(|value| value.is_finite());
    let needed = || required_servers(first.unwrap_or(0.0), setting.throughput);
    setting
        .initial_servers
        .unwrap_or_else(needed)
        .clamp(setting.min_servers, setting.max_servers)
}

fn check(demand: &Series, setting: &Setting) -> Result<(), SimulationError> {
    if demand.step() != Step::MINUTE {
        return Err(SimulationError::Value {
            field: "step of the demand",
            value: demand.step().to_string(),
            allowed: "1m",
        });
    }
    if !(setting.throughput > 0.0 && setting.throughput.is_finite()) {
        return Err(SimulationError::Value {
            field: "throughput",
            value: setting.throughput.to_string(),
            allowed: "above 0",
        });
    }
    if setting.min_servers > setting.max_servers {
        return Err(SimulationError::Value {
            field: "min_servers",
            value: setting.min_servers.to_string(),
            allowed: "at most max_servers",
        });
    }
    Ok(())
}
