use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::SimulationError;

/// How many days ahead a run is looked for: 29 February comes at least every eight years.
const MOST_DAYS: u32 = 8 * 366;

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A recurrence of a scheduled action: minute, hour, day of month, month, day of week, in UTC.
///
/// Each field is `*`, a number, a name (JAN, MON), a range, a list or a step of these. Where both
/// day fields are restricted, a day that matches either counts, as in Unix cron.
///
/// Source: Auto Scaling user guide, scheduled scaling, recurring schedules; crontab(5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days_of_month: u64,
    months: u64,
    days_of_week: u64,
    any_day_of_month: bool,
    any_day_of_week: bool,
}

impl Cron {
    /// Reads an expression of five fields.
    ///
    /// # Errors
    /// [`SimulationError::Recurrence`].
    pub fn parse(text: &str) -> Result<Self, SimulationError> {
        let wrong = |problem: String| SimulationError::Recurrence {
            text: text.to_owned(),
            problem,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let &[minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(wrong(format!("{} fields instead of 5", fields.len())));
        };
        let days_of_week = field(weekday, 0, 7, &DAYS, 0).map_err(wrong)?;
        Ok(Self {
            minutes: field(minute, 0, 59, &[], 0).map_err(wrong)?,
            hours: field(hour, 0, 23, &[], 0).map_err(wrong)?,
            days_of_month: field(day, 1, 31, &[], 0).map_err(wrong)?,
            months: field(month, 1, 12, &MONTHS, 1).map_err(wrong)?,
            // Both 0 and 7 are Sunday.
            days_of_week: (days_of_week | (days_of_week >> 7)) & 0x7F,
            any_day_of_month: day == "*",
            any_day_of_week: weekday == "*",
        })
    }

    /// The first run after `after`; `None` where the expression never comes true.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let from = after.to_zoned(TimeZone::UTC).datetime();
        let mut date = from.date();
        for day in 0..MOST_DAYS {
            if self.runs_on(date)
                && let Some(at) = self.first_on(date, (day == 0).then_some(from))
            {
                return at
                    .to_zoned(TimeZone::UTC)
                    .ok()
                    .map(|zoned| zoned.timestamp());
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn runs_on(&self, date: Date) -> bool {
        let in_month = has(self.days_of_month, date.day());
        let in_week = has(self.days_of_week, date.weekday().to_sunday_zero_offset());
        let day = match (self.any_day_of_month, self.any_day_of_week) {
            (false, false) => in_month || in_week,
            _ => in_month && in_week,
        };
        day && has(self.months, date.month())
    }

    fn first_on(&self, date: Date, after: Option<DateTime>) -> Option<DateTime> {
        (0..24)
            .filter(|hour| has(self.hours, *hour))
            .flat_map(|hour| (0..60).map(move |minute| (hour, minute)))
            .filter(|(_, minute)| has(self.minutes, *minute))
            .map(|(hour, minute)| date.at(hour, minute, 0, 0))
            .find(|at| after.is_none_or(|after| *at > after))
    }
}

fn has(mask: u64, bit: i8) -> bool {
    u32::try_from(bit).is_ok_and(|bit| mask.checked_shr(bit).unwrap_or(0) & 1 == 1)
}

/// The bits of one field. `names[i]` stands for `i + first_name`.
fn field(text: &str, low: u32, high: u32, names: &[&str], first_name: u32) -> Result<u64, String> {
    let mut mask = 0_u64;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u32>().ok().filter(|step| *step > 0)),
            None => (part, Some(1)),
        };
        let step = step.ok_or_else(|| format!("step in {part:?} is not a whole number above 0"))?;
        let number = |word: &str| -> Result<u32, String> {
            let named = names
                .iter()
                .position(|name| name.eq_ignore_ascii_case(word))
                .and_then(|index| u32::try_from(index).ok())
                .map(|index| index + first_name);
            named
                .or_else(|| word.parse().ok())
                .filter(|value| (low..=high).contains(value))
                .ok_or_else(|| format!("{word:?} is not within {low} to {high}"))
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((from, to)) => (number(from)?, number(to)?),
            None if part.contains('/') => (number(range)?, high),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return Err(format!("range {range:?} runs backwards"));
        }
        for value in (from..=to).step_by(step as usize) {
            mask |= 1 << value;
        }
    }
    Ok(mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_run() {
        // 2026-03-04 is a Wednesday.
        for (text, after, next) in [
            ("0 8 * * *", "2026-03-04T07:59:59Z", "2026-03-04T08:00:00Z"),
            ("0 8 * * *", "2026-03-04T08:00:00Z", "2026-03-05T08:00:00Z"),
            (
                "30 18 * * 1-5",
                "2026-03-06T19:00:00Z",
                "2026-03-09T18:30:00Z",
            ),
            (
                "30 18 * * MON-FRI",
                "2026-03-06T19:00:00Z",
                "2026-03-09T18:30:00Z",
            ),
            (
                "*/20 * * * *",
                "2026-03-04T08:41:00Z",
                "2026-03-04T09:00:00Z",
            ),
            (
                "5,35 8,20 * * *",
                "2026-03-04T08:35:00Z",
                "2026-03-04T20:05:00Z",
            ),
            ("0 0 1 * *", "2026-03-04T08:00:00Z", "2026-04-01T00:00:00Z"),
            ("0 0 29 2 *", "2026-03-04T08:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 13 * 5", "2026-03-04T08:00:00Z", "2026-03-06T00:00:00Z"),
            (
                "0 0 * JAN 7",
                "2026-03-04T08:00:00Z",
                "2027-01-03T00:00:00Z",
            ),
        ] {
            let found = Cron::parse(text)
                .unwrap()
                .next_after(after.parse().unwrap());
            assert_eq!(found, Some(next.parse().unwrap()), "{text} after {after}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for text in [
            "",
            "0 8 * *",
            "60 8 * * *",
            "0 8 * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
        ] {
            assert!(Cron::parse(text).is_err(), "{text}");
        }
        let never = Cron::parse("0 0 31 2 *").unwrap();
        assert_eq!(
            never.next_after("2026-03-04T08:00:00Z".parse().unwrap()),
            None
        );
    }
}
