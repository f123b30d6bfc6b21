//! Jumps of the unit: a metric that counts in another unit from one moment on (seconds instead of
//! minutes, bytes instead of kilobytes). What lies before is brought to what holds now, so that its shape
//! still teaches.

use crate::numbers::median;

/// A jump is at least this factor.
const LEAST: f64 = 5.0;
/// Days after it lie beyond all days before it by this factor.
const BEYOND: f64 = 3.0;
/// Three quarters of the days agree on it within this factor.
const NEAR: f64 = 2.0;
/// Days before and after that are compared: the most that tell it.
const DAYS: [usize; 3] = [14, 7, 3];
/// Whole days that must lie after a jump up and after one down, which might be an outage.
const LEAST_AFTER: [usize; 2] = [1, 2];
/// Days before it that it takes.
const LEAST_BEFORE: usize = 2;
/// Jumps that are mended.
const MOST_JUMPS: usize = 3;
/// Factors that units differ by.
const KNOWN: [f64; 7] = [8.0, 60.0, 100.0, 1000.0, 3600.0, 60_000.0, 1_000_000.0];
/// A factor within this part of a known one is that one.
const ALIKE: f64 = 0.15;

/// A jump: demand before step `at` counts times `factor`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Jump {
    pub(crate) at: usize,
    pub(crate) factor: f64,
}

/// Finds jumps and brings what lies before them to the unit after them. `values` hold NaN where
/// nothing was observed. A jump counts once a whole day lies after it.
pub(crate) fn mend(values: &mut [f64], per_day: usize) -> Vec<Jump> {
    let mut jumps = Vec::new();
    if values.iter().any(|value| *value < 0.0) {
        return jumps;
    }
    while jumps.len() < MOST_JUMPS
        && let Some(jump) = last_jump(values, per_day)
    {
        for value in &mut values[..jump.at] {
            *value *= jump.factor;
        }
        jumps.push(jump);
    }
    jumps
}

/// The last jump, if there is any.
fn last_jump(values: &[f64], per_day: usize) -> Option<Jump> {
    // Days are counted back from the end, so that the last one is whole.
    let offset = values.len() % per_day;
    let days: Vec<Option<f64>> = values[offset..]
        .chunks(per_day)
        .map(|day| {
            let mut logs: Vec<f64> = day.iter().copied().filter_map(log).collect();
            (2 * logs.len() >= per_day).then(|| median(&mut logs))
        })
        .collect();
    let places = LEAST_BEFORE..days.len().saturating_sub(1);
    places.rev().find_map(|on| {
        let change = DAYS.iter().find_map(|reach| change_on(&days, on, *reach))?;
        let factor = meant(change.exp())?;
        let at = moment(values, offset + on * per_day, per_day, change);
        let least = LEAST_AFTER[usize::from(factor < 1.0)];
        (at + least * per_day <= values.len()).then_some(Jump { at, factor })
    })
}

/// The logarithm of a jump within day `on` of the daily medians, or on its edges, by `reach` days to
/// either side.
fn change_on(days: &[Option<f64>], on: usize, reach: usize) -> Option<f64> {
    let after = on + 1..(on + 1 + reach).min(days.len());
    let mut old: Vec<f64> = days[on.saturating_sub(reach)..on]
        .iter()
        .copied()
        .flatten()
        .collect();
    let mut new: Vec<f64> = days[after.clone()].iter().copied().flatten().collect();
    if old.len() < LEAST_BEFORE || new.is_empty() {
        return None;
    }
    let low = |days: &[f64]| days.iter().copied().fold(f64::MAX, f64::min);
    let high = |days: &[f64]| days.iter().copied().fold(f64::MIN, f64::max);
    let apart = (low(&new) - high(&old)).max(low(&old) - high(&new)) >= BEYOND.ln();
    // By the same weekday where there is one: a weekend is no other unit.
    let mut pairs: Vec<f64> = after
        .filter_map(|day| {
            let week = (1..=4).find_map(|week| {
                let past = day.checked_sub(7 * week).filter(|past| *past < on)?;
                days[past]
            });
            Some(days[day]? - week?)
        })
        .collect();
    let plain = median(&mut new) - median(&mut old);
    let change = if pairs.is_empty() {
        plain
    } else {
        median(&mut pairs)
    };
    // Days that tell of another jump than most, or than the days beside this one do, tell nothing.
    let near = |one: &&f64| (**one - change).abs() <= NEAR.ln();
    let alike = 4 * pairs.iter().filter(near).count() >= 3 * pairs.len();
    let agree = alike && (change - plain).abs() <= 1.5 * LEAST.ln();
    (apart && agree && change.abs() >= LEAST.ln()).then_some(change)
}

/// The step at which a jump by `change` within the day from `from` on, or the days beside it, fits
/// best: each step is in the old unit or in the new one, told by the same time before.
fn moment(values: &[f64], from: usize, per_day: usize, change: f64) -> usize {
    let first = from.saturating_sub(per_day);
    let last = (from + 2 * per_day).min(values.len());
    let gain = |index: usize| {
        let before = |days: usize| {
            let past = index
                .checked_sub(days * per_day)
                .filter(|past| *past < first)?;
            log(values[past])
        };
        // The same weekday last, where there is one: older ones may be of yet another unit.
        let weeks = (1..=3).map(|week| 7 * week);
        let usual = weeks.chain(1..=6).find_map(before)?;
        let off = log(values[index])? - usual;
        Some(off.abs() - (off - change).abs())
    };
    // The best moment has the highest sum of gains after it, so the lowest before it.
    let (mut sum, mut best, mut at) = (0.0, 0.0, first);
    for index in first..last {
        sum += gain(index).unwrap_or(0.0);
        if sum < best {
            (best, at) = (sum, index + 1);
        }
    }
    at
}

fn log(value: f64) -> Option<f64> {
    (value > 0.0).then(|| value.ln())
}

/// The known factor that is meant. Demand that changed by any other one changed its level, which is
/// the members' matter.
fn meant(factor: f64) -> Option<f64> {
    let known = KNOWN.iter().flat_map(|known| [*known, 1.0 / known]);
    let alike = |known: &f64| (factor / known).ln().abs() <= ALIKE;
    known.into_iter().find(alike)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours with a wave, weekends at a tenth.
    fn wave(hours: usize) -> Vec<f64> {
        (0..hours)
            .map(|hour| {
                let level = if (hour / 24) % 7 < 5 { 100.0 } else { 10.0 };
                level * (1.3 - (hour as f64 / 24.0 * std::f64::consts::TAU).cos())
            })
            .collect()
    }

    #[test]
    fn a_jump_is_found_to_the_step_and_mended() {
        for factor in [60.0, 1000.0, 1.0 / 60.0, 1.0 / 1000.0] {
            for at in [24 * 20 + 7, 24 * 20, 24 * 32 + 13] {
                let (clean, mut values) = (wave(24 * 35), wave(24 * 35));
                values[at..].iter_mut().for_each(|value| *value *= factor);
                let jumps = mend(&mut values, 24);
                assert_eq!(jumps, [Jump { at, factor }], "{factor} {at}");
                for (value, clean) in values.iter().zip(&clean) {
                    assert!((value / (clean * factor) - 1.0).abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn there_and_back_is_two_jumps() {
        let mut values = wave(24 * 35);
        values[24 * 20..24 * 27]
            .iter_mut()
            .for_each(|value| *value *= 1000.0);
        let jumps = mend(&mut values, 24);
        let places: Vec<usize> = jumps.iter().map(|jump| jump.at).collect();
        assert_eq!(places, [24 * 27, 24 * 20], "{jumps:?}");
        for (value, clean) in values.iter().zip(wave(24 * 35)) {
            assert!((value / clean - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn weekends_growth_outages_and_bursts_are_no_other_unit() {
        let none = |mut values: Vec<f64>| assert_eq!(mend(&mut values, 24), []);
        none(wave(24 * 35));
        let mut few = wave(24 * 35);
        few[24 * 32..].iter_mut().for_each(|value| *value *= 0.5);
        none(few);
        none(
            (0..24 * 35)
                .map(|hour| 1.08_f64.powf(hour as f64 / 24.0))
                .collect(),
        );
        let mut outage = wave(24 * 35);
        outage[24 * 20..24 * 23].fill(0.0);
        none(outage);
        let mut campaign = wave(24 * 35);
        campaign[24 * 22..24 * 23]
            .iter_mut()
            .for_each(|value| *value *= 30.0);
        none(campaign);
        let mut today = wave(24 * 32);
        today[24 * 31..].iter_mut().for_each(|value| *value *= 30.0);
        none(today);
        none(
            (0..24 * 35)
                .map(|hour| if hour % 17 == 0 { 5000.0 } else { 1.0 })
                .collect(),
        );
        none(vec![f64::NAN; 200]);
        none(vec![0.0; 200]);
        none(vec![5.0; 3]);
    }
}
