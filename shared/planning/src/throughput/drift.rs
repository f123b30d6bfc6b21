//! Whether a resource began to follow demand otherwise, as after a release.

use super::fit::Line;
use super::limit::Seen;

/// Groups of steps that are compared: hours of a fortnight.
const MOST_GROUPS: usize = 336;
/// Fewest steps of a group, for a median.
const FEWEST_IN_GROUP: usize = 3;
/// A change is only looked into where chance makes one like it once in a thousand times.
const BY_CHANCE: f64 = 0.001;

/// The first step after the likeliest change of level of what `line` leaves of `seen`, in order of
/// time; `None` where there is none. Source: Pettitt, "A non-parametric approach to the change-point
/// problem", Applied Statistics 28, 1979.
pub(super) fn change(seen: &[Seen], line: &Line) -> Option<usize> {
    let each = seen.len().div_ceil(MOST_GROUPS).max(FEWEST_IN_GROUP);
    let rests: Vec<f64> = seen
        .chunks(each)
        .map(|group| {
            let mut rests: Vec<f64> = group.iter().map(|s| s.value - line.at(s.load)).collect();
            rests.sort_by(f64::total_cmp);
            rests[rests.len() / 2]
        })
        .collect();
    let count = rests.len();
    let sign = |a: f64, b: f64| f64::from(i8::from(a > b) - i8::from(a < b));
    let mut sum = 0.0;
    let (mut largest, mut place) = (0.0, 0);
    for (index, rest) in rests.iter().enumerate() {
        sum += rests.iter().map(|other| sign(*rest, *other)).sum::<f64>();
        if f64::abs(sum) > largest {
            (largest, place) = (f64::abs(sum), index + 1);
        }
    }
    let n = count as f64;
    let chance = 2.0 * (-6.0 * largest.powi(2) / (n.powi(3) + n.powi(2))).exp();
    (chance < BY_CHANCE && place < count).then_some(place * each)
}
