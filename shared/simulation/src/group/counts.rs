use jiff::{SignedDuration, Timestamp};

use super::reactive::Tracker;
use super::{TargetTracking, lost_demand, required_servers};
use crate::SimulationError;
use crate::alternatives::Outcome;

/// A group of which only the number of servers matters: the same model as
/// [`super::SimulatedGroup`] with boots that all take as long, without names, activities and
/// schedule, and so some hundred times faster. For replaying a past many times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counts {
    /// Requests a minute that one server carries, above 0.
    pub throughput: f64,
    /// Most servers.
    pub max_servers: u32,
    /// Minutes from launch to in service.
    pub boot_minutes: usize,
    /// The group's own target tracking.
    pub reactive: Option<TargetTracking>,
    /// Whether desired capacity follows the floor down as well as up.
    pub exact: bool,
}

/// What a replay of [`Counts`] came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// In all.
    pub outcome: Outcome,
    /// Lost demand of each whole day of 1440 minutes, as a share of a mean day's demand.
    pub lost_by_day: Vec<f64>,
}

impl Counts {
    /// Runs `demand`, by the minute and NaN where unknown, over the floor of each minute.
    ///
    /// # Errors
    /// [`SimulationError::Value`] for a throughput that nothing can be divided by, or unequal
    /// lengths.
    pub fn run(&self, demand: &[f64], floors: &[u32]) -> Result<Tally, SimulationError> {
        const DAY: usize = 1440;
        if !(self.throughput > 0.0 && self.throughput.is_finite()) {
            return wrong("throughput", self.throughput, "above 0");
        }
        if floors.len() != demand.len() {
            return wrong("floors", floors.len(), "as many as minutes of demand");
        }
        let mut ready = vec![0_u32; demand.len() + self.boot_minutes + 1];
        let mut tracker = self.reactive.map(Tracker::new);
        let first = floors.first().copied().unwrap_or(0);
        let (mut serving, mut booting, mut desired) = (first, 0_u32, first);
        let mut tally = Tally::default();
        let outcome = &mut tally.outcome;
        let mut lost_today = 0.0;
        let mut now = Timestamp::UNIX_EPOCH;
        for (minute, (&demand, &floor)) in demand.iter().zip(floors).enumerate() {
            serving += ready[minute];
            booting -= ready[minute];
            let floor = floor.min(self.max_servers);
            desired = if self.exact {
                floor
            } else {
                desired.max(floor)
            };
            if let Some(tracker) = &mut tracker
                && let Some(want) = tracker.decide(now, self.throughput, desired, booting)
            {
                desired = want.clamp(floor, self.max_servers);
            }
            let have = serving + booting;
            if desired > have {
                ready[minute + self.boot_minutes] += desired - have;
                booting += desired - have;
                if self.boot_minutes == 0 {
                    serving += desired - have;
                    booting = 0;
                    ready[minute] = 0;
                }
            }
            // Booting ones go first, the newest before the others.
            let mut spare = have.saturating_sub(desired);
            for slot in ready[minute + 1..].iter_mut().take(self.boot_minutes).rev() {
                let gone = spare.min(*slot);
                *slot -= gone;
                booting -= gone;
                spare -= gone;
            }
            serving -= spare;
            if let Some(tracker) = &mut tracker {
                tracker.observe(now, demand, serving);
            }
            outcome.server_minutes += f64::from(serving + booting);
            let lost = lost_demand(demand, serving, self.throughput);
            outcome.lost_demand += lost;
            lost_today += lost;
            outcome.minutes_under += u64::from(required_servers(demand, self.throughput) > serving);
            outcome.minutes += 1;
            if demand.is_finite() {
                outcome.total_demand += demand.max(0.0);
            }
            if (minute + 1) % DAY == 0 {
                tally.lost_by_day.push(lost_today);
                lost_today = 0.0;
            }
            now = now
                .saturating_add(SignedDuration::from_mins(1))
                .unwrap_or(now);
        }
        let mean_day = outcome.total_demand * DAY as f64 / outcome.minutes.max(1) as f64;
        if mean_day > 0.0 {
            for lost in &mut tally.lost_by_day {
                *lost /= mean_day;
            }
        }
        Ok(tally)
    }
}

fn wrong<T>(
    field: &'static str,
    value: impl std::fmt::Display,
    allowed: &'static str,
) -> Result<T, SimulationError> {
    Err(SimulationError::Value {
        field,
        value: value.to_string(),
        allowed,
    })
}

#[cfg(test)]
mod tests {
    use fleet::Sizes;

    use super::*;
    use crate::{GroupSpec, MinuteRecord, Origin, Random, SimulatedGroup, Source};

    /// The same minutes through the group with everything.
    fn simulated(counts: &Counts, demand: &[f64], floors: &[u32]) -> Outcome {
        let at = |minute: usize| {
            Timestamp::UNIX_EPOCH + SignedDuration::from_mins(i64::try_from(minute).unwrap())
        };
        let mut spec = GroupSpec::new("g", 0, floors[0], counts.max_servers);
        spec.boot = SignedDuration::from_mins(i64::try_from(counts.boot_minutes).unwrap());
        spec.reactive = counts.reactive;
        let mut group = SimulatedGroup::new(spec, at(0)).unwrap();
        let mut records: Vec<MinuteRecord> = Vec::new();
        let mut last = None;
        for (minute, (demand, floor)) in demand.iter().zip(floors).enumerate() {
            if last != Some(*floor) {
                let sizes = Sizes {
                    min_size: Some(*floor),
                    desired_capacity: counts.exact.then_some(*floor),
                    max_size: None,
                };
                let origin = Origin::new(at(minute), Source::Foreign, "floor");
                group.resize(at(minute), sizes, &origin).unwrap();
                last = Some(*floor);
            }
            records.push(group.advance(at(minute), *demand, counts.throughput));
        }
        records.iter().collect()
    }

    #[test]
    fn it_counts_as_the_whole_group_does() {
        for seed in 0..40 {
            let mut random = Random::keyed(seed, &[7]);
            let mut draw = move |most: f64| random.uniform() * most;
            let mut level = 500.0;
            let demand: Vec<f64> = (0..600)
                .map(|minute| {
                    level = (level + draw(80.0) - 40.0_f64).clamp(0.0, 1500.0);
                    if minute % 97 == 3 { f64::NAN } else { level }
                })
                .collect();
            let mut floor = 3;
            let floors: Vec<u32> = (0..600)
                .map(|minute| {
                    if minute % 15 == 0 {
                        floor = draw(12.0) as u32;
                    }
                    floor
                })
                .collect();
            let exact = seed % 3 == 0;
            let counts = Counts {
                throughput: 100.0,
                max_servers: 30,
                boot_minutes: 1 + seed as usize % 9,
                reactive: (!exact).then_some(TargetTracking {
                    utilization: 0.8 + 0.05 * (seed % 5) as f64,
                    scales_in: seed % 4 != 1,
                }),
                exact,
            };
            let quick = counts.run(&demand, &floors).unwrap().outcome;
            let whole = simulated(&counts, &demand, &floors);
            assert_eq!(quick.server_minutes, whole.server_minutes, "seed {seed}");
            assert!(
                (quick.lost_demand - whole.lost_demand).abs() < 1e-6,
                "seed {seed}"
            );
            assert_eq!(quick.minutes_under, whole.minutes_under, "seed {seed}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let counts = Counts {
            throughput: 0.0,
            max_servers: 3,
            boot_minutes: 5,
            reactive: None,
            exact: true,
        };
        assert!(counts.run(&[1.0], &[1]).is_err());
        let counts = Counts {
            throughput: 1.0,
            ..counts
        };
        assert!(counts.run(&[1.0], &[]).is_err());
    }
}
