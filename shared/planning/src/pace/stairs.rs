//! What a staircase may do and what it costs.

use jiff::SignedDuration;

use super::cut::Cut;
use super::{Before, Pace};

/// Above every cost that can be, and far enough below the largest number that some add up.
pub(super) const NEVER: u64 = 1 << 60;

/// The staircases over some floors. Costs are server-minutes times [`Stairs::unit`], so that a
/// change can cost 1 and still never outweigh a server-minute.
#[derive(Debug)]
pub(super) struct Stairs<'a> {
    pub(super) cut: &'a Cut,
    /// Most levels up and down in one change.
    pub(super) up: usize,
    pub(super) down: usize,
    /// Cost of each level that a change adds.
    pub(super) launch: u64,
    pub(super) unit: u64,
    /// For each block the first one that a level that begins with it may end before.
    pub(super) until: Vec<usize>,
    /// For each block the highest need from it until then.
    pub(super) within: Vec<usize>,
    /// What the staircase may begin with: first what there is, then from the lowest level up.
    pub(super) firsts: Vec<First>,
}

/// A first level.
#[derive(Debug, Clone, Copy)]
pub(super) struct First {
    pub(super) level: usize,
    /// The block from which on it may change.
    pub(super) free: usize,
    /// Its cost until then.
    pub(super) cost: u64,
}

/// One staircase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// First block and level.
    pub(super) levels: Vec<(usize, usize)>,
    /// Its cost, each change counted as 1.
    pub(super) cost: u64,
}

impl Path {
    /// Changes after the first level.
    pub(super) fn changes(&self) -> usize {
        self.levels.len().saturating_sub(1)
    }
}

fn minutes(span: SignedDuration) -> usize {
    usize::try_from(span.as_secs().max(0))
        .unwrap_or(0)
        .div_ceil(60)
}

impl<'a> Stairs<'a> {
    /// Staircases that keep to `pace`; with `at_once` the first level may be any that is higher.
    pub(super) fn new(cut: &'a Cut, pace: &Pace, before: Before, at_once: bool) -> Self {
        let most = |limit: Option<u32>| limit.map_or(cut.width, |limit| limit as usize);
        let dwell = minutes(pace.dwell).max(1);
        let unit = cut.blocks() as u64 + 2;
        let until: Vec<usize> = (0..cut.blocks()).map(|at| cut.after(at, dwell)).collect();
        let highest = |from: usize, to: usize| cut.needs[from..to].iter().copied().max();
        let within = (0..cut.blocks())
            .map(|at| highest(at, until[at]).unwrap_or(0))
            .collect();
        let mut stairs = Self {
            cut,
            up: most(pace.most_up).min(cut.width),
            down: most(pace.most_down).min(cut.width),
            launch: minutes(pace.launch) as u64 * unit,
            unit,
            until,
            within,
            firsts: Vec::new(),
        };
        if cut.blocks() > 0 {
            let start = cut.level(before.floor);
            let first = |level: usize, stays: usize| {
                let free = cut.after(0, stays);
                let fits = level >= highest(0, free).unwrap_or(0);
                let change = u64::from(level != start);
                let cost = stairs.held(level, 0, free) + stairs.raised(start, level) + change;
                fits.then_some(First { level, free, cost })
            };
            let stays = first(start, before.kept.max(before.margin));
            let changes = (0..cut.width).filter(|&level| {
                let kept = before.kept > 0;
                let up = at_once || (!kept && level - start.min(level) <= stairs.up);
                let down = !kept && start - start.min(level) <= stairs.down;
                (level > start && up) || (level < start && down)
            });
            let changes = changes.filter_map(|level| first(level, dwell.max(before.margin)));
            stairs.firsts = stays.into_iter().chain(changes).collect();
        }
        stairs
    }

    /// Whether any staircase keeps to the limits, however many changes it has. Only a need can be
    /// missed, so that none does where the one that climbs as early and as far as it may does not.
    pub(super) fn climbs(&self) -> bool {
        let blocks = self.cut.blocks();
        let top = self.cut.width - 1;
        let reaches = |first: &First| {
            let (mut at, mut level) = (first.free, first.level);
            while at < blocks && level < top {
                level = (level + self.up).min(top);
                if level < self.within[at] {
                    return false;
                }
                at = self.until[at];
            }
            true
        };
        self.firsts.iter().any(reaches)
    }

    /// Cost of `level` from one block to another.
    pub(super) fn held(&self, level: usize, from: usize, to: usize) -> u64 {
        level as u64 * self.cut.minutes(from, to) * self.unit
    }

    /// Cost of what a change adds.
    pub(super) fn raised(&self, from: usize, to: usize) -> u64 {
        self.launch * to.saturating_sub(from) as u64
    }

    /// The levels that a change may lead to.
    pub(super) fn reached(&self, level: usize) -> std::ops::RangeInclusive<usize> {
        level.saturating_sub(self.down)..=(level + self.up).min(self.cut.width - 1)
    }

    /// Above what any staircase can cost.
    pub(super) fn most(&self) -> u64 {
        let blocks = self.cut.blocks();
        let each = self.cut.minutes(0, blocks) * self.unit + self.launch * (blocks as u64 + 1);
        self.cut.width as u64 * each + self.unit
    }

    /// The way of least cost by what is `left` from each block and level on, free to change, with so
    /// many `changes` left, where a change costs `price`. `None` where there is no way.
    pub(super) fn walked(
        &self,
        price: u64,
        changes: usize,
        left: impl Fn(usize, usize, usize) -> u64,
    ) -> Option<Path> {
        let whole = |first: &First| {
            first
                .cost
                .saturating_add(left(first.free, first.level, changes))
        };
        let first = self.firsts.iter().min_by_key(|first| whole(first))?;
        if whole(first) >= NEVER {
            return None;
        }
        let mut path = Path {
            levels: vec![(0, first.level)],
            cost: first.cost,
        };
        let (mut at, mut level, mut changes) = (first.free, first.level, changes);
        while at < self.cut.blocks() {
            let least = left(at, level, changes);
            let here = self.held(level, at, at + 1);
            if level >= self.cut.needs[at] && here + left(at + 1, level, changes) == least {
                path.cost += here;
                at += 1;
                continue;
            }
            let until = self.until[at];
            changes = changes.checked_sub(1)?;
            let cost = |to: usize| self.raised(level, to) + self.held(to, at, until);
            let best = |&to: &usize| {
                to >= self.within[at] && price + cost(to) + left(until, to, changes) == least
            };
            let to = self.reached(level).find(best)?;
            path.levels.push((at, to));
            path.cost += cost(to) + 1;
            (at, level) = (until, to);
        }
        Some(path)
    }
}
