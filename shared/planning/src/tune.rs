//! What a server is worth to a target, and how its reactive policy should be set: by replaying
//! its own past.
//!
//! A plan and a policy that reacts share one risk. Each planned for alone pays for the other's
//! margin, so they are chosen together: the last days are run through the same decisions at the
//! same times, with the policy above them, and the price of a server is moved until the share of
//! demand lost is what was asked for. What whole servers, boots and minutes do is then in the
//! price.

mod held_out;

use forecasting::{Interval, NEAR_LEVELS, by_minute};
use jiff::{SignedDuration, Timestamp};
use simulation::{Counts, Tally, TargetTracking};
use timeseries::Series;

use crate::Rules;
use crate::floors::looking_ahead;
use crate::near::{NEAR_BLOCK, worth};

pub use held_out::HeldOut;

/// A target's past, as it was and as it had been forecast.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// Demand by the minute, requests per minute.
    pub demand: &'a Series,
    /// Medians forecast for each day from what lay before it.
    pub medians: &'a Series,
    /// What is not to be judged by: events, incidents, days left out.
    pub left_out: &'a [Interval],
}

/// When and with what the planner decides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rhythm {
    /// Minutes from one run to the next.
    pub every: usize,
    /// Minutes from the newest minute seen to the decision.
    pub delay: usize,
    /// Whether desired capacity is set as well as the floor.
    pub exact: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// What one server more must carry, as a share of its throughput.
    pub price: f64,
    /// The reactive policy it goes with.
    pub reactive: Option<TargetTracking>,
    /// Share of demand lost in the replay.
    pub risk: f64,
    /// Server-minutes of the replay.
    pub server_minutes: f64,
    /// Whole days replayed.
    pub days: usize,
    /// Whether what a plan can do something about kept to what is left of the risk asked for.
    pub kept: bool,
}

/// Prices looked at: at one half a server is bought when it is as likely needed as not, at one in ten
/// thousand when it is hardly ever.
const PRICES: (f64, f64) = (1e-4, 0.5);
/// What is lost even when every server is bought that is needed once in a thousand times, no plan
/// could sensibly have carried: a jump that nothing told of. That is the responder's, and no reason
/// to buy more on every other day.
const RARE: f64 = 1e-3;
/// Nor what is lost at so much less a price as well, where the price is near that already.
const MUCH_LESS: f64 = 8.0;
/// From one price looked at to the next lower one.
const STRIDE: f64 = 2.0;
/// Halvings of the last stride, whose logarithm is then known to one part in a hundred.
const HALVINGS: usize = 6;
/// Standard errors that the risk of the days replayed must stay under what was asked: days to come
/// differ as those days differ among themselves.
const CAUTION: f64 = 1.0;
/// The first day of the past only settles the state.
const SETTLING: usize = 1440;
/// Whole days after it that are replayed at least: below that days cannot be told to differ.
const LEAST_DAYS: usize = 3;

/// The price, and of `policies` the one with which the past is served at the risk asked for with
/// the fewest server-minutes. `models` were learnt from the same `past`. `None` without a past of at
/// least four days or without a policy to try.
#[must_use]
pub fn tune(
    models: &HeldOut,
    past: &Past<'_>,
    rules: &Rules,
    rhythm: Rhythm,
    policies: &[Option<TargetTracking>],
) -> Option<Tuning> {
    let replay = Replay::new(models, past, rules, rhythm)?;
    let tried = policies
        .iter()
        .filter_map(|policy| replay.price(*policy))
        .collect::<Vec<_>>();
    tried.into_iter().min_by(|a, b| {
        // Whoever keeps to the risk comes first, then the cheaper.
        (!a.kept)
            .cmp(&!b.kept)
            .then(a.server_minutes.total_cmp(&b.server_minutes))
    })
}

/// The past by the minute, and what was known when.
struct Replay<'a> {
    rules: &'a Rules,
    rhythm: Rhythm,
    demand: Vec<f64>,
    /// What each run expected of the minutes ahead of it, by blocks. The same at every price.
    expected: Vec<Vec<Option<Quantiles>>>,
    /// Minutes a floor comes early.
    ahead: usize,
}

/// Demand of one block at [`NEAR_LEVELS`].
type Quantiles = [f64; NEAR_LEVELS.len()];

impl<'a> Replay<'a> {
    fn new(models: &HeldOut, past: &Past<'_>, rules: &'a Rules, rhythm: Rhythm) -> Option<Self> {
        let fine = by_minute(past.medians);
        let from = models.from;
        let to = past.demand.end().min(fine.end());
        let demand = past.demand.between(from, to);
        let medians = fine.between(from, to).values().to_vec();
        let mut demand = demand.values().to_vec();
        for interval in past.left_out {
            leave_out(&mut demand, from, interval);
        }
        let length = demand.len().min(medians.len());
        demand.truncate(length);
        if length < LEAST_DAYS * 1440 + SETTLING || rhythm.every == 0 {
            return None;
        }
        let states = models.states(&demand, &medians);
        let ahead = usize::try_from(rules.lead_time.as_secs().max(0)).ok()?;
        let ahead = ahead.div_ceil(60) + 1;
        let runs = (first_run(rhythm)..length).step_by(rhythm.every);
        let expected = runs
            .map(|run| {
                let (model, state) = models
                    .at(run)
                    .zip(states.get(run.saturating_sub(rhythm.delay)))?;
                let blocks = (rhythm.every + ahead).div_ceil(NEAR_BLOCK);
                let middles = (0..blocks).map(|block| block * NEAR_BLOCK + NEAR_BLOCK / 2);
                let of = |middle: usize| {
                    let median = medians[(run + middle).min(length - 1)];
                    let minutes = u32::try_from(middle + rhythm.delay).unwrap_or(u32::MAX);
                    let at = SignedDuration::from_mins((run + middle) as i64);
                    let at = from.saturating_add(at).unwrap_or(from);
                    model.quantiles(state, at, minutes.min(model.reach()), median)
                };
                Some(middles.map(of).collect())
            })
            .collect::<Option<_>>()?;
        Some(Self {
            rules,
            rhythm,
            demand,
            expected,
            ahead,
        })
    }

    /// The highest price at which the past keeps to the risk. A lower one may not: in an hour that no
    /// plan could have carried one server more or less moves what is lost both ways. So prices are
    /// looked at from the highest on.
    fn price(&self, policy: Option<TargetTracking>) -> Option<Tuning> {
        let (lowest, highest) = PRICES;
        let (mut high, mut low) = (highest, highest);
        let mut best = self.run(low, policy)?;
        while !self.keeps(low, &best, policy)? {
            if low <= lowest {
                return Some(Self::tuning(low, policy, &best, false));
            }
            (high, low) = (low, (low / STRIDE).max(lowest));
            best = self.run(low, policy)?;
        }
        if low == highest {
            return Some(Self::tuning(low, policy, &best, true));
        }
        for _ in 0..HALVINGS {
            let middle = (low * high).sqrt();
            let tally = self.run(middle, policy)?;
            if self.keeps(middle, &tally, policy)? {
                (low, best) = (middle, tally);
            } else {
                high = middle;
            }
        }
        Some(Self::tuning(low, policy, &best, true))
    }

    /// Whether `tally`, of a run at `price`, keeps to the risk: what no plan could have carried is
    /// taken off it, as far as half of it remains for what plans can do.
    fn keeps(&self, price: f64, tally: &Tally, policy: Option<TargetTracking>) -> Option<bool> {
        let beyond = self.run((price / MUCH_LESS).min(RARE), policy)?;
        let risk = self.rules.risk;
        let left = (risk - beyond.outcome.lost_share()).max(risk / 2.0);
        Some(careful(tally, &beyond) <= left)
    }

    fn tuning(price: f64, reactive: Option<TargetTracking>, tally: &Tally, kept: bool) -> Tuning {
        Tuning {
            price,
            reactive,
            risk: tally.outcome.lost_share(),
            server_minutes: tally.outcome.server_minutes,
            days: tally.lost_by_day.len(),
            kept,
        }
    }

    fn run(&self, price: f64, policy: Option<TargetTracking>) -> Option<Tally> {
        let counts = Counts {
            throughput: self.rules.throughput,
            max_servers: self.rules.max_servers,
            boot_minutes: self.ahead.saturating_sub(1).max(1),
            reactive: policy,
            exact: self.rhythm.exact,
        };
        let floors = self.floors(price);
        counts
            .run(&self.demand[SETTLING..], &floors[SETTLING..])
            .ok()
    }

    /// The floor of every minute, decided each run from what was seen by then.
    fn floors(&self, price: f64) -> Vec<u32> {
        let every = self.rhythm.every;
        let length = self.demand.len();
        let mut floors = vec![self.rules.min_servers; length];
        let runs = (first_run(self.rhythm)..length).step_by(every);
        for (run, expected) in runs.zip(&self.expected) {
            let servers = |values: &Option<Quantiles>| {
                let values = values.as_ref();
                values.map_or(0, |values| worth(values, price, self.rules.throughput))
            };
            let needed: Vec<u32> = expected
                .iter()
                .flat_map(|values| [servers(values); NEAR_BLOCK])
                .collect();
            let early = looking_ahead(&needed, self.ahead);
            let until = (run + every).min(length);
            for (floor, early) in floors[run..until].iter_mut().zip(early) {
                *floor = early.max(self.rules.min_servers);
            }
        }
        floors
    }
}

/// The first run once the state has settled.
fn first_run(rhythm: Rhythm) -> usize {
    SETTLING - SETTLING % rhythm.every
}

/// Mean of what the days lost more than was beyond any plan, and as much more as days differ.
fn careful(tally: &Tally, beyond: &Tally) -> f64 {
    let lost = || {
        let days = tally.lost_by_day.iter().zip(&beyond.lost_by_day);
        days.map(|(lost, beyond)| (lost - beyond).max(0.0))
    };
    let days = tally.lost_by_day.len().max(2) as f64;
    let mean = lost().sum::<f64>() / days;
    let square: f64 = lost().map(|lost| (lost - mean).powi(2)).sum();
    mean + CAUTION * (square / (days - 1.0) / days).sqrt()
}

fn leave_out(demand: &mut [f64], start: Timestamp, interval: &Interval) {
    let minute = |at: Timestamp| at.duration_since(start).as_secs().div_euclid(60);
    let bounded =
        |at: i64| usize::try_from(at.max(0)).map_or(demand.len(), |i| i.min(demand.len()));
    let (from, to) = (
        bounded(minute(interval.start)),
        bounded(minute(interval.end)),
    );
    if from < to {
        demand[from..to].fill(f64::NAN);
    }
}

#[cfg(test)]
mod tests;
