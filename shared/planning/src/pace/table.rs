//! Least costs of every block and level, at a price of a change.

use super::stairs::{NEVER, Stairs};

/// Values by block and level.
#[derive(Debug)]
pub(super) struct Table {
    values: Vec<u64>,
    width: usize,
}

impl Table {
    pub(super) fn get(&self, block: usize, level: usize) -> u64 {
        self.values[block * self.width + level]
    }

    fn row(&self, block: usize) -> &[u64] {
        &self.values[block * self.width..][..self.width]
    }

    fn row_mut(&mut self, block: usize) -> &mut [u64] {
        &mut self.values[block * self.width..][..self.width]
    }
}

/// Least cost from each block on at each level, free to change, where a change costs `price`.
pub(super) fn backward(stairs: &Stairs<'_>, price: u64) -> Table {
    let (blocks, width) = (stairs.cut.blocks(), stairs.cut.width);
    let mut table = Table {
        values: vec![0; (blocks + 1) * width],
        width,
    };
    let mut lower = vec![NEVER; width];
    let mut higher = vec![NEVER; width];
    for at in (0..blocks).rev() {
        let (until, within) = (stairs.until[at], stairs.within[at]);
        let each = stairs.held(1, at, until);
        // A level that was held until here met the need before, so that lower ones are never asked
        // for.
        let came = at
            .checked_sub(1)
            .map_or(0, |before| stairs.cut.needs[before]);
        let from = came.min(within);
        lower[..within].fill(NEVER);
        let later = &table.row(until)[within..];
        for (level, (entered, later)) in (within..).zip(lower[within..].iter_mut().zip(later)) {
            *entered = level as u64 * each + later;
        }
        higher.copy_from_slice(&lower);
        least_below(&mut lower[from..], stairs.down, 0);
        least_above(&mut higher[from..], stairs.up, stairs.launch);
        let (need, here) = (stairs.cut.needs[at], stairs.held(1, at, at + 1));
        let (left, right) = table.values.split_at_mut((at + 1) * width);
        let row = &mut left[at * width..];
        row[..came].fill(NEVER);
        for level in came..width {
            let changed = lower[level].min(higher[level]) + price;
            let stays = if level >= need {
                level as u64 * here + right[level]
            } else {
                NEVER
            };
            row[level] = stays.min(changed).min(NEVER);
        }
    }
    table
}

/// Least cost until each block at each level, free to change there, where a change costs `price`.
pub(super) fn forward(stairs: &Stairs<'_>, price: u64) -> Table {
    let (blocks, width) = (stairs.cut.blocks(), stairs.cut.width);
    let mut table = Table {
        values: vec![NEVER; (blocks + 1) * width],
        width,
    };
    for first in &stairs.firsts {
        let known = &mut table.row_mut(first.free)[first.level];
        *known = first.cost.min(*known);
    }
    let mut lower = vec![NEVER; width];
    let mut higher = vec![NEVER; width];
    for at in 0..blocks {
        let (until, within) = (stairs.until[at], stairs.within[at]);
        lower.copy_from_slice(table.row(at));
        higher.copy_from_slice(&lower);
        // A level is reached from below by a raise and from above by a fall.
        least_below(&mut lower, stairs.up, stairs.launch);
        least_above(&mut higher, stairs.down, 0);
        let each = stairs.held(1, at, until);
        let entered = table.row_mut(until);
        for level in within..width {
            let cost = lower[level].min(higher[level]) + price + level as u64 * each;
            entered[level] = entered[level].min(cost).min(NEVER);
        }
        let (need, here) = (stairs.cut.needs[at], stairs.held(1, at, at + 1));
        let (left, right) = table.values.split_at_mut((at + 1) * width);
        let row = &left[at * width..];
        for level in need..width {
            let cost = row[level] + level as u64 * here;
            right[level] = right[level].min(cost).min(NEVER);
        }
    }
    table
}

/// Each value becomes the least of itself and those up to `reach` before it, each dearer by `slope`
/// a place.
fn least_below(values: &mut [u64], reach: usize, slope: u64) {
    if reach + 1 >= values.len() {
        let mut least = NEVER;
        for value in values {
            least = (least + slope).min(*value);
            *value = least;
        }
        return;
    }
    // What is known of `known` places is known of twice as many after one look that far back.
    let mut known = 1;
    while known <= reach {
        let shift = known.min(reach + 1 - known);
        let dearer = slope * shift as u64;
        for at in (shift..values.len()).rev() {
            values[at] = values[at].min(values[at - shift] + dearer);
        }
        known += shift;
    }
}

/// The same with those up to `reach` after it.
fn least_above(values: &mut [u64], reach: usize, slope: u64) {
    if reach + 1 >= values.len() {
        let mut least = NEVER;
        for value in values.iter_mut().rev() {
            least = (least + slope).min(*value);
            *value = least;
        }
        return;
    }
    let mut known = 1;
    while known <= reach {
        let shift = known.min(reach + 1 - known);
        let dearer = slope * shift as u64;
        for at in 0..values.len() - shift {
            values[at] = values[at].min(values[at + shift] + dearer);
        }
        known += shift;
    }
}
