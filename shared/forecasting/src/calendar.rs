use jiff::Timestamp;
use jiff::tz::TimeZone;
use timeseries::Step;

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
}

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

    /// Whether `index` is on a local Saturday or Sunday.
    pub(crate) fn weekend(&self, index: usize) -> bool {
        self.weekday[index] >= 5
    }
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
}
