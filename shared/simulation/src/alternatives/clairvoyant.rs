use timeseries::Series;

use super::{Outcome, Setting, check};
use crate::{SimulationError, lost_demand, required_servers};

/// The least that perfect knowledge could bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// Servers in service in each minute.
    pub held: Vec<u32>,
    /// Launches in all; the servers that the first minute needs are running already.
    pub launches: u64,
    /// Billed minutes: those in service and the boot of every launch.
    pub server_minutes: u64,
}

/// The cheapest fleet that serves `need` in every minute when each launch bills `boot` minutes
/// beforehand: an exact optimum.
///
/// The levels of a fleet do not influence each other. Level `k` is needed in the minutes that need
/// at least `k`; between two of these it is cheaper to keep an idle server than to launch one
/// again exactly when the gap is not longer than the boot. One pass with a stack of idle levels.
///
/// Source: Lin, Wierman, Andrew, Thereska, "Dynamic right-sizing for power-proportional data
/// centers", INFOCOM 2011; IEEE/ACM Transactions on Networking 21(5), 2013: the offline optimum
/// with a switching cost, here the boot, and a covering constraint, here the demand.
#[must_use]
pub fn fewest_server_minutes(need: &[u32], boot: u32) -> Bound {
    // Levels (from, to] that ran last in the minute before `since`, oldest first. `to` falls along
    // the stack: what went idle later lies lower.
    let mut idle: Vec<Idle> = Vec::new();
    let mut kept = vec![0_i64; need.len() + 1];
    let mut launches = 0_u64;
    let mut ever = need.first().copied().unwrap_or(0);
    let mut before = ever;
    for (minute, &now) in need.iter().enumerate() {
        if now < before {
            idle.push(Idle {
                since: minute,
                from: now,
                to: before,
            });
        }
        while before < now {
            let Some(mut top) = idle.pop() else {
                launches += u64::from(now - ever);
                ever = now;
                break;
            };
            let reached = top.to.min(now);
            let levels = reached - top.from;
            if minute - top.since <= boot as usize {
                kept[top.since] += i64::from(levels);
                kept[minute] -= i64::from(levels);
            } else {
                launches += u64::from(levels);
            }
            before = reached;
            if reached < top.to {
                top.from = reached;
                idle.push(top);
            }
        }
        before = now;
    }
    let mut extra = 0_i64;
    let held: Vec<u32> = need
        .iter()
        .zip(&kept)
        .map(|(need, change)| {
            extra += change;
            need.saturating_add(u32::try_from(extra).unwrap_or(0))
        })
        .collect();
    let serving: u64 = held.iter().map(|servers| u64::from(*servers)).sum();
    Bound {
        server_minutes: serving + launches * u64::from(boot),
        held,
        launches,
    }
}

struct Idle {
    since: usize,
    from: u32,
    to: u32,
}

/// The clairvoyant lower bound: [`fewest_server_minutes`] for what each minute requires within
/// the group's limits, with the median boot in whole minutes. Demand above MaxSize is lost.
///
/// # Errors
/// As [`static_peak`](super::static_peak).
pub fn clairvoyant(demand: &Series, setting: &Setting) -> Result<Outcome, SimulationError> {
    check(demand, setting)?;
    let need: Vec<u32> = demand
        .values()
        .iter()
        .map(|value| {
            required_servers(*value, setting.throughput)
                .clamp(setting.min_servers, setting.max_servers)
        })
        .collect();
    let boot = libm::ceil(setting.boot.as_secs_f64() / 60.0 - 1e-9).max(1.0) as u32;
    let bound = fewest_server_minutes(&need, boot);
    let mut outcome = Outcome {
        server_minutes: bound.server_minutes as f64,
        minutes: demand.len() as u64,
        ..Outcome::default()
    };
    for (value, held) in demand.values().iter().zip(&bound.held) {
        let lost = lost_demand(*value, *held, setting.throughput);
        if lost > 0.0 {
            outcome.lost_demand += lost;
            outcome.minutes_under += 1;
        }
        if value.is_finite() {
            outcome.total_demand += value.max(0.0);
        }
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    /// Every path through capacities, by dynamic programming over (minute, servers held).
    fn brute_force(need: &[u32], boot: u32) -> u64 {
        let top = need.iter().copied().max().unwrap_or(0);
        let Some(&first) = need.first() else { return 0 };
        let mut cost: Vec<Option<u64>> = (0..=top).map(|k| (k == first).then_some(0)).collect();
        for &least in need {
            cost = (0..=top)
                .map(|k| {
                    let from = |(j, c): (u32, &Option<u64>)| {
                        c.map(|c| {
                            c + u64::from(k) + u64::from(k.saturating_sub(j)) * u64::from(boot)
                        })
                    };
                    let best = (0..=top).zip(&cost).filter_map(from).min();
                    best.filter(|_| k >= least)
                })
                .collect();
        }
        cost.into_iter().flatten().min().unwrap()
    }

    #[test]
    fn equals_brute_force_on_small_cases() {
        let mut random = Random::new(11);
        for case in 0..3_000 {
            let length = 1 + random.below(14) as usize;
            let top = 1 + random.below(5);
            let boot = 1 + random.below(6) as u32;
            let need: Vec<u32> = (0..length).map(|_| random.below(top + 1) as u32).collect();
            let bound = fewest_server_minutes(&need, boot);
            assert_eq!(
                bound.server_minutes,
                brute_force(&need, boot),
                "{case}: {need:?} {boot}"
            );
            let mut launches = 0;
            let mut before = need[0];
            for (held, need) in bound.held.iter().zip(&need) {
                assert!(held >= need);
                launches += u64::from(held.saturating_sub(before));
                before = *held;
            }
            assert_eq!(launches, bound.launches, "{case}: {need:?} {boot}");
        }
    }

    #[test]
    fn keeps_over_short_gaps_and_relaunches_over_long_ones() {
        let short = fewest_server_minutes(&[2, 1, 1, 2], 2);
        assert_eq!((short.server_minutes, short.launches), (8, 0));
        let long = fewest_server_minutes(&[2, 1, 1, 1, 2], 2);
        assert_eq!((long.server_minutes, long.launches), (7 + 2, 1));
        assert_eq!(fewest_server_minutes(&[], 5).server_minutes, 0);
    }
}
