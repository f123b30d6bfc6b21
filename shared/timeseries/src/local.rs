//! Local times in the order of a file, through the hour that comes twice.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// Turns local times into instants, one after another.
///
/// Where clocks are set back, an hour comes twice. The first time around is meant until local times run
/// backwards; from then on the second. A time that clocks skip moves forward, as they do. Files that begin
/// with the newest row are taken as the first time around throughout.
#[derive(Debug, Clone)]
pub struct LocalTimes {
    zone: TimeZone,
    /// Whether a time that follows itself is the next one: where each row stands for a step of its own.
    apart: bool,
    last: Option<Timestamp>,
    /// The last one that came once.
    clear: Option<Timestamp>,
}

impl LocalTimes {
    /// Times of the clocks of `zone`; `apart` where no two rows are of the same time.
    #[must_use]
    pub fn new(zone: TimeZone, apart: bool) -> Self {
        Self {
            zone,
            apart,
            last: None,
            clear: None,
        }
    }

    /// The same clocks for another file.
    #[must_use]
    pub fn anew(&self, apart: bool) -> Self {
        Self::new(self.zone.clone(), apart)
    }

    /// The instant at which the clocks show `local`; `None` beyond the years there are.
    pub fn instant(&mut self, local: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        if !matches!(ambiguous.offset(), AmbiguousOffset::Fold { .. }) {
            let at = ambiguous.compatible().ok()?;
            if self.apart && self.last == Some(at) {
                // Rows repeat their times here, so that a repeated one tells nothing.
                self.apart = false;
            }
            (self.last, self.clear) = (Some(at), Some(at));
            return Some(at);
        }
        let (first, second) = (ambiguous.earlier().ok()?, ambiguous.later().ok()?);
        let forward = self.clear.is_none_or(|clear| clear < first);
        let past = |last: Timestamp| first < last || self.apart && first == last;
        let at = if forward && self.last.is_some_and(past) {
            second
        } else {
            first
        };
        self.last = Some(at);
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(apart: bool, times: &[&str]) -> Vec<String> {
        let mut local = LocalTimes::new(TimeZone::get("Europe/Berlin").unwrap(), apart);
        let instant = |text: &&str| {
            let at: DateTime = format!("2026-10-25T{text}:00").parse().unwrap();
            local.instant(at).unwrap().to_string()[11..16].to_owned()
        };
        times.iter().map(instant).collect()
    }

    #[test]
    fn the_second_time_around_begins_where_local_times_run_backwards() {
        let halves = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"];
        let expected = ["23:30", "00:00", "00:30", "01:00", "01:30", "02:00"];
        assert_eq!(read(true, &halves), expected);
        assert_eq!(read(false, &halves), expected);
        // Hours of their own, and many rows of one hour.
        let hours = ["01:00", "02:00", "02:00", "03:00"];
        assert_eq!(read(true, &hours), ["23:00", "00:00", "01:00", "02:00"]);
        assert_eq!(read(false, &hours), ["23:00", "00:00", "00:00", "02:00"]);
        let many = [
            "01:00", "01:00", "02:00", "02:00", "02:00", "02:00", "03:00",
        ];
        assert_eq!(read(true, &many)[2..6], ["00:00"; 4]);
    }

    #[test]
    fn the_newest_first_is_the_first_time_around() {
        assert_eq!(
            read(true, &["03:00", "02:30", "02:00"]),
            ["02:00", "00:30", "00:00"]
        );
    }

    #[test]
    fn what_clocks_skip_moves_forward() {
        let mut local = LocalTimes::new(TimeZone::get("Europe/Berlin").unwrap(), true);
        let at = local
            .instant("2026-03-29T02:30:00".parse().unwrap())
            .unwrap();
        assert_eq!(at.to_string(), "2026-03-29T01:30:00Z");
    }
}
