//! Floors that change in limited steps, at limited times, at most so often, and at a price.

use jiff::SignedDuration;

mod cut;
mod quota;
mod stairs;
mod table;
#[cfg(test)]
mod tests;

use cut::Cut;
use stairs::Stairs;

/// How a floor may change, and what a change costs. The default limits nothing and costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// Most servers that one change adds, at least 1.
    pub most_up: Option<u32>,
    /// Most servers that one change takes away, at least 1.
    pub most_down: Option<u32>,
    /// Least time from one change to the next.
    pub dwell: SignedDuration,
    /// Server time that each server added costs beyond the time it is there. Its boot is in that
    /// already: a floor comes early by the lead time.
    pub launch: SignedDuration,
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
    /// Minutes for which it may not change yet.
    pub(crate) kept: usize,
    /// Minutes for which the first level holds in any case.
    pub(crate) margin: usize,
}

/// A staircase over floors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paced {
    /// First minute and floor of each level.
    pub(crate) levels: Vec<(usize, u32)>,
    /// Whether no staircase keeps to all limits, so that the first level breaks them.
    pub(crate) at_once: bool,
    /// Server-minutes by which another staircase could be cheaper at most: 0 unless the search
    /// for it was given up.
    pub(crate) open: u64,
}

/// The cheapest staircase that is nowhere below `floors`, keeps to `pace`, and has at most `most`
/// levels, at least 1: least server time and price of launches, of those the fewest changes, of
/// those the one that changes latest, each to the lowest level.
///
/// Exact. Backwards over minutes and levels, the least cost with and without a change at each is
/// known (Bellman 1957), so that what is left of a staircase is the cheapest for what is left of the
/// floors, and asking again later gives the same. Where that has too many levels, see [`quota`].
/// Where no staircase keeps to all limits, what has to be there at once comes at once: the first
/// level is free, and the rest keeps to them.
///
/// Fleets with more than [`MOST_CELLS`] of minutes and levels are cut into longer blocks, from the
/// end, so that a later question cuts alike.
pub(crate) fn paced(floors: &[u32], pace: &Pace, before: Before, most: usize) -> Paced {
    // Where nothing keeps a floor from changing with its need, a raise is cheapest when the need
    // rises and a fall when it falls.
    let cut = Cut::new(floors, before, !pace.limits(), MOST_CELLS);
    let changes = most.saturating_sub(1);
    for at_once in [false, true] {
        let stairs = Stairs::new(&cut, pace, before, at_once);
        if !stairs.climbs() {
            continue;
        }
        if let Some((path, open)) = quota::cheapest(&stairs, changes) {
            let levels = path.levels.iter().map(|&(at, level)| cut.floor(at, level));
            return Paced {
                levels: levels.collect(),
                at_once,
                open,
            };
        }
    }
    // Not met: the highest floor from the start on keeps to every limit but the first level's.
    Paced {
        levels: vec![(0, floors.iter().copied().max().unwrap_or(0))],
        at_once: true,
        open: 0,
    }
}

/// Cells of one table of costs, of 8 bytes each.
const MOST_CELLS: usize = 2_000_000;
