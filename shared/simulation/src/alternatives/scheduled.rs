use jiff::{SignedDuration, Timestamp};
use timeseries::Series;

use super::past::{Past, hour_of, hours_ahead};
use super::{Moves, Run, Setting, initial, run};
use crate::{SimulationError, TargetTracking, required_servers};

const HOURS_A_DAY: i64 = 24;
const HOURS_A_WEEK: i64 = 7 * HOURS_A_DAY;

/// What people add to last week's peak when they size a fleet once.
const PEAK_MARGIN: f64 = 1.2;

/// A fixed fleet for the highest minute of the last 7 days and a fifth more, sized anew once a
/// week (daily while less than a week is known).
///
/// # Errors
/// [`SimulationError::Value`] when the setting contradicts itself or a series is not by the minute.
pub fn static_peak(
    history: &Series,
    demand: &Series,
    setting: &Setting,
) -> Result<Run, SimulationError> {
    let past = Past::new(history, demand, setting)?;
    let start = demand.start();
    let fallback = initial(demand, setting);
    let mut size = fallback;
    let mut sized_at: Option<Timestamp> = None;
    run(demand, setting, None, Moves::Exactly, move |now| {
        let whole_week = past.highest(hour_of(now) - HOURS_A_WEEK, now).is_some();
        let every = if whole_week { 7 } else { 1 } * HOURS_A_DAY;
        let due =
            sized_at.is_none_or(|at| at.duration_until(now) >= SignedDuration::from_hours(every));
        if due && (start.duration_until(now).as_secs() % 86_400 == 0) {
            sized_at = Some(now);
            size = past
                .highest_of_last(HOURS_A_WEEK, now)
                .map_or(fallback, |peak| {
                    required_servers(setting.margin * PEAK_MARGIN * peak, setting.throughput)
                });
        }
        size
    })
}

/// Each hour gets the servers that the highest minute of the same hour yesterday required.
///
/// # Errors
/// As [`static_peak`].
pub fn yesterday(
    history: &Series,
    demand: &Series,
    setting: &Setting,
) -> Result<Run, SimulationError> {
    same_hour(history, demand, setting, &[1])
}

/// Each hour gets the servers that the highest minute of the same hour a week ago required.
///
/// # Errors
/// As [`static_peak`].
pub fn last_week(
    history: &Series,
    demand: &Series,
    setting: &Setting,
) -> Result<Run, SimulationError> {
    same_hour(history, demand, setting, &[7])
}

/// Target tracking alone, between the group's limits.
///
/// # Errors
/// As [`static_peak`].
pub fn target_tracking(demand: &Series, setting: &Setting) -> Result<Run, SimulationError> {
    let policy = tracking(setting);
    run(demand, setting, Some(policy), Moves::Floor, |_| {
        setting.min_servers
    })
}

pub(super) fn tracking(setting: &Setting) -> TargetTracking {
    TargetTracking {
        utilization: setting.utilization,
        scales_in: true,
    }
}

/// A schedule by the hour from the first day in `days_back` that knows the hour, else from the
/// latest of seven days that does. Servers are asked for the lead before their hour. A day is 24
/// hours, also where clocks change.
fn same_hour(
    history: &Series,
    demand: &Series,
    setting: &Setting,
    days_back: &[i64],
) -> Result<Run, SimulationError> {
    let past = Past::new(history, demand, setting)?;
    let fallback = initial(demand, setting);
    let hour_needs = |hour: i64, now: Timestamp| -> u32 {
        let same = days_back.iter().copied().chain(1..=7);
        same.map(|days| hour - days * HOURS_A_DAY)
            .find_map(|hour| past.highest(hour, now))
            .or_else(|| past.highest_of_last(HOURS_A_DAY, now))
            .map_or(fallback, |peak| {
                required_servers(setting.margin * peak, setting.throughput)
            })
    };
    run(demand, setting, None, Moves::Exactly, |now| {
        hours_ahead(now, setting.lead)
            .map(|hour| hour_needs(hour, now))
            .max()
            .unwrap_or(fallback)
    })
}
