use jiff::Timestamp;
use jiff::tz::TimeZone;
use timeseries::Step;

use crate::numbers::median;

/// Local time of every step of a grid: training window and horizon together.
///
/// All lags are counted in local days, so that nine o'clock is compared with nine o'clock across
/// days of 23 and 25 hours.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    /// Step of the local day, `0..per_day`.
    pub(crate) slot: Vec<usize>,
    /// Local weekday, Monday 0 to Sunday 6.
    pub(crate) weekday: Vec<usize>,
    /// Offset from UTC in steps; only its differences matter.
    offset: Vec<isize>,
    /// Steps in a day of 24 hours.
    pub(crate) per_day: usize,
    /// The last day of the weekend.
    rest: usize,
}

/// Last days of a weekend of two days: Sunday, Saturday in much of the Arab world, Friday.
const LAST_DAYS: [usize; 3] = [6, 5, 4];
/// A weekend other than Saturday and Sunday must tell so many times as much of how weekdays differ,
const CLEARER: f64 = 1.5;
/// and lie this far from the other days, as a logarithm.
const LEAST_APART: f64 = 0.1;
/// Weeks that must be known to tell.
const LEAST_WEEKS: usize = 3;

impl Calendar {
    /// Local times of `length` steps from `start` on.
    pub(crate) fn new(start: Timestamp, step: Step, length: usize, zone: &TimeZone) -> Self {
        let seconds = i64::from(step.seconds());
        let per_day = step.per_day();
        let mut calendar = Self {
            slot: Vec::with_capacity(length),
            weekday: Vec::with_capacity(length),
            offset: Vec::with_capacity(length),
            per_day,
            rest: LAST_DAYS[0],
        };
        for index in 0..length {
            let ahead = i64::try_from(index)
                .unwrap_or(i64::MAX)
                .saturating_mul(seconds);
            let second = start.as_second().saturating_add(ahead);
            // Out of jiff's range only around the years -9999 and 9999; any fixed offset will do.
            let offset = Timestamp::from_second(second)
                .map_or(0, |at| i64::from(zone.to_offset(at).seconds()));
            let local = second.saturating_add(offset);
            let slot = local.rem_euclid(86_400) / seconds;
            // The epoch was a Thursday, three days after a Monday.
            let weekday = (local.div_euclid(86_400) + 3).rem_euclid(7);
            calendar.slot.push(usize::try_from(slot).unwrap_or(0));
            calendar.weekday.push(usize::try_from(weekday).unwrap_or(0));
            calendar
                .offset
                .push(isize::try_from(offset.div_euclid(seconds)).unwrap_or(0));
        }
        calendar
    }

    /// The step with the same local time `days` local days before `index`, kept below `origin`;
    /// `None` before the grid's start.
    pub(crate) fn back(&self, index: usize, days: usize, origin: usize) -> Option<usize> {
        let plain = index.checked_sub(days * self.per_day)?;
        let moved = plain.checked_add_signed(self.offset[index] - self.offset[plain])?;
        // In the hour that a 23-hour day skips there is no such step; its neighbour must do.
        Some(moved.min(origin.checked_sub(1)?))
    }

    /// Whether `index` is on the weekend: Saturday and Sunday unless [`Calendar::with_weekend_of`]
    /// found another one.
    pub(crate) fn weekend(&self, index: usize) -> bool {
        is_weekend(self.weekday[index], self.rest)
    }

    /// The calendar with the weekend that `values` show, one a step from its start on: two days in a
    /// row that differ from the others more clearly than Saturday and Sunday do.
    pub(crate) fn with_weekend_of(mut self, values: &[f64]) -> Self {
        let mut days: [Vec<f64>; 7] = Default::default();
        for (day, values) in values.chunks_exact(self.per_day).enumerate() {
            // The middle of the chunk says which day most of it is on.
            let weekday = self.weekday[day * self.per_day + self.per_day / 2];
            days[weekday].push(values.iter().sum::<f64>() / values.len() as f64);
        }
        if days.iter().any(|days| days.len() < LEAST_WEEKS) {
            return self;
        }
        let usual = days.map(|mut days| median(&mut days).max(0.0));
        let mean = usual.iter().sum::<f64>() / 7.0;
        let logs = usual.map(|usual| (usual + 0.01 * mean).max(f64::MIN_POSITIVE).ln());
        let apart = |rest: usize| {
            let sum = |weekend: bool| -> f64 {
                let own = (0..7).filter(|day| is_weekend(*day, rest) == weekend);
                own.map(|day| logs[day]).sum()
            };
            (sum(true) / 2.0 - sum(false) / 5.0).abs()
        };
        let usual = apart(LAST_DAYS[0]);
        let best = LAST_DAYS
            .into_iter()
            .max_by(|a, b| apart(*a).total_cmp(&apart(*b)));
        if let Some(rest) = best.filter(|rest| apart(*rest) > LEAST_APART + CLEARER * usual) {
            self.rest = rest;
        }
        self
    }
}

/// Whether `weekday` is the day `rest` or the one before it.
fn is_weekend(weekday: usize, rest: usize) -> bool {
    weekday == rest || weekday + 1 == rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_keep_the_local_hour_across_a_change_of_clocks() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        // Clocks go forward on 2026-03-29 at 02:00 local.
        let start = "2026-03-27T23:00:00Z".parse().unwrap();
        let calendar = Calendar::new(start, Step::HOUR, 96, &zone);
        assert_eq!((calendar.slot[0], calendar.weekday[0]), (0, 5));
        // Monday 30 March 09:00 local is 07:00 UTC: 56 hours after the start.
        assert_eq!((calendar.slot[56], calendar.weekday[56]), (9, 0));
        let saturday = calendar.back(56, 2, 56).unwrap();
        assert_eq!(
            (calendar.slot[saturday], calendar.weekday[saturday]),
            (9, 5)
        );
        assert!(calendar.back(56, 3, 56).is_none());
    }

    #[test]
    fn half_hour_zones_have_their_own_hours() {
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        let calendar = Calendar::new(start, Step::HOUR, 24, &zone);
        assert_eq!(calendar.slot[0], 5);
        assert_eq!(calendar.back(23, 1, 23), None);
    }

    #[test]
    fn the_weekend_is_read_from_demand() {
        let start = "2026-01-05T00:00:00Z".parse().unwrap(); // a Monday
        let weekend = |off: &[usize]| {
            let calendar = Calendar::new(start, Step::HOUR, 24 * 28, &TimeZone::UTC);
            let demand = |day: usize| if off.contains(&day) { 60.0 } else { 100.0 };
            let values: Vec<f64> = calendar.weekday.iter().map(|day| demand(*day)).collect();
            let calendar = calendar.with_weekend_of(&values);
            let days = (0..7).filter(|day| calendar.weekend(24 * day + 12));
            days.collect::<Vec<_>>()
        };
        assert_eq!(weekend(&[4, 5]), [4, 5]);
        assert_eq!(weekend(&[3, 4]), [3, 4]);
        for off in [&[5, 6][..], &[6], &[5], &[], &[0, 1]] {
            assert_eq!(weekend(off), [5, 6], "{off:?}");
        }
    }
}
