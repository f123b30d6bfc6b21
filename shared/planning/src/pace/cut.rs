//! Time in blocks and servers in levels.

use super::Before;
use crate::fewest::runs;

/// Floors as levels above the lowest, in blocks of minutes.
#[derive(Debug)]
pub(super) struct Cut {
    /// First minute of each block, and the end.
    pub(super) at: Vec<usize>,
    /// The highest level needed in each block.
    pub(super) needs: Vec<usize>,
    /// Number of levels.
    pub(super) width: usize,
    base: u32,
}

impl Cut {
    /// Blocks of a minute or, `only_at_needs`, from one change of `floors` to the next; longer ones
    /// where there would be more than `most_cells` of blocks and levels.
    pub(super) fn new(
        floors: &[u32],
        before: Before,
        only_at_needs: bool,
        most_cells: usize,
    ) -> Self {
        let every = || floors.iter().copied().chain([before.floor]);
        let base = every().min().unwrap_or(0);
        let width = (every().max().unwrap_or(0) - base) as usize + 1;
        let starts: Vec<usize> = runs(floors).iter().map(|(minute, _)| *minute).collect();
        let free = before.kept.max(before.margin);
        let cuts = |minute: &usize| {
            !only_at_needs || *minute == free || starts.binary_search(minute).is_ok()
        };
        let mut at: Vec<usize> = (0..floors.len()).filter(cuts).collect();
        let block = at.len().saturating_mul(width).div_ceil(most_cells).max(1);
        // From the end, which stays where it is when the present moves on.
        let blocks = at.len();
        let mut index = 0..blocks;
        at.retain(|_| {
            index
                .next()
                .is_some_and(|at| at == 0 || (blocks - at).is_multiple_of(block))
        });
        at.push(floors.len());
        at.dedup();
        let level = |floor: u32| (floor - base) as usize;
        let needs = at
            .windows(2)
            .map(|ends| floors[ends[0]..ends[1]].iter().copied().max())
            .map(|highest| level(highest.unwrap_or(base)))
            .collect();
        Self {
            at,
            needs,
            width,
            base,
        }
    }

    /// Number of blocks.
    pub(super) fn blocks(&self) -> usize {
        self.needs.len()
    }

    /// The block that begins `minutes` or more after block `from`, later than it; the end at most.
    pub(super) fn after(&self, from: usize, minutes: usize) -> usize {
        let to = self.at[from] + minutes;
        let after = self.at.partition_point(|at| *at < to);
        after.clamp(from + 1, self.blocks())
    }

    /// Minutes from one block to another.
    pub(super) fn minutes(&self, from: usize, to: usize) -> u64 {
        (self.at[to] - self.at[from]) as u64
    }

    /// The level of a floor.
    pub(super) fn level(&self, floor: u32) -> usize {
        (floor - self.base) as usize
    }

    /// First minute and servers of a level that begins with a block.
    pub(super) fn floor(&self, block: usize, level: usize) -> (usize, u32) {
        let servers = u32::try_from(level).unwrap_or(u32::MAX);
        (self.at[block], self.base.saturating_add(servers))
    }
}
