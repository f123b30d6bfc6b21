use crate::LEVELS;
use crate::quantiles::{MEDIAN, SCORES, score_of};

/// Quantiles of one step.
type Row = [f64; LEVELS.len()];

/// Halvings of the range in which a quantile is looked for.
const HALVINGS: usize = 40;

/// A row moved by a logarithm and widened by a variance, both of demand plus `guard`.
pub(crate) fn moved(row: &Row, (log, variance): (f64, f64), guard: f64) -> Row {
    let to_log = |value: f64| (value.max(0.0) + guard).max(1e-12).ln();
    let centre = to_log(row[MEDIAN]);
    let mut moved = *row;
    for ((cell, value), score) in moved.iter_mut().zip(row).zip(SCORES) {
        let away = away(to_log(*value) - centre, score, variance);
        let demand = (centre + log + away).exp() - guard;
        *cell = if demand.is_finite() {
            demand.max(0.0)
        } else {
            *value
        };
    }
    moved.sort_by(f64::total_cmp);
    moved
}

/// Widens `row` at `levels` around its median by a variance of the logarithm. What is not above
/// nothing has no logarithm and stays, as does a row whose median has none.
pub(crate) fn widen(row: &mut [f64], levels: &[f64], middle: usize, variance: f64) {
    let Some(centre) = row.get(middle).copied().filter(|centre| *centre > 0.0) else {
        return;
    };
    for (value, level) in row.iter_mut().zip(levels) {
        let own = (*value / centre).ln();
        let wide = centre * away(own, score_of(*level), variance).exp();
        if *value > 0.0 && wide.is_finite() {
            *value = wide;
        }
    }
    row.sort_by(f64::total_cmp);
}

/// How far from the median a quantile with the normal `score` lies, in log scale, if it lay at `own`
/// and something else varies too.
fn away(own: f64, score: f64, variance: f64) -> f64 {
    let other = score * variance.max(0.0).sqrt();
    own.hypot(other) * score.signum() * f64::from(score != 0.0)
}

/// Quantiles of a mixture: each row is what happens with the chance beside it. The chances add up
/// to one.
pub(crate) fn mixed(parts: &[(f64, Row)]) -> Row {
    let low = parts.iter().map(|(_, row)| row[0]).fold(f64::MAX, f64::min);
    let high = parts
        .iter()
        .map(|(_, row)| row[LEVELS.len() - 1])
        .fold(low, f64::max);
    let mut mixed = LEVELS.map(|level| {
        let (mut below, mut above) = (low, high);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(below, above);
            let chance: f64 = parts
                .iter()
                .map(|(part, row)| part * at_most(row, middle))
                .sum();
            if chance < level {
                below = middle;
            } else {
                above = middle;
            }
        }
        above
    });
    mixed.sort_by(f64::total_cmp);
    mixed
}

/// Chance of at most `value` by a row: linear between its levels. Below the lowest level the chance
/// of that level is spread down to where the row, carried on, would end; likewise above.
fn at_most(row: &Row, value: f64) -> f64 {
    let place = row.partition_point(|own| *own <= value);
    if place == 0 {
        return if value < row[0] - (row[1] - row[0]) {
            0.0
        } else {
            LEVELS[0] / 2.0
        };
    }
    if place == row.len() {
        return 1.0;
    }
    let (from, to) = (row[place - 1], row[place]);
    let share = if to > from {
        (value - from) / (to - from)
    } else {
        1.0
    };
    LEVELS[place - 1] + share * (LEVELS[place] - LEVELS[place - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Row = [50.0, 70.0, 100.0, 120.0, 130.0, 140.0, 160.0, 170.0, 190.0];

    #[test]
    fn a_mixture_of_one_is_that_one() {
        for (mixed, own) in mixed(&[(1.0, ROW)]).iter().zip(ROW) {
            assert!((mixed - own).abs() < 1e-6, "{mixed} {own}");
        }
    }

    #[test]
    fn a_small_chance_of_much_shows_in_the_far_quantiles_only() {
        let low = ROW.map(|value| value / 10.0);
        let both = mixed(&[(0.12, ROW), (0.88, low)]);
        assert!(both[MEDIAN] < 12.0, "{both:?}");
        assert!(both[5] > 90.0 && both[6] > 120.0, "{both:?}");
        assert!(both.is_sorted());
    }

    #[test]
    fn moving_keeps_the_relative_spread_and_widens_it() {
        let same = moved(&ROW, (0.5_f64.ln(), 0.0), 0.0);
        for (moved, own) in same.iter().zip(ROW) {
            assert!((moved / own - 0.5).abs() < 1e-9);
        }
        let wide = moved(&ROW, (0.0, 0.04), 0.0);
        assert!((wide[MEDIAN] - 100.0).abs() < 1e-9);
        assert!(wide[5] > 160.0 && wide[0] < 47.0, "{wide:?}");
        let nothing = moved(&[0.0; 9], (2.0, 1.0), 0.0);
        assert!(nothing.iter().all(|value| *value < 1e-6), "{nothing:?}");
    }
}
