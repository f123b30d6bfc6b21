//! How restless each hour of the day is: errors of the next minutes grow where demand climbs, and by
//! how much is learnt hour by hour, joined with the whole day where little is known.

use jiff::Timestamp;

/// Minutes of the mean of all hours that an hour's own error is joined with: a week's worth of it.
const JOINED: f64 = 7.0 * 60.0;

/// Mean of `squares`, one a minute from `start` on, at each hour of the UTC day as a multiple of that of
/// all; 1 where nothing is known.
pub(crate) fn learn(start: Timestamp, squares: impl Iterator<Item = Option<f64>>) -> [f64; 24] {
    let mut sums = [(0.0, 0.0); 24];
    for (index, square) in squares.enumerate() {
        if let Some(square) = square {
            let (sum, count) = &mut sums[minute_of_day(start, index) / 60];
            *sum += square;
            *count += 1.0;
        }
    }
    let all: f64 = sums.iter().map(|(sum, _)| sum).sum();
    let count: f64 = sums.iter().map(|(_, count)| count).sum();
    if all > 0.0 {
        let mean = all / count;
        sums.map(|(sum, count)| (sum + JOINED * mean) / (count + JOINED) / mean)
    } else {
        [1.0; 24]
    }
}

/// What `hours` say of each of `count` minutes from `start` on.
pub(crate) fn by_minute(hours: &[f64; 24], start: Timestamp, count: usize) -> Vec<f64> {
    let minutes = (0..count).map(|index| minute_of_day(start, index));
    minutes.map(|minute| of(hours, minute)).collect()
}

/// What `hours` say of the minute `at`.
pub(crate) fn at(hours: &[f64; 24], at: Timestamp) -> f64 {
    of(hours, minute_of_day(at, 0))
}

/// Straight lines between the middles of hours.
fn of(hours: &[f64; 24], minute: usize) -> f64 {
    let place = (minute + 1440 - 30) % 1440;
    let (hour, share) = (place / 60, (place % 60) as f64 / 60.0);
    hours[hour] + share * (hours[(hour + 1) % 24] - hours[hour])
}

fn minute_of_day(start: Timestamp, minutes: usize) -> usize {
    let start = start.as_second().div_euclid(60).rem_euclid(1440);
    (usize::try_from(start).unwrap_or(0) + minutes) % 1440
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_told_apart_wherever_the_minutes_begin() {
        for begin in ["2026-03-02T00:00:00Z", "2026-03-02T17:20:00Z"] {
            let start: Timestamp = begin.parse().unwrap();
            let restless = |index: usize| minute_of_day(start, index) / 60 == 9;
            let squares = (0..28 * 1440).map(|i| Some(if restless(i) { 10.0 } else { 1.0 }));
            let hours = learn(start, squares);
            // 1,680 minutes of 10 joined with 420 of the mean, 33 / 24; and of 1 as well.
            let mean = 33.0 / 24.0;
            let joined = |own: f64| (1680.0 * own + 420.0 * mean) / 2100.0 / mean;
            assert!((hours[9] - joined(10.0)).abs() < 1e-9, "{hours:?}");
            assert!((hours[3] - joined(1.0)).abs() < 1e-9, "{hours:?}");
            let half_past = "2026-05-01T09:30:00Z".parse().unwrap();
            assert_eq!(at(&hours, half_past), hours[9]);
            let full = "2026-05-01T09:00:00Z".parse().unwrap();
            assert!((at(&hours, full) - (hours[8] + hours[9]) / 2.0).abs() < 1e-12);
        }
    }

    #[test]
    fn nothing_known_is_all_alike() {
        let start = "2026-03-02T00:00:00Z".parse().unwrap();
        assert_eq!(learn(start, std::iter::empty()), [1.0; 24]);
        assert_eq!(learn(start, (0..5000).map(|_| None)), [1.0; 24]);
    }
}
