//! A staircase over a staircase, with few steps.

/// The cheapest staircase of at most `most` levels that is nowhere below `floors`, as
/// `(first minute, floor)`; minutes before `fixed` all lie in the first level.
///
/// Exact: dynamic programming over the places where `floors` changes. A level from one change to a
/// later one costs its greatest floor times its length, `best[k][j]` is the least cost of covering
/// everything before change `j` with `k` levels, counted as what it costs above `floors`. A level that
/// begins before change `i` and ends at `j` costs no less than its part up to `i` and its part after
/// it, and `best[k][i]` knows nothing dearer for the first: where that and the second are no better
/// than the best so far, no earlier beginning is, and the search ends, a few changes back. At worst
/// O(changes^2 * levels) time, and only when there are more changes than levels.
pub(crate) fn fewest_levels(floors: &[u32], most: usize) -> Vec<(usize, u32)> {
    let runs = runs(floors);
    if runs.len() <= most || most == 0 {
        return runs;
    }
    let ends: Vec<usize> = runs
        .iter()
        .skip(1)
        .map(|(start, _)| *start)
        .chain([floors.len()])
        .collect();
    let count = runs.len();
    let mut best = vec![u64::MAX; count + 1];
    best[0] = 0;
    let mut from = vec![vec![0_u32; count + 1]; most];
    for level in &mut from {
        let mut next = vec![u64::MAX; count + 1];
        for end in 1..=count {
            let (mut height, mut needed) = (0, 0);
            for start in (0..end).rev() {
                height = height.max(runs[start].1);
                needed += u64::from(runs[start].1) * (ends[start] - runs[start].0) as u64;
                let length = (ends[end - 1] - runs[start].0) as u64;
                let above = u64::from(height) * length - needed;
                let cost = best[start].saturating_add(above);
                if cost < next[end] {
                    next[end] = cost;
                    level[end] = u32::try_from(start).unwrap_or(u32::MAX);
                }
                if next[start].saturating_add(above) >= next[end] {
                    break;
                }
            }
        }
        best = next;
    }
    let mut levels = Vec::with_capacity(most);
    let mut end = count;
    for level in from.iter().rev() {
        let start = level[end] as usize;
        let height = runs[start..end]
            .iter()
            .map(|(_, floor)| *floor)
            .max()
            .unwrap_or(0);
        levels.push((runs[start].0, height));
        end = start;
    }
    levels.reverse();
    levels.dedup_by(|later, earlier| later.1 == earlier.1);
    levels
}

/// Where `floors` changes, with the new floor; the first entry is minute 0.
pub(crate) fn runs(floors: &[u32]) -> Vec<(usize, u32)> {
    let mut runs: Vec<(usize, u32)> = Vec::new();
    for (minute, &floor) in floors.iter().enumerate() {
        if runs.last().is_none_or(|(_, last)| *last != floor) {
            runs.push((minute, floor));
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cost(levels: &[(usize, u32)], minutes: usize) -> u64 {
        let ends = levels
            .iter()
            .skip(1)
            .map(|(start, _)| *start)
            .chain([minutes]);
        levels
            .iter()
            .zip(ends)
            .map(|((start, floor), end)| u64::from(*floor) * (end - start) as u64)
            .sum()
    }

    /// Every way to cut `floors` into at most `most` levels.
    fn brute_force(floors: &[u32], most: usize) -> u64 {
        if floors.is_empty() {
            return 0;
        }
        if most == 0 {
            return u64::MAX;
        }
        (1..=floors.len())
            .map(|cut| {
                let height = u64::from(*floors[..cut].iter().max().unwrap());
                (height * cut as u64).saturating_add(brute_force(&floors[cut..], most - 1))
            })
            .min()
            .unwrap()
    }

    #[test]
    fn few_changes_stay_as_they_are() {
        assert_eq!(fewest_levels(&[1, 1, 2, 2, 1], 3), [(0, 1), (2, 2), (4, 1)]);
    }

    proptest! {
        #[test]
        fn never_below_and_as_cheap_as_brute_force(
            floors in prop::collection::vec(0_u32..6, 1..10),
            most in 1_usize..5,
        ) {
            let levels = fewest_levels(&floors, most);
            prop_assert!(levels.len() <= most);
            for (minute, floor) in floors.iter().enumerate() {
                let held = levels.iter().rev().find(|(start, _)| *start <= minute).unwrap().1;
                prop_assert!(held >= *floor);
            }
            prop_assert_eq!(cost(&levels, floors.len()), brute_force(&floors, most));
        }
    }
}
