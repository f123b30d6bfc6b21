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
    let mut reach = Reach::new(stairs, stairs.down, stairs.up);
    for at in (0..blocks).rev() {
        let (until, within) = (stairs.until[at], stairs.within[at]);
        let each = stairs.held(1, at, until);
        // A level that was held until here met the need before, so that lower ones are never asked
        // for.
        let came = at
            .checked_sub(1)
            .map_or(0, |before| stairs.cut.needs[before]);
        let from = came.min(within);
        let later = &table.row(until)[within..];
        let entered = reach.values();
        entered[from..within].fill(NEVER);
        for (level, (entered, later)) in (within..).zip(entered[within..].iter_mut().zip(later)) {
            *entered = level as u64 * each + later;
        }
        // Down to a level that lies below and up to one above.
        let changed = reach.least(from, 0, stairs.launch);
        let (need, here) = (stairs.cut.needs[at], stairs.held(1, at, at + 1));
        let (left, right) = table.values.split_at_mut((at + 1) * width);
        let row = &mut left[at * width..];
        row[..came].fill(NEVER);
        let free = need.max(came).min(width);
        for (value, changed) in row[came..free].iter_mut().zip(&changed[came..free]) {
            *value = (changed + price).min(NEVER);
        }
        let later = right[free..width].iter().zip(&changed[free..]);
        for (level, (value, (later, changed))) in (free..).zip(row[free..].iter_mut().zip(later)) {
            let stays = level as u64 * here + later;
            *value = stays.min(changed + price).min(NEVER);
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
    let mut reach = Reach::new(stairs, stairs.up, stairs.down);
    for at in 0..blocks {
        let (until, within) = (stairs.until[at], stairs.within[at]);
        reach.values().copy_from_slice(table.row(at));
        // A level is reached from below by a raise and from above by a fall.
        let changed = reach.least(0, stairs.launch, 0);
        let each = stairs.held(1, at, until);
        let entered = table.row_mut(until);
        for level in within..width {
            let cost = changed[level] + price + level as u64 * each;
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

/// Least values among the levels that one change leads to or comes from.
struct Reach {
    sides: Sides,
    /// Levels below and above that count.
    below: usize,
    above: usize,
    /// Room below the lowest level, then the levels.
    values: Vec<u64>,
    /// The same from above, where both sides are looked at apart.
    higher: Vec<u64>,
    /// Room for [`least_ahead`].
    ends: Vec<u64>,
}

/// How many looks it takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sides {
    /// Every level is within reach of every other at the same price: one least.
    All,
    /// Both sides cost the same: one window over both.
    Together,
    Apart,
}

impl Reach {
    fn new(stairs: &Stairs<'_>, below: usize, above: usize) -> Self {
        let width = stairs.cut.width;
        let sides = if stairs.launch > 0 {
            Sides::Apart
        } else if below.min(above) + 1 >= width {
            Sides::All
        } else if below + above < width {
            Sides::Together
        } else {
            Sides::Apart
        };
        let room = if sides == Sides::Together { below } else { 0 };
        let apart = if sides == Sides::Apart { width } else { 0 };
        Self {
            sides,
            below,
            above,
            values: vec![NEVER; room + width],
            higher: vec![NEVER; apart],
            ends: vec![NEVER; room + width],
        }
    }

    /// The levels, to be filled.
    fn values(&mut self) -> &mut [u64] {
        let room = if self.sides == Sides::Together {
            self.below
        } else {
            0
        };
        &mut self.values[room..]
    }

    /// For each level `from` on the least of those within reach, where each level below costs
    /// `below` more and each above `above`. Levels under `from` count as out of reach and are not
    /// looked at.
    fn least(&mut self, from: usize, below: u64, above: u64) -> &[u64] {
        match self.sides {
            Sides::All => {
                let values = &mut self.values[from..];
                let least = values.iter().copied().min().unwrap_or(NEVER);
                values.fill(least);
            }
            Sides::Together => {
                // Each place then holds the least of the window that begins there, the levels below
                // the lowest included.
                let values = &mut self.values[from..];
                values[..self.below].fill(NEVER);
                least_ahead(values, self.below + self.above, &mut self.ends[from..]);
            }
            Sides::Apart => {
                let (values, higher) = (&mut self.values[from..], &mut self.higher[from..]);
                higher.copy_from_slice(values);
                least_below(values, self.below, below);
                least_above(higher, self.above, above);
                for (value, higher) in values.iter_mut().zip(higher) {
                    *value = (*value).min(*higher);
                }
            }
        }
        &self.values
    }
}

/// From here on three looks at each value are fewer than one for each doubling of the window.
const LONG: usize = 16;

/// Each value becomes the least of itself and those up to `reach` after it. Long windows end in the
/// block of their length after the one they begin in: the least from there to the end of one and from
/// the begin of the other (van Herk 1992, *Pattern Recognition Letters* 13). `ends` is room for that.
fn least_ahead(values: &mut [u64], reach: usize, ends: &mut [u64]) {
    if reach < LONG || reach + 1 >= values.len() {
        least_above(values, reach, 0);
        return;
    }
    let window = reach + 1;
    for (values, ends) in values.chunks_mut(window).zip(ends.chunks_mut(window)) {
        let mut least = u64::MAX;
        for (value, end) in values.iter().zip(&mut *ends) {
            least = least.min(*value);
            *end = least;
        }
        least = u64::MAX;
        for value in values.iter_mut().rev() {
            least = least.min(*value);
            *value = least;
        }
    }
    let (last, whole) = (ends.len() - 1, ends.len() - reach);
    for (value, end) in values[..whole].iter_mut().zip(&ends[reach..]) {
        *value = (*value).min(*end);
    }
    // What is left ends with the last block; what begins in that is known.
    for value in &mut values[whole..(last / window * window).max(whole)] {
        *value = (*value).min(ends[last]);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_ahead_is_that_of_every_window() {
        for (length, reach) in [
            (1, 3),
            (40, 0),
            (40, 5),
            (40, 16),
            (41, 19),
            (64, 31),
            (50, 48),
            (50, 60),
        ] {
            let values: Vec<u64> = (0..length as u64).map(|at| at * 7919 % 101).collect();
            let mut found = values.clone();
            least_ahead(&mut found, reach, &mut vec![0; length]);
            let window = |at: usize| values[at..(at + reach + 1).min(length)].iter().min();
            for (at, found) in found.iter().enumerate() {
                assert_eq!(Some(found), window(at), "{length} {reach} {at}");
            }
        }
    }
}
