use jiff::SignedDuration;

use super::boots::Boot;
use super::{Change, FEWEST_LAUNCHES, quantile, spans};

/// So many launches in a row beyond nine tenths of those before come by chance once in a thousand
/// times.
const FEWEST_IN_A_ROW: usize = 3;

/// Where the newest launches begin that take longer or shorter than those before, and how; `boots`
/// are in order of time. A launch template version that is new is looked at from its first launch
/// on; without one, a run of launches of which each was slower than nine tenths, or quicker than
/// the quickest tenth, of those before.
pub(super) fn change(boots: &[Boot<'_>]) -> Option<(usize, Change)> {
    by_version(boots).or_else(|| by_time(boots))
}

fn by_version(boots: &[Boot<'_>]) -> Option<(usize, Change)> {
    let newest = boots.last()?.version?;
    let at = boots
        .iter()
        .rposition(|boot| boot.version != Some(newest))?
        .checked_add(1)?;
    told(boots, at, Some(newest))
}

/// As many launches as a large group makes in six weeks: the quantiles of those before are kept up to
/// date from one launch to the next, not taken anew.
fn by_time(boots: &[Boot<'_>]) -> Option<(usize, Change)> {
    let most = boots.len().checked_sub(FEWEST_IN_A_ROW)?;
    // Of the launches from each on: the shortest, the longest, and whether all are finished.
    let mut since = vec![(SignedDuration::MAX, SignedDuration::MIN, true); boots.len() + 1];
    for (index, boot) in boots.iter().enumerate().rev() {
        let (least, longest, finished) = since[index + 1];
        let took = boot.took;
        since[index] = (
            least.min(took),
            longest.max(took),
            finished && boot.finished,
        );
    }
    let mut before = Ordered::of(spans(boots));
    let mut counted = 0;
    // The longest such run: from the oldest possible beginning on.
    (FEWEST_LAUNCHES..=most).find_map(|at| {
        for boot in &boots[counted..at] {
            before.add(boot.took);
        }
        counted = at;
        let (low, high) = (before.quantile(1)?, before.quantile(9)?);
        let (least, longest, finished) = since[at];
        let slower = least > high;
        let quicker = longest < low && finished;
        (slower || quicker).then(|| told(boots, at, None))?
    })
}

/// A growing part of known values, by their order: a Fenwick tree of counts (Fenwick, "A new data
/// structure for cumulative frequency tables", 1994).
struct Ordered {
    values: Vec<SignedDuration>,
    /// Counts of ranges; index 0 is unused.
    counts: Vec<usize>,
    total: usize,
}

impl Ordered {
    /// None of `values` yet.
    fn of(mut values: Vec<SignedDuration>) -> Self {
        values.sort_unstable();
        values.dedup();
        Self {
            counts: vec![0; values.len() + 1],
            values,
            total: 0,
        }
    }

    /// Adds one of the values.
    fn add(&mut self, value: SignedDuration) {
        let mut index = self.values.partition_point(|one| *one < value) + 1;
        while let Some(count) = self.counts.get_mut(index) {
            *count += 1;
            index += index & index.wrapping_neg();
        }
        self.total += 1;
    }

    /// As [`super::quantile`] of what was added.
    fn quantile(&self, tenths: usize) -> Option<SignedDuration> {
        let mut wanted = (self.total * tenths).div_ceil(10).max(1);
        if wanted > self.total {
            return None;
        }
        let (mut index, mut width) = (0, self.counts.len().next_power_of_two());
        while width > 0 {
            if let Some(count) = self.counts.get(index + width)
                && *count < wanted
            {
                wanted -= count;
                index += width;
            }
            width /= 2;
        }
        self.values.get(index).copied()
    }
}

/// The change at `at`, where there is one: the median since lies beyond nine tenths of before.
fn told(boots: &[Boot<'_>], at: usize, version: Option<&str>) -> Option<(usize, Change)> {
    let (mut before, mut since) = (spans(&boots[..at]), spans(&boots[at..]));
    let (low, high) = (quantile(&mut before, 1)?, quantile(&mut before, 9)?);
    let (from, to) = (quantile(&mut before, 5)?, quantile(&mut since, 5)?);
    let longer = to > high;
    if !longer && to >= low {
        return None;
    }
    let launches = boots[at..].iter().filter(|boot| boot.finished).count();
    let change = Change {
        from,
        to,
        version: version.map(str::to_owned),
        since: boots[at].started,
        launches,
        followed: longer || launches >= FEWEST_LAUNCHES,
    };
    Some((at, change))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_growing_part_are_those_of_all_that_was_added() {
        // Values with many repetitions, in no order.
        let values: Vec<SignedDuration> = (0..500_i64)
            .map(|index| SignedDuration::from_secs(index * index * 7 % 83))
            .collect();
        let mut ordered = Ordered::of(values.clone());
        assert_eq!(ordered.quantile(5), None);
        for (index, value) in values.iter().enumerate() {
            ordered.add(*value);
            for tenths in [1, 5, 9, 10] {
                let wanted = quantile(&mut values[..=index].to_vec(), tenths);
                assert_eq!(ordered.quantile(tenths), wanted, "{index}, {tenths}");
            }
        }
    }
}
