//! Floors that change in limited steps, at limited times.

use std::collections::VecDeque;

use jiff::SignedDuration;

/// How a floor may change. The default limits nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// Most servers that one change adds, at least 1.
    pub most_up: Option<u32>,
    /// Most servers that one change takes away, at least 1.
    pub most_down: Option<u32>,
    /// Least time from one change to the next.
    pub dwell: SignedDuration,
}

impl Pace {
    /// Whether it limits anything.
    #[must_use]
    pub fn limits(&self) -> bool {
        self.most_up.is_some() || self.most_down.is_some() || self.dwell > SignedDuration::ZERO
    }
}

/// Where a staircase begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before {
    /// The floor that is there.
    pub(crate) floor: u32,
    /// Minutes for which it may not fall yet.
    pub(crate) kept: usize,
    /// Minutes for which the first level holds in any case.
    pub(crate) margin: usize,
}

/// Cells of one table of costs: time is cut into longer blocks where a fleet would need more.
const MOST_CELLS: usize = 4_000_000;

/// The cheapest staircase that is nowhere below `floors`, keeps to `pace`, and has at most `most`
/// levels, as `(first minute, floor)`.
///
/// A need is met in any case: what has to be there at once comes at once, and what a limited step
/// could not reach in time begins earlier. Exact for a price of a change: backwards over minutes and
/// levels, the least cost with and without a change at each. Where too many levels are left the
/// price is raised until they fit, so that the staircase is the cheapest of those with as many
/// levels as it has. O(minutes * levels) for a price.
pub(crate) fn paced(floors: &[u32], pace: &Pace, before: Before, most: usize) -> Vec<(usize, u32)> {
    let highest = floors.iter().copied().max().unwrap_or(0).max(before.floor);
    let cells = floors.len().saturating_mul(highest as usize + 1);
    let block = cells.div_ceil(MOST_CELLS).max(1);
    let blocks: Vec<u32> = floors
        .chunks(block)
        .map(|part| part.iter().copied().max().unwrap_or(0))
        .collect();
    let dwell = usize::try_from(pace.dwell.as_secs().max(0)).unwrap_or(0);
    let problem = Problem {
        floors: &blocks,
        levels: highest as usize + 1,
        up: pace.most_up.map_or(usize::MAX, |up| up as usize),
        down: pace.most_down.map_or(usize::MAX, |down| down as usize),
        dwell: dwell.div_ceil(60).div_ceil(block).max(1),
        before: Before {
            kept: before.kept.div_ceil(block),
            margin: before.margin.div_ceil(block).max(1),
            ..before
        },
    };
    let mut levels = problem.solved(0);
    if levels.len() > most {
        // A change that costs a whole fleet for the whole time is never worth it.
        let (mut low, mut high) = (0, (highest as u64 + 1) * (blocks.len() as u64 + 1));
        levels = problem.solved(high);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let tried = problem.solved(middle);
            if tried.len() <= most {
                (high, levels) = (middle, tried);
            } else {
                low = middle;
            }
        }
    }
    let minutes = levels.into_iter().map(|(at, floor)| (at * block, floor));
    minutes.collect()
}

struct Problem<'a> {
    floors: &'a [u32],
    levels: usize,
    up: usize,
    down: usize,
    dwell: usize,
    before: Before,
}

/// Above every cost that can be.
const NEVER: u64 = u64::MAX / 4;

impl Problem<'_> {
    fn solved(&self, price: u64) -> Vec<(usize, u32)> {
        let length = self.floors.len();
        if length == 0 {
            return Vec::new();
        }
        let within = highest_within(self.floors, self.dwell);
        // Least cost from each block on at each level, free to change.
        let mut free = vec![0_u64; (length + 1) * self.levels];
        for at in (0..length).rev() {
            let change = self.changes(at, &within, &free);
            for level in 0..self.levels {
                let stay = if level >= self.floors[at] as usize {
                    level as u64 + free[(at + 1) * self.levels + level]
                } else {
                    NEVER
                };
                let cost = change[level].0.saturating_add(price).min(stay).min(NEVER);
                free[at * self.levels + level] = cost;
            }
        }
        self.walked(price, &within, &free)
    }

    /// Least cost of changing at `at` from each level, and the level changed to.
    fn changes(&self, at: usize, within: &[u32], free: &[u64]) -> Vec<(u64, usize)> {
        let entered: Vec<u64> = (0..self.levels)
            .map(|level| self.entered(at, level, self.dwell, within[at], free))
            .collect();
        // The window slides up with the level.
        let mut window = VecDeque::<usize>::new();
        let mut next = 0;
        (0..self.levels)
            .map(|level| {
                while next < self.levels && next <= level.saturating_add(self.up) {
                    while window
                        .back()
                        .is_some_and(|&last| entered[last] > entered[next])
                    {
                        window.pop_back();
                    }
                    window.push_back(next);
                    next += 1;
                }
                while window
                    .front()
                    .is_some_and(|&first| first < level.saturating_sub(self.down))
                {
                    window.pop_front();
                }
                window
                    .front()
                    .map_or((NEVER, level), |&to| (entered[to], to))
            })
            .collect()
    }

    /// Cost of being at `level` from `at` on, for `stay` blocks at least.
    fn entered(&self, at: usize, level: usize, stay: usize, highest: u32, free: &[u64]) -> u64 {
        if level < highest as usize {
            return NEVER;
        }
        let until = (at + stay).min(self.floors.len());
        level as u64 * (until - at) as u64 + free[until * self.levels + level]
    }

    /// The way of least cost.
    fn walked(&self, price: u64, within: &[u32], free: &[u64]) -> Vec<(usize, u32)> {
        let length = self.floors.len();
        let highest = |stay: usize| {
            let part = &self.floors[..stay.min(length)];
            part.iter().copied().max().unwrap_or(0)
        };
        let start = self.before.floor as usize;
        let lowest = if self.before.kept > 0 {
            start
        } else {
            start.saturating_sub(self.down)
        };
        let first = (lowest..self.levels)
            .map(|level| {
                // What stays as it is may fall once it was kept long enough; what is new stays.
                let stay = if level == start {
                    self.before.kept.max(self.before.margin)
                } else {
                    self.dwell.max(self.before.margin)
                };
                let cost = self.entered(0, level, stay, highest(stay), free);
                let change = if level == start { 0 } else { price };
                (cost.saturating_add(change), level, stay)
            })
            .min_by_key(|(cost, level, _)| (*cost, *level));
        let Some((_, mut level, stay)) = first else {
            return vec![(0, highest(length))];
        };
        let mut levels = vec![(0, as_servers(level))];
        let mut at = stay.min(length);
        while at < length {
            let stays = level >= self.floors[at] as usize
                && level as u64 + free[(at + 1) * self.levels + level]
                    == free[at * self.levels + level];
            if stays {
                at += 1;
                continue;
            }
            let (_, to) = self.changes(at, within, free)[level];
            levels.push((at, as_servers(to)));
            level = to;
            at = (at + self.dwell).min(length);
        }
        levels.dedup_by(|later, earlier| later.1 == earlier.1);
        levels
    }
}

fn as_servers(level: usize) -> u32 {
    u32::try_from(level).unwrap_or(u32::MAX)
}

/// The highest of each block and those within `length` from it.
fn highest_within(floors: &[u32], length: usize) -> Vec<u32> {
    crate::floors::looking_ahead(floors, length.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cost(levels: &[(usize, u32)], minutes: usize) -> u64 {
        let held = |minute| levels.iter().rev().find(|(at, _)| *at <= minute).unwrap().1;
        (0..minutes).map(|minute| u64::from(held(minute))).sum()
    }

    /// Every staircase, minute by minute.
    struct Brute<'a> {
        floors: &'a [u32],
        pace: Pace,
        before: Before,
        most: u32,
        price: u64,
    }

    impl Brute<'_> {
        fn least(&self) -> u64 {
            let dwell = self.dwell();
            (0..=self.most)
                .filter_map(|level| {
                    let down = self.before.floor.checked_sub(level);
                    if down.is_some_and(|down| {
                        down > 0
                            && (self.before.kept > 0
                                || self.pace.most_down.is_some_and(|most| down > most))
                    }) {
                        return None;
                    }
                    let same = level == self.before.floor;
                    let stay = if same { self.before.kept } else { dwell };
                    let price = if same { 0 } else { self.price };
                    Some(price + self.from(0, level, stay.max(self.before.margin))?)
                })
                .min()
                .unwrap()
        }

        fn dwell(&self) -> usize {
            usize::try_from(self.pace.dwell.as_mins()).unwrap().max(1)
        }

        /// At `level` in minute `at`, for `stay` more minutes at least.
        fn from(&self, at: usize, level: u32, stay: usize) -> Option<u64> {
            if at == self.floors.len() {
                return Some(0);
            }
            let here = (level >= self.floors[at]).then_some(u64::from(level));
            let on = here.and_then(|cost| Some(cost + self.from(at + 1, level, stay.max(1) - 1)?));
            if stay > 0 {
                return on;
            }
            let changes = (0..=self.most).filter(|to| {
                *to != level
                    && self.pace.most_up.is_none_or(|up| *to <= level + up)
                    && self.pace.most_down.is_none_or(|down| *to + down >= level)
            });
            let changed = changes.filter_map(|to| {
                (to >= self.floors[at]).then_some(())?;
                let rest = self.from(at + 1, to, self.dwell() - 1)?;
                Some(self.price + u64::from(to) + rest)
            });
            changed.chain(on).min()
        }
    }

    proptest! {
        #[test]
        fn as_cheap_as_every_other_way(
            floors in prop::collection::vec(0_u32..5, 1..8),
            up in prop::option::of(1_u32..4),
            down in prop::option::of(1_u32..4),
            dwell in 0_i64..4,
            before in (0_u32..5, 0_usize..4, 1_usize..3),
            price in 0_u64..6,
        ) {
            let pace = Pace { most_up: up, most_down: down, dwell: SignedDuration::from_mins(dwell) };
            let before = Before { floor: before.0, kept: before.1, margin: before.2 };
            let highest = floors.iter().copied().max().unwrap().max(before.floor);
            let problem = Problem {
                floors: &floors,
                levels: highest as usize + 1,
                up: up.map_or(usize::MAX, |up| up as usize),
                down: down.map_or(usize::MAX, |down| down as usize),
                dwell: usize::try_from(dwell).unwrap().max(1),
                before,
            };
            let levels = problem.solved(price);
            let changes = levels.len() - usize::from(levels[0].1 == before.floor);
            let found = cost(&levels, floors.len()) + price * changes as u64;
            let brute = Brute { floors: &floors, pace, before, most: highest, price };
            prop_assert_eq!(found, brute.least(), "{:?}", levels);
        }

        #[test]
        fn nowhere_below_and_within_every_limit(
            floors in prop::collection::vec(0_u32..60, 1..300),
            up in prop::option::of(1_u32..9),
            down in prop::option::of(1_u32..9),
            dwell in 0_i64..30,
            before in (0_u32..60, 0_usize..20, 1_usize..4),
            most in 2_usize..40,
        ) {
            let pace = Pace { most_up: up, most_down: down, dwell: SignedDuration::from_mins(dwell) };
            let before = Before { floor: before.0, kept: before.1, margin: before.2 };
            let levels = paced(&floors, &pace, before, most);
            prop_assert!(levels.len() <= most);
            for (minute, floor) in floors.iter().enumerate() {
                let held = levels.iter().rev().find(|(at, _)| *at <= minute).unwrap().1;
                prop_assert!(held >= *floor);
            }
            for pair in levels.windows(2) {
                prop_assert!(pair[1].0 >= before.margin);
                prop_assert!(pair[0].0 == 0 || pair[1].0 - pair[0].0 >= dwell.unsigned_abs() as usize);
                prop_assert!(up.is_none_or(|up| pair[1].1 <= pair[0].1 + up), "{levels:?}");
                prop_assert!(down.is_none_or(|down| pair[1].1 + down >= pair[0].1), "{levels:?}");
            }
            if levels[0].1 < before.floor {
                prop_assert!(before.kept == 0 && down.is_none_or(|down| levels[0].1 + down >= before.floor));
            }
        }
    }

    #[test]
    fn a_steep_morning_begins_earlier_in_steps() {
        let mut floors = vec![2; 60];
        floors[40..].fill(12);
        let pace = Pace {
            most_up: Some(4),
            most_down: None,
            dwell: SignedDuration::from_mins(5),
        };
        let before = Before {
            floor: 2,
            kept: 0,
            margin: 3,
        };
        assert_eq!(
            paced(&floors, &pace, before, 100),
            [(0, 2), (30, 4), (35, 8), (40, 12)]
        );
    }

    #[test]
    fn a_fleet_of_thousands_ends_soon() {
        let floors: Vec<u32> = (0..1560).map(|m| 9_000 + (m * 7) % 2_000).collect();
        let pace = Pace {
            most_up: Some(100),
            most_down: Some(50),
            dwell: SignedDuration::from_mins(10),
        };
        let before = Before {
            floor: 9_000,
            kept: 0,
            margin: 3,
        };
        let levels = paced(&floors, &pace, before, 100);
        assert!(levels.len() <= 100);
    }
}
