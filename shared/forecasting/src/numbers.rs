/// Median of what is finite; 0 for nothing. Reorders the values.
pub(crate) fn median(values: &mut Vec<f64>) -> f64 {
    values.retain(|value| value.is_finite());
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    let odd = values.len() % 2 == 1;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if odd {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::MIN, f64::max);
    f64::midpoint(lower, upper)
}

/// Weighted median of values sorted by size, linear between the middles of their weights. The
/// weights add up to one.
pub(crate) fn weighted_median(sorted: &[(f64, f64)]) -> f64 {
    let mut sum = 0.0;
    let mut last: Option<(f64, f64)> = None;
    for (value, weight) in sorted {
        let place = sum + weight / 2.0;
        if place >= 0.5 {
            return match last {
                Some((before, below)) if place > before => {
                    below + (0.5 - before) / (place - before) * (value - below)
                }
                _ => *value,
            };
        }
        last = Some((place, *value));
        sum += weight;
    }
    last.map_or(0.0, |(_, value)| value)
}

/// The smallest value with at least `level` of the weight at or below it; 0 for nothing.
pub(crate) fn weighted_quantile(sorted: &[(f64, f64)], level: f64) -> f64 {
    let total: f64 = sorted.iter().map(|(_, weight)| weight).sum();
    let mut sum = 0.0;
    for (value, weight) in sorted {
        sum += weight;
        if sum >= level * total {
            return *value;
        }
    }
    sorted.last().map_or(0.0, |(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&mut vec![]), 0.0);
        assert_eq!(median(&mut vec![f64::NAN, 2.0]), 2.0);
        assert_eq!(median(&mut vec![9.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(&mut vec![9.0, 1.0, 3.0, 4.0]), 3.5);
        let equal = [(1.0, 0.25), (2.0, 0.25), (4.0, 0.25), (9.0, 0.25)];
        assert_eq!(weighted_median(&equal), 3.0);
        assert_eq!(weighted_median(&[(1.0, 0.9), (5.0, 0.1)]), 1.4);
        assert_eq!(weighted_quantile(&equal, 0.5), 2.0);
        assert_eq!(weighted_quantile(&equal, 1.0), 9.0);
        assert_eq!(weighted_quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn weighted_quantiles_are_those_of_numpy() {
        // numpy.quantile with weights, method "inverted_cdf": see peers/known_answers.py.
        let mut values: Vec<(f64, f64)> = (0..50)
            .map(|place| {
                let value = (1.7 * f64::from(place)).sin() * 10.0;
                (value, 1.0 + f64::from(place % 4))
            })
            .collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (level, expected) in [
            (0.2, -7.468_875_504),
            (0.5, 0.406_932_573),
            (0.9, 9.494_038_607),
            (0.98, 9.988_580_517),
        ] {
            assert!((weighted_quantile(&values, level) - expected).abs() < 1e-8);
        }
    }
}
