//! Statistics that one odd minute does not move.

/// A slope with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// Change each minute.
    pub each_minute: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end of its 95 % interval.
    pub high: f64,
    /// How many standard deviations the order of the values is from chance; positive when rising.
    pub z: f64,
}

/// A change of level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// Median before.
    pub before: f64,
    /// Median since.
    pub after: f64,
    /// The change in standard deviations of the difference of two medians.
    pub z: f64,
    /// Minutes since it happened, counted from the end of the values.
    pub minutes: usize,
}

impl Shift {
    /// Level since over level before; 1 where there was nothing before.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        if self.before.abs() > f64::EPSILON {
            self.after / self.before
        } else {
            1.0
        }
    }
}

/// The median; `None` without a finite value.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
    if values.is_empty() {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    Some(if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    })
}

/// Standard deviation of a normal distribution with the same median absolute deviation.
/// Source: Rousseeuw and Croux, JASA 88, 1993: factor 1.4826.
#[must_use]
pub fn spread(values: &[f64]) -> Option<f64> {
    let middle = median(values.iter().copied())?;
    median(values.iter().map(|value| (value - middle).abs())).map(|mad| 1.4826 * mad)
}

/// Standard deviation of single minutes around whatever smooth course they follow: from second
/// differences, which a straight line leaves at 0. `None` with fewer than six values in a row.
#[must_use]
pub fn noise(values: &[f64]) -> Option<f64> {
    let differences: Vec<f64> = values
        .windows(3)
        .map(|w| w[0] - 2.0 * w[1] + w[2])
        .filter(|d| d.is_finite())
        .collect();
    if differences.len() < 4 {
        return None;
    }
    // Variance of a second difference of independent values: 1 + 4 + 1.
    median(differences.iter().map(|d| d.abs())).map(|mad| 1.4826 * mad / 6.0_f64.sqrt())
}

/// The slope of values one minute apart (NaN where missing), by the median of pairwise slopes;
/// `None` with fewer than two values.
///
/// More than 36 values are first combined into 36 medians, so that neighbours that resemble each
/// other do not count as independent. The interval and `z` follow from the variance of Kendall's S.
/// Sources: Sen, JASA 63, 1968; Kendall, Rank Correlation Methods, 1975.
#[must_use]
pub fn slope(values: &[f64]) -> Option<Slope> {
    const MOST: usize = 36;
    let width = values.len().div_ceil(MOST).max(1);
    let points: Vec<(f64, f64)> = values
        .chunks(width)
        .enumerate()
        .filter_map(|(index, chunk)| {
            let at = (index * width) as f64 + (chunk.len() as f64 - 1.0) / 2.0;
            Some((at, median(chunk.iter().copied())?))
        })
        .collect();
    let n = points.len();
    if n < 2 {
        return None;
    }
    let (mut slopes, mut order) = (Vec::with_capacity(n * (n - 1) / 2), 0.0);
    for (index, first) in points.iter().enumerate() {
        for second in &points[index + 1..] {
            let rise = second.1 - first.1;
            order += if rise > 0.0 {
                1.0
            } else if rise < 0.0 {
                -1.0
            } else {
                0.0
            };
            slopes.push(rise / (second.0 - first.0));
        }
    }
    slopes.sort_by(f64::total_cmp);
    let size = n as f64;
    let deviation = (size * (size - 1.0) * (2.0 * size + 5.0) / 18.0).sqrt();
    let half = 1.96 * deviation;
    let pairs = slopes.len() as f64;
    let at = |rank: f64| slopes[(rank.max(0.0) as usize).min(slopes.len() - 1)];
    Some(Slope {
        each_minute: median(slopes.iter().copied())?,
        low: at((pairs - half) / 2.0 - 1.0),
        high: at((pairs + half) / 2.0),
        z: order / deviation,
    })
}

/// The change of level `minutes` before the end; `None` with fewer than 3 values since or 5
/// before. `floor` is the least deviation that single values are taken to have.
///
/// The variance of a median of n normal values is pi / 2 of that of their mean.
#[must_use]
pub fn shift_at(values: &[f64], minutes: usize, floor: f64) -> Option<Shift> {
    let (before, after) = values.split_at(values.len().checked_sub(minutes)?);
    let finite = |part: &[f64]| -> Vec<f64> {
        part.iter()
            .copied()
            .filter(|value| value.is_finite())
            .collect()
    };
    let (before, after) = (finite(before), finite(after));
    if before.len() < 5 || after.len() < 3 {
        return None;
    }
    let (low, high) = (
        median(before.iter().copied())?,
        median(after.iter().copied())?,
    );
    let deviation = spread(&before)?.max(floor).max(f64::MIN_POSITIVE);
    let sizes = 1.0 / before.len() as f64 + 1.0 / after.len() as f64;
    let z = (high - low) / (deviation * (core::f64::consts::FRAC_PI_2 * sizes).sqrt());
    Some(Shift {
        before: low,
        after: high,
        z,
        minutes,
    })
}

/// The rise of level within the last `within` minutes that leaves least of the values unexplained;
/// where level only fell, the fall. `None` without enough values.
///
/// One change point by least absolute deviations: the split whose two medians are nearest to their
/// values. Source: Bai, "Estimation of multiple-regime regressions with least absolutes deviation",
/// Journal of Statistical Planning and Inference 74, 1998.
#[must_use]
pub fn rise(values: &[f64], within: usize, floor: f64) -> Option<Shift> {
    let unexplained = |shift: &Shift| {
        let (before, after) = values.split_at(values.len() - shift.minutes);
        let away = |part: &[f64], level: f64| -> f64 {
            let known = part.iter().filter(|value| value.is_finite());
            known.map(|value| (value - level).abs()).sum()
        };
        away(before, shift.before) + away(after, shift.after)
    };
    (3..=within.min(values.len()))
        .filter_map(|minutes| shift_at(values, minutes, floor))
        .map(|shift| (shift.after <= shift.before, unexplained(&shift), shift))
        .min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .map(|(_, _, shift)| shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_with_its_interval_and_without_one_odd_minute() {
        let mut line: Vec<f64> = (0..20).map(|m| 5.0 + 2.0 * f64::from(m)).collect();
        line[7] = 900.0;
        line[11] = f64::NAN;
        let found = slope(&line).unwrap();
        assert!((found.each_minute - 2.0).abs() < 1e-9, "{found:?}");
        assert!(found.low <= 2.0 && found.high >= 2.0 && found.z > 4.0);
        assert!(slope(&[1.0]).is_none() && slope(&[f64::NAN; 9]).is_none());
    }

    #[test]
    fn noise_is_seen_through_a_ramp() {
        let ramp: Vec<f64> = (0..60)
            .map(|m| 100.0 * f64::from(m) + if m % 2 == 0 { 3.0 } else { -3.0 })
            .collect();
        let found = noise(&ramp).unwrap();
        // Alternating signs make every second difference 4 amplitudes.
        assert!(
            (found - 1.4826 * 12.0 / 6.0_f64.sqrt()).abs() < 1e-6,
            "{found}"
        );
        let line: Vec<f64> = (0..60).map(f64::from).collect();
        assert!(noise(&line).unwrap() < 1e-9);
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        let values: Vec<f64> = (0..60)
            .map(|m| if m < 48 { 10.0 } else { 20.0 } + f64::from(m % 3) * 0.2)
            .collect();
        let found = rise(&values, 30, 0.1).unwrap();
        assert_eq!(found.minutes, 12);
        assert!(found.z > 10.0 && (found.ratio() - 2.0).abs() < 0.05);
        assert!(rise(&[1.0; 60], 30, 0.1).unwrap().z.abs() < 1e-9);
        assert!(rise(&[], 30, 0.1).is_none());
    }
}
