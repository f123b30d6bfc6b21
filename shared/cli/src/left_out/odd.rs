//! Days that are unlike all others of their weekday.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use timeseries::Series;

/// Weeks to either side that tell what a day should have been.
const WEEKS: i64 = 5;
/// Other days of the weekday that it takes to tell.
const LEAST: usize = 4;
/// A day is odd if it is off by this factor or more ...
const FACTOR: f64 = 1.4;
/// ... and by so many robust standard deviations of such differences.
const DEVIATIONS: f64 = 5.0;
/// So many odd days in a row are a new level, which has to teach.
const LONGEST: usize = 3;
/// A day counts where at least this share of it was observed.
const OBSERVED: f64 = 0.75;

/// A day that is unlike the others.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OddDay {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    /// Its demand over the usual of its weekday.
    pub(super) times: f64,
}

struct Day {
    date: Date,
    start: Timestamp,
    end: Timestamp,
    /// Mean of what was observed.
    mean: f64,
}

/// The odd days of `series`, in `zone`'s days, oldest first.
///
/// The spread is the median absolute deviation of the logarithms, times 1.4826 as for a normal
/// distribution (Rousseeuw and Croux, 1993), so that the odd days themselves do not widen it.
pub(super) fn odd_days(series: &Series, zone: &TimeZone) -> Vec<OddDay> {
    let days = days(series, zone);
    let differences: Vec<Option<f64>> = days.iter().map(|day| difference(day, &days)).collect();
    let known: Vec<f64> = differences.iter().flatten().copied().collect();
    let Some(middle) = median(known.clone()) else {
        return Vec::new();
    };
    let away = known.iter().map(|one| (one - middle).abs()).collect();
    let spread = 1.4826 * median(away).unwrap_or(0.0);
    let least = FACTOR.ln().max(DEVIATIONS * spread);
    let odd = |index: &usize| differences[*index].is_some_and(|one| one.abs() >= least);
    let mut found: Vec<OddDay> = Vec::new();
    let mut index = 0;
    while index < days.len() {
        let run = (index..days.len()).take_while(odd).count();
        if (1..=LONGEST).contains(&run) {
            let run = days[index..index + run].iter().zip(&differences[index..]);
            found.extend(run.map(|(day, difference)| OddDay {
                start: day.start,
                end: day.end,
                times: difference.unwrap_or(0.0).exp(),
            }));
        }
        index += run.max(1);
    }
    found
}

/// Logarithm of a day's demand over the median of its weekday around it.
fn difference(day: &Day, days: &[Day]) -> Option<f64> {
    let others = days.iter().filter(|other| {
        let apart = (other.date - day.date).get_days();
        apart != 0 && apart % 7 == 0 && i64::from(apart.abs()) <= 7 * WEEKS
    });
    let others: Vec<f64> = others.map(|other| other.mean).collect();
    if others.len() < LEAST {
        return None;
    }
    let usual = median(others).filter(|usual| *usual > 0.0)?;
    // A day without any demand is odd by as much as can be told.
    Some((day.mean.max(usual * 1e-3) / usual).ln())
}

fn days(series: &Series, zone: &TimeZone) -> Vec<Day> {
    let mut days = Vec::new();
    let mut date = zone.to_datetime(series.start()).date();
    let midnight = |date: Date| date.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    while let Some(start) = midnight(date) {
        let Some((next, end)) = date
            .checked_add(1.day())
            .ok()
            .and_then(|next| Some((next, midnight(next)?)))
        else {
            break;
        };
        if start >= series.end() {
            break;
        }
        let step = series.step().duration();
        let (mut at, mut steps, mut seen, mut sum) = (start, 0_u32, 0_u32, 0.0);
        while at < end {
            steps += 1;
            if let Some(value) = series.at(at).filter(|value| value.is_finite()) {
                seen += 1;
                sum += value;
            }
            let Ok(after) = at.checked_add(step) else {
                break;
            };
            at = after;
        }
        if seen > 0 && f64::from(seen) >= OBSERVED * f64::from(steps) {
            let mean = sum / f64::from(seen);
            days.push(Day {
                date,
                start,
                end,
                mean,
            });
        }
        date = next;
    }
    days
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (half, odd) = (values.len() / 2, values.len() % 2 == 1);
    if odd {
        return values.get(half).copied();
    }
    Some((values.get(half.checked_sub(1)?)? + values.get(half)?) / 2.0)
}

#[cfg(test)]
mod tests {
    use timeseries::Step;

    use super::*;

    /// Ten weeks of hours, weekends lower, each day's level times `level`.
    fn series(level: impl Fn(usize) -> f64) -> Series {
        let start: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
        let values = (0..70 * 24).map(|hour: usize| {
            let day = hour / 24;
            let week = if day % 7 >= 5 { 0.3 } else { 1.0 };
            let noise = 1.0 + 0.03 * ((day * 7919 % 101) as f64 / 50.0 - 1.0);
            let hours = 2.0 + (hour as f64 / 24.0 * std::f64::consts::TAU).sin();
            1000.0 * week * noise * hours * level(day)
        });
        Series::new(start, Step::HOUR, values.collect()).unwrap()
    }

    #[test]
    fn a_load_test_and_an_outage_are_odd_and_nothing_else_is() {
        let series = series(|day| match day {
            30 => 2.5,
            44 => 0.1,
            _ => 1.0,
        });
        let found = odd_days(&series, &TimeZone::UTC);
        let told: Vec<_> = found.iter().map(|day| day.start.to_string()).collect();
        assert_eq!(told, ["2026-02-04T00:00:00Z", "2026-02-18T00:00:00Z"]);
        assert!(
            (found[0].times / 2.5 - 1.0).abs() < 0.1 && (found[1].times / 0.1 - 1.0).abs() < 0.1
        );
    }

    #[test]
    fn growth_and_a_lasting_change_of_level_are_not_odd() {
        assert_eq!(
            odd_days(&series(|day| 1.0 + day as f64 / 70.0), &TimeZone::UTC),
            []
        );
        let doubled = series(|day| if day < 50 { 1.0 } else { 2.0 });
        assert_eq!(odd_days(&doubled, &TimeZone::UTC), []);
        assert_eq!(
            odd_days(&series(|_| 1.0), &TimeZone::get("Asia/Tokyo").unwrap()),
            []
        );
    }

    #[test]
    fn what_is_not_known_is_not_odd() {
        let start: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
        for values in [vec![], vec![f64::NAN; 2000], vec![0.0; 2000], vec![5.0; 30]] {
            if let Ok(series) = Series::new(start, Step::HOUR, values) {
                assert_eq!(odd_days(&series, &TimeZone::UTC), []);
            }
        }
    }
}
