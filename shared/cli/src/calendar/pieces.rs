//! What repeats in a calendar, in terms of what an event of the configuration can say.

use std::collections::BTreeSet;

use config::Every;
use jiff::ToSpan;
use jiff::civil::DateTime;

use super::rule::{Occurrences, Rule, behind};

/// Most pieces that a rule comes to; one that takes more is written out.
const MOST_PIECES: usize = 60;

/// Years in which a piece is compared with the rule: leap years and every length of a month are among
/// them.
const COMPARED_YEARS: i64 = 12;

/// Months in which single occurrences may stand before those that go on, such as last Fridays before the
/// first one that is a fifth.
const BEGINNING_MONTHS: i64 = 12;

/// Single, or repeating from its first occurrence on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Start of the first or only occurrence.
    pub(super) first: DateTime,
    /// How it repeats, and before which moment the last one starts.
    pub(super) repeats: Option<(Every, Option<DateTime>)>,
}

impl Piece {
    pub(super) fn single(first: DateTime) -> Self {
        Self {
            first,
            repeats: None,
        }
    }

    /// Whether it is over before `moment`.
    pub(super) fn over_before(&self, moment: DateTime) -> bool {
        match self.repeats {
            None => self.first < moment,
            Some((_, until)) => until.is_some_and(|until| until < moment),
        }
    }
}

/// Pieces that together are the occurrences of `rule` from `first` on without those in `left_out`, each
/// once; `None` where there are no such pieces, or too many.
///
/// They are compared with the occurrences themselves, so that nothing depends on how a rule is written.
pub(super) fn exact(
    rule: &Rule,
    first: DateTime,
    left_out: &BTreeSet<DateTime>,
) -> Option<Vec<Piece>> {
    let every = rule.every()?;
    // All after this is as it was in the years before.
    let beginning = left_out.last().copied().unwrap_or(first).max(first);
    let to = beginning.checked_add(COMPARED_YEARS.years()).ok()?;
    let Occurrences { starts, all } = rule.occurrences(first, to);
    let last = *starts.last()?;
    let until = rule.until.or(all.then_some(last)).map(behind);
    let settled = beginning.checked_add(BEGINNING_MONTHS.months()).ok()?;
    let mut open: BTreeSet<DateTime> = starts.difference(left_out).copied().collect();
    let mut pieces = Vec::new();
    while let Some(&first) = open.first() {
        let (taken, until) = match stretch(every, first, last, &open, left_out) {
            Some((taken, stop)) => (taken, stop.or(until)),
            // Where it goes on forever, nothing single may come late.
            None if all || first < settled => (vec![first], until),
            None => return None,
        };
        let repeats = (taken.len() > 1).then_some((every, until));
        pieces.push(Piece { first, repeats });
        if pieces.len() > MOST_PIECES {
            return None;
        }
        for at in taken {
            open.remove(&at);
        }
    }
    Some(pieces)
}

/// Occurrences from `first` on, up to the first that is left out, which comes with them; `None` where
/// repeating so would add one that is not `open`.
fn stretch(
    every: Every,
    first: DateTime,
    last: DateTime,
    open: &BTreeSet<DateTime>,
    left_out: &BTreeSet<DateTime>,
) -> Option<(Vec<DateTime>, Option<DateTime>)> {
    let mut taken = vec![first];
    for index in 1.. {
        let Some(next) = every.start(first, index).filter(|next| *next <= last) else {
            break;
        };
        if left_out.contains(&next) {
            return Some((taken, Some(next)));
        }
        if !open.contains(&next) {
            return None;
        }
        taken.push(next);
    }
    Some((taken, None))
}
