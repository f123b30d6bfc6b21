//! The cheapest staircase of at most so many changes.
//!
//! Minutes times levels times changes left are too many to look at each. Two bounds leave few of
//! them. A price of a change that lets about as many changes stay as are allowed bounds from below
//! what any staircase costs through a block and level (Lagrangian relaxation: Everett 1963,
//! *Operations Research* 11), and some staircase that has few enough bounds the cheapest from above.
//! What lies between is searched exactly (closing the gap: Handler & Zang 1980, *Networks* 10).

use super::stairs::{NEVER, Path, Stairs};
use super::table::{Table, backward, forward};

/// Ways to go on that are kept at most, of 24 bytes each; beyond them the search is given up.
const MOST_LABELS: usize = 1_000_000;

/// The cheapest staircase of at most `changes` after its first level, and by how many server-minutes
/// another could be cheaper at most. `None` where none keeps to the limits.
pub(super) fn cheapest(stairs: &Stairs<'_>, changes: usize) -> Option<(Path, u64)> {
    let free = relaxed(stairs, 0)?;
    if free.changes() <= changes {
        return Some((free, 0));
    }
    let (many, few) = around(stairs, changes, free)?;
    let (price, few) = priced(stairs, changes, many, few)?;
    Some(if few.changes() == changes {
        // What is cheapest at a price is cheapest of all that change as often.
        (few, 0)
    } else {
        searched(stairs, changes, price, few)
    })
}

/// Guesses of a price, before as few changes as there can be are asked for.
const GUESSES: usize = 5;

/// From the cheapest staircase `many`, of more than `changes`, to two of more and of at most as many,
/// close to each other. `None` where none has as few.
fn around(stairs: &Stairs<'_>, changes: usize, mut many: Path) -> Option<(Path, Path)> {
    let mut few: Option<Path> = None;
    let wanted = changes.max(1) as u64;
    // As much as what lies between two changes costs; from there on changes fall about with the cube
    // root of their price, as steps over a slope do.
    let mut price = many.cost / many.changes().max(1) as u64 + 1;
    for _ in 0..GUESSES {
        let path = relaxed(stairs, price)?;
        let met = path.changes();
        if met > changes {
            if met < many.changes() {
                many = path;
            }
        } else if few.as_ref().is_none_or(|few| met > few.changes()) {
            few = Some(path);
        }
        if met == changes || (few.is_some() && met.abs_diff(changes) <= changes / 16) {
            break;
        }
        let cube = |count: u64| u128::from(count).pow(3);
        let next = u128::from(price) * cube(met.max(1) as u64) / cube(wanted);
        let next = next.max(u128::from(price / 64));
        price = u64::try_from(next).map_or(stairs.most(), |next| next.min(stairs.most()));
    }
    let few = match few {
        Some(few) => few,
        // Where a change costs more than everything, there are as few as there can be.
        None => relaxed(stairs, stairs.most()).filter(|path| path.changes() <= changes)?,
    };
    Some((many, few))
}

/// The cheapest staircase where each change costs `extra`.
fn relaxed(stairs: &Stairs<'_>, extra: u64) -> Option<Path> {
    let table = backward(stairs, extra + 1);
    stairs.walked(extra + 1, usize::MAX, |at, level, _| table.get(at, level))
}

/// The price of a change at which staircases of more than `changes` and of at most as many cost
/// about the same, and the best of the latter that was met. The price is where the lines through
/// what both cost meet, until no third staircase lies under that or one has as many as are allowed.
fn priced(
    stairs: &Stairs<'_>,
    changes: usize,
    mut many: Path,
    mut few: Path,
) -> Option<(u64, Path)> {
    loop {
        if few.changes() == changes {
            return Some((0, few));
        }
        let more = (many.changes() - few.changes()) as u64;
        let price = few.cost.saturating_sub(many.cost) / more;
        let between = relaxed(stairs, price)?;
        let whole = |path: &Path| path.cost + price * path.changes() as u64;
        if whole(&between) >= whole(&few).min(whole(&many)) {
            return Some((price, few));
        }
        if between.changes() <= changes {
            few = between;
        } else {
            many = between;
        }
    }
}

/// The cheapest of all, given one that has few enough changes. The search begins close to the lower
/// bound and widens, since most of the work is what a wide one would have to look at.
fn searched(stairs: &Stairs<'_>, changes: usize, price: u64, few: Path) -> (Path, u64) {
    let before = forward(stairs, price + 1);
    let end = stairs.cut.blocks();
    let least = (0..stairs.cut.width).map(|level| before.get(end, level));
    let least = least.min().unwrap_or(NEVER);
    let whole = few.cost + price * changes as u64;
    let mut slack = (whole.saturating_sub(least) / 16).max(stairs.unit);
    loop {
        let most = (least + slack).min(whole);
        let Some(search) = Labels::of(stairs, &before, changes, price, most) else {
            let above = whole.saturating_sub(least).div_ceil(stairs.unit);
            return (few, above);
        };
        let found = stairs.walked(1, changes, |at, level, left| search.left(at, level, left));
        let proved = |path: &Path| path.cost + price * changes as u64 <= most;
        match found.filter(proved) {
            Some(path) => return (path, 0),
            None if most == whole => return (few, 0),
            None => slack = slack.saturating_mul(4),
        }
    }
}

/// One way to go on: with so many changes, at such a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Label {
    level: usize,
    changes: usize,
    cost: u64,
}

/// For each block, by level: ways to go on of which none has both fewer changes and less cost than
/// another.
struct Labels {
    labels: Vec<Label>,
    /// Where the labels of each block lie, from the last block to the first.
    rows: Vec<(usize, usize)>,
    end: usize,
}

impl Labels {
    /// All that staircases of at most `changes` need that cost no more than `most`, where what a
    /// change adds to it is `price` for each that is allowed. `None` where they are too many.
    fn of(
        stairs: &Stairs<'_>,
        before: &Table,
        changes: usize,
        price: u64,
        most: u64,
    ) -> Option<Self> {
        let end = stairs.cut.blocks();
        let mut known = Self {
            labels: Vec::new(),
            rows: Vec::with_capacity(end + 1),
            end,
        };
        let promises = |at: usize, label: &Label| {
            let here = before.get(at, label.level);
            here < NEVER && here + label.cost + price * label.changes as u64 <= most
        };
        let mut found: Vec<Label> = Vec::new();
        for at in (0..=end).rev() {
            found.clear();
            if at == end {
                found.extend((0..stairs.cut.width).map(|level| Label {
                    level,
                    changes: 0,
                    cost: 0,
                }));
                found.retain(|label| promises(at, label));
            } else {
                let stays = known.row(at + 1).iter().map(|label| Label {
                    cost: label.cost + stairs.held(label.level, at, at + 1),
                    ..*label
                });
                let need = stairs.cut.needs[at];
                found.extend(stays.filter(|label| label.level >= need && promises(at, label)));
                let until = stairs.until[at];
                for later in known.row(until) {
                    if later.level < stairs.within[at] || later.changes >= changes {
                        continue;
                    }
                    let entered = later.cost + stairs.held(later.level, at, until) + 1;
                    // Whence the level can be reached: the limits seen from the other side.
                    let lowest = later.level.saturating_sub(stairs.up);
                    let highest = (later.level + stairs.down).min(stairs.cut.width - 1);
                    let changed = (lowest..=highest).map(|level| Label {
                        level,
                        changes: later.changes + 1,
                        cost: entered + stairs.raised(level, later.level),
                    });
                    found.extend(changed.filter(|label| promises(at, label)));
                }
                found.sort_unstable();
            }
            let first = known.labels.len();
            for label in &found {
                let worse = |last: &Label| last.level == label.level && last.cost <= label.cost;
                if known.labels.len() == first || !known.labels.last().is_some_and(worse) {
                    known.labels.push(*label);
                }
            }
            known.rows.push((first, known.labels.len()));
            if known.labels.len() > MOST_LABELS {
                return None;
            }
        }
        Some(known)
    }

    fn row(&self, at: usize) -> &[Label] {
        let (from, to) = self.rows[self.end - at];
        &self.labels[from..to]
    }

    /// Least cost from `at` on at `level` with so many changes left.
    fn left(&self, at: usize, level: usize, changes: usize) -> u64 {
        let row = self.row(at);
        let after = row.partition_point(|label| (label.level, label.changes) <= (level, changes));
        let last = after.checked_sub(1).map(|index| row[index]);
        last.filter(|label| label.level == level)
            .map_or(NEVER, |label| label.cost)
    }
}
